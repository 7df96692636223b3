//! Driver: the task behind one socket, which feeds a connection's core and does what it says.

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jstp_proto::mdsf::{Document, RawValue};
use jstp_proto::{Event, HandshakeFailure, Part, TransportEnd};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tracing::Instrument;

use crate::connection::Connection;
use crate::events::ServerEvent;
use crate::handshake::{Deciding, think};
use crate::keeping::{Keeper, Kept};
use crate::live::{Link, Told};
use crate::opening::{self, Opening, Terms};
use crate::outbox::{End, Outbox};
use crate::server::Hub;
use crate::storage::StorageError;
use crate::trace;
use crate::transport::{Incoming, Transport, linger};

/// How many messages, and how many bytes of them, are stored together at most.
const GATHERED: (usize, usize) = (64, 256 * 1024);

/// How many messages that have come one after the other are dealt with before anything else is.
const IN_A_ROW: usize = 16;

/// How long somebody who was refused may take to end the connection.
const LINGERING: Duration = Duration::from_secs(1);

/// Serves one client that speaks TLS.
pub(crate) async fn serve_tls(
    hub: Arc<Hub>,
    stream: TcpStream,
    remote: SocketAddr,
    tls: TlsAcceptor,
) {
    let (accepted, opened) = (Instant::now(), hub.now());
    let by = accepted + hub.settings.handshake_timeout;
    let shaken = tokio::select! {
        shaken = timeout_at(by, tls.accept(stream)) => shaken,
        // There is nothing to say goodbye to yet.
        () = hub.stopped() => return,
    };
    match shaken {
        Ok(Ok(stream)) => serve(hub, stream, remote, accepted, opened).await,
        // Somebody looked whether there is anybody.
        Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        Ok(Err(error)) => hub.turned_away(remote, &format!("no TLS came about: {error}")),
        Err(_) => hub.turned_away(remote, "its TLS handshake took too long"),
    }
}

/// Serves one client from its first byte to its last, having accepted it at the given time on
/// tokio's clock and on the server's.
pub(crate) async fn serve<S>(
    hub: Arc<Hub>,
    mut stream: S,
    mut remote: SocketAddr,
    accepted: Instant,
    opened: jstp_proto::Instant,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let by = accepted + hub.settings.handshake_timeout;
    let allows_origin = |origin: Option<&str>| match &hub.settings.origin_check {
        Some(check) => guarded(|| check(origin)).unwrap_or(false),
        None => true,
    };
    let terms = Terms {
        allows_origin,
        trusted_proxies: hub.settings.trusted_proxies,
        batch: hub.settings.batch,
    };
    let read = tokio::select! {
        read = timeout_at(by, opening::read(&mut stream, &terms)) => read,
        () = hub.stopped() => return,
    };
    let opening = match read {
        Ok(Ok(opening)) => opening,
        // It is gone.
        Ok(Err(_)) => return,
        Err(_) => return hub.turned_away(remote, "its HTTP request took too long"),
    };
    let patience = hub.settings.close_timeout;
    match opening {
        Opening::Refused(refusal) => {
            hub.turned_away(remote, &refusal.why);
            let refusing = async {
                if stream.write_all(refusal.answer.as_bytes()).await.is_ok() {
                    linger(&mut stream).await;
                }
            };
            // Whoever does not take the answer in time does without.
            tokio::select! {
                _ = timeout(patience.min(LINGERING), refusing) => {}
                () = hub.stopped() => {}
            }
        }
        Opening::Accepted {
            answer,
            rest,
            forwarded_for,
            batch,
        } => {
            match timeout_at(by, stream.write_all(answer.as_bytes())).await {
                Ok(Ok(())) => {}
                _ => return,
            }
            if let Some(address) = forwarded_for {
                remote = SocketAddr::new(address, 0);
            }
            let connection = hub.connection();
            let link = Link {
                number: hub.number(),
                outbox: Arc::new(Outbox::new(hub.settings.max_outgoing, batch)),
                stirred: Arc::new(Notify::new()),
                remote,
                batch,
            };
            connection.open(link.clone(), opened);
            hub.opened(&link);
            let outbox = Arc::clone(&link.outbox);
            let limits = (hub.settings.max_message, hub.settings.max_frame);
            let transport = Transport::new(stream, rest, outbox, limits).await;
            let mut driver = Driver {
                hub,
                connection,
                link,
                transport,
                deciding: None,
                request: None,
                pinged: None,
                refresh: None,
                weight: 0,
            };
            let span = trace::span(&driver.link);
            driver.run().instrument(span.clone()).await;
            let Driver {
                hub,
                connection,
                link,
                transport,
                ..
            } = driver;
            hub.closed(&link);
            if connection.detach(link.number, transport.peer_code()) {
                span.in_scope(|| hub.left(&connection));
            }
            link.outbox.discard_held();
            transport.finish(patience).await;
        }
    }
}

