//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::Arg::{Long, Short};
use lexopt::ValueExt;

const HELP: &str = "\
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
  --redis URL               {redis}
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

#[cfg(feature = "redis")]
const REDIS_HELP: &str = "\
share sessions with other servers over redis://[user:password@]HOST:PORT, or
                            rediss:// for TLS; better said in the variable JSTP_REDIS, which other
                            users cannot read";
#[cfg(not(feature = "redis"))]
const REDIS_HELP: &str = "not in this build, which has been made without the feature `redis`";

/// What `--help` prints.
pub(crate) fn help() -> String {
    HELP.replace("{redis}", REDIS_HELP)
}

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
        // Set to nothing, in a file of variables for example, it is not set.
        redis: std::env::var("JSTP_REDIS")
            .ok()
            .filter(|url| !url.is_empty()),
        ..Flags::default()
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Long("listen") => flags.listen = parser.value()?.string()?,
            Long("tls-cert") => certificate = Some(PathBuf::from(parser.value()?)),
            Long("tls-key") => key = Some(PathBuf::from(parser.value()?)),
            Long("proxies") => {
                flags.proxies = read(&mut parser, "--proxies", "a number of proxies", |text| {
                    text.parse().ok()
                })?;
            }
            Long("max-connections") => {
                let what = "a number of connections, at least 1";
                let limit = read(&mut parser, "--max-connections", what, |text| {
                    text.parse().ok().filter(|connections| *connections > 0)
                })?;
                flags.max_connections = Some(limit);
            }
            Long("origin") => {
                let what = "an origin, such as https://example.org: a scheme and a host, no path";
                let origin = read(&mut parser, "--origin", what, |text| {
                    is_origin(text).then(|| text.to_owned())
                })?;
                flags.origins.push(origin);
            }
            Long("heartbeat") => flags.heartbeat = Some(time(&mut parser, "--heartbeat")?),
            Long("handshake-timeout") => {
                flags.handshake_timeout = Some(time(&mut parser, "--handshake-timeout")?);
            }
            Long("auth-timeout") => flags.auth_timeout = Some(time(&mut parser, "--auth-timeout")?),
            Long("client-expiration") => {
                flags.client_expiration = Some(time(&mut parser, "--client-expiration")?);
            }
            Long("redis") => flags.redis = Some(parser.value()?.string()?),
            Long("session-lifetime") => {
                flags.session_lifetime = Some(time(&mut parser, "--session-lifetime")?);
            }
            Long("log") => flags.log = true,
            Long("fixture") => flags.fixture = true,
            Long("faults") => flags.faults = true,
            Long("greet") => flags.greet = true,
            Long("version") => return Ok(Request::Version),
            Long("help") | Short('h') => return Ok(Request::Help),
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
    if flags.faults && flags.proxies > 0 {
        let why = "--faults finds clients by their TCP connections, so it goes without --proxies";
        return Err(why.into());
    }
    Ok(Request::Serve(Box::new(flags)))
}

/// The flag's value, or an error that names the flag and what it takes.
fn read<T>(
    parser: &mut lexopt::Parser,
    flag: &str,
    what: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, lexopt::Error> {
    let value = parser.value()?.string()?;
    read(&value).ok_or_else(|| format!("{flag} takes {what}, not {value:?}").into())
}

fn time(parser: &mut lexopt::Parser, flag: &str) -> Result<Duration, lexopt::Error> {
    let what = "a whole number of milliseconds, at least 1";
    read(parser, flag, what, |text| {
        let millis = text.parse().ok().filter(|millis| *millis > 0);
        millis.map(Duration::from_millis)
    })
}

/// Whether a browser could send this. What it never sends would keep everybody out without a word.
fn is_origin(text: &str) -> bool {
    let host = text.split_once("://").map(|(_, host)| host);
    text == "null" || host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#']))
}
