//! What a core says, in the words of a transcript.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::BuildHasher;

use jstp_proto::mdsf::{self, Value, WriteOptions};
use jstp_proto::message::VersionField;
use jstp_proto::{
    CallId, Event, HandshakeFailure, Native, Outcome, Output, OutputOf, Strategy, TransportEnd,
};

/// One output; requests go by the names in `calls`.
pub(crate) fn output<S: BuildHasher>(
    output: &OutputOf<Native>,
    calls: &HashMap<CallId, String, S>,
) -> String {
    match output {
        Output::Transmit(text) => format!("> {text}"),
        Output::Close { code } => format!("! close {code}"),
        Output::Drop => "! drop".to_owned(),
        Output::Event(event) => format!("! {}", words(event, calls)),
    }
}

fn words<S: BuildHasher>(event: &Event<Value>, calls: &HashMap<CallId, String, S>) -> String {
    match event {
        Event::HandshakeRequested {
            app,
            version,
            strategy,
        } => {
            let app = app.as_deref().unwrap_or("(none)");
            let version = match version {
                VersionField::Any => "any version".to_owned(),
                VersionField::Text(version) => format!("version {version}"),
                VersionField::NotText => "version not text".to_owned(),
            };
            let strategy = match strategy {
                Strategy::Anonymous => "anonymous".to_owned(),
                Strategy::Session { id, received } => format!("session {id} {received}"),
                Strategy::MalformedSession => "session malformed".to_owned(),
                Strategy::Custom { name, credentials } => {
                    format!("{name} with {}", written(credentials))
                }
            };
            format!("requested {app}, {version}, {strategy}")
        }
        Event::Connected { resumed: false } => "connected".to_owned(),
        Event::Connected { resumed: true } => "resumed".to_owned(),
        Event::HandshakeFailed(failure) => match failure {
            HandshakeFailure::Refused { code, error } => {
                let code = code.map_or("without a code".to_owned(), |code| code.to_string());
                format!("handshake refused {code}: {}", written(error))
            }
            HandshakeFailure::TransportClosed => "handshake failed: transport closed".to_owned(),
            HandshakeFailure::TimedOut => "handshake failed: timed out".to_owned(),
            HandshakeFailure::Misbehaved(why) => format!("handshake failed: {why}"),
            HandshakeFailure::Cancelled => "handshake failed: cancelled".to_owned(),
        },
        Event::Called {
            id,
            interface,
            method,
            args,
        } => format!("called {id} {interface}.{method} {}", written(args)),
        Event::Emitted {
            interface,
            event,
            args,
        } => format!("emitted {interface}.{event} {}", written(args)),
        Event::Inspected { id, interface } => format!("inspected {id} {interface}"),
        Event::Settled { call, outcome } => {
            let call = calls.get(call).map_or("?", String::as_str);
            match outcome {
                Outcome::Done(results) => format!("{call} done {}", written(results)),
                Outcome::Pong => format!("{call} pong"),
                Outcome::Error(error) => format!("{call} error {}", written(error)),
                Outcome::Malformed => format!("{call} malformed"),
                Outcome::Failed(code) => format!("{call} failed {code}"),
            }
        }
        Event::Undeliverable { id } => format!("undeliverable {id}"),
        Event::UnknownAnswer(Ok(results)) => format!("unknown answer ok {}", written(results)),
        Event::UnknownAnswer(Err(error)) => format!("unknown answer error {}", written(error)),
        Event::Heartbeat => "heartbeat".to_owned(),
        Event::Rejected { text } => format!("rejected {text}"),
        Event::Misbehaved { error, .. } => format!("misbehaved: {error}"),
        Event::TransportClosed { why } => match why {
            TransportEnd::Closed => "transport closed",
            TransportEnd::ConnectTimeout => "transport closed: connect timeout",
            TransportEnd::CloseTimeout => "transport closed: close timeout",
            TransportEnd::HeartbeatTimeout => "transport closed: heartbeat timeout",
            TransportEnd::Replaced => "transport closed: replaced",
        }
        .to_owned(),
    }
}

/// The text of a value, as transcripts have it.
fn written(value: &Value) -> String {
    let mut text = String::new();
    let options = WriteOptions {
        non_finite: true,
        ..WriteOptions::default()
    };
    match mdsf::write(value, &mut text, options) {
        Ok(()) => text,
        Err(why) => text_of(&why),
    }
}

fn text_of(why: &impl Display) -> String {
    format!("(not written: {why})")
}
