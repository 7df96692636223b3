//! What `tracing` hears. One test alone, since subscribers of one process get into each other's way.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};

use common::{Peer, app, listening, soon};
use jstp_server::ServerOptions;
use tracing_subscriber::fmt;

/// What `tracing` was told, as lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn tracing_hears_of_it_with_connection_session_and_application() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    // All of the test, the server included, runs on this thread.
    let _guard = tracing::subscriber::set_default(subscriber);
    let (server, address) = listening(ServerOptions::new([app()])).await;
    let (mut peer, session) = Peer::connect(address).await;
    peer.ask("{call:[1,'calc'],answer:[]}").await;
    peer.ask("{call:[2,'calc'],panicsLater:[]}").await;
    peer.close().await;
    soon(async {
        while !server.clients().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let beginning = session.split('-').next().unwrap();
    let line = |message: &str| {
        text.lines()
            .find(|line| line.contains(&format!("jstp_server::trace: {message} ")))
            .unwrap_or_else(|| panic!("{message} is missing in\n{text}"))
    };
    for message in ["connect", "call", "handlerFailed", "disconnect"] {
        let line = line(message);
        for field in [
            "client{transport=",
            "remote=127.0.0.1:",
            " connection=",
            &format!("session=\"{beginning}\""),
            "application=\"app@1.0.0\"",
        ] {
            assert!(line.contains(field), "{field} is missing in {line}");
        }
    }
    assert!(line("call").contains("interface=\"calc\" method=\"answer\""));
    // Whoever reads the log cannot go on with somebody's session.
    assert!(!text.contains(&session), "{text}");
}
