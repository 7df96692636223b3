//! Driver: owns the core, feeds it, drains it, and delivers what it answers.
//!
//! Page code may call back into us from anywhere, so nothing is borrowed while it runs: a turn feeds
//! the core and moves its outputs to our queue, lets go of the core, and only then delivers. A turn
//! inside a delivery only appends to the queue, which keeps the text on the socket in the order in
//! which the core produced it.

use jstp_proto::{decimal, joined};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function};
use jstp_proto::error::code;
use jstp_proto::{CallId, Config, Connection, Instant, OutputOf, Refused, Role, State};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::clock::{self, Alarm};
use crate::error;
use crate::format::Page;
use crate::page_connection::PageConnection;
use crate::payload::{self, Inbox};
use crate::reconnect::Reconnecting;
use crate::session::PageSession;
use crate::settings::{Settings, Transport};
use crate::socket::{Outlet, Socket, SocketEvent};
use crate::status::Status;
use crate::waiter::Waiter;
use crate::waiting::{Awaited, Wait, Waiting};

/// The subprotocol of JSTP (protocol.md 1.1).
pub(crate) const SUBPROTOCOL: &str = "metarhia-jstp";

/// Why there is no connection when the page did not wait for it.
pub(crate) const CLOSED_BY_OWNER: &str = "closed by its owner";

pub(crate) type Core = Connection<Page>;
type Output = OutputOf<Page>;

/// Makes a request of the core. Boxed, so that there is one copy of what every request goes through.
pub(crate) type Issue<'a> = Box<dyn FnOnce(&mut Core) -> Result<CallId, Refused> + 'a>;

thread_local! {
    /// For all connections; absent while a message is being dealt with.
    static INBOX: RefCell<Option<Inbox>> = RefCell::default();
}

/// A connection's core and everything around it.
pub(crate) struct Driver {
    core: RefCell<Core>,
    outputs: RefCell<VecDeque<Output>>,
    delivering: Cell<bool>,
    socket: RefCell<Option<Socket>>,
    /// Whether the transport carries arrays of messages (extensions.md).
    batch: Cell<bool>,
    alarm: Alarm,
    transport: RefCell<Transport>,
    /// The page's own, in place of the default.
    pub(crate) reconnector: Option<Function>,
    /// Whether a session the server does not know any more is replaced by a new one.
    pub(crate) renews: bool,
    pub(crate) reconnecting: Reconnecting,
    pub(crate) status: Status,
    /// Whether the page has given a logger.
    logs: bool,
    /// Whether anybody listens to the events of protocol.md 10.
    logging: Cell<bool>,
    waiting: RefCell<Waiting>,
    /// Who asked for the handshake under way, and the user it is for.
    handshake: RefCell<Option<(Waiter, Option<String>)>>,
    /// Who waits for the transport to open, or for an attempt to fail otherwise.
    attempt: RefCell<Option<Waiter>>,
    early_failure: RefCell<Option<JsValue>>,
    /// What the page holds, until nothing will be told to it any more.
    page: RefCell<Option<PageConnection>>,
    /// The close code and reason of the transport that ended last.
    closed: RefCell<(u16, String)>,
}

impl Driver {
    pub(crate) fn new(settings: &Settings) -> Rc<Self> {
        let mut config = Config::new(Role::Client);
        settings.apply_to(&mut config);
        let mut core = Core::new(Role::Client, config);
        if let Some(session) = settings.session() {
            // A core that has just been made has none.
            let _ = core.adopt_session(session.to_core());
        }
        let transport = settings.transport();
        let logging = Cell::new(settings.logs());
        Rc::new(Self {
            core: RefCell::new(core),
            outputs: RefCell::default(),
            delivering: Cell::new(false),
            socket: RefCell::default(),
            batch: Cell::new(false),
            alarm: Alarm::default(),
            transport: RefCell::new(transport),
            reconnector: settings.reconnector(),
            renews: settings.renews(),
            logs: settings.logs(),
            reconnecting: Reconnecting::default(),
            status: Status::default(),
            logging,
            waiting: RefCell::default(),
            handshake: RefCell::default(),
            attempt: RefCell::default(),
            early_failure: RefCell::default(),
            page: RefCell::default(),
            closed: RefCell::default(),
        })
    }

