//! The servers under load, each a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::load::{Load, Run, Speech};
use crate::wire::Wire;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Ours,
    OursBatch,
    Upstream,
    Echo,
    /// This server, with the method of the bench that returns its argument as this type.
    Method(&'static str),
    /// A tungstenite server that reads and writes it with serde_json.
    Json(&'static str),
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Ours, Self::OursBatch, Self::Upstream, Self::Echo];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Ours => "ours",
            Kind::OursBatch => "ours, batch",
            Kind::Upstream => "upstream",
            Kind::Echo => "bare echo",
            Kind::Method(method) => method,
            Kind::Json(_) => "serde_json",
        }
    }

    fn command(self) -> Command {
        match self {
            Kind::Upstream => {
                let root = Path::new(env!("CARGO_MANIFEST_DIR"));
                let mut command = Command::new("node");
                command.arg(root.join("../../pkg-tests/upstream/server.mjs"));
                command.args(["--listen", "127.0.0.1:0"]);
                // As whoever measures would run it: it logs every message otherwise.
                command.env("NODE_ENV", "production");
                command
            }
            Kind::Echo => Self::own("--echo"),
            Kind::Ours | Kind::OursBatch | Kind::Method(_) => Self::own("--methods"),
            Kind::Json(typed) => Self::own(&format!("--json-{typed}")),
        }
    }

    fn own(name: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(name);
        command
    }

    fn speech(self) -> Speech {
        match self {
            Kind::Ours | Kind::OursBatch => Speech::Jstp("raw"),
            Kind::Upstream => Speech::Jstp("one"),
            Kind::Echo => Speech::Echo,
            Kind::Method(method) => Speech::Jstp(method),
            Kind::Json(_) => Speech::Json,
        }
    }
}

/// A server that runs, and the generator's side of it.
pub(crate) struct Target {
    pub(crate) kind: Kind,
    child: Child,
    address: SocketAddr,
}

impl Target {
    /// `None` if there is no such server here.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        let started = kind
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(why) => {
                println!("without {}: {why}", kind.name());
                return None;
            }
        };
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).unwrap();
        }
        let Some(address) = line.trim().strip_prefix("listening ws://") else {
            println!("without {}: it does not listen", kind.name());
            let _ = child.kill();
            let _ = child.wait();
            return None;
        };
        Some(Self {
            kind,
            address: address.parse().unwrap(),
            child,
        })
    }

    pub(crate) fn is_batch(&self) -> bool {
        self.kind == Kind::OursBatch
    }

    pub(crate) fn run(&mut self, load: &Load) -> Run {
        let pid = self.child.id();
        load.run(self.address, self.kind.speech(), || processor_time(pid))
    }

    /// Connects so many clients and waits until they have nothing more to say.
    pub(crate) fn hold(&mut self, clients: usize) -> Vec<Wire> {
        let echo = self.kind == Kind::Echo;
        let open = || Wire::open(self.address, echo, false);
        let wires = std::iter::repeat_with(open).take(clients).collect();
        std::thread::sleep(Duration::from_secs(2));
        wires
    }

    /// Bytes of memory the process has.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        kilobytes.map_or(0, |kilobytes| kilobytes.parse::<u64>().unwrap() * 1024)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process has spent, in user code and in the kernel. Linux counts in hundredths of a second.
fn processor_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name of the program, in parentheses, may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}
