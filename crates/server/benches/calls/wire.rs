//! A client's end of a WebSocket, as bare as can be, so that it is not the generator that is measured: frames
//! are masked with zeros, and what comes is handed on from the buffer it was read into.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const LONGEST_HEAD: usize = 10;

pub(crate) struct Wire {
    stream: TcpStream,
    /// The head of a frame, of which so much has come.
    head: [u8; LONGEST_HEAD],
    here: usize,
    frame: Frame,
}

/// The frame under way.
#[derive(Clone, Copy, Default)]
struct Frame {
    /// How much of it has still to come.
    rest: usize,
    /// Whether it is part of a message. Servers of 10 000 idle clients send pings, which are not.
    is_data: bool,
    /// Whether a message ends with it.
    is_last: bool,
}

/// Who hears of what comes.
pub(crate) trait Ear {
    /// More of a message.
    fn hear(&mut self, bytes: &[u8]);

    /// The message is over.
    fn end(&mut self);
}

impl Wire {
    /// Connects and, unless the server is a bare echo, begins a session.
    pub(crate) fn open(address: SocketAddr, echo: bool, batch: bool) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let extension = if batch { "metarhia-jstp.batch, " } else { "" };
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {extension}metarhia-jstp\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert_eq!(answer.contains("metarhia-jstp.batch"), batch, "{answer}");
        let mut wire = Self {
            stream,
            head: [0; LONGEST_HEAD],
            here: 0,
            frame: Frame::default(),
        };
        if !echo {
            let answer = wire.ask("{handshake:[0,'fixture']}");
            assert!(answer.starts_with("{handshake:[0],ok:'"), "{answer}");
        }
        wire
    }

    /// Sends a message and returns the next that comes.
    pub(crate) fn ask(&mut self, text: &str) -> String {
        let mut bytes = Vec::new();
        head(text.len(), &mut bytes);
        bytes.extend(text.as_bytes());
        self.stream.write_all(&bytes).unwrap();
        let mut answer = Whole::default();
        let mut buffer = vec![0; 64 * 1024];
        while !answer.is_over {
            self.read(&mut buffer, &mut answer).unwrap();
        }
        String::from_utf8(answer.text).unwrap()
    }

    /// From now on reading and writing does not wait.
    pub(crate) fn never_wait(&mut self) -> RawFd {
        self.stream.set_nonblocking(true).unwrap();
        self.stream.as_raw_fd()
    }

    /// Writes what the system takes, `None` if that is nothing now.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.stream.write(bytes) {
            Ok(written) => Some(written),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("the server has closed: {error}"),
        }
    }

    /// Reads once, and tells of what came. `None` if there was nothing, or else whether there may be more.
    pub(crate) fn read(&mut self, buffer: &mut [u8], ear: &mut impl Ear) -> Option<bool> {
        let read = match self.stream.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            Err(error) => panic!("the server has closed: {error}"),
        };
        assert!(read > 0, "the server has closed");
        self.tell_apart(&buffer[..read], ear);
        Some(read == buffer.len())
    }

    fn tell_apart(&mut self, mut bytes: &[u8], ear: &mut impl Ear) {
        while !bytes.is_empty() {
            if self.frame.rest == 0 {
                let taken = self.begin(bytes);
                bytes = &bytes[taken..];
            }
            let here = self.frame.rest.min(bytes.len());
            self.frame.rest -= here;
            if self.frame.is_data {
                ear.hear(&bytes[..here]);
                if self.frame.rest == 0 && std::mem::take(&mut self.frame.is_last) {
                    ear.end();
                }
            }
            bytes = &bytes[here..];
        }
    }

    /// Begins with the next frame if all of its head is here; returns how many bytes that took.
    fn begin(&mut self, bytes: &[u8]) -> usize {
        self.frame = Frame::default();
        if self.here == 0
            && let Some((taken, frame)) = Frame::of(bytes)
        {
            self.frame = frame;
            return taken;
        }
        for (at, byte) in bytes.iter().enumerate() {
            self.head[self.here] = *byte;
            self.here += 1;
            if let Some((_, frame)) = Frame::of(&self.head[..self.here]) {
                self.here = 0;
                self.frame = frame;
                return at + 1;
            }
        }
        bytes.len()
    }
}

impl Frame {
    /// The frame that begins here and the length of its head; `None` if not all of that has come.
    fn of(bytes: &[u8]) -> Option<(usize, Self)> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let (head, rest) = match second {
            126 => {
                let length = bytes.get(2..4)?.try_into().ok()?;
                (4, usize::from(u16::from_be_bytes(length)))
            }
            127 => {
                let length = bytes.get(2..10)?.try_into().ok()?;
                (10, u64::from_be_bytes(length) as usize)
            }
            length => (2, usize::from(length)),
        };
        let is_data = first & 0x08 == 0;
        let frame = Self {
            rest,
            is_data,
            is_last: is_data && first & FIN != 0,
        };
        Some((head, frame))
    }
}

/// Appends what stands before a message of so many bytes that is one frame.
pub(crate) fn head(length: usize, bytes: &mut Vec<u8>) {
    bytes.push(FIN | 1);
    match length {
        0..126 => bytes.push(MASKED | length as u8),
        126..65_536 => {
            bytes.push(MASKED | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(MASKED | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
}

/// Hears a message out.
#[derive(Default)]
struct Whole {
    text: Vec<u8>,
    is_over: bool,
}

impl Ear for Whole {
    fn hear(&mut self, bytes: &[u8]) {
        self.text.extend(bytes);
    }

    fn end(&mut self) {
        self.is_over = true;
    }
}
