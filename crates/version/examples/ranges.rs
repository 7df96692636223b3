//! Answers questions about versions and ranges, for a test that asks npm's `semver` the same.
//!
//! Each line of standard input is a question, a JSON array of strings, and gets a line of JSON:
//!
//! - `["valid", version]`: whether the version is one.
//! - `["validRange", range]`: whether the range is one.
//! - `["satisfies", range, version…]`: for each version, whether it is in the range.
//! - `["pick", requested, version…]`: the place of the version a handshake would get, or null.

use std::error::Error;
use std::io::{self, BufRead, BufWriter, Write};

use jstp_version::{Range, Requested, Version, parse_version};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let question: Vec<String> = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&question)?)?;
    }
    Ok(out.flush()?)
}

fn answer(question: &[String]) -> Result<Value, Box<dyn Error>> {
    let [verb, text, versions @ ..] = question else {
        return Err("a question is a verb, a text and perhaps versions".into());
    };
    let versions: Vec<Version> = versions
        .iter()
        .map(|v| parse_version(v))
        .collect::<Result<_, _>>()?;
    Ok(match verb.as_str() {
        "valid" => json!(parse_version(text).is_ok()),
        "validRange" => json!(text.parse::<Range>().is_ok()),
        "satisfies" => match text.parse::<Range>() {
            Ok(range) => versions.iter().map(|v| range.matches(v)).collect(),
            Err(_) => versions.iter().map(|_| false).collect(),
        },
        "pick" => {
            let requested = Requested::parse(Some(text)).ok();
            let places = versions.iter().zip(0usize..);
            json!(requested.and_then(|requested| requested.pick(places)))
        }
        _ => return Err(format!("`{verb}` is not a verb").into()),
    })
}
