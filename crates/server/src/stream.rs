//! Stream: what lies between a WebSocket and its socket, so that much goes in and out at once while there is
//! much, and whoever is idle has no buffers.
//!
//! A WebSocket keeps the buffers it was made with, and those that grew with a message, so that the first are small
//! and one that has grown can be told. While large messages come, reading goes
//! through a buffer here that is let go of afterwards; what is written gathers here until it is flushed, and a
//! large message leaves from where it is.

use std::io::{self, Cursor, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Frames larger than this are refused by some Node clients at their defaults (Q45).
pub(crate) const FRAGMENT: usize = 16 * 1024;
/// What stands before a fragment's payload.
const HEAD: usize = 4;
const LONGEST_HEAD: usize = 14;
/// So much is read at once while much comes.
const MUCH: usize = 128 * 1024;
/// Beyond this nothing more is taken before some of it has left.
const GATHERED: usize = 64 * 1024;
/// A WebSocket that has had a frame larger than this keeps more memory than an idle one should.
const SWOLLEN: u64 = 64 * 1024;
/// So many fragments are handed to the system at once.
const AT_ONCE: usize = 16;

/// A socket, and what has been read from it or is to be written to it.
pub(crate) struct Stream<S> {
    socket: S,
    /// When there last was something to read. Frames alone would not do: a large message over a slow line
    /// is one frame for minutes.
    last_heard: Instant,
    read: Vec<u8>,
    /// How much of it has been handed on.
    taken: usize,
    /// Whether there was more to read than there was room for.
    is_much: bool,
    /// Where in its frames the peer is, as far as it has been handed on.
    place: Place,
    /// What is to be written, of which so much has been.
    write: Vec<u8>,
    written: usize,
    /// A large message, which leaves after that.
    text: Option<Fragmented>,
    /// What came after the large message had begun to leave: control frames, which go between its fragments.
    between: Vec<u8>,
}

/// Where something is in a sequence of frames.
#[derive(Default)]
struct Place {
    /// A frame's head, of which so much is there.
    head: [u8; LONGEST_HEAD],
    here: usize,
    /// How much of its payload has still to come.
    rest: u64,
    /// Whether the message goes on with another frame.
    is_in_message: bool,
    /// The longest payload so far.
    longest: u64,
}

impl Place {
    /// Goes on by these bytes.
    fn pass(&mut self, mut bytes: &[u8]) {
        while let Some(&next) = bytes.first() {
            if self.rest > 0 {
                let here = self.rest.min(bytes.len() as u64);
                self.rest -= here;
                bytes = &bytes[here as usize..];
                continue;
            }
            self.head[self.here] = next;
            self.here += 1;
            bytes = &bytes[1..];
            if self.here < 2 || self.here < head_length(self.head[1]) {
                continue;
            }
            let mut head = Cursor::new(&self.head[..self.here]);
            self.here = 0;
            // With a wrong one it is the WebSocket that finds fault.
            if let Ok(Some((header, length))) = FrameHeader::parse(&mut head) {
                self.rest = length;
                self.longest = self.longest.max(length);
                if let OpCode::Data(_) = header.opcode {
                    self.is_in_message = !header.is_final;
                }
            }
        }
    }

    fn is_between_messages(&self) -> bool {
        self.rest == 0 && self.here == 0 && !self.is_in_message
    }
}

/// How long a frame's head is that has this for its second byte.
fn head_length(second: u8) -> usize {
    let length = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    2 + length + mask
}

/// A message that leaves in fragments.
struct Fragmented {
    text: String,
    /// How much has been written, heads included.
    at: usize,
    /// Whether it ends after its present fragment, since nobody waits for the rest.
    is_cut: bool,
}

impl<S> Stream<S> {
    pub(crate) fn new(socket: S) -> Self {
        Self {
            socket,
            last_heard: Instant::now(),
            read: Vec::new(),
            taken: 0,
            is_much: false,
            place: Place::default(),
            write: Vec::new(),
            written: 0,
            text: None,
            between: Vec::new(),
        }
    }

    pub(crate) fn last_heard(&self) -> Instant {
        self.last_heard
    }

    /// Whether the WebSocket over this stream keeps much memory, of which it uses nothing if it has dealt with
    /// everything it was given. Says so once.
    pub(crate) fn is_swollen(&mut self) -> bool {
        let is_swollen = self.place.longest > SWOLLEN && self.place.is_between_messages();
        if is_swollen {
            self.place = Place::default();
        }
        is_swollen
    }

    /// How long a frame the WebSocket over this stream has had: so much memory it may read a message into.
    pub(crate) fn longest(&self) -> u64 {
        self.place.longest
    }

    /// Whether nothing more is to be written, control frames excepted, before some of it has left.
    pub(crate) fn is_full(&self) -> bool {
        self.text.is_some() || self.write.len() >= GATHERED
    }

    /// Queues a message that is too large for one frame; not while the stream is full.
    pub(crate) fn queue(&mut self, text: String) {
        debug_assert!(!self.is_full() && text.len() > FRAGMENT);
        self.text = Some(Fragmented {
            text,
            at: 0,
            is_cut: false,
        });
    }

    /// Gives up what is left of a large message.
    pub(crate) fn cut(&mut self) {
        if let Some(text) = &mut self.text {
            text.is_cut = true;
        }
    }

    /// Puts control frames where they may stand: between messages or their fragments.
    fn interpose(&mut self) {
        if let Some(text) = &self.text {
            if !text.at.is_multiple_of(HEAD + FRAGMENT) {
                return;
            }
            if text.is_cut {
                self.text = None;
            }
        }
        self.write.append(&mut self.between);
        if self.between.capacity() > 0 {
            self.between = Vec::new();
        }
    }

    fn advance(&mut self, written: usize) {
        let of_bytes = written.min(self.write.len() - self.written);
        self.written += of_bytes;
        if self.written == self.write.len() {
            self.write.clear();
            self.written = 0;
        }
        if let Some(text) = &mut self.text {
            text.at += written - of_bytes;
            if text.at >= text.length() {
                self.text = None;
            }
        }
    }

    /// Has what is next to be written written.
    fn with_slices<R>(&mut self, write: impl FnOnce(Pin<&mut S>, &[IoSlice<'_>]) -> R) -> R
    where
        S: Unpin,
    {
        let mut heads = [[0; HEAD]; AT_ONCE];
        let mut slices = [IoSlice::new(&[]); 1 + 2 * AT_ONCE];
        let mut used = 0;
        let mut push = |slice| {
            slices[used] = IoSlice::new(slice);
            used += 1;
        };
        if self.written < self.write.len() {
            push(&self.write[self.written..]);
        }
        if let Some(Fragmented { text, at, is_cut }) = &self.text {
            let first = at / (HEAD + FRAGMENT);
            // Of the first one a part may have left.
            let mut done = at % (HEAD + FRAGMENT);
            let last = (text.len() - 1) / FRAGMENT;
            // What waits for its end is not to wait for more.
            let at_once = match self.between.is_empty() && !is_cut {
                true => AT_ONCE,
                false => 1,
            };
            let fragments = text.as_bytes().chunks(FRAGMENT).enumerate();
            let fragments = fragments.skip(first).take(at_once);
            for ((number, payload), head) in fragments.zip(&mut heads) {
                let head = fragment_head(head, number, last, payload.len());
                if done < head.len() {
                    push(&head[done..]);
                }
                push(&payload[done.saturating_sub(head.len())..]);
                done = 0;
            }
        }
        write(Pin::new(&mut self.socket), &slices[..used])
    }
}

impl Fragmented {
    /// How long it is, heads included.
    fn length(&self) -> usize {
        let before = (self.text.len() - 1) / FRAGMENT;
        let last = self.text.len() - before * FRAGMENT;
        before * (HEAD + FRAGMENT)
            + fragment_head(&mut [0; HEAD], before, before, last).len()
            + last
    }
}

/// What stands before a fragment of so many bytes.
fn fragment_head(head: &mut [u8; HEAD], number: usize, last: usize, length: usize) -> &[u8] {
    let header = FrameHeader {
        is_final: number == last,
        opcode: OpCode::Data(match number {
            0 => Data::Text,
            _ => Data::Continue,
        }),
        ..FrameHeader::default()
    };
    // There is room for the head of any fragment.
    let _ = header.format(length as u64, &mut head.as_mut_slice());
    &head[..header.len(length as u64)]
}

impl<S: AsyncWrite + Unpin> Stream<S> {
    /// Hands the socket everything that is to be written.
    pub(crate) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.interpose();
            if self.write.is_empty() && self.text.is_none() {
                self.write = Vec::new();
                return Poll::Ready(Ok(()));
            }
            let written = ready!(self.with_slices(|socket, slices| match slices {
                [bytes] => socket.poll_write(cx, bytes),
                slices => socket.poll_write_vectored(cx, slices),
            }))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.taken == this.read.len() {
            this.read.clear();
            this.taken = 0;
            if !this.is_much {
                let before = buf.filled().len();
                let read = Pin::new(&mut this.socket).poll_read(cx, buf);
                if read.is_ready() {
                    this.last_heard = Instant::now();
                    let read = &buf.filled()[before..];
                    this.place.pass(read);
                    this.is_much = !read.is_empty() && buf.remaining() == 0;
                }
                return read;
            }
            this.read.reserve_exact(MUCH);
            let mut much = (&mut this.socket).take(MUCH as u64);
            let read = pin!(much.read_buf(&mut this.read)).poll(cx);
            if !matches!(read, Poll::Ready(Ok(1..))) {
                this.is_much = false;
                this.read = Vec::new();
                return read.map_ok(drop);
            }
            this.last_heard = Instant::now();
        }
        let rest = &this.read[this.taken..];
        let here = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..here]);
        this.place.pass(&rest[..here]);
        this.taken += here;
        Poll::Ready(Ok(()))
    }
}

/// Takes all of what is written or nothing, so that frames stay whole.
impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.write.len() + this.between.len() >= GATHERED {
            ready!(this.poll_drain(cx))?;
        }
        match this.text {
            Some(_) => this.between.extend_from_slice(bytes),
            None => this.write.extend_from_slice(bytes),
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.socket).poll_shutdown(cx)
    }
}
