//! Queue: operations that wait for a handshake to end (protocol.md 4.6).

use crate::calls::CallId;
use crate::operation::Operation;

/// Operations without a message id, in the order they were asked for.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: Vec<Waiting<T>>,
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
            waiting: Vec::new(),
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

    /// Empties the queue.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Operation<T>> + use<T> {
        self.weight = 0;
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().map(|one| one.operation)
    }

    /// Takes out what does not outlive a close, and returns the requests among it.
    pub(crate) fn take_mortal(&mut self) -> Vec<CallId> {
        let mut mortal = Vec::new();
        for operation in self.remove(|operation| !operation.outlives_close()) {
            mortal.extend(operation.call());
        }
        mortal
    }

    /// Takes a request out. False if it is not here.
    pub(crate) fn withdraw(&mut self, call: CallId) -> bool {
        let is_it = |one: &Waiting<T>| one.operation.call() == Some(call);
        let Some(at) = self.waiting.iter().position(is_it) else {
            return false;
        };
        self.weight -= self.waiting.remove(at).weight;
        true
    }

    fn remove(&mut self, which: impl Fn(&Operation<T>) -> bool) -> Vec<Operation<T>> {
        let mut removed = Vec::new();
        for Waiting { operation, weight } in std::mem::take(&mut self.waiting) {
            if which(&operation) {
                self.weight -= weight;
                removed.push(operation);
            } else {
                self.waiting.push(Waiting { operation, weight });
            }
        }
        removed
    }
}
