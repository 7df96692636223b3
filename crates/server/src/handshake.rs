//! Handshakes: which application, who, and which session (protocol.md 2.5, 2.6, 4.4).

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt;
use jstp_proto::error::code;
use jstp_proto::mdsf::RawValue;
use jstp_proto::message::VersionField;
use jstp_proto::{RemoteError, Strategy};
use tokio::time::timeout;
use uuid::Uuid;

use crate::application::Application;
use crate::auth::AuthRequest;
use crate::driver::{Driver, guarded};
use crate::error::{MethodError, is_local};
use crate::events::ServerEvent;
use crate::index;
use crate::keeping::Keeper;
use crate::outbox::End;
use crate::restoring::Found;
use crate::storage::StorageError;
use crate::trace;

/// A handshake that waits for a policy or a storage.
pub(crate) struct Deciding {
    decision: Pin<Box<dyn Future<Output = Decision> + Send>>,
    application: String,
    strategy: String,
}

pub(crate) enum Decision {
    /// The policy has spoken, or was not heard in time.
    Authenticated(Choice, Result<String, MethodError>),
    /// A new session is kept.
    Created(Box<New>, Result<Keeper, StorageError>),
    /// A session was found, or there is none. The number is what the client says it has received.
    Found(u64, Result<Option<Found>, StorageError>),
}

/// A session that is about to begin.
pub(crate) struct New {
    id: String,
    choice: Choice,
    username: Option<String>,
}

/// The application a handshake has come to.
pub(crate) struct Choice {
    application: Arc<Application>,
    /// The version asked for, if any was.
    version: Option<String>,
}

impl<S> Driver<S> {
    pub(crate) fn requested(
        &mut self,
        app: Option<String>,
        version: &VersionField,
        strategy: Strategy<RawValue>,
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
        let decision = match strategy {
            Strategy::Anonymous => self.create(choice, None),
            Strategy::MalformedSession => {
                self.refuse(&RemoteError::new(code::AUTH_FAILED));
                return self.handshake_dealt_with(&app, &name);
            }
            Strategy::Session { id, received } => {
                let Choice {
                    application,
                    version,
                } = choice;
                let finding = Arc::clone(&self.hub).find(id, application, version);
                finding
                    .map(move |found| Decision::Found(received, found))
                    .boxed()
            }
            Strategy::Custom { name, credentials } => {
                let Some(decision) = self.authenticate(choice, name.clone(), &credentials) else {
                    self.refuse(&RemoteError::new(code::AUTH_FAILED));
                    return self.handshake_dealt_with(&app, &name);
                };
                decision
            }
        };
        self.decide(app, name, decision);
    }

