//! HTTP before the WebSocket (protocol.md 1.1).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Peer, http, listening, server, soon};
use jstp_server::ServerOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
const PROTOCOL: &str = "Sec-WebSocket-Protocol: metarhia-jstp\r\n";

/// A request for an upgrade with these header lines besides Upgrade and Connection.
fn upgrade(lines: &[&str]) -> String {
    let head = "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    format!("{head}{}\r\n", lines.concat())
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

/// The head of the answer to a request that may be granted, in which case the stream stays open.
async fn head(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(soon(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn what_is_no_upgrade_gets_400_without_a_body() {
    let (_server, address) = server().await;
    for request in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /any/path?query HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "not http at all\r\n\r\n",
    ] {
        let answer = http(address, request).await;
        assert_eq!(status(&answer), "400", "{request}");
        assert!(answer.ends_with("\r\n\r\n"), "{request}");
    }
}

#[tokio::test]
async fn an_upgrade_needs_host_key_and_version() {
    let (_server, address) = server().await;
    for lines in [
        &[KEY, VERSION, PROTOCOL][..],
        &["Host: x\r\n", VERSION, PROTOCOL],
        &["Host: x\r\n", KEY, PROTOCOL],
        &["Host: x\r\n", "Sec-WebSocket-Key:\r\n", VERSION, PROTOCOL],
    ] {
        assert_eq!(
            status(&http(address, &upgrade(lines)).await),
            "400",
            "{lines:?}"
        );
    }
}

#[tokio::test]
async fn versions_other_than_13_get_426() {
    let (_server, address) = server().await;
    for version in ["8", "0", "12", "14", "130", "x"] {
        let version = format!("Sec-WebSocket-Version: {version}\r\n");
        let answer = http(address, &upgrade(&["Host: x\r\n", KEY, &version])).await;
        assert_eq!(status(&answer), "426");
        assert!(
            answer.contains("\r\nSec-WebSocket-Version: 13\r\n"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn the_origin_is_checked_before_the_subprotocol() {
    let options = ServerOptions::new([common::app()])
        .origin_check(|origin| origin == Some("https://good.example"));
    let (_server, address) = listening(options).await;
    let good = "Origin: https://good.example\r\n";
    let bad = "Origin: https://bad.example\r\n";
    let with = |origin| upgrade(&["Host: x\r\n", KEY, VERSION, origin, PROTOCOL]);
    assert_eq!(status(&http(address, &with(bad)).await), "403");
    assert_eq!(status(&http(address, &with("")).await), "403");
    assert_eq!(status(&head(address, &with(good)).await), "101");
    // The version comes first.
    let old = upgrade(&["Host: x\r\n", KEY, "Sec-WebSocket-Version: 8\r\n", bad]);
    assert_eq!(status(&http(address, &old).await), "426");
}

#[tokio::test]
async fn an_origin_check_that_panics_refuses() {
    let options = ServerOptions::new([common::app()]).origin_check(|_| panic!("on purpose"));
    let (_server, address) = listening(options).await;
    let request = upgrade(&["Host: x\r\n", KEY, VERSION, PROTOCOL]);
    assert_eq!(status(&http(address, &request).await), "403");
}

#[tokio::test]
async fn the_subprotocol_has_to_be_offered() {
    let (_server, address) = server().await;
    for offer in ["", "Sec-WebSocket-Protocol: a, metarhia-jstp.batch\r\n"] {
        let request = upgrade(&["Host: x\r\n", KEY, VERSION, offer]);
        assert_eq!(status(&http(address, &request).await), "403", "{offer}");
    }
}

#[tokio::test]
async fn the_subprotocol_is_echoed_as_it_was_spelled() {
    let (_server, address) = server().await;
    for (offer, echo) in [
        ("Sec-WebSocket-Protocol: metarhia-jstp\r\n", "metarhia-jstp"),
        (
            "sec-websocket-protocol: a, Metarhia-JSTP , b\r\n",
            "Metarhia-JSTP",
        ),
        (
            "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: metarhia-jstp\r\n",
            "metarhia-jstp",
        ),
        (
            "Sec-WebSocket-Protocol: a, Metarhia-JSTP.Batch ,b, metarhia-jstp\r\n",
            "Metarhia-JSTP.Batch",
        ),
        (
            "Sec-WebSocket-Protocol: metarhia-jstp, metarhia-jstp.batch\r\n",
            "metarhia-jstp",
        ),
    ] {
        let extensions = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
        let request = upgrade(&["Host: x\r\n", KEY, VERSION, offer, extensions]);
        let answer = head(address, &request).await;
        assert_eq!(status(&answer), "101");
        assert!(
            answer.contains(&format!("\r\nSec-WebSocket-Protocol: {echo}\r\n")),
            "{answer}"
        );
        assert!(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        assert!(!answer.contains("Extensions"));
    }
}

#[tokio::test]
async fn a_server_without_the_extension_chooses_the_plain_protocol() {
    let (_server, address) = listening(ServerOptions::new([common::app()]).batch(false)).await;
    for (offer, status_code) in [
        ("metarhia-jstp.batch, metarhia-jstp", "101"),
        ("metarhia-jstp.batch", "403"),
    ] {
        let offer = format!("Sec-WebSocket-Protocol: {offer}\r\n");
        let request = upgrade(&["Host: x\r\n", KEY, VERSION, &offer]);
        let answer = head(address, &request).await;
        assert_eq!(status(&answer), status_code);
        let chosen = answer.contains("\r\nSec-WebSocket-Protocol: metarhia-jstp\r\n");
        assert_eq!(chosen, status_code == "101", "{answer}");
    }
}

#[tokio::test]
async fn any_path_will_do() {
    let (_server, address) = server().await;
    let request = upgrade(&["Host: x\r\n", KEY, VERSION, PROTOCOL]);
    let request = request.replacen("GET / ", "GET /a/b%20c?d=e ", 1);
    assert_eq!(status(&head(address, &request).await), "101");
}

#[tokio::test]
async fn a_head_without_end_is_cut_short() {
    let (_server, address) = server().await;
    let request = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nCookie: {}",
        "x".repeat(20_000)
    );
    assert_eq!(status(&http(address, &request).await), "400");
    let many = "X: y\r\n".repeat(1_000);
    let request = upgrade(&["Host: x\r\n", KEY, VERSION, PROTOCOL, &many]);
    assert_eq!(status(&http(address, &request).await), "400");
}

#[tokio::test]
async fn a_slow_head_runs_into_the_handshake_timeout() {
    let options = ServerOptions::new([common::app()]).handshake_timeout(Duration::from_millis(100));
    let (_server, address) = listening(options).await;
    assert_eq!(http(address, "GET / HTTP/1.1\r\nHost: x\r\n").await, "");
}

#[tokio::test]
async fn what_follows_the_head_at_once_belongs_to_the_websocket() {
    let (_server, address) = server().await;
    let mut request = upgrade(&["Host: x\r\n", KEY, VERSION, PROTOCOL]).into_bytes();
    // {handshake:[0,'nope']}, masked with zeros.
    let text = b"{handshake:[0,'nope']}";
    request.extend([0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0]);
    request.extend(text);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let expected = b"{handshake:[0],error:[10]}";
    let mut answer = Vec::new();
    while !answer
        .windows(expected.len())
        .any(|window| window == expected)
    {
        answer.push(soon(stream.read_u8()).await.unwrap());
    }
}

#[tokio::test]
async fn a_reset_right_after_the_request_hurts_nobody() {
    let (_server, address) = server().await;
    let request = upgrade(&["Host: x\r\n", KEY, VERSION, PROTOCOL]);
    for _ in 0..50 {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_zero_linger().unwrap();
        let mut stream = stream;
        stream.write_all(request.as_bytes()).await.unwrap();
    }
    let (mut peer, _) = Peer::connect(address).await;
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
}

#[tokio::test]
async fn proxies_are_believed_only_as_far_as_they_are_trusted() {
    let seen = async |proxies, headers: &[(&'static str, &'static str)]| {
        let options = ServerOptions::new([common::app()]).trusted_proxies(proxies);
        let (server, address) = listening(options).await;
        let mut peer = Peer::open_with(address, headers).await;
        peer.shake_hands().await;
        let clients = server.clients();
        clients[0].remote_address().unwrap().ip().to_string()
    };
    const LIST: (&str, &str) = ("X-Forwarded-For", "6.6.6.6, 192.0.2.7 ,198.51.100.1");
    assert_eq!(seen(0, &[LIST]).await, "127.0.0.1");
    assert_eq!(seen(1, &[LIST]).await, "198.51.100.1");
    assert_eq!(seen(2, &[LIST]).await, "192.0.2.7");
    assert_eq!(seen(9, &[LIST]).await, "6.6.6.6");
    assert_eq!(seen(1, &[]).await, "127.0.0.1");
    assert_eq!(
        seen(1, &[("X-Forwarded-For", "unknown")]).await,
        "127.0.0.1"
    );
    assert_eq!(
        seen(1, &[LIST, ("x-forwarded-for", "2001:db8::1")]).await,
        "2001:db8::1"
    );
    assert_eq!(
        seen(1, &[("X-Forwarded-For", "[2001:db8::1]:443")]).await,
        "2001:db8::1"
    );
}
