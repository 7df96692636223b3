//! Where sessions are kept beside memory: providers for one server, and providers that several share.
//!
//! A session is looked for in memory first, then with the provider of its application, or the
//! server's when the application has none of its own.
//!
//! A [`SessionStorageProvider`] is given a session whenever its client's transport is gone, again when
//! it leaves memory, and when the server shuts down. That outlives an orderly end of the process, and
//! nothing else: a server that is killed takes with it what happened since.
//!
//! A [`SharedStorageProvider`] is told of every change before anybody can see it, so that any server of
//! several can go on with the session at any moment. [What that guarantees](SharedStorageProvider)
//! stands with the trait.

#[cfg(feature = "redis")]
pub(crate) mod redis;
pub(crate) mod simple;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jstp_proto::mdsf::Value;

use crate::stored::StoredSession;

/// What a provider's answer comes in.
pub type StorageFuture<T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send>>;

/// Keeps sessions whose clients are away (protocol.md 5.5).
///
/// A call that takes longer than the
/// [`storage_timeout`](crate::ServerOptions::storage_timeout), or that panics, counts as failed.
pub trait SessionStorageProvider: Send + Sync + 'static {
    /// The session of this id, or `None`. Asked only for a session that is not in memory. The id is what
    /// a client sent: at most 64 letters, digits, `-` and `_`.
    fn get(&self, id: &str) -> StorageFuture<Option<StoredSession>>;

    /// Keeps a session, in place of any older state of it.
    fn set(&self, session: StoredSession) -> StorageFuture<()>;

    /// The client is gone: from now on the session may expire. Follows a [`set`](Self::set).
    fn set_inactive(&self, _id: &str) -> StorageFuture<()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Forgets a session for good. It is no error if there is none.
    fn remove(&self, id: &str) -> StorageFuture<()>;
}

/// Keeps sessions for several servers, of which any may be the next to serve a client.
///
/// # What is guaranteed
/// As long as the storage keeps what it has confirmed:
///
/// - A client gets a session's id, and an answer to a resume, only once the storage has what it says.
/// - Nothing is sent to the client, neither answer nor event nor call nor pong, before the storage has
///   the state it comes from: the messages with an id, the session's own storage, and the count of
///   what was received. So whatever the client knows of, the next server knows of too.
/// - A call begins only once the storage has its receipt. A server that is killed after that leaves the call
///   in doubt, which its client is told (code −1): a call without resend runs at most once.
/// - An event from a client counts as received together with what its handlers did to the session: the
///   data they wrote and the messages they sent. Killed before that is stored, nobody has seen anything of
///   it, and the client sends the event again. Within the session an event is handled exactly once.
/// - One server at a time holds a session. The next takes it with a [`Claim`]; from then on nothing of
///   the one before is stored, and so nothing of it is sent. It closes its transport, if there still
///   is one, and its calls to the client end with [`CallError::Lost`](crate::CallError::Lost).
///
/// # What is not
/// - What an event handler does outside the session, to a database for example, may happen twice if
///   the server is killed within the moment between that and storing.
/// - A method may have been at work when its server was killed; what it had written to the session and sent by
///   then is stored or not as it stood at the time.
/// - What the server's application has issued is stored a moment later, unless it waited for
///   [`Connection::stored`](crate::Connection::stored). What was not is lost with the process.
/// - Calls from the server to a client wait in the memory of the server that made them: the client gets
///   them from the next server too, but its answer finds nobody.
/// - Answers that were ready while the client was away are kept in memory only: on another server the call ends
///   as in doubt.
///
/// # When the storage does not answer, or panics
/// Nothing is sent that would have to be stored first. After the
/// [`storage_timeout`](crate::ServerOptions::storage_timeout) the transport is closed with 1013, handshakes
/// included, which tells a client to come back later with the session it has. What waits to be stored
/// stays in memory for as long as the session does, and is tried again.
pub trait SharedStorageProvider: Send + Sync + 'static {
    /// Keeps a new session. Returns this server's claim on it.
    fn create(&self, session: StoredSession) -> StorageFuture<Claim>;

    /// Takes a session over, if there is one of this id that belongs to the application: from now on only
    /// changes under the new claim are accepted. The id is what a client sent: at most 64 letters, digits,
    /// `-` and `_`.
    fn claim(&self, id: &str, application: &str) -> StorageFuture<Option<(StoredSession, Claim)>>;

    /// Keeps a change, whole or not at all, and puts its expiry off. A change that is not newer than the
    /// last one is done already, and succeeds.
    ///
    /// # Errors
    /// [`Superseded`](StorageError::Superseded) if there is a newer claim, [`Gone`](StorageError::Gone)
    /// if there is no session.
    fn change(&self, id: &str, claim: Claim, change: Change) -> StorageFuture<()>;

    /// Forgets a session for good, whoever has claimed it. It is no error if there is none.
    fn remove(&self, id: &str) -> StorageFuture<()>;

    /// How often a session whose client is connected has to be stored though nothing has changed, so
    /// that it does not expire.
    fn refresh_interval(&self) -> Option<Duration> {
        None
    }

    /// Gives the server's listener, to be called when a session has been claimed, or removed (`None`). It lets
    /// a server whose client has gone elsewhere know of it before it has something to store; nothing
    /// depends on it.
    fn watch(&self, _listener: ClaimListener) {}
}

