//! Load: clients that call as fast as they are answered, all in one thread.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jstp_proto::take_batch;
use tokio::task::LocalSet;

use crate::wire::{Wire, frame};

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
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Load {
    pub(crate) async fn run(
        &self,
        address: SocketAddr,
        speech: Speech,
        processor_time: impl Fn() -> Duration,
    ) -> Run {
        let mut clients = Vec::new();
        for _ in 0..self.connections {
            let is_jstp = matches!(speech, Speech::Jstp(_));
            let mut wire = Wire::open(address, !is_jstp, self.batch).await;
            // What is measured has to be right, and the server warm.
            let mut asked = String::new();
            write_call(1, speech, &self.payload, &mut asked);
            let expected = match speech {
                Speech::Echo => asked.clone(),
                Speech::Jstp(_) => format!("{{callback:[1],ok:[{}]}}", self.payload.mdsf),
                Speech::Json => format!("{{\"callback\":[1],\"ok\":[{}]}}", self.payload.json),
            };
            let answer = wire.ask(&asked).await;
            // A value of serde_json's has its members in an order of its own.
            let is_right = match speech {
                Speech::Json => answer.len() == expected.len(),
                Speech::Echo | Speech::Jstp(_) => answer == expected,
            };
            assert!(is_right, "a wrong answer");
            clients.push(wire);
        }
        let latencies = Rc::new(RefCell::new(Vec::<u32>::new()));
        let used = processor_time();
        let begun = Instant::now();
        let end = begun + self.time;
        let local = LocalSet::new();
        for wire in clients {
            let client = Client {
                wire,
                window: self.window,
                batch: self.batch,
                speech,
                payload: self.payload.clone(),
                last_id: 1,
                sent: VecDeque::new(),
                text: String::new(),
                texts: VecDeque::new(),
                bytes: Vec::new(),
                latencies: Rc::clone(&latencies),
            };
            local.spawn_local(client.call_until(end));
        }
        local.await;
        let elapsed = begun.elapsed().as_secs_f64();
        let used = processor_time().saturating_sub(used);
        let mut latencies = latencies.borrow_mut();
        latencies.sort_unstable();
        let at = |share: f64| {
            let index = (latencies.len() as f64 * share) as usize;
            latencies
                .get(index)
                .map_or(f64::NAN, |nanos| f64::from(*nanos) / 1_000.0)
        };
        let calls = latencies.len() as f64;
        Run {
            rate: calls / elapsed,
            processor: used.as_secs_f64() * 1e6 / calls,
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

struct Client {
    wire: Wire,
    window: usize,
    batch: bool,
    speech: Speech,
    payload: Payload,
    last_id: u64,
    /// When the calls under way left.
    sent: VecDeque<Instant>,
    text: String,
    /// What leaves together.
    texts: VecDeque<String>,
    bytes: Vec<u8>,
    latencies: Rc<RefCell<Vec<u32>>>,
}

impl Client {
    async fn call_until(mut self, end: Instant) {
        self.call(self.window).await;
        while !self.sent.is_empty() {
            let answered = self.wire.receive().await;
            let now = Instant::now();
            for sent in self.sent.drain(..answered) {
                let nanos = now.duration_since(sent).as_nanos();
                self.latencies
                    .borrow_mut()
                    .push(nanos.try_into().unwrap_or(u32::MAX));
            }
            if now < end && answered > 0 {
                self.call(answered).await;
            }
        }
    }

    /// Makes so many calls at once.
    async fn call(&mut self, times: usize) {
        self.bytes.clear();
        for _ in 0..times {
            self.last_id += 1;
            self.text.clear();
            write_call(self.last_id, self.speech, &self.payload, &mut self.text);
            if self.batch {
                self.texts.push_back(self.text.clone());
            } else {
                frame(&self.text, &mut self.bytes);
            }
        }
        while let Some(text) = take_batch(&mut self.texts) {
            frame(&text, &mut self.bytes);
        }
        let now = Instant::now();
        self.sent.extend(std::iter::repeat_n(now, times));
        self.wire.write(&self.bytes).await;
    }
}

fn write_call(id: u64, speech: Speech, Payload { mdsf, json }: &Payload, text: &mut String) {
    match speech {
        Speech::Echo => write!(text, "{{call:[{id},'echo'],one:[{mdsf}]}}"),
        Speech::Jstp(method) => write!(text, "{{call:[{id},'echo'],{method}:[{mdsf}]}}"),
        Speech::Json => write!(text, "{{\"call\":[{id},\"echo\"],\"one\":[{json}]}}"),
    }
    .unwrap();
}
