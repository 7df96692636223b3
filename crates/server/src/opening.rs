//! The opening of a WebSocket: an HTTP request read in bounded space, and the answer to it
//! (protocol.md 1.1).

use std::io;
use std::net::{IpAddr, SocketAddr};

use jstp_proto::BATCH_SUBPROTOCOL;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The subprotocol that every client has to offer.
const SUBPROTOCOL: &str = "metarhia-jstp";
/// Browsers send a few hundred bytes and at most a few kilobytes of cookies.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 100;

/// What a request came to.
#[derive(Debug)]
pub(crate) enum Opening {
    /// Send the answer; the rest of what was read already belongs to the WebSocket.
    Accepted {
        answer: String,
        rest: Vec<u8>,
        /// Where the trusted proxies say that the client is.
        forwarded_for: Option<IpAddr>,
        /// Whether the extension of extensions.md is agreed on.
        batch: bool,
    },
    /// Send the answer and close.
    Refused(Refusal),
}

/// A request that comes to nothing.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) answer: &'static str,
    /// Why, for a person.
    pub(crate) why: String,
}

impl Refusal {
    fn new(answer: &'static str, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { answer, why }
    }
}

/// What a server makes its answer depend on.
pub(crate) struct Terms<C> {
    /// Asked once the request is known to be a WebSocket's.
    pub(crate) allows_origin: C,
    /// How many proxies on the way are trusted.
    pub(crate) trusted_proxies: usize,
    /// Whether the extension may be agreed on.
    pub(crate) batch: bool,
}

const BAD_REQUEST: &str =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const UPGRADE_REQUIRED: &str = "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n\
     Connection: close\r\nContent-Length: 0\r\n\r\n";

/// Reads a request up to its empty line and decides on it.
///
/// # Errors
/// The peer left, or the transport failed, before the request was complete.
pub(crate) async fn read<S: AsyncRead + Unpin, C: Fn(Option<&str>) -> bool>(
    stream: &mut S,
    terms: &Terms<C>,
) -> io::Result<Opening> {
    let mut head = Vec::with_capacity(1024);
    loop {
        let searched = head.len().saturating_sub(3);
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let tail = head.get(searched..).unwrap_or_default();
        if let Some(found) = tail.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = head.split_off(searched + found + 4);
            let decided = if head.len() > MAX_HEAD {
                Err(too_large())
            } else {
                decide(&head, rest, terms)
            };
            return Ok(decided.unwrap_or_else(Opening::Refused));
        }
        if head.len() > MAX_HEAD {
            return Ok(Opening::Refused(too_large()));
        }
    }
}

fn too_large() -> Refusal {
    let why = format!("its HTTP request has more than {MAX_HEAD} bytes");
    Refusal::new(BAD_REQUEST, why)
}

/// Returns the answer to a complete request head, or the refusal.
fn decide<C: Fn(Option<&str>) -> bool>(
    head: &[u8],
    rest: Vec<u8>,
    terms: &Terms<C>,
) -> Result<Opening, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    if !request.parse(head).is_ok_and(|status| status.is_complete()) {
        return Err(Refusal::new(BAD_REQUEST, "it did not send an HTTP request"));
    }
    let is_get = request.method == Some("GET") && request.version == Some(1);
    let headers = Headers(request.headers);
    if !is_get || !headers.lists("upgrade", "websocket") || !headers.lists("connection", "upgrade")
    {
        return Err(Refusal::new(BAD_REQUEST, "it did not ask for a WebSocket"));
    }
    let host = headers.first("host");
    let key = headers
        .first("sec-websocket-key")
        .filter(|key| !key.is_empty());
    let version = headers.first("sec-websocket-version");
    let (Some(_), Some(key), Some(version)) = (host, key, version) else {
        let why = "its request lacks Host, Sec-WebSocket-Key or Sec-WebSocket-Version";
        return Err(Refusal::new(BAD_REQUEST, why));
    };
    if version != "13" {
        let why = format!("it asked for version {version:?} of WebSocket, and there is only 13");
        return Err(Refusal::new(UPGRADE_REQUIRED, why));
    }
    let origin = headers.first("origin");
    if !(terms.allows_origin)(origin) {
        let why = match origin {
            Some(origin) => format!("its origin {origin:?} may not connect"),
            None => "it has no origin, and only some may connect".to_owned(),
        };
        return Err(Refusal::new(FORBIDDEN, why));
    }
    let Some((subprotocol, batch)) = headers.subprotocol(terms.batch) else {
        let why = format!("it did not offer the subprotocol {SUBPROTOCOL}");
        return Err(Refusal::new(FORBIDDEN, why));
    };
    let accept = derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
    );
    Ok(Opening::Accepted {
        answer,
        rest,
        batch,
        forwarded_for: headers.forwarded_for(terms.trusted_proxies),
    })
}

struct Headers<'h>(&'h [httparse::Header<'h>]);

impl<'h> Headers<'h> {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'h str> {
        self.0
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .filter_map(|header| str::from_utf8(header.value).ok())
            .map(str::trim)
    }

    fn first(&self, name: &'static str) -> Option<&'h str> {
        self.all(name).next()
    }

    /// The elements of a comma-separated header, which may be spread over several lines.
    fn elements(&self, name: &'static str) -> impl Iterator<Item = &'h str> {
        self.all(name)
            .flat_map(|value| value.split(','))
            .map(str::trim)
    }

    /// The entry that the first of so many trusted proxies made. What stands before it is whatever
    /// the client sent.
    fn forwarded_for(&self, proxies: usize) -> Option<IpAddr> {
        let entries: Vec<&str> = self.elements("x-forwarded-for").collect();
        let trusted = entries.len().saturating_sub(proxies);
        let entry = entries.get(trusted)?;
        // Some proxies give the port too.
        let with_port = || entry.parse().map(|address: SocketAddr| address.ip());
        entry.parse().or_else(|_| with_port()).ok()
    }

    /// The first offer we know, as the client spelled it, and whether that is the extension. The plain
    /// protocol has to be among the offers.
    fn subprotocol(&self, batch: bool) -> Option<(&'h str, bool)> {
        let offers = || self.elements("sec-websocket-protocol");
        let is = |offer: &str, name| offer.eq_ignore_ascii_case(name);
        let plain = offers().find(|offer| is(offer, SUBPROTOCOL))?;
        let preferred =
            offers().find(|offer| is(offer, SUBPROTOCOL) || is(offer, BATCH_SUBPROTOCOL));
        match preferred.filter(|offer| batch && is(offer, BATCH_SUBPROTOCOL)) {
            Some(offer) => Some((offer, true)),
            None => Some((plain, false)),
        }
    }

    fn lists(&self, name: &'static str, token: &str) -> bool {
        self.elements(name)
            .any(|element| element.eq_ignore_ascii_case(token))
    }
}
