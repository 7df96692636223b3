//! Heartbeat: when to ping, and when silence means the peer is gone.

use std::time::Duration;

use crate::time::{Instant, millis};

/// How many milliseconds after a ping nothing may come, unless a timeout is given.
const GRACE: u64 = 10_000;

/// The heartbeat of one transport, from the moment messages pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    // In milliseconds.
    interval: u64,
    timeout: u64,
    /// What the timeout leaves after a ping that went out on time.
    grace: u64,
    due: Instant,
    heard: Instant,
    /// The first ping that nothing has followed.
    asked: Option<Instant>,
    /// The clock ran past the deadline once already, and nothing has been heard since.
    excused: bool,
}

/// What the moment calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    Nothing,
    Ping,
    /// The peer is gone.
    Dead,
}

impl Heartbeat {
    /// Without a timeout it is the interval and 10 s. One that is no longer than the interval
    /// counts from the ping.
    pub(crate) fn new(now: Instant, interval: Duration, timeout: Option<Duration>) -> Self {
        let interval = millis(interval);
        let timeout = timeout.map_or(interval.saturating_add(GRACE), millis);
        Self {
            interval,
            timeout,
            grace: match timeout.saturating_sub(interval) {
                0 => timeout,
                grace => grace,
            },
            due: now.after(interval),
            heard: now,
            asked: None,
            excused: false,
        }
    }

    /// Something came from the peer.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
        self.excused = false;
    }

    /// Something came from the peer, at a time that may be past.
    pub(crate) fn heard_at(&mut self, at: Instant) {
        if at <= self.heard {
            return;
        }
        match self.asked {
            // A ping is not answered by what came before it.
            Some(asked) if at < asked => self.heard = at,
            _ => self.heard(at),
        }
    }

    /// When [`beat`](Self::beat) wants to be asked next.
    pub(crate) fn next(&self) -> Instant {
        match self.deadline() {
            Some(deadline) => deadline.min(self.due),
            None => self.due,
        }
    }

    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        if let Some(deadline) = self.deadline()
            && deadline <= now
        {
            // A timer that comes as late as this was held back, and so may be what the peer sent:
            // a page that slept finds both waiting when it wakes.
            let slept = now.millis_since(deadline) > self.grace;
            if !slept || self.excused {
                return Beat::Dead;
            }
            self.excused = true;
            return self.ask(now, now);
        }
        if self.due <= now {
            let asked = self.asked.unwrap_or(now);
            return self.ask(now, asked);
        }
        Beat::Nothing
    }

    fn ask(&mut self, now: Instant, asked: Instant) -> Beat {
        self.due = now.after(self.interval);
        self.asked = Some(asked);
        Beat::Ping
    }

    /// Silence counts from what was heard last, but a ping gets its time even if it left late:
    /// timers in a hidden tab ring once a minute.
    fn deadline(&self) -> Option<Instant> {
        self.asked
            .map(|asked| self.heard.after(self.timeout).max(asked.after(self.grace)))
    }
}
