//! SimpleSessionStorageProvider: sessions in the process's own memory (protocol.md 5.5).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{SessionStorageProvider, StorageError, StorageFuture};
use crate::stored::StoredSession;

/// Keeps sessions in memory, which is what a server does when it is given no other provider. Clones are one
/// provider: kept outside the server, it outlives it, and the next server goes on with its
/// sessions. It does not outlive the process.
///
/// Only a session whose client is gone expires: once that is so for the lifetime, it goes at the
/// next purge.
#[derive(Clone)]
pub struct SimpleSessionStorageProvider {
    inner: Arc<Inner>,
}

struct Inner {
    kept: Mutex<Kept>,
    lifetime: Duration,
    purge_interval: Duration,
    max_sessions: usize,
    max_bytes: usize,
}

/// How many bytes of messages sessions hold that a provider keeps.
const MAX_BYTES: usize = 1024 * 1024 * 1024;

#[derive(Default)]
struct Kept {
    sessions: HashMap<String, Entry>,
    /// Those whose clients are gone, in the order of that.
    inactive: BTreeMap<u64, (Instant, String)>,
    last_number: u64,
    /// How many bytes of messages all of them hold.
    bytes: usize,
    /// Whether the timer runs.
    is_purging: bool,
}

struct Entry {
    session: StoredSession,
    bytes: usize,
    /// Its place among the inactive ones.
    inactive: Option<u64>,
}

impl SimpleSessionStorageProvider {
    /// A provider that keeps a session for `lifetime` after its client has gone, and looks every
    /// `purge_interval` for those to let go. The default is 24 h and 1 h, as upstream.
    pub fn new(lifetime: Duration, purge_interval: Duration) -> Self {
        Self::with_max_sessions(lifetime, purge_interval, 100_000)
    }

    /// As [`new`](Self::new), with the number of sessions it keeps at most, 100 000 by default: beyond
    /// that, or with more than 1 GiB of messages to clients in them, those go first whose clients have been
    /// gone longest. With 0 it keeps none, so that sessions end when they leave the server's memory.
    pub fn with_max_sessions(
        lifetime: Duration,
        purge_interval: Duration,
        max_sessions: usize,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                kept: Mutex::default(),
                lifetime,
                // A timer needs some interval.
                purge_interval: purge_interval.max(Duration::from_millis(1)),
                max_sessions,
                max_bytes: MAX_BYTES,
            }),
        }
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.inner.lock().sessions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets all sessions go.
    pub fn clear(&self) {
        let mut kept = self.inner.lock();
        kept.sessions.clear();
        kept.inactive.clear();
        kept.bytes = 0;
    }

    /// Starts the timer, which runs while there is something to wait for.
    fn purge(&self, kept: &mut Kept) {
        if std::mem::replace(&mut kept.is_purging, true) {
            return;
        }
        let inner = Arc::downgrade(&self.inner);
        let period = self.inner.purge_interval;
        tokio::spawn(async move {
            let mut ticks = interval_at(Instant::now() + period, period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let Some(inner) = inner.upgrade() else { return };
                let mut kept = inner.lock();
                let now = Instant::now();
                while let Some(first) = kept.inactive.first_entry()
                    && now.duration_since(first.get().0) >= inner.lifetime
                {
                    let (_, id) = first.remove();
                    kept.remove(&id);
                }
                if kept.inactive.is_empty() {
                    kept.is_purging = false;
                    return;
                }
            }
        });
    }
}

impl Default for SimpleSessionStorageProvider {
    fn default() -> Self {
        Self::new(
            Duration::from_secs(24 * 60 * 60),
            Duration::from_secs(60 * 60),
        )
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Its client is there.
    fn activate(&mut self, id: &str) -> Option<&StoredSession> {
        let entry = self.sessions.get_mut(id)?;
        if let Some(number) = entry.inactive.take() {
            self.inactive.remove(&number);
        }
        Some(&entry.session)
    }

    fn insert(&mut self, session: StoredSession) {
        let bytes = session.messages.iter().map(|(_, text)| text.len()).sum();
        let id = session.id.clone();
        let entry = Entry {
            session,
            bytes,
            inactive: None,
        };
        self.remove(&id);
        self.bytes += bytes;
        self.sessions.insert(id, entry);
    }

    fn remove(&mut self, id: &str) {
        if let Some(entry) = self.sessions.remove(id) {
            self.bytes -= entry.bytes;
        }
    }

    /// Lets those go that have been inactive longest, as far as there is too much.
    fn make_room(&mut self, inner: &Inner) {
        while (self.sessions.len() > inner.max_sessions || self.bytes > inner.max_bytes)
            && let Some((_, (_, oldest))) = self.inactive.pop_first()
        {
            self.remove(&oldest);
        }
    }
}

impl SessionStorageProvider for SimpleSessionStorageProvider {
    fn get(&self, id: &str) -> StorageFuture<Option<StoredSession>> {
        let session = self.inner.lock().activate(id).cloned();
        ready(Ok(session))
    }