    /// Has the connection go on with a session from elsewhere, if a handshake is what comes next.
    pub(crate) fn adopt_session(self: &Rc<Self>, session: &PageSession) {
        if !self.look(Connection::awaits_request) {
            return;
        }
        if self.look(|core| core.session().is_some()) {
            self.turn(|core, _| core.forget_session());
        }
        let session_of_core = session.to_core();
        // Whatever was in its place is gone.
        let _ = self.core.borrow_mut().adopt_session(session_of_core);
        if let Some(page) = self.page() {
            page.adopt(session);
        }
    }

    /// What the page holds of this connection, which is told of events from now on.
    pub(crate) fn set_page(&self, page: &PageConnection) {
        *self.page.borrow_mut() = Some(page.clone());
    }

    /// Replaces who waits for the attempt under way.
    pub(crate) fn set_attempt(&self, attempt: Option<Waiter>) {
        *self.attempt.borrow_mut() = attempt;
    }

    /// Why the transport came to nothing before the connect policy had it.
    pub(crate) fn take_early_failure(&self) -> Option<JsValue> {
        self.early_failure.borrow_mut().take()
    }

    pub(crate) fn fail_early(&self, error: JsValue) {
        *self.early_failure.borrow_mut() = Some(error);
    }

    pub(crate) fn take_attempt(&self) -> Option<Waiter> {
        self.attempt.borrow_mut().take()
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.look(Connection::state) == State::Ready
    }

    /// Ends the connection.
    pub(crate) fn close(self: &Rc<Self>) {
        self.stop_reconnecting();
        self.status
            .because("closed by the page", JsValue::UNDEFINED);
        if self.look(Connection::state) == State::Connecting
            && let Some(attempt) = self.take_attempt()
        {
            attempt.failed(&self.cannot_connect(CLOSED_BY_OWNER));
        }
        self.turn(Connection::close);
        self.release_if_over();
    }

    /// Lets go of the page if there is nothing left to tell it.
    pub(crate) fn release_if_over(&self) {
        if self.state() == State::Closed && self.socket.borrow().is_none() {
            self.release_page();
        }
    }

    /// Lets go of the transport, whatever state it is in; the session stays.
    pub(crate) fn drop_transport(self: &Rc<Self>) {
        let socket = self.socket.borrow_mut().take();
        drop(socket);
        self.turn(|core, _| core.handle_close());
    }

    /// What the page holds, unless nothing will be told to it any more.
    pub(crate) fn page(&self) -> Option<PageConnection> {
        self.page.borrow().clone()
    }

    /// A connection that is over keeps nothing of the page alive, and little memory: the page may hold it
    /// for long.
    pub(crate) fn release_page(&self) {
        self.core.borrow_mut().trim();
        self.waiting.borrow_mut().trim();
        let mut outputs = self.outputs.borrow_mut();
        if outputs.is_empty() {
            *outputs = VecDeque::new();
        }
        drop(outputs);
        let page = self.page.borrow_mut().take();
        if let Some(page) = page {
            page.ended();
        }
    }

    /// Reads the options of the present transport, or of the next.
    pub(crate) fn transport<R>(&self, look: impl FnOnce(&Transport) -> R) -> R {
        look(&self.transport.borrow())
    }

    pub(crate) fn set_transport(&self, transport: Transport) {
        *self.transport.borrow_mut() = transport;
    }

    pub(crate) fn url(&self) -> String {
        self.transport(|transport| transport.url())
    }

