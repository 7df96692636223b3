//! Session: message ids, received and delivered counts, and the buffer of what may have to be
//! sent again.

use std::collections::VecDeque;

/// What outlives a transport on one side (protocol.md 4.1). Ids in here are absolute.
#[derive(Clone, Debug)]
pub struct Session<T> {
    id: String,
    /// Sent or about to be sent, not known to be delivered, in ascending order of id.
    buffer: VecDeque<Kept<T>>,
    weight: usize,
    last_id: u64,
    delivered: u64,
    received: u64,
}

#[derive(Clone, Debug)]
struct Kept<T> {
    id: u64,
    text: T,
    weight: usize,
}

impl<T> Session<T> {
    /// A session that has neither sent nor received anything.
    pub fn new(id: String) -> Self {
        Self {
            id,
            buffer: VecDeque::new(),
            weight: 0,
            last_id: 0,
            delivered: 0,
            received: 0,
        }
    }

    /// The id made by the server: the bearer token for resuming.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The id the next message will carry.
    pub fn next_id(&self) -> u64 {
        self.last_id + 1
    }

    /// The highest id given out.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// Every message of ours up to this id is known to be delivered.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// The id of the last message the peer numbered.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Messages that are not known to be delivered.
    pub fn unacknowledged(&self) -> usize {
        self.buffer.len()
    }

    /// Their weight, as the format counts it.
    pub fn unacknowledged_weight(&self) -> usize {
        self.weight
    }

    /// Gives out the next id and keeps the message that carries it.
    pub fn keep(&mut self, text: T, weight: usize) {
        self.last_id += 1;
        self.weight += weight;
        self.buffer.push_back(Kept {
            id: self.last_id,
            text,
            weight,
        });
    }

    /// Notes that the peer has everything up to `id`: an answer to it arrived, or a restore said
    /// so. The number comes from the wire, so it is clamped to what was given out (Q10) and never
    /// iterated over (Q11). Returns the clamped number.
    pub fn deliver(&mut self, id: u64) -> u64 {
        let id = id.min(self.last_id);
        while self.buffer.front().is_some_and(|kept| kept.id <= id) {
            if let Some(kept) = self.buffer.pop_front() {
                self.weight -= kept.weight;
            }
        }
        self.delivered = self.delivered.max(id);
        id
    }

    /// Notes the id of a numbered message from the peer. Assigned, not maximised: with a peer that
    /// restarts its numbering the count has to follow (Q9).
    pub fn receive(&mut self, id: i64) {
        self.received = id.unsigned_abs();
    }

    /// What has to be sent again over a new transport, in order.
    pub fn unacknowledged_messages(&self) -> impl Iterator<Item = (u64, &T)> {
        self.buffer.iter().map(|kept| (kept.id, &kept.text))
    }
}
