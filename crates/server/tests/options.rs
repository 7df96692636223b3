//! Options of the server: what each does, and which values are refused (protocol.md 5.1).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Peer, app, listening};
use jstp_server::{
    Application, Connection, Interface, OptionsError, ServerOptions, create_apps_index,
    create_server,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

#[test]
fn wrong_options_are_refused_by_name() {
    let refused = |options| create_server(options).unwrap_err();
    assert_eq!(
        refused(ServerOptions::new([] as [Application; 0])),
        OptionsError::NoApplications
    );
    assert_eq!(
        refused(ServerOptions::new([Application::new("")])),
        OptionsError::ApplicationName
    );
    for name in ["@1.0.0", "@v2.0.0", "@"] {
        // It may begin like a scope, but this is one without a name.
        assert_eq!(
            refused(ServerOptions::new([Application::new(name)])),
            OptionsError::ApplicationName
        );
    }
    let error = refused(ServerOptions::new([
        Application::new("a@b").version("1.0.0")
    ]));
    assert_eq!(
        error.to_string(),
        "version \"b\" of application \"a\" is not a semver version"
    );
    let error = refused(ServerOptions::new([
        Application::new("a@1.0.0"),
        Application::new("@scope/a"),
        Application::new("a").version("v1.0.0"),
    ]));
    assert_eq!(
        error.to_string(),
        "Multiple instances of application: a with version: v1.0.0"
    );
    let error = refused(ServerOptions::new([app()]).handshake_timeout(Duration::ZERO));
    assert_eq!(
        error.to_string(),
        "option handshake_timeout must be greater than zero"
    );
}

#[test]
fn what_no_client_can_call_is_refused_by_name() {
    let made = |interface| create_apps_index([Application::new("a").interface(interface)]);
    let with =
        |method: &str| Interface::new("i").method(method, async |_: Connection, (): ()| Ok(()));
    let error = made(Interface::new("")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "application \"a\" has an interface without a name"
    );
    for (method, why) in [
        ("call", "it would take the place of the message's header"),
        ("__proto__", "JavaScript peers take it for the prototype"),
        ("", "JavaScript peers leave an empty name out"),
        ("0", "JavaScript peers move such keys to the front"),
        ("4294967294", "JavaScript peers move such keys to the front"),
    ] {
        let error = made(with(method)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "clients cannot call method {method:?} of interface \"i\" of application \"a\": {why}"
            )
        );
        assert_eq!(
            create_server(ServerOptions::new([
                Application::new("a").interface(with(method))
            ]))
            .unwrap_err(),
            error
        );
    }
    for method in [
        "event",
        "inspect",
        "handshake",
        "ok",
        "constructor",
        "01",
        "-1",
        "4294967295",
    ] {
        assert!(made(with(method)).is_ok(), "{method}");
    }
}

#[test]
fn a_frame_is_no_larger_than_its_message() {
    let options = ServerOptions::new([app()]).max_message(10, 20);
    let error = create_server(options).unwrap_err();
    assert_eq!(error, OptionsError::FrameAboveMessage);
    assert_eq!(
        error.to_string(),
        "option max_message must not let a frame be larger than its message"
    );
}

