//! JSTP client for the browser, compiled to WebAssembly and published as the npm package
//! `jstp-wasm`.
//!
//! What a page imports is JavaScript (`src/js`): the classes it holds, what asks its values what they are,
//! and a loader that compiles this module on the first connect. What is decided about a connection is
//! decided here: a [`Link`] is what a page's `Connection` works through, and behind it a driver owns the
//! protocol core of the crate `jstp-proto`, a WebSocket and a timer.

#[cfg(feature = "bench")]
pub mod bench;
pub mod classes;
mod clock;
mod connection;
mod driver;
pub mod engine;
mod format;
pub mod payload;
mod settings;
mod socket;
mod tell;
#[cfg(feature = "trap")]
mod trap;
pub mod ws;

pub use connection::Link;

/// A fifth of the size of the standard library's allocator. Linear memory without threads is all it knows.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