    /// Begins to open a transport; whoever waits for the attempt hears how it goes.
    pub(crate) fn open(self: &Rc<Self>) -> Result<(), JsValue> {
        self.early_failure.take();
        let driver = Rc::clone(self);
        let socket = Socket::open(
            &self.url(),
            SUBPROTOCOL,
            self.transport(Transport::batch),
            self.transport(Transport::construct).as_ref(),
            move |event| driver.socket_event(event),
        )
        .map_err(|error| self.cannot_open(&error))?;
        // Page code may stand behind the constructor.
        if self.is_given_up() {
            return Err(self.cannot_connect(CLOSED_BY_OWNER));
        }
        *self.socket.borrow_mut() = Some(socket);
        self.status.attempts.set(self.status.attempts.get() + 1);
        self.status
            .because("opening a transport", JsValue::UNDEFINED);
        self.turn(|core, now| core.handle_connecting(now));
        Ok(())
    }

    /// One feed of the core, and the delivery of what it says to it.
    pub(crate) fn turn<R>(self: &Rc<Self>, feed: impl FnOnce(&mut Core, Instant) -> R) -> R {
        let result = feed(&mut self.core.borrow_mut(), clock::now());
        self.drain();
        result
    }

    /// The rest of a turn, of which a copy for each feed would be a good part of the module.
    #[inline(never)]
    fn drain(self: &Rc<Self>) {
        {
            let mut core = self.core.borrow_mut();
            let mut outputs = self.outputs.borrow_mut();
            while let Some(output) = core.poll_output() {
                outputs.push_back(output);
            }
        }
        self.deliver();
        // After it, since what is settled has no time limit any more.
        let deadlines = [
            self.look(Connection::poll_timeout),
            self.waiting.borrow().next_deadline(),
        ];
        self.set_alarm(deadlines.into_iter().flatten().min());
    }

    fn set_alarm(self: &Rc<Self>, deadline: Option<Instant>) {
        self.alarm.set(deadline, || {
            let driver = Rc::clone(self);
            move || {
                driver.alarm.rang();
                driver.turn(|core, now| core.handle_timeout(now));
                driver.end_waits();
            }
        });
    }

    /// Ends the waits that have lasted long enough.
    fn end_waits(self: &Rc<Self>) {
        let now = clock::now();
        loop {
            let expired = self.waiting.borrow().expired(now);
            let Some(call) = expired else { break };
            self.end_wait(call, &error::remote(code::TIMEOUT));
        }
    }

    /// Ends a wait: a request that has not left is not sent, one that has is forgotten.
    pub(crate) fn end_wait(self: &Rc<Self>, call: CallId, error: &JsValue) {
        let wait = self.waiting.borrow_mut().take(call);
        let Some(Wait { waiter, .. }) = wait else {
            return;
        };
        self.turn(|core, _| core.withdraw(call));
        waiter.failed(error);
    }

    /// Emits the events of protocol.md 10, or none of them any more.
    pub(crate) fn set_logging(&self, wanted: bool) {
        self.logging.set(wanted || self.logs);
    }

    /// Emits one of those events, if anybody listens; what it tells is made only then.
    pub(crate) fn log<const N: usize>(&self, name: &str, args: impl FnOnce() -> [JsValue; N]) {
        if !self.logging.get() {
            return;
        }
        if let Some(page) = self.page() {
            page.log(name, &args().into_iter().collect());
        }
    }

