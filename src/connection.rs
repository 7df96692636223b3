//! Link: what the page's Connection does its work through: calls, events, inspect, ping, close.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, JsString};
use jstp_proto::{Auth, Backoff, CallId, Connection, Format, Refused, Session, SessionParts};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::driver::{Core, Driver};
use crate::error;
use crate::format::Page;
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

    /// Issues a request. Returns its number.
    fn request(
        &self,
        issue: &mut dyn FnMut(&mut Core, jstp_proto::Instant) -> Result<CallId, Refused>,
    ) -> Result<f64, JsValue> {
        match self.driver.feed(issue) {
            Ok(call) => Ok(call.as_u64() as f64),
            Err(refused) => Err(error::refused(&refused)),
        }
    }
}

#[wasm_bindgen]
impl Link {
    /// Has the limits and times that a page has chosen; see `settings.rs`.
    pub fn configure(&self, limits: &[f64]) {
        self.driver
            .feed(|core, _| settings::apply(limits, core.config_mut()));
    }

    /// Has `line` hear of all that happens from now on.
    pub fn attach(&self, line: Line) {
        self.driver.attach(line);
    }

    /// Tells nobody any more, until [`attach`](Self::attach).
    pub fn release(&self) {
        self.driver.release();
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

    /// Figures, in the order in which `line.js` has them.
    pub fn figures(&self) -> Vec<f64> {
        let traffic = &self.driver.traffic;
        self.driver.look(|core| {
            let count = |count: fn(&Session<JsString>) -> u64| {
                core.session().map_or(0.0, |session| count(session) as f64)
            };
            let millis = |span: Duration| span.as_secs_f64() * 1000.0;
            vec![
                count(|session| session.unacknowledged() as u64),
                count(|session| session.unacknowledged_weight() as u64),
                core.pending_calls() as f64,
                traffic.messages_in.get(),
                traffic.messages_out.get(),
                traffic.bytes_in.get(),
                traffic.bytes_out.get(),
                core.rtt().map_or(f64::NAN, millis),
                count(Session::delivered),
                count(Session::received),
                count(Session::last_id),
                millis(core.config().connect_timeout),
                millis(core.config().handshake_timeout),
            ]
        })
    }

    /// The messages of the session that are not known to be delivered, each after its id.
    pub fn buffer(&self) -> Array {
        let buffer = Array::new();
        self.driver.look(|core| {
            let messages = core.session().map(Session::unacknowledged_messages);
            for (id, text) in messages.into_iter().flatten() {
                buffer.push(&(id as f64).into());
                buffer.push(text);
            }
        });
        buffer
    }

    /// The id of the session at work, if there is one.
    #[wasm_bindgen(getter, js_name = sessionId)]
    pub fn session_id(&self) -> Option<String> {
        self.driver
            .look(|core| core.session().map(|session| session.id().to_owned()))
    }

    /// Goes on with a session from elsewhere, in the place of none: its counts, and its messages, each after
    /// its id.
    pub fn adopt(&self, id: String, delivered: f64, received: f64, last_id: f64, buffer: &Array) {
        let entry = |at: u32| {
            // JSON has no other strings and numbers than these; the class has checked them.
            let id = buffer.get(at).as_f64().unwrap_or_default() as u64;
            (id, buffer.get(at + 1).unchecked_into())
        };
        let parts = SessionParts {
            id,
            delivered: delivered as u64,
            received: received as u64,
            last_id: last_id as u64,
            buffer: (0..buffer.length()).step_by(2).map(entry).collect(),
        };
        let session = Session::from_parts(parts, <Page as Format>::weight);
        // Whatever was in its place is gone.
        let _ = self.driver.feed(|core, _| core.adopt_session(session));
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

    /// Asks for a session: to go on with the one there is, or for a new one, by a strategy and the text of its
    /// credentials, or anonymously.
    ///
    /// # Errors
    /// The handshake cannot be sent now, or at all.
    pub fn handshake(
        &self,
        app: &str,
        range: Option<String>,
        resume: bool,
        strategy: Option<String>,
        credentials: JsString,
    ) -> Result<(), JsValue> {
        let auth = match strategy {
            _ if resume => Auth::Resume,
            None => Auth::Anonymous,
            Some(strategy) => Auth::Custom {
                strategy,
                credentials,
            },
        };
        self.driver
            .feed(|core, now| core.handshake(now, app, range.as_deref(), &auth))
            .map_err(|refused| error::refused(&refused))
    }

    /// Calls a method of the peer's (protocol.md 2.3). Returns the number that [`withdraw`](Self::withdraw)
    /// wants.
    ///
    /// # Errors
    /// The call is not sent.
    pub fn call(
        &self,
        interface: &str,
        method: &str,
        args: JsString,
        resend: bool,
    ) -> Result<f64, JsValue> {
        #[cfg(feature = "trap")]
        crate::trap::at(&method.into());
        self.request(&mut |core, _| {
            let args = args.clone();
            if resend {
                core.call_with_resend(interface, method, args)
            } else {
                core.call(interface, method, args)
            }
        })
    }

    /// Asks the peer for an interface's methods (protocol.md 8).
    ///
    /// # Errors
    /// The request is not sent.
    pub fn inspect(&self, interface: &str) -> Result<f64, JsValue> {
        self.request(&mut |core, _| core.inspect(interface))
    }

    /// Pings the peer.
    ///
    /// # Errors
    /// The ping is not sent.
    pub fn ping(&self) -> Result<f64, JsValue> {
        self.request(&mut |core, now| core.ping(now))
    }

    /// Nobody waits for a request any more: one that has not left is not sent, one that has is forgotten.
    pub fn withdraw(&self, call: f64) {
        let call = CallId::from(call as u64);
        self.driver.feed(|core, _| core.withdraw(call));
    }

    /// Emits an event to the peer (protocol.md 2.3).
    ///
    /// # Errors
    /// The event is not sent.
    pub fn emit(&self, interface: &str, event: &str, args: JsString) -> Result<(), JsValue> {
        self.driver
            .feed(|core, _| core.emit(interface, event, args))
            .map_err(|refused| error::refused(&refused))
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
