//! Read and write throughput of the value syntax, in MB of MDSF text a second.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use jstp_proto::mdsf::{
    Json, Limits, Scan, Value, ValueReader, WriteOptions, read, read_value, write,
};

fn main() {
    println!(
        "{:<22}{:>10}{:>10}{:>10}{:>10}{:>10}",
        "MB/s", "bytes", "to JSON", "to Value", "write", "scan"
    );
    for (name, text) in samples() {
        let value = read_value(&text, Limits::default()).unwrap();
        let mut json = Json::with_capacity(text.len() * 2);
        let to_json = throughput(text.len(), || {
            json.clear();
            read(black_box(&text), Limits::default(), &mut json).unwrap();
            black_box(json.text());
        });
        let to_value = throughput(text.len(), || {
            let mut reader = ValueReader::default();
            read(black_box(&text), Limits::default(), &mut reader).unwrap();
            black_box(reader.finish());
        });
        let scanned = throughput(text.len(), || {
            let mut scan = Scan::default();
            read(black_box(&text), Limits::default(), &mut scan).unwrap();
            black_box(&scan);
        });
        let mut out = String::with_capacity(text.len());
        let written = throughput(text.len(), || {
            out.clear();
            write(black_box(&value), &mut out, WriteOptions::default()).unwrap();
            black_box(&out);
        });
        println!(
            "{name:<22}{:>10}{to_json:>10.0}{to_value:>10.0}{written:>10.0}{scanned:>10.0}",
            text.len()
        );
    }
}

/// What is measured: records of different counts, and texts that lack what makes records quick.
fn samples() -> Vec<(&'static str, String)> {
    let cyrillic: Vec<_> = (0..2000)
        .map(|n| format!("'сообщение номер {n}'"))
        .collect();
    let escaped: Vec<_> = (0..2000)
        .map(|n| format!("'line {n}\\n\\tsay \\'hi\\' \\\"now\\\"'"))
        .collect();
    vec![
        ("scalar in an array", "['hello, world',12345]".to_owned()),
        ("one call", "{a:1,name:'short',ok:true}".to_owned()),
        ("12 records", records(12)),
        ("1 200 records", records(1200)),
        ("24 000 records", records(24_000)),
        ("Cyrillic strings", format!("[{}]", cyrillic.join(","))),
        ("escapes", format!("[{}]", escaped.join(","))),
        (
            "numbers",
            write_to_string(
                (0..10_000)
                    .map(|n| Value::Number(f64::from(n) * 1.37))
                    .collect(),
            ),
        ),
    ]
}

fn records(count: usize) -> String {
    let mut text = String::from("[");
    for id in 0..count {
        if id > 0 {
            text.push(',');
        }
        text.push_str(&format!(
            "{{id:{id},name:'User number {id}',tags:['alpha','beta{}','gamma and delta'],\
             score:{}.{},ok:{}}}",
            id % 7,
            id * 3 % 1000,
            id % 10,
            id % 3 == 0,
        ));
    }
    text.push(']');
    text
}

fn write_to_string(elements: Vec<Value>) -> String {
    let mut text = String::new();
    write(&Value::Array(elements), &mut text, WriteOptions::default()).unwrap();
    text
}

/// The best of several rounds, each long enough for the clock.
fn throughput(bytes: usize, mut run: impl FnMut()) -> f64 {
    let rounds = (1_000_000 / bytes).max(1);
    let mut best = Duration::MAX;
    let end = Instant::now() + Duration::from_millis(300);
    while Instant::now() < end {
        let start = Instant::now();
        for _ in 0..rounds {
            run();
        }
        best = best.min(start.elapsed());
    }
    (bytes * rounds) as f64 / best.as_secs_f64() / 1e6
}
