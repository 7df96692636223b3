//! JSTP as a state machine: no sockets, clock, randomness, async or logging.
//!
//! A driver owns the socket and the clock. Each of its turns feeds the core one thing, that
//! something happened (`handle_*`) or that the application wants something (`call`, `emit`, …), and
//! then drains what the core has to say. A driver that has nothing to feed sleeps until
//! [`poll_timeout`](Connection::poll_timeout) and then calls
//! [`handle_timeout`](Connection::handle_timeout).
//!
//! Here are two drivers in one program. Their sockets are two queues:
//!
//! ```
//! use std::collections::VecDeque;
//!
//! use jstp_proto::mdsf::Value;
//! use jstp_proto::{Auth, Config, Connection, Event, Instant, Native, Outcome, Output, Refused, Role};
//!
//! struct Driver {
//!     core: Connection<Native>,
//!     /// What the peer's socket has still to read.
//!     sent: VecDeque<String>,
//!     /// What the application has been told.
//!     told: Vec<Event<Value>>,
//! }
//!
//! impl Driver {
//!     fn new(role: Role) -> Self {
//!         let core = Connection::new(role, Config::new(role));
//!         Driver { core, sent: VecDeque::new(), told: Vec::new() }
//!     }
//!
//!     /// The second half of a turn: does what the core says, to the end.
//!     fn drain(&mut self, now: Instant) -> Result<(), Refused> {
//!         while let Some(output) = self.core.poll_output() {
//!             match output {
//!                 Output::Transmit(text) => self.sent.push_back(text),
//!                 Output::Close { .. } | Output::Drop => self.core.handle_close(),
//!                 // What a server's application decides.
//!                 Output::Event(Event::HandshakeRequested { .. }) => {
//!                     self.core.accept(now, "6e5c".to_owned())?;
//!                 }
//!                 Output::Event(Event::Called { id, .. }) => {
//!                     self.core.answer(id, Ok("[42]".to_owned()));
//!                 }
//!                 Output::Event(event) => self.told.push(event),
//!             }
//!         }
//!         Ok(())
//!     }
//! }
//!
//! # fn main() -> Result<(), Refused> {
//! let now = Instant::from_millis(0); // a driver asks its clock
//! let mut client = Driver::new(Role::Client);
//! let mut server = Driver::new(Role::Server);
//! client.core.handle_open(now);
//! server.core.handle_open(now);
//!
//! client.core.handshake(now, "calculator", None, &Auth::Anonymous)?;
//! // This waits for the handshake to be done.
//! let asked = client.core.call("calculator", "answer", "[]".to_owned())?;
//! client.drain(now)?;
//!
//! while !(client.sent.is_empty() && server.sent.is_empty()) {
//!     if let Some(text) = client.sent.pop_front() {
//!         server.core.handle_text(now, &text);
//!         server.drain(now)?;
//!     }
//!     if let Some(text) = server.sent.pop_front() {
//!         client.core.handle_text(now, &text);
//!         client.drain(now)?;
//!     }
//! }
//!
//! assert!(matches!(client.told[..], [
//!     Event::Connected { resumed: false },
//!     Event::Settled { call, outcome: Outcome::Done(_) },
//! ] if call == asked));
//! assert_eq!(client.core.poll_timeout(), None);
//! # Ok(())
//! # }
//! ```

mod backoff;
mod batch;
mod calls;
mod composing;
mod config;
mod connection;
mod elements;
pub mod error;
mod event;
mod format;
mod handshake;
mod heads;
mod heartbeat;
pub mod mdsf;
pub mod message;
mod operation;
mod ordered;
mod poison;
mod queue;
mod receiving;
mod row;
mod sending;
mod session;
mod text;
mod time;

pub use backoff::Backoff;
pub use batch::{BATCH_SUBPROTOCOL, MAX_BATCH, Messages, Part, take_batch};
pub use calls::CallId;
pub use composing::Auth;
pub use config::{Config, Role};
pub use connection::{Connection, State};
pub use elements::Elements;
pub use error::{PeerMisbehaved, Refused, RemoteError};
pub use event::{Event, HandshakeFailure, Outcome, Output, OutputOf, Strategy, TransportEnd};
pub use format::{Compose, Format, Native, Texts};
pub use heads::{check_method, results_head};
pub use jstp_version as version;
pub use message::VersionField;
pub use operation::Kind;
pub use session::{Session, SessionParts};
pub use text::{decimal, joined};
pub use time::Instant;
