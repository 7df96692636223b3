//! Timeouts and limits of a connection, each with its default and the reason for it.

use std::time::Duration;

use crate::mdsf::Limits;

/// Which end of the connection this is: the client opened the transport, the server accepted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends the handshake request; its message ids rise from 1.
    Client,
    /// Answers the handshake request; its message ids fall from −1.
    Server,
}

impl Role {
    /// A message id of this side as it stands in a header (protocol.md 2.2).
    pub(crate) fn signed(self, id: u64) -> i64 {
        let id = i64::try_from(id).unwrap_or(i64::MAX);
        match self {
            Role::Client => id,
            Role::Server => -id,
        }
    }
}

/// Timeouts and limits of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How long a client waits for the transport to open. 10 s: a mobile network's slow start,
    /// not a dead host's minutes.
    pub connect_timeout: Duration,
    /// How long a client waits for the handshake's answer (10 s), or a server for its request
    /// (3 s, as upstream).
    pub handshake_timeout: Duration,
    /// How long to wait for the peer's close before the transport counts as closed. 5 s, as upstream.
    pub close_timeout: Duration,
    /// Bytes of UTF-8 in one message we send. 8 MiB is what upstream's server accepts.
    pub max_message: usize,
    /// Bytes of UTF-8 in one message we accept; 8 MiB too.
    pub max_received: usize,
    /// Nesting and number of values in one incoming message.
    pub limits: Limits,
    /// Messages in the resend buffer; at the limit a call or event is refused.
    pub buffer_messages: usize,
    /// Bytes in the resend buffer; at the limit a call or event is refused.
    pub buffer_bytes: usize,
    /// Unacknowledged messages after which a ping of our own asks for an acknowledgement. A side
    /// that only emits events would otherwise keep all of them (Q12).
    pub acknowledge_messages: usize,
    /// Unacknowledged bytes after which a ping of our own asks for an acknowledgement.
    pub acknowledge_bytes: usize,
    /// Messages held while the handshake's answer is awaited: an upstream server whose `connect`
    /// listener emits at once sends before it answers (Q22).
    pub held_messages: usize,
    /// Bytes of such messages. 8 MiB: one message of the size we accept.
    pub held_bytes: usize,
    /// How long a request whose answer went down with a transport stays pending after a resume, in
    /// case the answer still comes: 5 s on a client, whose server keeps its answers meanwhile. Zero
    /// fails it at once, as upstream does; so does a server, since clients keep no answers.
    pub in_doubt_timeout: Duration,
    /// How long a resumed transport may stay silent before it is closed and resumed once more: an
    /// upstream server that had not noticed the old transport's end goes deaf (Q2).
    pub resume_check: Duration,
    /// How often to ping while messages pass. Off, as upstream; a page behind a proxy that cuts idle
    /// connections, or one that wants to notice a dead network, sets it.
    pub heartbeat_interval: Option<Duration>,
    /// How long nothing may come from the peer while there is a heartbeat; then the transport is
    /// dead. `None` is the interval and 10 s.
    pub heartbeat_timeout: Option<Duration>,
    /// Answers kept while the peer is away, on the server.
    pub kept_answers: usize,
    /// Their weight.
    pub kept_answer_bytes: usize,
}

impl Config {
    /// The defaults of the given role.
    pub fn new(role: Role) -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            handshake_timeout: match role {
                Role::Client => Duration::from_secs(10),
                Role::Server => Duration::from_secs(3),
            },
            close_timeout: Duration::from_secs(5),
            max_message: 8 * 1024 * 1024,
            max_received: 8 * 1024 * 1024,
            limits: Limits::default(),
            buffer_messages: 10_000,
            buffer_bytes: 16 * 1024 * 1024,
            acknowledge_messages: 64,
            acknowledge_bytes: 64 * 1024,
            held_messages: 64,
            held_bytes: 8 * 1024 * 1024,
            in_doubt_timeout: match role {
                Role::Client => Duration::from_secs(5),
                Role::Server => Duration::ZERO,
            },
            resume_check: Duration::from_secs(2),
            heartbeat_interval: None,
            heartbeat_timeout: None,
            kept_answers: 1_000,
            kept_answer_bytes: 1024 * 1024,
        }
    }
}
