//! What `--log` prints.

use std::io::Write;

use jstp_server::ServerEvent;

/// Longer messages are cut: they are somebody else's, and may be 8 MiB.
const MAX_TEXT: usize = 200;

/// Prints a line to standard error.
pub(crate) fn print(event: &ServerEvent<'_>) {
    match event {
        ServerEvent::Connect { connection } => {
            let from = match connection.remote_address() {
                // A proxy tells the address alone.
                Some(address) if address.port() == 0 => address.ip().to_string(),
                Some(address) => address.to_string(),
                None => "an unknown address".to_owned(),
            };
            line(connection.id(), &format!("connected from {from}"));
        }
        // What follows says as much.
        ServerEvent::RestoreSession { .. } => {}
        ServerEvent::StorageFailed { connection, error } => {
            line(connection.id(), &error.to_string());
        }
        ServerEvent::Reconnect { connection } => line(connection.id(), "resumed its session"),
        ServerEvent::Disconnect { connection } => line(connection.id(), "disconnected"),
        ServerEvent::HandshakeRequest {
            connection,
            application,
            strategy,
        } => {
            let request = format!("asked for {application:?} by strategy {strategy:?}");
            line(connection.id(), &request);
        }
        ServerEvent::HandshakeTimeout { connection } => {
            line(connection.id(), "sent no handshake in time");
        }
        ServerEvent::ConnectionError { connection, error } => {
            line(connection.id(), &format!("had an error: {error}"));
        }
        ServerEvent::Call {
            connection,
            interface,
            method,
            ..
        } => {
            line(connection.id(), &format!("called {interface}.{method}"));
        }
        ServerEvent::Event {
            connection,
            interface,
            event,
            ..
        } => {
            line(connection.id(), &format!("emitted {interface}.{event}"));
        }
        ServerEvent::Inspect {
            connection,
            interface,
        } => {
            line(connection.id(), &format!("inspected {interface}"));
        }
        ServerEvent::TurnedAway { remote, why } => {
            write(&format!("{remote} was turned away: {}", printable(why)));
        }
        ServerEvent::CannotAccept { error } => write(&format!("cannot accept clients: {error}")),
        ServerEvent::Callback { connection, answer } => {
            let how = if answer.is_ok() { "" } else { " with an error" };
            line(connection.id(), &format!("answered{how}"));
        }
        ServerEvent::Heartbeat { connection } => line(connection.id(), "sent a heartbeat"),
        ServerEvent::MessageRejected { connection, text } => {
            let excerpt: String = text.chars().take(MAX_TEXT).collect();
            line(
                connection.id(),
                &format!("sent a message that was rejected: {excerpt}"),
            );
        }
        ServerEvent::HandlerFailed {
            connection,
            interface,
            name,
            error,
        } => {
            line(
                connection.id(),
                &format!("{interface}.{name} failed: {error}"),
            );
        }
        event => write(&format!("{event:?}")),
    }
}

fn line(connection: u64, what: &str) {
    write(&format!("client {connection} {}", printable(what)));
}

/// What a client sent must not be able to move the cursor or forge lines.
fn printable(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_control() { '\u{fffd}' } else { char })
        .collect()
}

fn write(line: &str) {
    // A log that nobody takes is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{line}");
}
