//! A server's own times, each at its default, in virtual time (protocol.md 1.3 and 5.2).
#![allow(clippy::unwrap_used, clippy::panic)]

use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::time::sleep;

use std::time::Duration;

use super::*;
use crate::application::Application;
use crate::options::ServerOptions;
use crate::server::{Server, create_server};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: metarhia-jstp\r\n\r\n";

const PING: &[u8] = &[0x89, 0];
const CLOSE_1000: &[u8] = &[0x88, 2, 0x03, 0xe8];

/// A server of one application, and a client's end of a stream to it.
struct Stage {
    server: Server,
    stream: DuplexStream,
    begun: Instant,
}

impl Stage {
    fn new() -> Self {
        Self::with(|options| options)
    }

    fn with(set: impl FnOnce(ServerOptions) -> ServerOptions) -> Self {
        let options = set(ServerOptions::new([Application::new("app")]));
        let server = create_server(options).unwrap();
        let (stream, served) = duplex(64 * 1024);
        let hub = server.hub();
        let (accepted, opened) = (Instant::now(), hub.now());
        let remote = SocketAddr::from(([127, 0, 0, 1], 1));
        tokio::spawn(serve(hub, served, remote, accepted, opened));
        Self {
            server,
            stream,
            begun: Instant::now(),
        }
    }

    /// With the WebSocket's opening done.
    async fn open() -> Self {
        Self::new().opened().await
    }

    async fn opened(mut self) -> Self {
        let stage = &mut self;
        stage.stream.write_all(REQUEST.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stage.stream.read_u8().await.unwrap());
        }
        self
    }

    /// With the handshake done.
    async fn ready() -> Self {
        Self::new().shaken().await
    }

    async fn shaken(self) -> Self {
        let mut stage = self.opened().await;
        stage.send("{handshake:[0,'app']}").await;
        stage.receive(2 + "{handshake:[0],ok:''}".len() + 36).await;
        stage
    }

    /// Sends a text message of fewer than 126 bytes, masked with zeros.
    async fn send(&mut self, text: &str) {
        let length = 0x80 | u8::try_from(text.len()).unwrap();
        let head = [0x81, length, 0, 0, 0, 0];
        let frame = [&head, text.as_bytes()].concat();
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn receive(&mut self, bytes: usize) -> Vec<u8> {
        let mut received = vec![0; bytes];
        self.stream.read_exact(&mut received).await.unwrap();
        received
    }

    /// The stream's end, when it comes.
    async fn ended(&mut self) {
        assert_eq!(self.stream.read(&mut [0]).await.unwrap(), 0);
    }

    /// Milliseconds since the server accepted the client.
    fn elapsed(&self) -> u128 {
        self.begun.elapsed().as_millis()
    }
}

#[tokio::test(start_paused = true)]
async fn after_20_s_of_silence_a_client_is_pinged_and_10_s_later_dropped() {
    let mut stage = Stage::ready().await;
    assert_eq!(stage.receive(2).await, PING);
    assert_eq!(stage.elapsed(), 20_000);
    stage.ended().await;
    assert_eq!(stage.elapsed(), 30_000);
}

