//! Link: what the page's Connection does its work through: calls, events, inspect, ping, close.

use std::rc::Rc;

use js_sys::JsString;
use jstp_proto::{Auth, CallId, Refused};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::clock;
use crate::driver::{Driver, Issue};
use crate::error;
use crate::page_connection::PageConnection;
use crate::session::{self, PageSession};
use crate::settings::{Transport, check_range, duration};
use crate::status;
use crate::waiter::Waiter;
use crate::waiting::Awaited;

/// A page's hold on a connection. Letting go of it closes nothing.
#[wasm_bindgen]
pub struct Link {
    driver: Rc<Driver>,
}

impl Link {
    pub(crate) fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }

    /// Issues a request whose arguments are in order. Returns its number.
    ///
    /// # Errors
    /// What is the caller's own fault. The connection's is told to whoever waits.
    fn request(
        &self,
        awaited: Awaited,
        waiter: Waiter,
        timeout: Option<f64>,
        issue: Issue<'_>,
    ) -> Result<f64, JsValue> {
        let timeout = timeout.map(duration);
        match self.driver.request(awaited, waiter, timeout, issue) {
            Ok(call) => Ok(call.as_u64() as f64),
            // A callback never runs inside the call it was given to.
            Err((waiter, refused @ (Refused::Closed | Refused::BufferFull))) => {
                spawn_local(async move { waiter.failed(&error::refused(&refused)) });
                Ok(0.0)
            }
            Err((_, refused)) => Err(error::refused(&refused)),
        }
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

    /// Calls a method of the peer's (protocol.md 2.3). Returns the number that [`abort`](Self::abort)
    /// wants.
    #[wasm_bindgen(js_name = callMethod)]
    pub fn call_method(
        &self,
        waiter: Waiter,
        interface: &str,
        method: &str,
        args: JsString,
        resend: bool,
        timeout: Option<f64>,
    ) -> Result<f64, JsValue> {
        #[cfg(feature = "trap")]
        crate::trap::at(&method.into());
        let issue: Issue<'_> = Box::new(|core| {
            if resend {
                core.call_with_resend(interface, method, args)
            } else {
                core.call(interface, method, args)
            }
        });
        self.request(Awaited::Results, waiter, timeout, issue)
    }

    /// Ends the wait for a call's answer.
    pub fn abort(&self, call: f64, reason: &JsValue) {
        self.driver.end_wait(CallId::from(call as u64), reason);
    }

    /// Emits an event to the peer (protocol.md 2.3).
    #[wasm_bindgen(js_name = emitRemoteEvent)]
    pub fn emit_remote_event(
        &self,
        interface: &str,
        event: &str,
        args: JsString,
    ) -> Result<(), JsValue> {
        self.driver
            .turn(|core, _| core.emit(interface, event, args))
            .map_err(|refused| error::refused(&refused))
    }

    /// Asks the peer for an interface's methods (protocol.md 8).
    #[wasm_bindgen(js_name = inspectInterface)]
    pub fn inspect_interface(&self, waiter: Waiter, interface: &str) -> Result<f64, JsValue> {
        let awaited = Awaited::Proxy(interface.to_owned());
        self.request(
            awaited,
            waiter,
            None,
            Box::new(|core| core.inspect(interface)),
        )
    }

    /// Pings the peer.
    pub fn ping(&self, waiter: Waiter) -> Result<f64, JsValue> {
        let issue: Issue<'_> = Box::new(|core| core.ping(clock::now()));
        self.request(Awaited::Pong, waiter, None, issue)
    }

    /// Starts the heartbeat, or changes its interval, in milliseconds.
    #[wasm_bindgen(js_name = startHeartbeat)]
    pub fn start_heartbeat(&self, interval: f64) {
        let interval = duration(interval);
        self.driver
            .turn(|core, now| core.set_heartbeat(now, Some(interval)));
    }

    /// Stops the heartbeat.
    #[wasm_bindgen(js_name = stopHeartbeat)]
    pub fn stop_heartbeat(&self) {
        self.driver.turn(|core, now| core.set_heartbeat(now, None));
    }

    /// Asks for a session: anonymously (0), by `login` with `first` as the name and `second` as the
    /// password (1), to go on with the one there is (2), by the strategy `first` with `second` as its
    /// credentials (3), or to go on with the session `second` from elsewhere (4).
    ///
    /// # Errors
    /// The range is none, or the credentials cannot be sent.
    pub fn handshake(
        &self,
        waiter: Waiter,
        app: &str,
        range: Option<String>,
        kind: u8,
        first: String,
        second: &JsValue,
    ) -> Result<(), JsValue> {
        check_range(range.as_deref())?;
        let mut user = None;
        let auth = match kind {
            0 => Auth::Anonymous,
            1 => {
                user = Some(first.clone());
                Auth::Login {
                    username: first,
                    password: second.as_string().unwrap_or_default(),
                }
            }
            2 => Auth::Resume,
            3 => Auth::Custom {
                strategy: first,
                credentials: second.clone().unchecked_into(),
            },
            _ => {
                let session: &PageSession = second.unchecked_ref();
                self.driver.adopt_session(session);
                Auth::Resume
            }
        };
        let driver = &self.driver;
        let asked = driver.turn(|core, now| {
            match core.handshake(now, app, range.as_deref(), &auth) {
                // Entered before anything is delivered.
                Ok(()) => driver.expect_handshake(waiter, user),
                Err(refused) => return Err((waiter, refused)),
            }
            Ok(())
        });
        if let Err((waiter, refused)) = asked {
            waiter.failed(&error::refused(&refused));
        }
        Ok(())
    }

    /// The id of the session at work, if there is one.
    #[wasm_bindgen(getter, js_name = sessionId)]
    pub fn session_id(&self) -> Option<String> {
        self.driver
            .look(|core| core.session().map(|session| session.id().to_owned()))
    }

    /// Counts and buffer of the session at work, or undefined.
    #[wasm_bindgen(js_name = sessionState)]
    pub fn session_state(&self) -> JsValue {
        self.driver
            .look(|core| core.session().map(session::state))
            .unwrap_or_default()
    }

    /// Answers a call or an inspect of the peer's with results, or with an error.
    pub fn answer(&self, id: f64, failed: bool, text: JsString) {
        let answer = if failed { Err(text) } else { Ok(text) };
        self.driver.turn(|core, _| core.answer(id as i64, answer));
    }

    /// Reconnects (protocol.md 7.3, 7.5), over a transport like the last if there is none. For a
    /// reconnector, `reports`: the connection's events tell of the attempt, and a failure asks the
    /// reconnector again.
    pub fn reconnect(
        &self,
        connection: &PageConnection,
        waiter: Waiter,
        transport: Option<Transport>,
        reports: bool,
    ) {
        self.driver
            .reconnect(connection, waiter, transport, reports);
    }

    /// Opens the transport of an attempt; `waiter` hears how it goes.
    pub fn open(&self, waiter: Waiter) -> Result<(), JsValue> {
        self.driver.open_transport(waiter)
    }

    /// The connect policy is about to run; `waiter` hears of what prevents its answer.
    ///
    /// # Errors
    /// What has ended the transport already: a server may speak first.
    pub fn agree(&self, waiter: Waiter) -> Result<(), JsValue> {
        if let Some(error) = self.driver.take_early_failure() {
            return Err(error);
        }
        self.driver.set_attempt(Some(waiter));
        Ok(())
    }

    /// Lets go of the transport; the session stays.
    #[wasm_bindgen(js_name = dropTransport)]
    pub fn drop_transport(&self) {
        self.driver.set_attempt(None);
        self.driver.drop_transport();
    }

    /// Whether the error says that the server does not know the session any more, which is given up
    /// then.
    #[wasm_bindgen(js_name = sessionRefused)]
    pub fn session_refused(&self, connection: &PageConnection, error: &JsValue) -> bool {
        self.driver.session_refused(connection, error)
    }

    /// An attempt to reconnect has ended: well (0), with an error before there was a connection to hand
    /// out (1), or over one (2).
    pub fn attempted(
        &self,
        connection: &PageConnection,
        error: JsValue,
        outcome: u8,
        reports: bool,
        waiter: Option<Waiter>,
    ) {
        let error = (outcome > 0).then_some(error);
        self.driver
            .attempted(connection, error, outcome == 2, reports, waiter);
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
