//! What is stored before what is seen, where several servers share sessions.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::memory::{Access, SharedMemory};
use common::{Peer, listening, soon};
use jstp_server::{
    Application, CallError, Connection, Interface, Server, ServerOptions, StorageError, Value,
};
use tokio::time::{pause, sleep, timeout};

/// A server, and how often its method and its event handler have run.
struct Stage {
    server: Server,
    address: SocketAddr,
    memory: SharedMemory,
    ran: Arc<[AtomicUsize; 2]>,
}

impl Stage {
    async fn new(memory: SharedMemory) -> Self {
        let patience = Duration::from_millis(500);
        Self::with(memory, |options| options.storage_timeout(patience)).await
    }

    async fn with(
        memory: SharedMemory,
        change: impl FnOnce(ServerOptions) -> ServerOptions,
    ) -> Self {
        let ran: Arc<[AtomicUsize; 2]> = Arc::default();
        let (calls, events) = (Arc::clone(&ran), Arc::clone(&ran));
        let interface = Interface::new("i")
            .method("run", move |_: Connection, (): ()| {
                calls[0].fetch_add(1, Ordering::SeqCst);
                async { Ok(42) }
            })
            .event("event", move |client: &Connection, (n,): (f64,)| {
                events[1].fetch_add(1, Ordering::SeqCst);
                client.set("seen", Value::from(n));
                client.emit("i", "seen", (n,)).unwrap();
            });
        let options = ServerOptions::new([Application::new("app").interface(interface)])
            .shared_storage_provider(memory.clone());
        let (server, address) = listening(change(options)).await;
        Self {
            server,
            address,
            memory,
            ran,
        }
    }

    fn ran(&self) -> [usize; 2] {
        [0, 1].map(|which| self.ran[which].load(Ordering::SeqCst))
    }

    /// From here on the server is as good as killed: nothing of it gets anywhere.
    fn kill(&self) {
        self.memory.set(Access::Held);
    }

    async fn resume(&self, session: &str, received: u64) -> (Peer, String) {
        let mut peer = Peer::open(self.address).await;
        let request = format!("{{handshake:[0,'app'],session:['{session}',{received}]}}");
        let answer = peer.ask(&request).await;
        (peer, answer)
    }
}

/// Nothing comes for a while. What is not sent for good reason is not sent later either.
async fn is_silent(peer: &mut Peer) -> bool {
    timeout(Duration::from_millis(100), peer.next_text())
        .await
        .is_err()
}

#[tokio::test]
async fn a_client_learns_its_sessions_id_once_that_is_stored() {
    let stage = Stage::new(SharedMemory::new()).await;
    stage.memory.set(Access::Held);
    let mut peer = Peer::open(stage.address).await;
    peer.send("{handshake:[0,'app']}").await;
    assert!(is_silent(&mut peer).await);
    stage.memory.set(Access::Open);
    let answer = peer.receive().await;
    let id = answer.split('\'').nth(1).unwrap();
    assert_eq!(stage.memory.session(id).unwrap().application, "app");
}

#[tokio::test]
async fn a_call_begins_once_its_receipt_is_stored() {
    let stage = Stage::new(SharedMemory::new()).await;
    let (mut peer, session) = Peer::connect(stage.address).await;
    stage.memory.set(Access::Held);
    peer.send("{call:[1,'i'],run:[]}").await;
    peer.send("{ping:[2]}").await;
    assert!(is_silent(&mut peer).await);
    assert_eq!(stage.ran(), [0, 0]);
    stage.memory.set(Access::Open);
    // Whether both were read together makes a difference to their order.
    let mut answers = [peer.receive().await, peer.receive().await];
    answers.sort_unstable();
    assert_eq!(answers, ["{callback:[1],ok:[42]}", "{pong:[2]}"]);
    assert_eq!(stage.memory.session(&session).unwrap().received, 2);
    assert_eq!(stage.ran(), [1, 0]);
}

