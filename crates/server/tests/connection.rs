//! A client as the application holds it: what can be asked of it, and what can be known.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Peer, app, listening, only, reporting, soon};
use jstp_server::{
    Application, CallError, Connection, Interface, MethodError, OptionsError, Results,
    ServerOptions, Value, create_apps_index, create_server,
};
use tokio::sync::oneshot;
use tokio::time::timeout;

#[tokio::test]
async fn a_call_nobody_waits_for_any_more_is_given_up() {
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (server, address) = listening(options).await;
    let (mut peer, session) = Peer::connect(address).await;
    let client = server.clients().remove(0);
    // One that has left: its answer comes to nothing, and to nobody's harm.
    let moment = Duration::from_millis(20);
    assert!(timeout(moment, client.call("i", "slow", ())).await.is_err());
    assert_eq!(peer.receive().await, "{call:[-1,'i'],slow:[]}");
    assert_eq!(client.pending_calls(), 0);
    peer.send("{callback:[-1],ok:[1]}").await;
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
    drop(peer);
    while soon(reports.recv()).await.unwrap().0 != "disconnect" {}
    // One that waits for the client to come back is not made.
    let resend = client.call_with_resend("i", "gone", ());
    assert!(timeout(moment, resend).await.is_err());
    assert_eq!(client.pending_calls(), 0);
    client.emit("i", "kept", ()).unwrap();
    let mut peer = Peer::open(address).await;
    let resume = format!("{{handshake:[0,'app'],session:['{session}',1]}}");
    assert_eq!(peer.ask(&resume).await, "{handshake:[0],ok:1}");
    let next = peer.receive().await;
    assert!(next.contains("kept"), "{next}");
}

#[tokio::test]
async fn a_client_can_have_a_heartbeat_of_its_own() {
    let (server, address) = listening(ServerOptions::new([app()])).await;
    let (mut peer, _) = Peer::connect(address).await;
    let client = server.clients().remove(0);
    assert_eq!(client.rtt(), None);
    client.start_heartbeat(Duration::from_millis(20)).unwrap();
    assert_eq!(peer.receive().await, "{ping:[-1]}");
    peer.send("{pong:[-1]}").await;
    assert_eq!(peer.receive().await, "{ping:[-2]}");
    peer.send("{pong:[-2]}").await;
    client.stop_heartbeat();
    assert!(client.rtt().is_some());
    // At most one more was on its way.
    let mut answer = peer.ask("{call:[1,'calc'],answer:[]}").await;
    if answer.starts_with("{ping:") {
        answer = peer.receive().await;
    }
    assert_eq!(answer, "{callback:[1],ok:[42]}");
    let option = "interval";
    assert_eq!(
        client.start_heartbeat(Duration::ZERO),
        Err(OptionsError::Zero { option })
    );
    assert_eq!(
        client.start_heartbeat(Duration::MAX),
        Err(OptionsError::TooLong { option })
    );
}

