//! Settings: what `options.js` has read and checked.

use jstp_proto::joined;
use std::time::Duration;

use js_sys::{Array, Function};
use jstp_proto::Config;
use jstp_proto::version::Range;
use wasm_bindgen::prelude::*;

use crate::error::plain;
use crate::session::PageSession;

#[wasm_bindgen]
extern "C" {
    /// The settings of a connection.
    #[derive(Clone)]
    pub(crate) type Settings;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn app(this: &Settings) -> App;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn transport(this: &Settings) -> Transport;

    /// The page's own, in place of the default.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn reconnector(this: &Settings) -> Option<Function>;

    /// To go on with.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn session(this: &Settings) -> Option<PageSession>;

    /// Whether a session the server does not know any more is replaced by a new one.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn renews(this: &Settings) -> bool;

    /// Whether the events of protocol.md 10 go to a logger of the page's.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn logs(this: &Settings) -> bool;

    #[wasm_bindgen(method, getter)]
    fn limits(this: &Settings) -> Array;

    /// The application a page connects to.
    pub(crate) type App;

    #[wasm_bindgen(method, getter)]
    fn range(this: &App) -> Option<String>;

    /// How a transport is opened, and what it may carry.
    pub type Transport;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn url(this: &Transport) -> String;

    /// Whether several messages in one are offered (extensions.md).
    #[wasm_bindgen(method, getter)]
    pub(crate) fn batch(this: &Transport) -> bool;

    /// Stands in for the global `WebSocket`.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn construct(this: &Transport) -> Option<Function>;

    #[wasm_bindgen(method, getter, js_name = limits)]
    fn transport_limits(this: &Transport) -> Array;
}

impl Settings {
    /// The core's configuration with what the page has changed in it.
    pub(crate) fn apply_to(&self, config: &mut Config) {
        let limits = self.limits();
        let number = |index| limits.get(index).as_f64();
        let millis = |index| number(index).map(duration);
        let transport_limits = self.transport().transport_limits();
        let transport_number = |index| transport_limits.get(index).as_f64();
        for (given, default) in [
            (millis(0), &mut config.handshake_timeout),
            (millis(3), &mut config.resume_check),
            (millis(4), &mut config.in_doubt_timeout),
            (
                transport_number(0).map(duration),
                &mut config.connect_timeout,
            ),
            (transport_number(1).map(duration), &mut config.close_timeout),
        ] {
            *default = given.unwrap_or(*default);
        }
        config.heartbeat_interval = millis(1);
        config.heartbeat_timeout = millis(2);
        for (given, default) in [
            (number(5), &mut config.buffer_messages),
            (number(6), &mut config.buffer_bytes),
            (transport_number(2), &mut config.max_received),
        ] {
            if let Some(given) = given {
                *default = given as usize;
            }
        }
    }

    /// Whether the range of the application is one.
    pub(crate) fn check(&self) -> Result<(), JsValue> {
        check_range(self.app().range().as_deref())
    }
}

pub(crate) fn check_range(range: Option<&str>) -> Result<(), JsValue> {
    match range {
        Some(text) if !Range::is_valid(text) => Err(plain(&joined(&[
            "Invalid semver version range: app asks for '",
            text,
            "'",
        ]))),
        _ => Ok(()),
    }
}

/// Milliseconds as a duration.
pub(crate) fn duration(millis: f64) -> Duration {
    Duration::from_millis(millis as u64)
}
