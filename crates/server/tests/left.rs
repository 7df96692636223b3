//! What becomes of methods and of handles when there is no room for them, or nobody left.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Peer, app, listening, reporting, soon};
use jstp_server::{
    Application, CallError, Connection, Interface, MethodError, ServerEvent, ServerOptions,
};
use tokio::sync::{Notify, mpsc};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_without_room_may_have_begun_to_ask_its_client() {
    let ask = Interface::new("ask").method("back", async |client: Connection, (): ()| {
        client.call("page", "confirm", ()).await?;
        Ok::<_, MethodError>(())
    });
    let options = ServerOptions::new([Application::new("app").interface(ask)]);
    let (server, address) = listening(options.max_running_methods(1)).await;
    let (mut peer, _) = Peer::connect(address).await;
    peer.send("{call:[1,'ask'],back:[]}").await;
    assert_eq!(peer.receive().await, "{call:[-1,'page'],confirm:[]}");
    peer.send("{call:[2,'ask'],back:[]}").await;
    assert_eq!(peer.receive().await, "{call:[-2,'page'],confirm:[]}");
    assert_eq!(peer.receive().await, "{callback:[2],error:[16]}");
    assert_eq!(server.clients()[0].pending_calls(), 1);
    peer.send("{callback:[-1],ok:[]}").await;
    assert_eq!(peer.receive().await, "{callback:[1],ok:[]}");
}

#[tokio::test]
async fn answers_for_clients_that_are_away_count_for_what_all_of_them_may_hold() {
    const ANSWER: usize = 100_000;
    let go = Arc::new(Notify::new());
    let late = Interface::new("late").method("answer", {
        let go = Arc::clone(&go);
        move |_: Connection, (): ()| {
            let go = Arc::clone(&go);
            async move {
                go.notified().await;
                Ok::<_, MethodError>("x".repeat(ANSWER))
            }
        }
    });
    let options = ServerOptions::new([Application::new("app").interface(late)]);
    let (options, mut reports) = reporting(options.max_detached_bytes(ANSWER * 5 / 2));
    let (server, address) = listening(options).await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let (mut peer, session) = Peer::connect(address).await;
        peer.send("{call:[1,'late'],answer:[]}").await;
        assert_eq!(peer.ask("{ping:[2]}").await, "{pong:[2]}");
        peer.close().await;
        while soon(reports.recv()).await.unwrap().0 != "disconnect" {}
        sessions.push(session);
    }
    let handle = server.handle();
    let here = || -> Vec<bool> {
        let known = sessions.iter().map(|session| handle.session(session));
        known.map(|connection| connection.is_some()).collect()
    };
    assert_eq!(here(), [true; 4]);
    go.notify_waiters();
    soon(async {
        while here() != [false, false, true, true] {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_handle_from_before_a_resume_reaches_nobody() {
    let (report, mut early) = mpsc::unbounded_channel();
    let options = ServerOptions::new([app()]).on_event(move |event| {
        if let ServerEvent::Heartbeat { connection } = event {
            report.send((*connection).clone()).unwrap();
        }
    });
    let (_server, address) = listening(options).await;
    let (peer, session) = Peer::connect(address).await;
    peer.close().await;
    let mut peer = Peer::open(address).await;
    peer.send("{}").await;
    let handle = soon(early.recv()).await.unwrap();
    let call = tokio::spawn({
        let handle = handle.clone();
        async move { handle.call("page", "title", ()).await }
    });
    let resume = format!("{{handshake:[0,'app'],session:['{session}',0]}}");
    assert_eq!(peer.ask(&resume).await, "{handshake:[0],ok:0}");
    assert!(soon(call).await.unwrap().is_err());
    assert_eq!(
        soon(handle.call("page", "title", ())).await,
        Err(CallError::Closed)
    );
    handle.close();
    assert_eq!(peer.ask("{ping:[1]}").await, "{pong:[1]}");
}

#[tokio::test]
async fn a_handle_outlives_its_server_and_waits_for_nothing() {
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (server, address) = listening(options).await;
    let (peer, _) = Peer::connect(address).await;
    let (_, handle) = soon(reports.recv()).await.unwrap();
    let outcome = Arc::new(Mutex::new(None));
    let call = tokio::spawn({
        let (handle, outcome) = (handle.clone(), Arc::clone(&outcome));
        async move {
            let ended = handle.call_with_resend("page", "title", ()).await;
            *outcome.lock().unwrap() = Some(ended.is_err());
        }
    });
    drop(server);
    drop(peer);
    while soon(reports.recv()).await.unwrap().0 != "disconnect" {}
    soon(call).await.unwrap();
    assert_eq!(*outcome.lock().unwrap(), Some(true));
    assert_eq!(
        soon(handle.call("page", "title", ())).await,
        Err(CallError::Closed)
    );
}
