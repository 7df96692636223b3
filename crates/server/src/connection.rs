//! Connection: what a server holds of a client, with or without a transport under it.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use jstp_proto::error::code;
use jstp_proto::mdsf::{self, RawValue, Value, WriteOptions};
use jstp_proto::version::Requested;
use jstp_proto::{
    CallId, Config, Event, Messages, Outcome, Refused, RemoteError, Role, Session, State, Texts,
};
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::answer::Ended;
use crate::application::Application;
use crate::error::{CallError, MethodError, OptionsError};
use crate::events::ServerEvent;
use crate::keeping::Keeper;
use crate::live::{Happening, Link, Live, Log, Profile, Told};
use crate::method::values;
use crate::options::check_duration;
use crate::outbox::End;
use crate::running::{Limits, Running};
use crate::server::{Hub, ServerHandle};
use crate::storage::StorageError;
use crate::stored::StoredSession;

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

    // For the server's own tasks.

    /// One turn of the core on behalf of the application: what it has to say to the peer goes to
    /// the outbox, what it has to say to the application waits for the transport's task.
    pub(crate) fn turn<R>(&self, work: impl FnOnce(&mut Live) -> R) -> R {
        let mut live = self.lock();
        let result = work(&mut live);
        if live.drain()
            && let Some(link) = &live.link
        {
            link.stirred.notify_one();
        }
        self.wake(&mut live);
        result
    }

    /// One turn on behalf of a transport, unless another has taken its place.
    pub(crate) fn turn_of<R>(&self, link: u64, work: impl FnOnce(&mut Live) -> R) -> Option<R> {
        let mut live = self.lock();
        if live
            .link
            .as_ref()
            .is_none_or(|current| current.number != link)
        {
            return None;
        }
        let result = work(&mut live);
        live.drain();
        Some(result)
    }

    /// Puts the connection onto its first transport.
    pub(crate) fn open(&self, link: Link, accepted: jstp_proto::Instant) {
        let mut live = self.lock();
        live.profile.remote = Some(link.remote);
        live.link = Some(link);
        live.core.handle_open(accepted);
    }

    /// Goes on with the session over a transport, in place of any older one, which is closed and
    /// from here on without a say in this connection (Q2). False if the session is gone.
    pub(crate) fn take_over(&self, link: Link, now: jstp_proto::Instant, received: u64) -> bool {
        let mut live = self.lock();
        let Some(session) = live.core.session() else {
            return false;
        };
        let config = Config::new(Role::Server);
        link.outbox
            .make_room(session.unacknowledged_weight() + config.kept_answer_bytes);
        // What the old transport still had to tell of its own end is nobody's business now.
        live.events
            .retain(|event| !matches!(event.told, Told::Event(Event::TransportClosed { .. })));
        live.profile.remote = Some(link.remote);
        if self.keeper().is_some_and(Keeper::is_shared) {
            link.outbox.hold();
        }
        if let Some(old) = live.link.replace(link) {
            old.outbox.end(End::Close(1000));
            old.stirred.notify_one();
        }
        let resumed = live.core.resume(now, received).is_ok();
        live.drain();
        resumed
    }

    /// Takes the connection off a transport that is gone, closed by the peer if there is a code.
    /// False if it was not on it any more.
    pub(crate) fn detach(&self, link: u64, peer_code: Option<u16>) -> bool {
        let mut live = self.lock();
        if live
            .link
            .as_ref()
            .is_none_or(|current| current.number != link)
        {
            return false;
        }
        match peer_code {
            Some(code) => live.core.handle_peer_close(code),
            None => live.core.handle_close(),
        }
        live.drain();
        live.link = None;
        live.is_over = live.core.session().is_none();
        // What could not be dealt with for want of a storage is dealt with when the client is back.
        live.events.retain(|event| event.told.is_message());
        true
    }

    /// Takes the connection off whatever transport it is on, since nobody sees to that any more.
    pub(crate) fn abandon(&self) {
        let link = self.lock().link.as_ref().map(|link| link.number);
        if let Some(link) = link {
            self.detach(link, None);
        }
    }

    /// The messages of what came over a transport.
    pub(crate) fn messages<'t>(&self, text: &'t str, batch: bool) -> Messages<'t, Texts> {
        self.lock().core.messages(text, batch)
    }

    pub(crate) fn next_event(&self, link: u64) -> Option<Happening> {
        self.turn_of(link, |live| live.events.pop_front()).flatten()
    }

    /// Whether there is something the transport's task has to deal with.
    pub(crate) fn has_events(&self, link: u64) -> bool {
        self.turn_of(link, |live| !live.events.is_empty()) == Some(true)
    }

    /// If a call comes next, counts it as received, and what follows it as far as that can be. True if there
    /// is something to be stored before it begins.
    pub(crate) fn count_calls(&self, link: u64) -> bool {
        self.turn_of(link, |live| {
            if !matches!(
                live.events.front(),
                Some(Happening {
                    told: Told::Event(Event::Called { .. }),
                    ..
                })
            ) {
                return false;
            }
            let counted = live.events.iter();
            let counted = counted.take_while(|event| event.told.may_be_counted());
            if let Some(last) = counted.last() {
                live.handled = last.received;
            }
            true
        }) == Some(true)
    }

    /// An event has been dealt with.
    pub(crate) fn handled(&self, link: u64, received: u64) {
        self.turn_of(link, |live| live.handled = received);
    }

    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.shared.keeper.get()
    }

    /// Says where the session is stored, which it is from here on.
    pub(crate) fn keep_with(&self, keeper: Keeper) {
        // There is one for each session, and a connection has one session.
        let _ = self.shared.keeper.set(keeper);
    }

    /// Goes on with a session from a storage.
    pub(crate) fn adopt(&self, mut stored: StoredSession) {
        let mut live = self.lock();
        let session = Session::from_parts(stored.parts(), String::len);
        // A new connection has none.
        let _ = live.core.adopt_session(session);
        live.handled = live.received();
        live.profile.username = stored.username;
        live.profile.storage = stored.storage.into_iter().collect();
    }

    /// The session is no longer this server's: closes the transport, or settles what is pending.
    pub(crate) fn lose(&self) {
        if let (Some(server), Some(session)) = (self.shared.server.upgrade(), self.session_id()) {
            server.sessions.remove(&session, self);
        }
        let mut live = self.lock();
        live.is_lost = true;
        match &live.link {
            Some(link) => {
                link.outbox.discard_held();
                link.stirred.notify_one();
            }
            None => {
                drop(live);
                self.expire();
            }
        }
    }

    /// The session cannot go on here, for a reason that stays.
    pub(crate) fn end_for(&self, error: &StorageError) {
        if let (StorageError::TooLarge { .. }, Some(server), Some(session)) =
            (error, self.shared.server.upgrade(), self.session_id())
        {
            // What is stored is not what it was, so nobody may go on with that.
            server.forget(&session);
        }
        self.lose();
    }

    /// Nothing of the session is to be stored any more.
    pub(crate) fn set_forgotten(&self) {
        let mut live = self.lock();
        live.is_forgotten = true;
        self.wake(&mut live);
    }

    /// Tells the server's listener.
    pub(crate) fn storage_failed(&self, error: &StorageError) {
        if let Some(server) = self.shared.server.upgrade() {
            server.tell(&ServerEvent::StorageFailed {
                connection: self,
                error,
            });
        }
    }

    /// Sets the application a handshake has come to, and the version asked for, if any.
    pub(crate) fn set_application(&self, application: Arc<Application>, asked: Option<String>) {
        let mut live = self.lock();
        live.profile.requested_version = Some(asked.unwrap_or_else(|| major(&application)));
        live.profile.application = Some(application);
    }

    /// What other versions of the application would do as well; `None` if none would.
    pub(crate) fn requested(&self) -> Option<Requested> {
        let requested = Requested::parse(self.requested_version().as_deref()).ok()?;
        (!requested.is_complete()).then_some(requested)
    }

    pub(crate) fn replace_application(&self, application: Arc<Application>) {
        self.lock().profile.application = Some(application);
    }

    pub(crate) fn set_username(&self, username: Option<String>) {
        self.lock().profile.username = username;
    }

    /// Answers a call or an inspect, over whatever transport there is by now. An answer that
    /// cannot be written becomes error 16; the reason is returned.
    pub(crate) fn answer(&self, id: i64, answer: Ended) -> Option<String> {
        let mut why = None;
        // A peer that knows the extension is none of those that cannot read them.
        let non_finite = self.is_batching();
        let text = answer.and_then(|answer| {
            answer.into_text(non_finite).map_err(|error| {
                why = Some(format!("its result cannot be sent: {error}"));
                MethodError::code(code::INTERNAL_API_ERROR)
            })
        });
        match text {
            Ok(text) => self.turn(|live| live.core.answer_written(id, text)),
            Err(error) => {
                why = why.or_else(|| error.kept_local());
                let options = WriteOptions {
                    non_finite,
                    ..WriteOptions::default()
                };
                let mut text = String::new();
                if mdsf::write_array(&error.to_wire(), &mut text, options).is_err() {
                    text = format!("[{}]", code::INTERNAL_API_ERROR);
                }
                self.turn(|live| live.core.answer(id, Err(text)));
            }
        }
        why
    }

    /// Lets a method that did not end at once run on beside the connection, called by a message of so
    /// many bytes. False if too much runs already.
    pub(crate) fn run(
        &self,
        limits: Limits,
        bytes: usize,
        method: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        self.lock().running.spawn(limits, bytes, method)
    }

    /// Settles everything pending and stops what still runs, unless a transport is under the
    /// connection: its session is gone for good. False if there is one.
    pub(crate) fn expire(&self) -> bool {
        let mut live = self.lock();
        if live.link.is_some() {
            return false;
        }
        live.core.forget_session();
        live.drain();
        live.is_over = true;
        live.waiters.clear();
        live.events.clear();
        live.running.abort_all();
        true
    }

    fn is_batching(&self) -> bool {
        self.lock().link.as_ref().is_some_and(|link| link.batch)
    }

    /// How many bytes are kept for the client: what it has not acknowledged, and calls under way.
    pub(crate) fn weight(&self) -> usize {
        let live = self.lock();
        let session = live.core.session();
        session.map_or(0, jstp_proto::Session::unacknowledged_weight) + live.running.bytes()
    }

    /// Whether there is no transport under the connection.
    pub(crate) fn is_detached(&self) -> bool {
        self.lock().link.is_none()
    }

    fn now(&self) -> jstp_proto::Instant {
        self.shared
            .server
            .upgrade()
            .map_or_else(jstp_proto::Instant::default, |server| server.now())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Live> {
        self.shared
            .live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

fn major(application: &Application) -> String {
    let version = application.version_text().trim_start_matches('v');
    version.split('.').next().unwrap_or_default().to_owned()
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
