//! The demo: a chat, a calculator and a clock, each an application and together the one named
//! `demo`.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jstp_server::mdsf::to_value;
use jstp_server::{
    Application, Connection, Interface, MethodError, ServerEvent, ServerHandle, ServerOptions,
    Value,
};
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Messages a newcomer can read up on.
const HISTORY: usize = 50;
/// How long somebody whose line broke may take to come back before the others hear that they left.
const AWAY: Duration = Duration::from_secs(5);
/// Characters in a name, and in a message.
const MAX_NAME: usize = 40;
const MAX_TEXT: usize = 2000;

/// The demo's state, shared by all its applications.
#[derive(Clone, Default)]
pub(crate) struct Demo {
    room: Arc<Mutex<Room>>,
}

#[derive(Default)]
struct Room {
    members: HashMap<u64, Member>,
    history: VecDeque<Said>,
}

/// Somebody in the room, who may be away: then what is said is kept by the session.
struct Member {
    name: String,
    connection: Connection,
    /// Whether the others take the member for present.
    is_present: bool,
}

#[derive(Clone, Serialize)]
struct Said {
    from: String,
    text: String,
    time: String,
}

#[derive(Serialize)]
struct Joined {
    name: String,
    members: Vec<String>,
}

impl Demo {
    pub(crate) fn options(&self) -> ServerOptions {
        let demo = Application::new("demo")
            .interface(self.chat())
            .interface(calculator())
            .interface(clock());
        ServerOptions::new([
            demo,
            Application::new("chat").interface(self.chat()),
            Application::new("calculator").interface(calculator()),
            Application::new("clock").interface(clock()),
        ])
    }

