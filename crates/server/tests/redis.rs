//! Servers that share their sessions over Redis.
#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::certificates::Authority;
use common::client::Client;
use common::process::Process;
use common::redis::Redis;
use common::{Folder, Peer, app, listening, reporting, soon};
use jstp_server::{
    CallError, Change, Connection, RedisStorageProvider, Server, ServerEvent, ServerOptions,
    SharedStorageProvider, StorageError, StoredSession, Value,
};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

type Reports = UnboundedReceiver<(&'static str, Connection)>;

async fn until(reports: &mut Reports, what: &str) -> Connection {
    loop {
        let (happened, connection) = soon(reports.recv()).await.unwrap();
        if happened == what {
            return connection;
        }
    }
}

async fn resume(address: SocketAddr, session: &str, received: u64) -> (Peer, Option<String>) {
    let mut peer = Peer::open(address).await;
    let request = format!("{{handshake:[0,'app'],session:['{session}',{received}]}}");
    peer.send(&request).await;
    let answer = peer.next_text().await;
    (peer, answer)
}

fn session(id: &str) -> StoredSession {
    StoredSession {
        id: id.to_owned(),
        application: "app".to_owned(),
        username: Some(String::new()),
        delivered: 1,
        received: 2,
        last_id: 3,
        messages: vec![(2, "two: 'a'".to_owned()), (3, "\u{fc}".to_owned())],
        storage: vec![("key".to_owned(), Value::from(0.5))],
    }
}

fn change(number: u64) -> Change {
    Change {
        number,
        received: 10 + number,
        delivered: 2,
        last_id: 4,
        messages: vec![(4, "four".to_owned())],
        storage: None,
    }
}

#[tokio::test]
async fn the_newest_claim_alone_may_change_a_session() {
    let Some(redis) = Redis::start("claims") else {
        return;
    };
    let one = RedisStorageProvider::new(&redis.url()).unwrap();
    let two = RedisStorageProvider::new(&redis.url()).unwrap();
    let stored = session("s");
    let first = one.create(stored.clone()).await.unwrap();
    assert!(one.create(stored.clone()).await.is_err());
    assert!(two.claim("s", "other").await.unwrap().is_none());
    assert!(two.claim("t", "app").await.unwrap().is_none());
    one.change("s", first, change(1)).await.unwrap();
    // What comes late changes nothing any more.
    one.change("s", first, change(3)).await.unwrap();
    one.change("s", first, change(2)).await.unwrap();

    let (found, second) = two.claim("s", "app").await.unwrap().unwrap();
    assert!(second > first);
    let expected = StoredSession {
        received: 13,
        delivered: 2,
        last_id: 4,
        messages: vec![(3, "\u{fc}".to_owned()), (4, "four".to_owned())],
        ..stored
    };
    assert_eq!(found, expected);
    let late = one.change("s", first, change(4)).await;
    assert!(matches!(late, Err(StorageError::Superseded)), "{late:?}");
    // Numbers begin anew with a claim.
    let mut with_storage = change(1);
    with_storage.storage = Some(vec![("key".to_owned(), Value::Null)]);
    two.change("s", second, with_storage).await.unwrap();
    let (found, third) = one.claim("s", "app").await.unwrap().unwrap();
    assert_eq!(found.received, 11);
    assert_eq!(found.storage, [("key".to_owned(), Value::Null)]);
    one.remove("s").await.unwrap();
    let gone = one.change("s", third, change(1)).await;
    assert!(matches!(gone, Err(StorageError::Gone)), "{gone:?}");
    assert!(two.claim("s", "app").await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_too_large_or_too_old_is_not_kept_and_passwords_are_not_shown() {
    let Some(mut redis) = Redis::start("limits") else {
        return;
    };
    let provider = RedisStorageProvider::new(&redis.url()).unwrap();
    let short = provider.clone().lifetime(Duration::from_millis(30));
    short.create(session("short")).await.unwrap();
    sleep(Duration::from_millis(60)).await;
    assert!(provider.claim("short", "app").await.unwrap().is_none());
    let small = provider.clone().max_storage(5);
    let refused = small.create(session("large")).await;
    assert!(matches!(refused, Err(StorageError::TooLarge { limit: 5 })));

    redis.kill();
    let mut texts = vec![format!("{provider:?}")];
    let down = RedisStorageProvider::new(&redis.url())
        .unwrap()
        .check()
        .await;
    texts.push(format!("{:?}", down.unwrap_err()));
    texts.push(provider.claim("s", "app").await.unwrap_err().to_string());
    let wrong = RedisStorageProvider::new("redis://:a-secret-password@:x:/").unwrap_err();
    texts.push(format!("{wrong:?} {wrong}"));
    for text in texts {
        assert!(!text.contains("a-secret-password"), "{text}");
    }
}

#[tokio::test]
async fn a_session_whose_own_storage_is_too_large_ends_and_no_other_does() {
    let Some(redis) = Redis::start("too-large") else {
        return;
    };
    let provider = RedisStorageProvider::new(&redis.url()).unwrap();
    let (report, mut failures) = tokio::sync::mpsc::unbounded_channel();
    let options = ServerOptions::new([app()])
        .shared_storage_provider(provider.max_storage(100))
        .on_event(move |event| {
            if let ServerEvent::StorageFailed { error, .. } = event {
                let _ = report.send(error.to_string());
            }
        });
    let (options, mut reports) = reporting(options);
    let (server, address) = listening(options).await;
    let large = Value::from("x".repeat(100));
    let why = "the session's own storage has more than 100 bytes";

    let (mut other, _) = Peer::connect(address).await;
    until(&mut reports, "connect").await;
    // While its client is there, and while it is away.
    for is_away in [false, true] {
        let (mut peer, session) = Peer::connect(address).await;
        let connection = until(&mut reports, "connect").await;
        connection.set("key", Value::from("x".repeat(10)));
        connection.stored().await.unwrap();
        let pending = tokio::spawn({
            let connection = connection.clone();
            async move { connection.call("page", "title", ()).await }
        });
        assert_eq!(peer.receive().await, "{call:[-1,'page'],title:[]}");
        if is_away {
            peer.close().await;
            until(&mut reports, "disconnect").await;
            connection.set("key", large.clone());
        } else {
            connection.set("key", large.clone());
            assert_eq!(peer.closed().await, Some(1000));
            until(&mut reports, "disconnect").await;
        }
        assert_eq!(soon(failures.recv()).await.unwrap(), why);
        assert_eq!(soon(pending).await.unwrap(), Err(CallError::Lost));
        assert_eq!(connection.emit("i", "e", ()), Err(CallError::Closed));
        assert!(server.handle().session(&session).is_none());
        let (_, answer) = resume(address, &session, 0).await;
        assert_eq!(answer.unwrap(), "{handshake:[0],error:[11]}");
    }
    assert_eq!(
        other.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_speak_tls_with_a_certificate_that_is_trusted() {
    let Some(redis) = Redis::start("tls") else {
        return;
    };
    let (authority, other) = (Authority::new(), Authority::new());
    let url = redis.speak_tls(&authority).await;
    let folder = Folder::new("redis-tls");
    folder.write("trusted.pem", &authority.pem());
    folder.write("other.pem", &other.pem());
    let server = |roots| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jstp-server"));
        command
            .env("SSL_CERT_FILE", folder.path(roots))
            .env("JSTP_REDIS", &url)
            .args(["--fixture"]);
        command
    };
    let ended = tokio::task::block_in_place(|| server("other.pem").output());
    let errors = String::from_utf8(ended.unwrap().stderr).unwrap();
    assert!(errors.contains("certificate"), "{errors}");
    assert!(!errors.contains("a-secret-password"), "{errors}");

    let start = || Process::start_by(server("trusted.pem"), &[], Stdio::null());
    let mut process = tokio::task::block_in_place(start);
    let mut peer = Peer::open(process.address).await;
    let answer = peer.ask("{handshake:[0,'fixture']}").await;
    let session = answer.split('\'').nth(1).unwrap().to_owned();
    process.child.kill().unwrap();
    process.child.wait().unwrap();
    process = tokio::task::block_in_place(start);
    let mut peer = Peer::open(process.address).await;
    let request = format!("{{handshake:[0,'fixture'],session:['{session}',0]}}");
    assert_eq!(peer.ask(&request).await, "{handshake:[0],ok:0}");
}

async fn two_servers(redis: &Redis) -> [(Server, SocketAddr, Reports); 2] {
    let one = async || {
        let provider = RedisStorageProvider::new(&redis.url()).unwrap();
        let options = ServerOptions::new([app()])
            .auth_policy(async |_| Ok("marcus".to_owned()))
            .storage_timeout(Duration::from_secs(2))
            .shared_storage_provider(provider);
        let (options, reports) = reporting(options);
        let (server, address) = listening(options).await;
        (server, address, reports)
    };
    [one().await, one().await]
}

#[tokio::test]
async fn a_live_transport_of_another_server_is_taken_over() {
    let Some(redis) = Redis::start("take-over") else {
        return;
    };
    let [(one, first, mut reports), (two, second, mut reports_of_two)] = two_servers(&redis).await;
    let mut old = Peer::open(first).await;
    let answer = old.ask("{handshake:[0,'app'],login:['marcus','x']}").await;
    let session = answer.split('\'').nth(1).unwrap().to_owned();
    let connection = until(&mut reports, "connect").await;
    connection.set("key", Value::from("value"));
    connection.emit("i", "one", ()).unwrap();
    assert_eq!(old.receive().await, "{event:[-1,'i'],one:[]}");
    let pending = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "title", ()).await }
    });
    assert_eq!(old.receive().await, "{call:[-2,'page'],title:[]}");
    assert_eq!(
        old.ask("{call:[1,'calc'],user:[]}").await,
        "{callback:[1],ok:['marcus']}"
    );

    let (mut peer, answer) = resume(second, &session, 1).await;
    assert_eq!(answer.unwrap(), "{handshake:[0],ok:1}");
    assert_eq!(peer.receive().await, "{call:[-2,'page'],title:[]}");
    // The first server hears of it, though it has nothing to store.
    assert_eq!(old.closed().await, Some(1000));
    assert_eq!(soon(pending).await.unwrap(), Err(CallError::Lost));
    until(&mut reports, "disconnect").await;
    assert!(one.clients().is_empty());
    assert!(one.handle().session(&session).is_none());
    assert_eq!(connection.emit("i", "nobody", ()), Err(CallError::Closed));
    let again = until(&mut reports_of_two, "reconnect").await;
    assert_eq!(again.get("key"), Some(Value::from("value")));
    assert_eq!(
        peer.ask("{call:[2,'calc'],user:[]}").await,
        "{callback:[2],ok:['marcus']}"
    );
    again.emit("i", "three", ()).unwrap();
    assert_eq!(peer.receive().await, "{event:[-3,'i'],three:[]}");

    // And back, with what happened while the client was away.
    drop(peer);
    until(&mut reports_of_two, "disconnect").await;
    again.emit("i", "four", ()).unwrap();
    again.stored().await.unwrap();
    let (mut peer, answer) = resume(first, &session, 3).await;
    assert_eq!(answer.unwrap(), "{handshake:[0],ok:2}");
    assert_eq!(peer.receive().await, "{event:[-4,'i'],four:[]}");

    // Forgotten by one server, it is forgotten by all.
    two.handle().forget_session(&session);
    assert_eq!(peer.closed().await, Some(1000));
    let (_, answer) = resume(second, &session, 4).await;
    assert_eq!(answer.unwrap(), "{handshake:[0],error:[11]}");
}

