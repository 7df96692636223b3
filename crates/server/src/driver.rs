//! Driver: the task behind one socket, which feeds a connection's core and does what it says.

use std::future::Future;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use jstp_proto::error::code;
use jstp_proto::mdsf::Value;
use jstp_proto::message::VersionField;
use jstp_proto::{Event, HandshakeFailure, RemoteError, Strategy};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};
use uuid::Uuid;

use crate::application::{self, Application};
use crate::auth::AuthRequest;
use crate::connection::{Connection, Link};
use crate::error::MethodError;
use crate::events::ServerEvent;
use crate::method::Answer;
use crate::opening::{self, Opening};
use crate::outbox::Outbox;
use crate::server::Hub;
use crate::transport::{Incoming, Transport, linger};

/// Serves one client from its first byte to its last.
pub(crate) async fn serve<S>(hub: Arc<Hub>, mut stream: S, remote: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let accepted = Instant::now();
    let opened = hub.now();
    let by = accepted + hub.settings.handshake_timeout;
    let allows_origin = |origin: Option<&str>| match &hub.settings.origin_check {
        Some(check) => guarded(|| check(origin)).unwrap_or(false),
        None => true,
    };
    let Ok(Ok(opening)) = timeout_at(by, opening::read(&mut stream, allows_origin)).await else {
        return;
    };
    let patience = hub.settings.close_timeout;
    match opening {
        Opening::Refused { answer } => {
            let refusing = async {
                if stream.write_all(answer.as_bytes()).await.is_ok() {
                    linger(&mut stream).await;
                }
            };
            // Whoever does not take the answer in time does without.
            let _ = timeout(patience, refusing).await;
        }
        Opening::Accepted { answer, rest } => {
            match timeout_at(by, stream.write_all(answer.as_bytes())).await {
                Ok(Ok(())) => {}
                _ => return,
            }
            let connection = Connection::new(hub.number(), Arc::downgrade(&hub), hub.config());
            let link = Link {
                number: hub.number(),
                outbox: Arc::new(Outbox::new(hub.settings.max_outgoing)),
                stirred: Arc::new(Notify::new()),
                remote,
            };
            connection.open(link.clone(), opened);
            let outbox = Arc::clone(&link.outbox);
            let max_message = hub.config().max_message;
            let transport = Transport::new(stream, rest, outbox, max_message).await;
            let mut driver = Driver {
                hub,
                connection,
                link,
                transport,
                authenticating: None,
                pinged: None,
                heartbeat: None,
            };
            driver.run().await;
            let Driver {
                hub,
                connection,
                link,
                transport,
                ..
            } = driver;
            if connection.detach(link.number) {
                hub.left(&connection);
            }
            transport.finish(patience).await;
        }
    }
}

/// Runs somebody else's code. `None` if it panicked, which the panic hook has reported.
pub(crate) fn guarded<R>(code: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(code)).ok()
}

struct Driver<S> {
    hub: Arc<Hub>,
    connection: Connection,
    link: Link,
    transport: Transport<S>,
    authenticating: Option<Authenticating>,
    /// When the client was sent a WebSocket ping that nothing has followed yet.
    pinged: Option<Instant>,
    heartbeat: Option<Heartbeat>,
}

/// A handshake the policy thinks about.
struct Authenticating {
    policy: Pin<Box<dyn Future<Output = Result<String, MethodError>> + Send>>,
    due: Instant,
    choice: Choice,
    strategy: String,
}

/// The application a handshake has come to.
struct Choice {
    application: Arc<Application>,
    /// The version asked for, if any was.
    version: Option<String>,
}

/// The `ping` messages of the `heartbeat_interval` option.
struct Heartbeat {
    due: Instant,
    /// Whether the last one has been answered; until then there is no other (Q56).
    settled: Arc<std::sync::atomic::AtomicBool>,
}

/// Whether the driver goes on.
#[derive(PartialEq)]
enum Then {
    Continue,
    /// The transport is of no more use to the connection.
    Stop,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    async fn run(&mut self) {
        let mut sleep = Box::pin(sleep_until(self.next_deadline()));
        loop {
            if self.deliver().await == Then::Stop {
                return;
            }
            let deadline = self.next_deadline();
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            if self.step(sleep.as_mut()).await == Then::Stop {
                return;
            }
        }
    }

    /// Waits for one thing to happen, and feeds it to the core.
    async fn step(&mut self, sleep: Pin<&mut Sleep>) -> Then {
        tokio::select! {
            incoming = self.transport.next() => match incoming {
                Incoming::Text(text) => {
                    let now = self.hub.now();
                    let number = self.link.number;
                    let turn = self.connection.turn_of(number, |live| {
                        live.core.handle_text(now, text.as_str());
                    });
                    if turn.is_none() { Then::Stop } else { Then::Continue }
                }
                Incoming::Broken { why } => {
                    let connection = &self.connection;
                    self.hub.tell(&ServerEvent::ConnectionError { connection, error: &why });
                    Then::Stop
                }
                Incoming::Ended => Then::Stop,
            },
            () = self.link.stirred.notified() => Then::Continue,
            answer = think(&mut self.authenticating) => {
                self.authenticated(answer);
                Then::Continue
            }
            () = sleep => self.deadline_passed(),
        }
    }