#[tokio::test]
async fn a_call_whose_receipt_is_stored_begins_nowhere_else() {
    let one = Stage::new(SharedMemory::new()).await;
    let two = Stage::new(one.memory.another()).await;
    let (mut peer, session) = Peer::connect(one.address).await;
    assert_eq!(
        peer.ask("{call:[1,'i'],run:[]}").await,
        "{callback:[1],ok:[42]}"
    );
    one.kill();
    // This one has not begun, and is not known of.
    peer.send("{call:[2,'i'],run:[]}").await;
    assert!(is_silent(&mut peer).await);
    let (mut peer, answer) = two.resume(&session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:1}");
    assert_eq!(
        peer.ask("{call:[2,'i'],run:[]}").await,
        "{callback:[2],ok:[42]}"
    );
    assert_eq!((one.ran(), two.ran()), ([1, 0], [1, 0]));
}

#[tokio::test]
async fn an_event_is_received_together_with_what_it_did() {
    let one = Stage::new(SharedMemory::new()).await;
    let two = Stage::new(one.memory.another()).await;
    let (mut peer, session) = Peer::connect(one.address).await;
    peer.send("{event:[1,'i'],event:[1]}").await;
    assert_eq!(peer.receive().await, "{event:[-1,'i'],seen:[1]}");
    one.kill();
    peer.send("{event:[2,'i'],event:[2]}").await;
    assert!(is_silent(&mut peer).await);
    // It was handled, which nobody can have noticed.
    assert_eq!(one.ran(), [0, 2]);
    let stored = one.memory.session(&session).unwrap();
    assert_eq!((stored.received, stored.last_id), (1, 1));
    assert_eq!(stored.storage, [("seen".to_owned(), Value::from(1))]);

    let (mut peer, answer) = two.resume(&session, 1).await;
    assert_eq!(answer, "{handshake:[0],ok:1}");
    peer.send("{event:[2,'i'],event:[2]}").await;
    assert_eq!(peer.receive().await, "{event:[-2,'i'],seen:[2]}");
}

#[tokio::test]
async fn events_before_a_call_are_dealt_with_before_its_receipt_is_stored() {
    let stage = Stage::new(SharedMemory::new()).await;
    let (mut peer, session) = Peer::connect(stage.address).await;
    stage.memory.set(Access::Held);
    for text in [
        "{event:[1,'i'],event:[1]}",
        "{call:[2,'i'],run:[]}",
        "{event:[3,'i'],event:[3]}",
    ] {
        peer.send(text).await;
    }
    assert!(is_silent(&mut peer).await);
    assert_eq!(stage.ran(), [0, 1]);
    stage.memory.set(Access::Open);
    assert_eq!(peer.receive().await, "{event:[-1,'i'],seen:[1]}");
    assert_eq!(peer.receive().await, "{callback:[2],ok:[42]}");
    assert_eq!(peer.receive().await, "{event:[-2,'i'],seen:[3]}");
    assert_eq!(stage.memory.session(&session).unwrap().received, 3);
}

#[tokio::test]
async fn a_server_that_was_superseded_sends_and_stores_nothing_more() {
    let one = Stage::new(SharedMemory::new()).await;
    let two = Stage::new(one.memory.another()).await;
    let (mut old, session) = Peer::connect(one.address).await;
    let connection = one.server.handle().session(&session).unwrap();
    one.memory.set(Access::Held);
    old.send("{event:[1,'i'],event:[1]}").await;
    let pending = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "title", ()).await }
    });
    assert!(is_silent(&mut old).await);
    let (mut peer, answer) = two.resume(&session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    one.memory.set(Access::Open);
    // Not a word of what it still had.
    assert_eq!(old.closed().await, Some(1000));
    assert_eq!(soon(pending).await.unwrap(), Err(CallError::Lost));
    assert!(matches!(
        connection.stored().await,
        Err(StorageError::Gone | StorageError::Superseded)
    ));
    peer.send("{event:[1,'i'],event:[1]}").await;
    assert_eq!(peer.receive().await, "{event:[-1,'i'],seen:[1]}");
    assert_eq!(one.memory.session(&session).unwrap().last_id, 1);
}

