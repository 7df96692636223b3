//! Sending: how what the application asks for becomes messages, is kept, and is sent again.

use crate::calls::CallId;
use crate::config::Role;
use crate::connection::{Connection, Phase};
use crate::error::{Refused, code};
use crate::event::{Event, Outcome, Output};
use crate::format::Format;
use crate::heads;
use crate::operation::{Kind, Operation};
use crate::time::{Deadline, Instant};

impl<F: Format> Connection<F> {
    /// Sends what an application asks for, keeps it for the resumed session, or queues it until there is one.
    /// `body` is all of the message after its id, but for the closing brace, and the names in it have been
    /// checked: [`call`](Self::call) and its like do both. An event's number means nothing.
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn issue(&mut self, now: Instant, kind: Kind, body: F::Text) -> Result<CallId, Refused> {
        let name = self.calls.name();
        self.send_or_keep(Operation { kind, name, body })?;
        if kind == Kind::Ping
            && self.phase == Phase::Ready
            && let Some(session) = &self.session
        {
            self.timed = Some((session.last_id(), now));
        }
        Ok(name)
    }

    fn send_or_keep(&mut self, operation: Operation<F::Text>) -> Result<(), Refused> {
        let closed = self.closed_intentionally
            && matches!(self.phase, Phase::Detached | Phase::Closing)
            && !(self.session.is_some() && operation.outlives_close());
        if closed || (self.phase == Phase::Ready && self.session.is_none()) {
            return Err(Refused::Closed);
        }
        // Whatever id it will get is no longer than this one.
        let id = match &self.session {
            Some(session) if !self.has_to_wait(&operation) => self.role().signed(session.next_id()),
            _ => i64::MIN,
        };
        let text = operation.text::<F>(id);
        if F::exceeds(&text, self.config.max_message) {
            return Err(Refused::TooLarge {
                limit: self.config.max_message,
            });
        }
        let limits = self.config.limits;
        if F::has_too_many_values(&text, limits) {
            return Err(Refused::TooManyValues {
                limit: limits.values as usize,
            });
        }
        let weight = F::weight(&text);
        if !self.has_room(weight) {
            // Nothing but an acknowledgement makes room.
            self.request_acknowledgement();
            return Err(Refused::BufferFull);
        }
        if self.has_to_wait(&operation) {
            self.queue.push(operation, weight);
        } else {
            self.send(&operation, text, weight);
        }
        Ok(())
    }

    /// Whether the operation gets its id only once there is a session and messages pass.
    fn has_to_wait(&self, operation: &Operation<F::Text>) -> bool {
        match self.phase {
            Phase::Handshaking(_) => true,
            Phase::Ready => false,
            Phase::Detached | Phase::Connecting | Phase::Closing => {
                self.session.is_none() || operation.is_ping()
            }
        }
    }

    fn has_room(&self, weight: usize) -> bool {
        let (messages, bytes) = self.session.as_ref().map_or((0, 0), |session| {
            (session.unacknowledged(), session.unacknowledged_weight())
        });
        messages + self.queue.len() < self.config.buffer_messages
            && bytes + self.queue.weight() + weight <= self.config.buffer_bytes
    }

    /// Gives ids to what was queued for a handshake, however that ended: what is issued from now on
    /// gets its id at once, and must not overtake it. Only pings wait for messages to pass, since
    /// they are not started while detached (Q21).
    pub(crate) fn flush(&mut self) {
        if self.session.is_none() {
            return;
        }
        for _ in 0..self.queue.len() {
            let Some(operation) = self.queue.pop() else {
                return;
            };
            if self.phase != Phase::Ready && operation.is_ping() {
                let weight = F::weight(&operation.text::<F>(i64::MIN));
                self.queue.push(operation, weight);
            } else {
                self.send_admitted(&operation);
            }
        }
    }

    /// Sends what was admitted before, and so needs no room.
    fn send_admitted(&mut self, operation: &Operation<F::Text>) {
        if let Some(session) = &self.session {
            let text = operation.text::<F>(self.role().signed(session.next_id()));
            let weight = F::weight(&text);
            self.send(operation, text, weight);
        }
    }

    /// Keeps the message that carries the session's next id, and sends it if messages pass.
    fn send(&mut self, operation: &Operation<F::Text>, text: F::Text, weight: usize) {
        let Some(session) = &mut self.session else {
            return;
        };
        session.keep(text.clone(), weight);
        if let Some(call) = operation.call() {
            self.calls.sent(session.last_id(), call, operation.again());
        }
        if self.phase == Phase::Ready {
            session.transmitted();
            self.outputs.push(Output::Transmit(text));
        }
        self.ask_for_acknowledgement();
    }

