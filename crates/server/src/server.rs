//! Server: listens, accepts, knows its clients, and ends.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt;
use jstp_proto::{Config, Role};
use serde::Serialize;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::application::Application;
use crate::connection::{self, Connection};
use crate::driver;
use crate::error::{CallError, OptionsError};
use crate::events::ServerEvent;
use crate::index::{AppsIndex, create_apps_index};
use crate::live::{Link, Log};
use crate::options::{ServerOptions, Settings};
use crate::sessions::{Left, Sessions};
use crate::storage::Storage;
use crate::tls::Tls;
use crate::trace;

/// Makes a server, which does nothing until it is told to [`listen`](Server::listen).
///
/// # Errors
/// Names the option that is wrong.
pub fn create_server(options: ServerOptions) -> Result<Server, OptionsError> {
    let (applications, mut settings) = options.check()?;
    let tls = settings.tls.take().map(Tls::config).transpose()?;
    let sessions = Sessions::new(
        settings.client_expiration_time,
        (settings.max_detached_sessions, settings.max_detached_bytes),
    );
    let hub = Hub {
        applications: RwLock::new(Arc::new(applications)),
        tls: RwLock::new(tls.map(TlsAcceptor::from)),
        sessions: Arc::new(sessions),
        sweeping: OnceLock::new(),
        clients: Mutex::default(),
        transports: Mutex::default(),
        tasks: Mutex::default(),
        stopping: AtomicBool::new(false),
        stopped: watch::Sender::new(false),
        last_number: AtomicU64::new(0),
        origin: Instant::now(),
        runtime: OnceLock::new(),
        watched: Mutex::default(),
        settings,
    };
    let hub = Arc::new(hub);
    Ok(Server {
        hub,
        listening: Mutex::default(),
    })
}

/// A JSTP server. Dropping it stops it from listening and leaves open connections alone.
pub struct Server {
    hub: Arc<Hub>,
    listening: Mutex<Vec<Listening>>,
}

struct Listening {
    address: SocketAddr,
    /// Dropped, it ends the task.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Begins to accept clients on an address; port 0 picks a free one. Returns the address.
    ///
    /// # Errors
    /// The address cannot be listened on, or the server has been [shut down](Self::shutdown).
    pub async fn listen(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        // A server has one runtime, and its tasks need to know it when an application's threads do not.
        self.hub.runtime.get_or_init(Handle::current);
        self.hub.sweep();
        self.hub.watch_storages();
        let address = listener.local_addr()?;
        let mut all = lock(&self.listening);
        // Whoever shuts the server down looks at them only after this is said.
        if self.hub.is_stopping() {
            return Err(io::Error::other("the server has shut down for good"));
        }
        let (stop, stopping) = oneshot::channel();
        let hub = Arc::clone(&self.hub);
        let task = tokio::spawn(async move { accept(&hub, listener, stopping).await });
        let listening = Listening {
            address,
            stop,
            task,
        };
        all.push(listening);
        Ok(address)
    }

    /// The address last listened on, or `None` while the server does not listen.
    pub fn address(&self) -> Option<SocketAddr> {
        lock(&self.listening)
            .last()
            .map(|listening| listening.address)
    }

    /// Stops accepting clients, and leaves those alone that are connected.
    pub async fn close(&self) {
        let listening = std::mem::take(&mut *lock(&self.listening));
        for Listening { stop, task, .. } in listening {
            drop(stop);
            // Either it has ended, or its runtime has.
            let _ = task.await;
        }
    }

    /// Ends the server for good: stops accepting clients, closes all transports with 1001, after what
    /// is queued has left, and waits until they are gone, but no longer than the close timeout. Then
    /// sessions are stored and leave memory; what their connections wait for ends as lost.
    pub async fn shutdown(&self) {
        self.hub.stopping.store(true, Ordering::SeqCst);
        self.hub.stopped.send_replace(true);
        self.close().await;
        for transport in lock(&self.hub.transports).values() {
            transport.notify_one();
        }
        let mut tasks = std::mem::take(&mut *lock(&self.hub.tasks));
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        // Whoever has not ended by then is dropped with the set.
        let _ = timeout(self.hub.settings.close_timeout, all_ended).await;
        drop(tasks);
        self.hub.store_all().await;
    }

    /// The clients whose transport is up and whose handshake is done.
    pub fn clients(&self) -> Vec<Connection> {
        self.hub.clients()
    }

