//! What a server is made of, each option with its default.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls;

use crate::application::Application;
use crate::auth::AuthPolicy;
use crate::connection::Connection;
use crate::error::OptionsError;
use crate::events::ServerEvent;
use crate::index::{AppsIndex, create_apps_index};
use crate::running::Limits;
use crate::storage::simple::SimpleSessionStorageProvider;
use crate::storage::{SessionStorageProvider, SharedStorageProvider, Storage};
use crate::tls::Tls;

pub(crate) type OriginCheck = Arc<dyn Fn(Option<&str>) -> bool + Send + Sync>;
pub(crate) type Listener = Box<dyn Fn(&ServerEvent<'_>) + Send + Sync>;
pub(crate) type ConnectListener = Box<dyn Fn(&Connection) + Send + Sync>;

/// 100 years: instants can be that far away on any system, and not for ever farther.
const MAX_DURATION: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Options of [`create_server`](crate::create_server).
pub struct ServerOptions {
    applications: Vec<Arc<Application>>,
    settings: Settings,
}

/// What of the options the server's tasks look at.
pub(crate) struct Settings {
    pub(crate) auth_policy: Option<Arc<dyn AuthPolicy>>,
    pub(crate) origin_check: Option<OriginCheck>,
    pub(crate) batch: bool,
    pub(crate) on_connect: Vec<ConnectListener>,
    pub(crate) on_event: Vec<Listener>,
    pub(crate) tls: Option<Tls>,
    pub(crate) trusted_proxies: usize,
    pub(crate) log_messages: bool,
    pub(crate) heartbeat_interval: Option<Duration>,
    pub(crate) handshake_timeout: Duration,
    pub(crate) auth_timeout: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) keepalive_interval: Duration,
    pub(crate) keepalive_grace: Duration,
    pub(crate) client_expiration_time: Duration,
    pub(crate) storage: Storage,
    pub(crate) storage_timeout: Duration,
    pub(crate) max_detached_sessions: usize,
    pub(crate) max_detached_bytes: usize,
    pub(crate) in_doubt_timeout: Duration,
    pub(crate) buffer_limit: (usize, usize),
    pub(crate) max_connections: usize,
    pub(crate) max_message: usize,
    pub(crate) max_frame: usize,
    pub(crate) max_outgoing: usize,
    pub(crate) max_running: Limits,
}

impl ServerOptions {
    /// A server of these applications, or of an [`AppsIndex`] of them, everything else at its
    /// default.
    pub fn new(applications: impl IntoIterator<Item = impl Into<Arc<Application>>>) -> Self {
        Self {
            applications: applications.into_iter().map(Into::into).collect(),
            settings: Settings {
                auth_policy: None,
                origin_check: None,
                batch: true,
                on_connect: Vec::new(),
                on_event: Vec::new(),
                tls: None,
                trusted_proxies: 0,
                log_messages: false,
                heartbeat_interval: None,
                handshake_timeout: Duration::from_secs(3),
                auth_timeout: Duration::from_secs(30),
                close_timeout: Duration::from_secs(5),
                keepalive_interval: Duration::from_secs(20),
                keepalive_grace: Duration::from_secs(10),
                client_expiration_time: Duration::from_secs(60 * 60),
                storage: Storage::Single(Arc::new(SimpleSessionStorageProvider::default())),
                storage_timeout: Duration::from_secs(5),
                max_detached_sessions: 100_000,
                max_detached_bytes: 1024 * 1024 * 1024,
                in_doubt_timeout: Duration::from_secs(5),
                buffer_limit: (10_000, 16 * 1024 * 1024),
                max_connections: 100_000,
                max_message: 8 * 1024 * 1024,
                max_frame: 8 * 1024 * 1024,
                max_outgoing: 8 * 1024 * 1024,
                max_running: Limits {
                    methods: 10_000,
                    bytes: 16 * 1024 * 1024,
                },
            },
        }
    }

    /// Who decides on handshakes that are neither anonymous nor resume a session. Without a policy
    /// they are refused with error 11.
    #[must_use]
    pub fn auth_policy(mut self, policy: impl AuthPolicy) -> Self {
        self.settings.auth_policy = Some(Arc::new(policy));
        self
    }

