//! Link: what the page's Connection does its work through: calls, events, inspect, ping, close.

use std::cell::RefCell;

use jstp_proto::{Backoff, CallId, Instant, Kind, Refused, Session};
use wasm_bindgen::prelude::*;
use wasm_bindgen::throw_val;

use crate::driver::{Core, Driver};
use crate::engine::JsString;
use crate::settings::{self, duration};
use crate::socket::Outlet;

/// A page's hold on a connection. Letting go of it closes nothing.
///
/// What it has the core do shows only with the next time it is drained, so that whoever asks can be entered
/// among those who wait before page code runs.
///
/// Each way into the module is an export, a shim and a method of the glue, so there are few, and `js/border.js`
/// has a number for each thing they do.
#[wasm_bindgen]
pub struct Link {
    driver: Driver,
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

/// What [`Link::ask`] does from here on is to have a limit or a time changed; see `settings.rs`.
const CONFIGURE: u8 = 32;

#[wasm_bindgen]
impl Link {
    /// Tells a figure, or does what needs no more than a number. Zero where there is nothing to tell.
    pub fn ask(&self, what: u8, number: f64) -> f64 {
        let driver = &self.driver;
        let traffic = &driver.traffic;
        match what {
            0 => return traffic.messages_in.get(),
            1 => return traffic.messages_out.get(),
            2 => return traffic.bytes_in.get(),
            3 => return traffic.bytes_out.get(),
            // Has everything done and told that follows from what was asked for.
            4 => return driver.drain(),
            // Tells nobody any more, until another line is attached. True if there is something to tell first,
            // after which the line is told that the state has changed.
            5 => return f64::from(!driver.release()),
            // How many milliseconds to wait before the next attempt to reconnect, given a random number from 0
            // up to 1.
            6 => return f64::from(self.backoff.borrow_mut().next(number)),
            // The delays begin anew.
            7 => self.backoff.borrow_mut().reset(),
            // Whether the messages that pass are told of.
            8 => driver.set_logging(number > 0.0),
            // Lets go of the transport, whatever state it is in; the session stays.
            9 => {
                driver.drop_outlet();
                driver.feed(|core, _| core.handle_close());
            }
            _ => return driver.feed(|core, now| ask(core, now, what, number)),
        }
        0.0
    }

    /// Sends, or keeps for the driver, what the page has in hand.
    ///
    /// Calls a method of the peer's (protocol.md 2.3), never twice (0) or until it is answered (1); emits an
    /// event (2); asks for an interface's methods (3); or pings (4). `heads.js` has written what follows the id.
    /// Tells the number of a request, or one less than minus the number that `errors.js` has for what stood in
    /// its way. So does the request for a session, by a message that `heads.js` has written, a new one (5) or the
    /// one there is (6).
    pub fn say(&self, what: u8, number: f64, value: JsValue) -> f64 {
        let driver = &self.driver;
        #[cfg(feature = "trap")]
        if what < 5 {
            crate::trap::at_head(value.unchecked_ref());
        }
        let kind = match what {
            0 => Kind::Call,
            1 => Kind::CallWithResend,
            2 => Kind::Event,
            3 => Kind::Inspect,
            4 => Kind::Ping,
            5 | 6 => {
                let text = value.unchecked_into();
                let asked = driver.feed(|core, now| core.request(now, what == 6, text));
                return asked.map_or_else(refused, |()| 0.0);
            }
            // Answers a call or an inspect of the peer's with results, or with an error.
            7 | 8 => {
                let text: JsString = value.unchecked_into();
                let answer = if what == 8 { Err(text) } else { Ok(text) };
                driver.feed(|core, _| core.answer(number as i64, answer));
                return 0.0;
            }
            // Adds a message to the session that was just adopted, in the order of ids.
            9 => {
                driver.feed(|core, _| core.put_back(number as u64, value.unchecked_into()));
                return 0.0;
            }
            // Has a line hear of all that happens from now on.
            10 => {
                driver.attach(value.unchecked_into());
                return 0.0;
            }
            // Opens the browser's WebSocket at a URL, and offers batches or does not.
            11 => {
                match Outlet::open(value.unchecked_ref(), number > 0.0) {
                    Ok(outlet) => driver.open(outlet),
                    Err(thrown) => throw_val(thrown),
                }
                return 0.0;
            }
            // Has messages leave by an outlet of the page's own.
            _ => {
                driver.open(value.unchecked_into());
                return 0.0;
            }
        };
        let body = value.unchecked_into();
        let issued = driver.feed(|core, now| core.issue(now, kind, body));
        issued.map_or_else(refused, |call| call.as_u64() as f64)
    }

