//! Handshakes: applications, versions, authentication, refusals (protocol.md 2.5, 2.6, 5).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Peer, app, listening, reporting, server, soon};
use jstp_server::{
    Application, AuthRequest, CallError, Connection, Interface, MethodError, RemoteError,
    ServerEvent, ServerOptions, Value,
};

/// An application whose `app.version()` tells its own.
fn versioned(version: &str) -> Application {
    Application::new("app")
        .version(version)
        .interface(
            Interface::new("app").method("version", async |client: Connection, (): ()| {
                Ok(client
                    .application()
                    .map(|app| app.version_text().to_owned()))
            }),
        )
}

#[tokio::test]
async fn a_session_id_is_a_uuid_of_version_4() {
    let (_server, address) = server().await;
    let (_peer, session) = Peer::connect(address).await;
    let parts: Vec<usize> = session.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert_eq!(session.as_bytes()[14], b'4');
}

#[tokio::test]
async fn a_version_is_picked_by_npms_rules() {
    let versions = ["1.0.0", "1.2.3", "2.0.0-beta.1", "2.0.0", "3.0.0-alpha"];
    let (_server, address) = listening(ServerOptions::new(versions.map(versioned))).await;
    for (asked, got) in [
        ("", "3.0.0-alpha"),
        (",''", "3.0.0-alpha"),
        (",undefined", "3.0.0-alpha"),
        (",'1'", "1.2.3"),
        (",'^1.0.0'", "1.2.3"),
        (",'~1.0'", "1.0.0"),
        (",'*'", "2.0.0"),
        (",'1.0.0'", "1.0.0"),
        (",'v1.0.0'", "1.0.0"),
        (",'1.2.3+build'", "1.2.3"),
        (",'2.0.0-beta.1'", "2.0.0-beta.1"),
    ] {
        let mut peer = Peer::open(address).await;
        let answer = peer.ask(&format!("{{handshake:[0,'app'{asked}]}}")).await;
        assert!(
            answer.starts_with("{handshake:[0],ok:'"),
            "{asked}: {answer}"
        );
        let version = peer.ask("{call:[1,'app'],version:[]}").await;
        assert_eq!(version, format!("{{callback:[1],ok:['{got}']}}"), "{asked}");
    }
}

#[tokio::test]
async fn unknown_applications_and_versions_are_error_10_and_a_close() {
    let (_server, address) = server().await;
    for request in [
        "[0,'nope']",
        "[0,'APP']",
        "[0,'app','2']",
        "[0,'app','latest']",
        "[0,'app','1.0.1']",
        "[0,'app',1]",
        "[0,'app',null]",
        "[0,['app']]",
        "[0,'constructor']",
        "['x',5]",
    ] {
        let mut peer = Peer::open(address).await;
        let answer = peer.ask(&format!("{{handshake:{request}}}")).await;
        assert_eq!(answer, "{handshake:[0],error:[10]}", "{request}");
        assert_eq!(peer.closed().await, Some(1000), "{request}");
    }
}

#[tokio::test]
async fn without_a_policy_every_strategy_is_error_11() {
    let (_server, address) = server().await;
    for strategy in [
        "login:['a','b']",
        "'':1",
        "token:{}",
        "session:['unknown',0]",
        "session:5",
    ] {
        let mut peer = Peer::open(address).await;
        let answer = peer
            .ask(&format!("{{handshake:[0,'app'],{strategy}}}"))
            .await;
        assert_eq!(answer, "{handshake:[0],error:[11]}", "{strategy}");
        assert_eq!(peer.closed().await, Some(1000));
    }
    for strategy in ["anonymous:5", "anonymous:['a'],login:['a','b']"] {
        let mut peer = Peer::open(address).await;
        let answer = peer
            .ask(&format!("{{handshake:[0,'app'],{strategy}}}"))
            .await;
        assert!(answer.starts_with("{handshake:[0],ok:'"), "{strategy}");
    }
}

async fn policy(request: AuthRequest) -> Result<String, MethodError> {
    match (request.strategy.as_str(), request.credentials) {
        ("name", Value::String(name)) => Ok(name),
        ("custom", _) => {
            let mut error = RemoteError::with_message(1100, "Account blocked");
            error.info.push(Value::Number(7.0));
            Err(error.into())
        }
        ("standard", _) => Err(RemoteError::with_message(12, "not sent").into()),
        ("text", _) => Err(MethodError::text("not sent")),
        ("internal", _) => Err(MethodError::internal("not sent")),
        ("panics", _) => panic!("on purpose"),
        ("never", _) => std::future::pending().await,
        (strategy, _) => Err(MethodError::text(format!("unknown strategy {strategy}"))),
    }
}

