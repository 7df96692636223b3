//! Load: clients that call as fast as they are answered, all in one thread.
//!
//! The generator runs beside the server, on as few as two processors, so what it spends on a call is taken from what
//! is measured, and is the same for a quick server as for a slow one. Hence there is no runtime and no WebSocket
//! library in it, but sockets that do not wait and one `epoll`; calls are made of pieces that are there already, in
//! which only ids change; what has been answered with one read is called again with one write, as any client does
//! that has several calls under way; and nothing of an answer is copied. Each is compared with what it has to be all
//! the same, byte by byte and in the order of the calls.
//!
//! Latencies are those of runs with one call under way on each connection. Every call of them is timed, from before
//! it is written until its answer has been read; the other runs read no clock for a call.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::script::{Listener, Number, Speaker, Template};
use crate::wire::Wire;

/// So much is read at once.
const MUCH: usize = 256 * 1024;

pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Calls under way on each connection.
    pub(crate) window: usize,
    pub(crate) batch: bool,
    pub(crate) payload: Payload,
    pub(crate) time: Duration,
}

/// The argument of a call, which is the result as well, in both spellings.
#[derive(Clone)]
pub(crate) struct Payload {
    pub(crate) mdsf: String,
    pub(crate) json: String,
}

/// What a server understands.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Speech {
    /// Nothing: it sends everything back.
    Echo,
    /// JSTP, with this method of the interface `echo`.
    Jstp(&'static str),
    /// Calls and callbacks in JSON.
    Json,
}

/// What came of it. Times are in microseconds.
pub(crate) struct Run {
    /// Calls per second.
    pub(crate) rate: f64,
    /// The server's processor time for a call.
    pub(crate) processor: f64,
    /// How long calls took, where there was one under way on each connection; not a number where there were
    /// several.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Load {
    pub(crate) fn run(
        &self,
        address: SocketAddr,
        speech: Speech,
        processor_time: impl Fn() -> Duration,
    ) -> Run {
        let asked = call(speech, &self.payload);
        let (wires, answer) = self.connect(address, speech, &asked);
        let (calls, answers) = (
            Template::around(&asked, "1"),
            Template::around(&answer, "1"),
        );
        let mut poll = Poll::new().unwrap();
        let mut clients = Vec::with_capacity(wires.len());
        for (number, mut wire) in wires.into_iter().enumerate() {
            let interests = Interest::READABLE | Interest::WRITABLE;
            let socket = wire.never_wait();
            poll.registry()
                .register(&mut SourceFd(&socket), Token(number), interests)
                .unwrap();
            let last = Number::one();
            clients.push(Client {
                wire,
                listener: Listener::after(&last, &answers, self.batch),
                speaker: Speaker {
                    template: &calls,
                    last,
                    batch: self.batch,
                },
                under_way: 0,
                sent: None,
                bytes: Vec::new(),
                written: 0,
            });
        }
        let mut buffer = vec![0; MUCH];
        let mut latencies = Vec::new();
        let mut events = Events::with_capacity(128);
        let used = processor_time();
        let begun = Instant::now();
        let end = begun + self.time;
        for client in &mut clients {
            client.call(self.window, begun);
        }
        let mut busy = clients.len();
        while busy > 0 {
            poll.poll(&mut events, None).unwrap();
            let mut now = Instant::now();
            for event in &events {
                let client = &mut clients[event.token().0];
                if event.is_writable() {
                    client.write();
                }
                if !event.is_readable() {
                    continue;
                }
                let answered = client.receive(&mut buffer);
                if answered == 0 {
                    continue;
                }
                // With several under way it is only how many there were that counts.
                if self.window == 1 {
                    now = Instant::now();
                    let sent = client.sent.unwrap();
                    latencies.push(now.duration_since(sent).as_nanos() as u64);
                }
                if now < end {
                    client.call(answered, now);
                } else if client.under_way == 0 {
                    busy -= 1;
                }
            }
        }
        let elapsed = begun.elapsed().as_secs_f64();
        let used = processor_time().saturating_sub(used);
        latencies.sort_unstable();
        let at = |share: f64| {
            let index = (latencies.len() as f64 * share) as usize;
            latencies
                .get(index)
                .map_or(f64::NAN, |nanos| *nanos as f64 / 1_000.0)
        };
        let calls: usize = clients.iter().map(|client| client.listener.heard).sum();
        let calls = calls as f64;
        Run {
            rate: calls / elapsed,
            processor: used.as_secs_f64() * 1e6 / calls,
            p50: at(0.5),
            p99: at(0.99),
        }
    }

    /// Connects all clients, each of which has its first call answered, so that the server is warm; returns
    /// that answer as well.
    fn connect(&self, address: SocketAddr, speech: Speech, asked: &str) -> (Vec<Wire>, String) {
        let expected = match speech {
            Speech::Echo => asked.to_owned(),
            Speech::Jstp(_) => format!("{{callback:[1],ok:[{}]}}", self.payload.mdsf),
            Speech::Json => format!("{{\"callback\":[1],\"ok\":[{}]}}", self.payload.json),
        };
        let mut first = None;
        let is_jstp = matches!(speech, Speech::Jstp(_));
        let open = || {
            let mut wire = Wire::open(address, !is_jstp, self.batch);
            let answer = wire.ask(asked);
            // A value of serde_json's has its members in an order of its own.
            let is_right = match speech {
                Speech::Json => answer.len() == expected.len(),
                Speech::Echo | Speech::Jstp(_) => answer == expected,
            };
            assert!(is_right, "a wrong answer");
            first = Some(answer);
            wire
        };
        let wires = std::iter::repeat_with(open).take(self.connections);
        let wires = wires.collect();
        (wires, first.unwrap())
    }
}

struct Client<'t> {
    wire: Wire,
    speaker: Speaker<'t>,
    listener: Listener<'t>,
    under_way: usize,
    /// When the call under way left, if it is the only one.
    sent: Option<Instant>,
    /// What is to be written, of which so much has been.
    bytes: Vec<u8>,
    written: usize,
}

impl Client<'_> {
    /// Makes so many calls at once.
    fn call(&mut self, times: usize, now: Instant) {
        self.sent = Some(now);
        self.under_way += times;
        self.speaker.say(times, &mut self.bytes);
        self.write();
    }

    fn write(&mut self) {
        while self.written < self.bytes.len() {
            let Some(written) = self.wire.write(&self.bytes[self.written..]) else {
                return;
            };
            self.written += written;
        }
        self.bytes.clear();
        self.written = 0;
    }

    /// Reads what there is; returns how many answers have come to their end.
    fn receive(&mut self, buffer: &mut [u8]) -> usize {
        let before = self.listener.heard;
        while let Some(true) = self.wire.read(buffer, &mut self.listener) {}
        let answered = self.listener.heard - before;
        self.under_way -= answered;
        answered
    }
}

/// The call with id 1.
fn call(speech: Speech, Payload { mdsf, json }: &Payload) -> String {
    match speech {
        Speech::Echo => format!("{{call:[1,'echo'],one:[{mdsf}]}}"),
        Speech::Jstp(method) => format!("{{call:[1,'echo'],{method}:[{mdsf}]}}"),
        Speech::Json => format!("{{\"call\":[1,\"echo\"],\"one\":[{json}]}}"),
    }
}
