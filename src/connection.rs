//! Link: what the page's Connection does its work through: calls, events, inspect, ping, close.

use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use jstp_proto::error::code;
use jstp_proto::{Auth, Refused};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::clock;
use crate::driver::{Driver, Issue};
use crate::error;
use crate::options::{
    App, CallOptions, TransportOptions, get, is_absent, read_callback, read_interval, read_name,
    take_callback,
};
use crate::page_connection::PageConnection;
use crate::payload::{self, Sending};
use crate::session::{self, PageSession};
use crate::status;
use crate::waiter::Waiter;
use crate::waiting::{Awaited, Signal};

/// Whose session a handshake is about.
enum Whose {
    /// The connection's own, or a new one for a user.
    User(Option<String>),
    /// One from elsewhere.
    Session(PageSession),
}

/// A page's hold on a connection. Letting go of it closes nothing.
#[wasm_bindgen]
pub struct Link {
    driver: Rc<Driver>,
}

impl Link {
    pub(crate) fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }

    /// Issues a request whose arguments are in order.
    fn request(
        &self,
        awaited: Awaited,
        callback: Option<Function>,
        options: CallOptions,
        issue: Issue<'_>,
    ) -> Result<JsValue, JsValue> {
        let throws = callback.is_some();
        let (waiter, promise) = Waiter::new(callback);
        match self.driver.request(awaited, waiter, options, issue) {
            Ok(()) => {}
            // The connection's fault is reported to whoever waits; the caller's own is thrown at it.
            // A callback never runs inside the call it was given to.
            Err((waiter, refused @ (Refused::Closed | Refused::BufferFull))) => {
                spawn_local(async move { waiter.failed(&error::refused(&refused)) });
            }
            Err((_, refused)) if throws => return Err(error::refused(&refused)),
            Err((waiter, refused)) => waiter.failed(&error::refused(&refused)),
        }
        Ok(promise)
    }

    fn handshake_with(
        &self,
        app: &App,
        auth: &Auth<js_sys::JsString>,
        whose: Whose,
        callback: Option<Function>,
    ) -> JsValue {
        let (waiter, promise) = Waiter::new(callback);
        let driver = &self.driver;
        let username = match whose {
            Whose::Session(session) => {
                driver.adopt_session(&session);
                None
            }
            Whose::User(username) => username,
        };
        let asked = driver.turn(|core, now| {
            match core.handshake(now, &app.name, app.range.as_deref(), auth) {
                // Entered before anything is delivered.
                Ok(()) => driver.expect_handshake(waiter, username),
                Err(refused) => return Err((waiter, refused)),
            }
            Ok(())
        });
        if let Err((waiter, refused)) = asked {
            waiter.failed(&error::refused(&refused));
        }
        promise
    }
}

/// A callback never runs inside the call it was given to.
fn failed_later(callback: Option<Function>, error: JsValue) -> JsValue {
    let (waiter, promise) = Waiter::new(callback);
    spawn_local(async move { waiter.failed(&error) });
    promise
}

/// A caller with a callback has its mistake thrown at it, any other gets a rejection.
fn mistake(callback: &JsValue, error: JsValue) -> Result<JsValue, JsValue> {
    if callback.is_function() {
        Err(error)
    } else {
        Ok(Promise::reject(&error).into())
    }
}