    /// What happened outside: the transport is open (0), with batches or without; a message came (1), or one that
    /// is not UTF-8 (2); the transport has ended with a code (3); or a deadline has come. What follows is
    /// done and told, and this tells the next deadline, as [`Driver::drain`] does.
    pub fn hear(&self, what: u8, number: f64, text: JsString) -> f64 {
        self.driver.hear(what, number, text)
    }

    /// Goes on with a session from elsewhere, in the place of none. Its messages follow. The page knows its id.
    pub fn adopt(&self, delivered: f64, received: f64, last_id: f64) {
        let session = Session::kept(
            String::new(),
            delivered as u64,
            received as u64,
            last_id as u64,
        );
        // Whatever was in its place is gone.
        let _ = self.driver.feed(|core, _| core.adopt_session(session));
    }

    /// The outlet (0); or of the messages of the session that are not known to be delivered one after the other
    /// (2, 4, …) and the id of each (1, 3, …). Undefined where there is no such thing.
    pub fn value(&self, which: u32) -> JsValue {
        let Some(place) = which.checked_sub(1) else {
            return self
                .driver
                .outlet()
                .map_or_else(JsValue::default, Into::into);
        };
        self.driver
            .look(|core| {
                let kept = core.session()?.unacknowledged_message(place as usize / 2)?;
                Some(match place % 2 {
                    0 => (kept.0 as f64).into(),
                    _ => kept.1.clone().into(),
                })
            })
            .unwrap_or_default()
    }
}

/// What [`Link::ask`] asks the core.
fn ask(core: &mut Core, now: Instant, what: u8, number: f64) -> f64 {
    let count = |count: fn(&Session<JsString>) -> u64| {
        core.session().map_or(0.0, |session| count(session) as f64)
    };
    let span = match what {
        10 => return count(|session| session.unacknowledged() as u64),
        11 => return count(|session| session.unacknowledged_weight() as u64),
        12 => return core.pending_calls() as f64,
        13 => return count(Session::delivered),
        14 => return count(Session::received),
        15 => return count(Session::last_id),
        16 => core.rtt(),
        17 => Some(core.config().connect_timeout),
        18 => Some(core.config().handshake_timeout),
        19 => return core.config().max_message as f64,
        // The state, by its number in `border.js`, and above it a bit each for what else is the case: 8 that the
        // connection was closed by its owner, 16 that there is a session, 32 that a handshake is awaited.
        20 => {
            return f64::from(
                core.state() as u32
                    | u32::from(core.closed_intentionally()) << 3
                    | u32::from(core.session().is_some()) << 4
                    | u32::from(core.awaits_request()) << 5,
            );
        }
        // The transport is being opened.
        21 => {
            core.handle_connecting(now);
            return 0.0;
        }
        // Gives the session up: what is pending fails.
        22 => {
            core.forget_session();
            return 0.0;
        }
        // Ends the connection (protocol.md 7.6).
        23 => {
            core.close(now);
            return 0.0;
        }
        // Starts the heartbeat, or changes its interval, in milliseconds; zero stops it.
        24 => {
            core.set_heartbeat(now, (number > 0.0).then(|| duration(number)));
            return 0.0;
        }
        // Nobody waits for a request any more: one that has not left is not sent, one that has is forgotten.
        25 => {
            core.withdraw(CallId::from(number as u64));
            return 0.0;
        }
        _ => {
            settings::apply(what.wrapping_sub(CONFIGURE), number, core.config_mut());
            return 0.0;
        }
    };
    span.map_or(f64::NAN, |span| span.as_secs_f64() * 1000.0)
}

/// What stood in the way of something that was not sent, as `errors.js` has it.
fn refused(refused: Refused) -> f64 {
    match refused {
        Refused::Closed => -1.0,
        Refused::BufferFull => -2.0,
        Refused::TooLarge { .. } => -3.0,
        // Names have been checked before.
        _ => -4.0,
    }
}
