//! What a connection shows of itself to a user interface: its state, why, and its figures.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Date, JsString, Object, Reflect};
use jstp_proto::{Session, State};
use wasm_bindgen::prelude::*;

use crate::driver::Driver;

/// The state that was told last, why it is what it is, and what has passed so far.
pub(crate) struct Status {
    told: Cell<State>,
    reason: RefCell<(&'static str, JsValue)>,
    pub(crate) attempts: Cell<u32>,
    messages_in: Cell<f64>,
    messages_out: Cell<f64>,
    bytes_in: Cell<f64>,
    bytes_out: Cell<f64>,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            told: Cell::new(State::Closed),
            reason: RefCell::new(("", JsValue::UNDEFINED)),
            attempts: Cell::new(0),
            messages_in: Cell::new(0.0),
            messages_out: Cell::new(0.0),
            bytes_in: Cell::new(0.0),
            bytes_out: Cell::new(0.0),
        }
    }
}

impl Status {
    /// Notes why the state is about to change, and the error behind it.
    pub(crate) fn because(&self, reason: &'static str, error: JsValue) {
        *self.reason.borrow_mut() = (reason, error);
    }

    /// Counts the bytes of what came. A UTF-16 unit counts as one: what JSTP sends is mostly ASCII.
    pub(crate) fn came(&self, text: &JsString) {
        self.bytes_in
            .set(self.bytes_in.get() + f64::from(text.length()));
    }

    /// Counts a message that was in it.
    pub(crate) fn heard(&self) {
        self.messages_in.set(self.messages_in.get() + 1.0);
    }

    /// Counts a message that left.
    pub(crate) fn left(&self, text: &JsString) {
        self.messages_out.set(self.messages_out.get() + 1.0);
        self.bytes_out
            .set(self.bytes_out.get() + f64::from(text.length()));
    }
}

/// The name a page knows the state by.
pub(crate) fn name(state: State) -> &'static str {
    match state {
        State::Connecting => "connecting",
        State::Handshaking => "handshaking",
        State::Ready => "ready",
        State::Waiting => "waiting",
        State::Closed => "closed",
    }
}

impl Driver {
    /// The state as a page sees it.
    pub(crate) fn state(&self) -> State {
        let state = self.look(jstp_proto::Connection::state);
        let is_over = self.look(jstp_proto::Connection::closed_intentionally);
        // After an attempt that was refused, and between a session and the next, the core has nothing
        // to wait for, unlike the page.
        let goes_on = self.is_attempting() || self.is_renewing();
        if state == State::Closed && goes_on && !is_over {
            return State::Waiting;
        }
        state
    }

    /// Tells the page if the state is another than it was told.
    pub(crate) fn tell_state(self: &Rc<Self>) {
        let state = self.state();
        // The next attempt has its time only once this one has ended.
        if state == State::Waiting && self.is_attempting() {
            return;
        }
        let previous = self.status.told.replace(state);
        if previous == state {
            return;
        }
        let Some(page) = self.page() else { return };
        let (reason, error) = self.status.reason.replace(("", JsValue::UNDEFINED));
        let detail = Object::new();
        set(&detail, "reason", &reason.into());
        if !error.is_undefined() {
            set(&detail, "error", &error);
        }
        if let Some(millis) = self.millis_to_next_attempt() {
            set(&detail, "nextAttemptAt", &(Date::now() + millis).into());
        }
        let args = Array::of3(&name(state).into(), &name(previous).into(), &detail);
        page.changed(&args);
    }

    /// Milliseconds to the server and back, as the last ping measured, or undefined before one has.
    pub(crate) fn rtt(&self) -> JsValue {
        let rtt = self.look(jstp_proto::Connection::rtt);
        rtt.map_or(JsValue::UNDEFINED, |rtt| (rtt.as_millis() as f64).into())
    }

    /// The connection's figures as they are now.
    pub(crate) fn stats(&self) -> Object {
        let unacknowledged = |count: fn(&Session<JsString>) -> usize| {
            self.look(|core| core.session().map_or(0, count)) as f64
        };
        let status = &self.status;
        let stats = Object::new();
        for (key, value) in [
            (
                "unacknowledgedMessages",
                unacknowledged(Session::unacknowledged),
            ),
            (
                "unacknowledgedBytes",
                unacknowledged(Session::unacknowledged_weight),
            ),
            (
                "pendingCalls",
                self.look(jstp_proto::Connection::pending_calls) as f64,
            ),
            ("attempts", f64::from(status.attempts.get())),
            ("messagesIn", status.messages_in.get()),
            ("messagesOut", status.messages_out.get()),
            ("bytesIn", status.bytes_in.get()),
            ("bytesOut", status.bytes_out.get()),
        ] {
            set(&stats, key, &value.into());
        }
        set(&stats, "rtt", &self.rtt());
        stats
    }
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // A plain object takes it.
    let _ = Reflect::set(object, &key.into(), value);
}
