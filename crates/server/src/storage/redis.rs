//! RedisStorageProvider: sessions in Redis, for several servers.
//!
//! Each session is a hash, with what changes little by little beside it in a sorted set: messages to the client by
//! their ids. Scripts read and write both as one step, and check the claim in it.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use jstp_proto::mdsf::Value;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ConnectionAddr, RedisError, Script};
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_rustls::rustls::crypto::ring;

use super::{Change, Claim, ClaimListener, SharedStorageProvider, StorageError, StorageFuture};
use crate::stored::{StoredSession, read_json};

/// Where a server looks again for a connection that tells of claims.
const PAUSE: Duration = Duration::from_secs(1);

/// What a session has once and for all, and its counts.
const CREATE: &str = "
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'application', ARGV[1], 'claim', 1, 'number', 0,
  'received', ARGV[4], 'delivered', ARGV[5], 'last', ARGV[6], 'storage', ARGV[3])
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'username', ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[7])
for i = 8, #ARGV, 2 do redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i] .. ':' .. ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[2], ARGV[7])
return 1";

/// Numbers of changes begin anew with a claim.
const CLAIM: &str = "
if redis.call('HGET', KEYS[1], 'application') ~= ARGV[1] then return false end
local claim = redis.call('HINCRBY', KEYS[1], 'claim', 1)
redis.call('HSET', KEYS[1], 'number', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('PUBLISH', ARGV[3], claim .. ' ' .. ARGV[4])
return {claim,
  redis.call('HMGET', KEYS[1], 'username', 'received', 'delivered', 'last', 'storage'),
  redis.call('ZRANGE', KEYS[2], 0, -1)}";

/// A change that arrives late, over a connection given up, must not undo a later one.
const CHANGE: &str = "
local held = redis.call('HMGET', KEYS[1], 'claim', 'number')
if not held[1] then return -2 end
if held[1] ~= ARGV[1] then return -1 end
if tonumber(ARGV[2]) <= tonumber(held[2]) then return 0 end
redis.call('HSET', KEYS[1], 'number', ARGV[2],
  'received', ARGV[3], 'delivered', ARGV[4], 'last', ARGV[5])
if ARGV[6] ~= '' then redis.call('HSET', KEYS[1], 'storage', ARGV[6]) end
for i = 8, #ARGV, 2 do redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i] .. ':' .. ARGV[i + 1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
return 1";

const REMOVE: &str = "
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('PUBLISH', ARGV[1], '- ' .. ARGV[2])
return 1";

/// Keeps sessions in Redis, where several servers share them. Clones are one provider.
///
/// Everything is as [`SharedStorageProvider`] says, as long as Redis keeps what it has confirmed: with its
/// defaults it writes to disk once in a while only, and a replica that takes over may lack the last
/// moments. `appendonly yes` with `appendfsync always` has it confirm what is on disk. Its memory policy must be
/// `noeviction`, or only such as leaves these keys alone until they expire.
///
/// A session expires when nothing of it was stored for the lifetime, 24 h by default; one whose client is
/// connected is stored again in time. A session takes what its messages and its own storage take, and no more of
/// these than [`max_storage`](Self::max_storage) and
/// [`buffer_limit`](crate::ServerOptions::buffer_limit) allow.
///
/// Whoever can read the keys can take sessions over. The URL's password is shown nowhere.
#[derive(Clone)]
pub struct RedisStorageProvider {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    settings: Settings,
    connection: OnceCell<ConnectionManager>,
    scripts: Scripts,
    watching: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Clone)]
struct Settings {
    prefix: String,
    lifetime: Duration,
    timeout: Duration,
    max_storage: usize,
}

struct Scripts {
    create: Script,
    claim: Script,
    change: Script,
    remove: Script,
}

impl RedisStorageProvider {
    /// A provider for the Redis server of a URL, `redis://[user][:password@]host[:port][/database]`, the same
    /// with `rediss` for TLS, or `redis+unix:///path`. It connects when it is first needed. With TLS the
    /// server's certificate must be one that the system trusts; `SSL_CERT_FILE` names other roots.
    ///
    /// # Errors
    /// The URL is wrong. What it says is not repeated, since it may hold a password.
    pub fn new(url: &str) -> Result<Self, StorageError> {
        let client = Client::open(url)
            .map_err(|_| StorageError::unavailable("the URL of Redis cannot be used"))?;
        if matches!(
            client.get_connection_info().addr(),
            ConnectionAddr::TcpTls { .. }
        ) {
            // The client takes the process's, which need not be clear without a word. If somebody has
            // chosen one already, that is as good.
            let _ = ring::default_provider().install_default();
        }
        Ok(Self::with(
            client,
            Settings {
                prefix: "jstp:".to_owned(),
                lifetime: Duration::from_secs(24 * 60 * 60),
                timeout: Duration::from_secs(2),
                max_storage: 16 * 1024 * 1024,
            },
        ))
    }

