//! Real traffic with bytes changed, against a server in a process of its own.
//!
//! `FUZZ_SECONDS` says for how long, `FUZZ_SEED` with which random numbers; the seed is printed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::process::Process;
use common::raw::{FIN, PING, PONG, Raw, Seen, UPGRADE, close, frame, text, upgrade_with_batch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

const WORKERS: u64 = 8;

/// What clients of the fixture say, one conversation each. `SESSION` stands for a session's id.
const TRAFFIC: &[&[&str]] = &[
    &[
        "{handshake:[0,'fixture']}",
        "{inspect:[1,'calc']}",
        "{call:[2,'calc'],add:[1.5,-2e3]}",
        "{call:[3,'calc'],divide:[1,0]}",
        "{call:[4,'echo'],many:[null,[1,,3],{a:'é 😀','b c':\"it's\",10:undefined}]}",
        "{call:[5,'echo'],one:['\\u0041\\x41\\u{1f600}\\\n']}",
        "{event:[6,'events'],said:['something',{n:1}]}",
        "{ping:[7]}",
        "{pong:[-1]}",
        "{call:[8,'session'],set:['k',{a:[1]}]}",
        "{call:[9,'session'],get:['k']}",
        "{}",
    ],
    &[
        "{handshake:[0,'fixture','^1.0.0 || 2'],login:['marcus','secret']}",
        "{call:[1,'back'],invoke:['page','greet',['bob']]}",
        "{callback:[-1],ok:['hello bob']}",
        "{call:[2,'back'],inspect:['page']}",
        "{callback:[-2],ok:['greet']}",
        "{call:[3,'back'],invokeResend:['page','m',[]]}",
        "{callback:[-3],error:[1025,'Custom failure','a',{b:2}]}",
        "{call:[4,'back'],ping:[]}",
        "{pong:[-4]}",
        "{call:[5,'events'],flood:[20,'payload']}",
        "{call:[6,'events'],emit:['hello',['a',1]]}",
    ],
    &[
        "{handshake:[0,'fixture'],session:['SESSION',3]}",
        "{call:[4,'session'],id:[]}",
        "{call:[5,'fail'],custom:[]}",
        "{call:[6,'fail'],text:['no']}",
        "{call:[7,'echo'],later:[5,'x']}",
        "{call:[8,'echo'],never:[]}",
    ],
    &[
        "/* who */ {'handshake': [ 0, 'other' , '1.0.0' ]} // there\n",
        "{call:[1,'calc'],answer:[]}",
        "{call:[2,'session'],username:[]}",
    ],
    &[
        "{handshake:[0,'fixture'],token:'letmein'}",
        "{inspect:[1,'echo']}",
    ],
    &["{handshake:[0,'fixture'],login:['blocked','x']}"],
    // Over a WebSocket without batches this ends with the first of them.
    &[
        "{handshake:[0,'fixture']}",
        "[{call:[1,'calc'],answer:[]},{ping:[2]},{event:[3,'events'],said:[[1]]}]",
        "[{inspect:[4,'calc']},{call:[5,'echo'],one:[{}]},{pong:[-1]},{call:[6,'calc'],add:[1,2]}]",
    ],
];

/// xorshift.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // Seeds in a row begin far apart, and none is zero.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % limit.max(1) as u64).unwrap()
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Changes some bytes.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            let some = at..(at + 1 + self.below(8)).min(bytes.len()).max(at);
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                2 => drop(bytes.drain(some)),
                3 => {
                    let again = bytes[some].to_vec();
                    bytes.splice(at..at, again);
                }
                4 => {
                    let piece = self.one_of(&[
                        "{",
                        "}",
                        "[",
                        "]",
                        ",",
                        ":",
                        "'",
                        "\\",
                        "/*",
                        "-",
                        "1e300",
                        "NaN",
                        "\0",
                        "__proto__",
                        "ok",
                        "error",
                        "9007199254740991",
                        "\u{2028}",
                    ]);
                    bytes.splice(at..at, piece.bytes());
                }
                5 if at < bytes.len() => {
                    let other = self.below(bytes.len());
                    bytes.swap(at, other);
                }
                6 if self.below(4) == 0 => bytes.truncate(at),
                _ => {}
            }
        }
    }

    /// The bytes of a conversation that is nearly right.
    fn conversation(&mut self, session: &str) -> Vec<u8> {
        let texts = self.one_of(TRAFFIC);
        // Where the bytes are changed: in the texts, in the frames, or in both; one of so many.
        let (in_texts, in_frames) = self.one_of(&[(4, 0), (0, 4), (8, 8)]);
        let mut bytes = match self.below(2) {
            0 => UPGRADE.to_owned(),
            _ => upgrade_with_batch(),
        }
        .into_bytes();
        if self.below(20) == 0 {
            self.mutate(&mut bytes);
        }
        for message in texts {
            // Nobody hears the rest if the handshake is wrong.
            let rarely = if message.starts_with("{handshake") {
                8
            } else {
                1
            };
            let mut message = message.replace("SESSION", session).into_bytes();
            if in_texts > 0 && self.below(in_texts * rarely) == 0 {
                self.mutate(&mut message);
            }
            let mut frames = match self.below(8) {
                0 => {
                    let (first, second) = message.split_at(message.len() / 2);
                    [frame(1, first), frame(FIN | PING, "p"), frame(FIN, second)].concat()
                }
                1 => [frame(FIN | PONG, ""), frame(FIN | 2, &message)].concat(),
                _ => text(&message),
            };
            if in_frames > 0 && self.below(in_frames * rarely) == 0 {
                self.mutate(&mut frames);
            }
            bytes.extend(frames);
        }
        if self.below(2) == 0 {
            bytes.extend(close(1000, "bye"));
        }
        bytes
    }
}