#[test]
fn limits_and_durations_are_refused_by_name() {
    let (zero, eternity) = (Duration::ZERO, Duration::MAX);
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    type Change = fn(ServerOptions, Duration) -> ServerOptions;
    let durations: [(&str, Change); 7] = [
        ("storage_timeout", ServerOptions::storage_timeout),
        ("heartbeat_interval", ServerOptions::heartbeat_interval),
        ("handshake_timeout", ServerOptions::handshake_timeout),
        ("auth_timeout", ServerOptions::auth_timeout),
        ("close_timeout", ServerOptions::close_timeout),
        ("keepalive interval", |options, interval| {
            options.keepalive(interval, Duration::from_secs(1))
        }),
        ("keepalive grace", |options, grace| {
            options.keepalive(Duration::from_secs(1), grace)
        }),
    ];
    let made = |change: Change, value| create_server(change(ServerOptions::new([app()]), value));
    for (option, change) in durations {
        assert_eq!(
            made(change, zero).unwrap_err(),
            OptionsError::Zero { option }
        );
        assert_eq!(
            made(change, eternity).unwrap_err(),
            OptionsError::TooLong { option }
        );
        assert!(made(change, year).is_ok(), "{option}");
    }
    let may_be_zero: [(&str, Change); 2] = [
        (
            "client_expiration_time",
            ServerOptions::client_expiration_time,
        ),
        ("in_doubt_timeout", ServerOptions::in_doubt_timeout),
    ];
    for (option, change) in may_be_zero {
        assert_eq!(
            made(change, eternity).unwrap_err(),
            OptionsError::TooLong { option }
        );
        assert!(made(change, zero).is_ok(), "{option}");
    }

    type Limit = fn(ServerOptions, usize) -> ServerOptions;
    let limits: [(&str, Limit); 8] = [
        ("buffer_limit messages", |options, limit| {
            options.buffer_limit(limit, 1)
        }),
        ("buffer_limit bytes", |options, limit| {
            options.buffer_limit(1, limit)
        }),
        ("max_connections", ServerOptions::max_connections),
        ("max_message", |options, limit| {
            options.max_message(limit, 1)
        }),
        ("max_message frame", |options, limit| {
            options.max_message(usize::MAX, limit)
        }),
        ("max_outgoing", ServerOptions::max_outgoing),
        ("max_running_methods", ServerOptions::max_running_methods),
        ("max_running_bytes", ServerOptions::max_running_bytes),
    ];
    for (option, change) in limits {
        let made = |limit| create_server(change(ServerOptions::new([app()]), limit));
        assert_eq!(made(0).unwrap_err(), OptionsError::Zero { option });
        assert!(made(1).is_ok(), "{option}");
        assert!(made(usize::MAX).is_ok(), "{option}");
    }
    assert_eq!(
        made(ServerOptions::auth_timeout, zero)
            .unwrap_err()
            .to_string(),
        "option auth_timeout must be greater than zero"
    );
    assert_eq!(
        made(ServerOptions::auth_timeout, eternity)
            .unwrap_err()
            .to_string(),
        "option auth_timeout must not be longer than 100 years"
    );
}

/// A call whose whole text has this many bytes.
fn call_of(bytes: usize) -> String {
    let call = "{call:[1,'calc'],many:['',0,0]}";
    call.replace("''", &format!("'{}'", "x".repeat(bytes - call.len())))
}

#[tokio::test]
async fn messages_and_frames_have_the_limits_they_are_given() {
    let options = ServerOptions::new([app()]).max_message(2000, 1000);
    let (_server, address) = listening(options).await;
    let fragments = |text: String| {
        let (first, second) = text.split_at(text.len() / 2);
        [
            Frame::message(first.to_owned(), OpCode::Data(Data::Text), false),
            Frame::message(second.to_owned(), OpCode::Data(Data::Continue), true),
        ]
        .map(Message::Frame)
    };
    let (mut peer, _) = Peer::connect(address).await;
    assert!(
        peer.ask(&call_of(1000))
            .await
            .starts_with("{callback:[1],ok")
    );
    for fragment in fragments(call_of(2000)) {
        peer.send_message(fragment).await;
    }
    assert!(peer.receive().await.starts_with("{callback:[1],ok"));
    peer.send(&call_of(1001)).await;
    assert_eq!(peer.closed().await, Some(1009));

    let (mut peer, _) = Peer::connect(address).await;
    for fragment in fragments(call_of(2001)) {
        peer.send_message(fragment).await;
    }
    assert_eq!(peer.closed().await, Some(1009));
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_is_dropped() {
    let (_server, address) = listening(ServerOptions::new([app()]).max_connections(2)).await;
    let (mut first, _) = Peer::connect(address).await;
    let (second, _) = Peer::connect(address).await;
    let mut third = TcpStream::connect(address).await.unwrap();
    let read = common::soon(third.read(&mut [0; 1])).await;
    assert!(matches!(read, Ok(0) | Err(_)));
    second.close().await;
    // Its place becomes free; the task behind it may be about to end.
    common::soon(async { while !is_spoken_to(address).await {} }).await;
    assert_eq!(
        first.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
}

/// Whether the server says anything to a new connection.
async fn is_spoken_to(address: std::net::SocketAddr) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = [0; 4];
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
}
