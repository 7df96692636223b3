//! Clients that mean harm to a server in a process of its own: its memory stays bounded, and a client
//! that does no harm has all its calls answered.
//!
//! `SIEGE_CLIENTS` says how many come and go, 100 000 if nothing does.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::process::Process;
use common::raw::{
    FIN, PING, Raw, Seen, TEXT, UPGRADE, close, frame, head, text, upgrade_with_batch,
};
use common::soon;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

const MIB: usize = 1024 * 1024;

/// A server under attack, and a client of it that is not part of that.
struct Siege {
    server: Process,
    address: SocketAddr,
    /// What it has to say on standard error: nothing, but for a panic.
    errors: PathBuf,
    /// What the server needs for nothing in particular.
    at_rest: usize,
    bystander: JoinHandle<usize>,
    is_over: Arc<AtomicBool>,
}

impl Siege {
    /// A server that waits for a handshake as long as a machine with other work may take to bring it.
    async fn begin(what: &str) -> Self {
        Self::begin_with(what, "60000").await
    }

    /// One that waits for a handshake so many milliseconds.
    async fn begin_with(what: &str, handshake_timeout: &str) -> Self {
        let flags = ["--fixture", "--handshake-timeout", handshake_timeout];
        let (server, errors) = Process::start_logging(&flags, &format!("siege, {what}"));
        let address = server.address;
        let is_over = Arc::new(AtomicBool::new(false));
        let (first, has_begun) = tokio::sync::oneshot::channel();
        let bystander = tokio::spawn(stand_by(address, Arc::clone(&is_over), first));
        has_begun.await.unwrap();
        let (at_rest, _) = server.memory();
        Self {
            server,
            address,
            errors,
            at_rest,
            bystander,
            is_over,
        }
    }

    /// The attack is over. The server has never had more than so much memory for it.
    async fn end(mut self, most: usize) {
        self.is_over.store(true, Ordering::Relaxed);
        let calls = self.bystander.await.expect("the bystander was answered");
        assert!(self.server.child.try_wait().unwrap().is_none(), "it is up");
        let (now, peak) = self.server.memory();
        let mib = |bytes: usize| bytes as f64 / MIB as f64;
        let taken = peak.saturating_sub(self.at_rest);
        println!(
            "{}: {:.1} MiB at rest, {:.1} more at most, {:.1} at the end; {calls} calls answered",
            self.errors.file_name().unwrap().to_string_lossy(),
            mib(self.at_rest),
            mib(taken),
            mib(now)
        );
        assert!(taken < most, "{:.1} MiB", mib(taken));
        let errors = std::fs::read_to_string(self.errors).unwrap();
        assert_eq!(errors, "");
    }
}

