//! Heads: everything of a message of ours before its payload, and the names that may stand in it.

use crate::error::Refused;
use crate::mdsf;
use crate::text::{decimal, joined};

/// A message up to and with its id: `{call:[3`.
pub(crate) fn open(kind: &'static str, id: i64) -> String {
    let mut text = String::with_capacity(32);
    text.push('{');
    text.push_str(kind);
    text.push_str(":[");
    text.push_str(&decimal(id));
    text
}

/// What comes between the id of a call or an event and its payload: `,'auth'],login:`.
pub(crate) fn target(interface: &str, verb: &str) -> String {
    let mut text = String::with_capacity(interface.len() + verb.len() + 16);
    text.push(',');
    mdsf::write_string(interface, &mut text);
    text.push_str("],");
    mdsf::write_key(verb, &mut text);
    text.push(':');
    text
}

/// What comes after the id of an inspect: `,'auth']`.
pub(crate) fn interface(name: &str) -> String {
    let mut text = String::from(",");
    mdsf::write_string(name, &mut text);
    text.push(']');
    text
}

/// `{ping:[5]}` or `{pong:[5]}`
pub(crate) fn bare(kind: &'static str, id: i64) -> String {
    open(kind, id) + "]}"
}

/// Everything of an answer before its payload: `{callback:[3],ok:`.
pub(crate) fn answer_head(kind: &'static str, id: i64, verb: &'static str) -> String {
    let mut text = open(kind, id);
    text.push_str("],");
    text.push_str(verb);
    text.push(':');
    text
}

/// What stands before the results of a call, for [`Connection::answer_written`](crate::Connection::answer_written).
pub fn results_head(id: i64) -> String {
    answer_head("callback", id, "ok")
}

/// The payload of an error that has a code and nothing else: `[16]`
pub(crate) fn bare_error(code: i64) -> String {
    joined(&["[", &decimal(code), "]"])
}

/// Everything of a handshake request before its credentials, or all but the closing brace of one
/// without: `{handshake:[0,'app','^1'],login:`.
pub(crate) fn handshake_head(app: &str, range: Option<&str>, strategy: Option<&str>) -> String {
    let mut text = String::from("{handshake:[0,");
    mdsf::write_string(app, &mut text);
    if let Some(range) = range {
        text.push(',');
        mdsf::write_string(range, &mut text);
    }
    text.push(']');
    if let Some(strategy) = strategy {
        text.push(',');
        mdsf::write_key(strategy, &mut text);
        text.push(':');
    }
    text
}

pub(crate) fn check_interface(name: &str) -> Result<(), Refused> {
    if name.is_empty() {
        return Err(refused("interface", name, "it is empty"));
    }
    Ok(())
}

pub(crate) fn check_verb(kind: &str, (what, name): (&'static str, &str)) -> Result<(), Refused> {
    if name == kind {
        return Err(refused(
            what,
            name,
            "it would take the place of the message's header",
        ));
    }
    if name == "__proto__" {
        return Err(refused(
            what,
            name,
            "JavaScript peers take it for the prototype",
        ));
    }
    if is_array_index(name) {
        return Err(refused(
            what,
            name,
            "JavaScript peers move such keys to the front",
        ));
    }
    Ok(())
}

/// Whether every client can call a method of this name.
///
/// # Errors
/// Those written in JavaScript cannot, and the error says why (Q40).
pub fn check_method(name: &str) -> Result<(), Refused> {
    if name.is_empty() {
        return Err(refused(
            "method",
            name,
            "JavaScript peers leave an empty name out",
        ));
    }
    check_verb("call", ("method", name))
}

pub(crate) fn check_strategy(name: &str) -> Result<(), Refused> {
    if matches!(name, "anonymous" | "session") {
        return Err(refused(
            "strategy",
            name,
            "the protocol gives it a meaning of its own",
        ));
    }
    check_verb("handshake", ("strategy", name))
}

pub(crate) fn refused(what: &'static str, name: &str, why: &'static str) -> Refused {
    Refused::Name {
        what,
        name: name.to_owned(),
        why,
    }
}

/// Whether JavaScript orders this key before all others: a decimal integer below 2³² − 1.
fn is_array_index(name: &str) -> bool {
    let canonical = name == "0" || !name.starts_with('0');
    let digits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    canonical && digits && name.parse::<u32>().is_ok_and(|index| index < u32::MAX)
}
