//! Sessions in memory: which connection goes on with a session, and for how long it may.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedMutexGuard};
use tokio::time::{Instant, sleep_until};

use crate::connection::Connection;

/// Connections by session id, attached to a transport or waiting for one.
#[derive(Debug)]
pub(crate) struct Sessions {
    registry: Arc<Mutex<Registry>>,
    expiration: Duration,
    limit: usize,
    detached: Notify,
}

#[derive(Debug, Default)]
struct Registry {
    by_id: HashMap<String, Known>,
    /// Sessions without a transport in the order in which they lost it, each with the number of
    /// that loss: an entry of an earlier one says nothing.
    leaving: VecDeque<(Instant, Left)>,
    losses: u64,
    /// Sessions that are being looked for, or are on their way out of memory.
    reserved: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
    /// Sessions that a storage may still have, but nobody may go on with.
    forgotten: HashSet<String>,
}

#[derive(Debug)]
struct Known {
    connection: Connection,
    loss: u64,
}

/// A session that may have lasted long enough: its id, and which loss of a transport that was.
pub(crate) type Left = (String, u64);

/// A session's id, reserved for one who looks for it or lets it go.
#[derive(Debug)]
pub(crate) struct Reserved {
    id: String,
    registry: Arc<Mutex<Registry>>,
    /// Given back before the registry is looked at.
    guard: Option<OwnedMutexGuard<()>>,
}

impl Reserved {
    /// Whether nobody may go on with the session.
    pub(crate) fn is_forgotten(&self) -> bool {
        lock(&self.registry).forgotten.contains(&self.id)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.guard = None;
        let mut registry = lock(&self.registry);
        // Whoever waits for it has a reference of its own.
        if registry
            .reserved
            .get(&self.id)
            .is_some_and(|reserved| Arc::strong_count(reserved) == 1)
        {
            registry.reserved.remove(&self.id);
        }
    }
}

impl Sessions {
    /// Sessions that last for `expiration` without a transport; of those, at most `limit`.
    pub(crate) fn new(expiration: Duration, limit: usize) -> Self {
        Self {
            registry: Arc::default(),
            expiration,
            limit,
            detached: Notify::new(),
        }
    }

    pub(crate) fn insert(&self, id: String, connection: Connection) {
        let known = Known {
            connection,
            loss: 0,
        };
        self.lock().by_id.insert(id, known);
    }

    pub(crate) fn find(&self, id: &str) -> Option<Connection> {
        self.lock()
            .by_id
            .get(id)
            .map(|known| known.connection.clone())
    }

    /// Waits until nobody else is about to do something with the session of this id.
    pub(crate) async fn reserve(&self, id: &str) -> Reserved {
        let mutex = Arc::clone(self.lock().reserved.entry(id.to_owned()).or_default());
        let mut reserved = Reserved {
            id: id.to_owned(),
            registry: Arc::clone(&self.registry),
            guard: None,
        };
        reserved.guard = Some(mutex.lock_owned().await);
        reserved
    }

    /// Nobody may go on with the session any more, here or from a storage, until that has
    /// [`forgotten`](Self::forgotten) it too. Returns who had it.
    pub(crate) fn forget(&self, id: &str) -> Option<Connection> {
        let mut registry = self.lock();
        registry.forgotten.insert(id.to_owned());
        registry.by_id.remove(id).map(|known| known.connection)
    }

    /// No storage has the session any more.
    pub(crate) fn forgotten(&self, id: &str) {
        self.lock().forgotten.remove(id);
    }

    /// Lets the session go, if it is this connection's. True if it was.
    pub(crate) fn remove(&self, id: &str, connection: &Connection) -> bool {
        let mut registry = self.lock();
        let is_its = registry
            .by_id
            .get(id)
            .is_some_and(|known| known.connection.id() == connection.id());
        if is_its {
            registry.by_id.remove(id);
        }
        is_its
    }

    /// The connection's transport is gone: from now on its session lasts for so long, unless it has
    /// been forgotten, which is the end of it: then this is false. What is in excess of the limit is
    /// returned.
    pub(crate) fn leave(&self, id: &str, connection: &Connection) -> (bool, Vec<Left>) {
        let mut registry = self.lock();
        registry.losses += 1;
        let loss = registry.losses;
        match registry.by_id.get_mut(id) {
            Some(known) if known.connection.id() == connection.id() => known.loss = loss,
            _ => return (false, Vec::new()),
        }
        let due = Instant::now() + self.expiration;
        registry.leaving.push_back((due, (id.to_owned(), loss)));
        let excess = registry.leaving.len().saturating_sub(self.limit);
        let excess = registry.leaving.drain(..excess);
        let excess = excess.map(|(_, left)| left).collect();
        drop(registry);
        self.detached.notify_one();
        (true, excess)
    }

    /// Waits until sessions have lasted long enough.
    pub(crate) async fn expired(&self) -> Vec<Left> {
        loop {
            let next = {
                let mut registry = self.lock();
                let now = Instant::now();
                let mut expired = Vec::new();
                while registry.leaving.front().is_some_and(|(due, _)| *due <= now)
                    && let Some((_, left)) = registry.leaving.pop_front()
                {
                    expired.push(left);
                }
                if !expired.is_empty() {
                    return expired;
                }
                registry.leaving.front().map(|(due, _)| *due)
            };
            match next {
                Some(due) => sleep_until(due).await,
                None => self.detached.notified().await,
            }
        }
    }

    /// The connection of a session without a transport, and without one since that loss.
    pub(crate) fn find_left(&self, id: &str, loss: Option<u64>) -> Option<Connection> {
        let registry = self.lock();
        let known = registry.by_id.get(id)?;
        let is_left = loss.is_none_or(|loss| known.loss == loss) && known.connection.is_detached();
        is_left.then(|| known.connection.clone())
    }

    /// Ends a connection without a transport, and without one since that loss, and lets go of it.
    pub(crate) fn remove_left(&self, id: &str, loss: Option<u64>) {
        let mut registry = self.lock();
        let gone = registry.by_id.get(id).is_some_and(|known| {
            loss.is_none_or(|loss| known.loss == loss) && known.connection.expire()
        });
        if gone {
            registry.by_id.remove(id);
        }
    }

    /// All sessions, of which there are none afterwards.
    pub(crate) fn take_all(&self) -> Vec<Connection> {
        let mut registry = self.lock();
        registry.leaving.clear();
        let all = std::mem::take(&mut registry.by_id);
        all.into_values().map(|known| known.connection).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        lock(&self.registry)
    }
}

fn lock(registry: &Mutex<Registry>) -> MutexGuard<'_, Registry> {
    registry.lock().unwrap_or_else(PoisonError::into_inner)
}
