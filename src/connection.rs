//! Link: what the page's Connection does its work through: calls, events, inspect, ping, close.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, JsString};
use jstp_proto::{Backoff, CallId, Connection, Kind, Session};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::driver::{Core, Driver};
use crate::error;
use crate::settings::{self, duration};
use crate::tell::Line;

/// A page's hold on a connection. Letting go of it closes nothing.
///
/// What it has the core do shows only with the next [`drain`](Self::drain), so that whoever asks can be
/// entered among those who wait before page code runs.
#[wasm_bindgen]
pub struct Link {
    driver: Rc<Driver>,
    backoff: RefCell<Backoff>,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            driver: Driver::new(),
            backoff: Default::default(),
        }
    }
}

#[wasm_bindgen]
impl Link {
    /// Has a limit or a time that a page has chosen; see `settings.rs`.
    pub fn configure(&self, which: u8, limit: f64) {
        self.driver
            .feed(|core, _| settings::apply(which, limit, core.config_mut()));
    }

    /// Has `line` hear of all that happens from now on.
    pub fn attach(&self, line: Line) {
        self.driver.attach(line);
    }

    /// Tells nobody any more, until [`attach`](Self::attach). False if there is something to tell first, after
    /// which `line` is told that it has `changed`.
    pub fn release(&self) -> bool {
        self.driver.release()
    }

    /// Has everything done and told that follows from what was asked for.
    pub fn drain(&self) {
        self.driver.drain();
    }

