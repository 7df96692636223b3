//! Handshakes: which application, who, and which session (protocol.md 2.5, 2.6, 4.4).

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt;
use jstp_proto::error::code;
use jstp_proto::mdsf::Value;
use jstp_proto::message::VersionField;
use jstp_proto::{RemoteError, Strategy};
use tokio::time::Instant;
use uuid::Uuid;

use crate::application::Application;
use crate::auth::AuthRequest;
use crate::driver::{Driver, guarded};
use crate::error::MethodError;
use crate::events::ServerEvent;
use crate::index;
use crate::trace;

/// A handshake the policy thinks about.
pub(crate) struct Authenticating {
    policy: Pin<Box<dyn Future<Output = Result<String, MethodError>> + Send>>,
    pub(crate) due: Instant,
    choice: Choice,
    strategy: String,
}

/// The application a handshake has come to.
struct Choice {
    application: Arc<Application>,
    /// The version asked for, if any was.
    version: Option<String>,
}

impl<S> Driver<S> {
    pub(crate) fn requested(
        &mut self,
        app: Option<String>,
        version: &VersionField,
        strategy: Strategy<Value>,
    ) {
        let name = match &strategy {
            Strategy::Anonymous => "anonymous",
            Strategy::Session { .. } | Strategy::MalformedSession => "session",
            Strategy::Custom { name, .. } => name,
        }
        .to_owned();
        let requested = index::requested(version);
        let app = app.unwrap_or_default();
        let choice = requested.and_then(|requested| {
            let application = self.hub.applications().pick(&app, &requested)?;
            let version = match version {
                VersionField::Text(text) => Some(text.clone()),
                VersionField::Any | VersionField::NotText => None,
            };
            Some(Choice {
                application,
                version,
            })
        });
        let Some(choice) = choice else {
            self.refuse(&RemoteError::new(code::APP_NOT_FOUND));
            return self.handshake_dealt_with(&app, &name);
        };
        match strategy {
            Strategy::Anonymous => self.accept(choice, None),
            Strategy::MalformedSession => self.refuse(&RemoteError::new(code::AUTH_FAILED)),
            Strategy::Session { id, received } => {
                if !self.resume(&id, received, &app) {
                    self.refuse(&RemoteError::new(code::AUTH_FAILED));
                }
            }
            Strategy::Custom { name, credentials } => {
                return self.authenticate(choice, name, credentials);
            }
        }
        self.handshake_dealt_with(&app, &name);
    }

    /// Tells of the request: at once, or after what it has come to (protocol.md 4.4).
    fn handshake_dealt_with(&mut self, application: &str, strategy: &str) {
        self.request = Some((application.to_owned(), strategy.to_owned()));
        if !self.connection.is_open() {
            self.tell_of_request();
        }
    }

    fn tell_of_request(&mut self) {
        if let Some((application, strategy)) = self.request.take() {
            let connection = &self.connection;
            self.hub.tell(&ServerEvent::HandshakeRequest {
                connection,
                application: &application,
                strategy: &strategy,
            });
        }
    }

    fn authenticate(&mut self, choice: Choice, strategy: String, credentials: Value) {
        let Some(policy) = &self.hub.settings.auth_policy else {
            self.refuse(&RemoteError::new(code::AUTH_FAILED));
            let application = choice.application.name().to_owned();
            return self.handshake_dealt_with(&application, &strategy);
        };
        let request = AuthRequest {
            connection: self.connection.clone(),
            application: Arc::clone(&choice.application),
            strategy: strategy.clone(),
            credentials,
        };
        let thinking = guarded(|| policy.authenticate(request));
        let policy = Box::pin(async move {
            let no = || Err(MethodError::code(code::AUTH_FAILED));
            match thinking {
                Some(thinking) => AssertUnwindSafe(thinking)
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| no()),
                None => no(),
            }
        });
        let due = Instant::now() + self.hub.settings.auth_timeout;
        self.authenticating = Some(Authenticating {
            policy,
            due,
            choice,
            strategy,
        });
    }

    /// The policy has spoken, or was not heard in time.
    pub(crate) fn authenticated(&mut self, answer: Result<String, MethodError>) {
        let Some(Authenticating {
            choice, strategy, ..
        }) = self.authenticating.take()
        else {
            return;
        };
        let name = choice.application.name().to_owned();
        match answer {
            Ok(username) if !username.is_empty() => self.accept(choice, Some(username)),
            Err(MethodError::Remote(error)) => self.refuse(&error),
            Ok(_) | Err(_) => self.refuse(&RemoteError::new(code::AUTH_FAILED)),
        }
        self.handshake_dealt_with(&name, &strategy);
    }

    fn accept(&mut self, choice: Choice, username: Option<String>) {
        let session = Uuid::new_v4().to_string();
        self.connection
            .set_application(choice.application, choice.version);
        self.connection.set_username(username);
        let now = self.hub.now();
        let accepted = self.connection.turn_of(self.link.number, |live| {
            live.core.accept(now, session.clone()).is_ok()
        });
        if accepted == Some(true) {
            // The answer has not left yet, so nobody can ask for the session before this.
            self.hub.sessions.insert(session, self.connection.clone());
        }
    }

    fn refuse(&mut self, error: &RemoteError) {
        let now = self.hub.now();
        self.connection
            .turn_of(self.link.number, |live| live.core.refuse(now, error));
    }

    /// Moves this transport to the connection that has the session. False if there is none, or
    /// one of another application (Q16).
    fn resume(&mut self, session: &str, received: u64, app: &str) -> bool {
        let Some(connection) = self.hub.sessions.find(session) else {
            return false;
        };
        if connection
            .application()
            .is_none_or(|application| application.name() != app)
        {
            return false;
        }
        if !connection.take_over(self.link.clone(), self.hub.now(), received) {
            return false;
        }
        self.connection = connection;
        true
    }

    pub(crate) fn connected(&mut self, resumed: bool) {
        let connection = &self.connection;
        trace::connected(connection);
        self.hub.joined(connection);
        if resumed {
            self.hub.tell(&ServerEvent::Reconnect { connection });
        } else {
            for listener in &self.hub.settings.on_connect {
                guarded(|| listener(connection));
            }
            self.hub.tell(&ServerEvent::Connect { connection });
        }
        self.tell_of_request();
    }
}

/// Waits for the policy, or for ever if it has nothing to think about.
pub(crate) async fn think(
    authenticating: &mut Option<Authenticating>,
) -> Result<String, MethodError> {
    match authenticating {
        Some(authenticating) => authenticating.policy.as_mut().await,
        None => std::future::pending().await,
    }
}
