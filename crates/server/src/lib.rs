//! A JSTP server: applications, sessions and authentication over WebSocket.
//!
//! Clients are pages that use `jstp-wasm` or upstream's `@metarhia/jstp`, and upstream's clients under
//! Node.js. An [`Application`] has a name, a version and [`Interface`]s; an interface has methods, which
//! are async functions over a tuple of arguments, and handlers for the events that clients emit.
//! [`create_server`] takes the applications and [options](ServerOptions), [`Server::listen`] begins. For
//! each client there is a [`Connection`], through which the server calls the client's methods and emits
//! events to it, whether the client is there at the moment or not.
//!
#![doc = "```no_run"]
#![doc = include_str!("../examples/server.rs")]
#![doc = "```"]
//!
//! A page meets it with
//!
//! ```js
//! const client = { connectPolicy: new SimpleConnectPolicy('ada', 'secret') };
//! const { proxies } = await ws.connectAndInspect('demo', client, ['calculator'], 'ws://127.0.0.1:3000');
//! proxies.calculator.on('welcome', (text) => console.log(text)); // hello
//! console.log(await proxies.calculator.add(20, 22)); // 42
//! ```
//!
//! Sections in this documentation, such as "4.4", are those of `docs/protocol.md`, quirks such as "Q46"
//! those of `docs/quirks.md`.
//!
//! # Applications
//!
//! - **Arguments** are a tuple of what serde can read; their number is the method's arity. A call with
//!   another number of arguments, or with one that does not fit, is answered with error 17 (section 6).
//!   [`Interface::raw_method`] takes [`Value`]s as they come, of an arity that is given. A [`RawValue`] is an argument, or a
//!   result, that is passed on without a look at it; types are made of the text that came, so a [`Value`] is the
//!   dearest thing to ask for.
//! - **Results.** What serde can write is one result, `()` none, [`Results`] several.
//! - **Errors.** [`MethodError`] says which errors reach the client, and as what. A method that panics, or
//!   fails with an error not meant for the client, answers with error 16; listeners hear why, and nobody
//!   else is hurt.
//! - **Versions.** A client asks for a version or an npm range and gets the greatest that fits, or, asking
//!   for none, the greatest there is (5.3). [`create_apps_index`] makes the choice available to others.
//!   [`Server::update_applications`] replaces what later clients are offered,
//!   [`Server::update_connections_api`] lets those who are there have it as well.
//! - **Order.** A client's messages are taken one after the other. A method runs right away until it
//!   first has to wait, so calls begin in the order in which they came; from there on they run side
//!   by side, and answers leave as they are ready. Event handlers run to their end in order, and hold up
//!   the messages behind them.
//!
//! # Clients
//!
//! An anonymous client is always let in. Any other strategy than `anonymous` and `session` is for the
//! [`AuthPolicy`], for which an async closure will do; without one it is refused with error 11 (5.4).
//!
//! A [`Connection`] can be cloned, kept and used from any task. It outlives its transport: for the
//! [`client_expiration_time`](ServerOptions::client_expiration_time) the client can resume its session over
//! another transport (4.4). What is asked for meanwhile waits for it:
//!
//! | | while the client is away | when its transport broke after it left |
//! | --- | --- | --- |
//! | [`emit`](Connection::emit) | is kept | is sent again, unless the client has it |
//! | [`call`](Connection::call), [`inspect`](Connection::inspect) | waits | ends with [`CallError::Lost`] if the client has it, is sent again if not |
//! | [`call_with_resend`](Connection::call_with_resend) | waits | is made again: at least once |
//! | an answer of a method | is kept | is lost with the transport (4.2) |
//!
//! [`Connection::close`] ends a transport, and its client may come back (Q46);
//! [`Connection::forget_session`] ends the session. When a session has ended, by that or by its age, all that
//! still waits is settled: no future hangs.
//!
//! # Sessions beyond memory
//!
//! What has left memory, by its age or because the server shut down, goes on with the
//! [`SessionStorageProvider`] of its application or of
//! [the server](ServerOptions::session_storage_provider): by default one in memory, for a day. With a
//! [`SharedStorageProvider`] several servers share their sessions, so that a client goes on with another when its
//! own is killed; the trait says what that guarantees, and what not.
//!
//! # Events and logs
//!
//! [`ServerOptions::on_connect`] hears of new sessions, [`ServerOptions::on_event`] of all that is in
//! [`ServerEvent`]: who comes and goes, who breaks the rules, every call, event and answer, and on request
//! every message (5.6, section 10). Listeners run where it happens, so they must not block.
//!
//! `tracing` hears the same: connects and disconnects at `INFO`, failures of methods at `ERROR`, calls and
//! messages at `TRACE`, in a span `client` for each transport with `connection`, `remote`, `application` as
//! `name@version`, and of `session` the first eight characters, which tell it from others but do not
//! suffice to take it over.
//!
//! # Limits and times
//!
//! Nothing that a client does makes the server keep more than these; each is an
//! [option](ServerOptions), but for the last four.
//!
//! | | Default | Beyond it |
//! | --- | --- | --- |
//! | [connections](ServerOptions::max_connections) | 100 000 | dropped as they come |
//! | TLS, HTTP and [handshake request](ServerOptions::handshake_timeout) | 3 s | closed |
//! | [authentication](ServerOptions::auth_timeout) | 30 s | refused with error 11 |
//! | [message, and frame](ServerOptions::max_message) | 8 MiB | closed with 1009 |
//! | [what waits to be read by the client](ServerOptions::max_outgoing) | 8 MiB | closed with 1013 |
//! | [what is kept until the client has it](ServerOptions::buffer_limit) | 10 000 messages, 16 MiB | requests to it fail |
//! | [calls under way](ServerOptions::max_running_methods) | 10 000 | answered with error 16 |
//! | [… and their messages](ServerOptions::max_running_bytes) | 16 MiB | answered with error 16 |
//! | [silence](ServerOptions::keepalive) | 20 s, and 10 s after a ping | dropped |
//! | [the client's part of a close](ServerOptions::close_timeout) | 5 s | dropped |
//! | [a session in memory without a transport](ServerOptions::client_expiration_time) | 1 h | only its storage has it |
//! | [their number](ServerOptions::max_detached_sessions) | 100 000 | of the oldest, only its storage has it |
//! | [what they hold](ServerOptions::max_detached_bytes) | 1 GiB | of the oldest, only its storage has it |
//! | [what a storage provider does](ServerOptions::storage_timeout) | 5 s | closed with 1013, if it has to be done |
//! | nesting, and values in a message | 1000, 1 048 576 | closed with 1000 |
//! | nesting of what becomes a type that holds itself | 128 | answered with error 17 |
//! | answers kept for a client that is away | 1000, 1 MiB | the oldest are dropped |
//! | head of the HTTP request | 16 KiB, 100 lines | status 400 |
//!
//! # For those who know upstream's server
//!
//! | upstream | here |
//! | --- | --- |
//! | `createServer(options, webSocketOptions, listener)` | [`create_server`], all in [`ServerOptions`] |
//! | `applications`, `createAppsIndex` | [`ServerOptions::new`], [`create_apps_index`] |
//! | `authPolicy` | [`auth_policy`](ServerOptions::auth_policy) |
//! | `heartbeatInterval`, `clientExpirationTime` | [`heartbeat_interval`](ServerOptions::heartbeat_interval), [`client_expiration_time`](ServerOptions::client_expiration_time) |
//! | `listener`, the event `connect` | [`on_connect`](ServerOptions::on_connect) |
//! | `sessionStorageProvider` | [`session_storage_provider`](ServerOptions::session_storage_provider) |
//! | `originCheckStrategy` | [`origin_check`](ServerOptions::origin_check) |
//! | the events, `log` | [`on_event`](ServerOptions::on_event), [`log_messages`](ServerOptions::log_messages) |
//! | `getClients`, `getClientsArray`, `broadcast` | [`Server::clients`], [`Server::broadcast`] |
//! | `updateApplications`, `updateConnectionsApi` | [`Server::update_applications`], [`Server::update_connections_api`] |
//! | `close` | [`Server::close`]; [`Server::shutdown`] says goodbye to clients too |
//! | `callMethod`, `callMethodWithResend` | [`Connection::call`], [`Connection::call_with_resend`] |
//! | `emitRemoteEvent`, `inspectInterface`, `ping` | [`emit`](Connection::emit), [`inspect`](Connection::inspect), [`ping`](Connection::ping) |
//! | `session`, used as a Map | [`Connection::get`], [`set`](Connection::set), [`with_storage`](Connection::with_storage) |
//!
//! # Running one
//!
//! The binary `jstp-server` of this crate serves a demo; its source shows a server with flags, signals and a
//! certificate that is replaced while it runs. `wss` needs nothing but [`ServerOptions::tls`]; behind a
//! proxy that speaks TLS, [`trusted_proxies`](ServerOptions::trusted_proxies) says whose word on a client's address
//! counts. The README has the rest.

