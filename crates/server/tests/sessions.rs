//! Sessions over several transports (protocol.md 4.4).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use common::{Peer, app, listening, reporting, soon};
use jstp_server::{
    Application, CallError, Connection, Interface, Server, ServerEvent, ServerOptions,
    SimpleSessionStorageProvider, Value,
};
use tokio::sync::mpsc::UnboundedReceiver;

type Reports = UnboundedReceiver<(&'static str, Connection)>;

async fn resuming(options: ServerOptions) -> (Server, SocketAddr, Reports) {
    let (options, reports) = reporting(options);
    let (server, address) = listening(options).await;
    (server, address, reports)
}

/// A provider that keeps nothing: a session lives in memory or not at all.
fn nowhere() -> SimpleSessionStorageProvider {
    SimpleSessionStorageProvider::with_max_sessions(Duration::ZERO, Duration::from_secs(1), 0)
}

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

#[tokio::test]
async fn a_session_goes_on_over_a_new_transport() {
    let (server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    connection.set("key", Value::Bool(true));
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
    connection.emit("i", "one", ()).unwrap();
    connection.emit("i", "two", ()).unwrap();
    peer.receive().await;
    peer.receive().await;
    drop(peer);
    until(&mut reports, "disconnect").await;
    assert!(server.clients().is_empty());
    connection.emit("i", "three", ()).unwrap();

    // The client says it has the first event only.
    let (mut peer, answer) = resume(address, &session, 1).await;
    assert_eq!(answer, "{handshake:[0],ok:1}");
    assert_eq!(peer.receive().await, "{event:[-2,'i'],two:[]}");
    assert_eq!(peer.receive().await, "{event:[-3,'i'],three:[]}");
    let again = until(&mut reports, "reconnect").await;
    assert_eq!(again.id(), connection.id());
    assert_eq!(again.get("key"), Some(Value::Bool(true)));
    assert_eq!(server.broadcast("i", "four", ()).unwrap(), 1);
    assert_eq!(peer.receive().await, "{event:[-4,'i'],four:[]}");
}

#[tokio::test]
async fn a_live_transport_is_taken_over_and_its_end_changes_nothing() {
    let (server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (mut old, session) = Peer::connect(address).await;
    until(&mut reports, "connect").await;
    let (mut peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert_eq!(old.closed().await, Some(1000));
    until(&mut reports, "reconnect").await;
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
    assert_eq!(server.clients().len(), 1);
    peer.close().await;
    // One transport ended for the connection, not two.
    until(&mut reports, "disconnect").await;
    assert!(reports.try_recv().is_err());
}

#[tokio::test]
async fn unknown_sessions_and_those_of_other_applications_are_error_11() {
    let other = Application::new("other").interface(Interface::new("none"));
    let (_server, address, mut reports) = resuming(ServerOptions::new([app(), other])).await;
    let (mut peer, session) = Peer::connect(address).await;
    until(&mut reports, "connect").await;
    for strategy in [
        "session:['00000000-0000-4000-8000-000000000000',0]".to_owned(),
        format!("session:['{session}']"),
        format!("session:['{session}',-1]"),
        format!("session:['{session}',1.5]"),
        format!("session:['{session}',1e300]"),
        format!("session:['{session}','0']"),
        format!("session:'{session}'"),
        "session:null".to_owned(),
    ] {
        let mut refused = Peer::open(address).await;
        let answer = refused
            .ask(&format!("{{handshake:[0,'app'],{strategy}}}"))
            .await;
        assert_eq!(answer, "{handshake:[0],error:[11]}", "{strategy}");
        assert_eq!(refused.closed().await, Some(1000));
    }
    let mut refused = Peer::open(address).await;
    let request = format!("{{handshake:[0,'other'],session:['{session}',0]}}");
    assert_eq!(refused.ask(&request).await, "{handshake:[0],error:[11]}");
    // All that did the session no harm.
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
}

#[tokio::test]
async fn a_count_is_a_number_however_it_is_spelled() {
    let (_server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    for name in ["one", "two"] {
        connection.emit("i", name, ()).unwrap();
    }
    drop(peer);
    until(&mut reports, "disconnect").await;
    for (count, next) in [
        ("0.0", "{event:[-1,'i'],one:[]}"),
        ("-0", "{event:[-1,'i'],one:[]}"),
        ("0x0", "{event:[-1,'i'],one:[]}"),
        ("+1", "{event:[-2,'i'],two:[]}"),
        ("10e-1", "{event:[-2,'i'],two:[]}"),
    ] {
        let mut peer = Peer::open(address).await;
        let request = format!("{{handshake:[0,'app'],session:['{session}',{count}]}}");
        assert_eq!(peer.ask(&request).await, "{handshake:[0],ok:0}", "{count}");
        assert_eq!(peer.receive().await, next, "{count}");
    }
}

#[tokio::test]
async fn a_count_from_nowhere_is_clamped() {
    let (_server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    connection.emit("i", "one", ()).unwrap();
    drop(peer);
    until(&mut reports, "disconnect").await;
    let (mut peer, answer) = resume(address, &session, 9_007_199_254_740_991).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    connection.emit("i", "two", ()).unwrap();
    assert_eq!(peer.receive().await, "{event:[-2,'i'],two:[]}");
}

#[tokio::test]
async fn calls_wait_for_the_client_to_come_back() {
    let (_server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    drop(peer);
    until(&mut reports, "disconnect").await;
    let call = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "title", ()).await }
    });
    let (mut peer, _) = resume(address, &session, 0).await;
    assert_eq!(peer.receive().await, "{call:[-1,'page'],title:[]}");
    peer.send("{callback:[-1],ok:[1]}").await;
    assert_eq!(soon(call).await.unwrap(), Ok(vec![Value::Number(1.0)]));
}

#[tokio::test]
async fn a_method_that_outlives_its_transport_answers_over_the_next() {
    let (release, released) = tokio::sync::watch::channel(false);
    let slow = Interface::new("slow").method("wait", move |_: Connection, (): ()| {
        let mut released = released.clone();
        async move {
            released.wait_for(|released| *released).await?;
            Ok("done")
        }
    });
    let app = Application::new("app").interface(slow);
    let (_server, address, mut reports) = resuming(ServerOptions::new([app])).await;
    let (mut peer, session) = Peer::connect(address).await;
    peer.send("{call:[1,'slow'],wait:[]}").await;
    assert_eq!(peer.ask("{ping:[2]}").await, "{pong:[2]}");
    drop(peer);
    until(&mut reports, "disconnect").await;
    release.send(true).unwrap();
    let (mut peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:2}");
    assert_eq!(peer.receive().await, "{callback:[1],ok:['done']}");
}

#[tokio::test]
async fn a_session_expires_and_settles_what_is_pending() {
    let options = ServerOptions::new([app()])
        .client_expiration_time(Duration::from_millis(50))
        .session_storage_provider(nowhere());
    let (_server, address, mut reports) = resuming(options).await;
    let (peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    let call = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "title", ()).await }
    });
    let resent = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call_with_resend("page", "title", ()).await }
    });
    drop(peer);
    assert_eq!(soon(call).await.unwrap(), Err(CallError::Lost));
    assert_eq!(soon(resent).await.unwrap(), Err(CallError::Lost));
    assert_eq!(soon(connection.ping()).await, Err(CallError::Closed));
    assert_eq!(connection.emit("i", "e", ()), Err(CallError::Closed));
    let (mut peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],error:[11]}");
    assert_eq!(peer.closed().await, Some(1000));
}

