//! How long things take when nobody says otherwise (protocol.md 5.1, decisions.md), on a clock that jumps
//! to the next deadline whenever all else waits. What one transport takes is in `src/driver/tests.rs`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Peer, app, listening, reporting};
use jstp_server::{MethodError, ServerOptions};
use tokio::time::{Instant, pause};

/// The seconds that went by, rounded: a timer's tick has a thousandth of one.
fn seconds(since: Instant) -> u64 {
    (since.elapsed() + Duration::from_millis(500)).as_secs()
}

#[tokio::test]
async fn a_policy_may_take_30_s() {
    let policy = async |_| std::future::pending::<Result<String, MethodError>>().await;
    let hour = Duration::from_secs(3600);
    let options = ServerOptions::new([app()])
        .auth_policy(policy)
        .keepalive(hour, hour);
    let (_server, address) = listening(options).await;
    let mut peer = Peer::open(address).await;
    peer.send("{handshake:[0,'app'],login:['a','b']}").await;
    // What was sent is there before time goes by.
    tokio::task::yield_now().await;
    pause();
    let begin = Instant::now();
    assert_eq!(peer.receive().await, "{handshake:[0],error:[11]}");
    assert_eq!(seconds(begin), 30);
    assert_eq!(peer.closed().await, Some(1000));
}

#[tokio::test]
async fn a_session_without_a_transport_is_kept_for_an_hour() {
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (server, address) = listening(options).await;
    let (peer, session) = Peer::connect(address).await;
    drop(peer);
    while reports.recv().await.unwrap().0 != "disconnect" {}
    pause();
    let begin = Instant::now();
    let handle = server.handle();
    while handle.session(&session).is_some() {
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(seconds(begin) < 4000);
    }
    assert!((3600..3620).contains(&seconds(begin)));
}
