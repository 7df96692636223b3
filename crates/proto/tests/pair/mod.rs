//! A client and a server, back to back, over a link that delays, drops, cuts and half-opens, on a
//! virtual clock. The server's side does what a real one does: each transport has a core of its own
//! until its handshake says which session it belongs to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write as _;
use std::time::Duration;

use jstp_proto::mdsf::Value;
use jstp_proto::{
    Auth, Config, Connection, Event, Instant, Native, Output, Role, Session, Strategy, take_batch,
};

use crate::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    Client,
    Server,
}

pub(crate) const BOTH: [Who; 2] = [Who::Client, Who::Server];

impl Who {
    pub(crate) fn other(self) -> Self {
        match self {
            Who::Client => Who::Server,
            Who::Server => Who::Client,
        }
    }

    fn letter(self) -> char {
        match self {
            Who::Client => 'C',
            Who::Server => 'S',
        }
    }
}

/// What the pair does by itself once its time has come.
enum Happening {
    Attempt,
    Opens { link: usize },
    Arrives { link: usize, at: Who, frame: Frame },
    Flushes { link: usize, from: Who },
    Notices { link: usize, who: Who },
    Alarm(u64),
}

enum Frame {
    Text(String),
    Close,
}

/// One transport.
#[derive(Default)]
struct Link {
    cut: bool,
    /// Whether it carries arrays of messages.
    batch: bool,
    /// Whether the client and the server have sent their handshake, which travels alone.
    greeted: [bool; 2],
    /// What the client and the server have collected at this instant.
    waiting: [VecDeque<String>; 2],
    /// When the last frame to the client and to the server arrives: they do not overtake.
    arrives: [Instant; 2],
    /// The absolute ids of the last numbered messages of the client and of the server.
    ids: [u64; 2],
}

pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) client: Connection<Native>,
    pub(crate) server: Connection<Native>,
    /// The transports the two sit on.
    on: [Option<usize>; 2],
    /// Transports of the server that have not had their handshake.
    greeting: BTreeMap<usize, Connection<Native>>,
    links: Vec<Link>,
    happenings: BTreeMap<(Instant, u64), Happening>,
    scheduled: u64,
    latency: Duration,
    reachable: Instant,
    attempts: u64,
    /// Which links carry arrays of messages, a bit each.
    batch: u64,
    server_config: Config,
    /// What the cores have told their applications.
    pub(crate) told: VecDeque<(Who, Event<Value>)>,
    /// The alarms that have rung.
    pub(crate) rung: VecDeque<u64>,
    /// All that was said and done, if somebody is going to read it.
    pub(crate) log: Option<String>,
    /// How many arrays of messages have been sent.
    pub(crate) arrays: u64,
    /// What is wrong with what a core did, if anything is.
    pub(crate) wrong: Option<String>,
}

impl Pair {
    pub(crate) fn new(client: Config, server: Config, batch: u64, logged: bool) -> Self {
        let mut pair = Self {
            now: Instant::from_millis(0),
            client: Connection::new(Role::Client, client),
            server: Connection::new(Role::Server, server),
            on: [None, None],
            greeting: BTreeMap::new(),
            links: Vec::new(),
            happenings: BTreeMap::new(),
            scheduled: 0,
            latency: Duration::from_millis(10),
            reachable: Instant::from_millis(0),
            attempts: 0,
            batch,
            server_config: server,
            told: VecDeque::new(),
            rung: VecDeque::new(),
            log: logged.then(String::new),
            arrays: 0,
            wrong: None,
        };
        pair.schedule(Duration::ZERO, Happening::Attempt);
        pair
    }

    pub(crate) fn core(&mut self, who: Who) -> &mut Connection<Native> {
        match who {
            Who::Client => &mut self.client,
            Who::Server => &mut self.server,
        }
    }

    /// One turn of a core on behalf of its application.
    pub(crate) fn turn<R>(
        &mut self,
        who: Who,
        work: impl FnOnce(&mut Connection<Native>, Instant) -> R,
    ) -> R {
        let now = self.now;
        let result = work(self.core(who), now);
        self.drain(who);
        result
    }

    pub(crate) fn set_latency(&mut self, latency: Duration) {
        self.latency = latency;
    }

    pub(crate) fn set_alarm(&mut self, after: Duration, alarm: u64) {
        self.schedule(after, Happening::Alarm(alarm));
    }

    /// Nothing that is under way arrives any more. Each side notices after a time of its own, or
    /// never, and no new transport opens for a while.
    pub(crate) fn cut(&mut self, notices: [Option<Duration>; 2], unreachable: Duration) {
        self.note('-', || "the link is cut".to_owned());
        self.reachable = self.now + unreachable;
        for (who, notices) in BOTH.into_iter().zip(notices) {
            if let Some(link) = self.on[who as usize] {
                self.links[link].cut = true;
                if let Some(after) = notices {
                    self.schedule(after, Happening::Notices { link, who });
                }
            }
        }
    }

    /// A new transport can be opened from now on.
    pub(crate) fn heal(&mut self) {
        self.reachable = self.now;
    }