#[tokio::test]
async fn a_session_in_use_does_not_expire() {
    let options = ServerOptions::new([app()]).client_expiration_time(Duration::from_millis(100));
    let (_server, address, mut reports) = resuming(options).await;
    let (first, session) = Peer::connect(address).await;
    drop(first);
    until(&mut reports, "disconnect").await;
    let (mut peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    // Past the time at which it would have expired; another one's expiry shows that it is.
    let (other, _) = Peer::connect(address).await;
    let expiring = until(&mut reports, "connect").await;
    drop(other);
    assert_eq!(
        soon(expiring.call("i", "m", ())).await,
        Err(CallError::Lost)
    );
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
}

#[tokio::test]
async fn only_so_many_sessions_wait_for_their_clients() {
    let options = ServerOptions::new([app()])
        .max_detached_sessions(2)
        .session_storage_provider(nowhere());
    let (_server, address, mut reports) = resuming(options).await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        let (peer, session) = Peer::connect(address).await;
        drop(peer);
        until(&mut reports, "disconnect").await;
        sessions.push(session);
    }
    let (_, first) = resume(address, &sessions[0], 0).await;
    assert_eq!(first, "{handshake:[0],error:[11]}");
    let (_, last) = resume(address, &sessions[2], 0).await;
    assert_eq!(last, "{handshake:[0],ok:0}");
}

