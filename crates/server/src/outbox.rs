//! Outbox: what waits to leave over one transport, bounded because the reader may be slow.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use jstp_proto::{MAX_BATCH, take_batch};

/// Texts on their way from whoever produces them to the task that owns the socket.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    texts: VecDeque<String>,
    bytes: usize,
    limit: usize,
    /// Whether texts that wait may leave together.
    batch: bool,
    /// Whether the transport's first text, the handshake's answer, has been taken.
    greeted: bool,
    end: Option<End>,
    /// Texts that may not leave yet, if there are to be any.
    held: Option<VecDeque<String>>,
    /// How many texts have been released or given up.
    released: u64,
    /// Whether there has been a change since the task last looked.
    has_changed: bool,
    /// The task, while it waits for one. It is what makes most changes, and who wakes itself is polled in vain.
    waiting: Option<Waker>,
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
    /// A queue that refuses to hold more than `limit` bytes. With `batch` it hands out texts together.
    pub(crate) fn new(limit: usize, batch: bool) -> Self {
        let queue = Queue {
            limit,
            batch,
            ..Queue::default()
        };
        Self {
            queue: Mutex::new(queue),
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
        let is_empty = queue.texts.is_empty() && queue.held.as_ref().is_none_or(VecDeque::is_empty);
        let fits = is_empty || queue.bytes + text.len() <= queue.limit;
        if fits {
            queue.bytes += text.len();
            let Queue { held, texts, .. } = &mut *queue;
            held.as_mut().unwrap_or(texts).push_back(text);
        } else {
            queue.finish(End::Close(1013));
        }
        wake(queue);
        fits
    }

    /// Ends the transport. A later `Drop` overrules an earlier `Close`, nothing overrules `Drop`.
    pub(crate) fn end(&self, end: End) {
        let mut queue = self.lock();
        match (queue.end, end) {
            (_, End::Drop) => queue.finish(End::Drop),
            (None, End::Close(_)) => queue.end = Some(end),
            (Some(_), End::Close(_)) => {}
        }
        wake(queue);
    }

    /// Whether the transport ends, or has ended.
    pub(crate) fn is_ending(&self) -> bool {
        self.lock().end.is_some()
    }

    /// From now on texts wait until they are [`released`](Self::release).
    pub(crate) fn hold(&self) {
        self.lock().held.get_or_insert_default();
    }

    /// How many texts have been held so far.
    pub(crate) fn position(&self) -> u64 {
        let queue = self.lock();
        queue.released + queue.held.as_ref().map_or(0, VecDeque::len) as u64
    }

    /// Lets the texts up to a position leave.
    pub(crate) fn release(&self, position: u64) {
        let mut guard = self.lock();
        let queue = &mut *guard;
        let Some(held) = &mut queue.held else { return };
        while queue.released < position
            && let Some(text) = held.pop_front()
        {
            queue.released += 1;
            queue.texts.push_back(text);
        }
        wake(guard);
    }

    /// Gives up what is held, and ends the transport if that is not to be done already.
    pub(crate) fn discard_held(&self) {
        let mut queue = self.lock();
        if let Some(held) = queue.held.take() {
            queue.bytes -= held.iter().map(String::len).sum::<usize>();
            queue.end.get_or_insert(End::Close(1000));
        }
        wake(queue);
    }

    /// The task looks what there is, and need not be woken. False if the transport is to be let go of at once.
    pub(crate) fn look(&self) -> bool {
        let mut queue = self.lock();
        queue.has_changed = false;
        queue.waiting = None;
        queue.end != Some(End::Drop)
    }

    /// Arranges for the task to be woken when there is something new. False if there is since it
    /// [`look`](Self::look)ed.
    #[must_use]
    pub(crate) fn wait(&self, cx: &Context<'_>) -> bool {
        let mut queue = self.lock();
        if !queue.has_changed {
            queue.waiting = Some(cx.waker().clone());
        }
        !queue.has_changed
    }

    /// Takes what is next.
    pub(crate) fn take(&self) -> Next {
        let mut queue = self.lock();
        if queue.end == Some(End::Drop) {
            return Next::Drop;
        }
        if let Some(text) = queue.pop() {
            return Next::Text(text);
        }
        match queue.end {
            Some(End::Close(code)) if queue.held.as_ref().is_none_or(VecDeque::is_empty) => {
                Next::Close(code)
            }
            _ => Next::Nothing,
        }
    }

    /// Whether there is no use in waiting for more that could leave together with what is here.
    pub(crate) fn is_due(&self) -> bool {
        let queue = self.lock();
        !queue.batch || queue.bytes >= MAX_BATCH || queue.end.is_some()
    }

    /// Whether the transport is to be let go of at once.
    pub(crate) fn is_dropped(&self) -> bool {
        self.lock().end == Some(End::Drop)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the task of a change.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    queue.has_changed = true;
    let waiting = queue.waiting.take();
    drop(queue);
    if let Some(waker) = waiting {
        waker.wake();
    }
}

impl Queue {
    /// Gives up what is queued, and ends.
    fn finish(&mut self, end: End) {
        self.texts.clear();
        self.held = None;
        self.bytes = 0;
        self.end = Some(end);
    }

    /// Takes what leaves as the next WebSocket message. A handshake's answer travels alone.
    fn pop(&mut self) -> Option<String> {
        let before = self.texts.len();
        let (text, around) = if self.batch && self.greeted {
            let text = take_batch(&mut self.texts)?;
            match before - self.texts.len() {
                1 => (text, 0),
                // A bracket before each or a comma, and one bracket in the end.
                together => (text, together + 1),
            }
        } else {
            (self.texts.pop_front()?, 0)
        };
        self.greeted = true;
        self.bytes -= text.len() - around;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[test]
    fn texts_leave_in_order_before_the_close() {
        let outbox = Outbox::new(10, false);
        assert!(outbox.push("a".into()));
        assert!(outbox.push("b".into()));
        outbox.end(End::Close(1000));
        assert!(outbox.push("too late".into()));
        assert_eq!(outbox.take(), Next::Text("a".into()));
        assert_eq!(outbox.take(), Next::Text("b".into()));
        assert_eq!(outbox.take(), Next::Close(1000));
    }

    #[test]
    fn texts_that_wait_leave_together_after_the_first() {
        let outbox = Outbox::new(14, true);
        for text in ["{hello}", "{a}", "{b}"] {
            assert!(outbox.push(text.into()));
        }
        assert!(!outbox.is_due());
        outbox.end(End::Close(1000));
        assert!(outbox.is_due());
        assert_eq!(outbox.take(), Next::Text("{hello}".into()));
        assert_eq!(outbox.take(), Next::Text("[{a},{b}]".into()));
        assert_eq!(outbox.take(), Next::Close(1000));
    }

    #[test]
    fn what_left_together_makes_room() {
        let outbox = Outbox::new(9, true);
        for _ in 0..3 {
            for text in ["{a}", "{b}", "{c}"] {
                assert!(outbox.push(text.into()));
            }
            while outbox.take() != Next::Nothing {}
        }
    }

    #[test]
    fn a_slow_reader_is_given_up_with_1013() {
        let outbox = Outbox::new(10, false);
        assert!(outbox.push("12345678".into()));
        assert!(outbox.push("90".into()));
        assert!(!outbox.push("1".into()));
        assert_eq!(outbox.take(), Next::Close(1013));
    }

    #[test]
    fn held_texts_leave_once_released_and_the_close_after_them() {
        let outbox = Outbox::new(10, false);
        assert!(outbox.push("a".into()));
        outbox.hold();
        assert!(outbox.push("b".into()));
        let position = outbox.position();
        assert!(outbox.push("c".into()));
        outbox.end(End::Close(1000));
        assert_eq!(outbox.take(), Next::Text("a".into()));
        assert_eq!(outbox.take(), Next::Nothing);
        outbox.release(position);
        assert_eq!(outbox.take(), Next::Text("b".into()));
        assert_eq!(outbox.take(), Next::Nothing);
        outbox.release(position + 1);
        assert_eq!(outbox.take(), Next::Text("c".into()));
        assert_eq!(outbox.take(), Next::Close(1000));
    }

    #[test]
    fn what_was_not_released_can_be_given_up() {
        let outbox = Outbox::new(10, false);
        outbox.hold();
        assert!(outbox.push("a".into()));
        outbox.release(outbox.position());
        assert!(outbox.push("b".into()));
        outbox.end(End::Close(1013));
        outbox.discard_held();
        assert_eq!(outbox.take(), Next::Text("a".into()));
        assert_eq!(outbox.take(), Next::Close(1013));
    }

    #[test]
    fn the_task_is_woken_only_while_it_waits() {
        let woken = Arc::new(Woken(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        let cx = Context::from_waker(&waker);
        let wakes = || woken.0.load(Ordering::Relaxed);
        let outbox = Outbox::new(10, false);

        assert!(outbox.look());
        assert!(outbox.push("a".into()));
        assert!(!outbox.wait(&cx), "there is something");
        assert!(outbox.look());
        assert!(outbox.wait(&cx));
        assert_eq!(wakes(), 0);
        assert!(outbox.push("b".into()));
        assert_eq!(wakes(), 1);

        assert!(outbox.look());
        assert!(outbox.wait(&cx));
        assert!(outbox.look());
        outbox.end(End::Close(1000));
        assert_eq!(wakes(), 1);
    }

    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn dropping_overrules_closing_and_forgets_the_rest() {
        let outbox = Outbox::new(10, false);
        assert!(outbox.push("a".into()));
        outbox.end(End::Close(1000));
        outbox.end(End::Drop);
        outbox.end(End::Close(1001));
        assert!(outbox.is_dropped());
        assert_eq!(outbox.take(), Next::Drop);
    }
}