#[tokio::test(start_paused = true)]
async fn a_single_byte_ends_the_silence() {
    let mut stage = Stage::ready().await;
    assert_eq!(stage.receive(2).await, PING);
    sleep(Duration::from_millis(9_900)).await;
    // The beginning of a message that never goes on.
    stage.stream.write_all(&[0x81]).await.unwrap();
    assert_eq!(stage.receive(2).await, PING);
    assert_eq!(stage.elapsed(), 49_900);
    stage.ended().await;
    assert_eq!(stage.elapsed(), 59_900);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_one_byte_a_second_arrives() {
    let mut stage = Stage::ready().await;
    let text = "{ping:[1]}";
    let head = [0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    for byte in [&head, text.as_bytes()].concat() {
        sleep(Duration::from_secs(1)).await;
        stage.stream.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(stage.receive(12).await, b"\x81\x0a{pong:[1]}");
    assert_eq!(stage.elapsed(), 16_000);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_silent_from_the_beginning_is_dropped_after_3_s() {
    let mut stage = Stage::new();
    stage.ended().await;
    assert_eq!(stage.elapsed(), 3_000);
}

#[tokio::test(start_paused = true)]
async fn a_request_of_one_byte_every_70_ms_is_too_slow() {
    let mut stage = Stage::new();
    let mut sent = 0;
    for byte in REQUEST.bytes() {
        sleep(Duration::from_millis(70)).await;
        if stage.stream.write_all(&[byte]).await.is_err() {
            break;
        }
        sent += 1;
    }
    assert_eq!(sent, 42);
    assert_eq!(stage.elapsed(), 3_010);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_has_3_s_from_the_accepting_and_heartbeats_do_not_extend_them() {
    let mut stage = Stage::open().await;
    for _ in 0..5 {
        sleep(Duration::from_millis(500)).await;
        stage.send("{}").await;
    }
    assert_eq!(stage.receive(4).await, CLOSE_1000);
    assert_eq!(stage.elapsed(), 3_000);
}

#[tokio::test(start_paused = true)]
async fn a_close_is_waited_for_5_s() {
    let mut stage = Stage::open().await;
    stage.send("{handshake:[0,'nope']}").await;
    let refusal = "{handshake:[0],error:[10]}";
    stage.receive(2 + refusal.len()).await;
    assert_eq!(stage.receive(4).await, CLOSE_1000);
    assert_eq!(stage.elapsed(), 0);
    stage.ended().await;
    assert_eq!(stage.elapsed(), 5_000);
}

#[tokio::test(start_paused = true)]
async fn an_answered_close_ends_at_once() {
    let mut stage = Stage::open().await;
    stage.send("nonsense").await;
    assert_eq!(stage.receive(4).await, CLOSE_1000);
    let answer = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
    stage.stream.write_all(&answer).await.unwrap();
    stage.ended().await;
    assert_eq!(stage.elapsed(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_takes_no_client_for_dead_whose_message_is_long_in_coming() {
    let beating = |options: ServerOptions| options.heartbeat_interval(Duration::from_secs(1));
    let mut stage = Stage::with(beating).shaken().await;
    let text = "{ping:[1]}";
    let head = [0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    for byte in [&head, text.as_bytes()].concat() {
        sleep(Duration::from_secs(2)).await;
        stage.stream.write_all(&[byte]).await.unwrap();
    }
    let mut received = Vec::new();
    while !received.ends_with(b"{pong:[1]}") {
        received.push(stage.stream.read_u8().await.unwrap());
    }
    assert_eq!(stage.elapsed(), 32_000);
    // After that nothing comes any more.
    stage.stream.read_to_end(&mut received).await.unwrap();
    assert_eq!(stage.elapsed(), 43_000);
}

#[tokio::test(start_paused = true)]
async fn why_a_transport_is_given_up_is_told() {
    let (told, mut telling) = tokio::sync::mpsc::unbounded_channel();
    let listening = |options: ServerOptions| {
        options.on_event(move |event| {
            if let ServerEvent::ConnectionError { error, .. } = event {
                told.send((*error).to_owned()).unwrap();
            }
        })
    };
    let quiet = Stage::with(listening.clone()).shaken().await;
    assert_eq!(
        telling.recv().await.unwrap(),
        "it left a WebSocket ping unanswered"
    );
    assert_eq!(quiet.elapsed(), 30_000);

    let listening_too = listening.clone();
    let beating = |options| listening_too(options).heartbeat_interval(Duration::from_secs(1));
    let quiet = Stage::with(beating).shaken().await;
    assert_eq!(
        telling.recv().await.unwrap(),
        "it left a heartbeat unanswered"
    );
    assert_eq!(quiet.elapsed(), 11_000);

    let slow = Stage::with(listening).shaken().await;
    for _ in 0..30 {
        let payload = "x".repeat(1 << 20);
        slow.server.broadcast("page", "news", [payload]).unwrap();
    }
    assert_eq!(telling.recv().await.unwrap(), "it reads too slowly");
}

#[tokio::test(start_paused = true)]
async fn whoever_was_refused_is_not_waited_for_long() {
    let mut stage = Stage::new();
    stage
        .stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    stage.stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    // Our end is open still.
    sleep(Duration::from_millis(1_001)).await;
    assert!(stage.stream.write_all(b"x").await.is_err());
}
