//! Runs page code against the fixture server: the body of an async function, as a page would have
//! it, with the client and a few helpers in scope.

use js_sys::{Array, Function, Object, Promise, Reflect};
use jstp_wasm::classes;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Where the fixture server listens, set when the tests are compiled.
const SERVER: Option<&str> = option_env!("JSTP_TEST_SERVER");

/// What every script begins with.
const PRELUDE: &str = r#"
const { ws, Application, RemoteError, Session, SimpleConnectPolicy } = jstp;
let asserted = 0;
const show = (value) => JSON.stringify(value, (key, value) =>
  value === undefined ? '<undefined>' : Object.is(value, -0) ? '<-0>' : value);
const equal = (actual, expected, what = 'value') => {
  asserted++;
  if (show(actual) !== show(expected)) {
    throw new Error(`${what} is ${show(actual)} instead of ${show(expected)}`);
  }
};
const opened = [];
const connect = async (app = 'fixture', client = null, config = undefined) => {
  const connection = await ws.connect(app, client, config, url);
  opened.push(connection);
  return connection;
};
const inspect = async (interfaces, client = null, app = 'fixture') => {
  const result = await ws.connectAndInspect(app, client, interfaces, url);
  opened.push(result.connection);
  return result;
};
const failure = (promise) => Promise.resolve(promise).then(
  (value) => { throw new Error(`expected a failure, got ${show(value)}`); },
  (error) => error);
const next = (emitter, name) => new Promise((resolve) =>
  emitter.once(name, (...args) => resolve(args)));
const later = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
"#;

/// Runs a script to its end, closes what it opened, and fails with what it threw. A script that
/// asserts nothing fails as well.
pub(crate) async fn page(script: &str) {
    let body = format!(
        "{PRELUDE}\ntry {{\n{script}\n}} finally {{\nfor (const connection of opened) \
         connection.close();\n}}\nif (asserted === 0) throw new Error('nothing was asserted');"
    );
    let server = SERVER.expect("JSTP_TEST_SERVER was set when the tests were compiled");
    let run = async_function(&["jstp", "url"], &body);
    let promise: Promise = run
        .call2(&JsValue::UNDEFINED, &exports(), &server.into())
        .expect("an async function does not throw")
        .unchecked_into();
    if let Err(error) = JsFuture::from(promise).await {
        panic!("{}", describe(&error));
    }
}

fn async_function(parameters: &[&str], body: &str) -> Function {
    let constructor = js_sys::eval("(async () => {}).constructor").expect("a constructor");
    let parameters = parameters.join(",");
    Reflect::construct(
        constructor.unchecked_ref::<Function>(),
        &Array::of2(&parameters.into(), &body.into()),
    )
    .expect("the script compiles")
    .unchecked_into()
}

/// The client as its package exports it.
fn exports() -> Object {
    let variadic: Function = js_sys::eval("(begin) => (...args) => begin(args)")
        .expect("it compiles")
        .unchecked_into();
    let entry = |begin: fn(Array) -> JsValue| {
        let begin = Closure::<dyn FnMut(Array) -> JsValue>::new(move |args: Array| begin(args));
        variadic
            .call1(&JsValue::UNDEFINED, &begin.into_js_value())
            .expect("it returns")
    };
    let ws = Object::new();
    set(
        &ws,
        "connect",
        &entry(|args| jstp_wasm::ws::connect(args.into())),
    );
    set(
        &ws,
        "connectAndInspect",
        &entry(|args| jstp_wasm::ws::connect_and_inspect(args.into())),
    );
    let reconnect: JsValue = js_sys::eval(
        "(connection, ...args) => connection.constructor.reconnect(connection, ...args)",
    )
    .expect("it compiles");
    set(&ws, "reconnect", &reconnect);
    let exports = Object::new();
    set(&exports, "ws", &ws);
    set(
        &exports,
        "Application",
        &classes::APPLICATION.with(JsValue::clone),
    );
    set(
        &exports,
        "RemoteError",
        &classes::REMOTE_ERROR.with(JsValue::clone),
    );
    set(&exports, "Session", &classes::SESSION.with(JsValue::clone));
    let policy = classes::SIMPLE_CONNECT_POLICY.with(JsValue::clone);
    set(&exports, "SimpleConnectPolicy", &policy);
    exports
}

fn set(object: &Object, key: &str, value: &JsValue) {
    Reflect::set(object, &key.into(), value).expect("a plain object takes it");
}

fn describe(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => {
            let stack = Reflect::get(error, &"stack".into())
                .ok()
                .and_then(|s| s.as_string())
                .unwrap_or_default();
            let message = String::from(error.message());
            // Only V8's begins with the message.
            if stack.contains(&message) {
                stack
            } else {
                format!("{message}\n{stack}")
            }
        }
        None => format!("{error:?}"),
    }
}
