//! Clients that mean no good: they learn little, and the others notice nothing.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;

use common::process::Process;
use common::{Peer, server};

/// Messages that are rejected without an end to the connection, or answered with an error.
const HARMLESS: &[&str] = &[
    "{nope:[1]}",
    "{nope:null}",
    "{__proto__:[1]}",
    "{call:[],a:[]}",
    "{call:['1','calc'],answer:[]}",
    "{call:[1.5,'calc'],answer:[]}",
    "{call:[1e300,'calc'],answer:[]}",
    "{event:[1,'calc'],x:{length:1}}",
    "{event:[1,'constructor'],x:[]}",
    "{event:[1,'__proto__'],__proto__:[]}",
    "{callback:[1e15],ok:[]}",
    "{callback:[-1],ok:[]}",
    "{callback:[-1],error:[]}",
    "{callback:[-1],error:5}",
    "{callback:[-1],ok:true}",
    "{callback:[1e300],ok:[]}",
    "{pong:[9007199254740991]}",
    "{pong:[-9007199254740991]}",
    "{pong:[1e300]}",
    "{pong:[]}",
    "{}",
];

/// Messages that end the connection.
const FATAL: &[&str] = &[
    "{call:null}",
    "{callback:null}",
    "{ping:null}",
    "{pong:{}}",
    "{event:5}",
    "{inspect:'x'}",
    "{handshake:[0,'app']}",
    "undefined",
    "{a",
    "{a:1,}x",
    "\u{0}",
];

