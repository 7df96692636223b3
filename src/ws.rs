//! connect and connectAndInspect: arguments in, callback or promise out.

use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::connection::Link;
use crate::driver::Driver;
use crate::options::{App, ClientOptions, ConnectArguments, take_callback};
use crate::page_connection::PageConnection;
use crate::waiter::Waiter;

/// Opens a connection (protocol.md 7.1): `(app, client, [webSocketConfig,] requestUrl[, callback])`.
///
/// With a callback, `callback(error, connection, session)`; without, a promise of the connection.
#[wasm_bindgen]
pub fn connect(args: Vec<JsValue>) -> JsValue {
    begin(args, false)
}

/// Opens a connection and inspects interfaces (protocol.md 7.2):
/// `(app, client, interfaces, [webSocketConfig,] requestUrl[, callback])`.
///
/// With a callback, `callback(error, connection, proxies)`; without, a promise of
/// `{ connection, proxies }`.
#[wasm_bindgen(js_name = connectAndInspect)]
pub fn connect_and_inspect(args: Vec<JsValue>) -> JsValue {
    begin(args, true)
}

/// What could not be done, and the connection if there is one.
struct Failure {
    error: JsValue,
    connection: Option<PageConnection>,
}

fn begin(mut args: Vec<JsValue>, inspect: bool) -> JsValue {
    let callback = take_callback(&mut args);
    let (waiter, promise) = Waiter::new(callback);
    // Nothing is told before this returns: a callback never runs inside the call it was given to.
    spawn_local(async move {
        let outcome = match ConnectArguments::read(&args, inspect) {
            Ok(arguments) if inspect => open_and_inspect(arguments).await,
            Ok(arguments) => open(arguments).await,
            Err(error) => Err(Failure {
                error,
                connection: None,
            }),
        };
        match outcome {
            Ok((connection, more)) => deliver(waiter, &connection, more),
            Err(Failure { error, connection }) => fail(waiter, &error, connection),
        }
    });
    promise
}

/// The third argument of the callback: a session, or proxies.
enum More {
    Session(JsValue),
    Proxies(Object),
}

fn deliver(waiter: Waiter, connection: &PageConnection, more: More) {
    match (&waiter, more) {
        (Waiter::Callback(_), More::Session(more)) => {
            waiter.done(&Array::of2(connection, &more));
        }
        (Waiter::Callback(_), More::Proxies(more)) => {
            waiter.done(&Array::of2(connection, &more));
        }
        (Waiter::Promise { .. }, More::Session(_)) => waiter.done(&Array::of1(connection)),
        (Waiter::Promise { .. }, More::Proxies(proxies)) => {
            let result = Object::new();
            set(&result, "connection", connection);
            set(&result, "proxies", &proxies);
            waiter.done(&Array::of1(&result));
        }
    }
}

fn fail(waiter: Waiter, error: &JsValue, connection: Option<PageConnection>) {
    match (&waiter, connection) {
        (Waiter::Callback(_), Some(connection)) => waiter.failed(error, &[connection.into()]),
        (Waiter::Promise { .. }, Some(connection)) => {
            if error.is_object() {
                set(error.unchecked_ref(), "connection", &connection);
            }
            waiter.failed(error, &[]);
        }
        (_, None) => waiter.failed(error, &[]),
    }
}

async fn open(arguments: ConnectArguments) -> Result<(PageConnection, More), Failure> {
    let ConnectArguments {
        app,
        client,
        transport,
        ..
    } = arguments;
    let driver = Driver::new(transport, client.handshake_timeout);
    let application = client.application.clone().unwrap_or_else(empty_application);
    let connection =
        PageConnection::new(Link::new(Rc::clone(&driver)), &client.given, &application);
    driver.set_page(&connection);

    let (attempt, opened) = Waiter::promise();
    driver.set_attempt(Some(attempt));
    let without_connection = |error| Failure {
        error,
        connection: None,
    };
    driver.open().map_err(without_connection)?;
    opened.await.map_err(without_connection)?;

    let session = agree(&driver, &connection, &app, &client).await?;
    Ok((connection, More::Session(session)))
}