#[tokio::test]
async fn without_redis_clients_come_back_later_and_miss_nothing() {
    let Some(mut redis) = Redis::start("down") else {
        return;
    };
    let [(_one, first, mut reports), (_two, second, _)] = two_servers(&redis).await;
    let (mut peer, session) = Peer::connect(first).await;
    let connection = until(&mut reports, "connect").await;
    redis.kill();
    // Neither does the call begin nor the event leave.
    peer.send("{call:[1,'calc'],answer:[]}").await;
    connection.emit("i", "one", ()).unwrap();
    assert_eq!(peer.closed().await, Some(1013));
    assert!(connection.stored().await.is_err());
    for address in [first, second] {
        let (mut refused, answer) = resume(address, &session, 0).await;
        assert_eq!(answer, None);
        assert_eq!(refused.closed().await, None);
    }
    let mut refused = Peer::open(second).await;
    refused.send("{handshake:[0,'app']}").await;
    assert_eq!(refused.closed().await, Some(1013));

    redis.start_again();
    soon(async {
        while connection.stored().await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let (mut peer, answer) = resume(second, &session, 0).await;
    let answer = answer.unwrap();
    assert!(
        answer == "{handshake:[0],ok:0}" || answer == "{handshake:[0],ok:1}",
        "{answer}"
    );
    assert_eq!(peer.receive().await, "{event:[-1,'i'],one:[]}");
}

/// How often each line stands in the logs of all servers there have been.
fn count(logs: &[std::path::PathBuf], what: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for log in logs {
        for line in std::fs::read_to_string(log).unwrap().lines() {
            if let Some((_, name)) = line.split_once(what) {
                *counts.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    counts
}

#[tokio::test]
async fn servers_are_killed_under_load_and_nothing_is_lost_or_done_twice() {
    const SERVERS: usize = 3;
    const KILLS: usize = 12;
    let Some(redis) = Redis::start("kills") else {
        return;
    };
    let url = redis.url();
    let mut logs = Vec::new();
    let start = |logs: &mut Vec<_>| {
        let flags = ["--fixture", "--log", "--redis", &url];
        let name = format!("redis-kills-{}.log", logs.len());
        let (process, log) = Process::start_logging(&flags, &name);
        logs.push(log);
        process
    };
    let mut servers: Vec<Process> = (0..SERVERS).map(|_| start(&mut logs)).collect();
    let mut client = Client::new();
    let mut calls = Vec::new();
    let (mut issued, mut at) = (0, 0);
    for kill in 0..KILLS {
        let mut lived = 0;
        // Some are killed in the middle of a handshake, some after a while.
        while lived < 3 + kill * 5 {
            if client.core.state() != jstp_proto::State::Ready && !client.live(Duration::ZERO).await
            {
                at += 1;
                client.connect(servers[at % SERVERS].address).await;
            }
            if client.core.session().is_some() {
                for _ in 0..5 {
                    let (event, method) = (format!("e{issued}"), format!("m{issued}"));
                    client.core.emit("events", &event, "[]".to_owned()).unwrap();
                    calls.push(client.core.call("echo", &method, "[]".to_owned()).unwrap());
                    issued += 1;
                }
            }
            client.live(Duration::from_millis(2)).await;
            lived += 1;
        }
        // The one that has the client, and without a word.
        let victim = &mut servers[at % SERVERS];
        victim.child.kill().unwrap();
        victim.child.wait().unwrap();
        *victim = start(&mut logs);
    }
    soon(async {
        while client.events.len() < issued || client.settled.len() < calls.len() {
            if !client.live(Duration::from_millis(10)).await {
                at += 1;
                client.connect(servers[at % SERVERS].address).await;
            }
        }
    })
    .await;
    client.live(Duration::from_millis(300)).await;

    // Each event was handled once, as far as the session is concerned, and in order; what that sent came once.
    let expected: Vec<String> = (0..issued)
        .map(|i| format!("got Array([String(\"e{i}\"), Array([])])"))
        .collect();
    assert_eq!(client.events, expected);
    assert!(client.resumes >= KILLS / 2, "{} resumes", client.resumes);
    // No call ran twice, none was made up, and each is settled: by its answer, or as in doubt.
    let (begun, handled) = (
        count(&logs, "called echo."),
        count(&logs, "emitted events."),
    );
    let mut in_doubt = 0;
    for (i, call) in calls.iter().enumerate() {
        let times = begun.get(&format!("m{i}")).copied().unwrap_or(0);
        match client.settled[call].as_str() {
            "-1" => {
                in_doubt += 1;
                assert!(times <= 1, "call {i} began {times} times");
            }
            answered => {
                assert!(answered.starts_with("Error"), "{answered}");
                assert_eq!(times, 1, "call {i} began {times} times");
            }
        }
    }
    let again = handled.values().filter(|times| **times > 1).count();
    assert_eq!(handled.len(), issued);
    println!(
        "{issued} calls and events over {} resumes: {in_doubt} calls in doubt, {again} events handled again",
        client.resumes
    );
    for log in logs {
        let _ = std::fs::remove_file(log);
    }
}