#[tokio::test]
async fn a_client_that_comes_and_goes_takes_nobodys_place() {
    let options = ServerOptions::new([app()])
        .max_detached_sessions(2)
        .session_storage_provider(nowhere());
    let (_server, address, mut reports) = resuming(options).await;
    let (away, session) = Peer::connect(address).await;
    drop(away);
    until(&mut reports, "disconnect").await;
    let (mut peer, restless) = Peer::connect(address).await;
    for _ in 0..5 {
        drop(peer);
        until(&mut reports, "disconnect").await;
        let answer;
        (peer, answer) = resume(address, &restless, 0).await;
        assert_eq!(answer, "{handshake:[0],ok:0}");
    }
    let (_, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
}

#[tokio::test]
async fn only_so_many_bytes_wait_for_clients() {
    let options = ServerOptions::new([app()])
        .max_detached_bytes(1_000_000)
        .session_storage_provider(nowhere());
    let (_server, address, mut reports) = resuming(options).await;
    let mut sessions = Vec::new();
    for text in [600_000, 100, 600_000, 100] {
        let (mut peer, session) = Peer::connect(address).await;
        // The server answers events of this application with one of its own, which it keeps.
        peer.send(&format!("{{event:[1,'calc'],x:['{}']}}", "x".repeat(text)))
            .await;
        assert!(peer.receive().await.starts_with("{event:[-1,'calc'],got:"));
        drop(peer);
        until(&mut reports, "disconnect").await;
        sessions.push(session);
    }
    let (_, first) = resume(address, &sessions[0], 0).await;
    assert_eq!(first, "{handshake:[0],error:[11]}");
    for session in &sessions[1..] {
        let (_, answer) = resume(address, session, 1).await;
        assert_eq!(answer, "{handshake:[0],ok:1}");
    }
}

#[tokio::test]
async fn a_closed_client_may_come_back_but_a_forgotten_one_may_not() {
    let (_server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    connection.close();
    assert_eq!(peer.closed().await, Some(1000));
    until(&mut reports, "disconnect").await;
    let (mut peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    connection.emit("i", "again", ()).unwrap();
    assert_eq!(peer.receive().await, "{event:[-1,'i'],again:[]}");
    connection.forget_session();
    assert_eq!(peer.closed().await, Some(1000));
    until(&mut reports, "disconnect").await;
    let (_, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],error:[11]}");
}

#[tokio::test]
async fn more_than_may_be_outgoing_is_sent_again_at_once() {
    let options = ServerOptions::new([app()]).max_outgoing(1000);
    let (_server, address, mut reports) = resuming(options).await;
    let (peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    drop(peer);
    until(&mut reports, "disconnect").await;
    for _ in 0..100 {
        connection.emit("i", "e", ("x".repeat(500),)).unwrap();
    }
    let (mut peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    for id in 1..=100 {
        assert!(
            peer.receive()
                .await
                .starts_with(&format!("{{event:[-{id},'i'],e:['xxx"))
        );
    }
}

#[tokio::test]
async fn a_forgotten_session_keeps_its_transport_but_has_no_other() {
    let (server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    let handle = server.handle();
    assert_eq!(handle.session(&session).unwrap().id(), connection.id());
    handle.forget_session(&session);
    assert!(handle.session(&session).is_none());
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
    let pending = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "title", ()).await }
    });
    assert_eq!(peer.receive().await, "{call:[-1,'page'],title:[]}");
    drop(peer);
    // Nobody can bring the answer any more.
    assert_eq!(soon(pending).await.unwrap(), Err(CallError::Lost));
    let (_, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],error:[11]}");
}

