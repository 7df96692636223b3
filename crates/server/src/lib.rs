//! A JSTP server: applications, sessions and authentication over WebSocket.
//!
//! ```no_run
//! use jstp_server::{Application, Connection, Interface, MethodError, ServerOptions, create_server};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let calculator = Interface::new("calculator")
//!         .method("add", async |_: Connection, (a, b): (f64, f64)| Ok(a + b));
//!     create_server(ServerOptions::new([Application::new("demo").interface(calculator)]))?;
//!     Ok(())
//! }
//! ```

mod application;
mod auth;
mod connection;
mod driver;
mod error;
mod events;
mod method;
mod opening;
mod options;
mod outbox;
mod server;
mod sessions;
mod transport;

pub use application::{Application, Interface};
pub use auth::{AuthFuture, AuthPolicy, AuthRequest};
pub use connection::Connection;
pub use error::{CallError, MethodError, OptionsError};
pub use events::ServerEvent;
pub use jstp_proto::error::code;
pub use jstp_proto::mdsf::{self, Value};
pub use jstp_proto::{PeerMisbehaved, Refused, RemoteError};
pub use method::Arguments;
pub use options::ServerOptions;
pub use server::{Server, ServerHandle, create_server};