    /// Emits an event to every client. Returns how many there were.
    ///
    /// # Errors
    /// The arguments cannot be sent to anybody; a client with a full buffer is merely left out.
    pub fn broadcast(
        &self,
        interface: &str,
        event: &str,
        args: impl Serialize,
    ) -> Result<usize, CallError> {
        self.hub.broadcast(interface, event, args)
    }

    /// See [`ServerHandle::update_applications`].
    ///
    /// # Errors
    /// As there.
    pub fn update_applications(
        &self,
        applications: impl IntoIterator<Item = impl Into<Arc<Application>>>,
    ) -> Result<(), OptionsError> {
        self.handle().update_applications(applications)
    }

    /// See [`ServerHandle::update_connections_api`].
    pub fn update_connections_api(&self) {
        self.handle().update_connections_api();
    }

    /// A handle for whoever needs the server but does not own it, such as tasks of the application;
    /// its methods have [`Connection::server`].
    pub fn handle(&self) -> ServerHandle {
        ServerHandle {
            hub: Arc::clone(&self.hub),
        }
    }

    #[cfg(test)]
    pub(crate) fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub)
    }
}

/// What may be done with a server by whoever does not own it: all but listening and ending.
#[derive(Clone)]
pub struct ServerHandle {
    hub: Arc<Hub>,
}

impl ServerHandle {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    /// See [`Server::clients`].
    pub fn clients(&self) -> Vec<Connection> {
        self.hub.clients()
    }

    /// See [`Server::broadcast`].
    ///
    /// # Errors
    /// As there.
    pub fn broadcast(
        &self,
        interface: &str,
        event: &str,
        args: impl Serialize,
    ) -> Result<usize, CallError> {
        self.hub.broadcast(interface, event, args)
    }

    /// The connection that has a session, be its client connected or away.
    pub fn session(&self, id: &str) -> Option<Connection> {
        self.hub.sessions.find(id)
    }

    /// Forgets a session, so that nobody can resume it. A client that is connected stays so;
    /// [`Connection::forget_session`] closes its transport too.
    pub fn forget_session(&self, id: &str) {
        if let Some(connection) = self.hub.sessions.find(id) {
            connection.set_forgotten();
            self.hub.forget(id);
            // Without a transport this is the end of it.
            connection.expire();
        } else {
            self.hub.forget(id);
        }
    }

    /// Lets a session go from memory as if the
    /// [`client_expiration_time`](crate::ServerOptions::client_expiration_time) had passed: only its storage
    /// provider has it then. A session whose client is connected stays.
    pub async fn expire_session(&self, id: &str) {
        Arc::clone(&self.hub).let_go(id.to_owned(), None).await;
    }

    /// Replaces the set of applications for later handshakes; sessions keep theirs.
    ///
    /// # Errors
    /// As [`create_server`].
    pub fn update_applications(
        &self,
        applications: impl IntoIterator<Item = impl Into<Arc<Application>>>,
    ) -> Result<(), OptionsError> {
        let index = create_apps_index(applications)?;
        *self
            .hub
            .applications
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(index);
        if let Some(runtime) = self.hub.runtime.get() {
            let _entered = runtime.enter();
            self.hub.watch_storages();
        }
        Ok(())
    }