    fn with(client: Client, settings: Settings) -> Self {
        let scripts = Scripts {
            create: Script::new(CREATE),
            claim: Script::new(CLAIM),
            change: Script::new(CHANGE),
            remove: Script::new(REMOVE),
        };
        Self {
            inner: Arc::new(Inner {
                client,
                settings,
                connection: OnceCell::new(),
                scripts,
                watching: Mutex::default(),
            }),
        }
    }

    fn change_settings(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.inner.settings.clone();
        change(&mut settings);
        Self::with(self.inner.client.clone(), settings)
    }

    /// What the names of all keys, and of a channel, begin with; `jstp:` by default. Servers that share
    /// sessions have one prefix.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        self.change_settings(|settings| settings.prefix = prefix.into())
    }

    /// How long a session lasts after it was stored last. 24 h by default; at least 1 ms.
    #[must_use]
    pub fn lifetime(self, lifetime: Duration) -> Self {
        let lifetime = lifetime.max(Duration::from_millis(1));
        self.change_settings(|settings| settings.lifetime = lifetime)
    }

    /// How long Redis may take to accept a connection, and to answer. 2 s by default. The server's
    /// [`storage_timeout`](crate::ServerOptions::storage_timeout) is for both together.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change_settings(|settings| settings.timeout = timeout)
    }

    /// How many bytes of JSON a session's own storage may have, 16 MiB by default. A session that exceeds
    /// this ends: what it does could not be stored.
    #[must_use]
    pub fn max_storage(self, bytes: usize) -> Self {
        self.change_settings(|settings| settings.max_storage = bytes)
    }

    /// Asks Redis whether it is there.
    ///
    /// # Errors
    /// It is not, or does not want us.
    pub async fn check(&self) -> Result<(), StorageError> {
        let mut connection = self.inner.connection().await?;
        let ping = redis::cmd("PING");
        ping.query_async::<()>(&mut connection)
            .await
            .map_err(unavailable)
    }

    fn run<T: Send + 'static, Fut>(
        &self,
        work: impl FnOnce(Arc<Inner>, ConnectionManager) -> Fut + Send + 'static,
    ) -> StorageFuture<T>
    where
        Fut: Future<Output = Result<T, StorageError>> + Send,
    {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let connection = inner.connection().await?;
            work(inner, connection).await
        })
    }
}

impl Inner {
    async fn connection(&self) -> Result<ConnectionManager, StorageError> {
        let connect = || async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(self.settings.timeout))
                .set_response_timeout(Some(self.settings.timeout))
                .set_number_of_retries(1);
            ConnectionManager::new_with_config(self.client.clone(), config).await
        };
        let connection = self.connection.get_or_try_init(connect).await;
        connection.cloned().map_err(unavailable)
    }

    /// The hash and the sorted set of a session, which a cluster keeps in one place.
    fn keys(&self, id: &str) -> [String; 2] {
        let prefix = &self.settings.prefix;
        [format!("{prefix}{{{id}}}"), format!("{prefix}{{{id}}}:out")]
    }

    fn channel(&self) -> String {
        format!("{}claims", self.settings.prefix)
    }

    fn lifetime(&self) -> u64 {
        u64::try_from(self.settings.lifetime.as_millis()).unwrap_or(u64::MAX)
    }

    fn storage(&self, storage: &[(String, Value)]) -> Result<String, StorageError> {
        // Nothing in it can fail: keys are text, and numbers that JSON lacks become null.
        let text = serde_json::to_string(storage).unwrap_or_default();
        let limit = self.settings.max_storage;
        if text.len() > limit {
            return Err(StorageError::TooLarge { limit });
        }
        Ok(text)
    }
}

impl SharedStorageProvider for RedisStorageProvider {
    fn create(&self, session: StoredSession) -> StorageFuture<Claim> {
        self.run(async move |inner: Arc<Inner>, mut connection| {
            let storage = inner.storage(&session.storage)?;
            let [hash, out] = inner.keys(&session.id);
            let mut call = inner.scripts.create.key(hash);
            call.key(out)
                .arg(&session.application)
                .arg(session.username.as_deref().map(quoted).unwrap_or_default())
                .arg(storage)
                .arg(session.received)
                .arg(session.delivered)
                .arg(session.last_id)
                .arg(inner.lifetime());
            for (id, text) in session.messages {
                call.arg(id).arg(text);
            }
            let created: i64 = call
                .invoke_async(&mut connection)
                .await
                .map_err(unavailable)?;
            match created {
                1 => Ok(Claim(1)),
                _ => Err(StorageError::unavailable("there is such a session already")),
            }
        })
    }

