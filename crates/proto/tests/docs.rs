//! The examples in docs/: what they show on the wire is what two cores, back to back, send.
//!
//! A block marked `jstp` in docs/protocol.md is one dialogue. Its lines are explained there, in the
//! section "Reading the examples". A block marked `mdsf` in docs/mdsf.md has a text on the left of each
//! line and on the right what we write for the value read, or `error`. One marked `ranges` has a version as
//! a client may ask for it, and the one it gets of those that the sentence before the block names.
#![allow(clippy::unwrap_used, clippy::panic)]

mod words;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use jstp_proto::mdsf::{Limits, Value, WriteOptions, read_value, write};
use jstp_proto::message::{
    self, HandshakeAnswer, HandshakeRequest, Kind, Message, Numbered, VersionField,
};
use jstp_proto::version::{Requested, Version, parse_version};
use jstp_proto::{
    Auth, CallId, Config, Connection, Event, Instant, Native, Output, RemoteError, Role, State,
    Strategy,
};

const PROTOCOL: &str = include_str!("../../../docs/protocol.md");
const MDSF: &str = include_str!("../../../docs/mdsf.md");

#[test]
fn every_dialogue_in_the_protocol_is_what_two_cores_say() {
    let dialogues = blocks(PROTOCOL, "jstp");
    assert!(dialogues.len() >= 12, "{} dialogues", dialogues.len());
    for (line, dialogue) in dialogues {
        Stage::new(dialogue).play(line);
    }
}

#[test]
fn every_text_in_the_value_syntax_is_read_and_written_as_shown() {
    let mut texts = 0;
    for (first, block) in blocks(MDSF, "mdsf") {
        for (line, row) in (first..).zip(block.lines()) {
            let (text, expected) = row
                .rsplit_once(" => ")
                .unwrap_or_else(|| panic!("docs/mdsf.md:{line}: no ` => `"));
            let written = match read_value(text.trim(), Limits::default()) {
                Ok(value) => written(&value),
                Err(_) => "error".to_owned(),
            };
            assert_eq!(written, expected.trim(), "docs/mdsf.md:{line}");
            texts += 1;
        }
    }
    assert!(texts >= 40, "{texts} texts");
}

#[test]
fn every_range_in_the_protocol_picks_the_version_shown() {
    let mut ranges = 0;
    for (first, block) in blocks(PROTOCOL, "ranges") {
        let (before, _) = PROTOCOL.split_once(block).unwrap();
        let (_, sentence) = before.rsplit_once("With the versions ").unwrap();
        let stored: Vec<Version> = sentence
            .split([',', ' ', '\n'])
            .filter_map(|word| parse_version(word).ok())
            .collect();
        for (line, row) in (first..).zip(block.lines()) {
            let (range, expected) = row.rsplit_once(" => ").unwrap();
            let picked = Requested::parse(Some(range))
                .ok()
                .and_then(|requested| requested.pick(stored.iter().map(|one| (one, one))))
                .map_or("error 10".to_owned(), Version::to_string);
            assert_eq!(picked, expected, "docs/protocol.md:{line}");
            ranges += 1;
        }
    }
    assert!(ranges >= 20, "{ranges} ranges");
}

/// The fenced blocks of a language, each with the number of its first line.
fn blocks<'t>(document: &'t str, language: &str) -> Vec<(usize, &'t str)> {
    let fence = format!("```{language}\n");
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = document[from..].find(&fence) {
        let start = from + at + fence.len();
        let length = document[start..].find("```").unwrap();
        let line = document[..start].lines().count() + 1;
        found.push((line, &document[start..start + length]));
        from = start + length + 3;
    }
    found
}

fn written(value: &Value) -> String {
    let mut text = String::new();
    let options = WriteOptions {
        non_finite: true,
        ..WriteOptions::default()
    };
    write(value, &mut text, options).unwrap();
    text
}

/// Two peers and the link between them.
struct Stage<'t> {
    dialogue: &'t str,
    client: Peer,
    server: Peer,
    now: Instant,
}

/// One end: our core, or somebody who says what the dialogue has written down.
struct Peer {
    core: Connection<Native>,
    by_hand: bool,
    /// Whether the call of this line is one to be made again.
    resends: bool,
    /// What the core has said and no line has claimed: texts, and closes as `close CODE`.
    said: VecDeque<String>,
    /// What the core has told its application and no line has claimed, as transcripts have it.
    told: VecDeque<String>,
    /// Requests by kind and message id.
    calls: HashMap<CallId, String>,
    /// What the client of the handshake under way says it has received.
    received: u64,
}

impl<'t> Stage<'t> {
    fn new(dialogue: &'t str) -> Self {
        let by_hand = |name: &str| dialogue.lines().any(|line| line.starts_with(name));
        let mut stage = Self {
            dialogue,
            client: Peer::new(Role::Client, by_hand("c ")),
            server: Peer::new(Role::Server, by_hand("s ")),
            now: Instant::from_millis(1_000),
        };
        stage.open();
        stage
    }

