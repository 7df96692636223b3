//! Stores: where the process keeps sessions, over whatever servers it runs one after the other.

use std::time::Duration;

#[cfg(feature = "redis")]
use jstp_server::RedisStorageProvider;
use jstp_server::{Application, OptionsError, ServerOptions, SimpleSessionStorageProvider};

use crate::flags::Flags;

/// As upstream: for how long sessions are kept, and how often is looked for those to let go.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const PURGE_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// As for the durations among the server's options: 100 years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The server's provider, and one for an application that has its own.
#[derive(Clone)]
pub(crate) enum Stores {
    Memory([SimpleSessionStorageProvider; 2]),
    #[cfg(feature = "redis")]
    Redis([RedisStorageProvider; 2]),
}

impl Stores {
    /// Where the flags say.
    pub(crate) async fn new(flags: &Flags) -> Result<Self, String> {
        let lifetime = flags.session_lifetime.unwrap_or(LIFETIME);
        if lifetime > LONGEST {
            let option = "--session-lifetime";
            return Err(OptionsError::TooLong { option }.to_string());
        }
        if let Some(url) = &flags.redis {
            return Self::redis(url, lifetime).await;
        }
        let purge_interval = lifetime.min(PURGE_INTERVAL);
        Ok(Self::Memory([(); 2].map(|()| {
            SimpleSessionStorageProvider::new(lifetime, purge_interval)
        })))
    }

    #[cfg(feature = "redis")]
    async fn redis(url: &str, lifetime: Duration) -> Result<Self, String> {
        let cannot_use = |error| format!("cannot use what --redis or JSTP_REDIS says: {error}");
        let provider = RedisStorageProvider::new(url).map_err(cannot_use)?;
        let provider = provider.lifetime(lifetime);
        // Better now than when the first client comes.
        provider.check().await.map_err(cannot_use)?;
        let other = provider.clone().prefix("jstp-other:");
        Ok(Self::Redis([provider, other]))
    }

    #[cfg(not(feature = "redis"))]
    #[expect(clippy::unused_async, reason = "as with Redis")]
    async fn redis(_url: &str, _lifetime: Duration) -> Result<Self, String> {
        Err("this build knows no Redis, for --redis or JSTP_REDIS: build it with `--features redis`".to_owned())
    }

    /// Gives the server its provider.
    pub(crate) fn keep(&self, options: ServerOptions) -> ServerOptions {
        match self {
            Self::Memory([provider, _]) => options.session_storage_provider(provider.clone()),
            #[cfg(feature = "redis")]
            Self::Redis([provider, _]) => options.shared_storage_provider(provider.clone()),
        }
    }

    /// Gives an application its own.
    pub(crate) fn keep_other(&self, application: Application) -> Application {
        match self {
            Self::Memory([_, provider]) => application.session_storage_provider(provider.clone()),
            #[cfg(feature = "redis")]
            Self::Redis([_, provider]) => application.shared_storage_provider(provider.clone()),
        }
    }

    /// Forgets what this process alone knows.
    pub(crate) fn clear(&self) {
        match self {
            Self::Memory(providers) => providers.iter().for_each(|provider| provider.clear()),
            // Others may go on with theirs; those of this process are forgotten one by one.
            #[cfg(feature = "redis")]
            Self::Redis(_) => {}
        }
    }
}
