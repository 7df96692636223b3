//! Operation: what the application asked to have sent, before it has a message id.

use std::borrow::Cow;

use crate::calls::CallId;
use crate::error::Refused;
use crate::format::Format;
use crate::heads;

/// A call, event, inspect or ping on its way to becoming a message.
///
/// Names are borrowed while it can be sent at once, and owned once it has to wait.
#[derive(Clone, Debug)]
pub(crate) enum Operation<'a, T> {
    Call {
        call: CallId,
        interface: Cow<'a, str>,
        method: Cow<'a, str>,
        args: T,
        /// Whether it is issued again when its answer is lost.
        resend: bool,
    },
    Event {
        interface: Cow<'a, str>,
        event: Cow<'a, str>,
        args: T,
    },
    Inspect {
        call: CallId,
        interface: Cow<'a, str>,
    },
    Ping {
        call: CallId,
    },
}

impl<T: Clone> Operation<'_, T> {
    /// The request to be settled, if an answer is expected.
    pub(crate) fn call(&self) -> Option<CallId> {
        match self {
            Operation::Call { call, .. }
            | Operation::Inspect { call, .. }
            | Operation::Ping { call } => Some(*call),
            Operation::Event { .. } => None,
        }
    }

    pub(crate) fn is_ping(&self) -> bool {
        matches!(self, Operation::Ping { .. })
    }

    /// Whether it waits for a later transport when the connection is closed by its owner.
    pub(crate) fn outlives_close(&self) -> bool {
        match self {
            Operation::Event { .. } => true,
            Operation::Call { resend, .. } => *resend,
            Operation::Inspect { .. } | Operation::Ping { .. } => false,
        }
    }

    /// What to issue again when the answer is lost.
    pub(crate) fn again(&self) -> Option<Operation<'static, T>> {
        match self {
            Operation::Call { resend: true, .. } => Some(self.clone().into_owned()),
            _ => None,
        }
    }

    /// Whether the names can stand in a message.
    ///
    /// # Errors
    /// Names that a peer in JavaScript would take for something else (Q40).
    pub(crate) fn check(&self) -> Result<(), Refused> {
        match self {
            Operation::Call {
                interface, method, ..
            } => {
                heads::check_interface(interface)?;
                heads::check_verb("call", ("method", method))
            }
            Operation::Event {
                interface, event, ..
            } => {
                heads::check_interface(interface)?;
                heads::check_verb("event", ("event", event))
            }
            Operation::Inspect { interface, .. } => heads::check_interface(interface),
            Operation::Ping { .. } => Ok(()),
        }
    }

    /// The message under the given id.
    pub(crate) fn text<F: Format<Text = T>>(&self, id: i64) -> T {
        match self {
            Operation::Call {
                interface,
                method,
                args,
                ..
            } => F::message(&heads::head("call", id, interface, method), args),
            Operation::Event {
                interface,
                event,
                args,
            } => F::message(&heads::head("event", id, interface, event), args),
            Operation::Inspect { interface, .. } => F::text(&heads::inspect(id, interface)),
            Operation::Ping { .. } => F::text(&heads::bare("ping", id)),
        }
    }

    pub(crate) fn into_owned(self) -> Operation<'static, T> {
        fn own(name: Cow<'_, str>) -> Cow<'static, str> {
            Cow::Owned(name.into_owned())
        }
        match self {
            Operation::Call {
                call,
                interface,
                method,
                args,
                resend,
            } => Operation::Call {
                call,
                interface: own(interface),
                method: own(method),
                args,
                resend,
            },
            Operation::Event {
                interface,
                event,
                args,
            } => Operation::Event {
                interface: own(interface),
                event: own(event),
                args,
            },
            Operation::Inspect { call, interface } => Operation::Inspect {
                call,
                interface: own(interface),
            },
            Operation::Ping { call } => Operation::Ping { call },
        }
    }
}
