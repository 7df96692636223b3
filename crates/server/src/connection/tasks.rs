//! What the server's own tasks do with a connection.

use std::future::Future;
use std::sync::{Arc, MutexGuard, PoisonError};

use jstp_proto::error::code;
use jstp_proto::mdsf::{self, WriteOptions};
use jstp_proto::version::Requested;
use jstp_proto::{Config, Event, Messages, Role, Session, Texts};

use super::Connection;
use crate::answer::Ended;
use crate::application::Application;
use crate::error::MethodError;
use crate::events::ServerEvent;
use crate::keeping::Keeper;
use crate::live::{Happening, Link, Live, Told};
use crate::outbox::End;
use crate::running::Limits;
use crate::storage::StorageError;
use crate::stored::StoredSession;

impl Connection {
    /// One turn of the core on behalf of the application: what it has to say to the peer goes to
    /// the outbox, what it has to say to the application waits for the transport's task.
    pub(crate) fn turn<R>(&self, work: impl FnOnce(&mut Live) -> R) -> R {
        let mut live = self.lock();
        let result = work(&mut live);
        if live.drain()
            && let Some(link) = &live.link
        {
            link.stirred.notify_one();
        }
        self.wake(&mut live);
        let is_away = live.link.is_none();
        drop(live);
        // What is kept for clients that are away has a limit, of all of them together.
        if is_away && let Some(server) = self.shared.server.upgrade() {
            server.weigh(self);
        }
        result
    }

    /// One turn on behalf of a transport, unless another has taken its place.
    pub(crate) fn turn_of<R>(&self, link: u64, work: impl FnOnce(&mut Live) -> R) -> Option<R> {
        let mut live = self.lock();
        if live
            .link
            .as_ref()
            .is_none_or(|current| current.number != link)
        {
            return None;
        }
        let result = work(&mut live);
        live.drain();
        Some(result)
    }

    /// Puts the connection onto its first transport.
    pub(crate) fn open(&self, link: Link, accepted: jstp_proto::Instant) {
        let mut live = self.lock();
        live.profile.remote = Some(link.remote);
        live.link = Some(link);
        live.core.handle_open(accepted);
    }

    /// Goes on with the session over a transport, in place of any older one, which is closed and
    /// from here on without a say in this connection (Q2). False if the session is gone.
    pub(crate) fn take_over(&self, link: Link, now: jstp_proto::Instant, received: u64) -> bool {
        let mut live = self.lock();
        let Some(session) = live.core.session() else {
            return false;
        };
        let config = Config::new(Role::Server);
        link.outbox
            .make_room(session.unacknowledged_weight() + config.kept_answer_bytes);
        // What the old transport still had to tell of its own end is nobody's business now.
        live.events
            .retain(|event| !matches!(event.told, Told::Event(Event::TransportClosed { .. })));
        live.profile.remote = Some(link.remote);
        if self.keeper().is_some_and(Keeper::is_shared) {
            link.outbox.hold();
        }
        if let Some(old) = live.link.replace(link) {
            old.outbox.end(End::Close(1000));
            old.stirred.notify_one();
        }
        let resumed = live.core.resume(now, received).is_ok();
        live.drain();
        resumed
    }

    /// Takes the connection off a transport that is gone, closed by the peer if there is a code.
    /// False if it was not on it any more.
    pub(crate) fn detach(&self, link: u64, peer_code: Option<u16>) -> bool {
        let mut live = self.lock();
        if live
            .link
            .as_ref()
            .is_none_or(|current| current.number != link)
        {
            return false;
        }
        match peer_code {
            Some(code) => live.core.handle_peer_close(code),
            None => live.core.handle_close(),
        }
        live.drain();
        live.link = None;
        live.is_over = live.core.session().is_none();
        // What could not be dealt with for want of a storage is dealt with when the client is back.
        live.events.retain(|event| event.told.is_message());
        true
    }

    /// Takes the connection off whatever transport it is on, since nobody sees to that any more.
    pub(crate) fn abandon(&self) {
        let link = self.lock().link.as_ref().map(|link| link.number);
        if let Some(link) = link {
            self.detach(link, None);
        }
    }

