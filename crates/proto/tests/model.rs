//! Random schedules against a model of what must hold between two peers of ours.
//!
//! `MODEL_SCHEDULES=n` plays n of them instead of the usual number, `MODEL_SEED=n` begins with
//! another. A schedule that fails is made shorter while it still fails, then printed with everything
//! the two said.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pair;
mod schedule;
mod words;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use jstp_proto::error::code;
use jstp_proto::mdsf::Value;
use jstp_proto::{CallId, Config, Event, Instant, Outcome, Refused, Role, State, TransportEnd};

use pair::{BOTH, Pair, Who};
use schedule::{Action, Schedule};

const SCHEDULES: u64 = 10_000;

#[test]
fn between_peers_of_ours_nothing_is_lost_or_doubled() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first: u64 = number("MODEL_SEED").unwrap_or(0);
    for seed in first..first + number("MODEL_SCHEDULES").unwrap_or(SCHEDULES) {
        let schedule = Schedule::random(seed);
        if outcome(&schedule, false).is_err() {
            let shortest = schedule.shorten(|shorter| outcome(shorter, false).is_err());
            let failure = outcome(&shortest, true);
            panic!("seed {seed}: {shortest:#?}\n\n{}", failure.unwrap_err());
        }
    }
}

#[test]
fn what_is_said_at_one_instant_travels_together_where_both_know_how() {
    for (batch, arrays) in [(0, 0), (u64::MAX, 2)] {
        let schedule = Schedule {
            buffer: 10,
            kept_answers: 1,
            actions: vec![
                Action::Emit {
                    from: Who::Client,
                    times: 3,
                },
                Action::Emit {
                    from: Who::Server,
                    times: 2,
                },
                Action::Wait(100),
                Action::Ping(Who::Client),
            ],
            batch,
        };
        let mut model = Model::new(&schedule, false);
        model.run(&schedule.actions).unwrap();
        assert_eq!(model.pair.arrays, arrays);
    }
}

/// Why a schedule fails, after all that was said if it was logged.
fn outcome(schedule: &Schedule, logged: bool) -> Result<(), String> {
    let mut model = Model::new(schedule, logged);
    let run = catch_unwind(AssertUnwindSafe(|| model.run(&schedule.actions)));
    let why = match run {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(why)) => why,
        Err(_) => "a panic".to_owned(),
    };
    let log = model.pair.log.unwrap_or_default();
    Err(format!("{log}\n{why}"))
}

/// What one side's application knows.
#[derive(Default)]
struct Application {
    /// Events the core took, and how many of them the peer's application has heard.
    emitted: u64,
    heard: u64,
    requests: Vec<Request>,
    by_call: HashMap<CallId, usize>,
}

struct Request {
    call: CallId,
    resend: bool,
    executed: u64,
    settled: u64,
    withdrawn: bool,
    never_left: bool,
}

struct Model {
    pair: Pair,
    applications: [Application; 2],
    /// Answers that are being thought about, by alarm: who answers, which id, with what.
    thinking: Vec<Option<(Who, i64, u64)>>,
    limit: usize,
    closed: [bool; 2],
    reloads: usize,
    /// How the handshake over the client's present transport went.
    connected: bool,
    handshakes_failed: u64,
}

impl Model {
    fn new(schedule: &Schedule, logged: bool) -> Self {
        let config = |role| Config {
            buffer_messages: schedule.buffer,
            kept_answers: schedule.kept_answers,
            heartbeat_interval: Some(Duration::from_secs(2)),
            heartbeat_timeout: Some(Duration::from_secs(5)),
            ..Config::new(role)
        };
        Self {
            pair: Pair::new(
                config(Role::Client),
                config(Role::Server),
                schedule.batch,
                logged,
            ),
            applications: [Application::default(), Application::default()],
            thinking: Vec::new(),
            limit: schedule.buffer,
            closed: [false; 2],
            reloads: 0,
            connected: false,
            handshakes_failed: 0,
        }
    }