/// Runs somebody else's code. `None` if it panicked, which the panic hook has reported.
pub(crate) fn guarded<R>(code: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(code)).ok()
}

pub(crate) struct Driver<S> {
    pub(crate) hub: Arc<Hub>,
    pub(crate) connection: Connection,
    pub(crate) link: Link,
    transport: Transport<S>,
    pub(crate) deciding: Option<Deciding>,
    /// The application and the strategy of a handshake that is still to be told of.
    pub(crate) request: Option<(String, String)>,
    /// When the client was sent a WebSocket ping that nothing has followed yet.
    pinged: Option<Instant>,
    /// When the session has to be stored again, so that it does not expire.
    refresh: Option<Instant>,
    /// How many bytes the message had that is dealt with.
    pub(crate) weight: usize,
}

/// Whether the driver goes on.
#[derive(PartialEq)]
enum Then {
    Continue,
    /// The transport is of no more use to the connection.
    Stop,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    async fn run(&mut self) {
        let mut sleep = Box::pin(sleep_until(self.next_deadline()));
        loop {
            if self.turn().await == Then::Stop {
                return;
            }
            // Of what a client has sent at once, others do not have to wait for the end.
            consume_budget().await;
            if self.connection.has_events(self.link.number) {
                continue;
            }
            // What has been received is answered; what comes later the client sends again elsewhere.
            if self.hub.is_stopping() {
                self.link.outbox.end(End::Close(1001));
            }
            self.stop_deciding_in_vain();
            let deadline = self.next_deadline();
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            if self.step(sleep.as_mut()).await == Then::Stop {
                return;
            }
        }
    }

    /// Waits for one thing to happen, and feeds it to the core.
    async fn step(&mut self, sleep: Pin<&mut Sleep>) -> Then {
        tokio::select! {
            incoming = self.transport.next() => self.incoming(incoming).await,
            () = self.link.stirred.notified() => Then::Continue,
            decision = think(&mut self.deciding) => {
                // It has come to its end, and must not be asked again.
                self.decided(decision);
                Then::Continue
            }
            () = sleep => {
                // Whoever was held up, by the machine or by a debugger, was not silent: what has come
                // meanwhile counts before the time does.
                if let Some(incoming) = self.transport.next().now_or_never()
                    && self.incoming(incoming).await == Then::Stop
                {
                    return Then::Stop;
                }
                self.deadline_passed()
            }
        }
    }

    /// Deals with what has come, and with some of what else is here already.
    async fn incoming(&mut self, mut incoming: Incoming) -> Then {
        let mut in_a_row = 0;
        loop {
            let text = match incoming {
                Incoming::Text(text) => text,
                Incoming::Broken { why } => {
                    self.has_error(&why);
                    return Then::Stop;
                }
                Incoming::Ended => return Then::Stop,
            };
            if self.connection.keeper().is_some_and(Keeper::is_shared) {
                return self.gather(text);
            }
            if self.received(&text).await == Then::Stop {
                return Then::Stop;
            }
            drop(text);
            in_a_row += 1;
            // What has changed with this message comes before the next.
            let is_enough = in_a_row == IN_A_ROW
                || self.hub.is_stopping()
                || self.connection.keeper().is_some_and(Keeper::is_shared);
            if is_enough {
                return Then::Continue;
            }
            consume_budget().await;
            match self.transport.at_once().await {
                Some(next) => incoming = next,
                None => return Then::Continue,
            }
        }
    }

    /// Feeds the core what came, each message of it being dealt with before the next.
    async fn received(&mut self, text: &Document) -> Then {
        let mut messages = self.connection.messages((**text).as_ref(), self.link.batch);
        let mut is_first = true;
        while let Some(part) = RawValue::sharing(text, || messages.next()) {
            if !std::mem::take(&mut is_first) {
                // The many messages of one array are as fair to others as if each had come alone.
                consume_budget().await;
                self.transport.relieve().await;
            }
            if !self.feed(part) || self.deliver(None).await == Then::Stop {
                return Then::Stop;
            }
        }
        Then::Continue
    }

