//! What `tracing` is told: a span for each transport, and the server's events in it.

use tracing::field::Empty;
use tracing::{Level, Span, debug, enabled, error, info, info_span, trace};

use crate::connection::Connection;
use crate::events::ServerEvent;
use crate::live::Link;

/// Longer texts are cut where they are not asked for.
const MAX_TEXT: usize = 200;

/// The span of a transport; what is not known yet follows with the handshake.
pub(crate) fn span(link: &Link) -> Span {
    info_span!(
        "client",
        transport = link.number,
        remote = %link.remote,
        connection = Empty,
        session = Empty,
        application = Empty,
    )
}

/// Adds to the present span what a handshake has come to.
pub(crate) fn connected(connection: &Connection) {
    let span = Span::current();
    if span.is_disabled() {
        return;
    }
    span.record("connection", connection.id());
    if let Some(session) = connection.session_id() {
        span.record("session", beginning(&session));
    }
    if let Some(application) = connection.application() {
        let (name, version) = (application.name(), application.version_text());
        span.record("application", format!("{name}@{version}"));
    }
}

/// Enough of a session's id to tell it from others, and too little to take it over.
fn beginning(session: &str) -> &str {
    session.split('-').next().unwrap_or_default()
}

/// Whether anybody wants to know what clients answer.
pub(crate) fn hears_answers() -> bool {
    enabled!(Level::TRACE)
}

/// An event of the server's as one of `tracing`.
pub(crate) fn event(event: &ServerEvent<'_>) {
    match event {
        ServerEvent::Connect { connection } => {
            info!(connection = connection.id(), username = ?connection.username(), "connect");
        }
        ServerEvent::RestoreSession { connection, .. } => {
            debug!(connection = connection.id(), "restoreSession");
        }
        ServerEvent::StorageFailed { connection, error } => {
            error!(connection = connection.id(), %error, "storageFailed");
        }
        ServerEvent::Reconnect { connection } => {
            info!(connection = connection.id(), "reconnect");
        }
        ServerEvent::Disconnect { connection } => {
            info!(connection = connection.id(), "disconnect");
        }
        ServerEvent::HandshakeRequest {
            connection,
            application,
            strategy,
        } => {
            debug!(
                connection = connection.id(),
                application, strategy, "handshakeRequest"
            );
        }
        ServerEvent::HandshakeTimeout { connection } => {
            info!(connection = connection.id(), "handshakeTimeout");
        }
        ServerEvent::ConnectionError { connection, error } => {
            info!(connection = connection.id(), error, "connectionError");
        }
        ServerEvent::TurnedAway { remote, why } => {
            debug!(%remote, why, "turnedAway");
        }
        ServerEvent::CannotAccept { error } => {
            error!(error, "cannotAccept");
        }
        ServerEvent::IncomingMessage { connection, text } => {
            trace!(connection = connection.id(), text, "incomingMessage");
        }
        ServerEvent::OutgoingMessage { connection, text } => {
            trace!(connection = connection.id(), text, "outgoingMessage");
        }
        ServerEvent::Callback { connection, answer } => {
            let is_ok = answer.is_ok();
            trace!(connection = connection.id(), is_ok, "callback");
        }
        ServerEvent::Call {
            connection,
            interface,
            method,
            ..
        } => {
            trace!(connection = connection.id(), interface, method, "call");
        }
        ServerEvent::Event {
            connection,
            interface,
            event,
            ..
        } => {
            trace!(connection = connection.id(), interface, event, "event");
        }
        ServerEvent::Inspect {
            connection,
            interface,
        } => {
            trace!(connection = connection.id(), interface, "inspect");
        }
        ServerEvent::Heartbeat { connection } => {
            trace!(connection = connection.id(), "heartbeat");
        }
        ServerEvent::MessageRejected { connection, text } => {
            let text: String = text.chars().take(MAX_TEXT).collect();
            debug!(connection = connection.id(), text, "messageRejected");
        }
        ServerEvent::HandlerFailed {
            connection,
            interface,
            name,
            error,
        } => {
            error!(
                connection = connection.id(),
                interface, name, error, "handlerFailed"
            );
        }
    }
}
