//! Reconnecting: the default reconnector, the caller's own, and attempts made by hand.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Math, Reflect};
use jstp_proto::error::code;
use jstp_proto::{Backoff, State};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::clock::{self, Alarm};
use crate::driver::{CLOSED_BY_OWNER, Driver};
use crate::error;
use crate::page::{self, PageEvent, PageLife};
use crate::page_connection::PageConnection;
use crate::settings::Transport;
use crate::waiter::{Waiter, run};

/// When the next attempt is made, and whether one is under way.
#[derive(Default)]
pub(crate) struct Reconnecting {
    alarm: Alarm,
    backoff: RefCell<Backoff>,
    attempting: Cell<bool>,
    /// Set when the connection is closed before the attempt under way has opened a transport.
    given_up: Cell<bool>,
    /// The session's transport was made when the browser said that there is no network.
    reached_offline: Cell<bool>,
    /// There is no network, so nothing is tried until there is.
    offline: Cell<bool>,
    life: RefCell<Option<PageLife>>,
    /// Set when the server no longer knew the session: the proxies are inspected anew.
    renewing: Cell<bool>,
}

impl Driver {
    /// The transport of a session is gone; whether and when there is another is the reconnector's
    /// to decide.
    pub(crate) fn transport_lost(self: &Rc<Self>) {
        if !self.reconnecting.attempting.get() {
            self.ask_reconnector();
        }
    }

    /// Forgets an attempt that has not begun, or has yet to open its transport.
    pub(crate) fn stop_reconnecting(&self) {
        self.reconnecting.given_up.set(true);
        self.reconnecting.alarm.set(None, || || {});
        self.reconnecting.offline.set(false);
        let life = self.reconnecting.life.borrow_mut().take();
        drop(life);
    }

    /// Whether the connection was closed before the attempt under way has opened a transport.
    pub(crate) fn is_given_up(&self) -> bool {
        self.reconnecting.given_up.get()
    }

    /// Listens to the page while it waits: what it lives through decides when to try.
    fn watch_page(self: &Rc<Self>) {
        let driver = Rc::clone(self);
        let life = PageLife::watch(move |event| driver.page_event(event));
        *self.reconnecting.life.borrow_mut() = Some(life);
    }

    /// A handshake succeeded.
    pub(crate) fn reached(&self) {
        self.reconnecting.reached_offline.set(page::is_offline());
    }

    fn page_event(self: &Rc<Self>, event: PageEvent) {
        let waits = self.reconnecting.alarm.at().is_some() || self.reconnecting.offline.get();
        if self.reconnector.is_some() || !waits {
            return;
        }
        match event {
            PageEvent::Offline => {
                self.reconnecting.offline.set(true);
                self.reconnecting.alarm.set(None, || || {});
            }
            PageEvent::Online => {
                self.reconnecting.offline.set(false);
                self.attempt_in(Duration::from_millis((Math::random() * 1000.0) as u64));
            }
            // A page that was frozen has not been told that the network is back.
            PageEvent::Awake if self.reconnecting.offline.get() && page::is_offline() => {}
            PageEvent::Awake => {
                self.reconnecting.offline.set(false);
                self.attempt_in(Duration::ZERO);
            }
        }
    }

    /// A reconnector of the page's own hears of the end of a transport that `close` asked for, too;
    /// there is nothing it can do about it but look at `closedIntentionally`.
    pub(crate) fn tell_reconnector(&self, page: &PageConnection) {
        if let Some(reconnector) = &self.reconnector {
            let args = Array::of2(page, &page.reconnect_function());
            run(reconnector, &args);
        }
    }

    fn ask_reconnector(self: &Rc<Self>) {
        let Some(page) = self.page() else { return };
        match &self.reconnector {
            Some(_) => self.tell_reconnector(&page),
            None => {
                self.watch_page();
                // The event may have come before there was anything to stop. A server that was
                // reached without a network, on this machine, needs none.
                if page::is_offline() && !self.reconnecting.reached_offline.get() {
                    self.reconnecting.offline.set(true);
                    return;
                }
                let delay = self.reconnecting.backoff.borrow_mut().next(Math::random());
                self.attempt_in(delay);
            }
        }
    }

    fn attempt_in(self: &Rc<Self>, delay: Duration) {
        self.reconnecting.alarm.set(Some(clock::now() + delay), || {
            let driver = Rc::clone(self);
            move || {
                driver.reconnecting.alarm.rang();
                let Some(page) = driver.page() else { return };
                driver.attempt(&page, None, true, None);
            }
        });
    }

