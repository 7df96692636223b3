//! Transport: one WebSocket, from which whole texts come and into which an [`Outbox`] empties.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{FutureExt, Sink, Stream as _};
use jstp_proto::mdsf::Document;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Bytes, Message, Utf8Bytes};

use crate::outbox::{Next, Outbox};
use crate::stream::{FRAGMENT, Stream};

/// Messages from this size on are not copied.
const LARGE: usize = 16 * 1024;

/// A WebSocket, after its opening.
pub(crate) struct Transport<S> {
    /// Missing only while another is put in its place.
    socket: Option<WebSocketStream<Stream<S>>>,
    config: WebSocketConfig,
    outbox: Arc<Outbox>,
    state: State,
    /// Whether the peer may still be sending when we are done.
    is_cut_short: bool,
    /// The code with which the peer began to close.
    peer_code: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Our close frame is out, or on its way; texts that still come are of no interest.
    CloseSent,
    /// The peer's close frame is in; ours follows by itself.
    PeerClosed,
    /// Input can no longer be told apart into frames.
    Broken,
    Ended,
}

/// What a transport has to tell.
pub(crate) enum Incoming {
    /// A message.
    Text(Document),
    /// The peer broke the rules of WebSocket, and the closing has begun, or the stream broke: why, for
    /// a person.
    Broken { why: String },
    /// The transport is gone.
    Ended,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    /// A transport over a stream whose opening is done, of which `rest` has been read already. It
    /// takes messages and frames of so many bytes.
    pub(crate) async fn new(
        stream: S,
        rest: Vec<u8>,
        outbox: Arc<Outbox>,
        (max_message, max_frame): (usize, usize),
    ) -> Self {
        let config = WebSocketConfig::default()
            // It is held by every idle connection.
            .read_buffer_size(4 * 1024)
            // What is written gathers in the stream.
            .write_buffer_size(0)
            .max_message_size(Some(max_message))
            .max_frame_size(Some(max_frame));
        let stream = Stream::new(stream);
        let socket =
            WebSocketStream::from_partially_read(stream, rest, Role::Server, Some(config)).await;
        Self {
            socket: Some(socket),
            config,
            outbox,
            state: State::Open,
            is_cut_short: false,
            peer_code: None,
        }
    }

    /// When the peer was last heard, be it a single byte.
    pub(crate) fn last_heard(&self) -> Instant {
        self.socket
            .as_ref()
            .map_or_else(Instant::now, |socket| socket.get_ref().last_heard())
    }

    /// The code the peer closed with, if it was the peer who did; 1005 if it gave none.
    pub(crate) fn peer_code(&self) -> Option<u16> {
        self.peer_code
    }