#[tokio::test]
async fn what_could_not_be_stored_goes_on_where_it_stopped() {
    let stage = Stage::new(SharedMemory::new()).await;
    let (mut peer, session) = Peer::connect(stage.address).await;
    stage.memory.set(Access::Down);
    for text in [
        "{event:[1,'i'],event:[1]}",
        "{call:[2,'i'],run:[]}",
        "{event:[3,'i'],event:[3]}",
    ] {
        peer.send(text).await;
    }
    assert_eq!(peer.closed().await, Some(1013));
    stage.memory.set(Access::Open);
    // What the server took in, it deals with; what it did not, the client has.
    let (mut peer, answer) = stage.resume(&session, 0).await;
    let mut left = Vec::new();
    let received = answer.trim_end_matches('}').rsplit(':').next().unwrap();
    let received: usize = received.parse().unwrap();
    for text in [
        "{event:[1,'i'],event:[1]}",
        "{call:[2,'i'],run:[]}",
        "{event:[3,'i'],event:[3]}",
    ]
    .into_iter()
    .skip(received)
    {
        peer.send(text).await;
    }
    for _ in 0..3 {
        left.push(peer.receive().await);
    }
    left.sort_unstable();
    let expected = [
        "{callback:[2],ok:[42]}",
        "{event:[-1,'i'],seen:[1]}",
        "{event:[-2,'i'],seen:[3]}",
    ];
    assert_eq!(left, expected);
    assert!(is_silent(&mut peer).await);
    assert_eq!(stage.ran(), [1, 2]);
}

#[tokio::test]
async fn a_storage_that_panics_is_one_that_does_not_answer() {
    let stage = Stage::new(SharedMemory::new()).await;
    let (mut peer, session) = Peer::connect(stage.address).await;
    stage.memory.set(Access::Broken);
    peer.send("{call:[1,'i'],run:[]}").await;
    assert_eq!(peer.closed().await, Some(1013));
    for handshake in [
        "{handshake:[0,'app']}".to_owned(),
        format!("{{handshake:[0,'app'],session:['{session}',0]}}"),
    ] {
        let mut peer = Peer::open(stage.address).await;
        peer.send(&handshake).await;
        assert_eq!(peer.closed().await, Some(1013), "{handshake}");
    }
    stage.memory.set(Access::Open);
    let (mut peer, answer) = stage.resume(&session, 0).await;
    assert!(answer.starts_with("{handshake:[0],ok:"), "{answer}");
    assert_eq!(peer.receive().await, "{callback:[1],ok:[42]}");
}