    /// Which origins may connect; browsers always send theirs, other clients may send none. By
    /// default all may.
    #[must_use]
    pub fn origin_check(
        mut self,
        check: impl Fn(Option<&str>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.settings.origin_check = Some(Arc::new(check));
        self
    }

    /// Speaks TLS, so that clients connect to `wss:`. The certificate with the chain to its root, and
    /// the private key in one of the forms PKCS #8, PKCS #1 and SEC 1, are PEM. By default the server
    /// speaks plain TCP, for `ws:`; all it [listens](crate::Server::listen) on is the one or the other.
    ///
    /// TLS 1.2 and 1.3, with rustls' choice of ciphers. The TLS handshake counts towards the
    /// [`handshake_timeout`](Self::handshake_timeout). A new certificate is put in place by
    /// [`update_tls`](crate::ServerHandle::update_tls).
    #[must_use]
    pub fn tls(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.settings.tls = Some(Tls::Pem {
            certificate: certificate.into(),
            key: key.into(),
        });
        self
    }

    /// Speaks TLS as somebody set it up who needs more than [`tls`](Self::tls): several
    /// certificates, certificates of clients, other versions.
    #[must_use]
    pub fn tls_config(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.settings.tls = Some(Tls::Config(config));
        self
    }

    /// How many proxies stand before the server, each of which adds the address it was reached from
    /// to `X-Forwarded-For`: then the entry the first of them made, counted from the end, is the
    /// client's [address](Connection::remote_address), with port 0. Where entries are missing the
    /// first there is counts, and without a usable one the address of the TCP connection.
    ///
    /// 0, the default, ignores the header, which any client can send (Q48).
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: usize) -> Self {
        self.settings.trusted_proxies = proxies;
        self
    }

    /// Whether clients that know how may be sent, and may send, several messages in one WebSocket message:
    /// the subprotocol `metarhia-jstp.batch` (extensions.md). On; others notice nothing of it.
    #[must_use]
    pub fn batch(mut self, batch: bool) -> Self {
        self.settings.batch = batch;
        self
    }

    /// Called with every client that starts a session, once it has been answered, so that what is
    /// emitted here arrives after the handshake. All listeners given are called, in order.
    #[must_use]
    pub fn on_connect(mut self, listener: impl Fn(&Connection) + Send + Sync + 'static) -> Self {
        self.settings.on_connect.push(Box::new(listener));
        self
    }

    /// Called with everything worth a line in a log. It must not block. All listeners given are
    /// called, in order.
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(&ServerEvent<'_>) + Send + Sync + 'static) -> Self {
        self.settings.on_event.push(Box::new(listener));
        self
    }

    /// Whether listeners also hear of every message, with its text, as
    /// [`IncomingMessage`](ServerEvent::IncomingMessage) and
    /// [`OutgoingMessage`](ServerEvent::OutgoingMessage). Passwords and session ids are among them. Off
    /// by default; upstream does so unless it runs in production (protocol.md 10).
    #[must_use]
    pub fn log_messages(mut self, yes: bool) -> Self {
        self.settings.log_messages = yes;
        self
    }

    /// How often to send each client a `ping` message, whose answer acknowledges what the client
    /// has received. One from which nothing comes for the interval and 10 s more is dropped. Off by
    /// default: a ping is sent anyway once 64 messages or 64 KiB are unacknowledged.
    #[must_use]
    pub fn heartbeat_interval(mut self, interval: Duration) -> Self {
        self.settings.heartbeat_interval = Some(interval);
        self
    }

    /// How long a client may take from being accepted to its handshake request. 3 s, as upstream.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// How long the policy may take; then the client is refused with error 11. 30 s.
    #[must_use]
    pub fn auth_timeout(mut self, timeout: Duration) -> Self {
        self.settings.auth_timeout = timeout;
        self
    }

