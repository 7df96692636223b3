//! Running: a client's calls whose methods did not end at once, bounded in number and in what they
//! were given.
//!
//! A method is whatever the application has made, down to what happens when it is dropped. So none is begun,
//! stopped or dropped while anything is locked.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

/// Methods under way. Dropped, it stops them.
#[derive(Default)]
pub(crate) struct Running {
    methods: Arc<Mutex<Methods>>,
}

#[derive(Default)]
struct Methods {
    /// What stops each of them, once it has begun.
    under_way: HashMap<u64, Option<AbortHandle>>,
    last: u64,
    /// How long the messages were that called them.
    bytes: usize,
    /// Whether what begins is to be stopped.
    is_over: bool,
}

/// How many methods may be under way, and with how many bytes of messages.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) methods: usize,
    pub(crate) bytes: usize,
}

impl Running {
    /// Room for a method that a message of so many bytes called, unless that is too much.
    pub(crate) fn reserve(&self, limits: Limits, bytes: usize) -> Option<Room> {
        let mut methods = lock(&self.methods);
        // A single one always fits: its message is within the protocol's own limit.
        let fits = methods.under_way.is_empty()
            || methods.under_way.len() < limits.methods
                && methods.bytes.saturating_add(bytes) <= limits.bytes;
        fits.then(|| {
            methods.last += 1;
            let number = methods.last;
            methods.under_way.insert(number, None);
            methods.bytes += bytes;
            Room {
                methods: Arc::clone(&self.methods),
                number,
                bytes,
            }
        })
    }

    /// How long the messages were that called those under way.
    pub(crate) fn bytes(&self) -> usize {
        lock(&self.methods).bytes
    }

    /// What stops all of them. None begins any more.
    pub(crate) fn end(&self) -> Vec<AbortHandle> {
        let mut methods = lock(&self.methods);
        methods.is_over = true;
        methods
            .under_way
            .values_mut()
            .filter_map(Option::take)
            .collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for method in self.end() {
            method.abort();
        }
    }
}

/// Room for one method, given back when that is over, in whatever way.
pub(crate) struct Room {
    methods: Arc<Mutex<Methods>>,
    number: u64,
    bytes: usize,
}

impl Room {
    /// Goes on with the method beside everything else.
    pub(crate) fn run(self, method: impl Future<Output = ()> + Send + 'static) {
        let (methods, number) = (Arc::clone(&self.methods), self.number);
        let task = tokio::spawn(async move {
            method.await;
            drop(self);
        });
        let handle = task.abort_handle();
        let mut methods = lock(&methods);
        let is_over = methods.is_over;
        match methods.under_way.get_mut(&number) {
            // It may have ended already.
            None => {}
            Some(_) if is_over => {
                drop(methods);
                handle.abort();
            }
            Some(entry) => *entry = Some(handle),
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut methods = lock(&self.methods);
        methods.bytes -= self.bytes;
        let handle = methods.under_way.remove(&self.number);
        drop(methods);
        drop(handle);
    }
}

fn lock(methods: &Mutex<Methods>) -> MutexGuard<'_, Methods> {
    methods.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const LIMITS: Limits = Limits {
        methods: 2,
        bytes: 100,
    };

    #[tokio::test]
    async fn methods_take_room_until_they_end_and_nothing_after() {
        let running = Running::default();
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let first = running.reserve(LIMITS, 200);
        first
            .expect("the first fits")
            .run(async { ended.await.unwrap_or_default() });
        assert!(running.reserve(LIMITS, 0).is_none());
        assert_eq!(running.bytes(), 200);
        drop(end);
        while running.bytes() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(lock(&running.methods).under_way.is_empty());
        let rooms = [60, 40].map(|bytes| running.reserve(LIMITS, bytes).expect("both fit"));
        assert!(running.reserve(LIMITS, 0).is_none());
        drop(rooms);
        assert_eq!(running.bytes(), 0);
    }

    #[tokio::test]
    async fn nothing_goes_on_after_the_end() {
        let running = Running::default();
        let (kept, dropped) = tokio::sync::oneshot::channel::<()>();
        let early = running.reserve(LIMITS, 1).expect("it fits");
        let late = running.reserve(LIMITS, 1).expect("it fits");
        early.run(async move {
            let _kept = kept;
            pending().await
        });
        for method in running.end() {
            method.abort();
        }
        assert!(dropped.await.is_err());
        late.run(pending());
        while running.bytes() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