#[tokio::test]
async fn a_call_whose_answer_was_lost_ends_as_lost_or_is_made_again() {
    let options = ServerOptions::new([app()]).in_doubt_timeout(Duration::ZERO);
    let (_server, address, mut reports) = resuming(options).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    let once = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "once", (1,)).await }
    });
    assert_eq!(peer.receive().await, "{call:[-1,'page'],once:[1]}");
    let again = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call_with_resend("page", "again", (2,)).await }
    });
    assert_eq!(peer.receive().await, "{call:[-2,'page'],again:[2]}");
    drop(peer);
    until(&mut reports, "disconnect").await;
    let (mut peer, _) = resume(address, &session, 2).await;
    assert_eq!(soon(once).await.unwrap(), Err(CallError::Lost));
    assert_eq!(peer.receive().await, "{call:[-3,'page'],again:[2]}");
    peer.send("{callback:[-3],ok:['done']}").await;
    assert_eq!(
        soon(again).await.unwrap(),
        Ok(vec![Value::String("done".into())])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_hear_of_a_reconnect_before_callers_do_of_what_was_lost() {
    let (lost, hears) = std::sync::mpsc::channel();
    let hears = Mutex::new(hears);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let options = ServerOptions::new([app()])
        .in_doubt_timeout(Duration::ZERO)
        .on_event(move |event| {
            if let ServerEvent::RestoreSession { .. } = event {
                // Long enough for a caller that is told already to say so.
                let was_told = hears
                    .lock()
                    .unwrap()
                    .recv_timeout(Duration::from_millis(200));
                tell.send(was_told.is_ok()).unwrap();
            }
        });
    let (_server, address, mut reports) = resuming(options).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    // Both on the test's own thread: that of the listener is taken.
    let calling = async {
        let outcome = soon(connection.call("page", "once", ())).await;
        lost.send(()).unwrap();
        assert_eq!(outcome, Err(CallError::Lost));
    };
    let coming_back = async {
        assert_eq!(peer.receive().await, "{call:[-1,'page'],once:[]}");
        drop(peer);
        until(&mut reports, "disconnect").await;
        let _peer = resume(address, &session, 1).await;
        assert_eq!(soon(told.recv()).await, Some(false));
        until(&mut reports, "reconnect").await;
    };
    tokio::join!(calling, coming_back);
}

#[tokio::test]
async fn an_answer_in_doubt_may_still_come() {
    let (_server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    let call = tokio::spawn(async move { connection.call("page", "slow", ()).await });
    assert_eq!(peer.receive().await, "{call:[-1,'page'],slow:[]}");
    drop(peer);
    until(&mut reports, "disconnect").await;
    let (mut peer, _) = resume(address, &session, 1).await;
    peer.send("{callback:[-1],ok:[5]}").await;
    assert_eq!(soon(call).await.unwrap(), Ok(vec![Value::Number(5.0)]));
}

#[tokio::test]
async fn what_is_kept_for_a_client_is_bounded() {
    let options = ServerOptions::new([app()]).buffer_limit(3, 1000);
    let (_server, address, mut reports) = resuming(options).await;
    let (peer, _) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    drop(peer);
    until(&mut reports, "disconnect").await;
    let long = "x".repeat(1000);
    assert_eq!(
        connection.emit("i", "e", (long,)),
        Err(CallError::BufferFull)
    );
    for _ in 0..3 {
        connection.emit("i", "e", ()).unwrap();
    }
    assert_eq!(connection.emit("i", "e", ()), Err(CallError::BufferFull));
    assert_eq!(
        connection.call("i", "m", ()).await,
        Err(CallError::BufferFull)
    );
}

#[tokio::test]
async fn a_message_the_client_closes_on_each_time_is_given_up() {
    let (_server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    connection.emit("i", "poison", ()).unwrap();
    connection.emit("i", "harmless", ()).unwrap();
    assert_eq!(peer.receive().await, "{event:[-1,'i'],poison:[]}");
    peer.receive().await;
    peer.close_with(1007).await;
    for _ in 0..2 {
        let (mut peer, answer) = resume(address, &session, 0).await;
        assert_eq!(answer, "{handshake:[0],ok:0}");
        assert_eq!(peer.receive().await, "{event:[-1,'i'],poison:[]}");
        peer.receive().await;
        peer.close_with(1007).await;
    }
    let (mut peer, _) = resume(address, &session, 0).await;
    assert_eq!(peer.receive().await, "{event:[-2,'i'],harmless:[]}");
    until(&mut reports, "connectionError").await;
}

#[tokio::test]
async fn a_message_survives_transports_that_break() {
    let (_server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    connection.emit("i", "x", ()).unwrap();
    peer.receive().await;
    drop(peer);
    for code in [None, Some(1001), None, Some(1001)] {
        let (mut peer, _) = resume(address, &session, 0).await;
        assert_eq!(peer.receive().await, "{event:[-1,'i'],x:[]}");
        match code {
            Some(code) => peer.close_with(code).await,
            None => drop(peer),
        }
    }
    let (mut peer, _) = resume(address, &session, 0).await;
    assert_eq!(peer.receive().await, "{event:[-1,'i'],x:[]}");
}

#[tokio::test]
async fn after_a_close_events_and_resent_calls_wait_and_others_fail() {
    let (_server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    connection.close();
    assert_eq!(peer.closed().await, Some(1000));
    drop(peer);
    until(&mut reports, "disconnect").await;
    connection.emit("page", "kept", ()).unwrap();
    let resent = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call_with_resend("page", "again", ()).await }
    });
    assert_eq!(
        soon(connection.call("page", "once", ())).await,
        Err(CallError::Closed)
    );
    assert_eq!(
        soon(connection.inspect("page")).await,
        Err(CallError::Closed)
    );
    let (mut peer, answer) = resume(address, &session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert_eq!(peer.receive().await, "{event:[-1,'page'],kept:[]}");
    assert_eq!(peer.receive().await, "{call:[-2,'page'],again:[]}");
    peer.send("{callback:[-2],ok:[1]}").await;
    assert_eq!(soon(resent).await.unwrap(), Ok(vec![Value::Number(1.0)]));
}

#[tokio::test]
async fn a_call_older_than_one_that_was_answered_is_lost_too() {
    let options = ServerOptions::new([app()]).in_doubt_timeout(Duration::ZERO);
    let (_server, address, mut reports) = resuming(options).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    let slow = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "slow", ()).await }
    });
    assert_eq!(peer.receive().await, "{call:[-1,'page'],slow:[]}");
    let inspect = tokio::spawn(async move { connection.inspect("page").await });
    assert_eq!(peer.receive().await, "{inspect:[-2,'page']}");
    peer.send("{callback:[-2],ok:[]}").await;
    assert_eq!(soon(inspect).await.unwrap(), Ok(Vec::new()));
    drop(peer);
    until(&mut reports, "disconnect").await;
    let _peer = resume(address, &session, 2).await;
    assert_eq!(soon(slow).await.unwrap(), Err(CallError::Lost));
}

