//! A client's end of a WebSocket, as bare as can be, so that it is not the generator that is measured: frames
//! are masked with zeros, and of what comes only the frames are told apart.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;

pub(crate) struct Wire {
    stream: TcpStream,
    /// What was read and not yet told apart into frames.
    unread: Vec<u8>,
    /// How many bytes of the frame under way have still to come, and whether a message ends with it.
    rest: usize,
    last: bool,
    batch: bool,
    /// The message under way, on a transport with arrays of them.
    message: Vec<u8>,
}

impl Wire {
    /// Connects and, unless the server is a bare echo, begins a session.
    pub(crate) async fn open(address: SocketAddr, echo: bool, batch: bool) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let extension = if batch { "metarhia-jstp.batch, " } else { "" };
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {extension}metarhia-jstp\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert_eq!(answer.contains("metarhia-jstp.batch"), batch, "{answer}");
        let mut wire = Self {
            stream,
            unread: Vec::new(),
            rest: 0,
            last: false,
            batch,
            message: Vec::new(),
        };
        if !echo {
            let answer = wire.ask("{handshake:[0,'fixture']}").await;
            assert!(answer.starts_with("{handshake:[0],ok:'"), "{answer}");
        }
        wire
    }

    /// Sends a message and returns the next that comes.
    pub(crate) async fn ask(&mut self, text: &str) -> String {
        let mut bytes = Vec::new();
        frame(text, &mut bytes);
        self.write(&bytes).await;
        let batch = std::mem::replace(&mut self.batch, true);
        while self.receive().await == 0 {}
        self.batch = batch;
        String::from_utf8(std::mem::take(&mut self.message)).unwrap()
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads once; returns how many messages of JSTP have ended with it.
    pub(crate) async fn receive(&mut self) -> usize {
        self.unread.reserve(64 * 1024);
        let read = self.stream.read_buf(&mut self.unread).await.unwrap();
        assert!(read > 0, "the server has closed");
        let mut ended = 0;
        let mut at = 0;
        loop {
            let here = (self.unread.len() - at).min(self.rest);
            if self.batch {
                self.message.extend(&self.unread[at..at + here]);
            }
            at += here;
            self.rest -= here;
            if self.rest > 0 {
                break;
            }
            if std::mem::take(&mut self.last) {
                ended += if self.batch {
                    messages(&self.message)
                } else {
                    1
                };
            }
            let Some((head, length, last)) = head(&self.unread[at..]) else {
                break;
            };
            if self.batch && self.unread[at] & 0x0f != 0 {
                self.message.clear();
            }
            at += head;
            self.rest = length;
            self.last = last;
        }
        self.unread.drain(..at);
        ended
    }
}

/// Appends a message, in one frame.
pub(crate) fn frame(text: &str, bytes: &mut Vec<u8>) {
    bytes.push(FIN | 1);
    match text.len() {
        length @ 0..126 => bytes.push(MASKED | length as u8),
        length @ 126..65_536 => {
            bytes.push(MASKED | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(MASKED | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(text.as_bytes());
}

/// The length of a frame's head and of its payload, and whether it ends a message; `None` if not all of the
/// head has come. Servers of 10 000 idle clients send pings, which end none.
fn head(bytes: &[u8]) -> Option<(usize, usize, bool)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let last = first & FIN != 0 && first & 0x08 == 0;
    Some(match second {
        126 => {
            let length = bytes.get(2..4)?.try_into().ok()?;
            (4, usize::from(u16::from_be_bytes(length)), last)
        }
        127 => {
            let length = bytes.get(2..10)?.try_into().ok()?;
            (10, u64::from_be_bytes(length) as usize, last)
        }
        length => (2, usize::from(length), last),
    })
}

/// How many messages there are in a message or an array of them: as many as there are headers.
fn messages(text: &[u8]) -> usize {
    let opening = b"{callback:[";
    if text.first() != Some(&b'[') {
        return 1;
    }
    let braces = text.iter().enumerate().filter(|(_, byte)| **byte == b'{');
    braces
        .filter(|(at, _)| text[*at..].starts_with(opening))
        .count()
}