    fn run(&mut self, actions: &[Action]) -> Result<(), String> {
        // Without a session there is nothing to survive a cut.
        self.wait(100)?;
        for action in actions {
            self.act(*action)?;
        }
        self.pair.set_latency(Duration::from_millis(5));
        self.pair.heal();
        self.wait(60_000)?;
        self.in_the_end()
    }

    fn act(&mut self, action: Action) -> Result<(), String> {
        match action {
            Action::Wait(millis) => return self.wait(millis),
            Action::Call {
                from,
                resend,
                think,
            } => {
                let number = self.application(from).requests.len();
                let args = format!("[{number},{think}]");
                let made = self.pair.turn(from, |core, _| match resend {
                    true => core.call_with_resend("i", "m", args),
                    false => core.call("i", "m", args),
                });
                self.requested(from, made, resend)?;
            }
            Action::Inspect(from) => {
                let number = self.application(from).requests.len();
                let made = self
                    .pair
                    .turn(from, |core, _| core.inspect(&number.to_string()));
                self.requested(from, made, false)?;
            }
            Action::Ping(from) => {
                let made = self.pair.turn(from, |core, now| core.ping(now));
                self.requested(from, made, false)?;
            }
            Action::Emit { from, times } => {
                for _ in 0..times {
                    let args = format!("[{}]", self.application(from).emitted);
                    let taken = self.pair.turn(from, |core, _| core.emit("i", "e", args));
                    if self.taken(from, taken)?.is_some() {
                        self.application(from).emitted += 1;
                    }
                }
            }
            Action::Withdraw { from, back } => {
                let application = self.application(from);
                let at = application.requests.len().wrapping_sub(1 + back);
                if let Some(request) = application.requests.get_mut(at) {
                    if request.settled > 0 || request.withdrawn {
                        return Ok(());
                    }
                    request.withdrawn = true;
                    let call = request.call;
                    let left = self.pair.turn(from, |core, _| core.withdraw(call));
                    self.application(from).requests[at].never_left = !left;
                }
            }
            Action::Latency(millis) => self.pair.set_latency(Duration::from_millis(millis)),
            Action::Cut {
                client,
                server,
                unreachable,
            } => {
                let notices = [client, server].map(|after| after.map(Duration::from_millis));
                let unreachable = Duration::from_millis(unreachable);
                self.pair.cut(notices, unreachable);
            }
            Action::Close(who) => {
                let before = self.pair.core(who).state();
                self.pair.turn(who, |core, now| core.close(now));
                self.closed[who as usize] = true;
                self.after_close(who, before)?;
            }
            Action::Reload => self.reload()?,
        }
        self.listen()
    }

    fn reload(&mut self) -> Result<(), String> {
        // What is queued for a handshake has no place in the session yet.
        if self.pair.client.state() == State::Handshaking {
            return Ok(());
        }
        self.listen()?;
        self.pair.reload();
        self.reloads += 1;
        self.connected = false;
        self.handshakes_failed = 0;
        self.closed[Who::Client as usize] = false;
        for answer in &mut self.thinking {
            *answer = answer.filter(|(who, ..)| *who != Who::Client);
        }
        let application = self.application(Who::Client);
        application.by_call.clear();
        for request in &mut application.requests {
            // The page that waited for it is gone.
            request.withdrawn |= request.settled == 0;
        }
        Ok(())
    }

    /// After a close nothing but resendable calls is pending.
    fn after_close(&mut self, who: Who, before: State) -> Result<(), String> {
        self.listen()?;
        if self.pair.core(who).state() != State::Closed {
            return Err(format!("{who:?} is open after a close while {before:?}"));
        }
        let waiting = self.application(who).requests.iter();
        let pending = waiting
            .filter(|request| request.settled == 0 && !request.withdrawn && !request.resend)
            .count();
        match pending {
            0 => Ok(()),
            pending => Err(format!("{who:?} has {pending} calls pending after a close")),
        }
    }

    fn application(&mut self, who: Who) -> &mut Application {
        &mut self.applications[who as usize]
    }