    /// Puts another certificate and key in place of those of
    /// [`ServerOptions::tls`](crate::ServerOptions::tls), for later connections; those that are open
    /// stay as they are. A server that spoke plain TCP speaks TLS from here on.
    ///
    /// # Errors
    /// [`OptionsError::Tls`]; then everything stays as it was.
    pub fn update_tls(
        &self,
        certificate: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Result<(), OptionsError> {
        let (certificate, key) = (certificate.into(), key.into());
        let config = Tls::Pem { certificate, key }.config()?;
        *self.hub.tls.write().unwrap_or_else(PoisonError::into_inner) = Some(config.into());
        Ok(())
    }

    /// Selects anew, for each connected client that did not ask for one complete version, and
    /// keeps its application where nothing matches.
    pub fn update_connections_api(&self) {
        let applications = self.hub.applications();
        for client in self.clients() {
            if let (Some(current), Some(requested)) = (client.application(), client.requested())
                && let Some(application) = applications.pick(current.name(), &requested)
            {
                client.replace_application(application);
            }
        }
    }
}

/// What all tasks of a server share.
pub(crate) struct Hub {
    applications: RwLock<Arc<AppsIndex>>,
    tls: RwLock<Option<TlsAcceptor>>,
    pub(crate) sessions: Arc<Sessions>,
    /// Lets sessions go when their time has come.
    sweeping: OnceLock<AbortHandle>,
    clients: Mutex<HashMap<u64, Connection>>,
    /// Wakes the task of each transport, by its number.
    transports: Mutex<HashMap<u64, Arc<Notify>>>,
    /// One for each socket.
    tasks: Mutex<JoinSet<()>>,
    stopping: AtomicBool,
    /// Tells those who wait for that.
    stopped: watch::Sender<bool>,
    last_number: AtomicU64,
    origin: Instant,
    /// Once it listens.
    pub(crate) runtime: OnceLock<Handle>,
    /// Storages that tell when another server takes a session over.
    watched: Mutex<Vec<Storage>>,
    pub(crate) settings: Settings,
}

impl Hub {
    pub(crate) fn now(&self) -> jstp_proto::Instant {
        self.moment(Instant::now())
    }

    pub(crate) fn instant(&self, instant: jstp_proto::Instant) -> Instant {
        self.origin + Duration::from_millis(instant.as_millis())
    }

    /// A number for a connection or a transport.
    pub(crate) fn number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A connection without a transport or a session.
    pub(crate) fn connection(self: &Arc<Self>) -> Connection {
        Connection::new(
            self.number(),
            Arc::downgrade(self),
            self.config(),
            self.log(),
        )
    }

    /// Has the storages tell when another server takes a session over.
    fn watch_storages(self: &Arc<Self>) {
        let mut watched = lock(&self.watched);
        for storage in self.storages() {
            if watched.iter().any(|known| known.is(&storage)) {
                continue;
            }
            if let Storage::Shared(provider) = &storage {
                let hub = Arc::downgrade(self);
                let listener = move |id: &str, claim| {
                    if let Some(hub) = hub.upgrade() {
                        hub.claimed(id, claim);
                    }
                };
                driver::guarded(|| provider.watch(Box::new(listener)));
            }
            watched.push(storage);
        }
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            max_received: self.settings.max_message,
            handshake_timeout: self.settings.handshake_timeout,
            close_timeout: self.settings.close_timeout,
            heartbeat_interval: self.settings.heartbeat_interval,
            in_doubt_timeout: self.settings.in_doubt_timeout,
            buffer_messages: self.settings.buffer_limit.0,
            buffer_bytes: self.settings.buffer_limit.1,
            ..Config::new(Role::Server)
        }
    }

