//! Clients that mean no good: they learn little, and the others notice nothing.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

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