    /// Makes an attempt. `reports` is whether the connection's events tell of it and a failure asks
    /// the reconnector again; an attempt by hand does neither, as upstream.
    fn attempt(
        self: &Rc<Self>,
        page: &PageConnection,
        transport: Option<Transport>,
        reports: bool,
        waiter: Option<Waiter>,
    ) {
        if self.reconnecting.attempting.replace(true) {
            if let Some(waiter) = waiter {
                let error = error::plain("an attempt to reconnect is under way");
                let page = page.clone();
                // A callback never runs inside the call it was given to.
                spawn_local(async move { waiter.failed_with(&error, &page) });
            }
            return;
        }
        self.stop_reconnecting();
        self.reconnecting.given_up.set(false);
        page.attempt(reports, waiter.as_ref(), transport.as_ref());
        if let Some(transport) = transport {
            self.set_transport(transport);
        }
    }

    /// Opens the transport of an attempt; `waiter` hears how it goes.
    pub(crate) fn open_transport(self: &Rc<Self>, waiter: Waiter) -> Result<(), JsValue> {
        // One transport at a time: the server may still take the old one for alive.
        self.drop_transport();
        if self.is_given_up() {
            return Err(self.cannot_connect(CLOSED_BY_OWNER));
        }
        self.set_attempt(Some(waiter));
        self.open()
    }

    /// What follows from an attempt that has ended, without an error or with one, and with a
    /// connection to hand out or not.
    pub(crate) fn attempted(
        self: &Rc<Self>,
        page: &PageConnection,
        error: Option<JsValue>,
        is_connected: bool,
        reports: bool,
        waiter: Option<Waiter>,
    ) {
        self.reconnecting.attempting.set(false);
        let Some(error) = error else {
            self.reconnecting.backoff.borrow_mut().reset();
            if self.reconnecting.renewing.replace(false) {
                page.refresh_proxies();
            }
            if reports {
                page.emit("reconnect", &Array::of1(&JsValue::NULL));
            }
            if let Some(waiter) = waiter {
                waiter.done(&Array::of1(page));
            }
            return;
        };
        let lost = self.session_refused(page, &error);
        if self.state() == State::Waiting {
            self.status.because("attempt failed", error.clone());
        }
        if reports {
            page.emit("reconnect", &Array::of1(&error));
        }
        if let Some(waiter) = waiter {
            if is_connected {
                waiter.failed_with(&error, page);
            } else {
                waiter.failed(&error);
            }
        }
        // A listener may have closed the connection, or begun an attempt of its own.
        let idle = !self.reconnecting.attempting.get() && !self.is_ready();
        if reports && idle && !self.look(jstp_proto::Connection::closed_intentionally) {
            match (lost, self.renews) {
                (true, false) => self.close(),
                (true, true) if self.reconnector.is_none() => {
                    self.attempt_in(Duration::ZERO);
                }
                _ => self.ask_reconnector(),
            }
        }
        self.tell_state();
        // A listener or a callback may have begun the next.
        if !self.reconnecting.attempting.get() {
            self.release_if_over();
        }
    }

    /// The server does not know the session any more: what it held is lost, and the page is told.
    pub(crate) fn session_refused(self: &Rc<Self>, page: &PageConnection, error: &JsValue) -> bool {
        let had_session = self.look(|core| core.session().is_some());
        let code = Reflect::get(error, &"code".into());
        let refused = code.is_ok_and(|code| code == f64::from(AUTH_FAILED));
        if !had_session || !refused {
            return false;
        }
        let session = page.session();
        self.reconnecting.renewing.set(self.renews);
        self.turn(|core, _| core.forget_session());
        page.emit("sessionLost", &Array::of2(error, &session));
        true
    }

    /// Reconnects by hand, over the same or another transport.
    pub(crate) fn reconnect(
        self: &Rc<Self>,
        page: &PageConnection,
        waiter: Waiter,
        transport: Option<Transport>,
        reports: bool,
    ) {
        self.set_page(page);
        self.attempt(page, transport, reports, Some(waiter));
    }

    /// How long until the next attempt, if its time is known.
    pub(crate) fn millis_to_next_attempt(&self) -> Option<f64> {
        let at = self.reconnecting.alarm.at()?;
        Some(at.since(clock::now()).as_millis() as f64)
    }

    /// Whether what follows the attempt under way is still to be decided.
    pub(crate) fn is_attempting(&self) -> bool {
        self.reconnecting.attempting.get()
    }

    /// Whether a session is lost and another is to take its place.
    pub(crate) fn is_renewing(&self) -> bool {
        self.reconnecting.renewing.get()
    }

    /// Whether a transport is lost and another is expected.
    pub(crate) fn is_waiting(&self) -> bool {
        self.look(jstp_proto::Connection::state) == State::Waiting || self.is_attempting()
    }
}

const AUTH_FAILED: i32 = code::AUTH_FAILED as i32;
