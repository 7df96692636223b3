//! connect and connectAndInspect: arguments in, callback or promise out.

use std::rc::Rc;

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::attempt::{self, Failure};
use crate::connection::Link;
use crate::driver::Driver;
use crate::options::{ConnectArguments, take_callback};
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

fn begin(mut args: Vec<JsValue>, inspect: bool) -> JsValue {
    let callback = take_callback(&mut args);
    let (waiter, promise) = Waiter::new(callback);
    // Nothing is told before this returns: a callback never runs inside the call it was given to.
    spawn_local(async move {
        let outcome = match ConnectArguments::read(&args, inspect) {
            Ok(arguments) if inspect => open_and_inspect(arguments).await,
            Ok(arguments) => open(arguments).await,
            Err(error) => Err(Failure::bare(error)),
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
    match more {
        More::Session(session) if waiter.calls_back => {
            waiter.done(&Array::of2(connection, &session));
        }
        More::Proxies(proxies) if waiter.calls_back => {
            waiter.done(&Array::of2(connection, &proxies));
        }
        More::Session(_) => waiter.done(&Array::of1(connection)),
        More::Proxies(proxies) => {
            let result = Object::new();
            set(&result, "connection", connection);
            set(&result, "proxies", &proxies);
            waiter.done(&Array::of1(&result));
        }
    }
}

fn fail(waiter: Waiter, error: &JsValue, connection: Option<PageConnection>) {
    let Some(connection) = connection else {
        return waiter.failed(error);
    };
    if !waiter.calls_back && error.is_object() {
        set(error.unchecked_ref(), "connection", &connection);
    }
    waiter.failed_with(error, &connection);
}

async fn open(arguments: ConnectArguments) -> Result<(PageConnection, More), Failure> {
    let ConnectArguments {
        app,
        client,
        transport,
        ..
    } = arguments;
    let application = client.application.clone().unwrap_or_else(empty_application);
    let given = client.given.clone();
    let driver = Driver::new(app, client, transport);
    let connection = PageConnection::new(Link::new(Rc::clone(&driver)), &given, &application);
    driver.set_page(&connection);
    if let Some(session) = &driver.client.session {
        connection.adopt(session);
    }
    let mut outcome = attempt::run(&driver, &connection).await;
    if let Err(failure) = &outcome
        && driver.client.renews_at_first
        && driver.session_refused(&connection, &failure.error)
    {
        driver.drop_transport();
        outcome = attempt::run(&driver, &connection).await;
    }
    match outcome {
        Ok(session) => Ok((connection, More::Session(session))),
        Err(failure) => {
            // A policy may report an error over a connection that works; it is the page's then.
            if !driver.is_ready() {
                driver.close();
            }
            Err(failure)
        }
    }
}

async fn open_and_inspect(
    mut arguments: ConnectArguments,
) -> Result<(PageConnection, More), Failure> {
    let interfaces = std::mem::take(&mut arguments.interfaces);
    let (connection, _) = open(arguments).await?;
    let with_connection = |error| Failure::of(&connection, error);
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

/// What a client without an application of its own exposes: nothing.
fn empty_application() -> JsValue {
    Application::new("jstp", &Object::new()).into()
}
