//! Connection: the state machine both roles share.
//!
//! Three kinds of method: `handle_*` feed what happened outside, commands say what the application
//! wants, `poll_*` ask what to do next. After any call of the first two, drain
//! [`poll_output`](Connection::poll_output) to the end and ask
//! [`poll_timeout`](Connection::poll_timeout) anew.

use std::collections::VecDeque;
use std::time::Duration;

use crate::calls::{CallId, Calls};
use crate::config::{Config, Role};
use crate::error::{PeerMisbehaved, Refused, code};
use crate::event::{Event, HandshakeFailure, Outcome, Output, OutputOf, TransportEnd};
use crate::format::Format;
use crate::heartbeat::{Beat, Heartbeat};
use crate::message::{self, Message};
use crate::operation::Operation;
use crate::session::Session;
use crate::time::Instant;

/// What a connection is doing, as its user sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A transport is being opened.
    Connecting,
    /// The transport is open, the handshake is not done.
    Handshaking,
    /// Messages pass.
    Ready,
    /// The transport is lost, the session waits for another.
    Waiting,
    /// Nothing goes on.
    Closed,
}

/// One end of a JSTP connection: everything but the socket, the clock and the application.
pub struct Connection<F: Format> {
    pub(crate) role: Role,
    pub(crate) config: Config,
    pub(crate) phase: Phase,
    pub(crate) session: Option<Session<F::Text>>,
    pub(crate) calls: Calls,
    pub(crate) queue: VecDeque<Operation<'static, F::Text>>,
    pub(crate) held: VecDeque<String>,
    pub(crate) kept_answers: VecDeque<F::Text>,
    pub(crate) kept_answers_weight: usize,
    pub(crate) outputs: VecDeque<OutputOf<F>>,
    /// When the present phase has lasted long enough.
    pub(crate) phase_deadline: Option<Instant>,
    /// Requests up to an id are in doubt until an instant.
    pub(crate) in_doubt: VecDeque<(Instant, u64)>,
    /// A resumed transport has to be heard from by then.
    pub(crate) resume_check: Option<Instant>,
    /// While messages pass, if there is to be one.
    pub(crate) heartbeat: Option<Heartbeat>,
    /// The message id of the ping that asks for an acknowledgement, and whether one is under way.
    pub(crate) acknowledging: Option<u64>,
    pub(crate) closed_intentionally: bool,
}

/// Where the connection stands with its transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No transport, and none on its way.
    Detached,
    /// A transport is being opened.
    Connecting,
    /// The transport is open; on a client, `requested` says what for.
    Handshaking(Handshaking),
    Ready,
    /// Close was sent; nothing is sent or read any more.
    Closing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshaking {
    /// Nobody has asked for anything yet.
    Idle,
    /// A client asked for a new session, or a server was asked and has not answered.
    Requested,
    /// A client asked to go on with its session.
    Resuming,
}

impl<F: Format> Connection<F> {
    /// A connection without a transport.
    pub fn new(role: Role, config: Config) -> Self {
        Self {
            role,
            config,
            phase: Phase::Detached,
            session: None,
            calls: Calls::default(),
            queue: VecDeque::new(),
            held: VecDeque::new(),
            kept_answers: VecDeque::new(),
            kept_answers_weight: 0,
            outputs: VecDeque::new(),
            phase_deadline: None,
            in_doubt: VecDeque::new(),
            resume_check: None,
            heartbeat: None,
            acknowledging: None,
            closed_intentionally: false,
        }
    }

