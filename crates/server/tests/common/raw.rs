//! Frames over a bare stream, for what no WebSocket library would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::soon;

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// The bit of a first byte that says that no fragment follows.
pub(crate) const FIN: u8 = 0x80;

/// The request of a client that does everything right.
pub(crate) const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: metarhia-jstp\r\n\r\n";

/// The same of a client that knows of batches.
pub(crate) fn upgrade_with_batch() -> String {
    UPGRADE.replace(
        ": metarhia-jstp\r",
        ": metarhia-jstp.batch, metarhia-jstp\r",
    )
}

/// A frame as a client sends it: the first byte with all its bits, masked.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let payload = payload.as_ref();
    let mut frame = head(first, payload.len() as u64);
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(b, m)| b ^ m));
    frame
}

/// The beginning of a masked frame, up to its mask.
pub(crate) fn head(first: u8, length: u64) -> Vec<u8> {
    let mut head = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => head.push(0x80 | short),
        (_, Ok(medium)) => {
            head.push(0x80 | 126);
            head.extend(medium.to_be_bytes());
        }
        _ => {
            head.push(0x80 | 127);
            head.extend(length.to_be_bytes());
        }
    }
    head
}

/// A whole text message.
pub(crate) fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | TEXT, payload)
}

/// A close frame.
pub(crate) fn close(code: u16, reason: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
}

/// What a server sends, fragments put together.
#[derive(Debug, PartialEq)]
pub(crate) enum Seen {
    Text(String),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
    /// The end of the stream.
    End,
}

/// A stream whose opening is done.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
}

impl Raw {
    /// A WebSocket without a handshake.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, UPGRADE).await
    }

    /// A WebSocket opened with this request, without a handshake.
    pub(crate) async fn open_with(address: SocketAddr, request: &str) -> Self {
        let mut stream = TcpStream::connect(address)
            .await
            .expect("the server listens");
        stream.set_nodelay(true).expect("a fresh stream");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("the transport is up");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(soon(stream.read_u8()).await.expect("an answer"));
        }
        assert!(answer.starts_with(b"HTTP/1.1 101 "));
        Self { stream }
    }

    /// A WebSocket with a session of this application, and the session's id.
    pub(crate) async fn connect(address: SocketAddr, app: &str) -> (Self, String) {
        Self::connect_with(address, UPGRADE, app).await
    }

    /// The same over a WebSocket opened with this request.
    pub(crate) async fn connect_with(
        address: SocketAddr,
        request: &str,
        app: &str,
    ) -> (Self, String) {
        let mut raw = Self::open_with(address, request).await;
        raw.write(&text(format!("{{handshake:[0,'{app}']}}"))).await;
        let Seen::Text(answer) = raw.next().await else {
            panic!("the handshake is to be answered");
        };
        let session = answer
            .strip_prefix("{handshake:[0],ok:'")
            .and_then(|rest| rest.strip_suffix("'}"))
            .unwrap_or_else(|| panic!("not a session: {answer}"));
        (raw, session.to_owned())
    }

    /// Writes what the server may not want to hear any more.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = soon(self.stream.write_all(bytes)).await;
    }

    /// What the server sends next.
    pub(crate) async fn next(&mut self) -> Seen {
        let mut message = Vec::new();
        loop {
            let Some((first, payload)) = self.frame().await else {
                return Seen::End;
            };
            assert_eq!(first & 0x70, 0, "reserved bits");
            match first & 0x0f {
                TEXT | CONTINUATION => {
                    assert_eq!(
                        first & 0x0f == TEXT,
                        message.is_empty(),
                        "order of fragments"
                    );
                    message.extend(payload);
                    if first & FIN != 0 {
                        return Seen::Text(String::from_utf8(message).expect("UTF-8"));
                    }
                }
                CLOSE => {
                    let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                    return Seen::Close(code);
                }
                PING => return Seen::Ping(payload),
                PONG => return Seen::Pong(payload),
                other => panic!("a frame of kind {other}"),
            }
        }
    }

    /// The first byte and the payload of the next frame, or `None` at the end, be it a reset.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = soon(self.stream.read_u8()).await.ok()?;
        let length = match soon(self.stream.read_u8()).await.ok()? {
            126 => u64::from(soon(self.stream.read_u16()).await.ok()?),
            127 => soon(self.stream.read_u64()).await.ok()?,
            length => u64::from(length),
        };
        let mut payload = vec![0; usize::try_from(length).expect("unmasked, and short enough")];
        soon(self.stream.read_exact(&mut payload)).await.ok()?;
        Some((first, payload))
    }
}
