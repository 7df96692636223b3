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

// What Rust itself does not import. Naming it here is what brings the files along.
#[wasm_bindgen(module = "/src/js/connection.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = Connection)]
    static _CONNECTION: JsValue;
}

#[wasm_bindgen(module = "/src/js/remote-proxy.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = RemoteProxy)]
    static _REMOTE_PROXY: JsValue;
}

#[wasm_bindgen(module = "/src/js/reconnecting.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = Reconnecting)]
    static _RECONNECTING: JsValue;
}

#[wasm_bindgen(module = "/src/js/page-life.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = watchPage)]
    static _PAGE_LIFE: JsValue;
}

#[wasm_bindgen(module = "/src/js/range.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = isRange)]
    static _RANGE: JsValue;
}

#[wasm_bindgen(module = "/src/js/event-stream.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = eventStream)]
    static _EVENT_STREAM: JsValue;
}

#[wasm_bindgen(module = "/src/js/options.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = readApp)]
    static _OPTIONS: JsValue;
}

#[wasm_bindgen(module = "/src/js/waiter.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = Waiter)]
    static _WAITER: JsValue;
}

#[wasm_bindgen(module = "/src/js/emitter.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = Emitter)]
    static _EMITTER: JsValue;
}

#[wasm_bindgen(module = "/src/js/pieces.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = unmarked)]
    static _PIECES: JsValue;
}

#[wasm_bindgen(module = "/src/js/heads.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = target)]
    static _HEADS: JsValue;
}

#[wasm_bindgen(module = "/src/js/errors.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = refusal)]
    static _ERRORS: JsValue;
}

#[wasm_bindgen(module = "/src/js/border.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = STATES)]
    static _BORDER: JsValue;
}