    /// Feeds the core what came, and what else is here already: a session that has to be stored with
    /// each message is so once for all of them.
    fn gather(&mut self, first: Document) -> Then {
        let (mut messages, mut bytes) = (0, 0);
        let mut next = first;
        loop {
            bytes += (*next).as_ref().len();
            let mut parts = self.connection.messages((*next).as_ref(), self.link.batch);
            while let Some(part) = RawValue::sharing(&next, || parts.next()) {
                messages += 1;
                if !self.feed(part) {
                    return Then::Stop;
                }
            }
            if messages >= GATHERED.0 || bytes >= GATHERED.1 {
                return Then::Continue;
            }
            next = match self.transport.next().now_or_never() {
                Some(Incoming::Text(text)) => text,
                Some(Incoming::Broken { why }) => {
                    self.has_error(&why);
                    return Then::Stop;
                }
                Some(Incoming::Ended) => return Then::Stop,
                None => return Then::Continue,
            };
        }
    }

    /// Feeds the core a message. False if the transport is not the connection's any more.
    fn feed(&self, part: Part<'_, RawValue>) -> bool {
        if self.hub.settings.log_messages {
            let (connection, text) = (&self.connection, part.text());
            self.hub
                .tell(&ServerEvent::IncomingMessage { connection, text });
        }
        let now = self.hub.now();
        let fed = self.connection.turn_of(self.link.number, |live| {
            if live.events.is_empty() {
                live.handled = live.received();
            }
            live.heard = part.text().len();
            live.core.handle_part(now, part);
        });
        fed.is_some()
    }

    /// Deals with what has come, has the session stored, and then lets leave what follows from it.
    async fn turn(&mut self) -> Then {
        let connection = self.connection.clone();
        let keeper = connection.keeper().filter(|keeper| keeper.is_shared());
        let Some(keeper) = keeper else {
            return self.deliver(None).await;
        };
        let mut kept = keeper.lock().await;
        let then = self.deliver(Some((keeper, &mut kept))).await;
        if then == Then::Continue
            && let Err(error) = connection.store_change(keeper, &mut kept, true).await
        {
            drop(kept);
            return self.not_stored(&connection, &error);
        }
        self.refresh = keeper.refresh_due(&kept);
        then
    }

    /// The session could not be stored, so nothing that follows from it may be seen.
    fn not_stored(&self, connection: &Connection, error: &StorageError) -> Then {
        connection.storage_failed(error);
        let code = match error {
            // As on one server, when another transport takes over.
            error if error.is_final() => 1000,
            // The client may come back, here or elsewhere, with its session as it is.
            _ => 1013,
        };
        self.link.outbox.end(End::Close(code));
        self.link.outbox.discard_held();
        if error.is_final() {
            connection.end_for(error);
        }
        Then::Stop
    }

    /// Tells the application what the core has to tell it.
    async fn deliver(&mut self, mut kept: Option<(&Keeper, &mut Kept)>) -> Then {
        // Another transport has taken the connection over, or the connection has given this one up.
        if self.connection.turn_of(self.link.number, |_| ()).is_none() {
            return Then::Stop;
        }
        loop {
            // A handshake has brought a session to be stored, which the next turn sees to.
            if kept.is_none() && self.connection.keeper().is_some_and(Keeper::is_shared) {
                return Then::Continue;
            }
            // A call must be known to be received before it begins: whoever goes on with the session
            // must not have the client send it again.
            if let Some((keeper, kept)) = &mut kept
                && self.connection.count_calls(self.link.number)
            {
                let connection = self.connection.clone();
                if let Err(error) = connection.store_change(keeper, kept, false).await {
                    return self.not_stored(&connection, &error);
                }
            }
            let Some(event) = self.connection.next_event(self.link.number) else {
                return Then::Continue;
            };
            let received = event.received;
            self.weight = event.bytes;
            if self.happened(event.told).await == Then::Stop {
                return Then::Stop;
            }
            self.connection.handled(self.link.number, received);
        }
    }

