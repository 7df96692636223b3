//! Calls per second, latency, and memory of idle connections, under one load generator: this server with
//! and without `metarhia-jstp.batch`, upstream's Node server, and a tungstenite server that sends back what it
//! gets. None of them makes anything of the argument it sends back, but for upstream's, which cannot help it. Then
//! what it costs to have the argument as a type, beside a tungstenite server that has serde_json read and write
//! the same.
//!
//!     cargo bench --package jstp-server [--bench calls] [-- calls [PAYLOAD] | methods | idle]
//!
//! Upstream's server is left out with a word where Node or its packages are missing. Nothing here fails
//! because of a time: machines differ, and what else runs on them does too. So the contenders take turns, a
//! row is the median of the rounds, and the server's own processor time is given beside what passed on the
//! clock.
#![allow(clippy::unwrap_used, clippy::panic)]

/// As the binary has it: all servers here do, and the generator.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod echo;
mod load;
mod methods;
mod script;
mod targets;
mod wire;

use std::time::Duration;

use jstp_proto::mdsf::{self, WriteOptions};

use load::{Load, Payload, Run};
use targets::{Kind, Target};

const ROUNDS: usize = 3;
const RUN: Duration = Duration::from_millis(400);
const IDLE: usize = 10_000;

/// What the issue this answers asks for.
const OVER_UPSTREAM: f64 = 5.0;
const OF_ECHO: f64 = 0.7;
const IDLE_BYTES: f64 = 20_000.0;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("--methods") => return methods::serve(),
        Some(name) if echo::serve(name).is_some() => return,
        _ => {}
    }
    let mut only = args.iter().filter(|arg| !arg.starts_with('-'));
    let (only, payload) = (only.next(), only.next());
    let wants = |what: &str| only.is_none_or(|only| only == what);
    let mut missed = Vec::new();
    if wants("calls") {
        calls(payload.map(String::as_str), &mut missed);
    }
    if wants("methods") {
        what_methods_cost();
    }
    if wants("idle") {
        idle(&mut missed);
    }
    match missed.is_empty() {
        true => println!("All targets met."),
        false => println!("Targets missed:\n  {}", missed.join("\n  ")),
    }
}

/// A string of so many bytes, quotes included.
fn text_of(bytes: usize) -> Payload {
    let text = "x".repeat(bytes - 2);
    Payload {
        mdsf: format!("'{text}'"),
        json: format!("\"{text}\""),
    }
}

fn records(count: usize) -> Payload {
    let records: Vec<_> = (1000..1000 + count).map(methods::record).collect();
    let mut text = String::new();
    mdsf::put(&records, &mut text, WriteOptions::default()).unwrap();
    Payload {
        mdsf: text,
        json: serde_json::to_string(&records).unwrap(),
    }
}

fn calls(only: Option<&str>, missed: &mut Vec<String>) {
    // So many calls under way that the server is not idle while its one client reads the answers.
    let payloads = [
        ("30 B", text_of(30), 128),
        ("1 kB", text_of(1_000), 128),
        ("1 kB records", records(10), 128),
        ("100 kB", text_of(100_000), 4),
        ("100 kB records", records(1_000), 4),
    ];
    println!("calls/s: several under way on each connection. p50, p99: one under way on each.");
    println!("CPU: the server's processor time for each of those several.\n");
    println!(
        "{:<15}{:>6}  {:<12}{:>10}{:>9}{:>11}{:>11}{:>11}{:>9}",
        "payload",
        "conns",
        "server",
        "calls/s",
        "CPU µs",
        "p50 µs",
        "p99 µs",
        "× upstream",
        "× echo"
    );
    let mut targets: Vec<Target> = Kind::ALL.into_iter().filter_map(Target::start).collect();
    for (name, payload, window) in payloads {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        for connections in [1, 100] {
            // With many connections the window is no longer what keeps the server busy.
            let window = if connections == 1 {
                window
            } else {
                window.min(4)
            };
            let load = |window, batch| Load {
                connections,
                window,
                batch,
                payload: payload.clone(),
                time: RUN,
            };
            let mut runs: Vec<(Vec<Run>, Vec<Run>)> =
                targets.iter().map(|_| Default::default()).collect();
            for _ in 0..ROUNDS {
                for (target, (busy, calm)) in targets.iter_mut().zip(&mut runs) {
                    busy.push(target.run(&load(window, target.is_batch())));
                    calm.push(target.run(&load(1, target.is_batch())));
                }
            }
            let rates: Vec<f64> = runs
                .iter()
                .map(|(busy, _)| median(busy, |run| run.rate))
                .collect();
            let rate_of = |kind| {
                let found = targets
                    .iter()
                    .zip(&rates)
                    .find(|(target, _)| target.kind == kind);
                found.map(|(_, rate)| *rate)
            };
            for ((target, rate), (busy, calm)) in targets.iter().zip(&rates).zip(&runs) {
                let over = |kind| rate_of(kind).map(|other| rate / other);
                let ratio = |ratio: Option<f64>| {
                    ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"))
                };
                let (upstream, echo) = (over(Kind::Upstream), over(Kind::Echo));
                println!(
                    "{name:<15}{connections:>6}  {:<12}{rate:>10.0}{:>9.1}{:>11.0}{:>11.0}{:>11}{:>9}",
                    target.kind.name(),
                    median(busy, |run| run.processor),
                    median(calm, |run| run.p50),
                    median(calm, |run| run.p99),
                    ratio(upstream),
                    ratio(echo),
                );
                let mut check = |found: Option<f64>, wanted: f64, what: &str| {
                    if let Some(found) = found.filter(|found| *found < wanted) {
                        let kind = target.kind.name();
                        missed.push(format!(
                            "{kind}, {name}, {connections} connections: {found:.2} × {what}, target {wanted}"
                        ));
                    }
                };
                if matches!(target.kind, Kind::Ours | Kind::OursBatch) {
                    check(upstream, OVER_UPSTREAM, "upstream's calls per second");
                }
                if target.kind == Kind::Ours {
                    check(echo, OF_ECHO, "the bare echo's");
                }
            }
            println!();
        }
    }
}