    /// Tells the application what the core has to tell it.
    async fn deliver(&mut self) -> Then {
        // Another transport has taken the connection over, or the connection has given this one up.
        if self.connection.turn_of(self.link.number, |_| ()).is_none() {
            return Then::Stop;
        }
        while let Some(event) = self.connection.next_event(self.link.number) {
            let connection = &self.connection;
            match event {
                Event::Called {
                    id,
                    interface,
                    method,
                    args,
                } => {
                    self.called(id, interface, method, args).await;
                }
                Event::Emitted {
                    interface,
                    event,
                    args,
                } => {
                    self.emitted(&interface, &event, args);
                }
                Event::Inspected { id, interface } => self.inspected(id, &interface),
                Event::HandshakeRequested {
                    app,
                    version,
                    strategy,
                } => {
                    self.requested(app, &version, strategy);
                }
                Event::Connected { resumed } => self.connected(resumed),
                Event::HandshakeFailed(HandshakeFailure::TimedOut) => {
                    self.hub.tell(&ServerEvent::HandshakeTimeout { connection });
                }
                Event::Heartbeat => self.hub.tell(&ServerEvent::Heartbeat { connection }),
                Event::Rejected { text } => {
                    self.hub.tell(&ServerEvent::MessageRejected {
                        connection,
                        text: &text,
                    });
                }
                Event::Misbehaved { error, text } => {
                    let error = error.to_string();
                    self.hub.tell(&ServerEvent::MessageRejected {
                        connection,
                        text: &text,
                    });
                    self.hub.tell(&ServerEvent::ConnectionError {
                        connection,
                        error: &error,
                    });
                }
                Event::TransportClosed { .. } => return Then::Stop,
                // The one is known to whoever failed it, the other two have been dealt with.
                Event::HandshakeFailed(_) | Event::Settled { .. } | Event::UnknownAnswer(_) => {}
            }
        }
        Then::Continue
    }

    // Handshakes.

