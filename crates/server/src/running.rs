//! Running: a client's calls whose methods did not end at once, bounded in number and in what they
//! were given.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

/// Methods under way.
#[derive(Default)]
pub(crate) struct Running {
    methods: JoinSet<()>,
    /// How long the messages were that called them.
    bytes: Arc<AtomicUsize>,
}

/// How many methods may be under way, and with how many bytes of messages.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) methods: usize,
    pub(crate) bytes: usize,
}

impl Running {
    /// Goes on with a method, which a message of so many bytes called. False if that is too much.
    pub(crate) fn spawn(
        &mut self,
        limits: Limits,
        bytes: usize,
        method: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        while self.methods.try_join_next().is_some() {}
        let held = self.bytes();
        // A single one always fits: its message is within the protocol's own limit.
        let fits = self.methods.is_empty()
            || self.methods.len() < limits.methods && held.saturating_add(bytes) <= limits.bytes;
        if fits {
            let share = Share::new(&self.bytes, bytes);
            self.methods.spawn(async move {
                method.await;
                drop(share);
            });
        }
        fits
    }

    /// How long the messages were that called those under way.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn abort_all(&mut self) {
        self.methods.abort_all();
    }
}

/// What one method holds, given back when that is over, in whatever way.
struct Share {
    of: Arc<AtomicUsize>,
    bytes: usize,
}

impl Share {
    fn new(of: &Arc<AtomicUsize>, bytes: usize) -> Self {
        of.fetch_add(bytes, Ordering::Relaxed);
        let of = Arc::clone(of);
        Self { of, bytes }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