    /// How long to wait for a client's close frame before its TCP connection is dropped. 5 s.
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.settings.close_timeout = timeout;
        self
    }

    /// After how much silence a client is sent a WebSocket ping, and how much more of it drops the
    /// TCP connection. 20 s and 10 s, as upstream.
    #[must_use]
    pub fn keepalive(mut self, interval: Duration, grace: Duration) -> Self {
        self.settings.keepalive_interval = interval;
        self.settings.keepalive_grace = grace;
        self
    }

    /// How long a session without a transport stays in memory; after that only its storage provider has
    /// it. 1 h, as upstream.
    #[must_use]
    pub fn client_expiration_time(mut self, time: Duration) -> Self {
        self.settings.client_expiration_time = time;
        self
    }

    /// Where sessions are kept beside memory, for applications without a provider of their own. By
    /// default a [`SimpleSessionStorageProvider`], for 24 h.
    #[must_use]
    pub fn session_storage_provider(mut self, provider: impl SessionStorageProvider) -> Self {
        self.settings.storage = Storage::Single(Arc::new(provider));
        self
    }

    /// Where sessions are kept for several servers, any of which may be the next to serve a client;
    /// in place of [`session_storage_provider`](Self::session_storage_provider).
    #[must_use]
    pub fn shared_storage_provider(mut self, provider: impl SharedStorageProvider) -> Self {
        self.settings.storage = Storage::Shared(Arc::new(provider));
        self
    }

    /// How long a storage provider may take for one thing. 5 s.
    #[must_use]
    pub fn storage_timeout(mut self, timeout: Duration) -> Self {
        self.settings.storage_timeout = timeout;
        self
    }

    /// How many sessions without a transport stay in memory; the oldest go first. 100 000.
    #[must_use]
    pub fn max_detached_sessions(mut self, sessions: usize) -> Self {
        self.settings.max_detached_sessions = sessions;
        self
    }

    /// How many bytes the sessions without a transport may hold that stay in memory: messages which their
    /// clients have not acknowledged, answers they may ask for, and messages of calls under way. The oldest
    /// sessions go first. 1 GiB.
    #[must_use]
    pub fn max_detached_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_detached_bytes = bytes;
        self
    }

    /// How long a call whose answer went down with a transport stays pending after a resume, in case
    /// the answer still comes; then it ends with [`CallError::Lost`](crate::CallError::Lost). 5 s.
    /// Zero ends it at once, as upstream does.
    #[must_use]
    pub fn in_doubt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.in_doubt_timeout = timeout;
        self
    }

    /// How many messages, and how many bytes of them, are kept for a client until it has
    /// acknowledged them; beyond that requests to it fail with
    /// [`CallError::BufferFull`](crate::CallError::BufferFull). 10 000 and 16 MiB.
    #[must_use]
    pub fn buffer_limit(mut self, messages: usize, bytes: usize) -> Self {
        self.settings.buffer_limit = (messages, bytes);
        self
    }

    /// How many clients may be connected; further ones are dropped as they come. 100 000.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.settings.max_connections = connections;
        self
    }

    /// How many bytes one message of a client may have, and how many one WebSocket frame of it; one
    /// byte more closes the transport with 1009. 8 MiB both, as upstream (protocol.md 1.2), and from the
    /// first message on: a handshake may be large, and anonymous clients would not be held up by less. A
    /// frame's limit must not be above a message's.
    #[must_use]
    pub fn max_message(mut self, message: usize, frame: usize) -> Self {
        self.settings.max_message = message;
        self.settings.max_frame = frame;
        self
    }

    /// How many bytes may wait for a client that reads slowly before its transport is closed with
    /// 1013; its session stays. 8 MiB.
    #[must_use]
    pub fn max_outgoing(mut self, bytes: usize) -> Self {
        self.settings.max_outgoing = bytes;
        self
    }

    /// How many of a client's calls may be under way; further ones are answered with error 16.
    /// 10 000.
    #[must_use]
    pub fn max_running_methods(mut self, methods: usize) -> Self {
        self.settings.max_running.methods = methods;
        self
    }

    /// How many bytes the messages of those calls may have together, which is about what their
    /// arguments take; further calls are answered with error 16, but for one that is alone. 16 MiB.
    #[must_use]
    pub fn max_running_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_running.bytes = bytes;
        self
    }

    pub(crate) fn check(self) -> Result<(AppsIndex, Settings), OptionsError> {
        let settings = &self.settings;
        let durations = [
            ("heartbeat_interval", settings.heartbeat_interval),
            ("handshake_timeout", Some(settings.handshake_timeout)),
            ("auth_timeout", Some(settings.auth_timeout)),
            ("close_timeout", Some(settings.close_timeout)),
            ("storage_timeout", Some(settings.storage_timeout)),
            ("keepalive interval", Some(settings.keepalive_interval)),
            ("keepalive grace", Some(settings.keepalive_grace)),
        ];
        let may_be_zero = [
            ("client_expiration_time", settings.client_expiration_time),
            ("in_doubt_timeout", settings.in_doubt_timeout),
        ];
        for (option, value) in durations {
            if let Some(value) = value {
                check_duration(option, value)?;
            }
        }
        for (option, value) in may_be_zero {
            if value > MAX_DURATION {
                return Err(OptionsError::TooLong { option });
            }
        }
        let limits = [
            ("buffer_limit messages", settings.buffer_limit.0),
            ("buffer_limit bytes", settings.buffer_limit.1),
            ("max_connections", settings.max_connections),
            ("max_message", settings.max_message),
            ("max_message frame", settings.max_frame),
            ("max_outgoing", settings.max_outgoing),
            ("max_running_methods", settings.max_running.methods),
            ("max_running_bytes", settings.max_running.bytes),
        ];
        if let Some((option, _)) = limits.into_iter().find(|(_, value)| *value == 0) {
            return Err(OptionsError::Zero { option });
        }
        if settings.max_frame > settings.max_message {
            return Err(OptionsError::FrameAboveMessage);
        }
        Ok((create_apps_index(self.applications)?, self.settings))
    }
}

