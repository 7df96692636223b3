//! Plays a transcript: one core, a clock that stands still unless told otherwise, and every word the
//! core says claimed by a line. The format is described in vectors/README.md.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use jstp_proto::mdsf::{self, Limits, Value};
use jstp_proto::{
    Auth, CallId, Config, Connection, Instant, Native, Refused, RemoteError, Role, Session,
};

use crate::words::output;

/// Plays `vectors/NAME.transcript`.
pub(crate) fn play(name: &str) {
    let path = format!("{}/vectors/{name}.transcript", env!("CARGO_MANIFEST_DIR"));
    let transcript = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path}: {why}"));
    let mut scene: Option<Scene> = None;
    for (number, line) in (1..).zip(transcript.lines()) {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let why = match (&mut scene, line.split_once(' ').unwrap_or((line, ""))) {
            (_, ("client" | "server", _)) => Scene::begin(line).and_then(|new| {
                let ended = scene.replace(new);
                ended.map_or(Ok(()), |ended| ended.nothing_left())
            }),
            (Some(scene), ("times", repeated)) => scene.times(repeated),
            (Some(scene), _) => scene.line(line),
            (None, _) => Err("a scene begins with `client` or `server`".to_owned()),
        };
        if let Err(why) = why {
            panic!("{name}.transcript:{number}: {}: {why}", short(line));
        }
    }
    let scene = scene.unwrap_or_else(|| panic!("{name}.transcript is empty"));
    if let Err(why) = scene.nothing_left() {
        panic!("{name}.transcript: at its end: {why}");
    }
}

struct Scene {
    core: Connection<Native>,
    /// Whether the transports carry arrays of messages.
    batch: bool,
    now: Instant,
    calls: HashMap<CallId, String>,
    /// What the core has said and no line has claimed.
    said: VecDeque<String>,
}

type Outcome = Result<(), String>;

impl Scene {
    fn begin(line: &str) -> Result<Self, String> {
        let mut words = line.split(' ');
        let role = match words.next() {
            Some("client") => Role::Client,
            _ => Role::Server,
        };
        let mut config = Config::new(role);
        let mut batch = false;
        for word in words {
            if word == "batch" {
                batch = true;
                continue;
            }
            let (name, value) = word.split_once('=').ok_or("a setting is NAME=NUMBER")?;
            let number: usize = parse(value)?;
            set(&mut config, name, number)?;
        }
        Ok(Self {
            core: Connection::new(role, config),
            batch,
            now: Instant::from_millis(1_000),
            calls: HashMap::new(),
            said: VecDeque::new(),
        })
    }