    /// What the connection is doing.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Connecting => State::Connecting,
            Phase::Handshaking(_) => State::Handshaking,
            Phase::Ready => State::Ready,
            Phase::Detached if self.session.is_some() && !self.closed_intentionally => {
                State::Waiting
            }
            Phase::Detached | Phase::Closing => State::Closed,
        }
    }

    /// The timeouts and limits in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The session, once there has been a handshake.
    pub fn session(&self) -> Option<&Session<F::Text>> {
        self.session.as_ref()
    }

    /// Goes on with a session kept from elsewhere.
    ///
    /// # Errors
    /// There already is one.
    pub fn adopt_session(&mut self, session: Session<F::Text>) -> Result<(), Refused> {
        if self.session.is_some() {
            return Err(Refused::HandshakeNotPossible);
        }
        self.session = Some(session);
        Ok(())
    }

    /// Whether [`close`](Self::close) was called since the last successful handshake.
    pub fn closed_intentionally(&self) -> bool {
        self.closed_intentionally
    }

    /// Requests that wait for an answer or for a chance to be sent.
    pub fn pending_calls(&self) -> usize {
        self.calls.len()
            + self
                .queue
                .iter()
                .filter(|operation| operation.call().is_some())
                .count()
    }

    // What happened outside.

    /// The driver has begun to open a transport.
    pub fn handle_connecting(&mut self, now: Instant) {
        self.phase = Phase::Connecting;
        self.phase_deadline = Some(now + self.config.connect_timeout);
    }

    /// A transport is open: opened by a client, or accepted by a server.
    pub fn handle_open(&mut self, now: Instant) {
        self.phase = Phase::Handshaking(Handshaking::Idle);
        self.phase_deadline = Some(now + self.config.handshake_timeout);
    }

    /// A message came.
    pub fn handle_text(&mut self, now: Instant, text: &str) {
        self.resume_check = None;
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.heard(now);
        }
        match self.phase {
            Phase::Detached | Phase::Connecting | Phase::Closing => return,
            Phase::Handshaking(_) | Phase::Ready => {}
        }
        if text.len() > self.config.max_received {
            let limit = self.config.max_received;
            return self.misbehaved(now, PeerMisbehaved::TooLarge { limit }, String::new());
        }
        match message::read::<F>(text, self.config.limits) {
            Ok(message) => self.handle_message(now, message, text),
            Err(error) => self.misbehaved(now, error, text.to_owned()),
        }
    }

    /// A message came that is not UTF-8.
    pub fn handle_not_utf8(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Handshaking(_) | Phase::Ready) {
            self.misbehaved(now, PeerMisbehaved::NotUtf8, String::new());
        }
    }

    /// The transport is gone, or could not be opened.
    pub fn handle_close(&mut self) {
        self.transport_ended(TransportEnd::Closed);
    }

    /// The instant of [`poll_timeout`](Self::poll_timeout) has come, or may have.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.phase_deadline.is_some_and(|deadline| deadline <= now) {
            self.phase_deadline = None;
            match self.phase {
                Phase::Connecting => {
                    self.outputs.push_back(Output::Drop);
                    self.transport_ended(TransportEnd::ConnectTimeout);
                }
                Phase::Handshaking(_) => {
                    self.event(Event::HandshakeFailed(HandshakeFailure::TimedOut));
                    self.begin_close(now, 1000);
                }
                Phase::Closing => {
                    self.outputs.push_back(Output::Drop);
                    self.transport_ended(TransportEnd::CloseTimeout);
                }
                Phase::Detached | Phase::Ready => {}
            }
        }
        if self.resume_check.is_some_and(|deadline| deadline <= now) {
            self.resume_check = None;
            self.begin_close(now, 1000);
        }
        match self.heartbeat.as_mut().map(|heartbeat| heartbeat.beat(now)) {
            // A ping that is under way already says as much.
            Some(Beat::Ping) if self.acknowledging.is_none() => self.own_ping(),
            Some(Beat::Dead) => {
                self.outputs.push_back(Output::Drop);
                self.transport_ended(TransportEnd::HeartbeatTimeout);
            }
            Some(Beat::Ping | Beat::Nothing) | None => {}
        }
        while let Some(&(deadline, up_to)) = self.in_doubt.front() {
            if deadline > now {
                break;
            }
            self.in_doubt.pop_front();
            self.fail_up_to(up_to);
        }
    }

    // Commands.

    /// Calls a method of the peer's application. `args` is the text of an array.
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn call(
        &mut self,
        interface: &str,
        method: &str,
        args: F::Text,
    ) -> Result<CallId, Refused> {
        let call = self.calls.name();
        let (interface, method) = (interface.into(), method.into());
        self.issue(Operation::Call {
            call,
            interface,
            method,
            args,
        })?;
        Ok(call)
    }

    /// Emits an event on an interface. `args` is the text of an array.
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn emit(&mut self, interface: &str, event: &str, args: F::Text) -> Result<(), Refused> {
        self.issue(Operation::Event {
            interface: interface.into(),
            event: event.into(),
            args,
        })
    }

    /// Asks for the names of an interface's methods.
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn inspect(&mut self, interface: &str) -> Result<CallId, Refused> {
        let call = self.calls.name();
        self.issue(Operation::Inspect {
            call,
            interface: interface.into(),
        })?;
        Ok(call)
    }

    /// Sends a ping. While there is no transport it waits for one (Q21).
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn ping(&mut self) -> Result<CallId, Refused> {
        let call = self.calls.name();
        self.issue(Operation::Ping { call })?;
        Ok(call)
    }

    /// Answers a call or an inspect. The payload is the text of an array: the results, or the
    /// error.
    ///
    /// An answer too large for the peer becomes error 16. Without a transport a server keeps the
    /// answer for the resumed session; a client's is lost (protocol.md 4.2).
    pub fn answer(&mut self, id: i64, answer: Result<F::Text, F::Text>) {
        let (verb, payload) = match &answer {
            Ok(payload) => ("ok", payload),
            Err(payload) => ("error", payload),
        };
        let mut text = F::message(&message::answer_head("callback", id, verb), payload);
        if F::exceeds(&text, self.config.max_message) {
            let error = F::text(&format!("[{}]", code::INTERNAL_API_ERROR));
            text = F::message(&message::answer_head("callback", id, "error"), &error);
        }
        if self.phase == Phase::Ready {
            self.outputs.push_back(Output::Transmit(text));
        } else if self.role == Role::Server && self.session.is_some() {
            self.keep_answer(text);
        }
    }

    /// Ends the connection: what is pending fails, the transport closes, nothing reconnects.
    pub fn close(&mut self, now: Instant) {
        self.closed_intentionally = true;
        match self.phase {
            Phase::Connecting => {
                self.outputs.push_back(Output::Drop);
                self.transport_ended(TransportEnd::Closed);
            }
            Phase::Handshaking(_) => {
                self.event(Event::HandshakeFailed(HandshakeFailure::Cancelled));
                self.begin_close(now, 1000);
            }
            Phase::Ready => self.begin_close(now, 1000),
            Phase::Detached | Phase::Closing => {}
        }
        self.fail_everything(code::CALLBACK_LOST);
    }

    /// Gives the session up: what is pending fails, and a later handshake starts a new one.
    pub fn forget_session(&mut self) {
        self.session = None;
        self.in_doubt.clear();
        self.resume_check = None;
        self.acknowledging = None;
        self.kept_answers.clear();
        self.kept_answers_weight = 0;
        self.fail_everything(code::CALLBACK_LOST);
    }

    /// Starts the heartbeat, changes its interval, or stops it; it goes on over other transports.
    pub fn set_heartbeat(&mut self, now: Instant, interval: Option<Duration>) {
        self.config.heartbeat_interval = interval;
        if self.phase == Phase::Ready {
            self.start_heartbeat(now);
        }
    }

    // What to do next.

    /// Returns the next thing the driver must do, or `None` once the core has nothing to say.
    pub fn poll_output(&mut self) -> Option<OutputOf<F>> {
        self.outputs.pop_front()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) wants to be called next, if ever.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let in_doubt = self.in_doubt.front().map(|&(deadline, _)| deadline);
        let heartbeat = self.heartbeat.as_ref().map(Heartbeat::next);
        [self.phase_deadline, self.resume_check, heartbeat, in_doubt]
            .into_iter()
            .flatten()
            .min()
    }

    // Inside.

    pub(crate) fn event(&mut self, event: Event<F::Payload>) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(crate) fn start_heartbeat(&mut self, now: Instant) {
        let timeout = self.config.heartbeat_timeout;
        self.heartbeat = self
            .config
            .heartbeat_interval
            .map(|interval| Heartbeat::new(now, interval, timeout));
    }

    fn handle_message(&mut self, now: Instant, message: Message<'_, F::Payload>, text: &str) {
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
                        let error = format!("[{}]", code::INVALID_SIGNATURE);
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
                self.transmit(&message::bare("pong", id));
            }
            Message::Callback { id, outcome } => {
                self.acknowledge(id);
                match (self.take_call(id), outcome) {
                    (Some(call), Some(Ok(results))) => {
                        self.settle(call, Outcome::Done(results));
                    }
                    (Some(call), Some(Err(error))) => self.settle(call, Outcome::Error(error)),
                    (Some(call), None) => {
                        self.reject(text);
                        self.settle(call, Outcome::Malformed);
                    }
                    (None, outcome) => {
                        if let Some(outcome) = outcome {
                            self.event(Event::UnknownAnswer(outcome));
                        }
                        self.reject(text);
                    }
                }
            }
            Message::Pong { id } => {
                self.acknowledge(id);
                if let Some(call) = self.take_call(id) {
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
        let id = id.unsigned_abs();
        if let Some(session) = &mut self.session {
            session.deliver(id);
        }
        if self.acknowledging.is_some_and(|ping| ping <= id) {
            self.acknowledging = None;
            self.ask_for_acknowledgement();
        }
    }

    /// An id of the wrong sign is nobody's request: ours all have our own.
    fn take_call(&mut self, id: i64) -> Option<CallId> {
        if self.role.signed(id.unsigned_abs()) != id {
            return None;
        }
        self.calls.take(id.unsigned_abs())
    }

    pub(crate) fn settle(&mut self, call: CallId, outcome: Outcome<F::Payload>) {
        self.event(Event::Settled { call, outcome });
    }

    pub(crate) fn fail_up_to(&mut self, message: u64) {
        for call in self.calls.take_up_to(message) {
            self.settle(call, Outcome::Failed(code::CALLBACK_LOST));
        }
    }

    /// Settles every request; those that never had an id were not sent, so they fail as closed.
    fn fail_everything(&mut self, sent: i64) {
        for call in self.calls.take_all() {
            self.settle(call, Outcome::Failed(sent));
        }
        for operation in std::mem::take(&mut self.queue) {
            if let Some(call) = operation.call() {
                self.settle(call, Outcome::Failed(code::CONNECTION_CLOSED));
            }
        }
    }

    /// Sends an operation, keeps it for the resumed session, or queues it until there is one.
    fn issue(&mut self, operation: Operation<'_, F::Text>) -> Result<(), Refused> {
        let is_ping = matches!(operation, Operation::Ping { .. });
        let queue = match self.phase {
            Phase::Detached | Phase::Closing if self.closed_intentionally => {
                return Err(Refused::Closed);
            }
            Phase::Detached | Phase::Connecting | Phase::Closing => {
                self.session.is_none() || is_ping
            }
            Phase::Handshaking(_) => true,
            Phase::Ready => false,
        };
        if queue {
            if self.queue.len() >= self.config.queued_operations {
                return Err(Refused::BufferFull);
            }
            // Whatever id it will get is no longer than this one.
            let text = operation.text::<F>(i64::MIN)?;
            if F::exceeds(&text, self.config.max_message) {
                return Err(Refused::TooLarge {
                    limit: self.config.max_message,
                });
            }
            self.queue.push_back(operation.into_owned());
            return Ok(());
        }
        self.send(operation)
    }

    /// Gives the operation an id, keeps it, and sends it if messages pass.
    pub(crate) fn send(&mut self, operation: Operation<'_, F::Text>) -> Result<(), Refused> {
        let Some(session) = &mut self.session else {
            return Err(Refused::Closed);
        };
        let id = session.next_id();
        let text = operation.text::<F>(self.role.signed(id))?;
        if F::exceeds(&text, self.config.max_message) {
            return Err(Refused::TooLarge {
                limit: self.config.max_message,
            });
        }
        let weight = F::weight(&text);
        let full = session.unacknowledged() >= self.config.buffer_messages
            || session.unacknowledged_weight() + weight > self.config.buffer_bytes;
        if full && !matches!(operation, Operation::Ping { .. }) {
            return Err(Refused::BufferFull);
        }
        session.keep(text.clone(), weight);
        if let Some(call) = operation.call() {
            self.calls.sent(id, call);
        }
        if self.phase == Phase::Ready {
            self.outputs.push_back(Output::Transmit(text));
        }
        self.ask_for_acknowledgement();
        Ok(())
    }

    /// Sends a ping of our own when too much is unacknowledged and none is under way (Q12).
    pub(crate) fn ask_for_acknowledgement(&mut self) {
        if self.phase != Phase::Ready || self.acknowledging.is_some() {
            return;
        }
        let Some(session) = &mut self.session else {
            return;
        };
        if session.unacknowledged() >= self.config.acknowledge_messages
            || session.unacknowledged_weight() >= self.config.acknowledge_bytes
        {
            self.own_ping();
        }
    }

    /// A ping nobody waits for but the core.
    pub(crate) fn own_ping(&mut self) {
        let Some(session) = &mut self.session else {
            return;
        };
        let id = session.next_id();
        let text = F::text(&message::bare("ping", self.role.signed(id)));
        session.keep(text.clone(), F::weight(&text));
        self.acknowledging = Some(id);
        self.outputs.push_back(Output::Transmit(text));
    }

    pub(crate) fn transmit(&mut self, text: &str) {
        self.outputs.push_back(Output::Transmit(F::text(text)));
    }

    pub(crate) fn push_transmit(&mut self, text: F::Text) {
        self.outputs.push_back(Output::Transmit(text));
    }

    fn keep_answer(&mut self, text: F::Text) {
        let weight = F::weight(&text);
        if weight > self.config.kept_answer_bytes {
            return;
        }
        self.kept_answers_weight += weight;
        self.kept_answers.push_back(text);
        while self.kept_answers.len() > self.config.kept_answers
            || self.kept_answers_weight > self.config.kept_answer_bytes
        {
            match self.kept_answers.pop_front() {
                Some(oldest) => self.kept_answers_weight -= F::weight(&oldest),
                None => break,
            }
        }
    }

    /// The peer broke the protocol: say so, and close.
    pub(crate) fn misbehaved(&mut self, now: Instant, error: PeerMisbehaved, text: String) {
        let code = match (&error, self.role) {
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

    pub(crate) fn begin_close(&mut self, now: Instant, code: u16) {
        self.phase = Phase::Closing;
        self.phase_deadline = Some(now + self.config.close_timeout);
        self.held.clear();
        self.resume_check = None;
        self.heartbeat = None;
        self.outputs.push_back(Output::Close { code });
    }

    fn transport_ended(&mut self, why: TransportEnd) {
        let before = std::mem::replace(&mut self.phase, Phase::Detached);
        self.phase_deadline = None;
        self.resume_check = None;
        self.heartbeat = None;
        self.held.clear();
        // A ping that was under way is sent again with the rest of the buffer; its pong counts.
        if before == Phase::Detached {
            return;
        }
        if matches!(before, Phase::Handshaking(_)) {
            self.event(Event::HandshakeFailed(HandshakeFailure::TransportClosed));
        }
        self.event(Event::TransportClosed { why });
        if self.session.is_none() {
            self.fail_everything(code::CONNECTION_CLOSED);
        }
    }
}