    fn play(mut self, first: usize) {
        for (line, text) in (first..).zip(self.dialogue.lines()) {
            let text = text.split("  #").next().unwrap_or_default().trim_end();
            if let Err(why) = self.line(text) {
                panic!("docs/protocol.md:{line}: `{text}`: {why}");
            }
        }
        for peer in [&self.client, &self.server] {
            assert!(
                peer.said.is_empty(),
                "docs/protocol.md:{first}: after this dialogue {:?} also says {:?}",
                peer.core.role(),
                peer.said
            );
        }
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let (who, what) = line.split_once(' ').ok_or("no sender")?;
        if who == "--" {
            return self.meanwhile(what);
        }
        let (speaker, listener) = match who {
            "C" | "c" => (&mut self.client, &mut self.server),
            "S" | "s" => (&mut self.server, &mut self.client),
            _ => return Err("a line begins with C, S, c, s or --".to_owned()),
        };
        let is_lower = matches!(who, "c" | "s");
        if speaker.by_hand != is_lower {
            return Err("this end is a core or it is not".to_owned());
        }
        if what.starts_with("! ") {
            return speaker.told(what);
        }
        if let Some(expected) = what.strip_prefix("? ") {
            return speaker.is(expected);
        }
        if let Some(text) = what.strip_prefix("keeps ") {
            return speaker.keeps(self.now, text);
        }
        let resendable = what.strip_prefix("resendable ");
        speaker.resends = resendable.is_some();
        let what = resendable.unwrap_or(what);
        if let Some(text) = what.strip_prefix("queues ") {
            speaker.command(self.now, text)?;
            return speaker.silent();
        }
        let (text, arrives) = match what.strip_prefix("lost ") {
            Some(text) => (text, false),
            None => (what, true),
        };
        if !speaker.by_hand {
            speaker.says(self.now, text)?;
        }
        if text.starts_with("close ") {
            speaker.end();
            listener.end();
        } else if arrives {
            listener.hears(self.now, text);
        }
        Ok(())
    }

    /// What happens to both.
    fn meanwhile(&mut self, what: &str) -> Result<(), String> {
        if let Some(millis) = what.strip_suffix(" ms pass") {
            let millis = millis.parse().map_err(|_| "not a number")?;
            self.now = self.now + Duration::from_millis(millis);
            for peer in [&mut self.client, &mut self.server] {
                peer.core.handle_timeout(self.now);
                peer.drain();
            }
            return Ok(());
        }
        match what {
            "the link breaks" => {
                self.client.end();
                self.server.end();
            }
            "a new link" => self.open(),
            _ => return Err("nothing that can happen".to_owned()),
        }
        Ok(())
    }

    fn open(&mut self) {
        for peer in [&mut self.client, &mut self.server] {
            peer.core.handle_open(self.now);
            peer.drain();
        }
    }
}

impl Peer {
    fn new(role: Role, by_hand: bool) -> Self {
        Self {
            core: Connection::new(role, Config::new(role)),
            by_hand,
            resends: false,
            said: VecDeque::new(),
            told: VecDeque::new(),
            calls: HashMap::new(),
            received: 0,
        }
    }

    /// Whether this is what the core says next: of itself, or told to by its application.
    fn says(&mut self, now: Instant, text: &str) -> Result<(), String> {
        if self.said.is_empty() {
            self.command(now, text)?;
        }
        match self.said.pop_front() {
            Some(said) if said == text => Ok(()),
            Some(said) => Err(format!("the core says `{said}`")),
            None => Err("the core says nothing".to_owned()),
        }
    }

    fn keeps(&mut self, now: Instant, text: &str) -> Result<(), String> {
        self.command(now, text)?;
        self.silent()?;
        let session = self.core.session().ok_or("there is no session")?;
        match session.unacknowledged_messages().last() {
            Some((_, kept)) if kept == text => Ok(()),
            kept => Err(format!("the core keeps {kept:?}")),
        }
    }

    fn silent(&self) -> Result<(), String> {
        match self.said.front() {
            None => Ok(()),
            Some(said) => Err(format!("the core says `{said}`")),
        }
    }

    fn told(&mut self, expected: &str) -> Result<(), String> {
        while let Some(told) = self.told.pop_front() {
            if told == expected {
                return Ok(());
            }
        }
        Err("the core told its application nothing of the kind".to_owned())
    }

    fn is(&self, expected: &str) -> Result<(), String> {
        let (what, value) = expected.split_once(' ').ok_or("no value")?;
        let found = match what {
            "state" => format!("{:?}", self.core.state()).to_lowercase(),
            "unacknowledged" => {
                let session = self.core.session().ok_or("there is no session")?;
                session.unacknowledged().to_string()
            }
            _ => return Err("nobody knows what that is".to_owned()),
        };
        if found == value {
            return Ok(());
        }
        Err(format!("it is {found}"))
    }

    fn hears(&mut self, now: Instant, text: &str) {
        if !self.by_hand {
            self.core.handle_text(now, text);
            self.drain();
        }
    }

    fn end(&mut self) {
        self.core.handle_close();
        self.drain();
        self.said.clear();
    }

