//! What clients say, and what they have to hear: calls that differ in their ids alone, and so do the answers.

use jstp_proto::MAX_BATCH;

use crate::wire::{Ear, head};

/// A text with a number in it.
pub(crate) struct Template {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Template {
    /// The text around the first number in this one, which is `number`.
    pub(crate) fn around(text: &str, number: &str) -> Self {
        let at = text.find(|c: char| c.is_ascii_digit()).unwrap();
        assert!(text[at..].starts_with(number), "no {number} in {text}");
        Self {
            before: text.as_bytes()[..at].to_vec(),
            after: text.as_bytes()[at + number.len()..].to_vec(),
        }
    }

    fn length(&self, number: &Number) -> usize {
        self.before.len() + number.digits().len() + self.after.len()
    }
}

/// A number, in decimal digits.
#[derive(Clone)]
pub(crate) struct Number {
    digits: [u8; 20],
    first: usize,
}

impl Number {
    pub(crate) fn one() -> Self {
        Self {
            digits: *b"00000000000000000001",
            first: 19,
        }
    }

    fn digits(&self) -> &[u8] {
        &self.digits[self.first..]
    }

    fn increment(&mut self) {
        for at in (0..self.digits.len()).rev() {
            self.first = self.first.min(at);
            if self.digits[at] < b'9' {
                self.digits[at] += 1;
                return;
            }
            self.digits[at] = b'0';
        }
    }
}

/// Makes calls.
pub(crate) struct Speaker<'t> {
    pub(crate) template: &'t Template,
    pub(crate) last: Number,
    pub(crate) batch: bool,
}

impl Speaker<'_> {
    /// Appends so many calls, in arrays of them if there may be such.
    pub(crate) fn say(&mut self, mut calls: usize, bytes: &mut Vec<u8>) {
        while calls > 0 {
            let together = if self.batch { self.together(calls) } else { 1 };
            let mut number = self.last.clone();
            let mut length = if together > 1 { together + 1 } else { 0 };
            for _ in 0..together {
                number.increment();
                length += self.template.length(&number);
            }
            head(length, bytes);
            for at in 0..together {
                if together > 1 {
                    bytes.push(if at == 0 { b'[' } else { b',' });
                }
                self.last.increment();
                bytes.extend_from_slice(&self.template.before);
                bytes.extend_from_slice(self.last.digits());
                bytes.extend_from_slice(&self.template.after);
            }
            if together > 1 {
                bytes.push(b']');
            }
            calls -= together;
        }
    }

    /// How many of so many calls fit into one message.
    fn together(&self, calls: usize) -> usize {
        // An id or two may be a digit longer.
        let each = self.template.length(&self.last) + ",1".len();
        (MAX_BATCH / each).clamp(1, calls)
    }
}

/// Hears answers, each of which has to be the right one.
pub(crate) struct Listener<'t> {
    template: &'t Template,
    /// The id of the answer that comes next, or comes just now, and how much of that has come.
    next: Number,
    at: usize,
    batch: bool,
    place: Place,
    /// How many have come altogether.
    pub(crate) heard: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Before,
    In,
    After,
    InArray,
}

impl<'t> Listener<'t> {
    /// Whoever has heard the answers up to this.
    pub(crate) fn after(last: &Number, template: &'t Template, batch: bool) -> Self {
        let mut next = last.clone();
        next.increment();
        Self {
            template,
            next,
            at: 0,
            batch,
            place: Place::Before,
            heard: 0,
        }
    }

    /// What stands between the answers of an array.
    fn separator(&mut self, byte: u8) {
        self.place = match (self.place, byte) {
            (Place::Before, b'[') if self.batch => Place::InArray,
            (Place::InArray, b',') => Place::InArray,
            (Place::InArray, b']') => Place::After,
            _ => panic!("a wrong answer"),
        };
    }
}

impl Ear for Listener<'_> {
    fn hear(&mut self, mut bytes: &[u8]) {
        while let Some(&first) = bytes.first() {
            if self.at == 0 && first != self.template.before[0] {
                self.separator(first);
                bytes = &bytes[1..];
                continue;
            }
            match self.place {
                Place::Before => self.place = Place::In,
                Place::In | Place::InArray => {}
                Place::After => panic!("an answer too many"),
            }
            let Template { before, after } = self.template;
            let mut skipped = 0;
            for part in [before, self.next.digits(), after] {
                let rest = part.get(self.at - skipped..).unwrap_or_default();
                let here = rest.len().min(bytes.len());
                assert!(rest[..here] == bytes[..here], "a wrong answer");
                bytes = &bytes[here..];
                self.at += here;
                skipped += part.len();
                if here < rest.len() {
                    return;
                }
            }
            self.heard += 1;
            self.next.increment();
            self.at = 0;
            if self.place == Place::In {
                self.place = Place::After;
            }
        }
    }

    fn end(&mut self) {
        assert!(self.place == Place::After, "half an answer");
        self.place = Place::Before;
    }
}
