//! Operation: what the application asked to have sent, before it has a message id.

use crate::calls::CallId;
use crate::format::Format;
use crate::heads;

/// What an application may ask to have sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call that is made once at most.
    Call,
    /// A call that is made again whenever its answer is lost.
    CallWithResend,
    /// An event.
    Event,
    /// The question for an interface's methods.
    Inspect,
    /// A ping.
    Ping,
}

/// A call, event, inspect or ping on its way to becoming a message.
#[derive(Clone, Debug)]
pub(crate) struct Operation<T> {
    pub(crate) kind: Kind,
    /// The request to be settled; an event has a name and nobody who asks for it.
    pub(crate) name: CallId,
    /// All of the message after its id, but for the closing brace: `,'chat'],say:['hi']`.
    pub(crate) body: T,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Call | Kind::CallWithResend => "call",
            Kind::Event => "event",
            Kind::Inspect => "inspect",
            Kind::Ping => "ping",
        }
    }
}

impl<T: Clone> Operation<T> {
    /// The request to be settled, if an answer is expected.
    pub(crate) fn call(&self) -> Option<CallId> {
        (self.kind != Kind::Event).then_some(self.name)
    }

    pub(crate) fn is_ping(&self) -> bool {
        self.kind == Kind::Ping
    }

    /// Whether it waits for a later transport when the connection is closed by its owner.
    pub(crate) fn outlives_close(&self) -> bool {
        matches!(self.kind, Kind::Event | Kind::CallWithResend)
    }

    /// What to issue again when the answer is lost.
    pub(crate) fn again(&self) -> Option<Self> {
        (self.kind == Kind::CallWithResend).then(|| self.clone())
    }

    /// The message under the given id.
    pub(crate) fn text<F: Format<Text = T>>(&self, id: i64) -> T {
        F::message(&heads::open(self.kind.word(), id), &self.body)
    }
}
