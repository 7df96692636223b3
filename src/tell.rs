//! What the core has to say, handed to the page.

use jstp_proto::{Event, HandshakeFailure, Outcome, PeerMisbehaved};
use wasm_bindgen::prelude::*;

use crate::driver::Driver;
use crate::payload::{self, Payload};

#[wasm_bindgen(module = "/src/js/line.js")]
extern "C" {
    /// Who waits for what on a connection, and hears of all that happens there.
    #[derive(Clone)]
    pub type Line;

    /// The peer calls a method (0), emits an event (1), or asks for an interface's methods (2).
    #[wasm_bindgen(method)]
    fn asked(this: &Line, what: u8, id: f64, interface: &str, verb: &str, args: &JsValue);

    /// Anything else: the number of a `What`, another number, and a value.
    #[wasm_bindgen(method)]
    fn tell(this: &Line, what: u8, number: f64, value: &JsValue);
}

/// What is told, as `line.js` numbers it.
enum What {
    Connected,
    Refused,
    HandshakeFailed,
    Done,
    Pong,
    Failed,
    Lost,
    Undeliverable,
    Unknown,
    Heartbeat,
    Rejected,
    Broken,
    Closed,
    Changed,
    Passed,
}

impl Driver {
    /// Tells of what the core has to say.
    pub(crate) fn tell(&self, event: Event<Payload>) {
        let Some(line) = self.line() else { return };
        let (what, number, value) = match event {
            Event::Called {
                id,
                interface,
                method,
                args,
            } => {
                return line.asked(0, id as f64, &interface, &method, &args.into_js());
            }
            Event::Emitted {
                interface,
                event,
                args,
            } => return line.asked(1, 0.0, &interface, &event, &args.into_js()),
            Event::Inspected { id, interface } => {
                return line.asked(2, id as f64, &interface, "", &JsValue::UNDEFINED);
            }
            Event::Connected { resumed } => {
                let id = self.look(|core| core.session().map(|session| session.id().into()));
                (What::Connected, f64::from(resumed), id)
            }
            Event::HandshakeFailed(failure) => match failure {
                HandshakeFailure::Refused { error, .. } => {
                    (What::Refused, 0.0, Some(error.into_js()))
                }
                HandshakeFailure::TransportClosed => (What::HandshakeFailed, 0.0, None),
                HandshakeFailure::TimedOut => (What::HandshakeFailed, 1.0, None),
                HandshakeFailure::Cancelled => (What::HandshakeFailed, 2.0, None),
                HandshakeFailure::Misbehaved(error) => {
                    (What::HandshakeFailed, 3.0, Some(error.sentence().into()))
                }
            },
            Event::Settled { call, outcome } => {
                let call = call.as_u64() as f64;
                match outcome {
                    Outcome::Done(results) => (What::Done, call, Some(results.into_js())),
                    Outcome::Error(error) => (What::Failed, call, Some(error.into_js())),
                    Outcome::Pong => (What::Pong, call, None),
                    Outcome::Malformed => (What::Failed, call, None),
                    Outcome::Failed(code) => (What::Lost, call, Some((code as f64).into())),
                }
            }
            Event::Undeliverable { id } => (What::Undeliverable, id as f64, None),
            Event::UnknownAnswer(Ok(results)) => (What::Unknown, 0.0, Some(results.into_js())),
            Event::UnknownAnswer(Err(error)) => (What::Unknown, 1.0, Some(error.into_js())),
            Event::Heartbeat => (What::Heartbeat, 0.0, None),
            Event::Rejected { text } => (What::Rejected, 0.0, Some(payload::parse(&text))),
            Event::Misbehaved { error, text } => match error {
                PeerMisbehaved::Unreadable(_)
                | PeerMisbehaved::TooLarge { .. }
                | PeerMisbehaved::NotUtf8 => (What::Broken, 0.0, Some(error.sentence().into())),
                _ => (What::Rejected, 0.0, Some(payload::parse(&text))),
            },
            Event::TransportClosed { why } => (What::Closed, f64::from(why as u8), None),
            Event::HandshakeRequested { .. } => return,
        };
        line.tell(what as u8, number, &value.unwrap_or_default());
    }

    /// Tells of a message that passes.
    pub(crate) fn tell_message(&self, text: &str, is_outgoing: bool) {
        if let Some(line) = self.line() {
            let number = f64::from(is_outgoing);
            line.tell(What::Passed as u8, number, &payload::parse(text));
        }
    }

    /// Tells that the state is another, or that all has been told.
    pub(crate) fn tell_change(&self) {
        if let Some(line) = self.line() {
            line.tell(What::Changed as u8, 0.0, &JsValue::UNDEFINED);
        }
    }
}