    /// The state, by its number in `line.js`, and above it a bit each for what else is the case: 8 that the
    /// connection was closed by its owner, 16 that there is a session, 32 that a handshake is awaited.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> u32 {
        self.driver.look(|core| {
            core.state() as u32
                | u32::from(core.closed_intentionally()) << 3
                | u32::from(core.session().is_some()) << 4
                | u32::from(core.awaits_request()) << 5
        })
    }

    /// A figure, by the number that `line.js` has for it.
    pub fn figure(&self, which: u8) -> f64 {
        let traffic = &self.driver.traffic;
        self.driver.look(|core| {
            let count = |count: fn(&Session<JsString>) -> u64| {
                core.session().map_or(0.0, |session| count(session) as f64)
            };
            let millis = |span: Duration| span.as_secs_f64() * 1000.0;
            match which {
                0 => count(|session| session.unacknowledged() as u64),
                1 => count(|session| session.unacknowledged_weight() as u64),
                2 => core.pending_calls() as f64,
                3 => traffic.messages_in.get(),
                4 => traffic.messages_out.get(),
                5 => traffic.bytes_in.get(),
                6 => traffic.bytes_out.get(),
                7 => core.rtt().map_or(f64::NAN, millis),
                8 => count(Session::delivered),
                9 => count(Session::received),
                10 => count(Session::last_id),
                11 => millis(core.config().connect_timeout),
                _ => millis(core.config().handshake_timeout),
            }
        })
    }

    /// The messages of the session that are not known to be delivered, each after its id.
    pub fn buffer(&self) -> Array {
        let buffer = Array::new();
        self.driver.look(|core| {
            if let Some(session) = core.session() {
                for (id, text) in session.unacknowledged_messages() {
                    buffer.push(&(id as f64).into());
                    buffer.push(text);
                }
            }
        });
        buffer
    }

    /// Goes on with a session from elsewhere, in the place of none. Its messages follow.
    pub fn adopt(&self, id: String, delivered: f64, received: f64, last_id: f64) {
        let session = Session::kept(id, delivered as u64, received as u64, last_id as u64);
        // Whatever was in its place is gone.
        let _ = self.driver.feed(|core, _| core.adopt_session(session));
    }

    /// Adds a message to the session that was just adopted, in the order of ids.
    #[wasm_bindgen(js_name = putBack)]
    pub fn put_back(&self, id: f64, text: JsString) {
        self.driver.feed(|core, _| core.put_back(id as u64, text));
    }

    /// Whether the messages that pass are told of.
    #[wasm_bindgen(js_name = setLogging)]
    pub fn set_logging(&self, wanted: bool) {
        self.driver.set_logging(wanted);
    }

    /// The browser's WebSocket, or undefined.
    #[wasm_bindgen(getter)]
    pub fn transport(&self) -> Option<WebSocket> {
        self.driver.raw_socket()
    }

    /// Begins to open a transport.
    ///
    /// # Errors
    /// What page code threw that stands behind it.
    pub fn open(
        &self,
        url: &str,
        batch: bool,
        constructor: Option<Function>,
    ) -> Result<(), JsValue> {
        self.driver.open(url, batch, constructor.as_ref())
    }

    /// The transport is being opened.
    pub fn connecting(&self) {
        self.driver.feed(Core::handle_connecting);
    }

    /// Lets go of the transport, whatever state it is in; the session stays.
    #[wasm_bindgen(js_name = dropTransport)]
    pub fn drop_transport(&self) {
        self.driver.drop_socket();
        self.driver.feed(|core, _| core.handle_close());
    }

    /// Asks for a session, by a message that `heads.js` has written; `resuming` is for the one there is.
    ///
    /// # Errors
    /// The handshake cannot be sent now, or at all.
    pub fn handshake(&self, resuming: bool, text: JsString) -> Result<(), JsValue> {
        self.driver
            .feed(|core, now| core.request(now, resuming, text))
            .map_err(|refused| error::refused(&refused))
    }

    /// Calls a method of the peer's (protocol.md 2.3), never twice (0) or until it is answered (1); emits an
    /// event (2); asks for an interface's methods (3); or pings (4). `heads.js` has written what follows the id.
    /// Returns the number of a request.
    ///
    /// # Errors
    /// It is not sent.
    pub fn issue(&self, kind: u8, body: JsString) -> Result<f64, JsValue> {
        #[cfg(feature = "trap")]
        crate::trap::at(&body.slice(0, body.index_of(":", 0).unsigned_abs()));
        let kind = match kind {
            0 => Kind::Call,
            1 => Kind::CallWithResend,
            2 => Kind::Event,
            3 => Kind::Inspect,
            _ => Kind::Ping,
        };
        match self.driver.feed(|core, now| core.issue(now, kind, body)) {
            Ok(call) => Ok(call.as_u64() as f64),
            Err(refused) => Err(error::refused(&refused)),
        }
    }

    /// Nobody waits for a request any more: one that has not left is not sent, one that has is forgotten.
    pub fn withdraw(&self, call: f64) {
        let call = CallId::from(call as u64);
        self.driver.feed(|core, _| core.withdraw(call));
    }

    /// Starts the heartbeat, or changes its interval, in milliseconds; zero stops it.
    pub fn heartbeat(&self, interval: f64) {
        let interval = (interval > 0.0).then(|| duration(interval));
        self.driver
            .feed(|core, now| core.set_heartbeat(now, interval));
    }

    /// Answers a call or an inspect of the peer's with results, or with an error.
    pub fn answer(&self, id: f64, failed: bool, text: JsString) {
        let answer = if failed { Err(text) } else { Ok(text) };
        self.driver.feed(|core, _| core.answer(id as i64, answer));
    }

    /// Gives the session up: what is pending fails.
    pub fn forget(&self) {
        self.driver.feed(|core, _| core.forget_session());
    }

    /// Ends the connection (protocol.md 7.6).
    pub fn close(&self) {
        self.driver.feed(Connection::close);
    }

    /// How many milliseconds to wait before the next attempt to reconnect, given a random number from 0 up
    /// to 1. Without one the delays begin anew.
    pub fn delay(&self, random: Option<f64>) -> u32 {
        let mut backoff = self.backoff.borrow_mut();
        match random {
            Some(random) => backoff.next(random),
            None => {
                backoff.reset();
                0
            }
        }
    }
}
