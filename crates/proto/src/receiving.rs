//! Receiving: what each kind of message does once the handshake is done (protocol.md 2.4).

use crate::calls::Pending;
use crate::config::Role;
use crate::connection::{Connection, Phase};
use crate::error::{PeerMisbehaved, code};
use crate::event::{Event, HandshakeFailure, Outcome};
use crate::format::Format;
use crate::heads;
use crate::message::{Kind, Message, Numbered};
use crate::time::Instant;

/// Messages that came before the handshake's answer (Q22).
#[derive(Debug, Default)]
pub(crate) struct Held {
    texts: Vec<String>,
    bytes: usize,
}

impl Held {
    pub(crate) fn hold(&mut self, text: &str) {
        self.bytes += text.len();
        self.texts.push(text.to_owned());
    }

    pub(crate) fn messages(&self) -> usize {
        self.texts.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn clear(&mut self) {
        self.take();
    }

    pub(crate) fn take(&mut self) -> Vec<String> {
        self.bytes = 0;
        std::mem::take(&mut self.texts)
    }
}

impl<F: Format> Connection<F> {
    /// # Errors
    /// The peer broke the protocol.
    pub(crate) fn handle_message(
        &mut self,
        now: Instant,
        message: Message<'_, F::Payload>,
        text: &str,
    ) -> Result<(), PeerMisbehaved> {
        match (self.phase, message) {
            (_, Message::Heartbeat) => self.event(Event::Heartbeat),
            (Phase::Handshaking(handshaking), message) => {
                return self.handle_before_handshake(now, handshaking, message, text);
            }
            (Phase::Ready, Message::Numbered(message)) => self.handle_numbered(now, message, text),
            (Phase::Ready, Message::Unusable { .. }) => self.reject(text),
            (Phase::Ready, Message::HandshakeRequest(_) | Message::HandshakeAnswer(_)) => {
                return Err(PeerMisbehaved::HandshakeRepeated);
            }
            (Phase::Detached | Phase::Connecting | Phase::Closing, _) => {}
        }
        Ok(())
    }

    fn handle_numbered(&mut self, now: Instant, message: Numbered<F::Payload>, text: &str) {
        let Numbered {
            kind,
            id,
            interface,
            verb,
            payload,
        } = message;
        match kind {
            Kind::Callback | Kind::Pong | Kind::Handshake => self.acknowledge(id),
            Kind::Call | Kind::Event | Kind::Inspect | Kind::Ping => self.receive(id),
        }
        match (kind, payload) {
            (Kind::Call, Some(args)) => self.event(Event::Called {
                id,
                interface,
                method: verb,
                args,
            }),
            (Kind::Call, None) => {
                let error = heads::bare_error(code::INVALID_SIGNATURE);
                self.answer(id, Err(F::text(&error)));
            }
            (Kind::Event, Some(args)) => self.event(Event::Emitted {
                interface,
                event: verb,
                args,
            }),
            (Kind::Event, None) => self.reject(text),
            (Kind::Inspect, _) => self.event(Event::Inspected { id, interface }),
            (Kind::Ping, _) => self.transmit(&heads::bare("pong", id)),
            (Kind::Callback, payload) => self.answered_with(id, &verb, payload, text),
            (Kind::Pong | Kind::Handshake, _) => {
                if let Some((ping, sent)) = self.timed
                    && self.role().signed(ping) == id
                {
                    self.timed = None;
                    self.rtt = Some(now.since(sent));
                }
                if let Some(call) = self.take_call(id).and_then(|pending| pending.call) {
                    self.settle(call, Outcome::Pong);
                }
            }
        }
    }

    fn answered_with(&mut self, id: i64, verb: &str, payload: Option<F::Payload>, text: &str) {
        let outcome = match (verb, payload) {
            ("ok", Some(results)) => Outcome::Done(results),
            ("error", Some(error)) => Outcome::Error(error),
            _ => Outcome::Malformed,
        };
        let Some(pending) = self.take_call(id) else {
            match outcome {
                Outcome::Done(results) => self.event(Event::UnknownAnswer(Ok(results))),
                Outcome::Error(error) => self.event(Event::UnknownAnswer(Err(error))),
                _ => {}
            }
            return self.reject(text);
        };
        if matches!(outcome, Outcome::Malformed) {
            self.reject(text);
        }
        if let Some(call) = pending.call {
            self.settle(call, outcome);
        }
    }

    pub(crate) fn reject(&mut self, text: &str) {
        self.event(Event::Rejected {
            text: text.to_owned(),
        });
    }

    fn receive(&mut self, id: i64) {
        if let Some(session) = &mut self.session {
            session.receive(id);
        }
    }

    /// An answer to our message `id` proves that the peer has everything up to it.
    fn acknowledge(&mut self, id: i64) {
        self.delivered_up_to(id.unsigned_abs());
        self.ask_for_acknowledgement();
    }

    /// An id of the wrong sign is nobody's request: ours all have our own.
    fn take_call(&mut self, id: i64) -> Option<Pending<F::Text>> {
        if self.role().signed(id.unsigned_abs()) != id {
            return None;
        }
        self.calls.take(id.unsigned_abs())
    }

    /// The peer broke the protocol: say so, and close.
    pub(crate) fn misbehaved(&mut self, now: Instant, error: PeerMisbehaved, text: &str) {
        let code = match (&error, self.role()) {
            // A page may send 1000 and 4000 to 4999 only.
            (PeerMisbehaved::TooLarge { .. }, Role::Client) => 4009,
            (PeerMisbehaved::TooLarge { .. }, Role::Server) => 1009,
            (PeerMisbehaved::NotUtf8, Role::Client) => 4007,
            (PeerMisbehaved::NotUtf8, Role::Server) => 1007,
            _ => 1000,
        };
        let handshaking = matches!(self.phase, Phase::Handshaking(_));
        self.event(Event::Misbehaved {
            error: error.clone(),
            text: text.to_owned(),
        });
        if handshaking {
            self.event(Event::HandshakeFailed(HandshakeFailure::Misbehaved(error)));
        }
        self.begin_close(now, code);
    }
}
