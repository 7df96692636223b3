//! Calls: our requests that still wait for an answer.

use std::collections::BTreeMap;

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

/// Requests by the absolute id of their message.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    last: u64,
    pending: BTreeMap<u64, CallId>,
}

impl Calls {
    /// A name for a new request.
    pub(crate) fn name(&mut self) -> CallId {
        self.last += 1;
        CallId(self.last)
    }

    /// The request went out, or into the buffer, under this message id.
    pub(crate) fn sent(&mut self, message: u64, call: CallId) {
        self.pending.insert(message, call);
    }

    /// The request that the message carried, which is settled with this.
    pub(crate) fn take(&mut self, message: u64) -> Option<CallId> {
        self.pending.remove(&message)
    }

    /// All requests whose message id is at most `message`, in order: the peer had them, so their
    /// answers are lost.
    pub(crate) fn take_up_to(&mut self, message: u64) -> Vec<CallId> {
        let later = match message.checked_add(1) {
            Some(next) => self.pending.split_off(&next),
            None => BTreeMap::new(),
        };
        std::mem::replace(&mut self.pending, later)
            .into_values()
            .collect()
    }

    pub(crate) fn take_all(&mut self) -> Vec<CallId> {
        std::mem::take(&mut self.pending).into_values().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }
}