    /// Starts the clock's ticking.
    pub(crate) fn serve(&self, server: ServerHandle) {
        tokio::spawn(async move {
            let mut seconds = interval(Duration::from_secs(1));
            seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                seconds.tick().await;
                for client in server.clients() {
                    let shows_clock = client
                        .application()
                        .is_some_and(|app| app.methods("clock").is_some());
                    if shows_clock {
                        // Whoever reads too slowly to be told the time misses a tick.
                        let _ = client.emit("clock", "tick", (iso_time(SystemTime::now()),));
                    }
                }
            }
        });
    }

    /// Follows who comes and goes.
    pub(crate) fn hear(&self, event: &ServerEvent<'_>) {
        match event {
            ServerEvent::Disconnect { connection } => {
                let (demo, connection) = (self.clone(), Connection::clone(connection));
                tokio::spawn(async move {
                    sleep(AWAY).await;
                    demo.leave(&connection);
                });
            }
            ServerEvent::Reconnect { connection } => {
                if let Some(Value::String(name)) = connection.get("name") {
                    // If somebody else took the name meanwhile, the client has to join anew.
                    let _ = self.join(connection, &name);
                }
            }
            _ => {}
        }
    }

    fn chat(&self) -> Interface {
        let (joining, saying, reading) = (self.clone(), self.clone(), self.clone());
        Interface::new("chat")
            .method("join", move |client: Connection, (name,): (String,)| {
                let joined = joining.join(&client, name.trim());
                async move { joined }
            })
            .method("say", move |client: Connection, (text,): (String,)| {
                let said = saying.say(&client, text.trim());
                async move { said }
            })
            .method("history", move |_: Connection, (): ()| {
                let history: Vec<Said> = reading.room().history.iter().cloned().collect();
                async move { Ok(history) }
            })
    }

    fn join(&self, client: &Connection, name: &str) -> Result<Joined, MethodError> {
        let length = name.chars().count();
        if length == 0 || length > MAX_NAME {
            let why = format!("Error: a name has 1 to {MAX_NAME} characters");
            return Err(MethodError::text(why));
        }
        let mut room = self.room();
        if let Some(other) = room.named(name, client) {
            if other.connection.is_open() {
                return Err(MethodError::text(format!(
                    "Error: the name {name} is taken"
                )));
            }
            // Whoever is away has no claim on it.
            let id = other.connection.id();
            room.remove(id);
        }
        let member = Member {
            name: name.to_owned(),
            connection: client.clone(),
            is_present: true,
        };
        let before = room.members.insert(client.id(), member);
        client.set("name", Value::String(name.to_owned()));
        match before {
            Some(before) if before.name == name => {
                if !before.is_present {
                    room.tell_others(client, "joined", (name,));
                }
            }
            Some(before) => {
                if before.is_present {
                    room.tell("left", (before.name,));
                }
                room.tell("joined", (name,));
            }
            None => room.tell("joined", (name,)),
        }
        let mut members: Vec<String> = room
            .members
            .values()
            .filter(|member| member.is_present)
            .map(|member| member.name.clone())
            .collect();
        members.sort_unstable();
        Ok(Joined {
            name: name.to_owned(),
            members,
        })
    }

    fn say(&self, client: &Connection, text: &str) -> Result<(), MethodError> {
        let length = text.chars().count();
        if length == 0 || length > MAX_TEXT {
            let why = format!("Error: a message has 1 to {MAX_TEXT} characters");
            return Err(MethodError::text(why));
        }
        let mut room = self.room();
        let Some(member) = room.members.get(&client.id()) else {
            return Err(MethodError::text("Error: join before you say something"));
        };
        let from = member.name.clone();
        let said = Said {
            from,
            text: text.to_owned(),
            time: iso_time(SystemTime::now()),
        };
        room.tell("message", (&said.from, &said.text, &said.time));
        if room.history.len() == HISTORY {
            room.history.pop_front();
        }
        room.history.push_back(said);
        Ok(())
    }

    /// The client's line broke a while ago. Unless it is back the others take it for gone, but it
    /// stays in the room while its session lasts, and finds what was said when it comes back.
    fn leave(&self, client: &Connection) {
        let mut room = self.room();
        let Some(member) = room.members.get_mut(&client.id()) else {
            return;
        };
        if !client.is_open() && member.is_present {
            member.is_present = false;
            let name = member.name.clone();
            room.tell_others(client, "left", (name,));
        }
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// Emits an event to everyone in the room.
    fn tell(&mut self, event: &str, args: impl Serialize) {
        self.tell_if(|_| true, event, args);
    }

    /// Emits an event to everyone but one, who knows or need not know.
    fn tell_others(&mut self, client: &Connection, event: &str, args: impl Serialize) {
        self.tell_if(|id| id != client.id(), event, args);
    }

    fn tell_if(&mut self, is_told: impl Fn(u64) -> bool, event: &str, args: impl Serialize) {
        let Ok(args) = to_value(&args) else { return };
        // Who is away and cannot be told any more has no session, or one whose buffer is full.
        self.members.retain(|id, member| {
            !is_told(*id)
                || member.connection.emit("chat", event, &args).is_ok()
                || member.is_present
        });
    }

    /// Another client's member of that name.
    fn named(&self, name: &str, client: &Connection) -> Option<&Member> {
        self.members
            .values()
            .find(|member| member.name == name && member.connection.id() != client.id())
    }

    fn remove(&mut self, id: u64) {
        if let Some(member) = self.members.remove(&id)
            && member.is_present
        {
            self.tell("left", (member.name,));
        }
    }
}

fn calculator() -> Interface {
    Interface::new("calculator")
        .method("add", async |_: Connection, (a, b): (f64, f64)| Ok(a + b))
        .method("subtract", async |_: Connection, (a, b): (f64, f64)| {
            Ok(a - b)
        })
        .method("multiply", async |_: Connection, (a, b): (f64, f64)| {
            Ok(a * b)
        })
        .method(
            "divide",
            async |_: Connection, (a, b): (f64, f64)| match b {
                0.0 => Err(MethodError::text("Error: Zero division")),
                b => Ok(a / b),
            },
        )
}

fn clock() -> Interface {
    Interface::new("clock").method("now", async |_: Connection, (): ()| {
        Ok(iso_time(SystemTime::now()))
    })
}

/// A time as JavaScript's `toISOString` writes it.
fn iso_time(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Year, month and day of a number of days after 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut rest = days;
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if rest < length {
            break;
        }
        rest -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_javascript_writes_them() {
        let at = |millis| iso_time(UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(951_782_400_123), "2000-02-29T00:00:00.123Z");
        assert_eq!(at(1_735_689_599_999), "2024-12-31T23:59:59.999Z");
        assert_eq!(at(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
    }
}
