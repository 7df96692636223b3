//! What a server tells its listener.

use std::net::SocketAddr;

use jstp_proto::mdsf::RawValue;

use crate::application::Application;
use crate::connection::Connection;
use crate::storage::StorageError;

/// Something that happened on a server (protocol.md 5.6 and 10).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ServerEvent<'a> {
    /// A new session began; its client has been answered.
    Connect {
        /// The client.
        connection: &'a Connection,
    },
    /// A session goes on over a new transport; [`Reconnect`](Self::Reconnect) follows.
    RestoreSession {
        /// The client, which has the session.
        connection: &'a Connection,
        /// The application it goes on with.
        application: &'a Application,
    },
    /// A session goes on over a new transport.
    Reconnect {
        /// The client.
        connection: &'a Connection,
    },
    /// A client's transport is gone; its session lasts for a while.
    Disconnect {
        /// The client.
        connection: &'a Connection,
    },
    /// A handshake request has been dealt with.
    HandshakeRequest {
        /// The client.
        connection: &'a Connection,
        /// The application it asked for; empty if that was not text.
        application: &'a str,
        /// The strategy.
        strategy: &'a str,
    },
    /// No handshake request came in time.
    HandshakeTimeout {
        /// The client.
        connection: &'a Connection,
    },
    /// A client broke the rules, left a ping unanswered or reads too slowly, and its transport is being given up,
    /// or the transport broke.
    ConnectionError {
        /// The client.
        connection: &'a Connection,
        /// What it did, in a sentence.
        error: &'a str,
    },
    /// Somebody was turned away before there was a client: no TLS came about, the HTTP request was
    /// refused or took too long (protocol.md 1.1), or there are too many clients.
    TurnedAway {
        /// Where it came from: the TCP connection's other end, whatever proxies say.
        remote: SocketAddr,
        /// Why, in a sentence.
        why: &'a str,
    },
    /// The system does not hand connections over, for want of file descriptors for example. Told
    /// once, until one is handed over again.
    CannotAccept {
        /// What the system says.
        error: &'a str,
    },
    /// A client's message came, before anything is done about it. Only with
    /// [`log_messages`](crate::ServerOptions::log_messages).
    IncomingMessage {
        /// The client.
        connection: &'a Connection,
        /// The message.
        text: &'a str,
    },
    /// A message leaves for a client. Only with
    /// [`log_messages`](crate::ServerOptions::log_messages).
    OutgoingMessage {
        /// The client.
        connection: &'a Connection,
        /// The message.
        text: &'a str,
    },
    /// A client answered a call or an inspect.
    Callback {
        /// The client.
        connection: &'a Connection,
        /// The results or the error: arrays, if the client keeps to the protocol.
        answer: Result<&'a RawValue, &'a RawValue>,
    },
    /// A client called a method.
    Call {
        /// The client.
        connection: &'a Connection,
        /// The interface.
        interface: &'a str,
        /// The method.
        method: &'a str,
        /// The arguments, an array.
        args: &'a RawValue,
    },
    /// A client emitted an event.
    Event {
        /// The client.
        connection: &'a Connection,
        /// The interface.
        interface: &'a str,
        /// The event's name.
        event: &'a str,
        /// The arguments, an array.
        args: &'a RawValue,
    },
    /// A client asked for an interface's methods.
    Inspect {
        /// The client.
        connection: &'a Connection,
        /// The interface.
        interface: &'a str,
    },
    /// A client sent the obsolete heartbeat `{}`.
    Heartbeat {
        /// The client.
        connection: &'a Connection,
    },
    /// A client's message was rejected.
    MessageRejected {
        /// The client.
        connection: &'a Connection,
        /// The message as it came.
        text: &'a str,
    },
    /// A client's session could not be stored, found or forgotten.
    StorageFailed {
        /// The client.
        connection: &'a Connection,
        /// Why.
        error: &'a StorageError,
    },
    /// A method, an event handler or the authentication policy failed in a way the client is not told of.
    HandlerFailed {
        /// The client.
        connection: &'a Connection,
        /// The interface, or `authentication`.
        interface: &'a str,
        /// The method, the event, or the strategy.
        name: &'a str,
        /// What went wrong.
        error: &'a str,
    },
}
