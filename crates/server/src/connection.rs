//! Connection: what a server holds of a client, with or without a transport under it.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use jstp_proto::mdsf::{self, RawValue, Value, WriteOptions};
use jstp_proto::{CallId, Config, Outcome, Refused, RemoteError, Role, State, Texts};
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::application::Application;
use crate::error::{CallError, OptionsError};
use crate::keeping::Keeper;
use crate::live::{Live, Log, Profile};
use crate::method::values;
use crate::options::check_duration;
use crate::running::Running;
use crate::server::{Hub, ServerHandle};

mod tasks;

type Core = jstp_proto::Connection<Texts>;

/// A client of the server. Clones are the same connection; it outlives a transport by the session's
/// life in memory, and goes on when the client resumes.
///
/// Calls and events issued while the client is away are kept and sent when it resumes.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    id: u64,
    server: Weak<Hub>,
    live: Mutex<Live>,
    /// Once there is a session.
    keeper: OnceLock<Keeper>,
}

impl Connection {
    pub(crate) fn new(id: u64, server: Weak<Hub>, config: Config, log: Log) -> Self {
        let live = Live {
            core: jstp_proto::Connection::new(Role::Server, config),
            waiters: HashMap::new(),
            events: VecDeque::new(),
            handled: 0,
            data_version: 0,
            is_storing: false,
            log,
            link: None,
            profile: Profile::default(),
            running: Running::default(),
            heard: 0,
            is_over: false,
            is_lost: false,
            is_forgotten: false,
        };
        Self {
            shared: Arc::new(Shared {
                id,
                server,
                live: Mutex::new(live),
                keeper: OnceLock::new(),
            }),
        }
    }

    /// A number no other connection of this server has.
    pub fn id(&self) -> u64 {
        self.shared.id
    }

    /// The session's id, once there has been a handshake. Whoever knows it can resume the session.
    pub fn session_id(&self) -> Option<String> {
        self.lock()
            .core
            .session()
            .map(|session| session.id().to_owned())
    }

    /// Who the client is, if it said so.
    pub fn username(&self) -> Option<String> {
        self.lock().profile.username.clone()
    }

    /// The application in use, once there has been a handshake.
    pub fn application(&self) -> Option<Arc<Application>> {
        self.lock().profile.application.clone()
    }

    /// The version or range the client asked for; without one, the major number of what it got.
    pub fn requested_version(&self) -> Option<String> {
        self.lock().profile.requested_version.clone()
    }

    /// Where the client connects, or last connected, from.
    pub fn remote_address(&self) -> Option<SocketAddr> {
        self.lock().profile.remote
    }

    /// Whether messages pass.
    pub fn is_open(&self) -> bool {
        self.lock().core.state() == State::Ready
    }

