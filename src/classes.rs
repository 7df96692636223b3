//! The JavaScript classes that the npm package exports beside [`ws`](crate::ws), for tests that do
//! what a page does.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/application.js")]
extern "C" {
    /// `Application`
    #[wasm_bindgen(thread_local_v2, js_name = Application)]
    pub static APPLICATION: JsValue;
}

#[wasm_bindgen(module = "/src/js/remote-error.js")]
extern "C" {
    /// `RemoteError`
    #[wasm_bindgen(thread_local_v2, js_name = RemoteError)]
    pub static REMOTE_ERROR: JsValue;
}

#[wasm_bindgen(module = "/src/js/simple-connect-policy.js")]
extern "C" {
    /// `SimpleConnectPolicy`
    #[wasm_bindgen(thread_local_v2, js_name = SimpleConnectPolicy)]
    pub static SIMPLE_CONNECT_POLICY: JsValue;
}

#[wasm_bindgen(module = "/src/js/session.js")]
extern "C" {
    /// `Session`
    #[wasm_bindgen(thread_local_v2, js_name = Session)]
    pub static SESSION: JsValue;
}
