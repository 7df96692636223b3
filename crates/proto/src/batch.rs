//! Batch: several messages in one WebSocket message (extensions.md).
//!
//! It is a matter of the transport alone: the core hears and says single messages, and knows nothing of
//! how they travelled.

use std::collections::VecDeque;
use std::marker::PhantomData;

use crate::connection::Connection;
use crate::error::PeerMisbehaved;
use crate::format::Format;
use crate::mdsf::{Limits, Reader};
use crate::message::{self, Message};

/// The subprotocol of a transport that carries arrays of messages as well.
pub const BATCH_SUBPROTOCOL: &str = "metarhia-jstp.batch";

/// Bytes up to which messages are put together. More would gain nothing, and would make the first of
/// them wait for the last.
pub const MAX_BATCH: usize = 64 * 1024;

/// A message as it came, alone or as an element of an array.
#[derive(Debug)]
pub struct Part<'t, P> {
    pub(crate) text: &'t str,
    pub(crate) message: Result<Message<'t, P>, PeerMisbehaved>,
}

impl<'t, P> Part<'t, P> {
    /// The message's text; where it could not be read, all that is left.
    pub fn text(&self) -> &'t str {
        self.text
    }
}

/// The messages of one WebSocket message, in order.
///
/// Each is read only when it is asked for, so that a driver can deliver what one message came to
/// before it feeds the next: what an array of a million messages would come to has to be in memory at no
/// time.
#[derive(Debug)]
pub struct Messages<'t, F> {
    rest: &'t str,
    limits: Limits,
    max: usize,
    place: Place,
    format: PhantomData<fn() -> F>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Alone,
    Bracket,
    Separator,
    End,
}

impl<F: Format> Connection<F> {
    /// The messages that a WebSocket message holds, to be handed to [`handle_part`](Self::handle_part)
    /// one by one. Without `batch`, which says whether the transport has agreed on the extension, that is
    /// itself and nothing else.
    pub fn messages<'t>(&self, text: &'t str, batch: bool) -> Messages<'t, F> {
        let max = self.config().max_received;
        let limits = self.config().limits;
        let is_array =
            batch && text.len() <= max && matches!(Reader::new(text, limits).eat(b'['), Ok(true));
        Messages {
            rest: text,
            limits,
            max,
            place: if is_array {
                Place::Bracket
            } else {
                Place::Alone
            },
            format: PhantomData,
        }
    }
}

impl<'t, F: Format> Iterator for Messages<'t, F> {
    type Item = Part<'t, F::Payload>;

    fn next(&mut self) -> Option<Self::Item> {
        let place = std::mem::replace(&mut self.place, Place::End);
        let (text, message) = match place {
            Place::End => return None,
            Place::Alone if self.rest.len() > self.max => {
                let limit = self.max;
                ("", Err(PeerMisbehaved::TooLarge { limit }))
            }
            Place::Alone => (self.rest, message::read::<F>(self.rest, self.limits)),
            Place::Bracket | Place::Separator => match self.element(place) {
                Ok(element) => {
                    let (text, message) = element?;
                    self.place = Place::Separator;
                    (text, Ok(message))
                }
                Err(fault) => (self.rest, Err(fault)),
            },
        };
        Some(Part { text, message })
    }
}

impl<'t, F: Format> Messages<'t, F> {
    /// Reads what stands before the next element, and the element; `None` at the end of the array.
    #[allow(clippy::type_complexity)]
    fn element(
        &mut self,
        place: Place,
    ) -> Result<Option<(&'t str, Message<'t, F::Payload>)>, PeerMisbehaved> {
        let mut reader = Reader::new(self.rest, self.limits);
        let is_first = place == Place::Bracket;
        let separator = if is_first { b'[' } else { b',' };
        let goes_on = reader.eat(separator)?;
        if reader.eat(b']')? {
            if is_first {
                return Err(PeerMisbehaved::EmptyBatch);
            }
            reader.end()?;
            return Ok(None);
        }
        if !goes_on {
            return Err(reader.expected("`,` or `]`").into());
        }
        reader.peek()?;
        let start = reader.position();
        let message = message::read_one::<F>(&mut reader)?;
        if matches!(
            message,
            Message::HandshakeRequest(_) | Message::HandshakeAnswer(_)
        ) {
            return Err(PeerMisbehaved::HandshakeInBatch);
        }
        let text = reader.since(start);
        (_, self.rest) = self.rest.split_at(reader.position());
        Ok(Some((text, message)))
    }
}

