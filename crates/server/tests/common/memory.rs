//! A storage that servers of one process share, whose behaviour a test decides on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jstp_server::{
    Change, Claim, ClaimListener, SharedStorageProvider, StorageError, StorageFuture, StoredSession,
};
use tokio::sync::watch;

/// One server's access to the storage.
#[derive(Clone)]
pub(crate) struct SharedMemory {
    store: Arc<Mutex<Store>>,
    access: Arc<watch::Sender<Access>>,
}

#[derive(Default)]
struct Store {
    sessions: HashMap<String, (StoredSession, Claim, u64)>,
    listeners: Vec<ClaimListener>,
    changes: usize,
}

/// What becomes of a server's requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Access {
    Open,
    /// They wait.
    Held,
    /// Changes that count so many received messages wait.
    HeldFrom(u64),
    /// They fail.
    Down,
    /// They panic.
    Broken,
}

impl SharedMemory {
    pub(crate) fn new() -> Self {
        Self {
            store: Arc::default(),
            access: Arc::new(watch::Sender::new(Access::Open)),
        }
    }

    /// The same storage for another server.
    pub(crate) fn another(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            access: Arc::new(watch::Sender::new(Access::Open)),
        }
    }

    pub(crate) fn set(&self, access: Access) {
        self.access.send_replace(access);
    }

    pub(crate) fn session(&self, id: &str) -> Option<StoredSession> {
        self.lock()
            .sessions
            .get(id)
            .map(|(session, ..)| session.clone())
    }

    pub(crate) fn changes(&self) -> usize {
        self.lock().changes
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn when_open<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, StorageError> + Send + 'static,
    ) -> StorageFuture<T> {
        self.when_open_for(0, work)
    }

    fn when_open_for<T: Send + 'static>(
        &self,
        received: u64,
        work: impl FnOnce(&mut Store) -> Result<T, StorageError> + Send + 'static,
    ) -> StorageFuture<T> {
        let this = self.clone();
        let mut access = self.access.subscribe();
        Box::pin(async move {
            let access = *access
                .wait_for(|access| match access {
                    Access::Held => false,
                    Access::HeldFrom(count) => received < *count,
                    Access::Open | Access::Down | Access::Broken => true,
                })
                .await
                .map_err(StorageError::unavailable)?;
            if access == Access::Down {
                return Err(StorageError::unavailable("it is down"));
            }
            assert!(access != Access::Broken, "it is broken");
            work(&mut this.lock())
        })
    }
}

impl SharedStorageProvider for SharedMemory {
    fn create(&self, session: StoredSession) -> StorageFuture<Claim> {
        self.when_open(move |store| {
            let entry = (session, Claim(1), 0);
            store.sessions.insert(entry.0.id.clone(), entry);
            Ok(Claim(1))
        })
    }

    fn claim(&self, id: &str, application: &str) -> StorageFuture<Option<(StoredSession, Claim)>> {
        let (id, application) = (id.to_owned(), application.to_owned());
        self.when_open(move |store| {
            let Some((session, claim, number)) = store.sessions.get_mut(&id) else {
                return Ok(None);
            };
            if session.application != application {
                return Ok(None);
            }
            claim.0 += 1;
            *number = 0;
            let claimed = (session.clone(), *claim);
            for listener in &store.listeners {
                listener(&id, Some(claimed.1));
            }
            Ok(Some(claimed))
        })
    }

    fn change(&self, id: &str, claim: Claim, change: Change) -> StorageFuture<()> {
        let id = id.to_owned();
        self.when_open_for(change.received, move |store| {
            let Some((session, held, number)) = store.sessions.get_mut(&id) else {
                return Err(StorageError::Gone);
            };
            if *held != claim {
                return Err(StorageError::Superseded);
            }
            if change.number <= *number {
                return Ok(());
            }
            *number = change.number;
            session.received = change.received;
            session.delivered = change.delivered;
            session.last_id = change.last_id;
            session.messages.extend(change.messages);
            session.messages.retain(|(id, _)| *id > change.delivered);
            if let Some(storage) = change.storage {
                session.storage = storage;
            }
            store.changes += 1;
            Ok(())
        })
    }

    fn remove(&self, id: &str) -> StorageFuture<()> {
        let id = id.to_owned();
        self.when_open(move |store| {
            store.sessions.remove(&id);
            for listener in &store.listeners {
                listener(&id, None);
            }
            Ok(())
        })
    }

    fn watch(&self, listener: ClaimListener) {
        self.lock().listeners.push(listener);
    }
}
