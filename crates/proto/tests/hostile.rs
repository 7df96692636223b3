//! One core between a peer that says anything and an application that does anything.
#![allow(clippy::unwrap_used, clippy::panic)]

mod words;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jstp_proto::{
    Auth, CallId, Config, Connection, Event, Instant, Native, Outcome, Output, Refused,
    RemoteError, Role, State,
};
use proptest::prelude::*;

const BUFFER: usize = 8;

#[derive(Clone, Debug)]
enum Step {
    Hears(String),
    Passes(u64),
    Connecting,
    Opens,
    Ends,
    PeerCloses(u16),
    Garbage,
    Asks(u8),
    Accepts,
    Resumes(u64),
    Refuses,
    Calls(bool),
    Emits,
    Inspects,
    Pings,
    Answers(i64),
    Withdraws(usize),
    Heartbeat(Option<u64>),
    Closes,
    Forgets,
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (-12i64..12).prop_map(|id| id.to_string()),
        1 => prop::sample::select(vec!["9007199254740991", "-9007199254740991", "1e300", "NaN", "1.5"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["", "null", "'x'", "[]", "undefined"]).prop_map(str::to_owned),
    ]
}

fn message() -> impl Strategy<Value = String> {
    let payload = prop::sample::select(vec![
        "",
        ",m:[]",
        ",ok:[1]",
        ",error:[1]",
        ",ok:5",
        ",error:[]",
        ",ok:'s'",
        ",ok:3",
        ",ok:0",
        ",e:[2],more:{}",
        ",__proto__:[]",
        ",session:['s',3]",
        ",session:[]",
        ",login:['a','b']",
    ]);
    let kind = prop::sample::select(vec![
        "handshake",
        "call",
        "callback",
        "event",
        "inspect",
        "ping",
        "pong",
        "foo",
    ]);
    prop_oneof![
        12 => (kind, id(), payload)
            .prop_map(|(kind, id, payload)| format!("{{{kind}:[{id},'i']{payload}}}")),
        3 => (id(), prop::sample::select(vec!["ok:'s'", "ok:0", "ok:2", "error:[11]"]))
            .prop_map(|(id, answer)| format!("{{handshake:[{id}],{answer}}}")),
        2 => Just("{}".to_owned()),
        1 => prop::sample::select(vec!["", "5", "[]", "null", "{call:null}", "{a", "{'':[1]}"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => message().prop_map(Step::Hears),
        2 => prop::collection::vec(message(), 0..4)
            .prop_map(|messages| Step::Hears(format!("[{}]", messages.join(",")))),
        3 => prop::sample::select(vec![0, 1, 900, 2_000, 5_000, 60_000]).prop_map(Step::Passes),
        1 => Just(Step::Connecting),
        4 => Just(Step::Opens),
        2 => Just(Step::Ends),
        1 => prop::sample::select(vec![1000, 1001, 1006]).prop_map(Step::PeerCloses),
        1 => Just(Step::Garbage),
        5 => (0u8..4).prop_map(Step::Asks),
        4 => Just(Step::Accepts),
        2 => (0u64..9).prop_map(Step::Resumes),
        1 => Just(Step::Refuses),
        4 => any::<bool>().prop_map(Step::Calls),
        4 => Just(Step::Emits),
        2 => Just(Step::Inspects),
        2 => Just(Step::Pings),
        2 => (-5i64..5).prop_map(Step::Answers),
        2 => (0usize..9).prop_map(Step::Withdraws),
        1 => prop::option::of(Just(1_000)).prop_map(Step::Heartbeat),
        1 => Just(Step::Closes),
        1 => Just(Step::Forgets),
    ]
}

/// The application of the core, which knows what it may be told.
struct Stage {
    core: Connection<Native>,
    now: Instant,
    calls: Vec<CallId>,
    resendable: usize,
    pending: HashSet<CallId>,
    /// Whether there is a transport that has neither had its handshake nor failed to.
    handshaking: bool,
    transport: bool,
}

impl Stage {
    fn new(role: Role) -> Self {
        let config = Config {
            buffer_messages: BUFFER,
            held_messages: 4,
            kept_answers: 3,
            ..Config::new(role)
        };
        Self {
            core: Connection::new(role, config),
            now: Instant::from_millis(0),
            calls: Vec::new(),
            resendable: 0,
            pending: HashSet::new(),
            handshaking: false,
            transport: false,
        }
    }

    fn take(&mut self, step: &Step) {
        let (now, core) = (self.now, &mut self.core);
        match step {
            Step::Hears(text) => {
                for part in core.messages(text, true) {
                    core.handle_part(now, part);
                }
            }
            Step::Passes(millis) => self.pass(Duration::from_millis(*millis)),
            Step::Connecting => {
                core.handle_connecting(now);
                self.drain();
                self.transport = true;
            }
            Step::Opens => {
                core.handle_open(now);
                self.drain();
                self.handshaking = true;
                self.transport = true;
            }
            Step::Ends => core.handle_close(),
            Step::PeerCloses(code) => core.handle_peer_close(*code),
            Step::Garbage => core.handle_not_utf8(now),
            Step::Asks(how) => {
                let auth = match how {
                    0 => Auth::Anonymous,
                    1 => Auth::Custom {
                        strategy: "token".to_owned(),
                        credentials: "5".to_owned(),
                    },
                    _ => Auth::Resume,
                };
                allowed(core.handshake(now, "app", None, &auth));
            }
            Step::Accepts => allowed(core.accept(now, "s".to_owned())),
            Step::Resumes(received) => {
                if core.resume(now, *received).is_ok() {
                    self.handshaking = true;
                    self.transport = true;
                }
            }
            Step::Refuses => {
                // Whoever refuses knows how the handshake ended.
                core.refuse(now, &RemoteError::new(11));
                self.handshaking &= core.state() == State::Handshaking;
            }
            Step::Calls(resend) => {
                let args = "[1]".to_owned();
                let made = match resend {
                    true => core.call_with_resend("i", "m", args),
                    false => core.call("i", "m", args),
                };
                self.resendable += usize::from(*resend && made.is_ok());
                self.made(made);
            }
            Step::Inspects => {
                let made = core.inspect("i");
                self.made(made);
            }
            Step::Pings => {
                let made = core.ping(now);
                self.made(made);
            }
            Step::Emits => allowed(core.emit("i", "e", "[]".to_owned())),
            Step::Answers(id) => core.answer(*id, Ok("[]".to_owned())),
            Step::Withdraws(which) => {
                if let Some(call) = self.calls.get(*which) {
                    core.withdraw(*call);
                    self.pending.remove(call);
                }
            }
            Step::Heartbeat(millis) => {
                core.set_heartbeat(now, millis.map(Duration::from_millis));
            }
            Step::Closes => core.close(now),
            Step::Forgets => core.forget_session(),
        }
        self.drain();
        self.check();
    }

    fn made(&mut self, made: Result<CallId, Refused>) {
        match made {
            Ok(call) => {
                self.calls.push(call);
                self.pending.insert(call);
            }
            Err(refused) => allowed(Err(refused)),
        }
    }

    fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut asked = 0;
        while let Some(due) = self.core.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.core.handle_timeout(self.now);
            self.drain();
            asked += 1;
            assert!(asked < 1_000, "a deadline that does not move");
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            let said = words::output(&output, &HashMap::new());
            match output {
                Output::Transmit(_) | Output::Close { .. } => {
                    assert!(self.transport, "{said} without a transport");
                }
                Output::Drop => self.handshaking = false,
                Output::Event(Event::Settled { call, outcome }) => {
                    assert!(self.pending.remove(&call), "{said} of nothing pending");
                    if let Outcome::Failed(code) = outcome {
                        assert!(matches!(code, -1 | -3), "{said}");
                    }
                }
                Output::Event(Event::Connected { .. } | Event::HandshakeFailed(_)) => {
                    assert!(self.handshaking, "{said} of no handshake");
                    self.handshaking = false;
                }
                Output::Event(Event::TransportClosed { .. }) => {
                    assert!(self.transport, "{said}, which there was none of");
                    assert!(!self.handshaking, "{said} before the handshake's end");
                    self.transport = false;
                }
                Output::Event(_) => {}
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.core.pending_calls(), self.pending.len());
        if let Some(session) = self.core.session() {
            let most = BUFFER + 1 + self.resendable;
            assert!(session.unacknowledged() <= most, "{session:?}");
            let weight = session
                .unacknowledged_messages()
                .map(|(_, text)| text.len());
            assert_eq!(session.unacknowledged_weight(), weight.sum::<usize>());
            assert!(session.delivered() <= session.last_id());
        }
        if self.core.state() == State::Ready {
            assert!(self.transport && !self.handshaking);
        }
    }
}

/// What an application out of step with the connection is told.
fn allowed(done: Result<(), Refused>) {
    match done {
        Ok(()) | Err(Refused::Closed | Refused::BufferFull | Refused::HandshakeNotPossible) => {}
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_heard_and_asked_for_a_core_keeps_its_word(
        is_client: bool,
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut stage = Stage::new(if is_client { Role::Client } else { Role::Server });
        for step in &steps {
            stage.take(step);
        }
        stage.take(&Step::Closes);
        stage.take(&Step::Forgets);
        prop_assert!(stage.pending.is_empty());
        stage.take(&Step::Ends);
        prop_assert_eq!(stage.core.poll_timeout(), None);
        prop_assert_eq!(stage.core.state(), State::Closed);
    }
}