/// Has one conversation after the other; returns how many.
async fn converse(address: SocketAddr, seed: u64, until: Instant) -> usize {
    let mut random = Random::new(seed);
    let mut session = String::new();
    let mut conversations = 0;
    while Instant::now() < until {
        if conversations % 100 == 0 {
            session = Raw::connect(address, "fixture").await.1;
        }
        let bytes = random.conversation(&session);
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (some, later) = rest.split_at(1 + random.below(rest.len()));
            rest = later;
            if stream.write_all(some).await.is_err() {
                break;
            }
        }
        // The answers, or some of them.
        let patience = Duration::from_millis(random.below(20) as u64);
        let mut heard = Vec::new();
        let _ = timeout(patience, stream.read_to_end(&mut heard)).await;
        if random.below(2) == 0 {
            stream.set_zero_linger().unwrap();
        }
        conversations += 1;
    }
    conversations
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_with_bytes_changed_hurts_nobody() {
    let number = |name| Some(std::env::var(name).ok()?.parse::<u64>().unwrap());
    let seconds = number("FUZZ_SECONDS").unwrap_or(5);
    let seed = number("FUZZ_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_millis().try_into().unwrap()
    });
    println!("FUZZ_SEED={seed}");
    let flags = [
        "--fixture",
        "--client-expiration",
        "1000",
        "--handshake-timeout",
        "1000",
    ];
    let (mut server, errors) = Process::start_logging(&flags, "fuzz");
    let (mut bystander, _) = Raw::connect(server.address, "fixture").await;
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        workers.spawn(converse(server.address, seed.wrapping_add(worker), until));
    }
    let mut calls = 0;
    while Instant::now() < until {
        calls += 1;
        let call = format!("{{call:[{calls},'calc'],answer:[]}}");
        bystander.write(&text(call)).await;
        let answer = format!("{{callback:[{calls}],ok:[24]}}");
        assert_eq!(bystander.next().await, Seen::Text(answer));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let conversations: usize = workers.join_all().await.into_iter().sum();
    let (now, peak) = server.memory();
    println!(
        "{conversations} conversations in {seconds} s, {calls} calls of another client answered; \
         memory {} KiB, at most {} KiB",
        now / 1024,
        peak / 1024
    );
    assert!(server.child.try_wait().unwrap().is_none(), "it is up");
    assert_eq!(std::fs::read_to_string(errors).unwrap(), "");
    assert!(peak < 256 << 20, "{peak} bytes");
}