    /// Reads from the session's own storage, which survives reconnection.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.lock().profile.storage.get(key).cloned()
    }

    /// Writes to the session's own storage. Returns what was there.
    pub fn set(&self, key: impl Into<String>, value: Value) -> Option<Value> {
        self.with_storage(|storage| storage.insert(key.into(), value))
    }

    /// Works on the session's own storage without anybody coming between. The work must not use the
    /// connection itself, which waits for it.
    pub fn with_storage<R>(&self, work: impl FnOnce(&mut HashMap<String, Value>) -> R) -> R {
        let mut live = self.lock();
        let result = work(&mut live.profile.storage);
        live.data_version += 1;
        self.wake(&mut live);
        result
    }

    /// Calls a method of the client's application. The arguments are a tuple, a list or `()`.
    ///
    /// While the client is away the call waits for it to resume. Dropping the future, as
    /// `tokio::time::timeout` does, gives the call up: it is not made if it has not left, and its
    /// answer is of no interest if it has.
    ///
    /// # Errors
    /// The client's own error; [`CallError::Lost`] when its answer went down with a transport; or
    /// why the call could not be made.
    pub async fn call(
        &self,
        interface: &str,
        method: &str,
        args: impl Serialize,
    ) -> Result<Vec<Value>, CallError> {
        let args = arguments(&args)?;
        let issue = |core: &mut Core| core.call(interface, method, args);
        results(self.request(issue).await?)
    }

    /// Calls a method, again and again until an answer comes: the client may see the call more than
    /// once, so its method has to bear that.
    ///
    /// # Errors
    /// As [`call`](Self::call), but [`CallError::Lost`] only once the session has ended, or the call was given up
    /// because the client closed its transport over it each time it was sent (Q13).
    pub async fn call_with_resend(
        &self,
        interface: &str,
        method: &str,
        args: impl Serialize,
    ) -> Result<Vec<Value>, CallError> {
        let args = arguments(&args)?;
        let issue = |core: &mut Core| core.call_with_resend(interface, method, args);
        results(self.request(issue).await?)
    }

    /// Emits an event to the client. The arguments are a tuple, a list or `()`.
    ///
    /// While the client is away the event waits for it to resume.
    ///
    /// # Errors
    /// Why it could not be sent or kept.
    pub fn emit(
        &self,
        interface: &str,
        event: &str,
        args: impl Serialize,
    ) -> Result<(), CallError> {
        self.emit_text(interface, event, arguments(&args)?)
    }

    pub(crate) fn emit_text(
        &self,
        interface: &str,
        event: &str,
        args: String,
    ) -> Result<(), CallError> {
        self.turn(|live| {
            live.check()?;
            live.core.emit(interface, event, args)
        })?;
        Ok(())
    }

    /// Asks for the method names of an interface of the client's application.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn inspect(&self, interface: &str) -> Result<Vec<String>, CallError> {
        let names = self.request(|core| core.inspect(interface)).await?;
        let names = names.ok_or(CallError::Malformed)?;
        names.to().map_err(|_| CallError::Malformed)
    }

    /// Sends a ping and returns how long the client took to answer.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn ping(&self) -> Result<Duration, CallError> {
        let sent = Instant::now();
        let now = self.now();
        self.request(|core| core.ping(now)).await?;
        Ok(sent.elapsed())
    }

    /// How long the client took to answer the last ping, be it [`ping`](Self::ping) or one of the
    /// server's own; `None` before there was an answer.
    pub fn rtt(&self) -> Option<Duration> {
        self.lock().core.rtt()
    }

    /// How many requests to the client wait for an answer, or for the client.
    pub fn pending_calls(&self) -> usize {
        self.lock().core.pending_calls()
    }

    /// Sends `ping` messages to this client at an interval of its own, in place of the server's
    /// [`heartbeat_interval`](crate::ServerOptions::heartbeat_interval), also over later transports.
    ///
    /// # Errors
    /// The interval is zero, or longer than 100 years.
    pub fn start_heartbeat(&self, interval: Duration) -> Result<(), OptionsError> {
        check_duration("interval", interval)?;
        self.set_heartbeat(Some(interval));
        Ok(())
    }

    /// Stops sending `ping` messages to this client but for those that are needed (Q12).
    pub fn stop_heartbeat(&self) {
        self.set_heartbeat(None);
    }

    fn set_heartbeat(&self, interval: Option<Duration>) {
        let now = self.now();
        self.turn(|live| {
            live.core.set_heartbeat(now, interval);
            if let Some(link) = &live.link {
                // Its next deadline may be another.
                link.stirred.notify_one();
            }
        });
    }

    /// The server the client is one of, unless it is gone.
    pub fn server(&self) -> Option<ServerHandle> {
        self.shared.server.upgrade().map(ServerHandle::new)
    }

    /// Closes the transport, after what is queued has left. What is pending fails, but for
    /// [calls with resend](Self::call_with_resend), which wait for the client to come back to its session, as it may
    /// (Q46). [`forget_session`](Self::forget_session) prevents that, and ends them too.
    pub fn close(&self) {
        let now = self.now();
        self.turn(|live| live.core.close(now));
    }

    /// Closes the transport and forgets the session, so that the client has to start a new one.
    pub fn forget_session(&self) {
        if let (Some(server), Some(session)) = (self.shared.server.upgrade(), self.session_id()) {
            self.set_forgotten();
            server.forget(&session);
        }
        self.close();
        self.turn(|live| live.core.forget_session());
    }

    /// Issues a request and waits until it is settled.
    async fn request(
        &self,
        issue: impl FnOnce(&mut Core) -> Result<CallId, Refused>,
    ) -> Result<Option<RawValue>, CallError> {
        let (call, settled) = self.turn(|live| {
            live.check()?;
            let call = issue(&mut live.core)?;
            let (settle, settled) = oneshot::channel();
            live.waiters.insert(call, settle);
            Ok::<_, Refused>((call, settled))
        })?;
        let mut waiting = Waiting {
            connection: self,
            call: Some(call),
        };
        let settled = settled.await;
        waiting.call = None;
        match settled {
            Ok(Outcome::Done(results)) => Ok(Some(results)),
            Ok(Outcome::Pong) => Ok(None),
            Ok(Outcome::Error(error)) if error.elements().is_some() => {
                Err(CallError::Remote(RemoteError::from_wire(values(&error))))
            }
            Ok(Outcome::Error(_) | Outcome::Malformed) => Err(CallError::Malformed),
            Ok(Outcome::Failed(code)) => Err(CallError::failed(code)),
            // The connection itself is gone.
            Err(_) => Err(CallError::Lost),
        }
    }
}

/// Somebody waits for a request; dropped before it is settled, it gives the request up.
struct Waiting<'c> {
    connection: &'c Connection,
    call: Option<CallId>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call {
            self.connection.turn(|live| {
                live.waiters.remove(&call);
                live.core.withdraw(call);
            });
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.shared.id)
            .finish_non_exhaustive()
    }
}

fn results(answer: Option<RawValue>) -> Result<Vec<Value>, CallError> {
    match answer.as_ref().map(RawValue::to_value) {
        Some(Value::Array(results)) => Ok(results),
        _ => Err(CallError::Malformed),
    }
}

/// The text of an argument list.
pub(crate) fn arguments(args: &impl Serialize) -> Result<String, CallError> {
    let mut text = String::new();
    mdsf::put(args, &mut text, WriteOptions::default())?;
    if matches!(&*text, "null" | "undefined") {
        return Ok("[]".to_owned());
    }
    if !text.starts_with('[') {
        let why = "they are neither a tuple nor a list";
        return Err(CallError::Arguments(why.to_owned()));
    }
    Ok(text)
}