mod answer;
mod application;
mod auth;
mod connection;
mod dispatch;
mod driver;
mod error;
mod events;
mod handshake;
mod index;
mod keeping;
mod live;
mod method;
mod opening;
mod options;
mod outbox;
mod restoring;
mod running;
mod server;
mod sessions;
mod storage;
mod stored;
mod stream;
mod tls;
mod trace;
mod transport;

pub use answer::Answer;
pub use application::{Application, Interface};
pub use auth::{AuthFuture, AuthPolicy, AuthRequest};
pub use connection::Connection;
pub use error::{CallError, MethodError, OptionsError};
pub use events::ServerEvent;
pub use index::{AppsIndex, create_apps_index};
pub use jstp_proto::error::code;
pub use jstp_proto::mdsf::{self, RawValue, Value};
pub use jstp_proto::{PeerMisbehaved, Refused, RemoteError};
pub use method::{Arguments, MethodResult, Results};
pub use options::ServerOptions;
pub use server::{Server, ServerHandle, create_server};
#[cfg(feature = "redis")]
pub use storage::redis::RedisStorageProvider;
pub use storage::simple::SimpleSessionStorageProvider;
pub use storage::{
    Change, Claim, ClaimListener, SessionStorageProvider, SharedStorageProvider, StorageError,
    StorageFuture,
};
pub use stored::StoredSession;
pub use tokio_rustls::rustls;

/// The server in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