#[tokio::test]
async fn harmless_nonsense_keeps_the_connection() {
    let (_server, address) = server().await;
    let (mut peer, _) = Peer::connect(address).await;
    for (id, text) in (1..).zip(HARMLESS) {
        peer.send(text).await;
        assert_eq!(
            peer.ask(&format!("{{ping:[{id}]}}")).await,
            format!("{{pong:[{id}]}}"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn fatal_nonsense_ends_it() {
    let (_server, address) = server().await;
    for text in FATAL {
        let (mut peer, _) = Peer::connect(address).await;
        peer.send(text).await;
        assert_eq!(peer.closed().await, Some(1000), "{text}");
    }
}

#[tokio::test]
async fn bombs_are_refused_while_others_are_served() {
    let (_server, address) = server().await;
    let (mut other, _) = Peer::connect(address).await;
    let size = 8 * 1024 * 1024 - 64;
    let bombs = [
        format!("{{call:[1,'calc'],answer:[{}]}}", ",".repeat(size)),
        format!("{{call:[1,'calc'],answer:{}", "[".repeat(1_000_000)),
        format!("{{call:[1,'calc'],answer:{}", "{a:".repeat(1_000_000)),
        format!("{{call:[1,'calc'],answer:['{}", "\\".repeat(size)),
        format!("{{call:[1,'calc'],answer:[{}]}}", "9".repeat(1_000_000)),
    ];
    for (id, bomb) in (1..).zip(&bombs) {
        let (mut peer, _) = Peer::connect(address).await;
        peer.send(bomb).await;
        let ask = format!("{{call:[{id},'calc'],answer:[]}}");
        assert_eq!(
            other.ask(&ask).await,
            format!("{{callback:[{id}],ok:[42]}}")
        );
        if id < 5 {
            assert_eq!(peer.closed().await, Some(1000), "{}", &bomb[..40]);
        } else {
            // A long number is a number; the method takes none.
            assert_eq!(peer.receive().await, "{callback:[1],error:[17]}");
        }
    }
}

/// Pieces of messages; strung together at random they are nearly messages.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "'",
    "\"",
    "\\",
    "call",
    "callback",
    "event",
    "inspect",
    "ping",
    "pong",
    "handshake",
    "ok",
    "error",
    "0",
    "1",
    "-1",
    "1e300",
    "'calc'",
    "'app'",
    "answer",
    "add",
    "never",
    "__proto__",
    "null",
    "undefined",
    "NaN",
    "{call:[1,'calc'],",
    "{callback:[-1],",
    "{event:[2,'calc'],",
    "answer:[]}",
    "ok:[]}",
    "/*",
    "*/",
    "//",
    "\n",
    "\u{2028}",
    "é",
    "\u{0}",
];

#[tokio::test]
async fn random_texts_are_survived() {
    let (_server, address) = server().await;
    let (mut other, _) = Peer::connect(address).await;
    // xorshift, so that every run sends the same.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for id in 1..=300 {
        let (mut peer, _) = Peer::connect(address).await;
        for _ in 0..20 {
            let text: String = (0..1 + random(12))
                .map(|_| PIECES[random(PIECES.len())])
                .collect();
            // It may have been closed for an earlier one.
            if peer.try_send(&text).await.is_err() {
                break;
            }
        }
        let ask = format!("{{call:[{id},'calc'],answer:[]}}");
        assert_eq!(
            other.ask(&ask).await,
            format!("{{callback:[{id}],ok:[42]}}")
        );
    }
}

#[tokio::test]
async fn a_message_may_come_byte_by_byte() {
    use tokio::io::AsyncWriteExt;

    let (_server, address) = server().await;
    let (mut other, _) = Peer::connect(address).await;
    let (peer, _) = Peer::connect(address).await;
    let mut stream = peer.into_stream();
    let text = b"{call:[1,'calc'],answer:[]}";
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(text);
    for (id, byte) in (1..).zip(&frame) {
        stream.write_all(&[*byte]).await.unwrap();
        let ask = format!("{{call:[{id},'calc'],answer:[]}}");
        assert_eq!(
            other.ask(&ask).await,
            format!("{{callback:[{id}],ok:[42]}}")
        );
    }
    let expected = b"{callback:[1],ok:[42]}";
    let mut answer = vec![0; 2 + expected.len()];
    common::soon(tokio::io::AsyncReadExt::read_exact(
        &mut stream,
        &mut answer,
    ))
    .await
    .unwrap();
    assert_eq!(&answer[2..], expected);
}

#[tokio::test]
async fn hundreds_come_and_go() {
    let (server, address) = server().await;
    let (mut other, _) = Peer::connect(address).await;
    for id in 1..=500 {
        let (peer, _) = Peer::connect(address).await;
        drop(peer);
        let ask = format!("{{call:[{id},'calc'],answer:[]}}");
        assert_eq!(
            other.ask(&ask).await,
            format!("{{callback:[{id}],ok:[42]}}")
        );
    }
    other.close().await;
    // Each of them is dealt with in its own time.
    while !server.clients().is_empty() {
        tokio::task::yield_now().await;
    }
}

/// A client of the fixture, and its session.
async fn connect(address: SocketAddr, request: &str) -> (Peer, String) {
    let mut peer = Peer::open(address).await;
    let answer = peer.ask(request).await;
    let id = answer
        .strip_prefix("{handshake:[0],ok:'")
        .and_then(|rest| rest.strip_suffix("'}"))
        .unwrap_or_else(|| panic!("not a session: {answer}"));
    (peer, id.to_owned())
}

/// Names that every object of JavaScript has, and none of ours.
const INHERITED: &[&str] = &[
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "__defineGetter__",
];

#[tokio::test]
async fn inherited_names_are_names_like_any_other() {
    let server = Process::start(&["--fixture"]);
    let address = server.address;
    for name in INHERITED {
        for (request, answer) in [
            (format!("{{handshake:[0,'{name}']}}"), "10"),
            (format!("{{handshake:[0,'fixture','{name}']}}"), "10"),
            (
                format!("{{handshake:[0,'fixture'],{name}:['a','b']}}"),
                "11",
            ),
            (
                format!("{{handshake:[0,'fixture'],login:['{name}','x']}}"),
                "11",
            ),
            (
                format!("{{handshake:[0,'fixture'],session:['{name}',0]}}"),
                "11",
            ),
            (
                format!("{{handshake:[0,'fixture'],session:{{{name}:['x',0]}}}}"),
                "11",
            ),
        ] {
            let mut peer = Peer::open(address).await;
            let answer = format!("{{handshake:[0],error:[{answer}]}}");
            assert_eq!(peer.ask(&request).await, answer, "{request}");
            assert_eq!(peer.closed().await, Some(1000), "{request}");
        }
    }
    let (mut peer, _) = connect(address, "{handshake:[0,'fixture']}").await;
    let mut id = 0;
    for name in INHERITED {
        for (message, answer) in [
            ("{call:[ID,'NAME'],NAME:[]}", "error:[12]"),
            ("{call:[ID,'calc'],NAME:[]}", "error:[14]"),
            ("{call:[ID,'calc'],NAME:{NAME:[]}}", "error:[17]"),
            ("{call:[ID,'echo'],one:{length:1,0:'NAME'}}", "error:[17]"),
            ("{inspect:[ID,'NAME']}", "error:[12]"),
            (
                "{call:[ID,'echo'],one:[{NAME:{polluted:1},a:[{NAME:2}]}]}",
                "ok:[{NAME:{polluted:1},a:[{NAME:2}]}]",
            ),
            ("{call:[ID,'echo'],one:[{}]}", "ok:[{}]"),
            ("{call:[ID,'session'],get:['NAME']}", "ok:[]"),
            ("{call:[ID,'session'],set:['NAME',{NAME:1}]}", "ok:[]"),
            ("{call:[ID,'session'],get:['NAME']}", "ok:[{NAME:1}]"),
            ("{call:[ID,'echo'],count:['NAME']}", "ok:[1]"),
            ("{call:[ID,'echo'],count:['NAME']}", "ok:[2]"),
        ] {
            id += 1;
            let fill = |text: &str| text.replace("ID", &id.to_string()).replace("NAME", name);
            let answer = fill(&format!("{{callback:[ID],{answer}}}"));
            assert_eq!(peer.ask(&fill(message)).await, answer, "{}", fill(message));
        }
        // Neither of these is answered, nor do they end anything.
        for message in [
            "{NAME:[1,'calc'],answer:[]}",
            "{callback:['NAME'],NAME:{ok:[1]}}",
            "{callback:[-1],NAME:{ok:[1]}}",
            "{event:[1,'NAME'],NAME:[]}",
        ] {
            peer.send(&message.replace("NAME", name)).await;
        }
        id += 1;
        peer.send(&format!("{{event:[{id},'events'],{name}:[]}}"))
            .await;
        let got = peer.receive().await;
        assert!(
            got.ends_with(&format!("'events'],got:['{name}',[]]}}")),
            "{got}"
        );
    }
}

#[tokio::test]
async fn a_session_is_found_by_its_whole_id_only() {
    let server = Process::start(&["--fixture"]);
    let address = server.address;
    let login = "{handshake:[0,'fixture'],login:['marcus','secret']}";
    let (mut marcus, id) = connect(address, login).await;
    assert_eq!(
        marcus.ask("{call:[1,'session'],set:['k','secret']}").await,
        "{callback:[1],ok:[]}"
    );
    let (_, other) = connect(address, "{handshake:[0,'fixture']}").await;
    let one_off = |place: usize| {
        let mut guess = id.clone().into_bytes();
        guess[place] = if guess[place] == b'0' { b'1' } else { b'0' };
        format!("'{}'", String::from_utf8(guess).unwrap())
    };
    let guesses = [
        one_off(0),
        one_off(20),
        one_off(35),
        format!("'{}'", &id[..35]),
        format!("'{id}0'"),
        format!("' {id}'"),
        format!("'{id}\\0'"),
        format!("'{}'", id.to_uppercase()),
        format!("'{}'", id.replace('-', "")),
        format!("'{}{}'", &other[..18], &id[18..]),
        format!("['{id}']"),
        format!("{{id:'{id}'}}"),
        "''".to_owned(),
        "'*'".to_owned(),
        "'%'".to_owned(),
        "'../'".to_owned(),
        "null".to_owned(),
        "undefined".to_owned(),
        "true".to_owned(),
        "0".to_owned(),
        format!("'{}'", "x".repeat(1_000_000)),
    ];
    for guess in guesses {
        let mut peer = Peer::open(address).await;
        let request = format!("{{handshake:[0,'fixture'],session:[{guess},0]}}");
        peer.send(&request).await;
        let answer = peer.next_text().await;
        // What cannot be read at all ends the transport without an answer.
        if let Some(answer) = answer {
            assert_eq!(answer, "{handshake:[0],error:[11]}", "{guess:.60}");
        }
    }
    for count in [
        "-1",
        "1.5",
        "1e300",
        "-1e300",
        "NaN",
        "Infinity",
        "'1'",
        "null",
        "[1]",
        "{}",
        "9007199254740992",
    ] {
        let mut peer = Peer::open(address).await;
        let request = format!("{{handshake:[0,'fixture'],session:['{id}',{count}]}}");
        assert_eq!(
            peer.ask(&request).await,
            "{handshake:[0],error:[11]}",
            "{count}"
        );
    }
    // Nor under another name.
    let mut peer = Peer::open(address).await;
    let request = format!("{{handshake:[0,'other'],session:['{id}',0]}}");
    assert_eq!(peer.ask(&request).await, "{handshake:[0],error:[11]}");
    // Its owner has noticed nothing.
    assert_eq!(
        marcus.ask("{call:[2,'session'],get:['k']}").await,
        "{callback:[2],ok:['secret']}"
    );
    // A count beyond what was ever sent says no more than that all of it arrived.
    let mut again = Peer::open(address).await;
    let request = format!("{{handshake:[0,'fixture'],session:['{id}',9007199254740991]}}");
    assert_eq!(again.ask(&request).await, "{handshake:[0],ok:2}");
    assert_eq!(again.ask("{call:[3,'back'],ping:[]}").await, "{ping:[-1]}");
}
