//! Connection: the state machine both roles share.
//!
//! Three kinds of method: `handle_*` feed what happened outside, commands say what the application
//! wants, `poll_*` ask what to do next. After any call of the first two, drain
//! [`poll_output`](Connection::poll_output) to the end and ask
//! [`poll_timeout`](Connection::poll_timeout) anew.

use std::time::Duration;

use crate::batch::Part;
use crate::calls::{CallId, Calls};
use crate::config::{Config, Role};
use crate::error::{PeerMisbehaved, Refused, code};
use crate::event::{Event, HandshakeFailure, Outcome, Output, OutputOf, TransportEnd};
use crate::format::Format;
use crate::heads;
use crate::heartbeat::{Beat, Heartbeat};
use crate::operation::Kind;
use crate::poison::{self, Suspect};
use crate::queue::Queue;
use crate::receiving::Held;
use crate::row::Row;
use crate::session::Session;
use crate::time::{Deadline, Instant};

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
    pub(crate) calls: Calls<F::Text>,
    pub(crate) queue: Queue<F::Text>,
    pub(crate) held: Held,
    pub(crate) kept_answers: Row<F::Text>,
    pub(crate) kept_answers_weight: usize,
    pub(crate) outputs: Row<OutputOf<F>>,
    /// When the present phase has lasted long enough.
    pub(crate) phase_deadline: Option<Deadline>,
    /// Requests up to an id are in doubt until an instant.
    pub(crate) in_doubt: Option<(Deadline, u64)>,
    /// A resumed transport has to be heard from by then.
    pub(crate) resume_check: Option<Deadline>,
    /// While messages pass, if there is to be one.
    pub(crate) heartbeat: Option<Heartbeat>,
    /// The message id of the ping of our own that is under way.
    pub(crate) acknowledging: Option<u64>,
    /// A ping of our own and when it left, until its pong.
    pub(crate) timed: Option<(u64, Instant)>,
    pub(crate) rtt: Option<Duration>,
    pub(crate) suspect: Suspect,
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
            calls: Calls::new(),
            queue: Queue::new(),
            held: Held::default(),
            kept_answers: Row::default(),
            kept_answers_weight: 0,
            outputs: Row::default(),
            phase_deadline: None,
            in_doubt: None,
            resume_check: None,
            heartbeat: None,
            acknowledging: None,
            timed: None,
            rtt: None,
            suspect: Suspect::default(),
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

    /// The timeouts and limits, to be changed before they count.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        F::ROLE.unwrap_or(self.role)
    }

    /// The session, once there has been a handshake.
    pub fn session(&self) -> Option<&Session<F::Text>> {
        self.session.as_ref()
    }

    /// Whether a client's transport is open and nobody has asked for a session over it yet.
    pub fn awaits_request(&self) -> bool {
        self.role() == Role::Client && self.phase == Phase::Handshaking(Handshaking::Idle)
    }

    /// Whether a server's client has asked for a session and waits for the answer.
    pub fn awaits_answer(&self) -> bool {
        self.role() == Role::Server && self.phase == Phase::Handshaking(Handshaking::Requested)
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

    /// Adds a message to a session that was just adopted; see [`Session::put_back`].
    pub fn put_back(&mut self, id: u64, text: F::Text) {
        if let Some(session) = &mut self.session {
            let weight = F::weight(&text);
            session.put_back(id, text, weight);
        }
    }

    /// Whether [`close`](Self::close) was called since the last successful handshake.
    pub fn closed_intentionally(&self) -> bool {
        self.closed_intentionally
    }

    /// How many bytes the answers have that a server keeps in case the client has not got them.
    pub fn kept_answers_weight(&self) -> usize {
        self.kept_answers_weight
    }

    /// Requests that wait for an answer or for a chance to be sent.
    pub fn pending_calls(&self) -> usize {
        self.calls.len() + self.queue.calls()
    }

    /// How long the peer took to answer the last ping that went out when it was asked for, whether
    /// the application's, a heartbeat's or a resume's.
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    // What happened outside.

    /// The driver has begun to open a transport.
    pub fn handle_connecting(&mut self, now: Instant) {
        self.transport_ended(TransportEnd::Replaced);
        self.phase = Phase::Connecting;
        self.phase_deadline = Some(Deadline::new(now, self.config.connect_timeout));
    }

    /// A transport is open: opened by a client, or accepted by a server.
    pub fn handle_open(&mut self, now: Instant) {
        if self.phase != Phase::Connecting {
            self.transport_ended(TransportEnd::Replaced);
        }
        self.phase = Phase::Handshaking(Handshaking::Idle);
        self.phase_deadline = Some(Deadline::new(now, self.config.handshake_timeout));
    }

    /// A message came.
    pub fn handle_text(&mut self, now: Instant, text: &str) {
        for part in self.messages(text, false) {
            self.handle_part(now, part);
        }
    }

    /// A message of [`messages`](Self::messages) came.
    pub fn handle_part(&mut self, now: Instant, part: Part<'_, F::Payload>) {
        self.resume_check = None;
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.heard(now);
        }
        if !self.is_listening() {
            return;
        }
        let handled = part
            .message
            .and_then(|message| self.handle_message(now, message, part.text));
        if let Err(fault) = handled {
            self.misbehaved(now, fault, part.text);
        }
    }

    /// A part of a message came, at the given time: the peer is there, whatever it is about to say.
    pub fn handle_heard(&mut self, at: Instant) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.heard_at(at);
        }
    }

    /// A message came that is not UTF-8.
    pub fn handle_not_utf8(&mut self, now: Instant) {
        if self.is_listening() {
            self.misbehaved(now, PeerMisbehaved::NotUtf8, "");
        }
    }

    /// The transport is gone, or could not be opened.
    pub fn handle_close(&mut self) {
        self.transport_ended(TransportEnd::Closed);
    }

    /// The peer closed the transport, and gave this code. Like [`handle_close`](Self::handle_close),
    /// but a message that this happens to each time it is sent again is given up in the end (Q13).
    pub fn handle_peer_close(&mut self, code: u16) {
        if self.phase == Phase::Ready
            && poison::accuses(code)
            && let Some(session) = &self.session
        {
            self.suspect.closed(session.first_unacknowledged());
        }
        self.handle_close();
    }

    /// The instant of [`poll_timeout`](Self::poll_timeout) has come, or may have.
    pub fn handle_timeout(&mut self, now: Instant) {
        if has_passed(&mut self.phase_deadline, now) {
            self.phase_deadline = None;
            match self.phase {
                Phase::Connecting => {
                    self.outputs.push(Output::Drop);
                    self.transport_ended(TransportEnd::ConnectTimeout);
                }
                Phase::Handshaking(_) => {
                    self.event(Event::HandshakeFailed(HandshakeFailure::TimedOut));
                    self.begin_close(now, 1000);
                }
                Phase::Closing => {
                    self.outputs.push(Output::Drop);
                    self.transport_ended(TransportEnd::CloseTimeout);
                }
                Phase::Detached | Phase::Ready => {}
            }
        }
        if has_passed(&mut self.resume_check, now) {
            self.resume_check = None;
            self.begin_close(now, 1000);
        }
        match self.heartbeat.as_mut().map(|heartbeat| heartbeat.beat(now)) {
            // A ping that is under way already says as much.
            Some(Beat::Ping) if self.acknowledging.is_none() => self.timed_ping(now),
            Some(Beat::Dead) => {
                self.outputs.push(Output::Drop);
                self.transport_ended(TransportEnd::HeartbeatTimeout);
            }
            Some(Beat::Ping | Beat::Nothing) | None => {}
        }
        if let Some((deadline, up_to)) = &mut self.in_doubt
            && deadline.has_passed(now)
        {
            let up_to = *up_to;
            self.in_doubt = None;
            self.lose_up_to(up_to);
        }
    }

    // Commands.

    /// Gives a request up: nothing more is heard of it. One that has not left is not sent; the
    /// answer to one that has is passed over. Returns whether it had left.
    pub fn withdraw(&mut self, call: CallId) -> bool {
        if self.queue.withdraw(call) {
            return false;
        }
        let Some(message) = self.calls.message_of(call) else {
            return true;
        };
        let taken_back = self
            .session
            .as_mut()
            .is_some_and(|session| session.withdraw(message));
        if taken_back {
            self.calls.take(message);
        } else {
            self.calls.withdraw(message);
        }
        !taken_back
    }

    /// Sends a ping. While there is no transport it waits for one (Q21).
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn ping(&mut self, now: Instant) -> Result<CallId, Refused> {
        self.issue(now, Kind::Ping, F::text("]"))
    }

    /// Answers a call or an inspect. The payload is the text of an array: the results, or the
    /// error.
    ///
    /// Ids begin anew with a session, so whoever starts another lets go of what it still owes to the
    /// last. An answer too large for the peer, or of too many values, becomes error 16. Without a transport a server keeps the
    /// answer for the resumed session; a client's is lost (protocol.md 4.2).
    pub fn answer(&mut self, id: i64, answer: Result<F::Text, F::Text>) {
        let (verb, payload) = match &answer {
            Ok(payload) => ("ok", payload),
            Err(payload) => ("error", payload),
        };
        let text = F::message(&heads::answer_head("callback", id, verb), payload);
        self.answer_written(id, text);
    }

    /// Answers as [`answer`](Self::answer) does with results, which the caller has written after
    /// [`results_head`](crate::results_head), and a closing brace after them.
    // A page has no other use for it than this one.
    #[inline(always)]
    pub fn answer_written(&mut self, id: i64, mut text: F::Text) {
        let Config {
            max_message,
            limits,
            ..
        } = self.config;
        if F::exceeds(&text, max_message) || F::has_too_many_values(&text, limits) {
            let error = F::text(&heads::bare_error(code::INTERNAL_API_ERROR));
            text = F::message(&heads::answer_head("callback", id, "error"), &error);
        }
        self.send_answer(text);
    }

    /// Ends the connection: what is pending fails, the transport closes, nothing reconnects.
    ///
    /// Events that have not left and calls with resend stay with the session, for the case that
    /// the owner opens another transport later on.
    pub fn close(&mut self, now: Instant) {
        self.closed_intentionally = true;
        self.fail_mortal();
        match self.phase {
            Phase::Connecting => {
                self.outputs.push(Output::Drop);
                self.transport_ended(TransportEnd::Closed);
            }
            Phase::Handshaking(_) => {
                self.event(Event::HandshakeFailed(HandshakeFailure::Cancelled));
                self.begin_close(now, 1000);
            }
            Phase::Ready => self.begin_close(now, 1000),
            Phase::Detached | Phase::Closing => {}
        }
    }

    /// Gives the session up: what is pending fails, and a later handshake starts a new one.
    pub fn forget_session(&mut self) {
        self.drop_session();
        self.fail_everything(code::CALLBACK_LOST);
    }

    /// Starts the heartbeat, changes its interval, or stops it; it goes on over other transports.
    pub fn set_heartbeat(&mut self, now: Instant, interval: Option<Duration>) {
        self.config.heartbeat_interval = interval;
        if self.phase == Phase::Ready {
            self.start_heartbeat(now);
        }
    }

    /// Gives back the room that past traffic took: there may be none for long.
    pub fn trim(&mut self) {
        self.outputs.trim();
        self.calls.trim();
        if let Some(session) = &mut self.session {
            session.trim();
        }
    }

    // What to do next.

    /// Returns the next thing the driver must do, or `None` once the core has nothing to say.
    pub fn poll_output(&mut self) -> Option<OutputOf<F>> {
        self.outputs.pop()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) wants to be called next, if ever.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let mut next = self.heartbeat.as_ref().map(Heartbeat::next);
        let in_doubt = self.in_doubt.as_ref().map(|(deadline, _)| deadline);
        for deadline in [
            self.phase_deadline.as_ref(),
            self.resume_check.as_ref(),
            in_doubt,
        ] {
            if let Some(deadline) = deadline
                && next.is_none_or(|next| deadline.at() < next)
            {
                next = Some(deadline.at());
            }
        }
        next
    }

    // Inside.

    /// Whether what the peer says is of interest.
    fn is_listening(&self) -> bool {
        matches!(self.phase, Phase::Handshaking(_) | Phase::Ready)
    }

    pub(crate) fn event(&mut self, event: Event<F::Payload>) {
        self.outputs.push(Output::Event(event));
    }

    pub(crate) fn start_heartbeat(&mut self, now: Instant) {
        let timeout = self.config.heartbeat_timeout;
        self.heartbeat = self
            .config
            .heartbeat_interval
            .map(|interval| Heartbeat::new(now, interval, timeout));
    }

    pub(crate) fn settle(&mut self, call: CallId, outcome: Outcome<F::Payload>) {
        self.event(Event::Settled { call, outcome });
    }

    fn fail(&mut self, call: Option<CallId>, code: i64) {
        if let Some(call) = call {
            self.settle(call, Outcome::Failed(code));
        }
    }

    /// Settles every request, and lets go of what was queued.
    fn fail_everything(&mut self, code: i64) {
        self.fail_calls(code);
        while let Some(operation) = self.queue.pop() {
            self.fail(operation.call(), code);
        }
    }

    /// Settles every request that has a message id.
    fn fail_calls(&mut self, code: i64) {
        while let Some(pending) = self.calls.take_next(u64::MAX) {
            self.fail(pending.call, code);
        }
    }

    /// Settles what does not outlive a close.
    fn fail_mortal(&mut self) {
        if self.session.is_none() {
            return self.fail_everything(code::CALLBACK_LOST);
        }
        for _ in 0..self.calls.count() {
            let call = self
                .calls
                .take_unrepeatable()
                .and_then(|pending| pending.call);
            self.fail(call, code::CALLBACK_LOST);
        }
        for _ in 0..self.queue.len() {
            let call = self
                .queue
                .pop_mortal()
                .and_then(|operation| operation.call());
            self.fail(call, code::CALLBACK_LOST);
        }
    }

    /// Lets go of the session and of what was sent within it; what is queued stays.
    pub(crate) fn drop_session(&mut self) {
        self.session = None;
        self.suspect = Suspect::default();
        self.in_doubt = None;
        self.resume_check = None;
        self.acknowledging = None;
        if self.role() == Role::Server {
            self.kept_answers = Row::default();
            self.kept_answers_weight = 0;
        }
        self.fail_calls(code::CALLBACK_LOST);
    }

    pub(crate) fn begin_close(&mut self, now: Instant, code: u16) {
        self.phase = Phase::Closing;
        self.phase_deadline = Some(Deadline::new(now, self.config.close_timeout));
        self.held.clear();
        self.resume_check = None;
        self.heartbeat = None;
        self.outputs.push(Output::Close { code });
        self.flush();
    }

    fn transport_ended(&mut self, why: TransportEnd) {
        let before = std::mem::replace(&mut self.phase, Phase::Detached);
        if before == Phase::Detached {
            return;
        }
        self.phase_deadline = None;
        self.resume_check = None;
        self.heartbeat = None;
        self.timed = None;
        self.held.clear();
        // The next resume puts them in doubt again, and may bring their answers.
        self.in_doubt = None;
        if matches!(before, Phase::Handshaking(_)) {
            self.event(Event::HandshakeFailed(HandshakeFailure::TransportClosed));
        }
        self.event(Event::TransportClosed { why });
        if self.session.is_none() {
            self.fail_everything(code::CONNECTION_CLOSED);
        }
        self.flush();
    }
}

fn has_passed(deadline: &mut Option<Deadline>, now: Instant) -> bool {
    deadline
        .as_mut()
        .is_some_and(|deadline| deadline.has_passed(now))
}