    async fn happened(&mut self, told: Told) -> Then {
        let connection = &self.connection;
        let event = match told {
            Told::Event(event) => event,
            Told::Sent(text) => {
                let text = text.as_str();
                self.hub
                    .tell(&ServerEvent::OutgoingMessage { connection, text });
                return Then::Continue;
            }
            Told::Answered(answer) => {
                let answer = answer.as_ref();
                self.hub.tell(&ServerEvent::Callback { connection, answer });
                return Then::Continue;
            }
            Told::Lost(waiter) => {
                drop(waiter);
                return Then::Continue;
            }
        };
        match event {
            Event::Called {
                id,
                interface,
                method,
                args,
            } => {
                self.called(id, interface, method, args).await;
            }
            Event::Emitted {
                interface,
                event,
                args,
            } => {
                self.emitted(&interface, &event, &args);
            }
            Event::Inspected { id, interface } => self.inspected(id, &interface),
            Event::HandshakeRequested {
                app,
                version,
                strategy,
            } => {
                self.requested(app, &version, strategy);
            }
            Event::Connected { resumed } => self.connected(resumed),
            Event::HandshakeFailed(HandshakeFailure::TimedOut) => {
                self.hub.tell(&ServerEvent::HandshakeTimeout { connection });
            }
            Event::Heartbeat => self.hub.tell(&ServerEvent::Heartbeat { connection }),
            Event::Rejected { text } => {
                self.hub.tell(&ServerEvent::MessageRejected {
                    connection,
                    text: &text,
                });
            }
            Event::Misbehaved { error, text } => {
                let error = error.to_string();
                self.hub.tell(&ServerEvent::MessageRejected {
                    connection,
                    text: &text,
                });
                self.has_error(&error);
            }
            Event::Undeliverable { id } => {
                let error = format!(
                    "message {id} is given up: the client closed each time it was sent again"
                );
                self.has_error(&error);
            }
            Event::TransportClosed { why } => {
                match why {
                    TransportEnd::HeartbeatTimeout => {
                        self.has_error("it left a heartbeat unanswered")
                    }
                    // Nothing else here tells the core so while it has a transport.
                    TransportEnd::Closed => self.has_error("it reads too slowly"),
                    _ => {}
                }
                return Then::Stop;
            }
            Event::UnknownAnswer(answer) => {
                let answer = answer.as_ref();
                self.hub.tell(&ServerEvent::Callback { connection, answer });
            }
            // The one is known to whoever failed it, the other has been dealt with.
            Event::HandshakeFailed(_) | Event::Settled { .. } => {}
        }
        Then::Continue
    }

    fn has_error(&self, error: &str) {
        let connection = &self.connection;
        self.hub
            .tell(&ServerEvent::ConnectionError { connection, error });
    }

    // Time.

    fn next_deadline(&self) -> Instant {
        let settings = &self.hub.settings;
        let keepalive = match self.pinged {
            Some(pinged) => pinged + settings.keepalive_grace,
            None => self.transport.last_heard() + settings.keepalive_interval,
        };
        let core = self
            .connection
            .turn_of(self.link.number, |live| live.core.poll_timeout());
        let core = core.flatten().map(|due| self.hub.instant(due));
        [core, self.refresh]
            .into_iter()
            .flatten()
            .fold(keepalive, Instant::min)
    }

    fn deadline_passed(&mut self) -> Then {
        let now = Instant::now();
        let core_now = self.hub.now();
        // Of a message that is long in coming the core knows nothing.
        let heard = self.hub.moment(self.transport.last_heard());
        self.connection.turn_of(self.link.number, |live| {
            live.core.handle_heard(heard);
            live.core.handle_timeout(core_now);
        });
        self.check_alive(now)
    }

    /// After a while of silence a client is asked for a sign of life, after some more dropped.
    fn check_alive(&mut self, now: Instant) -> Then {
        let heard = self.transport.last_heard();
        match self.pinged {
            Some(pinged) if heard > pinged => self.pinged = None,
            Some(pinged) if pinged + self.hub.settings.keepalive_grace <= now => {
                self.has_error("it left a WebSocket ping unanswered");
                self.link.outbox.end(End::Drop);
                return Then::Stop;
            }
            Some(_) => {}
            None if heard + self.hub.settings.keepalive_interval <= now => {
                self.transport.ping();
                self.pinged = Some(now);
            }
            None => {}
        }
        Then::Continue
    }
}

#[cfg(test)]
mod tests;
