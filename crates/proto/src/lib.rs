//! JSTP as a state machine: no sockets, clock, randomness, async or logging.
//!
//! A driver owns the socket and the clock. It feeds what happened (`handle_*`), passes on what the
//! application wants (`call`, `emit`, …), and then drains what the core has to say.

mod backoff;
mod calls;
mod config;
mod connection;
pub mod error;
mod event;
mod format;
mod handshake;
mod heartbeat;
pub mod mdsf;
pub mod message;
mod operation;
mod queue;
mod receiving;
mod sending;
mod session;
mod time;
pub mod version;

pub use backoff::Backoff;
pub use calls::CallId;
pub use config::{Config, Role};
pub use connection::{Connection, State};
pub use error::{PeerMisbehaved, Refused, RemoteError};
pub use event::{Event, HandshakeFailure, Outcome, Output, OutputOf, Strategy, TransportEnd};
pub use format::{Format, Native};
pub use handshake::Auth;
pub use message::VersionField;
pub use session::{Session, SessionParts};
pub use time::Instant;
