//! Sessions in memory: which connection goes on with a session, and for how long it may.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::connection::Connection;

/// Connections by session id, attached to a transport or waiting for one.
#[derive(Debug)]
pub(crate) struct Sessions {
    registry: Mutex<Registry>,
    expiration: Duration,
    limit: usize,
    detached: Notify,
}

#[derive(Debug, Default)]
struct Registry {
    by_id: HashMap<String, Known>,
    /// Sessions without a transport in the order in which they lost it, each with the number of
    /// that loss: an entry of an earlier one says nothing.
    leaving: VecDeque<(Instant, String, u64)>,
    losses: u64,
}

#[derive(Debug)]
struct Known {
    connection: Connection,
    loss: u64,
}

impl Sessions {
    /// Sessions that last for `expiration` without a transport; of those, at most `limit`.
    pub(crate) fn new(expiration: Duration, limit: usize) -> Self {
        Self {
            registry: Mutex::default(),
            expiration,
            limit,
            detached: Notify::new(),
        }
    }

    pub(crate) fn insert(&self, id: String, connection: Connection) {
        self.lock().by_id.insert(
            id,
            Known {
                connection,
                loss: 0,
            },
        );
    }

    pub(crate) fn find(&self, id: &str) -> Option<Connection> {
        self.lock()
            .by_id
            .get(id)
            .map(|known| known.connection.clone())
    }

    pub(crate) fn forget(&self, id: &str) {
        self.lock().by_id.remove(id);
    }

    /// The connection's transport is gone: from now on its session lasts for so long, unless it has
    /// been forgotten, which is the end of it.
    pub(crate) fn leave(&self, id: &str, connection: &Connection) {
        let mut registry = self.lock();
        registry.losses += 1;
        let loss = registry.losses;
        match registry.by_id.get_mut(id) {
            Some(known) => known.loss = loss,
            None => {
                drop(registry);
                connection.expire();
                return;
            }
        }
        let due = Instant::now() + self.expiration;
        registry.leaving.push_back((due, id.to_owned(), loss));
        while registry.leaving.len() > self.limit {
            if let Some((_, id, loss)) = registry.leaving.pop_front() {
                registry.expire(&id, loss);
            }
        }
        drop(registry);
        self.detached.notify_one();
    }

    /// Lets sessions go when their time has come; runs as long as the server.
    pub(crate) async fn sweep(&self) {
        loop {
            let next = {
                let mut registry = self.lock();
                while let Some((due, id, loss)) = registry.leaving.pop_front() {
                    if due > Instant::now() {
                        registry.leaving.push_front((due, id, loss));
                        break;
                    }
                    registry.expire(&id, loss);
                }
                registry.leaving.front().map(|(due, ..)| *due)
            };
            match next {
                Some(due) => sleep_until(due).await,
                None => self.detached.notified().await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    fn expire(&mut self, id: &str, loss: u64) {
        let gone = self
            .by_id
            .get(id)
            .is_some_and(|known| known.loss == loss && known.connection.expire());
        if gone {
            self.by_id.remove(id);
        }
    }
}
