//! Schedules: what happens to two peers and the link between them, made up from a seed.

use crate::pair::{BOTH, Who};

#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Messages in each side's resend buffer.
    pub(crate) buffer: usize,
    /// Answers the server keeps.
    pub(crate) kept_answers: usize,
    pub(crate) actions: Vec<Action>,
    /// Which of the links carry arrays of messages, a bit each.
    pub(crate) batch: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Wait(u64),
    /// `think` is how long the peer takes to answer.
    Call {
        from: Who,
        resend: bool,
        think: u64,
    },
    Inspect(Who),
    Ping(Who),
    Emit {
        from: Who,
        times: u64,
    },
    /// Gives up the request made this many requests ago.
    Withdraw {
        from: Who,
        back: usize,
    },
    Latency(u64),
    /// Each side notices after so many milliseconds, or never by itself.
    Cut {
        client: Option<u64>,
        server: Option<u64>,
        unreachable: u64,
    },
    Close(Who),
    /// The page is loaded again, and goes on with the session it had put away as data.
    Reload,
}

impl Schedule {
    pub(crate) fn random(seed: u64) -> Self {
        let mut random = Random(seed);
        let length = 5 + random.below(60);
        Self {
            buffer: [10, 40, 10_000][random.below(3) as usize],
            kept_answers: [1, 1_000][random.below(2) as usize],
            actions: (0..length).map(|_| Action::random(&mut random)).collect(),
            batch: [0, u64::MAX, random.next()][random.below(3) as usize],
        }
    }

    /// Leaves out what the failure does not need.
    pub(crate) fn shorten(self, fails: impl Fn(&Self) -> bool) -> Self {
        let mut schedule = self;
        let mut piece = schedule.actions.len() / 2;
        while piece > 0 {
            let mut at = 0;
            while at < schedule.actions.len() {
                let mut shorter = schedule.clone();
                let end = (at + piece).min(shorter.actions.len());
                shorter.actions.drain(at..end);
                if fails(&shorter) {
                    schedule = shorter;
                } else {
                    at += piece;
                }
            }
            piece /= 2;
        }
        schedule
    }
}

impl Action {
    fn random(random: &mut Random) -> Self {
        let from = BOTH[random.below(2) as usize];
        match random.below(100) {
            0..25 => Action::Wait([1, 9, 35, 400, 3_000][random.below(5) as usize]),
            25..45 => Action::Call {
                from,
                resend: random.below(3) == 0,
                think: [0, 0, 5, 200, 4_000, 9_000][random.below(6) as usize],
            },
            45..50 => Action::Inspect(from),
            50..54 => Action::Ping(from),
            54..74 => Action::Emit {
                from,
                times: [1, 1, 3, 80][random.below(4) as usize],
            },
            74..79 => Action::Withdraw {
                from,
                back: random.below(4) as usize,
            },
            79..83 => Action::Latency([0, 3, 50, 900][random.below(4) as usize]),
            83..95 => {
                let mut notices = || match random.below(3) {
                    0 => None,
                    1 => Some(0),
                    _ => Some(random.below(700)),
                };
                Action::Cut {
                    client: notices(),
                    server: notices(),
                    unreachable: [0, 0, 500, 8_000][random.below(4) as usize],
                }
            }
            95..98 => Action::Close(from),
            _ => Action::Reload,
        }
    }
}

/// Sebastiano Vigna's SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