#[tokio::test]
async fn a_server_that_only_emits_asks_for_an_acknowledgement() {
    let (_server, address, mut reports) = resuming(ServerOptions::new([app()])).await;
    let (mut peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    for _ in 0..64 {
        connection.emit("i", "e", ()).unwrap();
    }
    for id in 1..=64 {
        assert_eq!(peer.receive().await, format!("{{event:[-{id},'i'],e:[]}}"));
    }
    assert_eq!(peer.receive().await, "{ping:[-65]}");
    peer.send("{pong:[-65]}").await;
    assert_eq!(peer.ask("{ping:[1]}").await, "{pong:[1]}");
    // Nothing of it is kept any more, whatever the client says.
    drop(peer);
    until(&mut reports, "disconnect").await;
    let (mut peer, _) = resume(address, &session, 0).await;
    assert_eq!(peer.ask("{ping:[2]}").await, "{pong:[2]}");
}

#[tokio::test]
async fn sessions_expire_while_nobody_listens_too() {
    let options = ServerOptions::new([app()]).client_expiration_time(Duration::from_millis(50));
    let (server, address, mut reports) = resuming(options).await;
    let (peer, session) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    server.close().await;
    let call = tokio::spawn(async move { connection.call("page", "title", ()).await });
    drop(peer);
    assert_eq!(soon(call).await.unwrap(), Err(CallError::Lost));
    assert!(server.handle().session(&session).is_none());
}

#[tokio::test]
async fn sessions_expire_after_their_server_was_dropped_too() {
    let options = ServerOptions::new([app()]).client_expiration_time(Duration::from_millis(50));
    let (server, address, mut reports) = resuming(options).await;
    let (peer, _) = Peer::connect(address).await;
    let (mut other, _) = Peer::connect(address).await;
    let connection = until(&mut reports, "connect").await;
    drop(server);
    let call = tokio::spawn(async move { connection.call("page", "title", ()).await });
    drop(peer);
    assert_eq!(soon(call).await.unwrap(), Err(CallError::Lost));
    assert_eq!(other.ask("{ping:[1]}").await, "{pong:[1]}");
}
