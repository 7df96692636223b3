//! What the core has to say, told to the page and to whoever waits for it.

use jstp_proto::{decimal, joined};
use std::rc::Rc;
use std::time::Duration;

use js_sys::Array;
use jstp_proto::error::code;
use jstp_proto::{CallId, Event, HandshakeFailure, Outcome, PeerMisbehaved, TransportEnd};
use wasm_bindgen::prelude::*;

use crate::driver::{CLOSED_BY_OWNER, Driver, SUBPROTOCOL};
use crate::error;
use crate::page_connection::PageConnection;
use crate::payload::{self, Payload};
use crate::proxy;
use crate::waiting::{Awaited, Wait};

impl Driver {
    /// Tells the page, and whoever waits, of what the core has to say.
    pub(crate) fn tell(self: &Rc<Self>, event: Event<Payload>) {
        let page = self.page();
        match event {
            Event::Connected { resumed } => self.connected(page.as_ref(), resumed),
            Event::HandshakeFailed(failure) => self.handshake_failed(failure),
            Event::Called {
                id,
                interface,
                method,
                args,
            } => {
                if let (Some(page), Ok(args)) = (page, args.into_js()) {
                    self.log("call", || {
                        [
                            interface.as_str().into(),
                            method.as_str().into(),
                            args.clone(),
                        ]
                    });
                    page.called(id as f64, &interface, &method, &args);
                }
            }
            Event::Emitted {
                interface,
                event,
                args,
            } => {
                if let (Some(page), Ok(args)) = (page, args.into_js()) {
                    self.log("event", || {
                        [
                            interface.as_str().into(),
                            event.as_str().into(),
                            args.clone(),
                        ]
                    });
                    page.remote_event(&interface, &event, &args);
                }
            }
            Event::Inspected { id, interface } => {
                self.log("inspect", || [interface.as_str().into()]);
                if let Some(page) = page {
                    page.inspected(id as f64, &interface);
                }
            }
            Event::Settled { call, outcome } => self.settled(page.as_ref(), call, outcome),
            Event::Heartbeat => self.log("heartbeat", || [js_sys::Object::new().into()]),
            Event::Rejected { text } => {
                if let Some(page) = page {
                    page.log("messageRejected", &Array::of1(&payload::parse(&text)));
                }
            }
            Event::Misbehaved { error, text } => {
                if let Some(page) = page {
                    self.misbehaved(&page, &error, &text);
                }
            }
            Event::TransportClosed { why } => self.transport_closed(page.as_ref(), why),
            Event::Undeliverable { id } => {
                if let Some(page) = page {
                    let error = error::plain(&joined(&[
                        &self.url(),
                        ": message ",
                        &decimal(id),
                        " is given up: the peer closed each time it was sent again",
                    ]));
                    page.emit("error", &Array::of2(&error, &page));
                }
            }
            Event::UnknownAnswer(Ok(results)) => self.log_answer(None, results.into_js().ok()),
            Event::UnknownAnswer(Err(error)) => self.log_answer(error.into_js().ok(), None),
            Event::HandshakeRequested { .. } => {}
        }
    }

    fn connected(&self, page: Option<&PageConnection>, resumed: bool) {
        self.reached();
        let reason = if resumed {
            "session resumed"
        } else {
            "new session"
        };
        self.status.because(reason, JsValue::UNDEFINED);
        self.log("handshake", || {
            [JsValue::UNDEFINED, self.handshake_result(resumed)]
        });
        let Some((waiter, username)) = self.take_handshake() else {
            return;
        };
        if resumed {
            if let Some(page) = page {
                page.resumed();
            }
            return waiter.done(&Array::new());
        }
        let session_id = self.look(|core| core.session().map(|session| session.id().to_owned()));
        let session = match (page, session_id) {
            (Some(page), Some(id)) => page.connected(username.as_deref(), &id),
            _ => JsValue::UNDEFINED,
        };
        waiter.done(&Array::of1(&session));
    }

    fn handshake_failed(&self, failure: HandshakeFailure<Payload>) {
        let error = match failure {
            HandshakeFailure::Refused { error: array, .. } => match array.into_js() {
                Ok(array) => {
                    self.log("handshake", || [array.clone(), JsValue::UNDEFINED]);
                    error::from_peer(&array)
                }
                Err(error) => error,
            },
            HandshakeFailure::Misbehaved(misbehaved) => {
                let error = error::plain(&joined(&[&self.url(), ": ", &*misbehaved.sentence()]));
                // A peer that does not speak the protocol is no connection to hand out.
                if let Some(attempt) = self.take_attempt() {
                    attempt.failed(&error);
                }
                error
            }
            HandshakeFailure::TransportClosed => self.no_answer(&self.close_code_text()),
            HandshakeFailure::TimedOut => {
                let timeout = millis(self.look(|core| core.config().handshake_timeout));
                self.no_answer(&joined(&[
                    "nothing came within ",
                    &decimal(timeout as i64),
                    " ms",
                ]))
            }
            HandshakeFailure::Cancelled => self.no_answer(CLOSED_BY_OWNER),
        };
        self.status.because("handshake failed", error.clone());
        match self.take_handshake() {
            Some((waiter, _)) => waiter.failed(&error),
            // The connect policy has not asked for a handshake, or has its answer.
            None => match self.take_attempt() {
                Some(attempt) => attempt.failed(&error),
                None => self.fail_early(error),
            },
        }
    }

