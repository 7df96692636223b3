//! Keeping: how what becomes of a session gets into its storage.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use jstp_proto::SessionParts;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep, timeout};

use crate::connection::Connection;
use crate::driver::guarded;
use crate::live::Live;
use crate::storage::{Change, Claim, Storage, StorageError, StorageFuture};
use crate::stored::StoredSession;

/// The first pause before what could not be stored is tried again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// What a connection needs to have its session stored.
pub(crate) struct Keeper {
    storage: Storage,
    /// Of a shared storage.
    pub(crate) claim: Claim,
    /// Held while messages are dealt with and while something is stored, so that nothing is stored
    /// half-way through a handler.
    kept: Mutex<Kept>,
    timeout: Duration,
    /// The application may do something from a thread of its own.
    runtime: Handle,
}

/// What the storage has.
pub(crate) struct Kept {
    /// Nothing yet, in a storage that is only told of sessions whose clients are gone.
    mark: Option<Mark>,
    /// Whether a storage for one server knows that the client is gone.
    is_inactive: bool,
    /// Changes so far.
    number: u64,
    at: Instant,
}

/// What of a session shows whether it has changed. What was delivered does not count: the client says
/// that again when it resumes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    received: u64,
    last_id: u64,
    data: u64,
}

impl Keeper {
    pub(crate) fn new(
        storage: Storage,
        claim: Claim,
        mark: Option<Mark>,
        timeout: Duration,
    ) -> Self {
        let kept = Kept {
            mark,
            is_inactive: false,
            number: 0,
            at: Instant::now(),
        };
        Self {
            storage,
            claim,
            kept: Mutex::new(kept),
            timeout,
            runtime: Handle::current(),
        }
    }

    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.storage, Storage::Shared(_))
    }

    pub(crate) async fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().await
    }

    /// When a session with a client has to be stored again, so that it does not expire.
    pub(crate) fn refresh_due(&self, kept: &Kept) -> Option<Instant> {
        let Storage::Shared(provider) = &self.storage else {
            return None;
        };
        guarded(|| provider.refresh_interval())
            .flatten()
            .map(|interval| kept.at + interval)
    }

    /// Forgets the session for good, and tries for a while if that fails.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), StorageError> {
        // Whatever is being stored comes first, or it would bring the session back.
        let _kept = self.lock().await;
        remove(&self.storage, id, self.timeout).await
    }
}

/// Forgets a session for good, and tries for a while if that fails.
pub(crate) async fn remove(
    storage: &Storage,
    id: &str,
    patience: Duration,
) -> Result<(), StorageError> {
    let (mut pause, longest) = PAUSES;
    loop {
        match in_time(patience, || storage.remove(id)).await {
            Err(error) if pause >= longest => return Err(error),
            Err(_) => sleep(pause).await,
            Ok(()) => return Ok(()),
        }
        pause *= 2;
    }
}

/// Asks a provider. Nobody waits for its answer longer than this, and its panics are failures like others: they
/// would end tasks that are not its own.
pub(crate) async fn in_time<T>(
    patience: Duration,
    ask: impl FnOnce() -> StorageFuture<T>,
) -> Result<T, StorageError> {
    let answer = AssertUnwindSafe(async { ask().await }).catch_unwind();
    match timeout(patience, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(StorageError::unavailable("it panicked")),
        Err(_) => Err(StorageError::TimedOut),
    }
}

impl Live {
    pub(crate) fn mark(&self) -> Mark {
        let waiting = self.events.iter().any(|event| event.told.is_message());
        Mark {
            received: if waiting {
                self.handled
            } else {
                self.received()
            },
            last_id: self.core.session().map_or(0, jstp_proto::Session::last_id),
            data: self.data_version,
        }
    }

    /// The session as it would be stored, or `None` without one.
    pub(crate) fn snapshot(&self) -> Option<StoredSession> {
        let SessionParts {
            id,
            delivered,
            last_id,
            buffer,
            ..
        } = self.core.session()?.to_parts();
        let profile = &self.profile;
        let application = profile.application.as_ref();
        Some(StoredSession {
            id,
            application: application
                .map(|application| application.name().to_owned())
                .unwrap_or_default(),
            username: profile.username.clone(),
            delivered,
            received: self.mark().received,
            last_id,
            messages: buffer,
            storage: self.data(),
        })
    }

    fn data(&self) -> Vec<(String, jstp_proto::mdsf::Value)> {
        let storage = self.profile.storage.iter();
        storage
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// What has become of the session since it was stored.
    fn change(&self, since: Option<Mark>) -> Option<(String, Mark, Change)> {
        let since = since.unwrap_or_default();
        let session = self.core.session()?;
        let mark = self.mark();
        let mut messages: Vec<(u64, String)> = session
            .unacknowledged_messages()
            .rev()
            .take_while(|(id, _)| *id > since.last_id)
            .map(|(id, text)| (id, text.clone()))
            .collect();
        messages.reverse();
        let change = Change {
            number: 0,
            received: mark.received,
            delivered: session.delivered(),
            last_id: mark.last_id,
            messages,
            storage: (mark.data != since.data).then(|| self.data()),
        };
        Some((session.id().to_owned(), mark, change))
    }
}

impl Connection {
    /// Waits until everything so far is stored: what was issued and written on this connection, and
    /// what the client sent that has been dealt with. With a provider that only one server uses this stores
    /// the session at once.
    ///
    /// # Errors
    /// It could not be stored, be it for now or, [superseded](StorageError::Superseded) or
    /// [gone](StorageError::Gone), for good.
    pub async fn stored(&self) -> Result<(), StorageError> {
        let Some(keeper) = self.keeper() else {
            return Err(StorageError::Gone);
        };
        {
            let live = self.lock();
            if live.core.session().is_none() || live.is_forgotten {
                return Err(StorageError::Gone);
            }
        }
        match &keeper.storage {
            Storage::Single(_) => self.save(false).await,
            Storage::Shared(_) => {
                let mut kept = keeper.lock().await;
                self.store_change(keeper, &mut kept, true).await
            }
        }
    }

