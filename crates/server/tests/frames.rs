//! Frames, sizes, closing and signs of life (protocol.md 1.2 and 1.3).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Peer, app, listening, reporting, server, soon};
use jstp_server::ServerOptions;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

const LIMIT: usize = 8 * 1024 * 1024;

/// A call of exactly so many bytes.
fn call_of(bytes: usize) -> String {
    let empty = "{call:[1,'calc'],many:['',1,2]}";
    empty.replacen("''", &format!("'{}'", "x".repeat(bytes - empty.len())), 1)
}

#[tokio::test]
async fn binary_messages_are_read_as_text() {
    let (_server, address) = server().await;
    let (mut peer, _) = Peer::connect(address).await;
    peer.send_message(Message::binary(b"{call:[1,'calc'],answer:[]}".to_vec()))
        .await;
    assert_eq!(peer.receive().await, "{callback:[1],ok:[42]}");
}

#[tokio::test]
async fn fragments_make_a_message() {
    let (_server, address) = server().await;
    let (mut peer, _) = Peer::connect(address).await;
    for (part, code, last) in [
        ("{call:[1,'ca", Data::Text, false),
        ("lc'],ans", Data::Continue, false),
        ("wer:[]}", Data::Continue, true),
    ] {
        let frame = Frame::message(part.as_bytes().to_vec(), OpCode::Data(code), last);
        peer.send_message(Message::Frame(frame)).await;
        peer.send_message(Message::Ping(Vec::new().into())).await;
    }
    assert_eq!(peer.receive().await, "{callback:[1],ok:[42]}");
}

#[tokio::test]
async fn invalid_utf_8_closes_with_1007() {
    let (_server, address) = server().await;
    for code in [Data::Text, Data::Binary] {
        let (mut peer, _) = Peer::connect(address).await;
        let frame = Frame::message(vec![b'\'', 0xff, b'\''], OpCode::Data(code), true);
        peer.send_message(Message::Frame(frame)).await;
        assert_eq!(peer.closed().await, Some(1007));
    }
}

#[tokio::test]
async fn eight_mebibytes_are_accepted_and_one_byte_more_is_not() {
    let (_server, address) = server().await;
    let (mut peer, _) = Peer::connect(address).await;
    let answer = peer.ask(&call_of(LIMIT)).await;
    assert!(answer.starts_with("{callback:[1],ok:['xxx"));
    peer.send(&call_of(LIMIT + 1)).await;
    assert_eq!(peer.closed().await, Some(1009));
}

#[tokio::test]
async fn the_limit_holds_for_messages_in_fragments() {
    let (_server, address) = server().await;
    let (mut peer, _) = Peer::connect(address).await;
    let half = vec![b'x'; LIMIT / 2 + 1];
    let first = Frame::message(half.clone(), OpCode::Data(Data::Text), false);
    peer.send_message(Message::Frame(first)).await;
    let second = Frame::message(half, OpCode::Data(Data::Continue), true);
    peer.send_message(Message::Frame(second)).await;
    assert_eq!(peer.closed().await, Some(1009));
}

#[tokio::test]
async fn large_messages_leave_in_frames_of_at_most_16_kib() {
    // The peer refuses larger frames.
    let (_server, address) = server().await;
    let (mut peer, _) = Peer::connect(address).await;
    for size in [16_000, 16 * 1024, 16 * 1024 + 1, 1_000_000] {
        let answer = peer.ask(&format!("{{call:[1,'calc'],big:[{size}]}}")).await;
        assert_eq!(answer.len(), size + "{callback:[1],ok:['']}".len());
    }
}

#[tokio::test]
async fn an_answer_larger_than_a_message_may_be_is_error_16() {
    let (_server, address) = server().await;
    let (mut peer, _) = Peer::connect(address).await;
    let call = format!("{{call:[1,'calc'],big:[{LIMIT}]}}");
    assert_eq!(peer.ask(&call).await, "{callback:[1],error:[16]}");
}

#[tokio::test]
async fn what_cannot_be_read_closes_with_1000() {
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (_server, address) = listening(options).await;
    for text in [
        "",
        "{",
        "nonsense",
        "{call:[1,'calc'],answer:[]",
        "null",
        "[]",
        "5",
        "''",
    ] {
        let (mut peer, _) = Peer::connect(address).await;
        peer.send(text).await;
        assert_eq!(peer.closed().await, Some(1000), "{text}");
        let mut seen = Vec::new();
        while seen.last() != Some(&"disconnect") {
            seen.push(soon(reports.recv()).await.unwrap().0);
        }
        assert_eq!(seen, ["connect", "connectionError", "disconnect"], "{text}");
    }
}

#[tokio::test]
async fn unmasked_frames_close_with_1002() {
    let (_server, address) = server().await;
    let (peer, _) = Peer::connect(address).await;
    let mut stream = peer.into_stream();
    stream.write_all(&[0x81, 2, b'{', b'}']).await.unwrap();
    let mut close = [0; 4];
    soon(tokio::io::AsyncReadExt::read_exact(&mut stream, &mut close))
        .await
        .unwrap();
    assert_eq!(close, [0x88, 2, 0x03, 0xea]);
}

