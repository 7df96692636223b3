//! The server itself: listening, ending, and its clients as a whole (protocol.md 5.1 and 5.6).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::certificates::Authority;
use common::{Peer, app, reporting, soon};
use jstp_server::{ServerOptions, create_server};
use tokio::net::TcpStream;
use tokio::time::{Instant, pause, resume};

const CALL: &str = "{call:[1,'calc'],answer:[]}";
const ANSWER: &str = "{callback:[1],ok:[42]}";

#[tokio::test]
async fn it_has_an_address_while_it_listens_and_its_clients_outlive_that() {
    let server = create_server(ServerOptions::new([app()])).unwrap();
    assert_eq!(server.address(), None);
    let first = server.listen("127.0.0.1:0").await.unwrap();
    assert_eq!(server.address(), Some(first));
    let second = server.listen("127.0.0.1:0").await.unwrap();
    assert_eq!(server.address(), Some(second));
    let (mut one, _) = Peer::connect(first).await;
    let (mut two, _) = Peer::connect(second).await;
    assert_eq!(server.clients().len(), 2);
    server.close().await;
    assert_eq!(server.address(), None);
    for address in [first, second] {
        assert!(TcpStream::connect(address).await.is_err());
    }
    assert_eq!(one.ask(CALL).await, ANSWER);
    // It may begin anew, on the same port.
    assert_eq!(server.listen(first).await.unwrap(), first);
    let (three, _) = Peer::connect(first).await;
    assert_eq!(server.clients().len(), 3);
    drop((server, three));
    assert_eq!(two.ask(CALL).await, ANSWER);
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let server = create_server(ServerOptions::new([app()])).unwrap();
    let address = server.listen("127.0.0.1:0").await.unwrap();
    let error = server.listen(address).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert_eq!(server.address(), Some(address));
}

#[tokio::test]
async fn a_broadcast_reaches_those_who_are_there() {
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (server, address) = common::listening(options).await;
    assert_eq!(server.broadcast("news", "none", ()).unwrap(), 0);
    let (mut one, _) = Peer::connect(address).await;
    let (two, session) = Peer::connect(address).await;
    let mut unready = Peer::open(address).await;
    assert_eq!(server.broadcast("news", "first", (1,)).unwrap(), 2);
    assert_eq!(one.receive().await, "{event:[-1,'news'],first:[1]}");
    drop(two);
    while soon(reports.recv()).await.unwrap().0 != "disconnect" {}
    assert_eq!(server.broadcast("news", "second", (2,)).unwrap(), 1);
    assert_eq!(one.receive().await, "{event:[-2,'news'],second:[2]}");
    let mut two = Peer::open(address).await;
    let resume = format!("{{handshake:[0,'app'],session:['{session}',1]}}");
    assert_eq!(two.ask(&resume).await, "{handshake:[0],ok:0}");
    assert_eq!(server.broadcast("news", "third", (3,)).unwrap(), 2);
    // Who was away has missed the second.
    assert_eq!(two.receive().await, "{event:[-2,'news'],third:[3]}");
    unready.shake_hands().await;
    assert_eq!(unready.ask(CALL).await, ANSWER);
}

#[tokio::test]
async fn shutting_down_takes_nobody_new() {
    let server = create_server(ServerOptions::new([app()])).unwrap();
    let address = server.listen("127.0.0.1:0").await.unwrap();
    let (mut client, _) = Peer::connect(address).await;
    let mut unready = Peer::open(address).await;
    let mut late = Peer::open(address).await;
    let ending = tokio::spawn(async move { server.shutdown().await });
    assert_eq!(client.closed().await, Some(1001));
    drop(client);
    assert!(TcpStream::connect(address).await.is_err());
    // Whoever has no session yet is told the same, and gets none.
    assert_eq!(unready.closed().await, Some(1001));
    drop(unready);
    late.send("{handshake:[0,'app']}").await;
    assert_eq!(late.closed().await, Some(1001));
    drop(late);
    soon(ending).await.unwrap();
}

#[tokio::test]
async fn what_has_shut_down_does_not_listen_again() {
    let (server, address) = common::listening(ServerOptions::new([app()])).await;
    server.shutdown().await;
    let error = server.listen(address).await.unwrap_err();
    assert_eq!(error.to_string(), "the server has shut down for good");
    assert_eq!(server.address(), None);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutting_down_does_not_wait_for_whoever_has_said_nothing() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("localhost");
    for is_tls in [false, true] {
        let mut options = ServerOptions::new([app()]);
        if is_tls {
            options = options.tls(&*certificate, &*key);
        }
        let (server, address) = common::listening(options).await;
        let silent = TcpStream::connect(address).await.unwrap();
        // Who comes later is served, so the other has been accepted.
        if is_tls {
            drop(authority.connect(address, "localhost").await.unwrap());
        } else {
            drop(Peer::connect(address).await);
        }
        pause();
        let begin = Instant::now();
        soon(server.shutdown()).await;
        assert!(begin.elapsed() < Duration::from_secs(1), "{is_tls}");
        drop(silent);
        resume();
    }
}