    fn requested(
        &mut self,
        from: Who,
        made: Result<CallId, Refused>,
        resend: bool,
    ) -> Result<(), String> {
        let Some(call) = self.taken(from, made)? else {
            return Ok(());
        };
        let application = self.application(from);
        let number = application.requests.len();
        application.by_call.insert(call, number);
        application.requests.push(Request {
            call,
            resend,
            executed: 0,
            settled: 0,
            withdrawn: false,
            never_left: false,
        });
        Ok(())
    }

    /// A full buffer or a closed connection may refuse, if it is one.
    fn taken<T>(&mut self, from: Who, made: Result<T, Refused>) -> Result<Option<T>, String> {
        match made {
            Ok(made) => Ok(Some(made)),
            Err(Refused::BufferFull) => {
                let session = self.pair.core(from).session();
                let kept = session.map_or(0, |session| session.unacknowledged());
                let queued = self.pair.core(from).pending_calls();
                if kept + queued + 1 < self.limit && self.pair.core(from).state() == State::Ready {
                    return Err(format!("{from:?} refuses with {kept} messages kept"));
                }
                Ok(None)
            }
            Err(Refused::Closed) if self.closed[from as usize] => Ok(None),
            Err(refused) => Err(format!("{from:?} refuses: {refused}")),
        }
    }

    fn wait(&mut self, millis: u64) -> Result<(), String> {
        let end: Instant = self.pair.now + Duration::from_millis(millis);
        let mut steps = 0;
        while self.pair.step(end) {
            self.listen()?;
            steps += 1;
            if steps > 200_000 {
                return Err("there is no end to what happens".to_owned());
            }
        }
        Ok(())
    }

    /// Plays both applications, and checks what can be checked at any time.
    fn listen(&mut self) -> Result<(), String> {
        loop {
            if let Some(why) = self.pair.wrong.take() {
                return Err(why);
            }
            if let Some((who, event)) = self.pair.told.pop_front() {
                self.hear(who, event)?;
            } else if let Some(alarm) = self.pair.rung.pop_front() {
                if let Some((who, id, number)) = self.thinking[alarm as usize] {
                    let answer = Ok(format!("[{number}]"));
                    self.pair.turn(who, |core, _| core.answer(id, answer));
                }
            } else {
                break;
            }
        }
        for who in BOTH {
            let limit = self.limit;
            if let Some(session) = self.pair.core(who).session() {
                let kept = session.unacknowledged();
                // One ping of our own for each life of the page, and calls issued again, need no room.
                let requests = self.applications[who as usize].requests.iter();
                let again = requests.filter(|request| request.resend).count();
                if kept > limit + 1 + self.reloads + again {
                    return Err(format!("{who:?} keeps {kept} messages"));
                }
            }
        }
        Ok(())
    }

    fn hear(&mut self, who: Who, event: Event<Value>) -> Result<(), String> {
        match event {
            Event::Called { id, args, .. } => {
                let [number, think] = numbers(&args)?;
                self.executed(who.other(), number)?;
                let alarm = self.thinking.len() as u64;
                self.thinking.push(Some((who, id, number)));
                self.pair.set_alarm(Duration::from_millis(think), alarm);
            }
            Event::Inspected { id, interface } => {
                let number = interface.parse().map_err(|_| "no such interface")?;
                self.executed(who.other(), number)?;
                let answer = Ok(format!("[{number}]"));
                self.pair.turn(who, |core, _| core.answer(id, answer));
            }
            Event::Emitted { args, .. } => {
                let [number] = numbers(&args)?;
                let sender = self.application(who.other());
                if number != sender.heard {
                    let expected = sender.heard;
                    return Err(format!("{who:?} hears event {number}, not {expected}"));
                }
                sender.heard += 1;
            }
            Event::Settled { call, outcome } => self.settled(who, call, &outcome)?,
            Event::Connected { .. } => {
                self.closed[who as usize] = false;
                if who == Who::Client {
                    self.connected = true;
                }
            }
            Event::HandshakeFailed(_) if who == Who::Client => self.handshakes_failed += 1,
            Event::TransportClosed { why } => {
                if why == TransportEnd::Replaced {
                    return Err(format!("{who:?} had a transport when it got another"));
                }
                if who == Who::Client {
                    if self.handshakes_failed > u64::from(!self.connected) {
                        return Err("a handshake failed more than once".to_owned());
                    }
                    self.connected = false;
                    self.handshakes_failed = 0;
                }
            }
            Event::Misbehaved { error, .. } => return Err(format!("{who:?} blames: {error}")),
            // Answers that come after their call was given up.
            Event::UnknownAnswer(_) | Event::Rejected { .. } => {}
            Event::HandshakeFailed(_)
            | Event::HandshakeRequested { .. }
            | Event::Heartbeat
            | Event::Undeliverable { .. } => {
                return Err(format!("{who:?} has a core that says {event:?}"));
            }
        }
        Ok(())
    }

