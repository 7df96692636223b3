//! Sessions kept by a provider that one server uses (protocol.md 4.4, 5.5).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Peer, app, listening, reporting, soon};
use jstp_server::{
    Application, CallError, Connection, Interface, ServerEvent, ServerOptions,
    SessionStorageProvider, SimpleSessionStorageProvider, StorageError, StorageFuture,
    StoredSession, Value, create_server,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A provider that notes what it is asked, and may fail.
#[derive(Clone, Default)]
struct Noting {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    sessions: HashMap<String, StoredSession>,
    asked: Vec<String>,
    mode: Mode,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Mode {
    #[default]
    Works,
    /// Takes 50 ms.
    IsSlow,
    Fails,
    Hangs,
    Panics,
    PanicsLater,
}

impl Noting {
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    fn set_mode(&self, mode: Mode) {
        self.state.lock().unwrap().mode = mode;
    }

    fn when_it_works<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(&mut HashMap<String, StoredSession>) -> T,
    ) -> StorageFuture<T> {
        let mut state = self.state.lock().unwrap();
        state.asked.push(what.to_owned());
        match state.mode {
            Mode::Works => {
                let done = work(&mut state.sessions);
                // Not at once, as a database would.
                Box::pin(async {
                    tokio::task::yield_now().await;
                    Ok(done)
                })
            }
            Mode::IsSlow => {
                let done = work(&mut state.sessions);
                Box::pin(async {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Ok(done)
                })
            }
            Mode::Fails => Box::pin(async { Err(StorageError::unavailable("it is broken")) }),
            Mode::Hangs => Box::pin(std::future::pending()),
            Mode::Panics => {
                // The lock is the test's, and not what breaks.
                drop(state);
                panic!("{what} panics")
            }
            Mode::PanicsLater => Box::pin(async {
                tokio::task::yield_now().await;
                panic!("its answer panics")
            }),
        }
    }
}

impl SessionStorageProvider for Noting {
    fn get(&self, id: &str) -> StorageFuture<Option<StoredSession>> {
        self.when_it_works("get", |sessions| sessions.get(id).cloned())
    }

    fn set(&self, session: StoredSession) -> StorageFuture<()> {
        self.when_it_works("set", |sessions| {
            sessions.insert(session.id.clone(), session);
        })
    }

    fn set_inactive(&self, _id: &str) -> StorageFuture<()> {
        self.when_it_works("set_inactive", |_| ())
    }

    fn remove(&self, id: &str) -> StorageFuture<()> {
        self.when_it_works("remove", |sessions| {
            sessions.remove(id);
        })
    }
}

type Reports = UnboundedReceiver<(&'static str, Connection)>;

async fn until(reports: &mut Reports, what: &str) -> Connection {
    loop {
        let (happened, connection) = soon(reports.recv()).await.unwrap();
        if happened == what {
            return connection;
        }
    }
}

async fn resume(address: SocketAddr, session: &str, received: u64) -> (Peer, String) {
    let mut peer = Peer::open(address).await;
    let request = format!("{{handshake:[0,'app'],session:['{session}',{received}]}}");
    let answer = peer.ask(&request).await;
    (peer, answer)
}

/// Tries until the server has let the session go from memory.
async fn gone(server: &jstp_server::ServerHandle, session: &str) {
    while server.session(session).is_some() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_session_goes_on_after_it_has_left_memory() {
    let provider = Noting::default();
    let options = ServerOptions::new([app()])
        .client_expiration_time(Duration::from_millis(20))
        .session_storage_provider(provider.clone());
    let (options, mut reports) = reporting(options);
    let (server, address) = listening(options).await;
    let (mut peer, session) = Peer::connect(address).await;
    let first = until(&mut reports, "connect").await;
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
    first.set("key", Value::from("value"));
    first.emit("i", "one", ()).unwrap();
    peer.receive().await;
    let pending = tokio::spawn({
        let first = first.clone();
        async move { first.call("page", "title", ()).await }
    });
    assert_eq!(peer.receive().await, "{call:[-2,'page'],title:[]}");
    drop(peer);
    until(&mut reports, "disconnect").await;
    // Whatever waited on the old connection is settled when that goes (Q17).
    assert_eq!(soon(pending).await.unwrap(), Err(CallError::Lost));
    soon(gone(&server.handle(), &session)).await;

    let (mut peer, answer) = resume(address, &session, 1).await;
    assert_eq!(answer, "{handshake:[0],ok:1}");
    assert_eq!(peer.receive().await, "{call:[-2,'page'],title:[]}");
    let second = until(&mut reports, "reconnect").await;
    assert_ne!(second.id(), first.id());
    assert_eq!(second.session_id().unwrap(), session);
    assert_eq!(second.get("key"), Some(Value::from("value")));
    // Its numbering goes on.
    second.emit("i", "two", ()).unwrap();
    assert_eq!(peer.receive().await, "{event:[-3,'i'],two:[]}");
    assert_eq!(server.clients().len(), 1);
}

#[tokio::test]
async fn who_the_client_is_and_what_happened_meanwhile_are_kept() {
    let provider = SimpleSessionStorageProvider::default();
    let options = ServerOptions::new([app()])
        .auth_policy(async |_| Ok("marcus".to_owned()))
        .session_storage_provider(provider.clone());
    let (options, mut reports) = reporting(options);
    let (server, address) = listening(options).await;
    let mut peer = Peer::open(address).await;
    let answer = peer.ask("{handshake:[0,'app'],login:['marcus','x']}").await;
    let session = answer.split('\'').nth(1).unwrap().to_owned();
    let first = until(&mut reports, "connect").await;
    drop(peer);
    until(&mut reports, "disconnect").await;
    assert_eq!(provider.len(), 1);
    // The provider has been told already; it is told again when the session leaves memory.
    first.set("late", Value::from(5));
    first.emit("i", "late", ()).unwrap();
    server.handle().expire_session(&session).await;
    assert!(server.handle().session(&session).is_none());
    assert_eq!(first.emit("i", "too late", ()), Err(CallError::Closed));
    assert!(matches!(first.stored().await, Err(StorageError::Gone)));

    let (mut peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert_eq!(peer.receive().await, "{event:[-1,'i'],late:[]}");
    assert_eq!(
        peer.ask("{call:[1,'calc'],user:[]}").await,
        "{callback:[1],ok:['marcus']}"
    );
    let second = until(&mut reports, "reconnect").await;
    assert_eq!(second.get("late"), Some(Value::from(5)));
}

#[tokio::test]
async fn a_server_stores_its_sessions_when_it_shuts_down_and_the_next_goes_on() {
    let provider = SimpleSessionStorageProvider::default();
    let options = || ServerOptions::new([app()]).session_storage_provider(provider.clone());
    let (options_of_one, mut reports) = reporting(options());
    let (one, address) = listening(options_of_one).await;
    let (mut live, live_session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    connection.set("key", Value::from(true));
    let pending = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "title", ()).await }
    });
    assert_eq!(live.receive().await, "{call:[-1,'page'],title:[]}");
    let (away, away_session) = Peer::connect(address).await;
    drop(away);
    until(&mut reports, "disconnect").await;
    let (_, ()) = tokio::join!(live.closed(), one.shutdown());
    assert_eq!(soon(pending).await.unwrap(), Err(CallError::Lost));
    drop(one);

    let (options_of_two, mut reports) = reporting(options());
    let (_two, address) = listening(options_of_two).await;
    let (mut peer, answer) = resume(address, &live_session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert_eq!(peer.receive().await, "{call:[-1,'page'],title:[]}");
    let connection = until(&mut reports, "reconnect").await;
    assert_eq!(connection.get("key"), Some(Value::from(true)));
    let (_, answer) = resume(address, &away_session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    let (_, answer) = resume(address, "00000000-0000-4000-8000-000000000000", 0).await;
    assert_eq!(answer, "{handshake:[0],error:[11]}");
}

#[tokio::test]
async fn an_applications_own_provider_is_asked_and_only_for_what_is_not_in_memory() {
    let (servers, own) = (Noting::default(), Noting::default());
    let app = app().session_storage_provider(own.clone());
    let other = Application::new("other").interface(Interface::new("none"));
    let options = ServerOptions::new([app, other]).session_storage_provider(servers.clone());
    let (options, mut reports) = reporting(options);
    let (server, address) = listening(options).await;
    let (peer, session) = Peer::connect(address).await;
    drop(peer);
    let connection = until(&mut reports, "disconnect").await;
    connection.stored().await.unwrap();
    assert_eq!(own.asked()[..2], ["set", "set_inactive"]);
    let (peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert!(own.asked().is_empty());
    drop(peer);
    until(&mut reports, "disconnect").await;
    server.handle().expire_session(&session).await;
    own.asked();

    // What no server made is not asked for.
    for id in ["", "a b", "\u{e4}", &"x".repeat(65), "../x", "*"] {
        let (_, answer) = resume(address, id, 0).await;
        assert_eq!(answer, "{handshake:[0],error:[11]}");
    }
    assert!(own.asked().is_empty());

    // Another application's handshake does not get at it (Q16).
    let mut refused = Peer::open(address).await;
    let request = format!("{{handshake:[0,'other'],session:['{session}',0]}}");
    assert_eq!(refused.ask(&request).await, "{handshake:[0],error:[11]}");
    assert_eq!(servers.asked(), ["get"]);
    assert!(own.asked().is_empty());
    let (_peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert_eq!(own.asked(), ["get"]);
    assert!(servers.asked().is_empty());
}

#[tokio::test]
async fn a_stored_session_is_bound_to_its_application() {
    let provider = SimpleSessionStorageProvider::default();
    let other = Application::new("other").interface(Interface::new("none"));
    let options = ServerOptions::new([app(), other]).session_storage_provider(provider.clone());
    let (options, mut reports) = reporting(options);
    let (server, address) = listening(options).await;
    let (peer, session) = Peer::connect(address).await;
    drop(peer);
    until(&mut reports, "disconnect").await;
    server.handle().expire_session(&session).await;
    let mut refused = Peer::open(address).await;
    let request = format!("{{handshake:[0,'other'],session:['{session}',0]}}");
    assert_eq!(refused.ask(&request).await, "{handshake:[0],error:[11]}");
    let (_, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
}

#[tokio::test]
async fn a_provider_that_fails_or_hangs_costs_nobody_a_session() {
    let provider = Noting::default();
    let (report, mut failures) = unbounded_channel();
    let options = ServerOptions::new([app()])
        .session_storage_provider(provider.clone())
        .storage_timeout(Duration::from_millis(50))
        .on_event(move |event| {
            if let ServerEvent::StorageFailed { error, .. } = event {
                let _ = report.send(error.to_string());
            }
        });
    let server = create_server(options).unwrap();
    let address = server.listen("127.0.0.1:0").await.unwrap();
    let (peer, session) = Peer::connect(address).await;
    peer.close().await;
    server.handle().expire_session(&session).await;
    soon(gone(&server.handle(), &session)).await;
    for mode in [Mode::Fails, Mode::Hangs, Mode::Panics, Mode::PanicsLater] {
        provider.set_mode(mode);
        let mut peer = Peer::open(address).await;
        let request = format!("{{handshake:[0,'app'],session:['{session}',0]}}");
        peer.send(&request).await;
        // No answer: error 11 would tell the client that its session is gone.
        assert_eq!(peer.closed().await, Some(1013));
        assert!(soon(failures.recv()).await.unwrap().contains("storage"));
        // Those whose sessions are in memory do not notice.
        let (mut peer, _) = Peer::connect(address).await;
        assert_eq!(
            peer.ask("{call:[1,'calc'],answer:[]}").await,
            "{callback:[1],ok:[42]}"
        );
    }
    provider.set_mode(Mode::Works);
    let (_, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
}

#[tokio::test]
async fn a_transport_that_has_broken_the_rules_meanwhile_gets_no_session() {
    let provider = Noting::default();
    let options = ServerOptions::new([app()]).session_storage_provider(provider.clone());
    let (options, mut reports) = reporting(options);
    let (server, address) = listening(options).await;
    let (peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    peer.close().await;
    until(&mut reports, "disconnect").await;
    server.handle().expire_session(&session).await;
    provider.set_mode(Mode::IsSlow);

    // It does not read that it is closed, and so stays.
    let mut rude = Peer::open(address).await;
    rude.send(&format!("{{handshake:[0,'app'],session:['{session}',0]}}"))
        .await;
    rude.send("{handshake:[0,'app']}").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(server.handle().session(&session).is_none());
    assert!(server.clients().is_empty());
    while let Ok((happened, _)) = reports.try_recv() {
        assert!(
            !["reconnect", "restoreSession"].contains(&happened),
            "{happened}"
        );
    }
    assert_eq!(rude.closed().await, Some(1000));

    let (_peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert_ne!(until(&mut reports, "reconnect").await.id(), connection.id());
}

#[tokio::test]
async fn a_provider_that_panics_keeps_no_session_from_its_end_and_nobody_from_hearing_of_it() {
    for mode in [Mode::Panics, Mode::PanicsLater] {
        let provider = Noting::default();
        let (report, mut told) = unbounded_channel();
        let options = ServerOptions::new([app()])
            .session_storage_provider(provider.clone())
            .client_expiration_time(Duration::from_millis(20))
            .on_event(move |event| {
                let _ = match event {
                    ServerEvent::Disconnect { .. } => report.send("disconnect".to_owned()),
                    ServerEvent::StorageFailed { error, .. } => report.send(error.to_string()),
                    _ => return,
                };
            });
        let server = create_server(options).unwrap();
        let address = server.listen("127.0.0.1:0").await.unwrap();
        let (first, first_session) = Peer::connect(address).await;
        provider.set_mode(mode);
        first.close().await;
        soon(gone(&server.handle(), &first_session)).await;
        let mut lines = Vec::new();
        while lines.len() < 3 {
            lines.push(soon(told.recv()).await.unwrap());
        }
        lines.sort_unstable();
        // As it left, and as it was let go from memory.
        let failed = "the session storage failed: it panicked";
        assert_eq!(lines, ["disconnect", failed, failed]);
        // Others still end when their time has come.
        provider.set_mode(Mode::Works);
        let (second, second_session) = Peer::connect(address).await;
        second.close().await;
        soon(gone(&server.handle(), &second_session)).await;
        let (_, answer) = resume(address, &second_session, 0).await;
        assert_eq!(answer, "{handshake:[0],ok:0}");
    }
}

#[tokio::test]
async fn a_session_is_forgotten_by_a_provider_that_panics_at_first() {
    let provider = Noting::default();
    let options = ServerOptions::new([app()]).session_storage_provider(provider.clone());
    let (server, address) = listening(options).await;
    let (peer, session) = Peer::connect(address).await;
    peer.close().await;
    server.handle().expire_session(&session).await;
    provider.set_mode(Mode::Panics);
    server.handle().forget_session(&session);
    provider.set_mode(Mode::Works);
    soon(async {
        while provider
            .state
            .lock()
            .unwrap()
            .sessions
            .contains_key(&session)
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_session_is_forgotten_by_the_provider_too() {
    let provider = Noting::default();
    let options = ServerOptions::new([app()]).session_storage_provider(provider.clone());
    let (options, mut reports) = reporting(options);
    let (server, address) = listening(options).await;
    let (peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    connection.stored().await.unwrap();
    assert_eq!(provider.state.lock().unwrap().sessions.len(), 1);
    connection.forget_session();
    drop(peer);
    until(&mut reports, "disconnect").await;
    let (_, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],error:[11]}");
    soon(async {
        while !provider.state.lock().unwrap().sessions.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;

    // One that only the provider has.
    let (peer, session) = Peer::connect(address).await;
    drop(peer);
    until(&mut reports, "disconnect").await;
    server.handle().expire_session(&session).await;
    server.handle().forget_session(&session);
    let (_, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],error:[11]}");
}

#[tokio::test]
async fn restores_and_answers_are_told_in_order() {
    let (report, mut told) = unbounded_channel();
    let options = ServerOptions::new([app()]).on_event(move |event| {
        let line = match event {
            ServerEvent::Connect { .. } => "connect".to_owned(),
            ServerEvent::RestoreSession { application, .. } => {
                format!("restoreSession {}", application.name())
            }
            ServerEvent::Reconnect { .. } => "reconnect".to_owned(),
            ServerEvent::HandshakeRequest { strategy, .. } => {
                format!("handshakeRequest {strategy}")
            }
            ServerEvent::Callback { answer, .. } => format!("callback {answer:?}"),
            ServerEvent::MessageRejected { text, .. } => format!("rejected {text}"),
            _ => return,
        };
        let _ = report.send(line);
    });
    let server = create_server(options).unwrap();
    let address = server.listen("127.0.0.1:0").await.unwrap();
    let (mut peer, session) = Peer::connect(address).await;
    let connection = server.handle().session(&session).unwrap();
    let asking = connection.clone();
    let call = tokio::spawn(async move {
        let done = asking.call("page", "one", ()).await;
        (done, asking.call("page", "two", ()).await)
    });
    peer.receive().await;
    peer.send("{callback:[-1],ok:[1]}").await;
    peer.receive().await;
    peer.send("{callback:[-2],error:[5,'x']}").await;
    soon(call).await.unwrap().1.unwrap_err();
    peer.send("{callback:[-9],ok:[2]}").await;
    assert_eq!(peer.ask("{ping:[1]}").await, "{pong:[1]}");
    let (_peer, _) = resume(address, &session, 2).await;
    let mut lines = Vec::new();
    while lines
        .last()
        .is_none_or(|last| last != "handshakeRequest session")
    {
        lines.push(soon(told.recv()).await.unwrap());
    }
    assert_eq!(
        lines,
        [
            "connect",
            "handshakeRequest anonymous",
            "callback Ok([1])",
            "callback Err([5,'x'])",
            "callback Ok([2])",
            "rejected {callback:[-9],ok:[2]}",
            "restoreSession app",
            "reconnect",
            "handshakeRequest session",
        ]
    );
}

#[tokio::test]
async fn session_ids_cannot_be_guessed() {
    let options = ServerOptions::new([app()]).auth_policy(async |_| Ok("marcus".to_owned()));
    let (_server, address) = listening(options).await;
    let mut peer = Peer::open(address).await;
    let answer = peer.ask("{handshake:[0,'app'],login:['marcus','x']}").await;
    let marcus = answer.split('\'').nth(1).unwrap().to_owned();
    // Whoever connects next learns nothing of it from an id of their own.
    let mut ids = vec![marcus.clone()];
    for _ in 0..200 {
        ids.push(Peer::connect(address).await.1);
    }
    for id in &ids {
        let parsed = uuid::Uuid::parse_str(id).unwrap();
        assert_eq!(parsed.get_version_num(), 4, "{id}");
    }
    for position in 0..36 {
        let mut common: Vec<char> = ids
            .iter()
            .filter_map(|id| id.chars().nth(position))
            .collect();
        common.sort_unstable();
        common.dedup();
        let is_fixed = matches!(position, 8 | 13 | 14 | 18 | 23);
        // 201 draws of 16 leave one out once in 400,000 times; of 4 never.
        assert_eq!(common.len() == 1, is_fixed, "position {position}");
        assert!(is_fixed || common.len() >= if position == 19 { 4 } else { 10 });
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 201);

    let mut flipped = marcus.clone();
    let last = if flipped.pop() == Some('0') { '1' } else { '0' };
    flipped.push(last);
    for guess in [
        flipped,
        marcus.to_uppercase(),
        format!(" {marcus}"),
        format!("{marcus} "),
        marcus.replace('-', ""),
        marcus[..35].to_owned(),
        "marcus".to_owned(),
        "__proto__".to_owned(),
    ] {
        if guess == marcus {
            continue;
        }
        let (mut guessing, answer) = resume(address, &guess, 0).await;
        assert_eq!(answer, "{handshake:[0],error:[11]}", "{guess}");
        assert_eq!(guessing.closed().await, Some(1000));
    }
    // The session does not notice.
    assert_eq!(
        peer.ask("{call:[1,'calc'],user:[]}").await,
        "{callback:[1],ok:['marcus']}"
    );
}