/// Runs the connect policy over the transport that has just opened, to its first answer.
async fn agree(
    driver: &Rc<Driver>,
    connection: &PageConnection,
    app: &App,
    client: &ClientOptions,
) -> Result<JsValue, Failure> {
    let (attempt, answered) = Waiter::promise();
    driver.set_attempt(Some(attempt));
    let with_connection = |error| Failure {
        error,
        connection: Some(connection.clone()),
    };
    let (policy, this) = match &client.policy {
        Some((policy, this)) => (policy.clone(), this.clone()),
        None => default_policy(),
    };
    let answer = answer_once(driver);
    let given = Array::of4(&app.given, connection, &JsValue::UNDEFINED, &answer);
    if let Err(thrown) = policy.apply(&this, &given) {
        driver.set_attempt(None);
        driver.close();
        return Err(with_connection(thrown));
    }
    // Rejected: the attempt came to an end of its own, before the policy had an answer.
    let answer = answered.await.map_err(|error| {
        driver.close();
        Failure {
            error,
            connection: None,
        }
    })?;
    let answer: Array = answer.unchecked_into();
    let error = answer.get(0);
    if error.is_falsy() {
        return Ok(answer.get(2));
    }
    if !driver.is_ready() {
        driver.close();
    }
    Err(with_connection(error))
}

/// The callback a connect policy gets: its first call ends the attempt. It may be called at any
/// later time, so it belongs to the engine's garbage collector.
fn answer_once(driver: &Rc<Driver>) -> JsValue {
    let driver = Rc::clone(driver);
    Closure::<dyn FnMut(JsValue, JsValue, JsValue)>::new(
        move |error: JsValue, connection: JsValue, session: JsValue| {
            if let Some(attempt) = driver.take_attempt() {
                let answer = Array::of3(&error, &connection, &session);
                attempt.done(&Array::of1(&answer));
            }
        },
    )
    .into_js_value()
}

async fn open_and_inspect(
    mut arguments: ConnectArguments,
) -> Result<(PageConnection, More), Failure> {
    let interfaces = std::mem::take(&mut arguments.interfaces);
    let (connection, _) = open(arguments).await?;
    let with_connection = |error| Failure {
        error,
        connection: Some(connection.clone()),
    };
    // All at once; the answers come in any order.
    let inspections = Array::new();
    for interface in &interfaces {
        let inspection = connection
            .inspect_interface(interface)
            .map_err(with_connection)?;
        inspections.push(&inspection);
    }
    let inspected = Promise::all(&inspections).await.map_err(with_connection)?;
    let inspected: Array = inspected.unchecked_into();
    let proxies = Object::create(JsValue::NULL.unchecked_ref());
    for (interface, proxy) in interfaces.iter().zip(inspected.iter()) {
        // No prototype, so even `__proto__` is a name like any other.
        set(&proxies, interface, &proxy);
    }
    Ok((connection, More::Proxies(proxies)))
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // A frozen error keeps what it has.
    let _ = Reflect::set(object, &key.into(), value);
}

#[wasm_bindgen(module = "/src/js/application.js")]
extern "C" {
    type Application;

    #[wasm_bindgen(constructor)]
    fn new(name: &str, api: &Object) -> Application;
}

#[wasm_bindgen(module = "/src/js/simple-connect-policy.js")]
extern "C" {
    type SimpleConnectPolicy;

    #[wasm_bindgen(constructor)]
    fn new() -> SimpleConnectPolicy;

    #[wasm_bindgen(method, getter)]
    fn connect(this: &SimpleConnectPolicy) -> Function;
}

/// What a client without an application of its own exposes: nothing.
fn empty_application() -> JsValue {
    Application::new("jstp", &Object::new()).into()
}

/// The policy of a client without one: anonymous.
fn default_policy() -> (Function, JsValue) {
    let policy = SimpleConnectPolicy::new();
    (policy.connect(), policy.into())
}
