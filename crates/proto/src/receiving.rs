//! Receiving: what each kind of message does once the handshake is done (protocol.md 2.4).

use crate::calls::Pending;
use crate::config::Role;
use crate::connection::{Connection, Phase};
use crate::error::{PeerMisbehaved, code};
use crate::event::{Event, HandshakeFailure, Outcome};
use crate::format::Format;
use crate::heads;
use crate::message::Message;
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
    pub(crate) fn handle_message(
        &mut self,
        now: Instant,
        message: Message<'_, F::Payload>,
        text: &str,
    ) {
        if matches!(message, Message::Heartbeat) {
            return self.event(Event::Heartbeat);
        }
        match self.phase {
            Phase::Handshaking(handshaking) => {
                self.handle_before_handshake(now, handshaking, message, text);
            }
            Phase::Ready => self.handle_ready(now, message, text),
            Phase::Detached | Phase::Connecting | Phase::Closing => {}
        }
    }

    fn handle_ready(&mut self, now: Instant, message: Message<'_, F::Payload>, text: &str) {
        match message {
            Message::HandshakeRequest(_) | Message::HandshakeAnswer(_) => {
                self.misbehaved(now, PeerMisbehaved::HandshakeRepeated, text.to_owned());
            }
            Message::Call {
                id,
                interface,
                call,
            } => {
                self.receive(id);
                match call {
                    Some((method, args)) => {
                        self.event(Event::Called {
                            id,
                            interface,
                            method,
                            args,
                        });
                    }
                    None => {
                        let error = heads::bare_error(code::INVALID_SIGNATURE);
                        self.answer(id, Err(F::text(&error)));
                    }
                }
            }
            Message::Event {
                id,
                interface,
                event,
            } => {
                self.receive(id);
                match event {
                    Some((event, args)) => self.event(Event::Emitted {
                        interface,
                        event,
                        args,
                    }),
                    None => self.reject(text),
                }
            }
            Message::Inspect { id, interface } => {
                self.receive(id);
                self.event(Event::Inspected { id, interface });
            }
            Message::Ping { id } => {
                self.receive(id);
                self.transmit(&heads::bare("pong", id));
            }
            Message::Callback { id, outcome } => {
                self.acknowledge(id);
                let Some(pending) = self.take_call(id) else {
                    if let Some(outcome) = outcome {
                        self.event(Event::UnknownAnswer(outcome));
                    }
                    return self.reject(text);
                };
                if outcome.is_none() {
                    self.reject(text);
                }
                if let Some(call) = pending.call {
                    self.settle(
                        call,
                        match outcome {
                            Some(Ok(results)) => Outcome::Done(results),
                            Some(Err(error)) => Outcome::Error(error),
                            None => Outcome::Malformed,
                        },
                    );
                }
            }
            Message::Pong { id } => {
                if let Some((ping, sent)) = self.timed
                    && self.role().signed(ping) == id
                {
                    self.timed = None;
                    self.rtt = Some(now.since(sent));
                }
                self.acknowledge(id);
                if let Some(call) = self.take_call(id).and_then(|pending| pending.call) {
                    self.settle(call, Outcome::Pong);
                }
            }
            Message::Unusable { .. } => self.reject(text),
            Message::Heartbeat => {}
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
    pub(crate) fn misbehaved(&mut self, now: Instant, error: PeerMisbehaved, text: String) {
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
            text,
        });
        if handshaking {
            self.event(Event::HandshakeFailed(HandshakeFailure::Misbehaved(error)));
        }
        self.begin_close(now, code);
    }
}