    fn set(&self, session: StoredSession) -> StorageFuture<()> {
        let mut kept = self.inner.lock();
        kept.activate(&session.id);
        kept.insert(session);
        // Those whose clients are there, or about to be marked as gone, stay.
        kept.make_room(&self.inner);
        ready(Ok(()))
    }

    fn set_inactive(&self, id: &str) -> StorageFuture<()> {
        let mut kept = self.inner.lock();
        let kept = &mut *kept;
        if kept.activate(id).is_some() {
            kept.last_number += 1;
            let number = kept.last_number;
            kept.inactive
                .insert(number, (Instant::now(), id.to_owned()));
            if let Some(entry) = kept.sessions.get_mut(id) {
                entry.inactive = Some(number);
            }
            kept.make_room(&self.inner);
            self.purge(kept);
        }
        ready(Ok(()))
    }

    fn remove(&self, id: &str) -> StorageFuture<()> {
        let mut kept = self.inner.lock();
        kept.activate(id);
        kept.remove(id);
        ready(Ok(()))
    }
}

fn ready<T: Send + 'static>(answer: Result<T, StorageError>) -> StorageFuture<T> {
    Box::pin(std::future::ready(answer))
}

impl fmt::Debug for SimpleSessionStorageProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleSessionStorageProvider")
            .field("sessions", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn session(id: &str) -> StoredSession {
        StoredSession {
            id: id.to_owned(),
            application: "app".to_owned(),
            username: None,
            delivered: 0,
            received: 0,
            last_id: 0,
            messages: Vec::new(),
            storage: Vec::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_inactive_for_the_lifetime_is_purged() {
        let provider = SimpleSessionStorageProvider::new(HOUR * 2, HOUR);
        for id in ["active", "gone", "back"] {
            provider.set(session(id)).await.unwrap();
        }
        provider.set_inactive("gone").await.unwrap();
        provider.set_inactive("back").await.unwrap();
        tokio::time::sleep(HOUR + HOUR / 2).await;
        assert_eq!(provider.len(), 3);
        assert!(provider.get("back").await.unwrap().is_some());
        tokio::time::sleep(HOUR).await;
        assert!(provider.get("gone").await.unwrap().is_none());
        tokio::time::sleep(HOUR * 100).await;
        assert_eq!(provider.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn so_do_they_for_what_others_hold() {
        let provider = SimpleSessionStorageProvider {
            inner: Arc::new(Inner {
                kept: Mutex::default(),
                lifetime: HOUR,
                purge_interval: HOUR,
                max_sessions: 10,
                max_bytes: 1000,
            }),
        };
        let holding = |id, bytes| StoredSession {
            messages: vec![(1, "x".repeat(bytes))],
            ..session(id)
        };
        for (id, bytes) in [("one", 400), ("two", 100), ("three", 400), ("four", 500)] {
            provider.set(holding(id, bytes)).await.unwrap();
            provider.set_inactive(id).await.unwrap();
        }
        let mut left = Vec::new();
        for id in ["one", "two", "three", "four"] {
            if provider.get(id).await.unwrap().is_some() {
                left.push(id);
            }
        }
        assert_eq!(left, ["two", "three", "four"]);
        // The same session again takes no more than its own place.
        for _ in 0..5 {
            provider.set(holding("four", 500)).await.unwrap();
            provider.set_inactive("four").await.unwrap();
        }
        assert_eq!(provider.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_gone_make_room() {
        let provider = SimpleSessionStorageProvider::with_max_sessions(HOUR, HOUR, 2);
        for id in ["one", "two", "three"] {
            provider.set(session(id)).await.unwrap();
            provider.set_inactive(id).await.unwrap();
        }
        assert_eq!(provider.len(), 2);
        assert!(provider.get("one").await.unwrap().is_none());
        assert!(provider.get("three").await.unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_for_no_sessions_keeps_none() {
        let provider = SimpleSessionStorageProvider::with_max_sessions(HOUR, HOUR, 0);
        provider.set(session("one")).await.unwrap();
        provider.set_inactive("one").await.unwrap();
        assert!(provider.is_empty());
    }

    #[tokio::test]
    async fn what_is_removed_is_gone() {
        let provider = SimpleSessionStorageProvider::default();
        provider.set(session("one")).await.unwrap();
        provider.remove("one").await.unwrap();
        provider.remove("one").await.unwrap();
        assert!(provider.get("one").await.unwrap().is_none());
    }
}