#[wasm_bindgen]
impl Link {
    /// `connecting`, `handshaking`, `ready`, `waiting` or `closed`.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> String {
        status::name(self.driver.state()).to_owned()
    }

    /// Figures: messages and bytes that passed, what is unacknowledged, calls that wait.
    #[wasm_bindgen(getter)]
    pub fn stats(&self) -> js_sys::Object {
        self.driver.stats()
    }

    /// Milliseconds to the server and back, by the last ping, or undefined.
    #[wasm_bindgen(getter)]
    pub fn rtt(&self) -> JsValue {
        self.driver.rtt()
    }

    /// Whether somebody listens to the events of protocol.md 10.
    #[wasm_bindgen(js_name = setLogging)]
    pub fn set_logging(&self, wanted: bool) {
        self.driver.set_logging(wanted);
    }

    /// Whether `close` was called since the last successful handshake.
    #[wasm_bindgen(getter, js_name = closedIntentionally)]
    pub fn closed_intentionally(&self) -> bool {
        self.driver
            .look(jstp_proto::Connection::closed_intentionally)
    }

    /// The browser's WebSocket, or null.
    #[wasm_bindgen(getter)]
    pub fn transport(&self) -> JsValue {
        self.driver
            .raw_socket()
            .map_or(JsValue::NULL, JsValue::from)
    }

    /// Calls a method of the peer's (protocol.md 2.3). What comes last is a callback, or options:
    /// `{ signal, timeout, resend }`.
    #[wasm_bindgen(js_name = callMethod)]
    pub fn call_method(
        &self,
        interface: &JsValue,
        method: &JsValue,
        args: &JsValue,
        last: &JsValue,
        resend: bool,
    ) -> Result<JsValue, JsValue> {
        let read = || {
            let interface = read_name(interface, "interfaceName")?;
            let method = read_name(method, "methodName")?;
            let (function, mut options) = CallOptions::read(last)?;
            options.resend |= resend;
            options.timeout = options.timeout.or(self.driver.client.call_timeout);
            Ok((interface, method, self.arguments(args)?, function, options))
        };
        let (interface, method, args, function, options) = match read() {
            Ok(read) => read,
            Err(error) => return mistake(last, error),
        };
        #[cfg(feature = "trap")]
        crate::trap::at(&method.as_str().into());
        if let Some(reason) = options.signal.as_ref().and_then(Signal::reason_if_aborted) {
            return Ok(Promise::reject(&reason).into());
        }
        let resend = options.resend;
        let issue: Issue<'_> = Box::new(|core| {
            if resend {
                core.call_with_resend(&interface, &method, args)
            } else {
                core.call(&interface, &method, args)
            }
        });
        self.request(Awaited::Results, function, options, issue)
    }

    /// Emits an event to the peer (protocol.md 2.3).
    #[wasm_bindgen(js_name = emitRemoteEvent)]
    pub fn emit_remote_event(
        &self,
        interface: &JsValue,
        event: &JsValue,
        args: &JsValue,
    ) -> Result<(), JsValue> {
        let interface = read_name(interface, "interfaceName")?;
        let event = read_name(event, "eventName")?;
        let args = self.arguments(args)?;
        self.driver
            .turn(|core, _| core.emit(&interface, &event, args))
            .map_err(|refused| error::refused(&refused))
    }

    /// Asks the peer for an interface's methods (protocol.md 8).
    #[wasm_bindgen(js_name = inspectInterface)]
    pub fn inspect_interface(
        &self,
        interface: &JsValue,
        callback: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let read = || {
            Ok((
                read_name(interface, "interfaceName")?,
                read_callback(callback)?,
            ))
        };
        match read() {
            Ok((interface, function)) => {
                let awaited = Awaited::Proxy(interface.clone());
                let issue: Issue<'_> = Box::new(|core| core.inspect(&interface));
                self.request(awaited, function, CallOptions::default(), issue)
            }
            Err(error) => mistake(callback, error),
        }
    }

    /// Pings the peer.
    pub fn ping(&self, callback: &JsValue) -> Result<JsValue, JsValue> {
        match read_callback(callback) {
            Ok(function) => {
                let options = CallOptions::default();
                self.request(
                    Awaited::Pong,
                    function,
                    options,
                    Box::new(|core| core.ping(clock::now())),
                )
            }
            Err(error) => mistake(callback, error),
        }
    }

    /// Starts the heartbeat, or changes its interval.
    #[wasm_bindgen(js_name = startHeartbeat)]
    pub fn start_heartbeat(&self, interval: &JsValue) -> Result<(), JsValue> {
        let interval = read_interval(interval, "interval")?;
        self.driver
            .turn(|core, now| core.set_heartbeat(now, Some(interval)));
        Ok(())
    }

    /// Stops the heartbeat.
    #[wasm_bindgen(js_name = stopHeartbeat)]
    pub fn stop_heartbeat(&self) {
        self.driver.turn(|core, now| core.set_heartbeat(now, None));
    }

    /// Asks for a session: `(app, login, password, callback)`, `(app, session, callback)`,
    /// `(app, { strategy, credentials }, callback)` or `(app, callback)`.
    pub fn handshake(
        &self,
        app: JsValue,
        login: &JsValue,
        password: &JsValue,
        callback: &JsValue,
    ) -> Result<JsValue, JsValue> {
        // A function ends the arguments wherever it stands (Q62).
        let given = [login, password, callback];
        let end = given
            .iter()
            .position(|value| value.is_function())
            .unwrap_or(2);
        let callback = given.get(end).copied().unwrap_or(callback);
        let before = |index: usize| match given.get(index) {
            Some(value) if index < end => (*value).clone(),
            _ => JsValue::UNDEFINED,
        };
        let read = || {
            let app = App::read(app)?;
            let function = read_callback(callback)?;
            let (auth, whose) = self.read_auth(&before(0), &before(1))?;
            Ok((app, auth, whose, function))
        };
        match read() {
            Ok((app, auth, whose, function)) => {
                Ok(self.handshake_with(&app, &auth, whose, function))
            }
            Err(error) => mistake(callback, error),
        }
    }

    /// Counts and buffer of the session at work, or undefined.
    #[wasm_bindgen(js_name = sessionState)]
    pub fn session_state(&self) -> JsValue {
        self.driver
            .look(|core| core.session().map(session::state))
            .unwrap_or_default()
    }

    /// Answers a call or an inspect of the peer's.
    pub fn answer(&self, id: f64, error: &JsValue, results: &JsValue) {
        let sending = &self.sending();
        let text = if error.is_falsy() {
            payload::write(results, "results", sending).map(Ok)
        } else {
            error::to_peer(error)
                .and_then(|array| payload::write(&array, "error", sending))
                .map(Err)
        };
        let answer = text.unwrap_or_else(|error| {
            error::report(&error);
            Err(format!("[{}]", code::INTERNAL_API_ERROR).into())
        });
        self.driver.turn(|core, _| core.answer(id as i64, answer));
    }

    /// Reconnects (protocol.md 7.3, 7.5): `([webSocketConfig,] requestUrl[, callback])`, or without
    /// the two over a transport like the last. For a reconnector, `reports`: the connection's events
    /// tell of the attempt, and a failure asks the reconnector again.
    pub fn reconnect(
        &self,
        connection: &JsValue,
        mut args: Vec<JsValue>,
        reports: bool,
    ) -> Result<JsValue, JsValue> {
        let callback = take_callback(&mut args);
        let connection: PageConnection = connection.clone().unchecked_into();
        // What its owner has closed, its owner opens again, and no reconnector.
        if reports && self.closed_intentionally() {
            return Ok(failed_later(
                callback,
                error::remote(code::CONNECTION_CLOSED),
            ));
        }
        let transport = if args.is_empty() && reports {
            Ok(None)
        } else {
            TransportOptions::read(&mut args.iter()).map(Some)
        };
        match transport {
            Ok(transport) => Ok(self
                .driver
                .reconnect(connection, transport, reports, callback)),
            // Nobody else would hear of it.
            Err(error) if reports && callback.is_none() => Err(error),
            Err(error) => Ok(failed_later(callback, error)),
        }
    }

    /// Gives the session up and ends the connection: what is pending fails, resendable calls
    /// included, and a later reconnect begins a new session.
    #[wasm_bindgen(js_name = forgetSession)]
    pub fn forget_session(&self) {
        self.driver.close();
        self.driver.turn(|core, _| core.forget_session());
    }

    /// Ends the connection (protocol.md 7.6).
    pub fn close(&self) {
        self.driver.close();
    }
}

