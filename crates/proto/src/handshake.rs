//! Handshake: how a transport becomes a session's, on either side (protocol.md 2.5, 2.6, 4.4).

use crate::config::Role;
use crate::connection::{Connection, Handshaking, Phase};
use crate::elements::{Element, Elements};
use crate::error::{PeerMisbehaved, Refused, RemoteError, code};
use crate::event::{Event, HandshakeFailure, Strategy};
use crate::format::Format;
use crate::heads;
use crate::mdsf;
use crate::message::{HandshakeAnswer, HandshakeRequest, Message};
use crate::session::Session;
use crate::text::decimal;
use crate::time::{Deadline, Instant};

impl<F: Format> Connection<F> {
    /// Asks for a session by a message that the caller has written: [`handshake`](Self::handshake) does
    /// that, and checks the names in it. `resuming` is for the session this connection already has.
    ///
    /// # Errors
    /// There is no transport waiting for a handshake, no session to resume, or the message is too large;
    /// nothing is sent then.
    pub fn request(&mut self, now: Instant, resuming: bool, text: F::Text) -> Result<(), Refused> {
        if !self.awaits_request() || (resuming && self.session.is_none()) {
            return Err(Refused::HandshakeNotPossible);
        }
        if F::exceeds(&text, self.config.max_message) {
            return Err(Refused::TooLarge {
                limit: self.config.max_message,
            });
        }
        self.phase = Phase::Handshaking(if resuming {
            Handshaking::Resuming
        } else {
            Handshaking::Requested
        });
        self.phase_deadline = Some(Deadline::new(now, self.config.handshake_timeout));
        self.push_transmit(text);
        Ok(())
    }

    /// Answers a handshake request with a new session.
    ///
    /// # Errors
    /// No handshake request waits for an answer: it was answered, or the transport is gone (Q25).
    pub fn accept(&mut self, now: Instant, session_id: String) -> Result<(), Refused> {
        if self.role() != Role::Server || self.phase != Phase::Handshaking(Handshaking::Requested) {
            return Err(Refused::HandshakeNotPossible);
        }
        let mut id = String::new();
        mdsf::write_string(&session_id, &mut id);
        let answer = F::message(&heads::answer_head("handshake", 0, "ok"), &F::text(&id));
        self.drop_session();
        self.session = Some(Session::new(session_id));
        self.push_transmit(answer);
        self.ready(now, false);
        Ok(())
    }

    /// Answers a request to go on with a session, over a transport that the driver has attached
    /// to this connection in place of any older one. `received` is what the client said it has.
    ///
    /// # Errors
    /// There is no session here to go on with.
    pub fn resume(&mut self, now: Instant, received: u64) -> Result<(), Refused> {
        if self.role() != Role::Server {
            return Err(Refused::HandshakeNotPossible);
        }
        self.delivered_up_to(received);
        let Some(session) = &self.session else {
            return Err(Refused::HandshakeNotPossible);
        };
        let delivered = session.delivered();
        let count = decimal(session.received() as i64);
        let answer = F::message(&heads::answer_head("handshake", 0, "ok"), &F::text(&count));
        self.push_transmit(answer);
        while let Some(answer) = self.kept_answers.pop() {
            self.push_transmit(answer);
        }
        self.kept_answers_weight = 0;
        self.resend();
        self.ready(now, true);
        self.doubt(now, delivered);
        Ok(())
    }

    /// Answers a handshake request with an error, and closes.
    pub fn refuse(&mut self, now: Instant, error: &RemoteError) {
        if self.role() != Role::Server || self.phase != Phase::Handshaking(Handshaking::Requested) {
            return;
        }
        let mut payload = String::new();
        let options = mdsf::WriteOptions::default();
        let error = mdsf::Value::Array(error.to_wire());
        if mdsf::write(&error, &mut payload, options).is_err() {
            payload = heads::bare_error(code::AUTH_FAILED);
        }
        let answer = heads::answer_head("handshake", 0, "error");
        let answer = F::message(&answer, &F::text(&payload));
        self.push_transmit(answer);
        self.begin_close(now, 1000);
    }

    /// A message, the handshake not being done.
    ///
    /// # Errors
    /// The peer broke the protocol.
    pub(crate) fn handle_before_handshake(
        &mut self,
        now: Instant,
        handshaking: Handshaking,
        message: Message<'_, F::Payload>,
        text: &str,
    ) -> Result<(), PeerMisbehaved> {
        let is_client = self.role() == Role::Client;
        let has_asked = handshaking != Handshaking::Idle;
        match message {
            Message::HandshakeRequest(request) if !is_client => {
                if has_asked {
                    return Err(PeerMisbehaved::HandshakeRepeated);
                }
                // The request is in; authentication has a limit of its own, the driver's.
                self.phase = Phase::Handshaking(Handshaking::Requested);
                self.phase_deadline = None;
                self.requested(request);
                Ok(())
            }
            Message::HandshakeAnswer(answer) if is_client && has_asked => {
                self.answered(now, handshaking == Handshaking::Resuming, answer)
            }
            Message::HandshakeAnswer(_) => Err(PeerMisbehaved::UnexpectedAnswer),
            Message::HandshakeRequest(_) => {
                let id = i64::from(has_asked);
                let error = F::text(&heads::bare_error(code::NOT_A_SERVER));
                let head = heads::answer_head("handshake", id, "error");
                self.push_transmit(F::message(&head, &error));
                Err(PeerMisbehaved::NotAServer)
            }
            _ if is_client && has_asked => self.hold(text),
            message => Err(PeerMisbehaved::MessageBeforeHandshake {
                kind: message.kind().to_owned(),
            }),
        }
    }

