//! A JSTP server: applications, sessions and authentication over WebSocket.
//!
//! Clients are pages that use `jstp-wasm` or upstream's `@metarhia/jstp`. An [`Application`] has a
//! name, a version and [`Interface`]s; an interface has methods, which are async functions over a
//! tuple of arguments, and handlers for the events that clients emit. [`create_server`] takes the
//! applications and [options](ServerOptions), [`Server::listen`] begins.
//!
//! ```no_run
//! use jstp_server::{
//!     Application, AuthRequest, Connection, Interface, MethodError, ServerOptions, create_server,
//! };
//!
//! async fn authenticate(request: AuthRequest) -> Result<String, MethodError> {
//!     let (user, password): (String, String) =
//!         jstp_server::mdsf::from_value(request.credentials)?;
//!     match password.as_str() {
//!         "secret" => Ok(user),
//!         _ => Err(MethodError::text("wrong password")),
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let calculator = Interface::new("calculator")
//!         .method("add", async |_: Connection, (a, b): (f64, f64)| Ok(a + b))
//!         .method("divide", async |_: Connection, (a, b): (f64, f64)| match b {
//!             0.0 => Err(MethodError::text("Error: Zero division")),
//!             b => Ok(a / b),
//!         })
//!         .event("typing", |client: &Connection, (what,): (String,)| {
//!             println!("{:?} is typing {what}", client.username());
//!         });
//!     let application = Application::new("demo").version("1.0.0").interface(calculator);
//!     let options = ServerOptions::new([application])
//!         .auth_policy(authenticate)
//!         .on_connect(|client| drop(client.emit("calculator", "welcome", ("hello",))));
//!     let server = create_server(options)?;
//!     println!("listening on {}", server.listen("127.0.0.1:3000").await?);
//!     tokio::signal::ctrl_c().await?;
//!     server.shutdown().await;
//!     Ok(())
//! }
//! ```
//!
//! # What happens when
//!
//! - **Order.** A client's messages are taken one after the other. A method runs right away until it
//!   first has to wait, so calls begin in the order in which they came; from there on they run side
//!   by side, and answers leave as they are ready. Event handlers run to their end in order.
//! - **Panics and errors.** A method that panics, or fails with an error not meant for the client,
//!   answers with error 16; [`ServerOptions::on_event`] hears why. [`MethodError`] says which errors
//!   reach the client.
//! - **Sessions.** A [`Connection`] outlives its transport: for the
//!   [`client_expiration_time`](ServerOptions::client_expiration_time) the client can resume, over
//!   another transport, with what was sent to it meanwhile. Calls to a client that is away wait;
//!   those whose answer was lost end with [`CallError::Lost`]. Sessions live in this process's
//!   memory: they end with it.
//! - **Limits.** Messages have at most 8 MiB, a client that reads too slowly is closed with 1013,
//!   and what is kept for one that is away is bounded; beyond that, requests to it are refused.

mod application;
mod auth;
mod connection;
mod dispatch;
mod driver;
mod error;
mod events;
mod handshake;
mod index;
mod live;
mod method;
mod opening;
mod options;
mod outbox;
mod server;
mod sessions;
mod tls;
mod trace;
mod transport;

pub use application::{Application, Interface};
pub use auth::{AuthFuture, AuthPolicy, AuthRequest};
pub use connection::Connection;
pub use error::{CallError, MethodError, OptionsError};
pub use events::ServerEvent;
pub use index::{AppsIndex, create_apps_index};
pub use jstp_proto::error::code;
pub use jstp_proto::mdsf::{self, Value};
pub use jstp_proto::{PeerMisbehaved, Refused, RemoteError};
pub use method::{Arguments, MethodResult, Results};
pub use options::ServerOptions;
pub use server::{Server, ServerHandle, create_server};
pub use tokio_rustls::rustls;

/// The server in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