/// Calls one method after the other until told to stop, and counts the answers.
async fn stand_by(
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    first: tokio::sync::oneshot::Sender<()>,
) -> usize {
    let (mut raw, _) = Raw::connect(address, "fixture").await;
    let mut first = Some(first);
    for id in 1.. {
        let call = format!("{{call:[{id},'calc'],add:[{id},1]}}");
        raw.write(&text(call)).await;
        let answer = format!("{{callback:[{id}],ok:[{}]}}", id + 1);
        assert_eq!(raw.next().await, Seen::Text(answer));
        if let Some(first) = first.take() {
            first.send(()).unwrap();
        }
        if is_over.load(Ordering::Relaxed) {
            return id;
        }
        // It is not this client that keeps the server busy.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    unreachable!()
}

/// Has so many clients do the same at once, so many of them at a time.
async fn each<F>(clients: usize, at_once: usize, attack: impl Fn(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        if tasks.len() >= at_once {
            tasks.join_next().await.unwrap().unwrap();
        }
        tasks.spawn(attack(client));
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

/// Closes with a reset: nothing of the connection is left on either side.
fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_come_and_go() {
    let clients = std::env::var("SIEGE_CLIENTS").map_or(100_000, |text| text.parse().unwrap());
    let siege = Siege::begin("come and go").await;
    let address = siege.address;
    each(clients, 32, |client| async move {
        match client % 8 {
            0 => reset(&TcpStream::connect(address).await.unwrap()),
            1 => {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(&UPGRADE.as_bytes()[..40]).await.unwrap();
                reset(&stream);
            }
            2 => {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(UPGRADE.as_bytes()).await.unwrap();
                reset(&stream);
            }
            3 => reset(&Raw::open(address).await.stream),
            4 => {
                let mut raw = Raw::open(address).await;
                raw.write(&text("{handshake:[0,'fixture']}")).await;
                reset(&raw.stream);
            }
            5 => {
                let (mut raw, _) = Raw::connect(address, "fixture").await;
                raw.write(&close(1000, "")).await;
                assert_eq!(raw.next().await, Seen::Close(Some(1000)));
                assert_eq!(raw.next().await, Seen::End);
            }
            6 => {
                let (mut raw, _) = Raw::connect(address, "fixture").await;
                raw.write(&text("{call:[1,'echo'],never:[]}")).await;
                raw.write(&text("{event:[2,'events'],some:[]}")).await;
                reset(&raw.stream);
            }
            _ => {
                let (mut raw, _) = Raw::connect(address, "fixture").await;
                raw.write(&head(FIN | TEXT, 8 << 20)).await;
                reset(&raw.stream);
            }
        }
    })
    .await;
    // Half of them leave a session, which somebody could still resume.
    siege.end(32 * MIB + clients / 2 * 8 * 1024).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_without_a_handshake() {
    let siege = Siege::begin_with("no handshake", "5000").await;
    let address = siege.address;
    each(200, 200, |client| async move {
        match client % 4 {
            // Not a byte.
            0 => {
                let mut stream = TcpStream::connect(address).await.unwrap();
                assert_eq!(soon(stream.read(&mut [0])).await.unwrap_or(0), 0);
            }
            // An HTTP request that takes for ever.
            1 => {
                let mut stream = TcpStream::connect(address).await.unwrap();
                for byte in UPGRADE.bytes().chain(std::iter::repeat(b'x')) {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
            // A WebSocket that says nothing.
            2 => {
                let mut raw = Raw::open(address).await;
                assert_eq!(raw.next().await, Seen::Close(Some(1000)));
            }
            // One that says nothing of interest, or says it slowly.
            _ => {
                let mut raw = Raw::open(address).await;
                raw.write(&text("{}")).await;
                raw.write(&frame(FIN | PING, "")).await;
                raw.write(&frame(TEXT, "{handshake:[0,")).await;
                let mut seen = raw.next().await;
                if seen == Seen::Pong(Vec::new()) {
                    seen = raw.next().await;
                }
                assert_eq!(seen, Seen::Close(Some(1000)));
            }
        }
    })
    .await;
    siege.end(32 * MIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_byte_by_byte() {
    let siege = Siege::begin("byte by byte").await;
    let address = siege.address;
    each(200, 200, |_| async move {
        let (mut raw, _) = Raw::connect(address, "fixture").await;
        for byte in text("{call:[1,'echo'],one:['slow']}") {
            raw.write(&[byte]).await;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let answer = Seen::Text("{callback:[1],ok:['slow']}".to_owned());
        assert_eq!(raw.next().await, answer);
    })
    .await;
    siege.end(32 * MIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_that_are_only_announced() {
    let siege = Siege::begin("announced").await;
    let address = siege.address;
    let mut open = Vec::new();
    for client in 0..500u32 {
        let (mut raw, _) = Raw::connect(address, "fixture").await;
        let mut bytes = head(FIN | TEXT, 8 << 20);
        bytes.extend([0; 4]);
        bytes.extend(client.to_be_bytes());
        raw.write(&bytes).await;
        open.push(raw);
    }
    for raw in &mut open {
        raw.write(&[0; 100]).await;
    }
    siege.end(64 * MIB).await;
}

/// What a client asks again and again that never reads.
const GREEDY: &[&str] = &[
    "{call:[ID,'echo'],one:['LONG']}",
    "{call:[ID,'fail'],text:['LONG']}",
    "{event:[ID,'events'],LONG:[]}",
    "{call:[ID,'events'],flood:[1000,'LONG']}",
    "{call:[ID,'back'],invoke:['a','b',['LONG']]}",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_never_read() {
    // More than the queue and the sockets hold.
    const MOST: usize = 32 * MIB;
    let siege = Siege::begin("never read").await;
    let address = siege.address;
    each(GREEDY.len(), GREEDY.len(), |client| async move {
        let (mut raw, _) = Raw::connect(address, "fixture").await;
        let long = "x".repeat(20_000);
        let ask = GREEDY[client];
        let mut sent = 0;
        for id in 1.. {
            let ask = ask.replace("ID", &id.to_string()).replace("LONG", &long);
            let ask = text(ask);
            sent += ask.len();
            if sent > MOST || soon(raw.stream.write_all(&ask)).await.is_err() {
                break;
            }
        }
        // What has left the queue still comes, then the reason or at least the end.
        loop {
            match raw.next().await {
                Seen::Text(_) => {}
                Seen::Close(code) => break assert_eq!(code, Some(1013), "{ask}"),
                Seen::End => break,
                other => panic!("{other:?} for {ask}"),
            }
        }
    })
    .await;
    siege.end(GREEDY.len() * 64 * MIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bombs() {
    let siege = Siege::begin("bombs").await;
    let address = siege.address;
    let size = 8 * MIB - 64;
    let bombs: Arc<[String]> = [
        format!("{{call:[1,'echo'],one:[[{}]]}}", ",".repeat(size)),
        format!("{{call:[1,'echo'],one:[[{}]]}}", "[],".repeat(size / 3)),
        format!("{{call:[1,'echo'],one:[[{}]]}}", "{},".repeat(1_000_000)),
        format!("{{call:[1,'echo'],one:[[{}]]}}", "'',".repeat(1_000_000)),
        format!("{{call:[1,'echo'],one:{}", "[".repeat(1_000_000)),
        format!("{{call:[1,'echo'],one:{}", "{a:".repeat(1_000_000)),
        format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000)),
        format!("{{a:{}", "/**/".repeat(1_000_000)),
        format!("{{call:[1,'echo'],one:['{}", "\\u{41}".repeat(1_000_000)),
        format!("{{call:[1,'echo'],one:['{}", "\\".repeat(size)),
        format!("{{call:[1,'echo'],one:[{}]}}", "9".repeat(size)),
        format!("{{call:[1,'echo'],one:[.{}]}}", "0".repeat(size)),
        format!("{{call:[1,'echo'],one:[1e{}]}}", "9".repeat(size)),
        format!("{{call:[{}", "1,".repeat(1_000_000)),
        format!("{{{}:[1]}}", "a".repeat(size)),
        " ".repeat(size),
        (0..500_000).map(|n| format!("a{n}:1,")).collect::<String>() + "}",
        "{".to_owned() + &(0..500_000).map(|n| format!("a{n}:1,")).collect::<String>() + "}",
        format!("{{{}}}", "a:1,".repeat(1_000_000)),
    ]
    .into();
    each(bombs.len(), 4, |client| {
        let bombs = Arc::clone(&bombs);
        async move {
            let bomb = &bombs[client];
            let (mut raw, _) = Raw::connect(address, "fixture").await;
            raw.write(&text(bomb)).await;
            raw.write(&text("{ping:[2]}")).await;
            loop {
                match raw.next().await {
                    Seen::Text(text) if text == "{pong:[2]}" => break,
                    Seen::Text(text) => assert!(text.starts_with("{callback:[1],"), "{text:.40}"),
                    Seen::Close(code) => {
                        assert_eq!(code, Some(1000), "{bomb:.40}");
                        break;
                    }
                    other => panic!("{other:?} for {bomb:.40}"),
                }
            }
        }
    })
    .await;
    // Four at a time: text, values, and the answer that has them all again.
    siege.end(4 * 160 * MIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_are_bombs() {
    let siege = Siege::begin("batches").await;
    let address = siege.address;
    let size = MIB;
    let bombs: Arc<[(String, &str)]> = [
        (",".repeat(size), "malformed"),
        ("[".repeat(1_000_000), "malformed"),
        ("{},".repeat(size / 3), "harmless"),
        ("{pong:[1]},".repeat(size / 11), "harmless"),
        ("{nope:[1]},".repeat(size / 11), "harmless"),
        ("{ping:[1]},".repeat(size / 11), "answered"),
        ("{call:[1,'a'],b:[]},".repeat(size / 20), "answered"),
        ("{inspect:[1,'echo']},".repeat(size / 21), "answered"),
        ("{call:[1,'echo'],never:[]},".repeat(size / 27), "answered"),
    ]
    .into();
    each(bombs.len(), 3, |client| {
        let bombs = Arc::clone(&bombs);
        async move {
            let (bomb, what) = &bombs[client];
            let request = upgrade_with_batch();
            let (mut raw, _) = Raw::connect_with(address, &request, "fixture").await;
            raw.write(&text(format!("[{bomb}{{ping:[2]}}]"))).await;
            loop {
                match raw.next().await {
                    Seen::Text(text) if text.contains("{pong:[2]}") => {
                        break assert_ne!(*what, "malformed", "{bomb:.40}");
                    }
                    Seen::Text(_) => assert_eq!(*what, "answered", "{bomb:.40}"),
                    // Answers that nobody reads soon enough are too many at once.
                    Seen::Close(Some(1013)) => break assert_eq!(*what, "answered", "{bomb:.40}"),
                    Seen::Close(code) => {
                        assert_eq!(code, Some(1000), "{bomb:.40}");
                        break assert_eq!(*what, "malformed", "{bomb:.40}");
                    }
                    other => panic!("{other:?} for {bomb:.40}"),
                }
            }
        }
    })
    .await;
    siege.end(160 * MIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_hold_on_to_what_they_were_given() {
    let siege = Siege::begin("running").await;
    let (mut raw, _) = Raw::connect(siege.address, "fixture").await;
    let long = "x".repeat(MIB);
    for id in 1..=60 {
        let call = format!("{{call:[{id},'echo'],later:[1000000,'{long}']}}");
        raw.write(&text(call)).await;
    }
    // Of 16 MiB a little less than 16 such messages make use.
    for id in 16..=60 {
        let answer = Seen::Text(format!("{{callback:[{id}],error:[16]}}"));
        assert_eq!(raw.next().await, answer);
    }
    siege.end(64 * MIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_small_messages() {
    let siege = Siege::begin("floods").await;
    let address = siege.address;
    each(4, 4, |_| async move {
        let (raw, _) = Raw::connect(address, "fixture").await;
        let (mut reading, mut writing) = raw.stream.into_split();
        let pings: Vec<u8> = (1..=50_000)
            .flat_map(|id| text(format!("{{ping:[{id}]}}")))
            .collect();
        let writing = async {
            soon(writing.write_all(&pings)).await.unwrap();
            soon(writing.write_all(&close(1000, ""))).await.unwrap();
        };
        let mut answers = Vec::new();
        let reading = soon(reading.read_to_end(&mut answers));
        let (_, read) = tokio::join!(writing, reading);
        read.unwrap();
        assert!(answers.windows(14).any(|part| part == b"{pong:[50000]}"));
    })
    .await;
    siege.end(64 * MIB).await;
}