impl Link {
    fn sending(&self) -> Sending {
        self.driver.transport(|transport| transport.sending)
    }

    fn arguments(&self, args: &JsValue) -> Result<js_sys::JsString, JsValue> {
        if !Array::is_array(args) {
            return Err(error::wrong_type("args", "an array", args));
        }
        payload::write(args, "args", &self.sending())
    }

    fn read_auth(
        &self,
        login: &JsValue,
        password: &JsValue,
    ) -> Result<(Auth<js_sys::JsString>, Whose), JsValue> {
        if let Some(username) = login.as_string() {
            let password = match password.as_string() {
                Some(password) => password,
                // An empty password is a password (Q29).
                None if is_absent(password) => String::new(),
                None => return Err(error::wrong_type("password", "a string", password)),
            };
            let name = username.clone();
            return Ok((Auth::Login { username, password }, Whose::User(Some(name))));
        }
        if is_absent(login) {
            return Ok((Auth::Anonymous, Whose::User(None)));
        }
        if login.is_object() {
            let id = get(login, "id")?.as_string();
            let ours = self.driver.look(|core| {
                core.session()
                    .is_some_and(|own| id.as_deref() == Some(own.id()))
            });
            if ours {
                return Ok((Auth::Resume, Whose::User(None)));
            }
            if let Some(session) = PageSession::from_value(login) {
                return Ok((Auth::Resume, Whose::Session(session)));
            }
            let strategy = get(login, "strategy")?;
            if let Some(strategy) = strategy.as_string() {
                let credentials = get(login, "credentials")?;
                let sending = &self.sending();
                let credentials = payload::write(&credentials, "credentials", sending)?;
                return Ok((
                    Auth::Custom {
                        strategy,
                        credentials,
                    },
                    Whose::User(None),
                ));
            }
        }
        let wanted = "a user's name, a Session, or { strategy, credentials }";
        Err(error::wrong_type("login", wanted, login))
    }
}
