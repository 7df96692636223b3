//! Sessions in memory: which connection goes on with a session, and for how long it may.

use std::collections::{BTreeMap, HashMap, HashSet};
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
    limit: (usize, usize),
    detached: Notify,
}

#[derive(Debug, Default)]
struct Registry {
    by_id: HashMap<String, Known>,
    /// Sessions without a transport, by the number of the loss of it, and so in that order.
    leaving: BTreeMap<u64, Leaving>,
    /// How many bytes these hold.
    weight: usize,
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

#[derive(Debug)]
struct Leaving {
    due: Instant,
    id: String,
    weight: usize,
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
    /// Sessions that last for `expiration` without a transport; of those, at most so many, which hold at
    /// most so many bytes.
    pub(crate) fn new(expiration: Duration, limit: (usize, usize)) -> Self {
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
        let known = registry.by_id.remove(id)?;
        registry.is_back(known.loss);
        Some(known.connection)
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
        if is_its && let Some(known) = registry.by_id.remove(id) {
            registry.is_back(known.loss);
        }
        is_its
    }

    /// The connection's transport is gone: from now on its session lasts for so long, unless it has
    /// been forgotten, which is the end of it: then this is false. What is in excess of the limit is
    /// returned.
    pub(crate) fn leave(&self, id: &str, connection: &Connection) -> (bool, Vec<Left>) {
        let weight = connection.weight();
        let mut registry = self.lock();
        registry.losses += 1;
        let loss = registry.losses;
        let earlier = match registry.by_id.get_mut(id) {
            Some(known) if known.connection.id() == connection.id() => {
                std::mem::replace(&mut known.loss, loss)
            }
            _ => return (false, Vec::new()),
        };
        registry.is_back(earlier);
        let leaving = Leaving {
            due: Instant::now() + self.expiration,
            id: id.to_owned(),
            weight,
        };
        registry.weight += weight;
        registry.leaving.insert(loss, leaving);
        let excess = registry.excess(self.limit);
        drop(registry);
        self.detached.notify_one();
        (true, excess)
    }

    /// Something else is kept for the connection than when its transport went. What is in excess of the limit is
    /// returned.
    pub(crate) fn weigh(&self, id: &str, connection: &Connection) -> Vec<Left> {
        let weight = connection.weight();
        let mut registry = self.lock();
        let loss = match registry.by_id.get(id) {
            Some(known) if known.connection.id() == connection.id() => known.loss,
            _ => return Vec::new(),
        };
        let Some(leaving) = registry.leaving.get_mut(&loss) else {
            return Vec::new();
        };
        let before = std::mem::replace(&mut leaving.weight, weight);
        registry.weight = registry.weight - before + weight;
        registry.excess(self.limit)
    }

    /// The session has a transport again.
    pub(crate) fn is_back(&self, id: &str) {
        let mut registry = self.lock();
        if let Some(known) = registry.by_id.get(id) {
            let loss = known.loss;
            registry.is_back(loss);
        }
    }

    /// Waits until sessions have lasted long enough.
    pub(crate) async fn expired(&self) -> Vec<Left> {
        loop {
            let next = {
                let mut registry = self.lock();
                let now = Instant::now();
                let mut expired = Vec::new();
                while registry.next_due().is_some_and(|due| due <= now)
                    && let Some(left) = registry.pop()
                {
                    expired.push(left);
                }
                if !expired.is_empty() {
                    return expired;
                }
                registry.next_due()
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
        if gone && let Some(known) = registry.by_id.remove(id) {
            registry.is_back(known.loss);
        }
    }

    /// All sessions, of which there are none afterwards.
    pub(crate) fn take_all(&self) -> Vec<Connection> {
        let mut registry = self.lock();
        registry.leaving.clear();
        registry.weight = 0;
        let all = std::mem::take(&mut registry.by_id);
        all.into_values().map(|known| known.connection).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        lock(&self.registry)
    }
}

impl Registry {
    /// When the first of those that wait for a transport has waited long enough.
    fn next_due(&self) -> Option<Instant> {
        let (_, leaving) = self.leaving.first_key_value()?;
        Some(leaving.due)
    }

    /// Takes the one that has waited longest.
    fn pop(&mut self) -> Option<Left> {
        let (loss, leaving) = self.leaving.pop_first()?;
        self.weight -= leaving.weight;
        Some((leaving.id, loss))
    }

    /// Takes those that have waited longest, until the others are within the limit.
    fn excess(&mut self, limit: (usize, usize)) -> Vec<Left> {
        let mut excess = Vec::new();
        while self.leaving.len() > limit.0 || self.weight > limit.1 {
            excess.extend(self.pop());
        }
        excess
    }

    /// Whoever has waited since this loss of a transport does not any more.
    fn is_back(&mut self, loss: u64) {
        if let Some(leaving) = self.leaving.remove(&loss) {
            self.weight -= leaving.weight;
        }
    }
}

fn lock(registry: &Mutex<Registry>) -> MutexGuard<'_, Registry> {
    registry.lock().unwrap_or_else(PoisonError::into_inner)
}
