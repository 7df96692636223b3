//! Requests of ours that page code waits for: who, and until when.

use crate::waiter::Waiter;
use jstp_proto::{CallId, Instant, Ordered};

/// What a request of ours asked for.
pub(crate) enum Awaited {
    Results,
    /// The methods of this interface.
    Proxy(String),
    Pong,
}

/// One wait.
pub(crate) struct Wait {
    pub(crate) awaited: Awaited,
    pub(crate) waiter: Waiter,
    /// When it has lasted long enough.
    pub(crate) deadline: Option<Instant>,
}

/// All waits of a connection.
#[derive(Default)]
pub(crate) struct Waiting {
    waits: Ordered<CallId, Wait>,
    deadlines: Ordered<(Instant, CallId), ()>,
}

impl Waiting {
    pub(crate) fn insert(&mut self, call: CallId, wait: Wait) {
        if let Some(deadline) = wait.deadline {
            self.deadlines.insert((deadline, call), ());
        }
        self.waits.insert(call, wait);
    }

    /// Ends a wait; whoever takes it settles it.
    pub(crate) fn take(&mut self, call: CallId) -> Option<Wait> {
        let wait = self.waits.remove(call)?;
        if let Some(deadline) = wait.deadline {
            self.deadlines.remove((deadline, call));
        }
        Some(wait)
    }

    /// Gives back the room of waits that were.
    pub(crate) fn trim(&mut self) {
        self.waits.trim();
        self.deadlines.trim();
    }

    /// When the first wait will have lasted long enough.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| deadline)
    }

    /// A request whose wait has lasted long enough.
    pub(crate) fn expired(&self, now: Instant) -> Option<CallId> {
        let (deadline, call) = self.deadlines.first()?;
        (deadline <= now).then_some(call)
    }
}