    /// The client's page is loaded again: it keeps nothing but its session, as data. Answers it was
    /// thinking about are lost with it.
    pub(crate) fn reload(&mut self) {
        self.note('-', || "the client's page is loaded again".to_owned());
        let config = *self.client.config();
        let gone = std::mem::replace(&mut self.client, Connection::new(Role::Client, config));
        if let Some(session) = gone.session() {
            let session = Session::from_parts(session.to_parts(), String::len);
            if let Err(why) = self.client.adopt_session(session) {
                self.wrong = Some(format!("the session is not adopted: {why}"));
            }
        }
        let who = Who::Server;
        if let Some(link) = self.on[Who::Client as usize].take() {
            self.schedule(self.latency, Happening::Notices { link, who });
        }
        self.happenings
            .retain(|_, happening| !matches!(happening, Happening::Attempt));
        self.schedule(Duration::from_millis(50), Happening::Attempt);
    }

    /// Goes on to the next thing that happens, up to an instant. False if nothing does.
    pub(crate) fn step(&mut self, until: Instant) -> bool {
        let happening = self.happenings.first_key_value().map(|(key, _)| *key);
        let greeter = self.greeting.iter();
        let greeter = greeter.filter_map(|(link, core)| Some((core.poll_timeout()?, *link)));
        let greeter = greeter.min();
        let due = [
            happening.map(|(due, _)| due),
            self.client.poll_timeout(),
            self.server.poll_timeout(),
            greeter.map(|(due, _)| due),
        ];
        let Some(next) = due.into_iter().flatten().min().filter(|due| *due <= until) else {
            self.now = until;
            return false;
        };
        self.now = self.now.max(next);
        let now = self.now;
        if let Some(key) = happening.filter(|(due, _)| *due == next) {
            if let Some(happening) = self.happenings.remove(&key) {
                self.happens(happening);
            }
        } else if self.client.poll_timeout() == Some(next) {
            self.client.handle_timeout(now);
            self.drain(Who::Client);
        } else if self.server.poll_timeout() == Some(next) {
            self.server.handle_timeout(now);
            self.drain(Who::Server);
        } else if let Some((_, link)) = greeter {
            if let Some(core) = self.greeting.get_mut(&link) {
                core.handle_timeout(now);
            }
            self.greet(link);
        }
        true
    }

    fn schedule(&mut self, after: Duration, happening: Happening) {
        self.scheduled += 1;
        let key = (self.now + after, self.scheduled);
        self.happenings.insert(key, happening);
    }