#[tokio::test]
async fn what_happens_while_the_client_is_away_is_stored_too() {
    let one = Stage::new(SharedMemory::new()).await;
    let two = Stage::new(one.memory.another()).await;
    let (peer, session) = Peer::connect(one.address).await;
    let connection = one.server.handle().session(&session).unwrap();
    peer.close().await;
    one.memory.set(Access::Down);
    connection.emit("i", "late", ()).unwrap();
    connection.set("key", Value::from("value"));
    sleep(Duration::from_millis(50)).await;
    one.memory.set(Access::Open);
    // Tried again until it is there; or at once for whoever wants to know.
    connection.stored().await.unwrap();
    let changes = one.memory.changes();
    connection.stored().await.unwrap();
    assert_eq!(one.memory.changes(), changes, "nothing had changed");
    let (mut peer, answer) = two.resume(&session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert_eq!(peer.receive().await, "{event:[-1,'i'],late:[]}");
    let connection = two.server.handle().session(&session).unwrap();
    assert_eq!(connection.get("key"), Some(Value::from("value")));
}

#[tokio::test]
async fn a_server_that_shuts_down_answers_what_it_has_received() {
    let stage = Stage::new(SharedMemory::new()).await;
    let (mut peer, session) = Peer::connect(stage.address).await;
    stage.memory.set(Access::Held);
    peer.send("{call:[1,'i'],run:[]}").await;
    assert!(is_silent(&mut peer).await);
    tokio::join!(stage.server.shutdown(), async {
        // It is under way by the time this is said.
        assert!(is_silent(&mut peer).await);
        stage.memory.set(Access::Open);
        assert_eq!(peer.receive().await, "{callback:[1],ok:[42]}");
        assert_eq!(peer.closed().await, Some(1001));
    });
    assert_eq!(stage.memory.session(&session).unwrap().received, 1);
}

#[tokio::test]
async fn a_server_that_shuts_down_has_stored_everything() {
    let one = Stage::new(SharedMemory::new()).await;
    let two = Stage::new(one.memory.another()).await;
    let (mut peer, session) = Peer::connect(one.address).await;
    let connection = one.server.handle().session(&session).unwrap();
    connection.emit("i", "last", ()).unwrap();
    let ((), ()) = tokio::join!(one.server.shutdown(), async {
        assert_eq!(peer.receive().await, "{event:[-1,'i'],last:[]}");
        assert_eq!(peer.closed().await, Some(1001));
    });
    let (mut peer, answer) = two.resume(&session, 0).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    assert_eq!(peer.receive().await, "{event:[-1,'i'],last:[]}");
}

/// A session with a call, an event and a call that were received, but not dealt with.
async fn left_over(stage: &Stage) -> (Peer, String) {
    let batch = [("Sec-WebSocket-Protocol", "metarhia-jstp.batch")];
    let mut peer = Peer::open_with(stage.address, &batch).await;
    let session = peer.shake_hands().await;
    stage.memory.set(Access::Down);
    peer.send("[{call:[1,'i'],run:[]},{event:[2,'i'],event:[2]},{call:[3,'i'],run:[]}]")
        .await;
    assert_eq!(peer.closed().await, Some(1013));
    assert_eq!(stage.ran(), [0, 0]);
    (peer, session)
}

/// Resumes that session, and waits until it waits for the receipt of the second call to be stored.
async fn come_back(stage: &Stage, old: Peer, session: &str) -> Peer {
    drop(old);
    stage.memory.set(Access::HeldFrom(3));
    let mut peer = Peer::open(stage.address).await;
    peer.send(&format!("{{handshake:[0,'app'],session:['{session}',0]}}"))
        .await;
    soon(async {
        while stage.ran() != [1, 1] {
            assert!(stage.ran()[0] < 2, "it has begun");
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    peer
}

#[tokio::test]
async fn a_call_left_over_from_another_transport_begins_once_its_receipt_is_stored() {
    let stage = Stage::new(SharedMemory::new()).await;
    let (peer, session) = left_over(&stage).await;
    let mut peer = come_back(&stage, peer, &session).await;
    assert!(is_silent(&mut peer).await);
    assert_eq!(stage.ran(), [1, 1]);
    stage.memory.set(Access::Open);
    for answer in [
        "{handshake:[0],ok:3}",
        "{callback:[1],ok:[42]}",
        "{event:[-1,'i'],seen:[2]}",
        "{callback:[3],ok:[42]}",
    ] {
        assert_eq!(peer.receive().await, answer);
    }
    assert_eq!(stage.memory.session(&session).unwrap().received, 3);
    assert_eq!(stage.ran(), [2, 1]);
}

#[tokio::test]
async fn a_session_whose_transport_ended_before_anybody_was_told_leaves_memory_in_time() {
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    let stage = Stage::with(SharedMemory::new(), |options| {
        options
            .client_expiration_time(minute)
            .storage_timeout(hour)
            .keepalive(hour, hour)
    })
    .await;
    let (peer, session) = left_over(&stage).await;
    let _peer = come_back(&stage, peer, &session).await;
    let handle = stage.server.handle();
    pause();
    sleep(2 * minute).await;
    assert!(handle.session(&session).is_some(), "it has a transport");
    stage.memory.set(Access::Down);
    let (mut waited, most) = (Duration::ZERO, 3 * minute);
    while handle.session(&session).is_some() {
        assert!(waited < most, "it is still in memory");
        let step = Duration::from_secs(10);
        sleep(step).await;
        waited += step;
    }
    assert!(waited >= minute, "it left after {waited:?}");
}