    /// Reads the core without feeding it.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Core) -> R) -> R {
        look(&self.core.borrow())
    }

    /// Issues a request of ours, whose waiter is settled when the core says so, or when `timeout` has
    /// passed.
    pub(crate) fn request(
        self: &Rc<Self>,
        awaited: Awaited,
        waiter: Waiter,
        timeout: Option<Duration>,
        issue: Issue<'_>,
    ) -> Result<CallId, (Waiter, Refused)> {
        self.turn(|core, now| match issue(core) {
            // Entered before anything is delivered: page code that runs then may end it all.
            Ok(call) => {
                let wait = Wait {
                    awaited,
                    waiter,
                    deadline: timeout.map(|timeout| now + timeout),
                };
                self.waiting.borrow_mut().insert(call, wait);
                Ok(call)
            }
            Err(refused) => Err((waiter, refused)),
        })
    }

    /// Who waits for the handshake that was just asked for.
    pub(crate) fn expect_handshake(&self, waiter: Waiter, username: Option<String>) {
        *self.handshake.borrow_mut() = Some((waiter, username));
    }

    /// Whoever waits for the handshake under way, and the user it is for.
    pub(crate) fn take_handshake(&self) -> Option<(Waiter, Option<String>)> {
        self.handshake.borrow_mut().take()
    }

    /// Ends the wait for a request; whoever takes it settles it.
    pub(crate) fn take_wait(&self, call: CallId) -> Option<Wait> {
        self.waiting.borrow_mut().take(call)
    }

    /// How the transport that ended last did.
    pub(crate) fn close_code_text(&self) -> String {
        let (code, reason) = &*self.closed.borrow();
        match reason.as_str() {
            "" => joined(&["close code ", &decimal(i64::from(*code))]),
            reason => joined(&["close code ", &decimal(i64::from(*code)), ", ", reason]),
        }
    }

    /// The browser's own object.
    pub(crate) fn raw_socket(&self) -> Option<WebSocket> {
        let socket = self.socket.borrow();
        socket.as_ref().map(|socket| socket.raw().clone())
    }

    /// A socket of the page's making may call back into us from `send`, so nothing is borrowed while
    /// this is used.
    fn outlet(&self) -> Option<Outlet> {
        let socket = self.socket.borrow();
        socket.as_ref().map(|socket| socket.outlet().clone())
    }

    fn socket_event(self: &Rc<Self>, event: SocketEvent) {
        match event {
            SocketEvent::Open => {
                let batch = self.outlet().is_some_and(|outlet| outlet.is_batch());
                self.batch.set(batch);
                self.status.because("transport open", JsValue::UNDEFINED);
                self.turn(|core, now| core.handle_open(now));
                if let Some(attempt) = self.take_attempt() {
                    attempt.done(&Array::new());
                }
            }
            SocketEvent::Text(text) => {
                #[cfg(feature = "trap")]
                crate::trap::at(&text);
                // Page code runs while it is in use, and a socket of its making may bring the next
                // message then.
                let mut inbox = INBOX.take().unwrap_or_default();
                self.status.came(&text);
                inbox.with_text(&text, |text| self.received(text));
                INBOX.set(Some(inbox));
            }
            SocketEvent::NotText => self.turn(|core, now| core.handle_not_utf8(now)),
            SocketEvent::Closed { code, reason } => {
                *self.closed.borrow_mut() = (code, reason);
                let socket = self.socket.borrow_mut().take();
                drop(socket);
                self.turn(|core, _| core.handle_peer_close(code));
            }
        }
    }

    /// Feeds the core what came, each message of it being delivered before the next is looked at.
    fn received(self: &Rc<Self>, text: &str) {
        for part in self.look(|core| core.messages(text, self.batch.get())) {
            self.status.heard();
            self.log("incomingMessage", || [payload::parse(part.text())]);
            self.turn(|core, now| core.handle_part(now, part));
        }
    }

    fn deliver(self: &Rc<Self>) {
        if self.delivering.replace(true) {
            return;
        }
        loop {
            let output = self.outputs.borrow_mut().pop_front();
            match output {
                None => break,
                Some(Output::Transmit(text)) => {
                    if let Some(outlet) = self.outlet() {
                        self.status.left(&text);
                        outlet.send(&text);
                        self.log("outgoingMessage", || [payload::parse(&String::from(&text))]);
                    }
                }
                Some(Output::Close { code }) => {
                    if let Some(outlet) = self.outlet() {
                        outlet.close(code);
                    }
                }
                Some(Output::Drop) => {
                    let socket = self.socket.borrow_mut().take();
                    drop(socket);
                }
                Some(Output::Event(event)) => self.tell(event),
            }
        }
        self.delivering.set(false);
        self.tell_state();
    }

    fn cannot_open(&self, thrown: &JsValue) -> JsValue {
        self.cannot_connect(&error::why(thrown))
    }

    /// What whoever waits for a transport hears in its place.
    pub(crate) fn cannot_connect(&self, why: &str) -> JsValue {
        error::plain(&joined(&["Cannot connect to ", &self.url(), ": ", why]))
    }
}