    /// The messages of what came over a transport.
    pub(crate) fn messages<'t>(&self, text: &'t str, batch: bool) -> Messages<'t, Texts> {
        self.lock().core.messages(text, batch)
    }

    pub(crate) fn next_event(&self, link: u64) -> Option<Happening> {
        self.turn_of(link, |live| live.events.pop_front()).flatten()
    }

    /// Whether there is something the transport's task has to deal with.
    pub(crate) fn has_events(&self, link: u64) -> bool {
        self.turn_of(link, |live| !live.events.is_empty()) == Some(true)
    }

    /// If a call comes next, counts it as received, and what follows it as far as that can be. True if there
    /// is something to be stored before it begins.
    pub(crate) fn count_calls(&self, link: u64) -> bool {
        self.turn_of(link, |live| {
            if !matches!(
                live.events.front(),
                Some(Happening {
                    told: Told::Event(Event::Called { .. }),
                    ..
                })
            ) {
                return false;
            }
            let counted = live.events.iter();
            let counted = counted.take_while(|event| event.told.may_be_counted());
            if let Some(last) = counted.last() {
                live.handled = last.received;
            }
            true
        }) == Some(true)
    }

    /// An event has been dealt with.
    pub(crate) fn handled(&self, link: u64, received: u64) {
        self.turn_of(link, |live| live.handled = received);
    }

    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.shared.keeper.get()
    }

    /// Says where the session is stored, which it is from here on.
    pub(crate) fn keep_with(&self, keeper: Keeper) {
        // There is one for each session, and a connection has one session.
        let _ = self.shared.keeper.set(keeper);
    }

    /// Goes on with a session from a storage.
    pub(crate) fn adopt(&self, mut stored: StoredSession) {
        let mut live = self.lock();
        let session = Session::from_parts(stored.parts(), String::len);
        // A new connection has none.
        let _ = live.core.adopt_session(session);
        live.handled = live.received();
        live.profile.username = stored.username;
        live.profile.storage = stored.storage.into_iter().collect();
    }

    /// The session is no longer this server's: closes the transport, or settles what is pending.
    pub(crate) fn lose(&self) {
        if let (Some(server), Some(session)) = (self.shared.server.upgrade(), self.session_id()) {
            server.sessions.remove(&session, self);
        }
        let mut live = self.lock();
        live.is_lost = true;
        match &live.link {
            Some(link) => {
                link.outbox.discard_held();
                link.stirred.notify_one();
            }
            None => {
                drop(live);
                self.expire();
            }
        }
    }

    /// The session cannot go on here, for a reason that stays.
    pub(crate) fn end_for(&self, error: &StorageError) {
        if let (StorageError::TooLarge { .. }, Some(server), Some(session)) =
            (error, self.shared.server.upgrade(), self.session_id())
        {
            // What is stored is not what it was, so nobody may go on with that.
            server.forget(&session);
        }
        self.lose();
    }

    /// Nothing of the session is to be stored any more.
    pub(crate) fn set_forgotten(&self) {
        let mut live = self.lock();
        live.is_forgotten = true;
        self.wake(&mut live);
    }

    /// Tells the server's listener.
    pub(crate) fn storage_failed(&self, error: &StorageError) {
        if let Some(server) = self.shared.server.upgrade() {
            server.tell(&ServerEvent::StorageFailed {
                connection: self,
                error,
            });
        }
    }

    /// Sets the application a handshake has come to, and the version asked for, if any.
    pub(crate) fn set_application(&self, application: Arc<Application>, asked: Option<String>) {
        let mut live = self.lock();
        live.profile.requested_version = Some(asked.unwrap_or_else(|| major(&application)));
        live.profile.application = Some(application);
    }

    /// What other versions of the application would do as well; `None` if none would.
    pub(crate) fn requested(&self) -> Option<Requested> {
        let requested = Requested::parse(self.requested_version().as_deref()).ok()?;
        (!requested.is_complete()).then_some(requested)
    }

    pub(crate) fn replace_application(&self, application: Arc<Application>) {
        self.lock().profile.application = Some(application);
    }

    pub(crate) fn set_username(&self, username: Option<String>) {
        self.lock().profile.username = username;
    }

    /// Answers a call or an inspect, over whatever transport there is by now. An answer that
    /// cannot be written becomes error 16; the reason is returned.
    pub(crate) fn answer(&self, id: i64, answer: Ended) -> Option<String> {
        let mut why = None;
        // A peer that knows the extension is none of those that cannot read them.
        let non_finite = self.is_batching();
        let text = answer.and_then(|answer| {
            answer.into_text(non_finite).map_err(|error| {
                why = Some(format!("its result cannot be sent: {error}"));
                MethodError::code(code::INTERNAL_API_ERROR)
            })
        });
        match text {
            Ok(text) => self.turn(|live| live.core.answer_written(id, text)),
            Err(error) => {
                why = why.or_else(|| error.kept_local());
                let options = WriteOptions {
                    non_finite,
                    ..WriteOptions::default()
                };
                let mut text = String::new();
                if mdsf::write_array(&error.to_wire(), &mut text, options).is_err() {
                    text = format!("[{}]", code::INTERNAL_API_ERROR);
                }
                self.turn(|live| live.core.answer(id, Err(text)));
            }
        }
        why
    }

    /// Lets a method that did not end at once run on beside the connection, called by a message of so
    /// many bytes. False if too much runs already.
    pub(crate) fn run(
        &self,
        limits: Limits,
        bytes: usize,
        method: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        let room = self.lock().running.reserve(limits, bytes);
        // Where there is none, the method is dropped at the end: it may have to do with this connection.
        let Some(room) = room else { return false };
        room.run(method);
        true
    }

    /// Settles everything pending and stops what still runs, unless a transport is under the
    /// connection: its session is gone for good. False if there is one.
    pub(crate) fn expire(&self) -> bool {
        let mut live = self.lock();
        if live.link.is_some() {
            return false;
        }
        live.core.forget_session();
        live.drain();
        live.is_over = true;
        live.waiters.clear();
        live.events.clear();
        let methods = live.running.end();
        drop(live);
        for method in methods {
            method.abort();
        }
        true
    }

    fn is_batching(&self) -> bool {
        self.lock().link.as_ref().is_some_and(|link| link.batch)
    }

    /// How many bytes are kept for the client: what it has not acknowledged, answers it may ask for, and
    /// calls under way.
    pub(crate) fn weight(&self) -> usize {
        let live = self.lock();
        let session = live.core.session();
        session.map_or(0, jstp_proto::Session::unacknowledged_weight)
            + live.core.kept_answers_weight()
            + live.running.bytes()
    }

    /// Lets go of the transport, which another connection has from now on, and of everything else.
    pub(crate) fn give_up(&self) {
        self.lock().link = None;
        self.expire();
    }

    /// Whether there is no transport under the connection.
    pub(crate) fn is_detached(&self) -> bool {
        self.lock().link.is_none()
    }

    pub(super) fn now(&self) -> jstp_proto::Instant {
        self.shared
            .server
            .upgrade()
            .map_or_else(jstp_proto::Instant::default, |server| server.now())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Live> {
        self.shared
            .live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn major(application: &Application) -> String {
    let version = application.version_text().trim_start_matches('v');
    version.split('.').next().unwrap_or_default().to_owned()
}