    /// Keeps a message for after the handshake's answer.
    fn hold(&mut self, text: &str) -> Result<(), PeerMisbehaved> {
        let messages = self.config.held_messages;
        let bytes = self.config.held_bytes;
        if self.held.messages() >= messages {
            return Err(PeerMisbehaved::TooManyBeforeHandshake { limit: messages });
        }
        if self.held.bytes() + text.len() > bytes {
            return Err(PeerMisbehaved::TooMuchBeforeHandshake { limit: bytes });
        }
        self.held.hold(text);
        Ok(())
    }

    fn requested(&mut self, request: HandshakeRequest<'_>) {
        let HandshakeRequest {
            app,
            version,
            strategy,
        } = request;
        let strategy = match strategy {
            None => Strategy::Anonymous,
            Some((name, _)) if name == "anonymous" => Strategy::Anonymous,
            Some((name, credentials)) if name == "session" => self.session_strategy(credentials),
            Some((name, credentials)) => {
                let credentials = self.read_payload(credentials);
                Strategy::Custom { name, credentials }
            }
        };
        self.event(Event::HandshakeRequested {
            app,
            version,
            strategy,
        });
    }

    fn session_strategy(&self, credentials: &str) -> Strategy<F::Payload> {
        let elements = self.elements(credentials);
        if !elements.is_array {
            return Strategy::MalformedSession;
        }
        match elements.elements {
            [Element::Text(id), Element::Integer(received), _] => match u64::try_from(received) {
                Ok(received) => Strategy::Session { id, received },
                Err(_) => Strategy::MalformedSession,
            },
            _ => Strategy::MalformedSession,
        }
    }

    // Both were read without an error when the message was, so there is none now.

    fn read_payload(&self, text: &str) -> F::Payload {
        let mut reader = F::Reader::default();
        let _ = mdsf::read(text, self.config.limits, &mut reader);
        F::payload(reader, text)
    }

    fn elements(&self, text: &str) -> Elements {
        let mut header = F::Header::default();
        let _ = mdsf::read(text, self.config.limits, &mut header);
        header.into()
    }

    fn answered(
        &mut self,
        now: Instant,
        resuming: bool,
        answer: HandshakeAnswer<'_>,
    ) -> Result<(), PeerMisbehaved> {
        let (text, is_error) = match answer {
            HandshakeAnswer::Ok(ok) => (ok, false),
            HandshakeAnswer::Error(error) => (error, true),
            HandshakeAnswer::Neither => return Err(PeerMisbehaved::HandshakeAnswer),
        };
        let Elements {
            is_array, elements, ..
        } = self.elements(text);
        let [first, ..] = elements;
        if is_array != is_error {
            return Err(PeerMisbehaved::HandshakeAnswer);
        }
        let failure = match first {
            first if is_error => HandshakeFailure::Refused {
                code: match first {
                    Element::Integer(code) => Some(code),
                    _ => None,
                },
                error: self.read_payload(text),
            },
            Element::Text(id) if !resuming => {
                self.drop_session();
                self.session = Some(Session::new(id));
                self.messages_pass(now, false);
                return Ok(());
            }
            Element::Integer(count @ 0..) if resuming => {
                if self.session.is_some() {
                    self.delivered_up_to(count.unsigned_abs());
                    self.resend();
                    self.messages_pass(now, true);
                    return Ok(());
                }
                // Given up while the server was looking for it.
                HandshakeFailure::Cancelled
            }
            _ => return Err(PeerMisbehaved::HandshakeAnswer),
        };
        self.event(Event::HandshakeFailed(failure));
        self.begin_close(now, 1000);
        Ok(())
    }

    /// First what waited, then the good news, then what came early.
    fn messages_pass(&mut self, now: Instant, resumed: bool) {
        let delivered = self.session.as_ref().map_or(0, Session::delivered);
        let held = self.held.take();
        self.ready(now, resumed);
        if resumed {
            self.timed_ping(now);
        }
        for text in held {
            self.handle_text(now, &text);
        }
        // After them, for there may be answers among them.
        if resumed && self.phase == Phase::Ready {
            self.resume_check = Some(Deadline::new(now, self.config.resume_check));
            self.doubt(now, delivered);
        }
    }

    fn ready(&mut self, now: Instant, resumed: bool) {
        self.phase = Phase::Ready;
        self.phase_deadline = None;
        self.closed_intentionally = false;
        self.start_heartbeat(now);
        self.flush();
        self.event(Event::Connected { resumed });
        self.ask_for_acknowledgement();
    }
}