/// Refuses a duration that is zero or endless.
pub(crate) fn check_duration(option: &'static str, value: Duration) -> Result<(), OptionsError> {
    if value.is_zero() {
        return Err(OptionsError::Zero { option });
    }
    if value > MAX_DURATION {
        return Err(OptionsError::TooLong { option });
    }
    Ok(())
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("applications", &self.applications)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_table_has_the_defaults_in_force() {
        let settings = ServerOptions::new([] as [Application; 0]).settings;
        let time = |duration: Duration| match duration.as_secs() {
            seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
            seconds => format!("{seconds} s"),
        };
        let bytes = |bytes: usize| match bytes >> 20 {
            mib if mib % 1024 == 0 => format!("{} GiB", mib / 1024),
            mib => format!("{mib} MiB"),
        };
        let count = |count: usize| format!("{} 000", count / 1000);
        let (messages, kept) = settings.buffer_limit;
        assert_eq!(settings.max_message, settings.max_frame);
        let (ping, grace) = (settings.keepalive_interval, settings.keepalive_grace);
        for (option, default) in [
            ("max_connections", count(settings.max_connections)),
            ("handshake_timeout", time(settings.handshake_timeout)),
            ("auth_timeout", time(settings.auth_timeout)),
            ("max_message", bytes(settings.max_message)),
            ("max_outgoing", bytes(settings.max_outgoing)),
            (
                "buffer_limit",
                format!("{} messages, {}", count(messages), bytes(kept)),
            ),
            ("max_running_methods", count(settings.max_running.methods)),
            ("max_running_bytes", bytes(settings.max_running.bytes)),
            (
                "keepalive",
                format!("{}, and {} after a ping", time(ping), time(grace)),
            ),
            ("close_timeout", time(settings.close_timeout)),
            (
                "client_expiration_time",
                time(settings.client_expiration_time),
            ),
            (
                "max_detached_sessions",
                count(settings.max_detached_sessions),
            ),
            ("max_detached_bytes", bytes(settings.max_detached_bytes)),
            ("storage_timeout", time(settings.storage_timeout)),
        ] {
            let row = format!("(ServerOptions::{option}) | {default} |");
            assert!(include_str!("lib.rs").contains(&row), "{row}");
        }
        assert!(settings.heartbeat_interval.is_none() && settings.auth_policy.is_none());
        assert!(settings.batch && settings.origin_check.is_none() && settings.tls.is_none());
        assert_eq!(settings.trusted_proxies, 0);
        assert_eq!(settings.in_doubt_timeout, Duration::from_secs(5));
    }
}
