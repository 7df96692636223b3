//! Outbox: what waits to leave over one transport, bounded because the reader may be slow.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;

/// Texts on their way from whoever produces them to the task that owns the socket.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct Queue {
    texts: VecDeque<String>,
    bytes: usize,
    limit: usize,
    end: Option<End>,
}

/// How a transport is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a close frame, after everything queued before it.
    Close(u16),
    /// At once.
    Drop,
}

/// What is next to leave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Text(String),
    Close(u16),
    Drop,
    Nothing,
}

impl Outbox {
    /// A queue that refuses to hold more than `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let queue = Queue {
            limit,
            ..Queue::default()
        };
        Self {
            queue: Mutex::new(queue),
            waker: AtomicWaker::new(),
        }
    }

    /// Makes room for what a resumed session sends again, all at once and before any of it can
    /// have been read.
    pub(crate) fn make_room(&self, bytes: usize) {
        let mut queue = self.lock();
        queue.limit = queue.limit.saturating_add(bytes);
    }

    /// Queues a text, unless the transport is ending. False once the peer reads too slowly to be
    /// worth waiting for: what it has not read is then given up, and the transport ends with 1013.
    #[must_use]
    pub(crate) fn push(&self, text: String) -> bool {
        let mut queue = self.lock();
        if queue.end.is_some() {
            return true;
        }
        // A single message always fits, however large: it is within the protocol's own limit.
        let fits = queue.texts.is_empty() || queue.bytes + text.len() <= queue.limit;
        if fits {
            queue.bytes += text.len();
            queue.texts.push_back(text);
        } else {
            *queue = Queue {
                end: Some(End::Close(1013)),
                ..Queue::default()
            };
        }
        drop(queue);
        self.waker.wake();
        fits
    }

    /// Ends the transport. A later `Drop` overrules an earlier `Close`, nothing overrules `Drop`.
    pub(crate) fn end(&self, end: End) {
        let mut queue = self.lock();
        match (queue.end, end) {
            (_, End::Drop) => {
                *queue = Queue {
                    end: Some(End::Drop),
                    ..Queue::default()
                }
            }
            (None, End::Close(_)) => queue.end = Some(end),
            (Some(_), End::Close(_)) => {}
        }
        drop(queue);
        self.waker.wake();
    }

    /// Arranges for the task to be woken when there is something new.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// Takes what is next.
    pub(crate) fn take(&self) -> Next {
        let mut queue = self.lock();
        if queue.end == Some(End::Drop) {
            return Next::Drop;
        }
        if let Some(text) = queue.texts.pop_front() {
            queue.bytes -= text.len();
            return Next::Text(text);
        }
        match queue.end {
            Some(End::Close(code)) => Next::Close(code),
            _ => Next::Nothing,
        }
    }

    /// Whether the transport is to be let go of at once.
    pub(crate) fn is_dropped(&self) -> bool {
        self.lock().end == Some(End::Drop)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_leave_in_order_before_the_close() {
        let outbox = Outbox::new(10);
        assert!(outbox.push("a".into()));
        assert!(outbox.push("b".into()));
        outbox.end(End::Close(1000));
        assert!(outbox.push("too late".into()));
        assert_eq!(outbox.take(), Next::Text("a".into()));
        assert_eq!(outbox.take(), Next::Text("b".into()));
        assert_eq!(outbox.take(), Next::Close(1000));
    }

    #[test]
    fn a_slow_reader_is_given_up_with_1013() {
        let outbox = Outbox::new(10);
        assert!(outbox.push("12345678".into()));
        assert!(outbox.push("90".into()));
        assert!(!outbox.push("1".into()));
        assert_eq!(outbox.take(), Next::Close(1013));
    }

    #[test]
    fn dropping_overrules_closing_and_forgets_the_rest() {
        let outbox = Outbox::new(10);
        assert!(outbox.push("a".into()));
        outbox.end(End::Close(1000));
        outbox.end(End::Drop);
        outbox.end(End::Close(1001));
        assert!(outbox.is_dropped());
        assert_eq!(outbox.take(), Next::Drop);
    }
}