    /// Returns what comes next, writing meanwhile what the outbox holds. Nothing is lost if the
    /// future is dropped.
    pub(crate) async fn next(&mut self) -> Incoming {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// Returns what comes next if it is here, as [`next`](Self::next) does.
    pub(crate) async fn at_once(&mut self) -> Option<Incoming> {
        std::future::poll_fn(|cx| {
            Poll::Ready(match self.poll(cx) {
                Poll::Ready(incoming) => Some(incoming),
                Poll::Pending => None,
            })
        })
        .await
    }

    /// Writes what the socket takes at once, if the outbox holds a good deal.
    pub(crate) async fn relieve(&mut self) {
        if self.outbox.is_due() {
            std::future::poll_fn(|cx| {
                // A transport that cannot be written to says so when it is next read.
                let _ = self.poll_write(cx);
                Poll::Ready(())
            })
            .await;
        }
    }

    /// Sends a WebSocket ping, which asks a silent peer for a sign of life.
    pub(crate) fn ping(&mut self) {
        if self.state == State::Open {
            let ping = Message::Ping(Bytes::new());
            // A transport that cannot be written to says so when it is next read or written.
            let _ = Pin::new(self.socket()).start_send(ping);
        }
    }

    /// Sees the transport to its end: what is queued leaves and the close frames are exchanged. What
    /// a peer sends that does not keep to that is read all the same, since unread bytes would turn
    /// our end of the stream into a reset, which destroys what the peer has not read yet.
    pub(crate) async fn finish(mut self, patience: Duration) {
        let ending = async {
            while !matches!(self.next().await, Incoming::Ended) {}
            if !self.outbox.is_dropped() {
                // The last close frame. If this fails the transport is gone, which is as good.
                let _ = self.stream().flush().await;
            }
            if self.is_cut_short && !self.outbox.is_dropped() {
                linger(self.stream()).await;
            }
        };
        // What did not end in time is dropped.
        let _ = timeout(patience, ending).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        loop {
            let incoming = self.look(cx);
            if incoming.is_ready() || self.outbox.wait(cx) {
                return incoming;
            }
        }
    }

    fn look(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        if !self.outbox.look() || self.state == State::Ended {
            return self.ended();
        }
        // Flushing comes last: while there are messages to read, answers gather and leave together, if
        // they may even in one message.
        if self.outbox.is_due()
            && let Poll::Ready(Err(error)) = self.poll_write(cx)
        {
            return self.lost(&error);
        }
        while self.state != State::Broken {
            match Pin::new(self.socket()).poll_next(cx) {
                Poll::Pending => break,
                Poll::Ready(None) => return self.ended(),
                Poll::Ready(Some(Err(error))) => return self.failed(cx, &error),
                Poll::Ready(Some(Ok(message))) => {
                    if let Some(incoming) = self.received(cx, message) {
                        return Poll::Ready(incoming);
                    }
                }
            }
        }
        if let Poll::Ready(Err(error)) = self.poll_write(cx) {
            return self.lost(&error);
        }
        match Pin::new(self.socket()).poll_flush(cx) {
            Poll::Ready(Err(error)) => self.lost(&error),
            // Our close frame has left, and nothing intelligible can follow from the peer.
            Poll::Ready(Ok(())) if self.state == State::Broken => self.ended(),
            Poll::Ready(Ok(())) if self.state == State::Open => self.shed(cx),
            _ => Poll::Pending,
        }
    }

    /// With nothing under way in either direction, puts another WebSocket in the place of one that keeps the
    /// memory of a large message.
    fn shed(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        if !self.stream().is_swollen() {
            return Poll::Pending;
        }
        let stream = self.socket.take().map(WebSocketStream::into_inner);
        let making = stream.map(|stream| {
            WebSocketStream::from_raw_socket(stream, Role::Server, Some(self.config))
        });
        // There is nothing it could wait for.
        self.socket = making.and_then(FutureExt::now_or_never);
        // What has come meanwhile has woken nobody.
        self.look(cx)
    }

    fn socket(&mut self) -> &mut WebSocketStream<Stream<S>> {
        let socket = self.socket.as_mut();
        socket.expect("another is put in its place at once")
    }

    fn stream(&mut self) -> &mut Stream<S> {
        self.socket().get_mut()
    }

    /// Hands the socket what the outbox holds, for as long as the socket takes it.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), tungstenite::Error>> {
        while self.state == State::Open {
            ready!(Pin::new(self.socket()).poll_ready(cx))?;
            if self.stream().is_full() {
                ready!(self.stream().poll_drain(cx))?;
            }
            match self.outbox.take() {
                Next::Text(text) if text.len() <= FRAGMENT => {
                    self.send(Message::Text(text.into()))?;
                }
                Next::Text(text) => self.stream().queue(text),
                Next::Close(code) => {
                    self.send(close_frame(code.into()))?;
                    self.state = State::CloseSent;
                }
                Next::Drop | Next::Nothing => return Poll::Ready(Ok(())),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn send(&mut self, message: Message) -> Result<(), tungstenite::Error> {
        Pin::new(self.socket()).start_send(message)
    }

    fn received(&mut self, cx: &mut Context<'_>, message: Message) -> Option<Incoming> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(bytes) => match Utf8Bytes::try_from(bytes) {
                Ok(text) => text,
                Err(_) => {
                    return Some(self.broken(
                        cx,
                        CloseCode::Invalid,
                        "a binary message is not UTF-8",
                    ));
                }
            },
            Message::Close(frame) => {
                if self.state == State::Open {
                    self.stream().cut();
                    self.state = State::PeerClosed;
                    self.peer_code = Some(frame.map_or(1005, |frame| frame.code.into()));
                }
                return None;
            }
            // The socket answers pings itself; both count as signs of life, which `Heard` notes.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return None,
        };
        if self.state != State::Open {
            return None;
        }
        // Whoever keeps the text keeps the memory it was read into, which may be that of a longer one.
        let is_most = text.len() as u64 * 2 >= self.stream().longest();
        if text.len() < LARGE || !is_most {
            return Some(Incoming::Text(Arc::new(text.as_str().to_owned())));
        }
        Some(Incoming::Text(Arc::new(text)))
    }

    fn failed(&mut self, cx: &mut Context<'_>, error: &tungstenite::Error) -> Poll<Incoming> {
        use tungstenite::Error;
        use tungstenite::error::ProtocolError;

        let code = match error {
            Error::Capacity(_) => CloseCode::Size,
            Error::Utf8(_) => CloseCode::Invalid,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return self.ended(),
            Error::Protocol(_) => CloseCode::Protocol,
            error => return self.lost(error),
        };
        Poll::Ready(self.broken(cx, code, &error.to_string()))
    }

    /// The stream is gone. That this came as an error is worth telling unless the end was near.
    fn lost(&mut self, error: &tungstenite::Error) -> Poll<Incoming> {
        match error {
            tungstenite::Error::Io(error)
                if self.state == State::Open && error.kind() != io::ErrorKind::UnexpectedEof =>
            {
                self.state = State::Ended;
                let why = error.to_string();
                Poll::Ready(Incoming::Broken { why })
            }
            _ => self.ended(),
        }
    }

    /// Begins to close a WebSocket that cannot be read any further.
    fn broken(&mut self, cx: &mut Context<'_>, code: CloseCode, why: &str) -> Incoming {
        // What the messages before it came to.
        let _ = self.poll_write(cx);
        if self.state == State::Open {
            self.stream().cut();
            // If this fails the transport is gone, which is as good.
            let _ = self.send(close_frame(code));
        }
        self.state = State::Broken;
        self.is_cut_short = true;
        Incoming::Broken {
            why: why.to_owned(),
        }
    }

    fn ended(&mut self) -> Poll<Incoming> {
        self.state = State::Ended;
        Poll::Ready(Incoming::Ended)
    }
}

fn close_frame(code: CloseCode) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: Utf8Bytes::default(),
    }))
}

/// Says that nothing more will be written, and reads until the peer says the same.
pub(crate) async fn linger<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut discarded = [0; 1024];
    while stream.read(&mut discarded).await.is_ok_and(|read| read > 0) {}
}

#[cfg(test)]
mod tests;
