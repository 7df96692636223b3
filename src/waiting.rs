//! Requests of ours that page code waits for: who, until when, and what else may end the wait.

use js_sys::{Function, Reflect};
use jstp_proto::{CallId, Instant, Ordered};
use wasm_bindgen::prelude::*;

use crate::waiter::Waiter;

/// What a request of ours asked for.
pub(crate) enum Awaited {
    Results,
    /// The methods of this interface.
    Proxy(String),
    Pong,
}

/// One wait.
pub(crate) struct Wait {
    pub(crate) awaited: Awaited,
    pub(crate) waiter: Waiter,
    /// When it has lasted long enough.
    pub(crate) deadline: Option<Instant>,
    /// What the page may end it with.
    pub(crate) abort: Option<Abort>,
}

/// All waits of a connection.
#[derive(Default)]
pub(crate) struct Waiting {
    waits: Ordered<CallId, Wait>,
    deadlines: Ordered<(Instant, CallId), ()>,
}

impl Waiting {
    pub(crate) fn insert(&mut self, call: CallId, wait: Wait) {
        if let Some(deadline) = wait.deadline {
            self.deadlines.insert((deadline, call), ());
        }
        self.waits.insert(call, wait);
    }

    /// Gives a wait what the page may end it with; hands it back if the wait is over.
    pub(crate) fn set_abort(&mut self, call: CallId, abort: Abort) -> Option<Abort> {
        match self.waits.get_mut(call) {
            Some(wait) => wait.abort.replace(abort),
            None => Some(abort),
        }
    }

    /// Ends a wait; whoever takes it settles it.
    pub(crate) fn take(&mut self, call: CallId) -> Option<Wait> {
        let wait = self.waits.remove(call)?;
        if let Some(deadline) = wait.deadline {
            self.deadlines.remove((deadline, call));
        }
        Some(wait)
    }

    /// Gives back the room of waits that were.
    pub(crate) fn trim(&mut self) {
        self.waits.trim();
        self.deadlines.trim();
    }

    /// When the first wait will have lasted long enough.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| deadline)
    }

    /// A request whose wait has lasted long enough.
    pub(crate) fn expired(&self, now: Instant) -> Option<CallId> {
        let (deadline, call) = self.deadlines.first()?;
        (deadline <= now).then_some(call)
    }
}

#[wasm_bindgen]
extern "C" {
    /// An AbortSignal, or what a page has in its place.
    #[derive(Clone)]
    pub(crate) type Signal;

    #[wasm_bindgen(method, getter)]
    fn aborted(this: &Signal) -> bool;

    #[wasm_bindgen(method, getter)]
    fn reason(this: &Signal) -> JsValue;

    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    fn add_event_listener(this: &Signal, name: &str, listener: &Function) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    fn remove_event_listener(this: &Signal, name: &str, listener: &Function)
    -> Result<(), JsValue>;
}

impl Signal {
    /// The value as a signal, if it is one.
    pub(crate) fn from_value(value: &JsValue) -> Option<Self> {
        let has = |name: &str| Reflect::has(value, &name.into()).unwrap_or(false);
        let is_one = value.is_object() && has("aborted") && has("addEventListener");
        is_one.then(|| value.clone().unchecked_into())
    }

    /// Why it is aborted, if it is.
    pub(crate) fn reason_if_aborted(&self) -> Option<JsValue> {
        self.aborted().then(|| self.reason())
    }
}

/// Listens to a signal for as long as it lives.
pub(crate) struct Abort {
    signal: Signal,
    listener: Closure<dyn FnMut()>,
}

impl Abort {
    /// Calls `abort` with the reason when the signal is aborted.
    pub(crate) fn listen(signal: Signal, abort: impl Fn(JsValue) + 'static) -> Self {
        let aborted = signal.clone();
        let listener = Closure::new(move || abort(aborted.reason()));
        // A signal of the page's own that refuses listeners is one that never aborts.
        let _ = signal.add_event_listener("abort", listener.as_ref().unchecked_ref());
        Self { signal, listener }
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        let listener = self.listener.as_ref().unchecked_ref();
        let _ = self.signal.remove_event_listener("abort", listener);
    }
}