    pub(crate) fn applications(&self) -> Arc<AppsIndex> {
        Arc::clone(
            &self
                .applications
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn tls(&self) -> Option<TlsAcceptor> {
        self.tls
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn log(&self) -> Log {
        Log {
            messages: self.settings.log_messages,
            answers: !self.settings.on_event.is_empty() || trace::hears_answers(),
        }
    }

    pub(crate) fn tell(&self, event: &ServerEvent<'_>) {
        trace::event(event);
        for listener in &self.settings.on_event {
            driver::guarded(|| listener(event));
        }
    }

    /// A moment of tokio's clock on the server's.
    pub(crate) fn moment(&self, instant: Instant) -> jstp_proto::Instant {
        let since = instant.saturating_duration_since(self.origin);
        jstp_proto::Instant::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// Whether the server ends.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Waits until the server ends.
    pub(crate) async fn stopped(&self) {
        // The sender is the server's own.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// Somebody did not even become a client.
    pub(crate) fn turned_away(&self, remote: SocketAddr, why: &str) {
        self.tell(&ServerEvent::TurnedAway { remote, why });
    }

    /// A transport is there.
    pub(crate) fn opened(&self, link: &Link) {
        lock(&self.transports).insert(link.number, Arc::clone(&link.stirred));
    }

    /// A transport is gone.
    pub(crate) fn closed(&self, link: &Link) {
        lock(&self.transports).remove(&link.number);
    }

    /// The client's messages pass, over a new transport.
    pub(crate) fn joined(&self, connection: &Connection) {
        lock(&self.clients).insert(connection.id(), connection.clone());
        if let Some(session) = connection.session_id() {
            self.sessions.is_back(&session);
        }
    }

    /// The client's transport is gone.
    pub(crate) fn left(self: &Arc<Self>, connection: &Connection) {
        let mut clients = lock(&self.clients);
        // It may be back already, over another.
        if connection.is_detached() {
            let was_there = clients.remove(&connection.id()).is_some();
            drop(clients);
            // One that ended before anybody was told of it has a session all the same.
            let session = connection.session_id();
            let left = session.map(|session| self.sessions.leave(&session, connection));
            match left {
                Some((true, excess)) => {
                    self.keep(connection.clone());
                    self.let_all_go(excess);
                }
                Some((false, _)) | None => {
                    connection.expire();
                }
            }
            if was_there {
                self.tell(&ServerEvent::Disconnect { connection });
            }
        }
    }

    /// Sessions end whether or not somebody listens, and for as long as there is anything of the
    /// server left.
    fn sweep(self: &Arc<Self>) {
        self.sweeping.get_or_init(|| {
            let (sessions, hub) = (Arc::clone(&self.sessions), Arc::downgrade(self));
            let sweeping = async move {
                loop {
                    let expired = sessions.expired().await;
                    let Some(hub) = hub.upgrade() else { return };
                    hub.let_all_go(expired);
                }
            };
            tokio::spawn(sweeping).abort_handle()
        });
    }

    /// What is kept for a client that is away has changed.
    pub(crate) fn weigh(self: &Arc<Self>, connection: &Connection) {
        let excess = connection
            .session_id()
            .map(|session| self.sessions.weigh(&session, connection))
            .unwrap_or_default();
        if let (false, Some(runtime)) = (excess.is_empty(), self.runtime.get()) {
            let _entered = runtime.enter();
            self.let_all_go(excess);
        }
    }

    fn let_all_go(self: &Arc<Self>, left: Vec<Left>) {
        for (id, loss) in left {
            let mut going = Arc::clone(self).let_go(id, Some(loss)).boxed();
            // A provider in memory has it by now.
            if (&mut going).now_or_never().is_none() {
                tokio::spawn(going);
            }
        }
    }

    fn clients(&self) -> Vec<Connection> {
        let mut clients: Vec<Connection> = lock(&self.clients).values().cloned().collect();
        clients.retain(Connection::is_open);
        clients.sort_unstable_by_key(Connection::id);
        clients
    }

    fn broadcast(
        &self,
        interface: &str,
        event: &str,
        args: impl Serialize,
    ) -> Result<usize, CallError> {
        let args = connection::arguments(&args)?;
        let mut reached = 0;
        for client in self.clients() {
            match client.emit_text(interface, event, args.clone()) {
                Ok(()) => reached += 1,
                // The others get it nonetheless; who cannot keep it is lost to it.
                Err(CallError::BufferFull | CallError::Closed) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(reached)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Some(sweeping) = self.sweeping.get() {
            sweeping.abort();
        }
        // Nobody else sees to those that somebody still has handles of.
        for connection in self.sessions.take_all() {
            connection.expire();
        }
    }
}

/// Accepts until told to stop.
async fn accept(hub: &Arc<Hub>, listener: TcpListener, mut stop: oneshot::Receiver<()>) {
    let mut is_failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stop => return,
        };
        match accepted {
            Ok((stream, remote)) => {
                let mut tasks = lock(&hub.tasks);
                while tasks.try_join_next().is_some() {}
                if tasks.len() < hub.settings.max_connections {
                    // Small messages are the rule, and each is wanted at once. It may fail when
                    // the peer is gone already, which the task finds out.
                    let _ = stream.set_nodelay(true);
                    let hub = Arc::clone(hub);
                    match hub.tls() {
                        Some(tls) => tasks.spawn(driver::serve_tls(hub, stream, remote, tls)),
                        None => {
                            let (accepted, opened) = (Instant::now(), hub.now());
                            tasks.spawn(driver::serve(hub, stream, remote, accepted, opened))
                        }
                    };
                } else {
                    drop(tasks);
                    hub.turned_away(remote, "as many as may be are connected already");
                }
                is_failing = false;
            }
            // Either this one client is gone, or the process is out of something: then trying
            // again at once would only burn the processor, and telling of it each time a log.
            Err(error) => {
                if !is_failing {
                    let error = error.to_string();
                    hub.tell(&ServerEvent::CannotAccept { error: &error });
                }
                is_failing = true;
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").finish_non_exhaustive()
    }
}
