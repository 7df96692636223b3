//! The ready-made server: a demo to look at, or the fixture that tests run against.

mod demo;
mod faults;
mod fixture;
mod flags;
mod line;
mod log;

use std::process::ExitCode;

use demo::Demo;
use faults::Faults;
use fixture::Fixture;
use flags::Flags;
use jstp_server::{OptionsError, Server, ServerOptions, create_server};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let flags = match flags::parse(lexopt::Parser::from_env()) {
        Ok(Some(flags)) => flags,
        Ok(None) => {
            print!("{}", flags::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("jstp-server: {error}");
            eprintln!("Try 'jstp-server --help'.");
            return ExitCode::from(2);
        }
    };
    match run(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jstp-server: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(flags: Flags) -> Result<(), Box<dyn std::error::Error>> {
    // Listening for these before anything else, so that an early signal ends us cleanly too.
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let faults = flags.faults.then(Faults::default);
    let server = if flags.fixture {
        fixture_server(&flags, faults.clone())?
    } else {
        demo_server(&flags)?
    };
    let cannot_listen = |error| format!("cannot listen on {}: {error}", flags.listen);
    let address = match faults {
        None => server.listen(&flags.listen).await.map_err(cannot_listen)?,
        Some(faults) => {
            let behind = server.listen("127.0.0.1:0").await?;
            let listening = faults.listen(&flags.listen, behind, server.handle());
            listening.await.map_err(cannot_listen)?
        }
    };
    println!("listening ws://{address}");
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    server.shutdown().await;
    Ok(())
}

fn fixture_server(flags: &Flags, faults: Option<Faults>) -> Result<Server, OptionsError> {
    let fixture = Fixture::new(faults.clone());
    let log = flags.log;
    let options = with_flags(fixture.options(), flags).on_event(move |event| {
        if let Some(faults) = &faults {
            faults.hear(event);
        }
        if log {
            log::print(event);
        }
    });
    let server = create_server(options)?;
    fixture.serve(server.handle());
    Ok(server)
}

fn demo_server(flags: &Flags) -> Result<Server, OptionsError> {
    let demo = Demo::default();
    let log = flags.log;
    let listening = demo.clone();
    let options = with_flags(demo.options(), flags).on_event(move |event| {
        listening.hear(event);
        if log {
            log::print(event);
        }
    });
    let server = create_server(options)?;
    demo.serve(server.handle());
    Ok(server)
}

fn with_flags(mut options: ServerOptions, flags: &Flags) -> ServerOptions {
    if let Some(interval) = flags.heartbeat {
        options = options.heartbeat_interval(interval);
    }
    if let Some(time) = flags.client_expiration {
        options = options.client_expiration_time(time);
    }
    if let Some(timeout) = flags.handshake_timeout {
        options = options.handshake_timeout(timeout);
    }
    if let Some(timeout) = flags.auth_timeout {
        options = options.auth_timeout(timeout);
    }
    if !flags.origins.is_empty() {
        let origins = flags.origins.clone();
        options = options.origin_check(move |origin| {
            origin.is_some_and(|origin| origins.iter().any(|allowed| allowed == origin))
        });
    }
    if flags.greet {
        options = options.on_connect(|client| {
            // A client that is gone already misses nothing.
            let _ = client.emit("events", "hello", (client.session_id(),));
        });
    }
    options
}