    /// `1..3: LINE | LINE`, with `%` for the number.
    fn times(&mut self, repeated: &str) -> Outcome {
        let (range, lines) = repeated.split_once(": ").ok_or("no `: `")?;
        let (first, last) = range.split_once("..").ok_or("no `..`")?;
        for number in parse::<u64>(first)?..=parse::<u64>(last)? {
            for line in lines.split(" | ") {
                let line = line.replace('%', &number.to_string());
                self.line(&line).map_err(|why| format!("{number}: {why}"))?;
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Outcome {
        let line = expand(line)?;
        if line.starts_with("> ") || line.starts_with("! ") {
            return match self.said.pop_front() {
                Some(said) if said == line => Ok(()),
                Some(said) => Err(format!("it is\n  {}", short(&said))),
                None => Err("nothing more is said".to_owned()),
            };
        }
        if let Some(expected) = line.strip_prefix("? ") {
            return self.is(expected);
        }
        self.nothing_left()?;
        if let Some(text) = line.strip_prefix("< ") {
            for part in self.core.messages(text, self.batch) {
                self.core.handle_part(self.now, part);
                self.drain();
            }
        } else if let Some(duration) = line.strip_prefix('+') {
            self.pass(duration)?;
        } else if let Some((name, request)) = line.split_once(" = ") {
            self.request(name, request)?;
        } else {
            self.command(&line)?;
        }
        self.drain();
        Ok(())
    }

    fn nothing_left(&self) -> Outcome {
        match self.said.front() {
            Some(said) => Err(format!("unclaimed before it:\n  {}", short(said))),
            None => Ok(()),
        }
    }

    fn drain(&mut self) {
        while let Some(said) = self.core.poll_output() {
            self.said.push_back(output(&said, &self.calls));
        }
    }

    /// Lets time pass with the core asked at each of its deadlines, or, with `late `, once at the end.
    fn pass(&mut self, duration: &str) -> Outcome {
        let (duration, late) = match duration.strip_suffix(" late") {
            Some(duration) => (duration, true),
            None => (duration, false),
        };
        let millis = duration.strip_suffix("ms").ok_or("time is +NUMBERms")?;
        let end = self.now + Duration::from_millis(parse(millis)?);
        if late {
            self.now = end;
            self.core.handle_timeout(end);
            return Ok(());
        }
        for _ in 0..1_000 {
            match self.core.poll_timeout() {
                Some(due) if due <= end => {
                    self.now = self.now.max(due);
                    self.core.handle_timeout(self.now);
                    self.drain();
                }
                _ => {
                    self.now = end;
                    return Ok(());
                }
            }
        }
        Err("the core's deadline does not move".to_owned())
    }

    fn request(&mut self, name: &str, request: &str) -> Outcome {
        let core = &mut self.core;
        let words = words(request, 4);
        let made = match *words {
            ["call", interface, method, args] => core.call(interface, method, args.to_owned()),
            ["resendable", interface, method, args] => {
                core.call_with_resend(interface, method, args.to_owned())
            }
            ["inspect", interface] => core.inspect(interface),
            ["ping"] => core.ping(self.now),
            _ => return Err("no such request".to_owned()),
        };
        match made {
            Ok(call) => {
                self.calls.insert(call, name.to_owned());
            }
            Err(refused) => self.refused(&refused),
        }
        Ok(())
    }

    fn command(&mut self, line: &str) -> Outcome {
        let now = self.now;
        let core = &mut self.core;
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let done = match (verb, rest) {
            ("connecting", "") => {
                core.handle_connecting(now);
                Ok(())
            }
            ("open", "") => {
                core.handle_open(now);
                Ok(())
            }
            ("end", "") => {
                core.handle_close();
                Ok(())
            }
            ("peer-closes", code) => {
                core.handle_peer_close(parse(code)?);
                Ok(())
            }
            ("garbage", "") => {
                core.handle_not_utf8(now);
                Ok(())
            }
            ("close", "") => {
                core.close(now);
                Ok(())
            }
            ("forget", "") => {
                core.forget_session();
                Ok(())
            }
            ("heartbeat", millis) => {
                let interval = match millis {
                    "off" => None,
                    millis => Some(Duration::from_millis(parse(millis)?)),
                };
                core.set_heartbeat(now, interval);
                Ok(())
            }
            ("withdraw", name) => {
                let call = self.calls.iter().find(|(_, called)| *called == name);
                let (call, _) = call.ok_or("no such request")?;
                let left = core.withdraw(*call);
                let left = if left { "had left" } else { "had not left" };
                self.said.push_back(format!("! {name} {left}"));
                Ok(())
            }
            ("handshake", asked) => {
                let (app, auth) = asked.split_once(' ').ok_or("APPLICATION STRATEGY")?;
                let (app, range) = match app.split_once('@') {
                    Some((app, range)) => (app, Some(range)),
                    None => (word(app), None),
                };
                core.handshake(now, app, range, &auth_of(auth)?)
            }
            ("accept", id) => core.accept(now, id.to_owned()),
            ("resume", received) => core.resume(now, parse(received)?),
            ("refuse", error) => {
                core.refuse(now, &error_of(error)?);
                Ok(())
            }
            ("adopt", id) => core.adopt_session(Session::new(id.to_owned())),
            ("emit", event) => match *words(event, 3) {
                [interface, event, args] => core.emit(interface, event, args.to_owned()),
                _ => return Err("INTERFACE EVENT ARGUMENTS".to_owned()),
            },
            ("answer", answer) => {
                match *words(answer, 3) {
                    [id, "ok", results] => core.answer(parse(id)?, Ok(results.to_owned())),
                    [id, "error", error] => core.answer(parse(id)?, Err(error.to_owned())),
                    _ => return Err("ID ok|error ARRAY".to_owned()),
                }
                Ok(())
            }
            _ => return Err("no such command".to_owned()),
        };
        if let Err(refused) = done {
            self.refused(&refused);
        }
        Ok(())
    }

    fn refused(&mut self, refused: &Refused) {
        self.drain();
        self.said.push_back(format!("! refused: {refused}"));
    }

    /// Whether the core is in the state a line says.
    fn is(&self, expected: &str) -> Outcome {
        let core = &self.core;
        let (what, expected) = expected.split_once(' ').ok_or("WHAT VALUE")?;
        let session = || core.session().ok_or("there is no session");
        let found = match what {
            "state" => format!("{:?}", core.state()).to_lowercase(),
            "session" => core.session().map_or("none", Session::id).to_owned(),
            "pending" => core.pending_calls().to_string(),
            "unacknowledged" => session()?.unacknowledged().to_string(),
            "bytes" => session()?.unacknowledged_weight().to_string(),
            "delivered" => session()?.delivered().to_string(),
            "received" => session()?.received().to_string(),
            "rtt" => match core.rtt() {
                Some(rtt) => format!("{}ms", rtt.as_millis()),
                None => "unknown".to_owned(),
            },
            "deadline" => match core.poll_timeout() {
                Some(due) => format!("{}ms", due.since(self.now).as_millis()),
                None => "none".to_owned(),
            },
            _ => return Err("no such thing to know".to_owned()),
        };
        if found == expected {
            Ok(())
        } else {
            Err(format!("it is {found}"))
        }
    }
}

fn set(config: &mut Config, name: &str, number: usize) -> Outcome {
    let duration = Duration::from_millis(number as u64);
    match name {
        "handshake_timeout" => config.handshake_timeout = duration,
        "in_doubt_timeout" => config.in_doubt_timeout = duration,
        "heartbeat_interval" => config.heartbeat_interval = Some(duration),
        "heartbeat_timeout" => config.heartbeat_timeout = Some(duration),
        "max_message" => config.max_message = number,
        "max_received" => config.max_received = number,
        "buffer_messages" => config.buffer_messages = number,
        "buffer_bytes" => config.buffer_bytes = number,
        "held_messages" => config.held_messages = number,
        "held_bytes" => config.held_bytes = number,
        "kept_answers" => config.kept_answers = number,
        "kept_answer_bytes" => config.kept_answer_bytes = number,
        _ => return Err(format!("no setting {name}")),
    }
    Ok(())
}

fn auth_of(auth: &str) -> Result<Auth<String>, String> {
    Ok(match *words(auth, 3) {
        ["anonymous"] => Auth::Anonymous,
        ["resume"] => Auth::Resume,
        ["login", username, password] => Auth::Login {
            username: username.to_owned(),
            password: password.to_owned(),
        },
        [strategy, "with", credentials] => Auth::Custom {
            strategy: strategy.to_owned(),
            credentials: credentials.to_owned(),
        },
        _ => return Err("no such strategy".to_owned()),
    })
}

fn error_of(array: &str) -> Result<RemoteError, String> {
    match mdsf::read_value(array, Limits::default()) {
        Ok(Value::Array(error)) => Ok(RemoteError::from_wire(error)),
        _ => Err("an error is an array".to_owned()),
    }
}

/// The words of a command, of which the last may have blanks.
fn words(line: &str, most: usize) -> Vec<&str> {
    line.splitn(most, ' ').map(word).collect()
}

/// `""` is the word without letters.
fn word(word: &str) -> &str {
    if word == "\"\"" { "" } else { word }
}

/// Replaces `${x*3}` by `xxx`.
fn expand(line: &str) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("${") {
        let (repeated, after) = after.split_once('}').ok_or("no `}` after `${`")?;
        let (text, times) = repeated.rsplit_once('*').ok_or("no `*` in `${`")?;
        expanded.push_str(before);
        expanded.push_str(&text.repeat(parse(times)?));
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

fn short(text: &str) -> String {
    match text.char_indices().nth(160) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}
