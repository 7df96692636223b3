//! What a token stands in.

/// What the next token stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Nothing: it is the whole.
    Nothing,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// The arrays and objects around the innermost one, a bit each, so that reading needs no stack of its own
/// and, up to 64 levels, no memory either.
#[derive(Debug, Default)]
pub struct Open {
    depth: u32,
    /// The innermost up to 64, the last in the lowest bit; set for objects.
    last: u64,
    /// Those further out, 64 at a time.
    before: Vec<u64>,
}

impl Open {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.depth = 0;
        self.before.clear();
    }

    /// Notes that something opens inside of `outer`; false if as much as `limit` is open already.
    #[inline]
    pub fn push(&mut self, outer: Inside, limit: u32) -> bool {
        if self.depth >= limit {
            return false;
        }
        if self.depth.is_multiple_of(64) && self.depth > 0 {
            self.before.push(self.last);
        }
        self.depth += 1;
        self.last = self.last << 1 | u64::from(outer == Inside::Object);
        true
    }

    /// Notes that what opened last has ended; returns what it stood in.
    #[inline]
    pub fn pop(&mut self) -> Inside {
        let outer = if self.depth <= 1 {
            Inside::Nothing
        } else if self.last & 1 == 1 {
            Inside::Object
        } else {
            Inside::Array
        };
        self.depth = self.depth.saturating_sub(1);
        self.last >>= 1;
        if self.depth.is_multiple_of(64)
            && let Some(last) = self.before.pop()
        {
            self.last = last;
        }
        outer
    }
}
