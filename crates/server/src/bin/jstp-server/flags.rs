//! The command line.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::Arg::Long;
use lexopt::ValueExt;

pub(crate) const HELP: &str = "\
Serves JSTP over WebSocket: a chat, a calculator and a clock to try a client on.

Usage: jstp-server [OPTIONS]

  --listen HOST:PORT        where to listen; port 0 picks a free one (default 127.0.0.1:3000)
  --origin URL              let only pages of this origin connect; may be repeated
  --heartbeat MS            how often to send each client a ping message (default: when needed)
  --handshake-timeout MS    how long a client may take to ask for a session (default 3000)
  --auth-timeout MS         how long authentication may take (default 30000)
  --client-expiration MS    how long a client that is away stays in memory (default 3600000)
  --log                     print what happens to standard error
  --fixture                 serve what the conformance tests expect instead of the demo
  --faults                  with --fixture: the application `faults`, which breaks connections
  --greet                   emit events.hello(session id) to every new client
  --help                    print this

The first line on standard output is `listening ws://HOST:PORT`. SIGINT and SIGTERM end it.
";

#[derive(Debug, Default)]
pub(crate) struct Flags {
    pub(crate) listen: String,
    pub(crate) origins: Vec<String>,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) handshake_timeout: Option<Duration>,
    pub(crate) auth_timeout: Option<Duration>,
    pub(crate) client_expiration: Option<Duration>,
    pub(crate) log: bool,
    pub(crate) fixture: bool,
    pub(crate) faults: bool,
    pub(crate) greet: bool,
}

/// Reads the command line; `None` means that help was asked for.
pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Option<Flags>, lexopt::Error> {
    let mut flags = Flags {
        listen: "127.0.0.1:3000".to_owned(),
        ..Flags::default()
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Long("listen") => flags.listen = parser.value()?.string()?,
            Long("origin") => flags.origins.push(parser.value()?.string()?),
            Long("heartbeat") => flags.heartbeat = Some(milliseconds(&parser.value()?)?),
            Long("handshake-timeout") => {
                flags.handshake_timeout = Some(milliseconds(&parser.value()?)?);
            }
            Long("auth-timeout") => flags.auth_timeout = Some(milliseconds(&parser.value()?)?),
            Long("client-expiration") => {
                flags.client_expiration = Some(milliseconds(&parser.value()?)?);
            }
            Long("log") => flags.log = true,
            Long("fixture") => flags.fixture = true,
            Long("faults") => flags.faults = true,
            Long("greet") => flags.greet = true,
            Long("help") => return Ok(None),
            _ => return Err(arg.unexpected()),
        }
    }
    if flags.faults && !flags.fixture {
        return Err("--faults needs --fixture".into());
    }
    Ok(Some(flags))
}

fn milliseconds(value: &OsString) -> Result<Duration, lexopt::Error> {
    value.parse_with(|text| match text.parse() {
        Ok(millis @ 1..) => Ok(Duration::from_millis(millis)),
        _ => Err("it is not a whole number of milliseconds"),
    })
}