/// What [`SharedStorageProvider::watch`] is given: called with a session's id and its newest claim.
pub type ClaimListener = Box<dyn Fn(&str, Option<Claim>) + Send + Sync>;

/// The right to change a stored session; the newest, which is the greatest, counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim(pub u64);

/// What has become of a session since it was last stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Rises with each change under one claim, from 1.
    pub number: u64,
    /// The id of the last message of the client's that was dealt with.
    pub received: u64,
    /// Every message to the client up to this id was delivered, and need not be kept.
    pub delivered: u64,
    /// The highest id given out.
    pub last_id: u64,
    /// Messages to the client since the last change, by id, ascending.
    pub messages: Vec<(u64, String)>,
    /// The session's own storage, if it was written to.
    pub storage: Option<Vec<(String, Value)>>,
}

/// Why a session could not be stored, or read.
#[derive(Debug)]
#[non_exhaustive]
pub enum StorageError {
    /// The storage cannot be reached, or failed.
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
    /// The storage did not answer in time.
    TimedOut,
    /// Another server has taken the session over.
    Superseded,
    /// The session has expired, or was forgotten.
    Gone,
    /// What is stored is not a session.
    Damaged(String),
    /// The session's own storage is larger than the provider keeps.
    TooLarge {
        /// What it may have, in bytes of JSON.
        limit: usize,
    },
}

impl StorageError {
    /// The storage cannot be reached, or failed. The error is shown in logs: it should hold neither
    /// passwords nor session ids.
    pub fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(error.into())
    }

    /// Whether trying again is of no use: the session is no longer this server's.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Superseded | Self::Gone | Self::TooLarge { .. })
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(error) => write!(f, "the session storage failed: {error}"),
            Self::TimedOut => f.write_str("the session storage did not answer in time"),
            Self::Superseded => f.write_str("another server has taken the session over"),
            Self::Gone => f.write_str("the session is not stored any more"),
            Self::Damaged(why) => write!(f, "what is stored is not a session: {why}"),
            Self::TooLarge { limit } => {
                write!(f, "the session's own storage has more than {limit} bytes")
            }
        }
    }
}

impl std::error::Error for StorageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unavailable(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

/// A provider of either kind.
#[derive(Clone)]
pub(crate) enum Storage {
    Single(Arc<dyn SessionStorageProvider>),
    Shared(Arc<dyn SharedStorageProvider>),
}

impl Storage {
    /// Forgets a session for good.
    pub(crate) fn remove(&self, id: &str) -> StorageFuture<()> {
        match self {
            Self::Single(provider) => provider.remove(id),
            Self::Shared(provider) => provider.remove(id),
        }
    }

    /// Whether both are one provider.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Single(one), Self::Single(other)) => Arc::ptr_eq(one, other),
            (Self::Shared(one), Self::Shared(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single(_) => "SessionStorageProvider",
            Self::Shared(_) => "SharedStorageProvider",
        })
    }
}

/// Whether a client's session id is worth asking a provider for: ours are UUIDs, and whatever else a
/// provider hands out has no need of other characters.
pub(crate) fn is_plausible(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}
