//! Restoring: where a session that a client asks for is found, and how it leaves memory.

use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::task::JoinSet;

use crate::application::Application;
use crate::connection::Connection;
use crate::keeping::{Keeper, Mark, in_time, remove};
use crate::server::Hub;
use crate::sessions::Reserved;
use crate::storage::{Claim, Storage, StorageError, is_plausible};
use crate::stored::StoredSession;

/// A session that a client may go on with.
pub(crate) struct Found {
    pub(crate) connection: Connection,
    /// Whether it was not in memory.
    pub(crate) is_restored: bool,
    /// Nobody else finds it, and it does not leave memory, until this is dropped.
    pub(crate) reserved: Reserved,
}

impl Hub {
    /// Where sessions of an application are kept.
    pub(crate) fn storage(&self, application: &Application) -> Storage {
        application
            .storage()
            .unwrap_or(&self.settings.storage)
            .clone()
    }

    /// Finds a session by id, in memory or with its application's provider (protocol.md 4.4).
    pub(crate) async fn find(
        self: Arc<Self>,
        id: String,
        application: Arc<Application>,
        asked: Option<String>,
    ) -> Result<Option<Found>, StorageError> {
        if !is_plausible(&id) {
            return Ok(None);
        }
        let reserved = self.sessions.reserve(&id).await;
        if reserved.is_forgotten() {
            return Ok(None);
        }
        if let Some(connection) = self.sessions.find(&id) {
            let is_its = connection
                .application()
                .is_some_and(|own| own.name() == application.name());
            if !is_its {
                return Ok(None);
            }
            match connection.keeper() {
                Some(keeper) if keeper.is_shared() => match connection.check_claim(keeper).await {
                    Ok(()) => {}
                    Err(error) if error.is_final() => connection.lose(),
                    Err(error) => return Err(error),
                },
                _ => {}
            }
            if self.sessions.find(&id).is_some() {
                return Ok(Some(Found {
                    connection,
                    is_restored: false,
                    reserved,
                }));
            }
        }
        let patience = self.settings.storage_timeout;
        let storage = self.storage(&application);
        let (session, claim) = match &storage {
            Storage::Single(provider) => match in_time(patience, || provider.get(&id)).await? {
                Some(session) if session.application == application.name() => (session, Claim(0)),
                Some(_) => {
                    // Looking at it has made it active.
                    in_time(patience, || provider.set_inactive(&id)).await?;
                    return Ok(None);
                }
                None => return Ok(None),
            },
            Storage::Shared(provider) => {
                let claim = || provider.claim(&id, application.name());
                match in_time(patience, claim).await? {
                    Some(claimed) => claimed,
                    None => return Ok(None),
                }
            }
        };
        let connection = self.connection();
        connection.set_application(application, asked);
        connection.adopt(session);
        let mark = connection.lock().mark();
        connection.keep_with(Keeper::new(storage, claim, Some(mark), patience));
        Ok(Some(Found {
            connection,
            is_restored: true,
            reserved,
        }))
    }

    /// Keeps a session that is about to begin, where that has to be done at once.
    pub(crate) fn create(
        &self,
        id: &str,
        application: &Application,
        username: Option<&str>,
    ) -> impl Future<Output = Result<Keeper, StorageError>> + Send + 'static {
        let patience = self.settings.storage_timeout;
        let storage = self.storage(application);
        let session = StoredSession {
            id: id.to_owned(),
            application: application.name().to_owned(),
            username: username.map(str::to_owned),
            delivered: 0,
            received: 0,
            last_id: 0,
            messages: Vec::new(),
            storage: Vec::new(),
        };
        async move {
            let (claim, mark) = match &storage {
                Storage::Single(_) => (Claim(0), None),
                Storage::Shared(provider) => {
                    let claim = in_time(patience, || provider.create(session)).await?;
                    (claim, Some(Mark::default()))
                }
            };
            Ok(Keeper::new(storage, claim, mark, patience))
        }
    }

    /// The client of a session is gone: keeps the session.
    pub(crate) fn keep(self: &Arc<Self>, connection: Connection) {
        let mut saving = async move { connection.keep().await }.boxed();
        // A provider in memory has done it by now.
        if (&mut saving).now_or_never().is_none() {
            tokio::spawn(saving);
        }
    }

    /// Lets a session go from memory, unless its client is there, or has been there since that loss of
    /// its transport. The storage keeps it.
    pub(crate) async fn let_go(self: Arc<Self>, id: String, loss: Option<u64>) {
        let _reserved = self.sessions.reserve(&id).await;
        let Some(connection) = self.sessions.find_left(&id, loss) else {
            return;
        };
        if let Err(error) = connection.save(true).await {
            connection.storage_failed(&error);
        }
        self.sessions.remove_left(&id, loss);
    }

    /// Forgets a session for good, here and with whatever provider may have it.
    pub(crate) fn forget(self: &Arc<Self>, id: &str) {
        let connection = self.sessions.forget(id);
        let hub = Arc::clone(self);
        let id = id.to_owned();
        // The application may call from a thread of its own.
        let Some(runtime) = self.runtime.get() else {
            return;
        };
        let _entered = runtime.enter();
        let mut removing = async move {
            let patience = hub.settings.storage_timeout;
            let removed = match connection.as_ref().and_then(Connection::keeper) {
                Some(keeper) => keeper.remove(&id).await,
                None => {
                    let mut removed = Ok(());
                    for storage in hub.storages() {
                        removed = removed.and(remove(&storage, &id, patience).await);
                    }
                    removed
                }
            };
            if let (Err(error), Some(connection)) = (removed, &connection) {
                connection.storage_failed(&error);
            }
            hub.sessions.forgotten(&id);
        }
        .boxed();
        if (&mut removing).now_or_never().is_none() {
            runtime.spawn(removing);
        }
    }

    /// All providers there are, each once.
    pub(crate) fn storages(&self) -> Vec<Storage> {
        let mut storages = vec![self.settings.storage.clone()];
        for application in self.applications().all() {
            if let Some(storage) = application.storage()
                && !storages.iter().any(|known| known.is(storage))
            {
                storages.push(storage.clone());
            }
        }
        storages
    }

    /// Another server has the session now, or it is gone.
    pub(crate) fn claimed(&self, id: &str, claim: Option<Claim>) {
        let Some(connection) = self.sessions.find(id) else {
            return;
        };
        let is_older =
            |keeper: &Keeper| keeper.is_shared() && claim.is_none_or(|claim| claim > keeper.claim);
        if connection.keeper().is_some_and(is_older) {
            connection.lose();
        }
    }

    /// Stores all sessions, and lets them go from memory.
    pub(crate) async fn store_all(self: &Arc<Self>) {
        let mut storing = JoinSet::new();
        for connection in self.sessions.take_all() {
            while storing.len() >= 64 {
                storing.join_next().await;
            }
            storing.spawn(async move {
                connection.abandon();
                if let Err(error) = connection.save(true).await {
                    connection.storage_failed(&error);
                }
                connection.expire();
            });
        }
        while storing.join_next().await.is_some() {}
    }
}
