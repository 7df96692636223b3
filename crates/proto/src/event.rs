//! What the core tells its driver to do, and what it tells the application through it.

use crate::calls::CallId;
use crate::error::PeerMisbehaved;
use crate::format::Format;
use crate::message::VersionField;

/// The next thing for the driver to do.
#[derive(Debug)]
pub enum Output<T, P> {
    /// Send this text as one message.
    Transmit(T),
    /// Close the transport, after everything transmitted so far has left, with this code. The
    /// driver reports the end through [`handle_close`](crate::Connection::handle_close).
    Close {
        /// The WebSocket close code.
        code: u16,
    },
    /// Let go of the transport at once; nothing it still says is of interest. The core already
    /// counts it as closed.
    Drop,
    /// Tell the application.
    Event(Event<P>),
}

/// [`Output`] in the representation of a [`Format`].
pub type OutputOf<F> = Output<<F as Format>::Text, <F as Format>::Payload>;

/// What happened on a connection.
#[derive(Debug)]
pub enum Event<P> {
    /// A client asks for a handshake: answer with `accept`, `resume` or `refuse`.
    HandshakeRequested {
        /// The application asked for, if it was given as text.
        app: Option<String>,
        /// Its version.
        version: VersionField,
        /// How the client says who it is.
        strategy: Strategy<P>,
    },
    /// The handshake is done.
    Connected {
        /// Whether an earlier session goes on.
        resumed: bool,
    },
    /// The handshake came to nothing. The transport closes, if it has not.
    HandshakeFailed(HandshakeFailure<P>),
    /// The peer calls a method: answer with `answer`.
    Called {
        /// To be passed to `answer`.
        id: i64,
        /// The interface.
        interface: String,
        /// The method.
        method: String,
        /// The array of arguments.
        args: P,
    },
    /// The peer emitted an event.
    Emitted {
        /// The interface.
        interface: String,
        /// The event's name.
        event: String,
        /// The array of arguments.
        args: P,
    },
    /// The peer asks for the methods of an interface: answer with `answer`.
    Inspected {
        /// To be passed to `answer`.
        id: i64,
        /// The interface.
        interface: String,
    },
    /// A request of ours is settled; this is the last that is heard of it.
    Settled {
        /// The request.
        call: CallId,
        /// How it ended.
        outcome: Outcome<P>,
    },
    /// A message of ours is given up: the peer closed the transport each time it was sent again.
    Undeliverable {
        /// Its message id.
        id: i64,
    },
    /// An answer arrived that nobody waits for.
    UnknownAnswer(Result<P, P>),
    /// The obsolete heartbeat `{}` arrived.
    Heartbeat,
    /// A message was rejected; the connection goes on.
    Rejected {
        /// The message as it came.
        text: String,
    },
    /// The peer broke the protocol; the transport closes.
    Misbehaved {
        /// What it did.
        error: PeerMisbehaved,
        /// The message as it came.
        text: String,
    },
    /// The transport is gone; [`state`](crate::Connection::state) says what follows.
    TransportClosed {
        /// Why.
        why: TransportEnd,
    },
}

/// How a client says who it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Strategy<P> {
    /// It does not.
    Anonymous,
    /// It goes on with a session.
    Session {
        /// The session's id.
        id: String,
        /// How many messages of ours it has.
        received: u64,
    },
    /// It asks for a session with credentials of the wrong form.
    MalformedSession,
    /// A strategy for the authentication policy.
    Custom {
        /// `login` or another.
        name: String,
        /// What came with it, of any type.
        credentials: P,
    },
}

/// Why a handshake came to nothing.
#[derive(Debug, PartialEq)]
pub enum HandshakeFailure<P> {
    /// The server said no.
    Refused {
        /// The error's code, if it has one that is an integer.
        code: Option<i64>,
        /// The error array.
        error: P,
    },
    /// The transport closed first.
    TransportClosed,
    /// Nothing came in time.
    TimedOut,
    /// What came broke the protocol.
    Misbehaved(PeerMisbehaved),
    /// The connection was closed by its owner meanwhile.
    Cancelled,
}

/// How a request ended.
#[derive(Debug, PartialEq)]
pub enum Outcome<P> {
    /// The results, an array; empty for a ping.
    Done(P),
    /// A ping was answered.
    Pong,
    /// The error array the peer answered with.
    Error(P),
    /// The answer is neither: the peer's fault.
    Malformed,
    /// It will not be answered any more: a negative code of [`code`](crate::error::code).
    Failed(i64),
}

/// Why a transport ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportEnd {
    /// The peer or the network closed it, or it never opened.
    Closed,
    /// It did not open in time.
    ConnectTimeout,
    /// It did not close in time.
    CloseTimeout,
    /// Nothing came from the peer for as long as the heartbeat allows.
    HeartbeatTimeout,
    /// Another transport took the session over.
    Replaced,
}
