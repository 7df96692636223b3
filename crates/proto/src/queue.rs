//! Queue: operations that wait for a handshake to end (protocol.md 4.6).

use crate::calls::CallId;
use crate::operation::Operation;
use crate::row::Row;

/// Operations without a message id, in the order they were asked for.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: Row<Waiting<T>>,
    weight: usize,
}

#[derive(Debug)]
struct Waiting<T> {
    operation: Operation<T>,
    weight: usize,
}

impl<T: Clone> Queue<T> {
    pub(crate) fn new() -> Self {
        Self {
            waiting: Row::default(),
            weight: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// How many are requests.
    pub(crate) fn calls(&self) -> usize {
        let calls = self.waiting.iter().filter_map(|one| one.operation.call());
        calls.count()
    }

    pub(crate) fn push(&mut self, operation: Operation<T>, weight: usize) {
        self.weight += weight;
        self.waiting.push(Waiting { operation, weight });
    }

    /// Takes the first out.
    pub(crate) fn pop(&mut self) -> Option<Operation<T>> {
        let Waiting { operation, weight } = self.waiting.pop()?;
        self.weight -= weight;
        Some(operation)
    }

    /// Takes the first out if it does not outlive a close, or else makes it the last: to be done as often as there
    /// are.
    pub(crate) fn pop_mortal(&mut self) -> Option<Operation<T>> {
        let first = self.waiting.pop()?;
        if first.operation.outlives_close() {
            self.waiting.push(first);
            return None;
        }
        self.weight -= first.weight;
        Some(first.operation)
    }

    /// Takes a request out. False if it is not here.
    pub(crate) fn withdraw(&mut self, call: CallId) -> bool {
        let is_it = |one: &Waiting<T>| one.operation.call() == Some(call);
        let Some(at) = self.waiting.iter().position(is_it) else {
            return false;
        };
        if let Some(one) = self.waiting.remove(at) {
            self.weight -= one.weight;
        }
        true
    }
}