    /// What the server answered the handshake with: a new session's id, or a count.
    fn handshake_result(&self, resumed: bool) -> JsValue {
        self.look(|core| match core.session() {
            Some(session) if resumed => (session.delivered() as f64).into(),
            Some(session) => session.id().into(),
            None => JsValue::UNDEFINED,
        })
    }

    fn log_answer(&self, error: Option<JsValue>, ok: Option<JsValue>) {
        self.log("callback", || {
            [error.unwrap_or_default(), ok.unwrap_or_default()]
        });
    }

    fn no_answer(&self, why: &str) -> JsValue {
        let message = joined(&[
            "Connection closed before receiving handshake: ",
            &self.url(),
            ", ",
            why,
        ]);
        error::remote_with(code::NO_HANDSHAKE_RESPONSE, &message)
    }

    fn settled(&self, page: Option<&PageConnection>, call: CallId, outcome: Outcome<Payload>) {
        let wait = self.take_wait(call);
        let Some(Wait {
            awaited, waiter, ..
        }) = wait
        else {
            return;
        };
        match outcome {
            Outcome::Done(results) => match results.into_js() {
                Ok(results) => {
                    self.log_answer(None, Some(results.clone()));
                    let results: Array = results.unchecked_into();
                    match (awaited, page) {
                        (Awaited::Proxy(interface), Some(page)) => {
                            match proxy::inspected(page, &interface, &results) {
                                Ok(proxy) => waiter.done(&Array::of1(&proxy)),
                                Err(error) => waiter.failed(&error),
                            }
                        }
                        _ => waiter.done(&results),
                    }
                }
                Err(error) => waiter.failed(&error),
            },
            Outcome::Pong => waiter.done(&Array::new()),
            Outcome::Error(array) => {
                let error = match array.into_js() {
                    Ok(array) => {
                        self.log_answer(Some(array.clone()), None);
                        error::from_peer(&array)
                    }
                    Err(error) => error,
                };
                waiter.failed(&error);
            }
            Outcome::Malformed => {
                let error = error::plain("the peer's answer holds neither results nor an error");
                waiter.failed(&error);
            }
            Outcome::Failed(code) => waiter.failed(&error::remote(code)),
        }
    }

    fn misbehaved(&self, page: &PageConnection, error: &PeerMisbehaved, text: &str) {
        match error {
            // While the handshake is under way, connect reports it.
            PeerMisbehaved::Unreadable(_)
            | PeerMisbehaved::TooLarge { .. }
            | PeerMisbehaved::NotUtf8 => {
                if page.has_connected() {
                    let error = error::plain(&joined(&[&self.url(), ": ", &*error.sentence()]));
                    page.emit("error", &Array::of2(&error, page));
                }
            }
            _ => page.log("messageRejected", &Array::of1(&payload::parse(text))),
        }
    }

    fn transport_closed(self: &Rc<Self>, page: Option<&PageConnection>, why: TransportEnd) {
        if let Some(attempt) = self.take_attempt() {
            attempt.failed(&self.not_opened(why));
        }
        if let Some(page) = page {
            page.emit("close", &Array::of1(page));
        }
        if self.is_waiting() {
            self.status.because(reason(why), JsValue::UNDEFINED);
            self.transport_lost();
        } else {
            self.tell_state();
            if let Some(page) = page.filter(|page| page.has_connected())
                && self.look(jstp_proto::Connection::closed_intentionally)
            {
                self.tell_reconnector(page);
            }
            self.release_page();
        }
    }

    fn not_opened(&self, why: TransportEnd) -> JsValue {
        let why = match why {
            TransportEnd::ConnectTimeout => {
                let timeout = millis(self.look(|core| core.config().connect_timeout));
                joined(&["no answer within ", &decimal(timeout as i64), " ms"])
            }
            _ => joined(&[
                "no WebSocket server accepted it (",
                &self.close_code_text(),
                "). It may be down, out of reach, refuse this origin, or not offer the subprotocol ",
                SUBPROTOCOL,
            ]),
        };
        self.cannot_connect(&why)
    }
}

/// Not as the 128 bits that a duration has: writing those takes a kilobyte of code.
fn millis(duration: Duration) -> u32 {
    duration.as_millis() as u32
}

fn reason(why: TransportEnd) -> &'static str {
    match why {
        TransportEnd::Closed => "transport closed",
        TransportEnd::ConnectTimeout => "transport did not open in time",
        TransportEnd::CloseTimeout => "transport did not close in time",
        TransportEnd::HeartbeatTimeout => "nothing came from the server",
        TransportEnd::Replaced => "another transport took over",
    }
}
