//! Calls: our requests that still wait for an answer.

use crate::operation::Operation;
use crate::ordered::Ordered;

/// Names one request of ours (call, inspect or ping) from the moment it is made, before it has a
/// message id and for as long as it may still be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(crate) u64);

impl CallId {
    /// The number behind the name: unique within the connection, rising.
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl From<u64> for CallId {
    /// The name behind [`as_u64`](CallId::as_u64). One that no request has names none.
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// Requests by the absolute id of their message.
#[derive(Debug)]
pub(crate) struct Calls<T> {
    last: u64,
    pending: Ordered<u64, Pending<T>>,
}

/// A request that has a message id.
#[derive(Debug)]
pub(crate) struct Pending<T> {
    /// Who is to be told; `None` once the request has been withdrawn.
    pub(crate) call: Option<CallId>,
    /// What to issue again should the answer be lost.
    pub(crate) again: Option<Operation<T>>,
}

impl<T> Calls<T> {
    pub(crate) fn new() -> Self {
        Self {
            last: 0,
            pending: Ordered::default(),
        }
    }

    /// Gives back the room of requests that were.
    pub(crate) fn trim(&mut self) {
        self.pending.trim();
    }

    /// A name for a new request.
    pub(crate) fn name(&mut self) -> CallId {
        self.last += 1;
        CallId(self.last)
    }

    /// The request went out, or into the buffer, under this message id.
    pub(crate) fn sent(&mut self, message: u64, call: CallId, again: Option<Operation<T>>) {
        let call = Some(call);
        self.pending.push(message, Pending { call, again });
    }

    /// The request that the message carried, which is settled with this.
    pub(crate) fn take(&mut self, message: u64) -> Option<Pending<T>> {
        self.pending.remove(message)
    }

    /// The next request whose message id is at most `message`, in order: the peer had it, so its answer is lost.
    pub(crate) fn take_next(&mut self, message: u64) -> Option<Pending<T>> {
        self.pending.pop(message)
    }

    /// How many there are, whether somebody waits for them or not.
    pub(crate) fn count(&self) -> usize {
        self.pending.len()
    }

    /// The next request, unless it is to be issued again: that is to be asked [`count`](Self::count) times.
    pub(crate) fn take_unrepeatable(&mut self) -> Option<Pending<T>> {
        self.pending.turn(|pending| pending.again.is_none())
    }

    /// The message that carries a request.
    pub(crate) fn message_of(&self, call: CallId) -> Option<u64> {
        self.pending
            .iter()
            .find(|(_, pending)| pending.call == Some(call))
            .map(|(message, _)| message)
    }

    /// The answer is still expected, but nobody waits for it.
    pub(crate) fn withdraw(&mut self, message: u64) {
        if let Some(pending) = self.pending.get_mut(message) {
            *pending = Pending {
                call: None,
                again: None,
            };
        }
    }

    /// How many somebody waits for.
    pub(crate) fn len(&self) -> usize {
        self.pending
            .iter()
            .filter(|(_, pending)| pending.call.is_some())
            .count()
    }
}