    /// Acts on a decision, now if there is nothing to wait for.
    fn decide(
        &mut self,
        application: String,
        strategy: String,
        mut decision: Pin<Box<dyn Future<Output = Decision> + Send>>,
    ) {
        let now = (&mut decision).now_or_never();
        self.deciding = Some(Deciding {
            decision,
            application,
            strategy,
        });
        if let Some(decision) = now {
            self.decided(decision);
        }
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

    /// Asks the policy, if there is one.
    fn authenticate(
        &mut self,
        choice: Choice,
        strategy: String,
        credentials: &RawValue,
    ) -> Option<Pin<Box<dyn Future<Output = Decision> + Send>>> {
        let policy = self.hub.settings.auth_policy.as_ref()?;
        let request = AuthRequest {
            connection: self.connection.clone(),
            application: Arc::clone(&choice.application),
            strategy,
            credentials: credentials.to_value(),
        };
        let thinking = guarded(|| policy.authenticate(request));
        let patience = self.hub.settings.auth_timeout;
        let decision = async move {
            let answer = match thinking {
                Some(thinking) => timeout(patience, AssertUnwindSafe(thinking).catch_unwind())
                    .await
                    .ok()
                    .and_then(Result::ok),
                None => None,
            };
            let no = || Err(MethodError::code(code::AUTH_FAILED));
            Decision::Authenticated(choice, answer.unwrap_or_else(no))
        };
        Some(Box::pin(decision))
    }

    /// Keeps a new session, if that has to be done before the client knows of it.
    fn create(
        &self,
        choice: Choice,
        username: Option<String>,
    ) -> Pin<Box<dyn Future<Output = Decision> + Send>> {
        let id = Uuid::new_v4().to_string();
        let creating = self
            .hub
            .create(&id, &choice.application, username.as_deref());
        let new = Box::new(New {
            id,
            choice,
            username,
        });
        creating
            .map(move |created| Decision::Created(new, created))
            .boxed()
    }

    /// The policy or the storage has spoken.
    pub(crate) fn decided(&mut self, decision: Decision) {
        let Some(Deciding {
            application,
            strategy,
            ..
        }) = self.deciding.take()
        else {
            return;
        };
        if !self.awaits_decision() {
            return self.handshake_dealt_with(&application, &strategy);
        }
        match decision {
            Decision::Authenticated(choice, Ok(username)) if !username.is_empty() => {
                let decision = self.create(choice, Some(username));
                return self.decide(application, strategy, decision);
            }
            Decision::Authenticated(_, Err(MethodError::Remote(error)))
                if !is_local(error.code) =>
            {
                self.refuse(&error);
            }
            Decision::Authenticated(_, Err(error @ MethodError::Remote(_))) => {
                if let Some(error) = error.kept_local() {
                    self.hub.tell(&ServerEvent::HandlerFailed {
                        connection: &self.connection,
                        interface: "authentication",
                        name: &strategy,
                        error: &error,
                    });
                }
                self.refuse(&RemoteError::new(code::AUTH_FAILED));
            }
            Decision::Authenticated(_, Ok(_) | Err(_)) | Decision::Found(_, Ok(None)) => {
                self.refuse(&RemoteError::new(code::AUTH_FAILED));
            }
            Decision::Created(new, Ok(keeper)) => self.accept(*new, keeper),
            Decision::Found(received, Ok(Some(found))) => {
                if !self.resume(found, received) {
                    self.refuse(&RemoteError::new(code::AUTH_FAILED));
                }
            }
            Decision::Created(_, Err(error)) | Decision::Found(_, Err(error)) => {
                // To be refused would cost the client its session; like this it comes back with it.
                self.connection.storage_failed(&error);
                self.link.outbox.end(End::Close(1013));
            }
        }
        self.handshake_dealt_with(&application, &strategy);
    }

    /// Whether anything may still follow from the handshake: the transport does not end.
    fn awaits_decision(&self) -> bool {
        let link = self.link.number;
        let is_awaited = self
            .connection
            .turn_of(link, |live| live.core.awaits_answer());
        is_awaited == Some(true) && !self.link.outbox.is_ending()
    }

    /// Lets the policy or the storage go if nothing can follow from what it says.
    pub(crate) fn stop_deciding_in_vain(&mut self) {
        if self.deciding.is_some()
            && !self.awaits_decision()
            && let Some(deciding) = self.deciding.take()
        {
            self.handshake_dealt_with(&deciding.application, &deciding.strategy);
        }
    }

    fn accept(&mut self, new: New, keeper: Keeper) {
        let New {
            id,
            choice,
            username,
        } = new;
        self.connection
            .set_application(choice.application, choice.version);
        self.connection.set_username(username);
        let is_shared = keeper.is_shared();
        self.connection.keep_with(keeper);
        let now = self.hub.now();
        let accepted = self.connection.turn_of(self.link.number, |live| {
            if is_shared && let Some(link) = &live.link {
                link.outbox.hold();
            }
            live.core.accept(now, id.clone()).is_ok()
        });
        if accepted == Some(true) {
            // The answer has not left yet, so nobody can ask for the session before this.
            self.hub.sessions.insert(id, self.connection.clone());
        }
    }

    fn refuse(&mut self, error: &RemoteError) {
        let now = self.hub.now();
        self.connection
            .turn_of(self.link.number, |live| live.core.refuse(now, error));
    }

    /// Moves this transport to the connection that has the session. False if it came to its end just now.
    fn resume(&mut self, found: Found, received: u64) -> bool {
        let Found {
            connection,
            is_restored,
            reserved,
        } = found;
        let resumed = connection.take_over(self.link.clone(), self.hub.now(), received);
        if resumed {
            if is_restored && let Some(id) = connection.session_id() {
                self.hub.sessions.insert(id, connection.clone());
            }
            // Somebody may have a handle of it.
            std::mem::replace(&mut self.connection, connection).give_up();
        }
        drop(reserved);
        resumed
    }

    pub(crate) fn connected(&mut self, resumed: bool) {
        let connection = &self.connection;
        trace::connected(connection);
        self.hub.joined(connection);
        if resumed {
            if let Some(application) = connection.application() {
                self.hub.tell(&ServerEvent::RestoreSession {
                    connection,
                    application: &application,
                });
            }
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

/// Waits for the policy or the storage, or for ever if neither has anything to say.
pub(crate) async fn think(deciding: &mut Option<Deciding>) -> Decision {
    match deciding {
        Some(deciding) => deciding.decision.as_mut().await,
        None => std::future::pending().await,
    }
}
