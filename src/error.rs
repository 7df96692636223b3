//! RemoteError and the client's own errors, as JavaScript values.

use js_sys::{Error, RangeError, TypeError};
use jstp_proto::Refused;
use jstp_proto::error::code;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/remote-error.js")]
extern "C" {
    type RemoteError;

    #[wasm_bindgen(constructor)]
    fn new(code: f64, message: Option<&str>) -> RemoteError;

    #[wasm_bindgen(static_method_of = RemoteError, js_name = fromJstpArray)]
    fn from_jstp_array(array: &JsValue) -> RemoteError;
}

#[wasm_bindgen(module = "/src/js/emitter.js")]
extern "C" {
    /// Tells the developer of an exception nobody can catch.
    pub(crate) fn report(error: &JsValue);
}

#[wasm_bindgen(module = "/src/js/options.js")]
extern "C" {
    /// What something was thrown for, in a few words.
    pub(crate) fn why(thrown: &JsValue) -> String;
}

/// The error of a code, with the code's own message.
pub(crate) fn remote(code: i64) -> JsValue {
    RemoteError::new(code as f64, None).into()
}

/// The error of a code, with a message that says more.
pub(crate) fn remote_with(code: i64, message: &str) -> JsValue {
    RemoteError::new(code as f64, Some(message)).into()
}

/// The error that an array from the peer stands for.
pub(crate) fn from_peer(array: &JsValue) -> JsValue {
    let code = js_sys::Reflect::get_u32(array, 0).unwrap_or_default();
    if code.as_f64().is_none() {
        return plain("the peer answered with an error that has no code");
    }
    RemoteError::from_jstp_array(array).into()
}

/// What a caller gets for something the core would not send.
pub(crate) fn refused(refused: &Refused) -> JsValue {
    match refused {
        Refused::Closed => remote(code::CONNECTION_CLOSED),
        Refused::BufferFull => remote(code::BUFFER_FULL),
        Refused::TooLarge { .. } => range_error(&refused.sentence()),
        Refused::Name { .. } => type_error(&refused.sentence()),
        _ => plain(&refused.sentence()),
    }
}

pub(crate) fn plain(message: &str) -> JsValue {
    Error::new(message).into()
}

pub(crate) fn type_error(message: &str) -> JsValue {
    TypeError::new(message).into()
}

pub(crate) fn range_error(message: &str) -> JsValue {
    RangeError::new(message).into()
}
