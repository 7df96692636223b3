//! The ready-made server: a demo to look at, or the fixture that tests run against.

mod demo;
mod faults;
mod fixture;
mod flags;
mod host;
mod line;
mod log;
mod stores;

use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use demo::Demo;
use faults::Faults;
use fixture::Fixture;
use flags::{Flags, Request, TlsFiles};
use host::Host;
use jstp_server::{OptionsError, Server, ServerOptions, create_server};
use stores::Stores;
use tokio::signal::unix::{Signal, SignalKind, signal};

// The system's own gives memory back and takes it anew with every large message.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let flags = match flags::parse(lexopt::Parser::from_env()) {
        Ok(Request::Serve(flags)) => flags,
        Ok(Request::Help) => {
            print!("{}", flags::help());
            return ExitCode::SUCCESS;
        }
        Ok(Request::Version) => {
            println!("jstp-server {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("jstp-server: {error}");
            eprintln!("Try 'jstp-server --help'.");
            return ExitCode::from(2);
        }
    };
    match run(*flags) {
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
    let mut signals = Signals::new()?;
    let stores = Stores::new(&flags).await?;
    let faults = flags.faults.then(Faults::default);
    let host = Arc::new(host(&flags, &stores, faults.clone())?);
    let server = host.server();
    if let Some(files) = &flags.tls {
        read_tls(files, &server)?;
    }
    let cannot_listen = |error| cannot_listen(&flags.listen, &error);
    let address = match faults {
        None => server.listen(&flags.listen).await.map_err(cannot_listen)?,
        Some(faults) => {
            let behind = server.listen("127.0.0.1:0").await?;
            let listening = faults.listen(&flags.listen, behind, &host);
            listening.await.map_err(cannot_listen)?
        }
    };
    let scheme = if flags.tls.is_some() { "wss" } else { "ws" };
    println!("listening {scheme}://{address}");
    while let Asked::Reload = signals.next().await {
        if let Some(files) = &flags.tls {
            match read_tls(files, &server) {
                Ok(()) => eprintln!("jstp-server: the certificate is read anew"),
                Err(why) => eprintln!("jstp-server: the old certificate stays in use: {why}"),
            }
        }
    }
    let asked_again = async { while let Asked::Reload = signals.next().await {} };
    let server = host.server();
    tokio::select! {
        () = server.shutdown() => Ok(()),
        () = asked_again => Err("ended at once by a second signal".into()),
    }
}

/// What the world outside asks of a process.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::End,
            _ = self.terminate.recv() => Asked::End,
            _ = self.hang_up.recv() => Asked::Reload,
        }
    }
}

enum Asked {
    End,
    /// To read anew what may have changed.
    Reload,
}

fn cannot_listen(address: &str, error: &io::Error) -> String {
    let hint = match error.kind() {
        ErrorKind::AddrInUse => "; something else listens there, --listen takes another HOST:PORT",
        ErrorKind::PermissionDenied => {
            "; ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
        }
        ErrorKind::AddrNotAvailable => "; this machine does not have that address",
        ErrorKind::InvalidInput => "; --listen takes HOST:PORT, such as 0.0.0.0:3000",
        _ => "",
    };
    format!("cannot listen on {address}: {error}{hint}")
}

/// Has the server use what is in the files.
fn read_tls(files: &TlsFiles, server: &Server) -> Result<(), String> {
    let read = |flag: &str, file: &Path| {
        let cannot_read = |error| format!("cannot read {flag} {}: {error}", file.display());
        std::fs::read(file).map_err(cannot_read)
    };
    let certificate = read("--tls-cert", &files.certificate)?;
    let key = read("--tls-key", &files.key)?;
    let updated = server.handle().update_tls(certificate, key);
    updated.map_err(|error| match &error {
        OptionsError::Tls { what: "key", .. } => format!("{}: {error}", files.key.display()),
        _ => format!("{}: {error}", files.certificate.display()),
    })
}

/// What makes the servers that the flags ask for.
fn host(flags: &Flags, stores: &Stores, faults: Option<Faults>) -> Result<Host, OptionsError> {
    let (flags, stores) = (flags.clone(), stores.clone());
    if flags.fixture {
        let fixture = Fixture::new(stores.clone(), faults.clone());
        if let Some(faults) = &faults {
            faults.set_fixture(fixture.clone());
        }
        return Host::new(Box::new(move || {
            let (log, faults) = (flags.log, faults.clone());
            let options = with_flags(stores.keep(fixture.options()), &flags);
            create_server(options.on_event(move |event| {
                if let Some(faults) = &faults {
                    faults.hear(event);
                }
                if log {
                    log::print(event);
                }
            }))
        }));
    }
    Host::new(Box::new(move || {
        let demo = Demo::default();
        let (log, listening) = (flags.log, demo.clone());
        let options = with_flags(stores.keep(demo.options()), &flags);
        let server = create_server(options.on_event(move |event| {
            listening.hear(event);
            if log {
                log::print(event);
            }
        }))?;
        demo.serve(server.handle());
        Ok(server)
    }))
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
    options = options.trusted_proxies(flags.proxies);
    if let Some(connections) = flags.max_connections {
        options = options.max_connections(connections);
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