    /// Does what an application would do for the core to send this text.
    fn command(&mut self, now: Instant, text: &str) -> Result<(), String> {
        if text.starts_with("close ") {
            self.core.close(now);
            self.drain();
            return Ok(());
        }
        let message =
            message::read::<Native>(text, Limits::default()).map_err(|error| error.to_string())?;
        let core = &mut self.core;
        let refused = |error: jstp_proto::Refused| error.to_string();
        match message {
            Message::HandshakeRequest(request) => ask(core, now, &request)?,
            Message::HandshakeAnswer(HandshakeAnswer::Ok(ok)) => {
                match read_value(ok, Limits::default()).unwrap() {
                    Value::String(id) => core.accept(now, id).map_err(refused)?,
                    Value::Number(_) => core.resume(now, self.received).map_err(refused)?,
                    other => return Err(format!("{other:?} answers no handshake")),
                }
            }
            Message::HandshakeAnswer(HandshakeAnswer::Error(error)) => {
                match read_value(error, Limits::default()).unwrap() {
                    Value::Array(error) => core.refuse(now, &RemoteError::from_wire(error)),
                    other => return Err(format!("{other:?} refuses no handshake")),
                }
            }
            Message::Numbered(message) => return self.ask(now, message),
            other => return Err(format!("no application asks for {other:?}")),
        }
        self.drain();
        Ok(())
    }

    fn ask(&mut self, now: Instant, message: Numbered<Value>) -> Result<(), String> {
        let core = &mut self.core;
        let id = message.id;
        let (interface, verb) = (&*message.interface, &*message.verb);
        let (kind, call) = match (message.kind, &message.payload) {
            (Kind::Call, Some(args)) if self.resends => (
                "call",
                core.call_with_resend(interface, verb, written(args)),
            ),
            (Kind::Call, Some(args)) => ("call", core.call(interface, verb, written(args))),
            (Kind::Inspect, _) => ("inspect", core.inspect(interface)),
            (Kind::Ping, _) => ("ping", core.ping(now)),
            (Kind::Event, Some(args)) => {
                core.emit(interface, verb, written(args))
                    .map_err(|refused| refused.to_string())?;
                self.drain();
                return Ok(());
            }
            (Kind::Callback, Some(payload)) => {
                let payload = written(payload);
                core.answer(
                    id,
                    if verb == "ok" {
                        Ok(payload)
                    } else {
                        Err(payload)
                    },
                );
                self.drain();
                return Ok(());
            }
            _ => return Err(format!("no application asks for {message:?}")),
        };
        self.calls.insert(
            call.map_err(|refused| refused.to_string())?,
            format!("{kind} {id}"),
        );
        self.drain();
        Ok(())
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match &output {
                Output::Transmit(text) => self.said.push_back(text.clone()),
                Output::Close { code } => self.said.push_back(format!("close {code}")),
                Output::Drop => {}
                Output::Event(event) => {
                    if let Event::HandshakeRequested {
                        strategy: Strategy::Session { received, .. },
                        ..
                    } = event
                    {
                        self.received = *received;
                    }
                    self.told.push_back(words::output(&output, &self.calls));
                }
            }
        }
        if self.by_hand {
            self.said.clear();
        }
    }
}

fn ask(
    core: &mut Connection<Native>,
    now: Instant,
    request: &HandshakeRequest<'_>,
) -> Result<(), String> {
    let range = match &request.version {
        VersionField::Text(range) => Some(range.as_str()),
        VersionField::Any | VersionField::NotText => None,
    };
    let auth = match &request.strategy {
        None => Auth::Anonymous,
        Some((strategy, _)) if strategy == "session" => Auth::Resume,
        Some((strategy, credentials)) => {
            let credentials = read_value(credentials, Limits::default()).unwrap();
            match (strategy.as_str(), &credentials) {
                ("login", Value::Array(pair)) => match pair.as_slice() {
                    [Value::String(username), Value::String(password)] => Auth::Login {
                        username: username.clone(),
                        password: password.clone(),
                    },
                    _ => return Err("a login has a name and a password".to_owned()),
                },
                _ => Auth::Custom {
                    strategy: strategy.clone(),
                    credentials: written(&credentials),
                },
            }
        }
    };
    let app = request.app.as_deref().unwrap_or_default();
    core.handshake(now, app, range, &auth)
        .map_err(|error| error.to_string())
}

#[test]
fn a_dialogue_that_is_wrong_is_noticed() {
    let wrong = [
        "C {handshake:[0,'chat']}\nS {handshake:[1],ok:'id'}\n",
        "C {handshake:[0,'chat']}\nS {handshake:[0],ok:'id'}\nC {call:[2,'i'],m:[]}\n",
        "C {handshake:[0,'chat']}\nS {handshake:[0],ok:'id'}\nC {ping:[1]}\n",
        "C {handshake:[0,'chat']}\nS {handshake:[0],ok:'id'}\nC ! resumed\n",
    ];
    for dialogue in wrong {
        let played = std::panic::catch_unwind(|| Stage::new(dialogue).play(1));
        assert!(played.is_err(), "{dialogue}");
    }
    assert_eq!(State::Closed, Peer::new(Role::Client, false).core.state());
}