    fn executed(&mut self, caller: Who, number: u64) -> Result<(), String> {
        let request = self.application(caller).requests.get_mut(number as usize);
        let request = request.ok_or("a call nobody made")?;
        request.executed += 1;
        if request.never_left {
            return Err(format!("call {number} of {caller:?} had not left"));
        }
        if request.executed > 1 && !request.resend {
            return Err(format!("call {number} of {caller:?} is executed again"));
        }
        Ok(())
    }

    fn settled(&mut self, who: Who, call: CallId, outcome: &Outcome<Value>) -> Result<(), String> {
        let closed = self.closed[who as usize];
        let application = self.application(who);
        let number = *application.by_call.get(&call).ok_or("a call nobody made")?;
        let request = &mut application.requests[number];
        request.settled += 1;
        if request.settled > 1 {
            return Err(format!("call {number} of {who:?} is settled again"));
        }
        if request.withdrawn {
            return Err(format!("call {number} of {who:?} was withdrawn"));
        }
        match outcome {
            Outcome::Done(results) if request.executed > 0 => {
                let [result] = numbers(results)?;
                if result != number as u64 {
                    return Err(format!("call {number} of {who:?} is answered {result}"));
                }
            }
            Outcome::Pong => {}
            Outcome::Failed(code::CALLBACK_LOST) if closed || !request.resend => {}
            other => return Err(format!("call {number} of {who:?} ends as {other:?}")),
        }
        Ok(())
    }

    /// Once the link has been good for long enough.
    fn in_the_end(&mut self) -> Result<(), String> {
        for who in BOTH {
            let state = self.pair.core(who).state();
            if state != State::Ready {
                return Err(format!("{who:?} is {state:?} in the end"));
            }
            let application = &self.applications[who as usize];
            let (emitted, heard) = (application.emitted, application.heard);
            if emitted != heard {
                return Err(format!("{heard} events of {who:?} were heard of {emitted}"));
            }
            for (number, request) in application.requests.iter().enumerate() {
                if request.settled == 0 && !request.withdrawn {
                    return Err(format!("call {number} of {who:?} is not settled"));
                }
            }
            let pending = self.pair.core(who).pending_calls();
            if pending > 0 {
                return Err(format!("{who:?} has {pending} calls pending in the end"));
            }
            let session = self.pair.core(who).session().ok_or("no session")?;
            let kept = session.unacknowledged();
            // The heartbeat's ping may be under way.
            if kept > 1 {
                return Err(format!("{who:?} keeps {kept} messages in the end"));
            }
        }
        Ok(())
    }
}

fn numbers<const N: usize>(value: &Value) -> Result<[u64; N], String> {
    let wrong = || format!("{value:?} is not what was sent");
    let Value::Array(values) = value else {
        return Err(wrong());
    };
    let numbers = values.iter().map(|value| match value {
        Value::Number(number) => Ok(*number as u64),
        _ => Err(wrong()),
    });
    let numbers: Result<Vec<u64>, String> = numbers.collect();
    numbers?.try_into().map_err(|_| wrong())
}