#[tokio::test]
async fn a_policy_decides() {
    let options = ServerOptions::new([app()])
        .auth_policy(policy)
        .auth_timeout(Duration::from_millis(100));
    let (_server, address) = listening(options).await;
    for (strategy, error) in [
        ("name:''", "[11]"),
        ("name:5", "[11]"),
        ("custom:1", "[1100,'Account blocked',7]"),
        ("standard:1", "[12]"),
        ("text:1", "[11]"),
        ("internal:1", "[11]"),
        ("panics:1", "[11]"),
        ("never:1", "[11]"),
        ("constructor:1", "[11]"),
    ] {
        let mut peer = Peer::open(address).await;
        let answer = peer
            .ask(&format!("{{handshake:[0,'app'],{strategy}}}"))
            .await;
        assert_eq!(
            answer,
            format!("{{handshake:[0],error:{error}}}"),
            "{strategy}"
        );
        assert_eq!(peer.closed().await, Some(1000), "{strategy}");
    }
    let mut peer = Peer::open(address).await;
    let answer = peer.ask("{handshake:[0,'app'],name:'julia'}").await;
    assert!(answer.starts_with("{handshake:[0],ok:'"), "{answer}");
    assert_eq!(
        peer.ask("{call:[1,'calc'],user:[]}").await,
        "{callback:[1],ok:['julia']}"
    );
}

#[tokio::test]
async fn anonymous_clients_have_no_name_and_are_not_asked_about() {
    let options = ServerOptions::new([app()]).auth_policy(async |_| panic!("asked"));
    let (_server, address) = listening(options).await;
    let (mut peer, _) = Peer::connect(address).await;
    assert_eq!(
        peer.ask("{call:[1,'calc'],user:[]}").await,
        "{callback:[1],ok:[null]}"
    );
}

#[tokio::test]
async fn a_second_handshake_is_fatal_even_while_the_first_is_thought_about() {
    let (_server, address) = listening(ServerOptions::new([app()]).auth_policy(policy)).await;
    let (mut peer, _) = Peer::connect(address).await;
    peer.send("{handshake:[0,'app']}").await;
    assert_eq!(peer.closed().await, Some(1000));
    let mut peer = Peer::open(address).await;
    peer.send("{handshake:[0,'app'],never:1}").await;
    peer.send("{handshake:[0,'app']}").await;
    assert_eq!(peer.closed().await, Some(1000));
}

#[tokio::test]
async fn anything_else_before_the_handshake_is_fatal() {
    let (_server, address) = server().await;
    for text in [
        "{call:[1,'calc'],answer:[]}",
        "{ping:[1]}",
        "{nope:[1]}",
        "{handshake:[0],ok:1}",
        "{handshake:[0],error:[]}",
        "{handshake:null}",
        "{handshake:[]}",
        "null",
        "true",
    ] {
        let mut peer = Peer::open(address).await;
        peer.send("{}").await;
        peer.send(text).await;
        assert_eq!(peer.closed().await, Some(1000), "{text}");
    }
}

#[tokio::test]
async fn no_handshake_in_time_closes_and_heartbeats_do_not_help() {
    let options = ServerOptions::new([app()]).handshake_timeout(Duration::from_millis(100));
    let (options, mut reports) = reporting(options);
    let (_server, address) = listening(options).await;
    let mut peer = Peer::open(address).await;
    peer.send("{}").await;
    assert_eq!(peer.closed().await, Some(1000));
    assert_eq!(soon(reports.recv()).await.unwrap().0, "handshakeTimeout");
}

#[tokio::test]
async fn a_client_that_leaves_while_the_policy_thinks_never_connects() {
    let (asked, mut asking) = tokio::sync::mpsc::unbounded_channel();
    let options = ServerOptions::new([app()]).auth_policy(move |request: AuthRequest| {
        let asked = asked.clone();
        async move {
            let (going, gone) = tokio::sync::oneshot::channel::<()>();
            asked.send((request.connection, gone)).unwrap();
            std::future::pending::<()>().await;
            drop(going);
            Ok("nobody".to_owned())
        }
    });
    let (server, address) = listening(options).await;
    let mut peer = Peer::open(address).await;
    peer.send("{handshake:[0,'app'],login:['a','b']}").await;
    let (connection, gone) = soon(asking.recv()).await.unwrap();
    let call = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "title", ()).await }
    });
    peer.close().await;
    // The policy's thinking went with the transport, and what waited for the handshake fails.
    assert!(soon(gone).await.is_err());
    assert_eq!(soon(call).await.unwrap(), Err(CallError::Closed));
    assert_eq!(soon(connection.ping()).await, Err(CallError::Closed));
    assert!(server.clients().is_empty());
}

