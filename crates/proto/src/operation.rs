//! Operation: what the application asked to have sent, before it has a message id.

use std::borrow::Cow;

use crate::calls::CallId;
use crate::error::Refused;
use crate::format::Format;
use crate::message;

/// A call, event, inspect or ping on its way to becoming a message.
///
/// Names are borrowed while it can be sent at once, and owned once it has to wait.
#[derive(Debug)]
pub(crate) enum Operation<'a, T> {
    Call {
        call: CallId,
        interface: Cow<'a, str>,
        method: Cow<'a, str>,
        args: T,
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

impl<T> Operation<'_, T> {
    /// The request to be settled, if an answer is expected.
    pub(crate) fn call(&self) -> Option<CallId> {
        match self {
            Operation::Call { call, .. }
            | Operation::Inspect { call, .. }
            | Operation::Ping { call } => Some(*call),
            Operation::Event { .. } => None,
        }
    }

    /// The message under the given id.
    pub(crate) fn text<F: Format<Text = T>>(&self, id: i64) -> Result<T, Refused> {
        Ok(match self {
            Operation::Call {
                interface,
                method,
                args,
                ..
            } => F::message(
                &message::head("call", id, interface, ("method", method))?,
                args,
            ),
            Operation::Event {
                interface,
                event,
                args,
            } => F::message(
                &message::head("event", id, interface, ("event", event))?,
                args,
            ),
            Operation::Inspect { interface, .. } => F::text(&message::inspect(id, interface)?),
            Operation::Ping { .. } => F::text(&message::bare("ping", id)),
        })
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
            } => Operation::Call {
                call,
                interface: own(interface),
                method: own(method),
                args,
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
