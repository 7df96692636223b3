//! Faults: the application `faults`, through which a test breaks what lies between a client and
//! the server.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jstp_server::{Application, Connection, Interface, MethodError, ServerEvent, ServerHandle};
use tokio::time::sleep;

use crate::fixture::Fixture;
use crate::host::Host;
use crate::line::{Fault, Line};

/// How long the answer of a method gets to leave before what it does is done.
const AFTER_ANSWER: Duration = Duration::from_millis(20);

/// The faults application's state.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    line: Arc<Line>,
    host: OnceLock<Arc<Host>>,
    fixture: OnceLock<Fixture>,
    /// Where clients connect.
    address: OnceLock<SocketAddr>,
    sessions: Mutex<HashSet<String>>,
}

impl Faults {
    /// Begins to listen for clients of the server at `server`. Returns the address.
    pub(crate) async fn listen(
        &self,
        address: &str,
        server: SocketAddr,
        host: &Arc<Host>,
    ) -> io::Result<SocketAddr> {
        let address = self.state.line.listen(address, server).await?;
        // There is only one host, so these are set once.
        let _ = self.state.address.set(address);
        let _ = self.state.host.set(Arc::clone(host));
        Ok(address)
    }

    /// Tells the faults what they happen to.
    pub(crate) fn set_fixture(&self, fixture: Fixture) {
        let _ = self.state.fixture.set(fixture);
    }

    fn server(&self) -> Option<ServerHandle> {
        Some(self.state.host.get()?.server().handle())
    }

    /// Notes which sessions there are.
    pub(crate) fn hear(&self, event: &ServerEvent<'_>) {
        if let ServerEvent::Connect { connection } = event {
            self.sessions().extend(connection.session_id());
        }
    }

    pub(crate) fn application(&self) -> Application {
        let line = Interface::new("line");
        let line = self.fault(line, "cut", |(id,): (Option<String>,)| (id, Fault::Cut));
        let line = self.fault(line, "mute", |(id, millis): (Option<String>, u64)| {
            (id, Fault::Mute(Duration::from_millis(millis)))
        });
        let line = self.fault(line, "deaf", |(id,): (Option<String>,)| (id, Fault::Deaf));
        let line = self.fault(
            line,
            "closeWith",
            |(id, code, reason): (Option<String>, u16, String)| {
                (id, Fault::CloseWith(code, reason))
            },
        );
        let line = self.fault(line, "raw", |(id, text): (Option<String>, String)| {
            (id, Fault::Raw(text))
        });
        let line = self.fault(line, "truncate", |(id, bytes): (Option<String>, usize)| {
            (id, Fault::Truncate(bytes))
        });
        let line = self.expiring(line);
        let line = self.forgetting(line);
        let faults = self.clone();
        let server = Interface::new("server").method(
            "restart",
            move |_: Connection, (keep_sessions,): (bool,)| {
                let faults = faults.clone();
                tokio::spawn(async move {
                    sleep(AFTER_ANSWER).await;
                    // A task's errors may not be of any kind.
                    let restarted = faults.restart(keep_sessions).await;
                    if let Err(error) = restarted.map_err(|error| error.to_string()) {
                        eprintln!("jstp-server: cannot listen again: {error}");
                    }
                });
                async { Ok(()) }
            },
        );
        Application::new("faults").interface(line).interface(server)
    }

    /// Adds a method that stages a fault on a session's transport.
    fn fault<A: jstp_server::Arguments>(
        &self,
        line: Interface,
        name: &str,
        what: fn(A) -> (Option<String>, Fault),
    ) -> Interface {
        let faults = self.clone();
        line.method(name, move |caller: Connection, args: A| {
            let (id, fault) = what(args);
            let targets = faults.targets(&caller, id);
            let line = Arc::clone(&faults.state.line);
            async move {
                let targets = targets?;
                tokio::spawn(async move {
                    sleep(AFTER_ANSWER).await;
                    for address in targets.iter().filter_map(Connection::remote_address) {
                        line.inflict(address, fault.clone());
                    }
                });
                Ok(())
            }
        })
    }

    /// Adds a method that drops a session from memory, which leaves it with its storage.
    fn expiring(&self, line: Interface) -> Interface {
        let faults = self.clone();
        line.method(
            "expire",
            move |caller: Connection, (id,): (Option<String>,)| {
                let sessions = faults.sessions_of(&caller, id);
                let server = faults.server();
                async move {
                    for session in sessions? {
                        if let Some(server) = &server {
                            server.expire_session(&session).await;
                        }
                    }
                    Ok(())
                }
            },
        )
    }

    /// Adds a method that drops a session from memory and from its storage.
    fn forgetting(&self, line: Interface) -> Interface {
        let faults = self.clone();
        line.method(
            "forget",
            move |caller: Connection, (id,): (Option<String>,)| {
                let forgotten = faults.sessions_of(&caller, id).map(|sessions| {
                    for session in sessions {
                        faults.forget(&session);
                    }
                });
                async move { forgotten }
            },
        )
    }

    /// The given session, in memory or not, or all but the caller's.
    fn sessions_of(
        &self,
        caller: &Connection,
        id: Option<String>,
    ) -> Result<Vec<String>, MethodError> {
        let own = caller.session_id();
        let known = self.sessions();
        match id {
            Some(id) if known.contains(&id) => Ok(vec![id]),
            Some(_) => Err(MethodError::text("Error: no such session")),
            None => Ok(known
                .iter()
                .filter(|id| Some(*id) != own.as_ref())
                .cloned()
                .collect()),
        }
    }

    /// The connection with the given session, or all but the caller's.
    fn targets(
        &self,
        caller: &Connection,
        id: Option<String>,
    ) -> Result<Vec<Connection>, MethodError> {
        let server = self.server();
        let server = server.ok_or_else(|| MethodError::text("Error: there is no server yet"))?;
        if let Some(id) = id {
            let session = server.session(&id);
            let session = session.ok_or_else(|| MethodError::text("Error: no such session"))?;
            return Ok(vec![session]);
        }
        let sessions: Vec<String> = self.sessions().iter().cloned().collect();
        let mut all: Vec<Connection> = sessions
            .iter()
            .filter_map(|id| server.session(id))
            .collect();
        all.retain(|connection| connection.id() != caller.id());
        Ok(all)
    }

    fn forget(&self, session: &str) {
        if let Some(server) = self.server() {
            server.forget_session(session);
        }
        self.sessions().remove(session);
    }

    async fn restart(&self, keep_sessions: bool) -> Result<(), Box<dyn std::error::Error>> {
        let state = &self.state;
        state.line.stop().await;
        if !keep_sessions {
            let all: Vec<String> = self.sessions().iter().cloned().collect();
            for session in all {
                self.forget(&session);
            }
        }
        let (Some(host), Some(address)) = (state.host.get(), state.address.get()) else {
            return Ok(());
        };
        let server = host.replace().await?;
        if let Some(fixture) = state.fixture.get().filter(|_| !keep_sessions) {
            fixture.clear();
        }
        let behind = server.listen("127.0.0.1:0").await?;
        state.line.listen(&address.to_string(), behind).await?;
        Ok(())
    }

    fn sessions(&self) -> MutexGuard<'_, HashSet<String>> {
        self.state
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
