//! Live: what of a connection lives behind its lock, and how a turn of the core ends.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use jstp_proto::error::code;
use jstp_proto::mdsf::{RawValue, Value};
use jstp_proto::{CallId, Event, Outcome, Output, Refused, Texts};
use tokio::sync::{Notify, oneshot};

use crate::application::Application;
use crate::outbox::{End, Outbox};
use crate::running::Running;

/// What one turn works on.
pub(crate) struct Live {
    pub(crate) core: jstp_proto::Connection<Texts>,
    /// Requests of ours, until the core settles them.
    pub(crate) waiters: HashMap<CallId, oneshot::Sender<Outcome<RawValue>>>,
    /// What the core told the application, until the transport's task deals with it.
    pub(crate) events: VecDeque<Happening>,
    /// The count of received messages but for those that still wait among the events.
    pub(crate) handled: u64,
    /// How long the message is that the core deals with.
    pub(crate) heard: usize,
    /// Rises with each change of the session's own storage.
    pub(crate) data_version: u64,
    /// Whether a task stores what happens without a transport.
    pub(crate) is_storing: bool,
    pub(crate) log: Log,
    pub(crate) link: Option<Link>,
    pub(crate) profile: Profile,
    /// Methods that did not end at once.
    pub(crate) running: Running,
    /// Whether there is no session any more, and none to come: nothing will ever be sent again.
    pub(crate) is_over: bool,
    /// Whether the session is another server's, or gone from the storage.
    pub(crate) is_lost: bool,
    /// Whether nothing of the session is to be stored any more.
    pub(crate) is_forgotten: bool,
}

/// Something the core told the application.
pub(crate) struct Happening {
    pub(crate) told: Told,
    /// How many messages had been received, this one included.
    pub(crate) received: u64,
    /// How long the message was that it follows from.
    pub(crate) bytes: usize,
}

impl Told {
    /// Whether it is a message the client will not send again once it is counted as received.
    pub(crate) fn is_message(&self) -> bool {
        matches!(
            self,
            Self::Event(Event::Called { .. } | Event::Emitted { .. } | Event::Inspected { .. })
        )
    }

    /// Whether it may be counted as received before it has been dealt with.
    pub(crate) fn may_be_counted(&self) -> bool {
        !matches!(self, Self::Event(Event::Emitted { .. }))
    }
}

/// What the transport's task tells the application.
pub(crate) enum Told {
    Event(Event<RawValue>),
    /// A message has been queued for the client.
    Sent(String),
    /// The client answered a request.
    Answered(Result<RawValue, RawValue>),
    /// The answer to a request is lost, as whoever waits for it learns when this is dropped.
    Lost(oneshot::Sender<Outcome<RawValue>>),
}

/// What a listener wants to hear besides.
#[derive(Clone, Copy)]
pub(crate) struct Log {
    /// All messages, as texts.
    pub(crate) messages: bool,
    /// What clients answer.
    pub(crate) answers: bool,
}

/// The transport a connection sits on.
#[derive(Clone)]
pub(crate) struct Link {
    /// Tells a transport from the one that took its place.
    pub(crate) number: u64,
    pub(crate) outbox: Arc<Outbox>,
    /// Wakes the transport's task for what did not come through the transport.
    pub(crate) stirred: Arc<Notify>,
    pub(crate) remote: SocketAddr,
    /// Whether the transport carries arrays of messages (extensions.md).
    pub(crate) batch: bool,
}

/// What is known of a client.
#[derive(Clone, Default)]
pub(crate) struct Profile {
    pub(crate) username: Option<String>,
    pub(crate) application: Option<Arc<Application>>,
    pub(crate) requested_version: Option<String>,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) storage: HashMap<String, Value>,
}

impl Live {
    pub(crate) fn check(&self) -> Result<(), Refused> {
        if self.is_over {
            return Err(Refused::Closed);
        }
        Ok(())
    }

    /// Passes on what the core has to say. True if the transport's task has something to do.
    pub(crate) fn drain(&mut self) -> bool {
        let mut stirred = false;
        while let Some(output) = self.core.poll_output() {
            let outbox = self.link.as_ref().map(|link| &link.outbox);
            match (output, outbox) {
                (Output::Transmit(text), Some(outbox)) => {
                    if self.log.messages {
                        let received = count(&self.core);
                        let told = Told::Sent(text.clone());
                        let bytes = self.heard;
                        self.events.push_back(Happening {
                            told,
                            received,
                            bytes,
                        });
                        stirred = true;
                    }
                    if !outbox.push(text) {
                        // The reader is too slow; the transport is given up, the session is not.
                        self.core.handle_close();
                        stirred = true;
                    }
                }
                (Output::Close { code }, Some(outbox)) => {
                    outbox.end(End::Close(code));
                    stirred = true;
                }
                (Output::Drop, Some(outbox)) => {
                    outbox.end(End::Drop);
                    stirred = true;
                }
                (Output::Transmit(_) | Output::Close { .. } | Output::Drop, None) => {}
                (Output::Event(Event::Settled { call, outcome }), _) => {
                    let answer = match &outcome {
                        Outcome::Done(results) => Some(Ok(results)),
                        Outcome::Error(error) => Some(Err(error)),
                        Outcome::Pong | Outcome::Malformed | Outcome::Failed(_) => None,
                    };
                    if let Some(answer) = answer.filter(|_| self.log.answers) {
                        let answer = answer.cloned().map_err(RawValue::clone);
                        self.happened(Told::Answered(answer));
                        stirred = true;
                    }
                    if let Some(waiter) = self.waiters.remove(&call) {
                        if outcome == Outcome::Failed(code::CALLBACK_LOST) && self.is_announced() {
                            self.happened(Told::Lost(waiter));
                            stirred = true;
                        } else {
                            // The caller may have stopped waiting.
                            let _ = waiter.send(outcome);
                        }
                    }
                }
                (Output::Event(event), _) => {
                    self.happened(Told::Event(event));
                    stirred = true;
                }
            }
        }
        stirred
    }

    fn happened(&mut self, told: Told) {
        let received = self.received();
        let bytes = self.heard;
        self.events.push_back(Happening {
            told,
            received,
            bytes,
        });
    }

    /// Whether listeners are still to hear that the client is there (protocol.md 4.4).
    fn is_announced(&self) -> bool {
        let mut told = self.events.iter().map(|event| &event.told);
        told.any(|told| matches!(told, Told::Event(Event::Connected { .. })))
    }

    /// How many messages of the client have been received.
    pub(crate) fn received(&self) -> u64 {
        self.core.session().map_or(0, jstp_proto::Session::received)
    }
}

fn count(core: &jstp_proto::Connection<Texts>) -> u64 {
    core.session().map_or(0, jstp_proto::Session::received)
}
