//! One attempt: open a transport, then run the connect policy over it to its first answer.

use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::driver::Driver;
use crate::page_connection::PageConnection;
use crate::waiter::Waiter;

/// What could not be done, and the connection if there is one to hand out.
pub(crate) struct Failure {
    pub(crate) error: JsValue,
    pub(crate) connection: Option<PageConnection>,
}

impl Failure {
    pub(crate) fn bare(error: JsValue) -> Self {
        Self {
            error,
            connection: None,
        }
    }

    pub(crate) fn of(connection: &PageConnection, error: JsValue) -> Self {
        Self {
            error,
            connection: Some(connection.clone()),
        }
    }
}

/// Opens a transport and agrees on a session; returns what the policy gave as session.
pub(crate) async fn run(
    driver: &Rc<Driver>,
    connection: &PageConnection,
) -> Result<JsValue, Failure> {
    let (attempt, opened) = Waiter::promise();
    driver.set_attempt(Some(attempt));
    driver.open().map_err(Failure::bare)?;
    opened.await.map_err(Failure::bare)?;
    // A server that speaks first may have ended it already.
    if let Some(error) = driver.take_early_failure() {
        return Err(Failure::bare(error));
    }
    agree(driver, connection).await
}

/// Runs the connect policy over the transport that has just opened.
async fn agree(driver: &Rc<Driver>, connection: &PageConnection) -> Result<JsValue, Failure> {
    let (attempt, answered) = Waiter::promise();
    driver.set_attempt(Some(attempt));
    let (policy, this) = driver.client.policy.clone().unwrap_or_else(default_policy);
    let session = if driver.look(|core| core.session().is_some()) {
        connection.session()
    } else {
        JsValue::UNDEFINED
    };
    let given = Array::of4(
        &driver.app.given,
        connection,
        &session,
        &answer_once(driver),
    );
    match policy.apply(&this, &given) {
        Ok(returned) => report_rejection(driver, returned),
        Err(thrown) => {
            driver.set_attempt(None);
            driver.drop_transport();
            return Err(Failure::of(connection, thrown));
        }
    }
    // Rejected: the attempt came to an end of its own, before the policy had an answer.
    let answer = answered.await.map_err(Failure::bare)?;
    let answer: Array = answer.unchecked_into();
    let error = answer.get(0);
    if error.is_falsy() {
        return Ok(answer.get(2));
    }
    if !driver.is_ready() {
        driver.drop_transport();
    }
    Err(Failure::of(connection, error))
}

/// The callback a connect policy gets: its first call ends the attempt. It may be called at any
/// later time, so it belongs to the engine's garbage collector.
fn answer_once(driver: &Rc<Driver>) -> JsValue {
    let driver = Rc::clone(driver);
    let mut answered = false;
    Closure::<dyn FnMut(JsValue, JsValue, JsValue)>::new(
        move |error: JsValue, connection: JsValue, session: JsValue| {
            if std::mem::replace(&mut answered, true) {
                return;
            }
            if let Some(attempt) = driver.take_attempt() {
                let answer = Array::of3(&error, &connection, &session);
                attempt.done(&Array::of1(&answer));
            }
        },
    )
    .into_js_value()
}

/// A policy may be an async function; one that rejects has failed, whatever became of its callback.
fn report_rejection(driver: &Rc<Driver>, returned: JsValue) {
    let Ok(promise) = returned.dyn_into::<Promise>() else {
        return;
    };
    let driver = Rc::clone(driver);
    spawn_local(async move {
        if let Err(error) = promise.await
            && let Some(attempt) = driver.take_attempt()
        {
            attempt.done(&Array::of1(&Array::of1(&error)));
        }
    });
}

#[wasm_bindgen(module = "/src/js/simple-connect-policy.js")]
extern "C" {
    type SimpleConnectPolicy;

    #[wasm_bindgen(constructor)]
    fn new() -> SimpleConnectPolicy;

    #[wasm_bindgen(method, getter)]
    fn connect(this: &SimpleConnectPolicy) -> Function;
}

/// The policy of a client without one: anonymous.
fn default_policy() -> (Function, JsValue) {
    let policy = SimpleConnectPolicy::new();
    (policy.connect(), policy.into())
}
