//! Session: message ids, received and delivered counts, and the buffer of what may have to be
//! sent again.

use crate::row::Row;

/// What outlives a transport on one side (protocol.md 4.1). Ids in here are absolute.
#[derive(Clone, Debug)]
pub struct Session<T> {
    id: String,
    /// Sent or about to be sent, not known to be delivered, in ascending order of id.
    buffer: Row<Kept<T>>,
    weight: usize,
    last_id: u64,
    /// The highest id that was ever handed to a transport.
    transmitted: u64,
    delivered: u64,
    received: u64,
}

#[derive(Clone, Debug)]
struct Kept<T> {
    id: u64,
    text: T,
    weight: usize,
}

/// A session as data, to be kept somewhere and gone on with later (protocol.md 4.7). Ids are
/// absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionParts<T> {
    /// The id made by the server.
    pub id: String,
    /// Every message of ours up to this id is known to be delivered.
    pub delivered: u64,
    /// The id of the last message the peer numbered.
    pub received: u64,
    /// The highest id given out.
    pub last_id: u64,
    /// Messages that are not known to be delivered, by id.
    pub buffer: Vec<(u64, T)>,
}

impl<T> Session<T> {
    /// A session that has neither sent nor received anything.
    pub fn new(id: String) -> Self {
        Self {
            id,
            buffer: Row::default(),
            weight: 0,
            last_id: 0,
            transmitted: 0,
            delivered: 0,
            received: 0,
        }
    }

    /// A session kept as data, but for its messages, which [`put_back`](Self::put_back) adds.
    pub fn kept(id: String, delivered: u64, received: u64, last_id: u64) -> Self {
        let last_id = last_id.max(delivered);
        Self {
            last_id,
            transmitted: last_id,
            delivered,
            received,
            ..Self::new(id)
        }
    }

    /// Adds a message of a session kept as data. They come in the order of their ids; of two with one id
    /// the first counts, and one that is known to be delivered does not.
    pub fn put_back(&mut self, id: u64, text: T, weight: usize) {
        if self.buffer.last().map_or(self.delivered, |kept| kept.id) < id {
            self.weight += weight;
            self.buffer.push(Kept { id, text, weight });
            // Upstream's sessions may contradict themselves (Q1), and no id is given out twice.
            self.last_id = self.last_id.max(id);
            self.transmitted = self.last_id;
        }
    }

    /// A session kept as data; `weigh` is the format's [`weight`](crate::Format::weight). What contradicts
    /// itself is put right.
    pub fn from_parts(mut parts: SessionParts<T>, weigh: impl Fn(&T) -> usize) -> Self {
        let mut session = Self::kept(parts.id, parts.delivered, parts.received, parts.last_id);
        parts.buffer.sort_by_key(|(id, _)| *id);
        for (id, text) in parts.buffer {
            let weight = weigh(&text);
            session.put_back(id, text, weight);
        }
        session
    }

    /// The session as data.
    pub fn to_parts(&self) -> SessionParts<T>
    where
        T: Clone,
    {
        SessionParts {
            id: self.id.clone(),
            delivered: self.delivered,
            received: self.received,
            last_id: self.last_id,
            buffer: self
                .unacknowledged_messages()
                .map(|(id, text)| (id, text.clone()))
                .collect(),
        }
    }

    /// The id made by the server: the bearer token for resuming.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The id the next message will carry.
    pub fn next_id(&self) -> u64 {
        self.last_id.saturating_add(1)
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
    pub(crate) fn keep(&mut self, text: T, weight: usize) {
        self.last_id = self.next_id();
        self.weight += weight;
        self.buffer.push(Kept {
            id: self.last_id,
            text,
            weight,
        });
    }

    /// Everything kept has been handed to a transport.
    pub(crate) fn transmitted(&mut self) {
        self.transmitted = self.last_id;
    }

    /// Takes a message back that no transport has been handed. False if one has.
    pub(crate) fn withdraw(&mut self, id: u64) -> bool {
        if id <= self.transmitted {
            return false;
        }
        let place = self.buffer.place_of(|kept| kept.id < id);
        if self.buffer.get(place).is_some_and(|kept| kept.id == id)
            && let Some(kept) = self.buffer.remove(place)
        {
            self.weight -= kept.weight;
        }
        true
    }

    /// The first message that is not known to be delivered.
    pub(crate) fn first_unacknowledged(&self) -> Option<u64> {
        self.buffer.get(0).map(|kept| kept.id)
    }

    /// Gives back the room of messages that were kept.
    pub(crate) fn trim(&mut self) {
        self.buffer.trim();
    }

    /// Takes the first message that is not known to be delivered out of the buffer.
    pub(crate) fn drop_first(&mut self) {
        if let Some(kept) = self.buffer.pop() {
            self.weight -= kept.weight;
        }
    }

    /// Notes that the peer has everything up to `id`: an answer to it arrived, or a restore said
    /// so. The number comes from the wire, so it is clamped to what was given out (Q10) and never
    /// iterated over (Q11).
    pub(crate) fn deliver(&mut self, id: u64) {
        let id = id.min(self.last_id);
        while self.first_unacknowledged().is_some_and(|first| first <= id) {
            self.drop_first();
        }
        self.delivered = self.delivered.max(id);
    }

    /// Notes the id of a numbered message from the peer. Assigned, not maximised: with a peer that
    /// restarts its numbering the count has to follow (Q9).
    pub(crate) fn receive(&mut self, id: i64) {
        self.received = id.unsigned_abs();
    }

    /// One of the messages that have to be sent again over a new transport, by its place among them.
    pub fn unacknowledged_message(&self, place: usize) -> Option<(u64, &T)> {
        self.buffer.get(place).map(|kept| (kept.id, &kept.text))
    }

    /// What has to be sent again over a new transport, in order.
    pub fn unacknowledged_messages(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        self.buffer.iter().map(|kept| (kept.id, &kept.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(buffer: &[(u64, &str)]) -> SessionParts<String> {
        SessionParts {
            id: "6e5c".to_owned(),
            delivered: 2,
            received: 7,
            last_id: 4,
            buffer: buffer
                .iter()
                .map(|(id, text)| (*id, (*text).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn a_session_kept_as_data_is_the_same_session() {
        let parts = parts(&[(3, "three"), (4, "four")]);
        let session = Session::from_parts(parts.clone(), String::len);
        assert_eq!(session.to_parts(), parts);
        assert_eq!(session.unacknowledged_weight(), 9);
        assert_eq!(session.next_id(), 5);
        assert_eq!((session.delivered(), session.received()), (2, 7));
    }

    #[test]
    fn what_contradicts_itself_is_put_right() {
        // As an upstream server leaves it behind (Q1).
        let parts = parts(&[
            (6, "six"),
            (1, "one"),
            (2, "two"),
            (3, "three"),
            (6, "again"),
        ]);
        let session = Session::from_parts(parts, String::len);
        let ids: Vec<u64> = session
            .unacknowledged_messages()
            .map(|(id, _)| id)
            .collect();
        assert_eq!(ids, [3, 6]);
        assert_eq!(session.unacknowledged_weight(), 8);
        assert_eq!(session.next_id(), 7);
    }

    #[test]
    fn a_message_of_a_session_kept_as_data_may_have_left() {
        let mut session = Session::from_parts(parts(&[(4, "four")]), String::len);
        assert!(!session.withdraw(4));
        session.keep("five".to_owned(), 4);
        assert!(session.withdraw(5));
        assert_eq!(session.unacknowledged(), 1);
        assert_eq!(session.unacknowledged_weight(), 4);
    }
}
