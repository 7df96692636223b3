//! Composing: what an application asks for, its names checked and put into messages.

use crate::calls::CallId;
use crate::connection::Connection;
use crate::error::Refused;
use crate::format::Compose;
use crate::heads;
use crate::mdsf;
use crate::operation::Kind;
use crate::text::decimal;
use crate::time::Instant;

/// How a client asks for a session.
#[derive(Clone, Debug)]
pub enum Auth<T> {
    /// A new session, without saying who asks.
    Anonymous,
    /// A new session by the `login` strategy. The password may be empty (Q29).
    Login {
        /// The user's name.
        username: String,
        /// The password.
        password: String,
    },
    /// A new session by a strategy of the application's own.
    Custom {
        /// The strategy's name.
        strategy: String,
        /// The text of any value.
        credentials: T,
    },
    /// The session this connection already has goes on.
    Resume,
}

impl<F: Compose> Connection<F> {
    /// Asks the server for a session, over a transport that has just opened.
    ///
    /// # Errors
    /// There is no transport waiting for a handshake, no session to resume, or a name that cannot
    /// be sent; nothing is sent then.
    pub fn handshake(
        &mut self,
        now: Instant,
        app: &str,
        range: Option<&str>,
        auth: &Auth<F::Text>,
    ) -> Result<(), Refused> {
        if app.is_empty() {
            return Err(heads::refused("application", app, "it is empty"));
        }
        let text = match auth {
            Auth::Anonymous => F::text(&(heads::handshake_head(app, range, None) + "}")),
            Auth::Login { username, password } => {
                let mut credentials = String::from("[");
                mdsf::write_string(username, &mut credentials);
                credentials.push(',');
                mdsf::write_string(password, &mut credentials);
                credentials.push(']');
                let head = heads::handshake_head(app, range, Some("login"));
                F::message(&head, &F::text(&credentials))
            }
            Auth::Custom {
                strategy,
                credentials,
            } => {
                heads::check_strategy(strategy)?;
                F::message(
                    &heads::handshake_head(app, range, Some(strategy)),
                    credentials,
                )
            }
            Auth::Resume => {
                let Some(session) = &self.session else {
                    return Err(Refused::HandshakeNotPossible);
                };
                let mut credentials = String::from("[");
                mdsf::write_string(session.id(), &mut credentials);
                credentials.push(',');
                credentials.push_str(&decimal(session.received() as i64));
                credentials.push(']');
                let head = heads::handshake_head(app, range, Some("session"));
                F::message(&head, &F::text(&credentials))
            }
        };
        self.request(now, matches!(auth, Auth::Resume), text)
    }

    /// Calls a method of the peer's application. `args` is the text of an array.
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn call(
        &mut self,
        interface: &str,
        method: &str,
        args: F::Text,
    ) -> Result<CallId, Refused> {
        self.issue_call(Kind::Call, interface, method, args)
    }

    /// Calls a method, and calls it again with the same arguments whenever the peer had the call
    /// and its answer was lost: at least once, where [`call`](Self::call) is at most once. It stays
    /// pending over [`close`](Self::close).
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn call_with_resend(
        &mut self,
        interface: &str,
        method: &str,
        args: F::Text,
    ) -> Result<CallId, Refused> {
        self.issue_call(Kind::CallWithResend, interface, method, args)
    }

    /// Emits an event on an interface. `args` is the text of an array. One emitted after
    /// [`close`](Self::close) waits in the session for a later transport.
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn emit(&mut self, interface: &str, event: &str, args: F::Text) -> Result<(), Refused> {
        heads::check_interface(interface)?;
        heads::check_verb("event", ("event", event))?;
        let body = F::body(&heads::target(interface, event), &args);
        self.issue(Instant::default(), Kind::Event, body)
            .map(|_| ())
    }

    /// Asks for the names of an interface's methods.
    ///
    /// # Errors
    /// See [`Refused`]; nothing is sent, kept or counted then.
    pub fn inspect(&mut self, interface: &str) -> Result<CallId, Refused> {
        heads::check_interface(interface)?;
        let body = F::text(&heads::interface(interface));
        self.issue(Instant::default(), Kind::Inspect, body)
    }

    fn issue_call(
        &mut self,
        kind: Kind,
        interface: &str,
        method: &str,
        args: F::Text,
    ) -> Result<CallId, Refused> {
        heads::check_interface(interface)?;
        heads::check_verb("call", ("method", method))?;
        let body = F::body(&heads::target(interface, method), &args);
        self.issue(Instant::default(), kind, body)
    }
}
