//! Several messages in one WebSocket message (extensions.md).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;

use common::{Peer, app, listening, reporting, server, soon};
use jstp_server::{Connection, ServerOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A transport on which the extension is in force, without a handshake.
async fn open(address: SocketAddr) -> Peer {
    Peer::open_with(
        address,
        &[("Sec-WebSocket-Protocol", "metarhia-jstp.batch")],
    )
    .await
}

async fn connect(address: SocketAddr) -> (Peer, String) {
    let mut peer = open(address).await;
    let session = peer.shake_hands().await;
    (peer, session)
}

fn only(mut clients: Vec<Connection>) -> Connection {
    assert_eq!(clients.len(), 1);
    clients.pop().unwrap()
}

#[tokio::test]
async fn the_messages_of_an_array_are_answered_in_order_and_together() {
    let (_server, address) = server().await;
    let (mut peer, _) = connect(address).await;
    let batch = "[{call:[1,'calc'],answer:[]},{ping:[2]},{inspect:[3,'none']},{},{call:[4,'calc'],add:[1,2]}]";
    assert_eq!(
        peer.ask(batch).await,
        "[{callback:[1],ok:[42]},{pong:[2]},{callback:[3],error:[12]},{callback:[4],ok:[3]}]"
    );
}

#[tokio::test]
async fn one_message_is_answered_by_one() {
    let (_server, address) = server().await;
    let (mut peer, _) = connect(address).await;
    for batch in [
        "{call:[1,'calc'],answer:[]}",
        "[{call:[1,'calc'],answer:[]}]",
    ] {
        assert_eq!(peer.ask(batch).await, "{callback:[1],ok:[42]}");
    }
}

#[tokio::test]
async fn answers_to_messages_that_came_one_by_one_leave_together() {
    // One task serves all, so what is sent before it runs is there when it does.
    let (_server, address) = server().await;
    let (mut peer, _) = connect(address).await;
    for id in 1..=100 {
        peer.send(&format!("{{call:[{id},'calc'],answer:[]}}"))
            .await;
    }
    let mut messages = 0;
    let mut answered = 0;
    while answered < 100 {
        let text = peer.receive().await;
        for answer in text.trim_matches(['[', ']']).split("},{") {
            answered += 1;
            assert!(
                answer.contains(&format!("callback:[{answered}],ok:[42]")),
                "{answer}"
            );
        }
        messages += 1;
    }
    assert!(messages < 100, "{messages} messages");
}

#[tokio::test]
async fn what_is_emitted_in_one_go_travels_in_batches_of_64_kib() {
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (_server, address) = listening(options).await;
    let (mut peer, _) = connect(address).await;
    let (_, client) = soon(reports.recv()).await.unwrap();
    let long = "x".repeat(1_000);
    for number in 0..200 {
        client.emit("i", "e", (number, &long)).unwrap();
    }
    client.emit("i", "huge", ("x".repeat(100_000),)).unwrap();
    let mut heard = 0;
    loop {
        let text = peer.receive().await;
        if text.contains("huge:") {
            assert!(text.starts_with('{'));
            break;
        }
        assert!(text.len() <= 64 * 1024);
        let events = text.matches("{event:").count();
        assert!(text.starts_with('[') || events == 1);
        for number in heard..heard + events {
            assert!(text.contains(&format!("e:[{number},")), "{number}");
        }
        heard += events;
    }
    assert_eq!(heard, 200);
}

#[tokio::test]
async fn a_handshake_and_its_answer_travel_alone() {
    let options = ServerOptions::new([app()]).on_connect(|client| {
        for _ in 0..3 {
            client.emit("i", "hello", ()).unwrap();
        }
    });
    let (_server, address) = listening(options).await;
    let (mut peer, session) = connect(address).await;
    let mut rest = peer.receive().await;
    while rest.matches("hello").count() < 3 {
        rest.push_str(&peer.receive().await);
    }
    drop(peer);
    // Nothing was acknowledged, so all of it comes again.
    let mut peer = open(address).await;
    let answer = peer
        .ask(&format!("{{handshake:[0,'app'],session:['{session}',0]}}"))
        .await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert_eq!(
        peer.receive().await,
        "[{event:[-1,'i'],hello:[]},{event:[-2,'i'],hello:[]},{event:[-3,'i'],hello:[]}]"
    );
    // And one in an array is malformed.
    for batch in ["[{handshake:[0,'app']}]", "[{},{handshake:[0,'app']}]"] {
        let mut peer = open(address).await;
        peer.send(batch).await;
        assert_eq!(peer.closed().await, Some(1000), "{batch}");
    }
}

#[tokio::test]
async fn a_malformed_element_closes_after_those_before_it() {
    let (_server, address) = server().await;
    for rest in [
        "5]",
        "[]]",
        "null]",
        ",{}]",
        "{call:5}]",
        "{call:[2,'calc'],answer:[]",
        "{a b}]",
    ] {
        let (mut peer, _) = connect(address).await;
        let answer = peer
            .ask(&format!("[{{call:[1,'calc'],answer:[]}},{rest}"))
            .await;
        assert_eq!(
            answer.matches("{callback:[1],ok:[42]}").count(),
            1,
            "{rest}"
        );
        assert_eq!(peer.closed().await, Some(1000), "{rest}");
    }
    for batch in ["[]", "[", "[,]", "[[{}]]", "['{}']", "[{}]x", "[{}][{}]"] {
        let (mut peer, _) = connect(address).await;
        peer.send(batch).await;
        assert_eq!(peer.closed().await, Some(1000), "{batch}");
    }
    // What follows it is not looked at.
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (_server, address) = listening(options).await;
    let (mut peer, _) = connect(address).await;
    peer.send("[{call:[1,'calc']},{foo:[1]},1,{call:[2,'calc'],panics:[]}]")
        .await;
    assert_eq!(peer.receive().await, "{callback:[1],error:[17]}");
    assert_eq!(peer.closed().await, Some(1000));
    let mut seen = Vec::new();
    while seen.last() != Some(&"disconnect") {
        seen.push(soon(reports.recv()).await.unwrap().0);
    }
    assert_eq!(seen, ["connect", "connectionError", "disconnect"]);
}

#[tokio::test]
async fn what_came_before_a_broken_frame_is_answered() {
    let (_server, address) = server().await;
    let (peer, _) = connect(address).await;
    let mut stream = peer.into_stream();
    // Two calls and a frame that is not masked, all at once.
    let mut bytes = Vec::new();
    for id in 1..=2 {
        let call = format!("{{call:[{id},'calc'],answer:[]}}");
        bytes.extend([0x81, 0x80 | u8::try_from(call.len()).unwrap(), 0, 0, 0, 0]);
        bytes.extend(call.as_bytes());
    }
    bytes.extend([0x81, 2, b'{', b'}']);
    stream.write_all(&bytes).await.unwrap();
    let mut heard = vec![0; 2 + 47 + 4];
    soon(stream.read_exact(&mut heard)).await.unwrap();
    let expected = b"\x81\x2f[{callback:[1],ok:[42]},{callback:[2],ok:[42]}]\x88\x02\x03\xea";
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn without_the_extension_an_array_is_malformed() {
    let (_server, address) = server().await;
    let (mut peer, _) = Peer::connect(address).await;
    peer.send("[{call:[1,'calc'],answer:[]}]").await;
    assert_eq!(peer.closed().await, Some(1000));
}

#[tokio::test]
async fn a_session_goes_on_over_a_transport_with_another_choice() {
    let (server, address) = server().await;
    let (mut peer, session) = connect(address).await;
    for (index, batch) in [false, true, true, false].into_iter().enumerate() {
        let sent = index + 1;
        let client = only(server.clients());
        drop(peer);
        client.emit("i", "one", ()).unwrap();
        client.emit("i", "two", ()).unwrap();
        peer = match batch {
            true => open(address).await,
            false => Peer::open(address).await,
        };
        let resume = format!(
            "{{handshake:[0,'app'],session:['{session}',{}]}}",
            index * 2
        );
        assert_eq!(
            peer.ask(&resume).await,
            format!("{{handshake:[0],ok:{index}}}")
        );
        let one = format!("{{event:[-{},'i'],one:[]}}", index * 2 + 1);
        let two = format!("{{event:[-{},'i'],two:[]}}", index * 2 + 2);
        if batch {
            assert_eq!(peer.receive().await, format!("[{one},{two}]"));
            let answer = peer.ask(&format!("[{{ping:[{sent}]}}]")).await;
            assert_eq!(answer, format!("{{pong:[{sent}]}}"));
        } else {
            assert_eq!(peer.receive().await, one);
            assert_eq!(peer.receive().await, two);
            let answer = peer.ask(&format!("{{ping:[{sent}]}}")).await;
            assert_eq!(answer, format!("{{pong:[{sent}]}}"));
        }
    }
}

#[tokio::test]
async fn what_is_queued_leaves_before_a_close() {
    let (server, address) = server().await;
    let (mut peer, _) = connect(address).await;
    let client = only(server.clients());
    client.emit("i", "one", ()).unwrap();
    client.emit("i", "two", ()).unwrap();
    client.close();
    let mut text = peer.receive().await;
    while !text.contains("two") {
        text.push_str(&peer.receive().await);
    }
    assert!(text.contains("{event:[-1,'i'],one:[]}"), "{text}");
    assert_eq!(peer.closed().await, Some(1000));
}

#[tokio::test]
async fn values_that_only_some_can_read_reach_those_who_can() {
    let (_server, address) = server().await;
    let (mut plain, _) = Peer::connect(address).await;
    assert_eq!(
        plain.ask("{call:[1,'calc'],nan:[]}").await,
        "{callback:[1],error:[16]}"
    );
    let (mut batch, _) = connect(address).await;
    assert_eq!(
        batch.ask("{call:[1,'calc'],nan:[]}").await,
        "{callback:[1],ok:[NaN]}"
    );
}

#[tokio::test]
async fn arrays_of_all_sizes_are_within_the_limits_of_one_message() {
    const LIMIT: usize = 8 * 1024 * 1024;
    let (_server, address) = server().await;
    let (mut peer, _) = connect(address).await;
    let pad = |length: usize| {
        let call = "{call:[1,'calc'],answer:[]}";
        format!("[{call}{}]", " ".repeat(length - call.len() - 2))
    };
    assert_eq!(peer.ask(&pad(LIMIT)).await, "{callback:[1],ok:[42]}");
    peer.send(&pad(LIMIT + 1)).await;
    assert_eq!(peer.closed().await, Some(1009));
}

#[tokio::test]
async fn arrays_of_very_many_messages_leave_room_for_others() {
    let (_server, address) = server().await;
    let (mut other, _) = Peer::connect(address).await;
    let array = |element: &str, times: usize| {
        let elements = vec![element; times].join(",");
        format!("[{elements},{{ping:[1]}}]")
    };
    for (id, batch) in [
        array("{}", 300_000),
        array("{foo:[1]}", 100_000),
        array("{event:[1,'nobody'],x:[]}", 30_000),
    ]
    .iter()
    .enumerate()
    {
        let (mut peer, _) = connect(address).await;
        peer.send(batch).await;
        let ask = format!("{{call:[{id},'calc'],answer:[]}}");
        assert_eq!(
            other.ask(&ask).await,
            format!("{{callback:[{id}],ok:[42]}}")
        );
        assert_eq!(peer.receive().await, "{pong:[1]}");
    }
    // More answers than may wait for a reader that is slow, to one that is not.
    let options = ServerOptions::new([app()]).max_outgoing(200_000);
    let (_server, address) = listening(options).await;
    let (mut peer, _) = connect(address).await;
    peer.send(&array("{ping:[12345]}", 20_000)).await;
    let mut pongs = 0;
    while pongs <= 20_000 {
        pongs += peer.receive().await.matches("{pong:").count();
    }
    assert_eq!(pongs, 20_001);
}