    fn note(&mut self, who: char, what: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            let _ = writeln!(log, "{:>7} {who} {}", self.now.as_millis(), what());
        }
    }

    fn happens(&mut self, happening: Happening) {
        let now = self.now;
        match happening {
            Happening::Alarm(alarm) => self.rung.push_back(alarm),
            Happening::Attempt => {
                self.attempts += 1;
                self.client.handle_connecting(now);
                let link = self.links.len();
                self.links.push(Link {
                    batch: self.batch >> (link % 64) & 1 == 1,
                    ..Link::default()
                });
                self.on[Who::Client as usize] = Some(link);
                if now < self.reachable {
                    let who = Who::Client;
                    let patience = Duration::from_millis(20);
                    self.schedule(patience, Happening::Notices { link, who });
                } else {
                    self.schedule(self.latency, Happening::Opens { link });
                }
                self.drain(Who::Client);
            }
            Happening::Opens { link } => {
                if self.on[Who::Client as usize] != Some(link) || self.links[link].cut {
                    return;
                }
                self.note('-', || "a link opens".to_owned());
                let mut greeter = Connection::new(Role::Server, self.server_config);
                greeter.handle_open(now);
                self.greeting.insert(link, greeter);
                self.client.handle_open(now);
                let auth = match self.client.session() {
                    Some(_) => Auth::Resume,
                    None => Auth::Anonymous,
                };
                if let Err(why) = self.client.handshake(now, "app", None, &auth) {
                    self.wrong = Some(format!("the handshake is refused: {why}"));
                }
                self.drain(Who::Client);
            }
            Happening::Arrives { link, at, frame } => {
                if !self.links[link].cut {
                    self.arrives(link, at, frame);
                }
            }
            Happening::Flushes { link, from } => self.flush(link, from),
            Happening::Notices { link, who } => self.ends(link, who),
        }
    }

    fn arrives(&mut self, link: usize, at: Who, frame: Frame) {
        let now = self.now;
        let text = match frame {
            Frame::Text(text) => text,
            Frame::Close => {
                self.ends(link, at);
                let who = at.other();
                return self.schedule(self.latency, Happening::Notices { link, who });
            }
        };
        let batch = self.links[link].batch;
        for part in self.core(at).messages(&text, batch) {
            if self.on[at as usize] == Some(link) {
                self.core(at).handle_part(now, part);
                self.drain(at);
            } else if let Some(greeter) = self.greeting.get_mut(&link) {
                greeter.handle_part(now, part);
                self.greet(link);
            }
        }
    }

    /// One side learns of the end of a transport, if it still cares.
    fn ends(&mut self, link: usize, who: Who) {
        self.links[link].waiting[who as usize].clear();
        if self.on[who as usize] == Some(link) {
            self.on[who as usize] = None;
            self.core(who).handle_close();
            self.drain(who);
        } else if who == Who::Server {
            self.greeting.remove(&link);
        }
    }

    /// Does what the core of a transport without a session says.
    fn greet(&mut self, link: usize) {
        while let Some(core) = self.greeting.get_mut(&link)
            && let Some(output) = core.poll_output()
        {
            match output {
                Output::Event(Event::HandshakeRequested { strategy, .. }) => {
                    self.requested(link, &strategy);
                }
                Output::Transmit(text) => self.send(link, Who::Server, text),
                Output::Close { .. } => self.send_close(link, Who::Server),
                Output::Drop => {
                    self.greeting.remove(&link);
                }
                Output::Event(_) => {}
            }
        }
    }

    fn requested(&mut self, link: usize, strategy: &Strategy<Value>) {
        let now = self.now;
        let Some(mut greeter) = self.greeting.remove(&link) else {
            return;
        };
        let old = self.on[Who::Server as usize].replace(link);
        let done = match strategy {
            Strategy::Session { received, .. } => {
                if let Some(old) = old {
                    // The driver detaches the old transport before it closes it (Q2).
                    self.send_close(old, Who::Server);
                }
                self.server.resume(now, *received)
            }
            _ => {
                let accepted = greeter.accept(now, "session".to_owned());
                self.server = greeter;
                accepted
            }
        };
        if let Err(why) = done {
            self.wrong = Some(format!("the server cannot go on: {why}"));
        }
        self.drain(Who::Server);
    }

    fn drain(&mut self, who: Who) {
        while let Some(output) = self.core(who).poll_output() {
            self.note(who.letter(), || words::output(&output, &HashMap::new()));
            let link = self.on[who as usize];
            match output {
                Output::Event(event) => {
                    let over = matches!(event, Event::TransportClosed { .. });
                    if over && who == Who::Client {
                        self.on[Who::Client as usize] = None;
                        let delay = Duration::from_millis(1 + self.attempts * 37 % 300);
                        self.schedule(delay, Happening::Attempt);
                    }
                    self.told.push_back((who, event));
                }
                Output::Transmit(text) => match link {
                    Some(link) => self.send(link, who, text),
                    None => self.wrong = Some(format!("{who:?} sends without a transport")),
                },
                Output::Close { .. } => match link {
                    Some(link) => self.send_close(link, who),
                    None => self.wrong = Some(format!("{who:?} closes without a transport")),
                },
                Output::Drop => {
                    self.on[who as usize] = None;
                    if let Some(link) = link {
                        self.links[link].waiting[who as usize].clear();
                    }
                    if let Some(link) = link.filter(|link| !self.links[*link].cut) {
                        let who = who.other();
                        self.schedule(self.latency, Happening::Notices { link, who });
                    }
                }
            }
        }
    }

    fn send(&mut self, link: usize, from: Who, text: String) {
        if let Some(id) = numbered(&text) {
            let sign = match from {
                Who::Client => 1,
                Who::Server => -1,
            };
            let last = &mut self.links[link].ids[from as usize];
            if id * sign <= 0 || id.unsigned_abs() <= *last {
                self.wrong = Some(format!("{from:?} sends {text} after id {last}"));
            }
            *last = id.unsigned_abs();
        }
        let line = &mut self.links[link];
        let greeted = std::mem::replace(&mut line.greeted[from as usize], true);
        if !(line.batch && greeted) {
            return self.push(link, from, Frame::Text(text));
        }
        let waiting = &mut line.waiting[from as usize];
        waiting.push_back(text);
        if waiting.len() == 1 {
            self.schedule(Duration::ZERO, Happening::Flushes { link, from });
        }
    }

    fn flush(&mut self, link: usize, from: Who) {
        while let Some(text) = take_batch(&mut self.links[link].waiting[from as usize]) {
            self.arrays += u64::from(text.starts_with('['));
            self.push(link, from, Frame::Text(text));
        }
    }

    fn send_close(&mut self, link: usize, from: Who) {
        self.flush(link, from);
        self.push(link, from, Frame::Close);
    }

    fn push(&mut self, link: usize, from: Who, frame: Frame) {
        let at = from.other();
        let arrival = self.now + self.latency;
        let arrives = &mut self.links[link].arrives[at as usize];
        *arrives = arrival.max(*arrives);
        let after = arrives.since(self.now);
        self.schedule(after, Happening::Arrives { link, at, frame });
    }
}

/// The id of a message that uses one.
fn numbered(text: &str) -> Option<i64> {
    let (kind, rest) = text.strip_prefix('{')?.split_once(":[")?;
    let numbered = matches!(kind, "call" | "event" | "inspect" | "ping");
    let id = rest.split([',', ']']).next()?;
    numbered.then(|| id.parse().ok()).flatten()
}