    /// Sends again, unchanged and in order, what the peer does not have.
    pub(crate) fn resend(&mut self) {
        self.drop_poison();
        if let Some(session) = &mut self.session {
            session.transmitted();
            for (_, text) in session.unacknowledged_messages() {
                self.outputs.push(Output::Transmit(text.clone()));
            }
        }
    }

    /// Gives up the first message the peer does not have, if it has closed on it often enough.
    fn drop_poison(&mut self) {
        let Some(session) = &mut self.session else {
            return;
        };
        let first = session.first_unacknowledged();
        if !self.suspect.is_poison(first) {
            return;
        }
        session.drop_first();
        let next = session.first_unacknowledged();
        self.suspect.is_poison(next);
        let Some(id) = first else { return };
        if self.acknowledging == first {
            self.acknowledging = None;
        }
        self.event(Event::Undeliverable {
            id: self.role().signed(id),
        });
        if let Some(call) = self.calls.take(id).and_then(|pending| pending.call) {
            self.settle(call, Outcome::Failed(code::CALLBACK_LOST));
        }
    }

    // Acknowledgements.

    /// The peer has everything of ours up to this id.
    pub(crate) fn delivered_up_to(&mut self, id: u64) {
        if let Some(session) = &mut self.session {
            session.deliver(id);
            let delivered = session.delivered();
            if self.acknowledging.is_some_and(|ping| ping <= delivered) {
                self.acknowledging = None;
            }
        }
    }

    /// Sends a ping of our own when too much is unacknowledged and none is under way (Q12).
    pub(crate) fn ask_for_acknowledgement(&mut self) {
        let Some(session) = &self.session else {
            return;
        };
        let config = &self.config;
        // Well before a buffer smaller than usual is full.
        let messages = config.acknowledge_messages.min(config.buffer_messages / 2);
        let bytes = config.acknowledge_bytes.min(config.buffer_bytes / 2);
        if session.unacknowledged() >= messages.max(1) || session.unacknowledged_weight() >= bytes {
            self.request_acknowledgement();
        }
    }

    /// Sends a ping of our own, unless one is under way or was just sent again.
    pub(crate) fn request_acknowledgement(&mut self) {
        if self.phase == Phase::Ready && self.acknowledging.is_none() {
            self.own_ping();
        }
    }

    /// A ping that tells how far away the peer is; one that was just sent again does as well.
    pub(crate) fn timed_ping(&mut self, now: Instant) {
        self.request_acknowledgement();
        self.timed = self.acknowledging.map(|ping| (ping, now));
    }

    /// A ping nobody waits for but the core. There is one at a time, so it needs no room.
    fn own_ping(&mut self) {
        let role = self.role();
        let Some(session) = &mut self.session else {
            return;
        };
        let id = session.next_id();
        let text = F::text(&heads::bare("ping", role.signed(id)));
        session.keep(text.clone(), F::weight(&text));
        session.transmitted();
        self.acknowledging = Some(id);
        self.outputs.push(Output::Transmit(text));
    }

    // Answers lost.

    /// Requests the peer is known to have, of before this transport: their answers may be lost.
    pub(crate) fn doubt(&mut self, now: Instant, delivered: u64) {
        if self.config.in_doubt_timeout.is_zero() {
            self.lose_up_to(delivered);
        } else {
            self.in_doubt = Some((Deadline::new(now, self.config.in_doubt_timeout), delivered));
        }
    }

    /// The answers to requests up to a message id will not come any more.
    pub(crate) fn lose_up_to(&mut self, message: u64) {
        // One that is issued again has a later id.
        while let Some(pending) = self.calls.take_next(message) {
            match (pending.call, pending.again) {
                (Some(_), Some(again)) => self.send_admitted(&again),
                (Some(call), None) => self.settle(call, Outcome::Failed(code::CALLBACK_LOST)),
                (None, _) => {}
            }
        }
    }

    // Answers of ours.

    pub(crate) fn send_answer(&mut self, text: F::Text) {
        if self.phase == Phase::Ready {
            self.outputs.push(Output::Transmit(text));
        } else if self.role() == Role::Server && self.session.is_some() {
            self.keep_answer(text);
        }
    }

    pub(crate) fn transmit(&mut self, text: &str) {
        self.outputs.push(Output::Transmit(F::text(text)));
    }

    pub(crate) fn push_transmit(&mut self, text: F::Text) {
        self.outputs.push(Output::Transmit(text));
    }

    fn keep_answer(&mut self, text: F::Text) {
        let weight = F::weight(&text);
        if weight > self.config.kept_answer_bytes {
            return;
        }
        self.kept_answers_weight += weight;
        self.kept_answers.push(text);
        while self.kept_answers.len() > self.config.kept_answers
            || self.kept_answers_weight > self.config.kept_answer_bytes
        {
            match self.kept_answers.pop() {
                Some(oldest) => self.kept_answers_weight -= F::weight(&oldest),
                None => break,
            }
        }
    }
}