/// Takes the first texts out of a queue, as one WebSocket message of at most [`MAX_BATCH`] bytes. A
/// text that is larger, or that none follows, goes as it is.
pub fn take_batch(texts: &mut VecDeque<String>) -> Option<String> {
    let first = texts.pop_front()?;
    let fits = |length: usize, next: &String| length + next.len() + ",]".len() <= MAX_BATCH;
    if !texts
        .front()
        .is_some_and(|next| fits(first.len() + "[".len(), next))
    {
        return Some(first);
    }
    let all = texts.iter().map(|text| text.len() + 1).sum::<usize>();
    let mut batch = String::with_capacity((first.len() + all + 2).min(MAX_BATCH));
    batch.push('[');
    batch.push_str(&first);
    while texts.front().is_some_and(|next| fits(batch.len(), next))
        && let Some(next) = texts.pop_front()
    {
        batch.push(',');
        batch.push_str(&next);
    }
    batch.push(']');
    Some(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Role};
    use crate::format::Native;

    fn split(text: &str, batch: bool) -> Vec<String> {
        let core = Connection::<Native>::new(Role::Client, Config::new(Role::Client));
        core.messages(text, batch)
            .map(|part| match part.message {
                Ok(_) => part.text.to_owned(),
                Err(fault) => format!("{} <- {fault:?}", part.text),
            })
            .collect()
    }

    fn texts(text: &str, batch: bool) -> Vec<&str> {
        let core = Connection::<Native>::new(Role::Client, Config::new(Role::Client));
        core.messages(text, batch).map(|part| part.text()).collect()
    }

    #[test]
    fn an_array_is_told_apart_into_its_elements() {
        for (text, parts) in [
            ("[{a:[1]}]", &["{a:[1]}"][..]),
            ("[{},{}]", &["{}", "{}"]),
            (
                " /**/[ {a:[']},']} , {'b':[[],{}]} ,//\n] ",
                &["{a:[']},']}", "{'b':[[],{}]}"],
            ),
        ] {
            assert_eq!(split(text, true), parts, "{text}");
        }
    }

    #[test]
    fn what_is_no_array_or_not_expected_to_be_one_is_left_as_it_is() {
        for text in ["{a:[1]}", "", "5", "/*", " {}[", "\u{feff}x"] {
            assert_eq!(texts(text, true), [text]);
        }
        for text in ["[{a:[1]}]", "[]", "["] {
            assert_eq!(texts(text, false), [text]);
        }
    }

    #[test]
    fn from_the_first_malformed_element_on_there_is_nothing_but_the_fault() {
        for (text, parts) in [
            ("[]", &["[] <- EmptyBatch"][..]),
            ("[ /**/ ]", &["[ /**/ ] <- EmptyBatch"]),
            ("[{},5,{}]", &["{}", ",5,{}] <- NotAnObject"]),
            ("[[{}]]", &["[[{}]] <- NotAnObject"]),
            ("['x']", &["['x'] <- NotAnObject"]),
            ("[undefined]", &["[undefined] <- NotAnObject"]),
            (
                "[{},{handshake:[0,'a']}]",
                &["{}", ",{handshake:[0,'a']}] <- HandshakeInBatch"],
            ),
            (
                "[{'h\\u0061ndshake':[0],ok:'x'}]",
                &["[{'h\\u0061ndshake':[0],ok:'x'}] <- HandshakeInBatch"],
            ),
        ] {
            assert_eq!(split(text, true), parts, "{text}");
        }
        for (text, elements) in [
            ("[", 0),
            ("[,{}]", 0),
            ("[{}", 1),
            ("[{},", 1),
            ("[{},,{}]", 1),
            ("[{}{}]", 1),
            ("[{} {}]", 1),
            ("[{}]]", 1),
            ("[{}]{}", 1),
            ("[{},{}],", 2),
            ("[{},{a]", 1),
            ("[{}}", 1),
            ("[{}:{}]", 1),
        ] {
            let parts = split(text, true);
            assert_eq!(parts.len(), elements + 1, "{text}: {parts:?}");
            let last = parts.last().map_or("", String::as_str);
            assert!(last.contains("<- Unreadable"), "{text}: {last}");
        }
    }

    #[test]
    fn limits_are_those_of_each_message() {
        let nested =
            |levels: usize| format!("{{e:[1],x:{}{}}}", "[".repeat(levels), "]".repeat(levels));
        let batch = format!("[{0},{0},{0}]", nested(1000));
        assert_eq!(split(&batch, true), vec![nested(1000); 3]);
        let values = format!("{{e:[1],x:[{}1]}}", "1,".repeat(1_048_570));
        assert_eq!(
            split(&format!("[{values},{values}]"), true),
            [values.clone(), values]
        );
    }

    fn batches(texts: &[String]) -> Vec<String> {
        let mut texts = texts.iter().cloned().collect();
        std::iter::from_fn(|| take_batch(&mut texts)).collect()
    }

    #[test]
    fn what_waits_is_put_together() {
        let texts = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| (*text).to_owned()).collect()
        };
        assert_eq!(batches(&[]), [""; 0]);
        assert_eq!(batches(&texts(&["{}"])), ["{}"]);
        assert_eq!(batches(&texts(&["{a}", "{b}", "{c}"])), ["[{a},{b},{c}]"]);
    }

    #[test]
    fn a_batch_has_at_most_64_kib() {
        let text = |length: usize| "x".repeat(length);
        let lengths = |texts: &[usize]| -> Vec<usize> {
            let texts: Vec<String> = texts.iter().map(|length| text(*length)).collect();
            batches(&texts).iter().map(String::len).collect()
        };
        assert_eq!(lengths(&[MAX_BATCH - 5, 2]), [MAX_BATCH]);
        assert_eq!(lengths(&[MAX_BATCH - 5, 3]), [MAX_BATCH - 5, 3]);
        assert_eq!(lengths(&[1, 1, MAX_BATCH]), [5, MAX_BATCH]);
        assert_eq!(lengths(&[8 << 20, 1, 1]), [8 << 20, 5]);
        let many = batches(&vec![text(99); 10_000]);
        assert!(many.iter().all(|batch| batch.len() <= MAX_BATCH));
        assert_eq!(many.len(), 10_000usize.div_ceil((MAX_BATCH - 1) / 100));
    }
}
