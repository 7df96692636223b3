//! Live: what of a connection lives behind its lock, and how a turn of the core ends.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use jstp_proto::mdsf::Value;
use jstp_proto::{CallId, Event, Native, Outcome, Output, Refused};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;

use crate::application::Application;
use crate::outbox::{End, Outbox};

/// What one turn works on.
pub(crate) struct Live {
    pub(crate) core: jstp_proto::Connection<Native>,
    /// Requests of ours, until the core settles them.
    pub(crate) waiters: HashMap<CallId, oneshot::Sender<Outcome<Value>>>,
    /// What the core told the application, until the transport's task deals with it.
    pub(crate) events: VecDeque<Told>,
    pub(crate) log: Log,
    pub(crate) link: Option<Link>,
    pub(crate) profile: Profile,
    /// Methods that did not end at once.
    pub(crate) running: JoinSet<()>,
    /// Whether there is no session any more, and none to come: nothing will ever be sent again.
    pub(crate) is_over: bool,
}

/// What the transport's task tells the application.
pub(crate) enum Told {
    Event(Event<Value>),
    /// A message has been queued for the client.
    Sent(String),
    /// The client answered a request.
    Answered(Result<Value, Value>),
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
                        self.events.push_back(Told::Sent(text.clone()));
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
                        let answer = answer.cloned().map_err(Value::clone);
                        self.events.push_back(Told::Answered(answer));
                        stirred = true;
                    }
                    if let Some(waiter) = self.waiters.remove(&call) {
                        // The caller may have stopped waiting.
                        let _ = waiter.send(outcome);
                    }
                }
                (Output::Event(event), _) => {
                    self.events.push_back(Told::Event(event));
                    stirred = true;
                }
            }
        }
        stirred
    }
}