    fn claim(&self, id: &str, application: &str) -> StorageFuture<Option<(StoredSession, Claim)>> {
        let (id, application) = (id.to_owned(), application.to_owned());
        self.run(async move |inner: Arc<Inner>, mut connection| {
            type Fields = (Option<String>, u64, u64, u64, String);
            let [hash, out] = inner.keys(&id);
            let claimed: Option<(u64, Fields, Vec<String>)> = inner
                .scripts
                .claim
                .key(hash)
                .key(out)
                .arg(&application)
                .arg(inner.lifetime())
                .arg(inner.channel())
                .arg(&id)
                .invoke_async(&mut connection)
                .await
                .map_err(unavailable)?;
            let Some((claim, (username, received, delivered, last_id, storage), messages)) =
                claimed
            else {
                return Ok(None);
            };
            let session = StoredSession {
                id,
                application,
                username: username.map(|name| read_json(&name)).transpose()?,
                delivered,
                received,
                last_id,
                messages: messages
                    .iter()
                    .map(|message| numbered(message))
                    .collect::<Result<_, _>>()?,
                storage: read_json(&storage)?,
            };
            Ok(Some((session, Claim(claim))))
        })
    }

    fn change(&self, id: &str, claim: Claim, change: Change) -> StorageFuture<()> {
        let id = id.to_owned();
        self.run(async move |inner: Arc<Inner>, mut connection| {
            let storage = change.storage.as_deref();
            let storage = storage.map(|storage| inner.storage(storage)).transpose()?;
            let [hash, out] = inner.keys(&id);
            let mut call = inner.scripts.change.key(hash);
            call.key(out)
                .arg(claim.0)
                .arg(change.number)
                .arg(change.received)
                .arg(change.delivered)
                .arg(change.last_id)
                .arg(storage.unwrap_or_default())
                .arg(inner.lifetime());
            for (id, text) in change.messages {
                call.arg(id).arg(text);
            }
            let changed: i64 = call
                .invoke_async(&mut connection)
                .await
                .map_err(unavailable)?;
            match changed {
                -2 => Err(StorageError::Gone),
                -1 => Err(StorageError::Superseded),
                _ => Ok(()),
            }
        })
    }

    fn remove(&self, id: &str) -> StorageFuture<()> {
        let id = id.to_owned();
        self.run(async move |inner: Arc<Inner>, mut connection| {
            let [hash, out] = inner.keys(&id);
            inner
                .scripts
                .remove
                .key(hash)
                .key(out)
                .arg(inner.channel())
                .arg(&id)
                .invoke_async::<()>(&mut connection)
                .await
                .map_err(unavailable)
        })
    }

    fn refresh_interval(&self) -> Option<Duration> {
        Some(self.inner.settings.lifetime / 3)
    }

    fn watch(&self, listener: ClaimListener) {
        // Without a runtime there is no server either, and nothing depends on this.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (client, channel) = (self.inner.client.clone(), self.inner.channel());
        let watching = runtime.spawn(async move {
            loop {
                if let Ok(mut claims) = client.get_async_pubsub().await
                    && claims.subscribe(&channel).await.is_ok()
                {
                    let mut claims = claims.on_message();
                    while let Some(message) = claims.next().await {
                        if let Ok(text) = message.get_payload::<String>()
                            && let Some((claim, id)) = text.split_once(' ')
                        {
                            listener(id, claim.parse().ok().map(Claim));
                        }
                    }
                }
                sleep(PAUSE).await;
            }
        });
        let mut all = self
            .inner
            .watching
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.push(watching);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let watching = self.watching.get_mut();
        for task in watching.unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

/// Redis names addresses, commands and limits in its errors, but not what it was sent.
fn unavailable(error: RedisError) -> StorageError {
    StorageError::unavailable(error)
}

/// A name as JSON, so that one that is empty is not taken for none.
fn quoted(name: &str) -> String {
    serde_json::to_string(name).unwrap_or_default()
}

/// A message with its id before it.
fn numbered(message: &str) -> Result<(u64, String), StorageError> {
    let damaged = || StorageError::Damaged("a message has no id".to_owned());
    let (id, text) = message.split_once(':').ok_or_else(damaged)?;
    Ok((id.parse().map_err(|_| damaged())?, text.to_owned()))
}

impl fmt::Debug for RedisStorageProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStorageProvider")
            .field("prefix", &self.inner.settings.prefix)
            .field("lifetime", &self.inner.settings.lifetime)
            .finish_non_exhaustive()
    }
}