#[tokio::test]
async fn a_method_reaches_the_server_it_runs_on() {
    let room =
        Interface::new("room").method("say", async |client: Connection, (text,): (String,)| {
            let server = client
                .server()
                .ok_or_else(|| MethodError::text("Error: closing"))?;
            Ok(server.broadcast("room", "said", (text,))?)
        });
    let application = Application::new("app").interface(room);
    let (server, address) = listening(ServerOptions::new([application])).await;
    let (mut one, _) = Peer::connect(address).await;
    let (mut other, _) = Peer::connect(address).await;
    one.send("{call:[1,'room'],say:['hi']}").await;
    assert_eq!(one.receive().await, "{event:[-1,'room'],said:['hi']}");
    assert_eq!(one.receive().await, "{callback:[1],ok:[2]}");
    assert_eq!(other.receive().await, "{event:[-1,'room'],said:['hi']}");
    let client = server.clients().remove(0);
    tokio::join!(server.shutdown(), one.closed(), other.closed());
    drop(server);
    // Handles of clients keep no server alive.
    soon(async {
        while client.server().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_method_has_several_results_or_none() {
    let results = Interface::new("results")
        .method("two", async |_: Connection, (): ()| Ok(Results((1, "two"))))
        .method("list", async |_: Connection, (n,): (usize,)| {
            Ok(Results(vec![0; n]))
        })
        .method("none", async |_: Connection, (): ()| Ok(Results(())))
        .method("one", async |_: Connection, (): ()| Ok((1, 2)))
        .method("wrong", async |_: Connection, (): ()| Ok(Results("text")));
    let application = Application::new("app").interface(results);
    let (_server, address) = listening(ServerOptions::new([application])).await;
    let (mut peer, _) = Peer::connect(address).await;
    for (call, answer) in [
        ("two:[]", "ok:[1,'two']"),
        ("list:[3]", "ok:[0,0,0]"),
        ("list:[0]", "ok:[]"),
        ("none:[]", "ok:[]"),
        ("one:[]", "ok:[[1,2]]"),
        ("wrong:[]", "error:[16]"),
    ] {
        let answered = peer.ask(&format!("{{call:[1,'results'],{call}}}")).await;
        assert_eq!(answered, format!("{{callback:[1],{answer}}}"), "{call}");
    }
}

#[tokio::test]
async fn every_listener_is_called_in_order() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let calls = Arc::clone(&calls);
        move || calls.lock().unwrap().push(what)
    };
    let (first, second, third) = (note("first"), note("second"), note("third"));
    let (done, is_done) = oneshot::channel();
    let done = Mutex::new(Some(done));
    let options = ServerOptions::new([app()])
        .on_connect(move |_| first())
        .on_connect(|_| panic!("a listener"))
        .on_connect(move |_| second())
        .on_event(move |event| {
            if let jstp_server::ServerEvent::Connect { .. } = event {
                third();
            }
        })
        .on_event(move |event| {
            if let jstp_server::ServerEvent::Connect { .. } = event
                && let Some(done) = done.lock().unwrap().take()
            {
                let _ = done.send(());
            }
        });
    let (_server, address) = listening(options).await;
    let _peer = Peer::connect(address).await;
    soon(is_done).await.unwrap();
    assert_eq!(*calls.lock().unwrap(), ["first", "second", "third"]);
}

#[tokio::test]
async fn an_index_of_applications_serves_several_servers() {
    let index = create_apps_index([
        app(),
        Application::new("app").version("2.0.0"),
        Application::new("other"),
    ])
    .unwrap();
    let version = |name, range| {
        let application = index.find(name, range)?;
        Some(application.version_text().to_owned())
    };
    assert_eq!(version("app", None).as_deref(), Some("2.0.0"));
    assert_eq!(version("app", Some("1")).as_deref(), Some("1.0.0"));
    assert_eq!(version("app", Some("3")), None);
    assert_eq!(version("app", Some("no range")), None);
    assert_eq!(version("nope", None), None);
    for _ in 0..2 {
        let (_server, address) = listening(ServerOptions::new(index.clone())).await;
        let mut peer = Peer::open(address).await;
        let answer = peer.ask("{handshake:[0,'app','^1']}").await;
        assert!(answer.starts_with("{handshake:[0],ok:'"), "{answer}");
        assert_eq!(
            peer.ask("{call:[1,'calc'],answer:[]}").await,
            "{callback:[1],ok:[42]}"
        );
    }
    assert_eq!(
        create_apps_index([app(), app()]).unwrap_err().to_string(),
        "Multiple instances of application: app with version: 1.0.0"
    );
    assert_eq!(
        create_apps_index([] as [Application; 0]).unwrap_err(),
        OptionsError::NoApplications
    );
    let server = create_server(ServerOptions::new([app()])).unwrap();
    server.update_applications(index).unwrap();
}

#[tokio::test]
async fn calls_with_resend_go_through_however_often_the_line_breaks() {
    let options = ServerOptions::new([app()]).in_doubt_timeout(Duration::ZERO);
    let (options, mut reports) = reporting(options);
    let (server, address) = listening(options).await;
    let (mut peer, session) = Peer::connect(address).await;
    let client = server.clients().remove(0);
    let asked = Arc::new(AtomicUsize::new(0));
    let (caller, counter) = (client.clone(), Arc::clone(&asked));
    let call = tokio::spawn(async move {
        let answer = caller.call_with_resend("i", "m", (1, "a")).await;
        counter.fetch_add(1, Ordering::SeqCst);
        answer
    });
    for id in 1..=3 {
        // The client has it, and the line breaks before it answers.
        assert_eq!(
            peer.receive().await,
            format!("{{call:[-{id},'i'],m:[1,'a']}}")
        );
        drop(peer);
        while soon(reports.recv()).await.unwrap().0 != "disconnect" {}
        peer = Peer::open(address).await;
        let resume = format!("{{handshake:[0,'app'],session:['{session}',{id}]}}");
        assert_eq!(peer.ask(&resume).await, "{handshake:[0],ok:0}");
    }
    assert_eq!(peer.receive().await, "{call:[-4,'i'],m:[1,'a']}");
    peer.send("{callback:[-4],ok:['done']}").await;
    let results = soon(call).await.unwrap().unwrap();
    assert_eq!(only(results), Value::String("done".to_owned()));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // When the session goes, so does the call.
    let last = tokio::spawn({
        let client = client.clone();
        async move { client.call_with_resend("i", "m", ()).await }
    });
    assert_eq!(peer.receive().await, "{call:[-5,'i'],m:[]}");
    client.forget_session();
    let ended = soon(last).await.unwrap();
    assert_eq!(ended, Err(CallError::Lost));
}