#[tokio::test]
async fn requested_versions_follow_updates_of_the_applications() {
    let (server, address) = listening(ServerOptions::new([versioned("1.0.0")])).await;
    let mut latest = Peer::open(address).await;
    latest.ask("{handshake:[0,'app']}").await;
    let mut pinned = Peer::open(address).await;
    pinned.ask("{handshake:[0,'app','1.0.0']}").await;
    let requested: Vec<_> = server
        .clients()
        .iter()
        .map(|client| client.requested_version().unwrap())
        .collect();
    assert_eq!(requested, ["1", "1.0.0"]);

    let handle = server.handle();
    handle
        .update_applications(["1.0.0", "1.1.0", "2.0.0"].map(versioned))
        .unwrap();
    assert_eq!(
        latest.ask("{call:[1,'app'],version:[]}").await,
        "{callback:[1],ok:['1.0.0']}"
    );
    handle.update_connections_api();
    assert_eq!(
        latest.ask("{call:[2,'app'],version:[]}").await,
        "{callback:[2],ok:['1.1.0']}"
    );
    assert_eq!(
        pinned.ask("{call:[1,'app'],version:[]}").await,
        "{callback:[1],ok:['1.0.0']}"
    );
    handle.update_applications([versioned("3.0.0")]).unwrap();
    handle.update_connections_api();
    assert_eq!(
        latest.ask("{call:[3,'app'],version:[]}").await,
        "{callback:[3],ok:['1.1.0']}"
    );
    assert!(handle.update_applications([] as [Application; 0]).is_err());
}

#[tokio::test]
async fn a_policy_is_told_everything_and_may_speak_before_the_answer() {
    let options = ServerOptions::new([app()]).auth_policy(async |request: AuthRequest| {
        let client = &request.connection;
        assert!(client.remote_address().is_some());
        assert_eq!(client.session_id(), None);
        assert_eq!(request.application.name(), "app");
        let (strategy, credentials) = (request.strategy, request.credentials);
        // It waits, without an id, for the handshake to be done.
        client.emit("auth", "asked", (strategy, credentials))?;
        tokio::task::yield_now().await;
        Ok("julia".to_owned())
    });
    let (_server, address) = listening(options).await;
    let mut peer = Peer::open(address).await;
    peer.send("{handshake:[0,'app'],token:{a:[1]}}").await;
    let answer = peer.receive().await;
    assert!(answer.starts_with("{handshake:[0],ok:'"), "{answer}");
    assert_eq!(
        peer.receive().await,
        "{event:[-1,'auth'],asked:['token',{a:[1]}]}"
    );
}

#[tokio::test]
async fn a_code_of_the_servers_own_does_not_travel() {
    let (report, mut failures) = tokio::sync::mpsc::unbounded_channel();
    let options = ServerOptions::new([app()])
        .auth_policy(async |_| Err(MethodError::code(-1)))
        .on_event(move |event| {
            if let ServerEvent::HandlerFailed {
                interface,
                name,
                error,
                ..
            } = event
            {
                let _ = report.send(format!("{interface} {name}: {error}"));
            }
        });
    let (_server, address) = listening(options).await;
    let mut peer = Peer::open(address).await;
    let answer = peer.ask("{handshake:[0,'app'],token:'x'}").await;
    assert_eq!(answer, "{handshake:[0],error:[11]}");
    assert_eq!(
        soon(failures.recv()).await.unwrap(),
        "authentication token: its error has the code -1, which never travels"
    );
}

#[tokio::test]
async fn names_may_hold_a_version_and_a_scope() {
    let applications = [
        versioned("1.0.0"),
        Application::new("app@1.5.0").version("9.9.9"),
        Application::new("@scope/app"),
        Application::new("@scope/app@2.0.0"),
    ];
    let (server, address) = listening(ServerOptions::new(applications)).await;
    for (asked, got) in [
        ("'app','1'", ("app", "1.5.0")),
        ("'app','1.0.0'", ("app", "1.0.0")),
        ("'@scope/app'", ("@scope/app", "2.0.0")),
        ("'@scope/app','^1'", ("@scope/app", "1.0.0")),
    ] {
        let mut peer = Peer::open(address).await;
        let answer = peer.ask(&format!("{{handshake:[0,{asked}]}}")).await;
        assert!(answer.starts_with("{handshake:[0],ok:'"), "{answer}");
        let client = server.clients().pop().unwrap();
        let application = client.application().unwrap();
        assert_eq!((application.name(), application.version_text()), got);
    }
}
