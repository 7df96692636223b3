//! The client in a browser's window, against the fixture server.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic)]

mod bad_input;
mod batch;
mod clients;
mod connecting;
mod messages;
mod network;
#[path = "../page/mod.rs"]
mod page;
mod proxies;
mod quirks;
mod reconnecting;
mod reentrancy;
mod staging;

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);