#[tokio::test]
async fn a_close_is_answered() {
    let (_server, address) = server().await;
    for (sent, answered) in [(1000, 1000), (3001, 3001), (1015, 1002), (999, 1002)] {
        let (mut peer, _) = Peer::connect(address).await;
        let frame = CloseFrame {
            code: CloseCode::from(sent),
            reason: "".into(),
        };
        peer.send_message(Message::Close(Some(frame))).await;
        assert_eq!(peer.closed().await, Some(answered), "{sent}");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_answer_the_close_is_dropped() {
    let options = ServerOptions::new([app()]).close_timeout(Duration::from_millis(100));
    let (server, address) = listening(options).await;
    let (peer, _) = Peer::connect(address).await;
    let mut stream = peer.into_stream();
    server.clients()[0].close();
    // Nothing answers the close frame; the server ends the stream by itself.
    let mut rest = Vec::new();
    soon(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest))
        .await
        .unwrap();
    assert_eq!(rest, [0x88, 2, 0x03, 0xe8]);
}

#[tokio::test]
async fn whoever_answered_while_the_server_was_held_up_was_not_silent() {
    let (ping, grace) = (Duration::from_millis(100), Duration::from_secs(3));
    let options = ServerOptions::new([app()]).keepalive(ping, grace);
    let (_server, address) = listening(options).await;
    // Many, for one that looks at its clock or its socket first as chance has it.
    let mut peers = Vec::new();
    for _ in 0..10 {
        peers.push(Peer::connect(address).await.0);
    }
    for peer in &mut peers {
        assert!(peer.is_pinged().await);
    }
    for peer in &mut peers {
        peer.send("{ping:[1]}").await;
    }
    // All of this is one thread, so the server sleeps too.
    std::thread::sleep(grace + ping);
    for peer in &mut peers {
        assert_eq!(peer.receive().await, "{pong:[1]}");
    }
}

#[tokio::test]
async fn a_silent_peer_is_pinged_and_then_dropped() {
    let options = ServerOptions::new([app()])
        .keepalive(Duration::from_millis(50), Duration::from_millis(200));
    let (options, mut reports) = reporting(options);
    let (_server, address) = listening(options).await;
    let (mut peer, _) = Peer::connect(address).await;
    assert_eq!(soon(reports.recv()).await.unwrap().0, "connect");
    // Reading answers pings, so a peer that reads is kept.
    for _ in 0..8 {
        assert!(peer.is_pinged().await);
    }
    // One that does not read is not.
    let _silent = peer.into_stream();
    assert_eq!(soon(reports.recv()).await.unwrap().0, "connectionError");
    assert_eq!(soon(reports.recv()).await.unwrap().0, "disconnect");
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_closed_with_1013_and_keeps_its_session() {
    let options = ServerOptions::new([app()]).max_outgoing(1024 * 1024);
    let (options, mut reports) = reporting(options);
    let (_server, address) = listening(options).await;
    let (mut peer, session) = Peer::connect(address).await;
    let (_, connection) = soon(reports.recv()).await.unwrap();
    // Without reading anything: more than the sockets' buffers and the limit hold.
    for id in 1..=40 {
        peer.send(&format!("{{call:[{id},'calc'],big:[1000000]}}"))
            .await;
        if !connection.is_open() {
            break;
        }
    }
    assert_eq!(soon(reports.recv()).await.unwrap().0, "connectionError");
    assert_eq!(soon(reports.recv()).await.unwrap().0, "disconnect");
    drop(peer);
    let mut peer = Peer::open(address).await;
    let answer = peer
        .ask(&format!("{{handshake:[0,'app'],session:['{session}',0]}}"))
        .await;
    assert!(answer.starts_with("{handshake:[0],ok:"), "{answer}");
}

#[tokio::test]
async fn what_ends_a_transport_is_told_before_its_end() {
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (_server, address) = listening(options.max_message(1000, 1000)).await;
    let frame = |payload: &[u8]| {
        let code = OpCode::Data(Data::Text);
        Message::Frame(Frame::message(payload.to_vec(), code, true))
    };
    for (message, code) in [
        (frame(&[0xff]), 1007),
        (frame(&[b' '; 1001]), 1009),
        (frame(b"{"), 1000),
    ] {
        let (mut peer, _) = Peer::connect(address).await;
        peer.send_message(message).await;
        assert_eq!(peer.closed().await, Some(code));
        for expected in ["connect", "connectionError", "disconnect"] {
            assert_eq!(soon(reports.recv()).await.unwrap().0, expected, "{code}");
        }
    }
    // A reset is an error of the transport, a mere end is none.
    for (is_reset, events) in [
        (true, &["connect", "connectionError", "disconnect"][..]),
        (false, &["connect", "disconnect"]),
    ] {
        let (peer, _) = Peer::connect(address).await;
        let stream = peer.into_stream();
        if is_reset {
            stream.set_zero_linger().unwrap();
        }
        drop(stream);
        for expected in events {
            assert_eq!(
                soon(reports.recv()).await.unwrap().0,
                *expected,
                "{is_reset}"
            );
        }
    }
}