    fn requested(
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
        let requested = application::requested(version);
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

    fn handshake_dealt_with(&self, application: &str, strategy: &str) {
        let connection = &self.connection;
        self.hub.tell(&ServerEvent::HandshakeRequest {
            connection,
            application,
            strategy,
        });
    }

    fn authenticate(&mut self, choice: Choice, strategy: String, credentials: Value) {
        let Some(policy) = &self.hub.settings.auth_policy else {
            self.refuse(&RemoteError::new(code::AUTH_FAILED));
            return self.handshake_dealt_with(choice.application.name(), &strategy);
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
    fn authenticated(&mut self, answer: Result<String, MethodError>) {
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
        let accepted = self.connection.turn_of(self.link.number, |live| {
            live.core.accept(session.clone()).is_ok()
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

    fn connected(&mut self, resumed: bool) {
        let connection = &self.connection;
        self.hub.joined(connection);
        if let Some(interval) = self.hub.settings.heartbeat_interval {
            let settled = Arc::new(std::sync::atomic::AtomicBool::new(true));
            self.heartbeat = Some(Heartbeat {
                due: Instant::now() + interval,
                settled,
            });
        }
        if resumed {
            self.hub.tell(&ServerEvent::Reconnect { connection });
            return;
        }
        if let Some(listener) = &self.hub.settings.on_connect {
            guarded(|| listener(connection));
        }
        self.hub.tell(&ServerEvent::Connect { connection });
    }

    // Requests.

    async fn called(&mut self, id: i64, interface: String, method: String, args: Value) {
        let connection = &self.connection;
        let Value::Array(args) = args else { return };
        self.hub.tell(&ServerEvent::Call {
            connection,
            interface: &interface,
            method: &method,
            args: &args,
        });
        let Some(application) = connection.application() else {
            return;
        };
        let begun = application
            .method(&interface, &method, args.len())
            .map(|method| guarded(|| method.call(connection.clone(), args)));
        let running = match begun {
            Ok(Some(running)) => running,
            Ok(None) => {
                connection.answer(id, Err(MethodError::code(code::INTERNAL_API_ERROR)));
                return;
            }
            Err(code) => {
                connection.answer(id, Err(MethodError::code(code)));
                return;
            }
        };
        // Most methods end without waiting for anything. They run here, which keeps the order in
        // which the client called them; only what has to wait becomes a task.
        let mut running = AssertUnwindSafe(running).catch_unwind().boxed();
        let first = std::future::poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx))).await;
        let finish = Finish {
            hub: Arc::clone(&self.hub),
            connection: connection.clone(),
            id,
            interface,
            method,
        };
        match first {
            Poll::Ready(ended) => finish.answer(ended),
            Poll::Pending => {
                let limit = self.hub.settings.max_running_methods;
                let went_on = connection.run(limit, async move { finish.answer(running.await) });
                if !went_on {
                    connection.answer(id, Err(MethodError::code(code::INTERNAL_API_ERROR)));
                }
            }
        }
    }

    fn emitted(&self, interface: &str, event: &str, args: Value) {
        let connection = &self.connection;
        let Value::Array(args) = args else { return };
        self.hub.tell(&ServerEvent::Event {
            connection,
            interface,
            event,
            args: &args,
        });
        let Some(application) = connection.application() else {
            return;
        };
        if let Some(handler) = application.event_handler(interface, event)
            && guarded(|| handler(connection, event, args)).is_none()
        {
            let error = "the event handler panicked";
            self.hub.tell(&ServerEvent::HandlerFailed {
                connection,
                interface,
                name: event,
                error,
            });
        }
    }

    fn inspected(&self, id: i64, interface: &str) {
        let connection = &self.connection;
        self.hub.tell(&ServerEvent::Inspect {
            connection,
            interface,
        });
        let Some(application) = connection.application() else {
            return;
        };
        let answer = match application.methods(interface) {
            Some(methods) => Ok(methods.map(|name| Value::String(name.to_owned())).collect()),
            None => Err(MethodError::code(code::INTERFACE_NOT_FOUND)),
        };
        connection.answer(id, answer);
    }

    // Time.

    fn next_deadline(&self) -> Instant {
        let settings = &self.hub.settings;
        let keepalive = match self.pinged {
            Some(pinged) => pinged + settings.keepalive_grace,
            None => self.transport.last_heard() + settings.keepalive_interval,
        };
        let core = self
            .connection
            .turn_of(self.link.number, |live| live.core.poll_timeout());
        let core = core.flatten().map(|due| self.hub.instant(due));
        let authenticating = self
            .authenticating
            .as_ref()
            .map(|authenticating| authenticating.due);
        let heartbeat = self.heartbeat.as_ref().map(|heartbeat| heartbeat.due);
        [core, authenticating, heartbeat]
            .into_iter()
            .flatten()
            .fold(keepalive, Instant::min)
    }

    fn deadline_passed(&mut self) -> Then {
        let now = Instant::now();
        let core_now = self.hub.now();
        self.connection
            .turn_of(self.link.number, |live| live.core.handle_timeout(core_now));
        if self
            .authenticating
            .as_ref()
            .is_some_and(|authenticating| authenticating.due <= now)
        {
            self.authenticated(Err(MethodError::code(code::AUTH_FAILED)));
        }
        self.beat(now);
        self.check_alive(now)
    }

    fn beat(&mut self, now: Instant) {
        use std::sync::atomic::Ordering;

        let (Some(heartbeat), Some(interval)) =
            (&mut self.heartbeat, self.hub.settings.heartbeat_interval)
        else {
            return;
        };
        if heartbeat.due > now {
            return;
        }
        heartbeat.due = now + interval;
        if heartbeat.settled.swap(false, Ordering::Relaxed) {
            let settled = Arc::clone(&heartbeat.settled);
            let connection = self.connection.clone();
            let limit = self.hub.settings.max_running_methods;
            self.connection.run(limit, async move {
                // However it ends, the next one may go.
                let _ = connection.ping().await;
                settled.store(true, Ordering::Relaxed);
            });
        }
    }

    /// After a while of silence a client is asked for a sign of life, after some more dropped.
    fn check_alive(&mut self, now: Instant) -> Then {
        let heard = self.transport.last_heard();
        match self.pinged {
            Some(pinged) if heard > pinged => self.pinged = None,
            Some(pinged) if pinged + self.hub.settings.keepalive_grace <= now => {
                self.link.outbox.end(crate::outbox::End::Drop);
                return Then::Stop;
            }
            Some(_) => {}
            None if heard + self.hub.settings.keepalive_interval <= now => {
                self.transport.ping();
                self.pinged = Some(now);
            }
            None => {}
        }
        Then::Continue
    }
}

/// Waits for the policy, or for ever if it has nothing to think about.
async fn think(authenticating: &mut Option<Authenticating>) -> Result<String, MethodError> {
    match authenticating {
        Some(authenticating) => authenticating.policy.as_mut().await,
        None => std::future::pending().await,
    }
}

/// Where the answer of a method goes.
struct Finish {
    hub: Arc<Hub>,
    connection: Connection,
    id: i64,
    interface: String,
    method: String,
}

impl Finish {
    fn answer(self, ended: std::thread::Result<Answer>) {
        let Self {
            hub,
            connection,
            id,
            interface,
            method,
        } = self;
        let (answer, panicked) = match ended {
            Ok(answer) => (answer, None),
            Err(_) => (
                Err(MethodError::code(code::INTERNAL_API_ERROR)),
                Some("the method panicked".to_owned()),
            ),
        };
        let why = connection.answer(id, answer).or(panicked);
        if let Some(error) = why {
            hub.tell(&ServerEvent::HandlerFailed {
                connection: &connection,
                interface: &interface,
                name: &method,
                error: &error,
            });
        }
    }
}