/// What it takes to make something of an argument and to write it again, in processor time, since that is what
/// a bare echo does not do at all.
fn what_methods_cost() {
    println!(
        "One connection. A method returns its argument, which it has as a type; CPU as above.\n"
    );
    println!(
        "{:<15}{:<12}{:<12}{:>10}{:>9}{:>9}",
        "payload", "as", "server", "calls/s", "CPU µs", "× echo"
    );
    for (name, payload, window, typed) in [
        ("100 kB", text_of(100_000), 4, "text"),
        ("1 kB records", records(10), 32, "records"),
        ("100 kB records", records(1_000), 4, "records"),
    ] {
        let contenders = [
            (Kind::Echo, "nothing", "bare echo"),
            (Kind::Method("raw"), "RawValue", "ours"),
            (Kind::Method(typed), "type", "ours"),
            (Kind::Json(typed), "type", "serde_json"),
            (Kind::Method("value"), "Value", "ours"),
            (Kind::Json("value"), "Value", "serde_json"),
        ];
        let mut targets: Vec<_> = contenders
            .into_iter()
            .filter_map(|(kind, taken, server)| Some((Target::start(kind)?, taken, server, vec![])))
            .collect();
        for _ in 0..ROUNDS {
            for (target, .., runs) in &mut targets {
                runs.push(target.run(&Load {
                    connections: 1,
                    window,
                    batch: false,
                    payload: payload.clone(),
                    time: RUN,
                }));
            }
        }
        let echo = targets
            .first()
            .map(|(.., runs)| median(runs, |run| run.rate));
        for (_, taken, server, runs) in &targets {
            let rate = median(runs, |run| run.rate);
            println!(
                "{name:<15}{taken:<12}{server:<12}{rate:>10.0}{:>9.1}{:>9.2}",
                median(runs, |run| run.processor),
                rate / echo.unwrap_or(f64::NAN),
            );
        }
        println!();
    }
}

fn median(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What the servers' memory grows by when clients connect and then do nothing.
fn idle(missed: &mut Vec<String>) {
    println!(
        "{IDLE} idle connections, each with a session: resident memory of the server, in bytes"
    );
    println!(
        "{:<12}{:>12}{:>14}{:>16}",
        "server", "before", "with them", "a connection"
    );
    for kind in [Kind::Ours, Kind::Upstream, Kind::Echo] {
        let Some(mut target) = Target::start(kind) else {
            continue;
        };
        let before = target.resident();
        let idle = target.hold(IDLE);
        let with = target.resident();
        drop(idle);
        let each = (with as f64 - before as f64) / IDLE as f64;
        println!("{:<12}{before:>12}{with:>14}{each:>16.0}", kind.name());
        if kind == Kind::Ours && each > IDLE_BYTES {
            missed.push(format!(
                "{each:.0} bytes for an idle connection, target {IDLE_BYTES}"
            ));
        }
    }
    println!();
}
