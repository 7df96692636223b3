//! What a server tells its listeners (protocol.md 5.6 and 10).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Peer, app, listening, soon};
use jstp_server::{Server, ServerEvent, ServerOptions};
use tokio::sync::mpsc;

/// A server that reports its events, each as a line.
async fn telling(options: ServerOptions) -> (Server, Peer, mpsc::UnboundedReceiver<String>) {
    let (report, mut reports) = mpsc::unbounded_channel();
    let options = options.on_event(move |event| {
        let line = match event {
            ServerEvent::Connect { .. } => "connect".to_owned(),
            ServerEvent::RestoreSession { application, .. } => {
                format!("restoreSession {}", application.name())
            }
            ServerEvent::Reconnect { .. } => "reconnect".to_owned(),
            ServerEvent::Disconnect { .. } => "disconnect".to_owned(),
            ServerEvent::HandshakeRequest {
                application,
                strategy,
                ..
            } => format!("handshakeRequest {application} {strategy}"),
            ServerEvent::ConnectionError { error, .. } => format!("connectionError {error}"),
            ServerEvent::IncomingMessage { text, .. } => format!("incomingMessage {text}"),
            ServerEvent::OutgoingMessage { text, .. } => format!("outgoingMessage {text}"),
            ServerEvent::Callback { answer, .. } => format!("callback {answer:?}"),
            ServerEvent::Call {
                interface,
                method,
                args,
                ..
            } => format!("call {interface} {method} {}", args.elements().unwrap()),
            ServerEvent::Event {
                interface,
                event,
                args,
                ..
            } => format!("event {interface} {event} {}", args.elements().unwrap()),
            ServerEvent::Inspect { interface, .. } => format!("inspect {interface}"),
            ServerEvent::Heartbeat { .. } => "heartbeat".to_owned(),
            ServerEvent::MessageRejected { text, .. } => format!("messageRejected {text}"),
            other => format!("{other:?}"),
        };
        let _ = report.send(line);
    });
    let (server, address) = listening(options).await;
    let (peer, _) = Peer::connect(address).await;
    while soon(reports.recv()).await.unwrap() != "handshakeRequest app anonymous" {}
    (server, peer, reports)
}

#[tokio::test]
async fn each_kind_of_message_has_its_event() {
    let (server, mut peer, mut reports) = telling(ServerOptions::new([app()])).await;
    let client = server.clients().remove(0);
    let asking = tokio::spawn(async move {
        let _ = client.call("page", "a", ()).await;
        let _ = client.inspect("page").await;
        let _ = client.ping().await;
        let _ = client.call("page", "b", ()).await;
    });
    for (sent, events) in [
        ("{}", &["heartbeat"][..]),
        ("{call:[1,'calc'],add:[1,2]}", &["call calc add 2"]),
        ("{call:[2,'calc'],nope:[]}", &["call calc nope 0"]),
        ("{inspect:[3,'calc']}", &["inspect calc"]),
        ("{event:[4,'chat'],x:[1]}", &["event chat x 1"]),
        (
            "{event:[5,'chat'],x:1}",
            &["messageRejected {event:[5,'chat'],x:1}"],
        ),
        // Neither has an event of its own.
        ("{ping:[6]}", &[]),
        ("{pong:[77]}", &[]),
        ("{callback:[-1],ok:[7]}", &["callback Ok([7])"]),
        ("{callback:[-2],error:[14]}", &["callback Err([14])"]),
        ("{pong:[-3]}", &[]),
        (
            "{callback:[-9],ok:[]}",
            &["callback Ok([])", "messageRejected {callback:[-9],ok:[]}"],
        ),
        (
            "{callback:[-4],no:[]}",
            &["messageRejected {callback:[-4],no:[]}"],
        ),
        ("{nope:[8]}", &["messageRejected {nope:[8]}"]),
    ] {
        peer.send(sent).await;
        for event in events {
            assert_eq!(soon(reports.recv()).await.unwrap(), *event, "{sent}");
        }
    }
    soon(asking).await.unwrap();
    peer.send("[1]").await;
    assert_eq!(soon(reports.recv()).await.unwrap(), "messageRejected [1]");
    let error = soon(reports.recv()).await.unwrap();
    assert!(error.starts_with("connectionError "), "{error}");
    assert_eq!(peer.close_code().await, Some(1000));
    drop(peer);
    assert_eq!(soon(reports.recv()).await.unwrap(), "disconnect");
}

