//! JSTP client for the browser, compiled to WebAssembly and published as the npm package
//! `jstp-wasm`.
//!
//! What a page imports is JavaScript (`src/js`): classes that extend `Error`, `Map` or an emitter, and
//! a loader that compiles this module on the first connect. Everything they do is done here: [`ws`]
//! opens connections, [`Link`] is what a page's `Connection` works through, and behind both a driver
//! owns the protocol core of the crate `jstp-proto`, a WebSocket and a timer.

#[cfg(feature = "bench")]
pub mod bench;
pub mod classes;
mod clock;
mod connection;
mod driver;
mod error;
mod format;
mod page;
mod page_connection;
pub mod payload;
mod proxy;
mod reconnect;
mod session;
mod settings;
mod socket;
mod status;
mod tell;
#[cfg(feature = "trap")]
mod trap;
mod waiter;
mod waiting;
pub mod ws;

pub use connection::Link;

/// A fifth of the size of the standard library's allocator. Linear memory without threads is all it knows.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
