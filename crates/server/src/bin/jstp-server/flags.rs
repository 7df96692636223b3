//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::Arg::Long;
use lexopt::ValueExt;

pub(crate) const HELP: &str = "\
Serves JSTP over WebSocket: a chat, a calculator and a clock to try a client on.

Usage: jstp-server [OPTIONS]

  --listen HOST:PORT        where to listen; port 0 picks a free one (default 127.0.0.1:3000)
  --tls-cert FILE           speak wss, with this certificate and the chain to its root (PEM)
  --tls-key FILE            the certificate's private key (PEM); SIGHUP reads both files anew
  --origin URL              let only pages of this origin connect; may be repeated
  --proxies N               how many proxies on the way add to X-Forwarded-For (default 0: ignore it)
  --max-connections N       how many clients may be connected (default 100000); each takes an open file
  --heartbeat MS            how often to send each client a ping message (default: when needed)
  --handshake-timeout MS    how long a client may take to ask for a session (default 3000)
  --auth-timeout MS         how long authentication may take (default 30000)
  --client-expiration MS    how long a client that is away stays in memory (default 3600000)
  --redis URL               share sessions with other servers over redis://[user:password@]HOST:PORT, or
                            rediss:// for TLS; better said in the variable JSTP_REDIS, which other
                            users cannot read
  --session-lifetime MS     how long a session is kept after it has left memory (default 86400000)
  --log                     print what happens to standard error
  --fixture                 serve what the conformance tests expect instead of the demo
  --faults                  with --fixture: the application `faults`, which breaks connections
  --greet                   emit events.hello(session id) to every new client
  --version                 print the version
  --help                    print this

The first line on standard output is `listening ws://HOST:PORT`, or `wss://`. SIGINT and SIGTERM end
it: clients are closed with 1001, after what is queued for them, and sessions are stored; a second one
ends it at once.
";

#[derive(Clone, Default)]
pub(crate) struct Flags {
    pub(crate) listen: String,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) proxies: usize,
    pub(crate) max_connections: Option<usize>,
    pub(crate) origins: Vec<String>,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) handshake_timeout: Option<Duration>,
    pub(crate) auth_timeout: Option<Duration>,
    pub(crate) client_expiration: Option<Duration>,
    pub(crate) redis: Option<String>,
    pub(crate) session_lifetime: Option<Duration>,
    pub(crate) log: bool,
    pub(crate) fixture: bool,
    pub(crate) faults: bool,
    pub(crate) greet: bool,
}

/// Where the certificate and its key are.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// What the command line asks for.
pub(crate) enum Request {
    Serve(Box<Flags>),
    Help,
    Version,
}

/// Reads the command line.
pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Request, lexopt::Error> {
    let (mut certificate, mut key) = (None, None);
    let mut flags = Flags {
        listen: "127.0.0.1:3000".to_owned(),
        redis: std::env::var("JSTP_REDIS").ok(),
        ..Flags::default()
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Long("listen") => flags.listen = parser.value()?.string()?,
            Long("tls-cert") => certificate = Some(PathBuf::from(parser.value()?)),
            Long("tls-key") => key = Some(PathBuf::from(parser.value()?)),
            Long("proxies") => {
                let wrong = |_| "it is not a number of proxies";
                let read = |text: &str| text.parse().map_err(wrong);
                flags.proxies = parser.value()?.parse_with(read)?;
            }
            Long("max-connections") => {
                let read = |text: &str| match text.parse() {
                    Ok(connections @ 1..) => Ok(connections),
                    _ => Err("it is not a number of connections"),
                };
                flags.max_connections = Some(parser.value()?.parse_with(read)?);
            }
            Long("origin") => flags.origins.push(parser.value()?.string()?),
            Long("heartbeat") => flags.heartbeat = Some(milliseconds(&parser.value()?)?),
            Long("handshake-timeout") => {
                flags.handshake_timeout = Some(milliseconds(&parser.value()?)?);
            }
            Long("auth-timeout") => flags.auth_timeout = Some(milliseconds(&parser.value()?)?),
            Long("client-expiration") => {
                flags.client_expiration = Some(milliseconds(&parser.value()?)?);
            }
            Long("redis") => flags.redis = Some(parser.value()?.string()?),
            Long("session-lifetime") => {
                flags.session_lifetime = Some(milliseconds(&parser.value()?)?);
            }
            Long("log") => flags.log = true,
            Long("fixture") => flags.fixture = true,
            Long("faults") => flags.faults = true,
            Long("greet") => flags.greet = true,
            Long("version") => return Ok(Request::Version),
            Long("help") => return Ok(Request::Help),
            _ => return Err(arg.unexpected()),
        }
    }
    if flags.faults && !flags.fixture {
        return Err("--faults needs --fixture".into());
    }
    flags.tls = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (None, None) => None,
        (Some(_), None) => return Err("--tls-cert needs --tls-key".into()),
        (None, Some(_)) => return Err("--tls-key needs --tls-cert".into()),
    };
    if flags.faults && flags.tls.is_some() {
        return Err("--faults breaks what it can read, so it goes without --tls-cert".into());
    }
    Ok(Request::Serve(Box::new(flags)))
}

fn milliseconds(value: &OsString) -> Result<Duration, lexopt::Error> {
    value.parse_with(|text| match text.parse() {
        Ok(millis @ 1..) => Ok(Duration::from_millis(millis)),
        _ => Err("it is not a whole number of milliseconds"),
    })
}