#[tokio::test]
async fn messages_are_told_of_when_asked_for_and_before_what_they_do() {
    let options = ServerOptions::new([app()]).log_messages(true);
    let (_server, mut peer, mut reports) = telling(options).await;
    peer.ask("{call:[1,'calc'],answer:[]}").await;
    for event in [
        "incomingMessage {call:[1,'calc'],answer:[]}",
        "call calc answer 0",
        "outgoingMessage {callback:[1],ok:[42]}",
    ] {
        assert_eq!(soon(reports.recv()).await.unwrap(), event);
    }
    peer.ask("{ping:[2]}").await;
    assert_eq!(
        soon(reports.recv()).await.unwrap(),
        "incomingMessage {ping:[2]}"
    );
    assert_eq!(
        soon(reports.recv()).await.unwrap(),
        "outgoingMessage {pong:[2]}"
    );
}

#[tokio::test]
async fn a_resumed_session_is_told_of_in_order_and_what_is_sent_again_too() {
    let options = ServerOptions::new([app()]).log_messages(true);
    let (server, mut peer, mut reports) = telling(options).await;
    let client = server.clients().remove(0);
    client.emit("i", "e", ()).unwrap();
    peer.receive().await;
    drop(peer);
    while soon(reports.recv()).await.unwrap() != "disconnect" {}
    let mut peer = Peer::open(server.address().unwrap()).await;
    let session = client.session_id().unwrap();
    let request = format!("{{handshake:[0,'app'],session:['{session}',0]}}");
    assert_eq!(peer.ask(&request).await, "{handshake:[0],ok:0}");
    for event in [
        format!("incomingMessage {request}"),
        "outgoingMessage {handshake:[0],ok:0}".to_owned(),
        "outgoingMessage {event:[-1,'i'],e:[]}".to_owned(),
        "restoreSession app".to_owned(),
        "reconnect".to_owned(),
        "handshakeRequest app session".to_owned(),
    ] {
        assert_eq!(soon(reports.recv()).await.unwrap(), event);
    }
}

#[tokio::test]
async fn a_refusal_is_told_of() {
    let (server, _peer, mut reports) = telling(ServerOptions::new([app()])).await;
    for (request, event) in [
        ("[0,'nope']", "handshakeRequest nope anonymous"),
        ("[0,'app'],login:['a','b']", "handshakeRequest app login"),
        ("[0,'app'],session:['x',0]", "handshakeRequest app session"),
    ] {
        let mut peer = Peer::open(server.address().unwrap()).await;
        peer.ask(&format!("{{handshake:{request}}}")).await;
        assert_eq!(soon(reports.recv()).await.unwrap(), event);
    }
}

#[tokio::test]
async fn who_does_not_become_a_client_is_told_of_with_the_reason() {
    let (report, mut reports) = mpsc::unbounded_channel();
    let options = ServerOptions::new([app()])
        .origin_check(|origin| origin == Some("https://good.example"))
        .handshake_timeout(std::time::Duration::from_millis(200))
        .on_event(move |event| {
            if let ServerEvent::TurnedAway { remote, why } = event {
                assert!(remote.ip().is_loopback());
                let _ = report.send(why.to_string());
            }
        });
    let (_server, address) = listening(options).await;
    let upgrade = "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\nHost: x\r\n";
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let version = "Sec-WebSocket-Version: 13\r\n";
    let origin = "Origin: https://good.example\r\n";
    for (request, why) in [
        (
            "nonsense\r\n\r\n".to_owned(),
            "it did not send an HTTP request",
        ),
        (
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
            "it did not ask for a WebSocket",
        ),
        (
            format!("{upgrade}\r\n"),
            "its request lacks Host, Sec-WebSocket-Key or Sec-WebSocket-Version",
        ),
        (
            format!("{upgrade}{key}Sec-WebSocket-Version: 8\r\n\r\n"),
            "it asked for version \"8\" of WebSocket, and there is only 13",
        ),
        (
            format!("{upgrade}{key}{version}\r\n"),
            "it has no origin, and only some may connect",
        ),
        (
            format!("{upgrade}{key}{version}Origin: null\r\n\r\n"),
            "its origin \"null\" may not connect",
        ),
        (
            format!("{upgrade}{key}{version}{origin}\r\n"),
            "it did not offer the subprotocol metarhia-jstp",
        ),
        (
            "GET / HTTP/1.1\r\n".to_owned(),
            "its HTTP request took too long",
        ),
    ] {
        common::http(address, &request).await;
        assert_eq!(soon(reports.recv()).await.unwrap(), why);
    }
}