    /// Stores what has changed, if the session's storage is a shared one. Then, with `release`, lets leave
    /// what was ready by then, unless there are messages that have not been dealt with.
    pub(crate) async fn store_change(
        &self,
        keeper: &Keeper,
        kept: &mut Kept,
        release: bool,
    ) -> Result<(), StorageError> {
        let Storage::Shared(provider) = &keeper.storage else {
            return Ok(());
        };
        let (change, outbox, is_idle) = {
            let live = self.lock();
            if live.is_lost {
                return Err(StorageError::Superseded);
            }
            let change = live.change(kept.mark).filter(|_| !live.is_forgotten);
            let outbox = live.link.as_ref().map(|link| {
                let outbox = std::sync::Arc::clone(&link.outbox);
                let position = outbox.position();
                (outbox, position)
            });
            let is_idle = !live.events.iter().any(|event| event.told.is_message());
            (change, outbox, is_idle)
        };
        if let Some((id, mark, mut change)) = change {
            let refresh = keeper
                .refresh_due(kept)
                .is_some_and(|due| due <= Instant::now());
            if Some(mark) != kept.mark || (refresh && outbox.is_some()) {
                kept.number += 1;
                change.number = kept.number;
                in_time(keeper.timeout, || {
                    provider.change(&id, keeper.claim, change)
                })
                .await?;
                kept.mark = Some(mark);
                kept.at = Instant::now();
            }
        }
        if release
            && is_idle
            && let Some((outbox, position)) = outbox
        {
            outbox.release(position);
        }
        Ok(())
    }

    /// Makes sure that the session is still this server's, without storing anything of what is going on.
    pub(crate) async fn check_claim(&self, keeper: &Keeper) -> Result<(), StorageError> {
        let Storage::Shared(provider) = &keeper.storage else {
            return Ok(());
        };
        let mut kept = keeper.lock().await;
        let change = {
            let live = self.lock();
            if live.is_lost {
                return Err(StorageError::Superseded);
            }
            live.change(kept.mark)
        };
        let Some((id, mark, mut change)) = change else {
            return Err(StorageError::Gone);
        };
        kept.number += 1;
        change.number = kept.number;
        in_time(keeper.timeout, || {
            provider.change(&id, keeper.claim, change)
        })
        .await?;
        kept.mark = Some(mark);
        kept.at = Instant::now();
        Ok(())
    }

    /// Hands the session to a storage that only this server uses: with `leaving`, because its client is
    /// gone, if it still is.
    pub(crate) async fn save(&self, leaving: bool) -> Result<(), StorageError> {
        let Some(keeper) = self.keeper() else {
            return Ok(());
        };
        let mut kept = keeper.lock().await;
        let Storage::Single(provider) = &keeper.storage else {
            return self.store_change(keeper, &mut kept, false).await;
        };
        let (session, mark) = {
            let live = self.lock();
            if live.is_lost || live.is_forgotten || (leaving && live.link.is_some()) {
                return Ok(());
            }
            match live.snapshot() {
                // It was told when the client left, and nothing has happened since.
                Some(_) if leaving && kept.mark == Some(live.mark()) && kept.is_inactive => {
                    return Ok(());
                }
                Some(session) => (session, live.mark()),
                None => return Ok(()),
            }
        };
        kept.is_inactive = false;
        let id = session.id.clone();
        in_time(keeper.timeout, || provider.set(session)).await?;
        kept.mark = Some(mark);
        if leaving {
            in_time(keeper.timeout, || provider.set_inactive(&id)).await?;
            kept.is_inactive = true;
        }
        Ok(())
    }

    /// The client is gone: has the session kept. A storage for one server may take its time, one that
    /// several share is tried until it has everything.
    pub(crate) async fn keep(&self) {
        if self.keeper().is_some_and(Keeper::is_shared) {
            return self.wake(&mut self.lock());
        }
        if let Err(error) = self.save(true).await {
            self.storage_failed(&error);
        }
    }

    /// Has the storage told of what happened on behalf of the application, if it is to know at once.
    pub(crate) fn wake(&self, live: &mut Live) {
        let Some(keeper) = self.keeper().filter(|keeper| keeper.is_shared()) else {
            return;
        };
        if let Some(link) = &live.link {
            // The transport's task does it, in its turn.
            link.stirred.notify_one();
        } else if !live.is_over && !std::mem::replace(&mut live.is_storing, true) {
            keeper.runtime.spawn(self.clone().store_in_background());
        }
    }

    /// Stores what happens while there is no transport.
    async fn store_in_background(self) {
        let Some(keeper) = self.keeper() else { return };
        let (mut pause, longest) = PAUSES;
        loop {
            let failed = {
                let mut kept = keeper.lock().await;
                let stored = self.store_change(keeper, &mut kept, false).await;
                let mut live = self.lock();
                let has_more = Some(live.mark()) != kept.mark;
                if live.link.is_some() || live.is_over || (stored.is_ok() && !has_more) {
                    live.is_storing = false;
                    return;
                }
                stored.err()
            };
            match failed {
                None => {}
                Some(error) => {
                    self.storage_failed(&error);
                    if error.is_final() {
                        self.lock().is_storing = false;
                        return self.end_for(&error);
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(longest);
                }
            }
        }
    }
}
