//! Driver: owns the core, feeds it, drains it, and delivers what it answers.
//!
//! Page code may call back into us from anywhere, so nothing is borrowed while it runs: a turn feeds
//! the core, and takes out of it one thing to deliver after the other. A turn inside a delivery only
//! feeds, which keeps the text on the socket in the order in which the core produced it.

use std::cell::{Cell, RefCell};

use jstp_proto::{Config, Connection, Instant, Output, Role, State};

use crate::clock;
use crate::engine::JsString;
use crate::format::Page;
use crate::payload::Inbox;
use crate::socket::Outlet;
use crate::tell::Line;

pub(crate) type Core = Connection<Page>;

thread_local! {
    /// For all connections; absent while a message is being dealt with.
    static INBOX: Cell<Option<Inbox>> = const { Cell::new(None) };
}

/// A connection's core and everything around it.
pub(crate) struct Driver {
    core: RefCell<Core>,
    delivering: Cell<bool>,
    /// Whether somebody wants to be told when that is over.
    releasing: Cell<bool>,
    outlet: RefCell<Option<Outlet>>,
    /// Whether the transport carries arrays of messages (extensions.md).
    batch: Cell<bool>,
    /// Whether anybody listens to the events of protocol.md 10.
    logging: Cell<bool>,
    /// Who hears of all that happens, until nothing will be told any more.
    line: RefCell<Option<Line>>,
    told: Cell<State>,
    pub(crate) traffic: Traffic,
}

/// Messages and their length, in UTF-16 units: what JSTP sends is mostly ASCII.
#[derive(Default)]
pub(crate) struct Traffic {
    pub(crate) messages_in: Cell<f64>,
    pub(crate) bytes_in: Cell<f64>,
    pub(crate) messages_out: Cell<f64>,
    pub(crate) bytes_out: Cell<f64>,
}

fn add(figure: &Cell<f64>, more: u32) {
    figure.set(figure.get() + f64::from(more));
}

impl Driver {
    pub(crate) fn new() -> Self {
        let config = Config::new(Role::Client);
        Self {
            core: RefCell::new(Core::new(Role::Client, config)),
            delivering: Cell::new(false),
            releasing: Cell::new(false),
            outlet: RefCell::default(),
            batch: Cell::new(false),
            logging: Cell::new(false),
            line: RefCell::default(),
            told: Cell::new(State::Closed),
            traffic: Traffic::default(),
        }
    }

    /// Who hears of all that happens from now on.
    pub(crate) fn attach(&self, line: Line) {
        *self.line.borrow_mut() = Some(line);
    }

    /// Keeps nothing of the page alive, and little memory: the page may hold a connection that is over for
    /// long. Not while there is something to deliver, and then `changed` asks again; false in that case.
    pub(crate) fn release(&self) -> bool {
        if self.delivering.get() {
            self.releasing.set(true);
            return false;
        }
        self.core.borrow_mut().trim();
        let line = self.line.borrow_mut().take();
        drop(line);
        true
    }

    pub(crate) fn line(&self) -> Option<Line> {
        self.line.borrow().clone()
    }

    pub(crate) fn set_logging(&self, wanted: bool) {
        self.logging.set(wanted);
    }

    /// Feeds the core. Whoever does so drains it after, once whoever waits is known.
    pub(crate) fn feed<R>(&self, feed: impl FnOnce(&mut Core, Instant) -> R) -> R {
        feed(&mut self.core.borrow_mut(), clock::now())
    }

    /// Reads the core without feeding it.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Core) -> R) -> R {
        look(&self.core.borrow())
    }

    /// Has everything done that the core has to say. Tells when the core wants to hear of a deadline, or zero if
    /// it has none.
    #[inline(never)]
    pub(crate) fn drain(&self) -> f64 {
        self.deliver();
        let deadline = self.look(Connection::poll_timeout);
        deadline.map_or(0.0, |at| at.as_millis() as f64)
    }

    fn deliver(&self) {
        if self.delivering.replace(true) {
            return;
        }
        loop {
            // A statement of its own: the core is free again when page code runs.
            let output = self.core.borrow_mut().poll_output();
            match output {
                None => break,
                Some(Output::Transmit(text)) => self.transmit(&text),
                Some(Output::Close { code }) => {
                    if let Some(outlet) = self.outlet() {
                        outlet.close(code);
                    }
                }
                Some(Output::Drop) => self.drop_outlet(),
                Some(Output::Event(event)) => self.tell(event),
            }
        }
        self.delivering.set(false);
        let state = self.look(Connection::state);
        let is_other = self.told.replace(state) != state;
        if self.releasing.replace(false) || is_other {
            self.tell_change();
        }
    }

    fn transmit(&self, text: &JsString) {
        let Some(outlet) = self.outlet() else { return };
        add(&self.traffic.messages_out, 1);
        add(&self.traffic.bytes_out, text.length());
        outlet.send(text);
        if self.logging.get() {
            Inbox::default().with_text(text, |text| self.tell_message(text, true));
        }
    }

    /// Messages leave by this outlet from now on.
    pub(crate) fn open(&self, outlet: Outlet) {
        let before = self.outlet.borrow_mut().replace(outlet);
        if let Some(outlet) = before {
            outlet.let_go();
        }
    }

    pub(crate) fn drop_outlet(&self) {
        let outlet = self.outlet.borrow_mut().take();
        if let Some(outlet) = outlet {
            outlet.let_go();
        }
    }

    /// A socket of the page's making may call back into us from `send`, so nothing is borrowed while
    /// it runs.
    pub(crate) fn outlet(&self) -> Option<Outlet> {
        self.outlet.borrow().clone()
    }

    /// What happened outside, by the numbers of [`Link::hear`](crate::Link::hear).
    pub(crate) fn hear(&self, what: u8, number: f64, text: JsString) -> f64 {
        match what {
            0 => {
                self.batch.set(number > 0.0);
                self.feed(|core, now| core.handle_open(now));
            }
            1 => {
                #[cfg(feature = "trap")]
                crate::trap::at(&text);
                // Page code runs while it is in use, and a socket of its making may bring the next
                // message then.
                let mut inbox = INBOX.take().unwrap_or_default();
                add(&self.traffic.bytes_in, text.length());
                inbox.with_text(&text, |text| self.received(text));
                INBOX.set(Some(inbox));
            }
            2 => self.feed(|core, now| core.handle_not_utf8(now)),
            3 => {
                self.drop_outlet();
                self.feed(|core, _| core.handle_peer_close(number as u16));
            }
            _ => self.feed(|core, now| core.handle_timeout(now)),
        }
        self.drain()
    }

    /// Feeds the core what came, each message of it being delivered before the next is looked at.
    fn received(&self, text: &str) {
        for part in self.look(|core| core.messages(text, self.batch.get())) {
            add(&self.traffic.messages_in, 1);
            if self.logging.get() {
                self.tell_message(part.text(), false);
            }
            self.feed(|core, now| core.handle_part(now, part));
            self.deliver();
        }
    }
}
