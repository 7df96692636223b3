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

    /// What is open, if that is little; `inside` is the innermost.
    #[must_use]
    pub fn nest(&self, inside: Inside) -> Option<Nest> {
        let is_little = self.depth > 0 && self.depth <= Nest::LIMIT && self.before.is_empty();
        is_little.then(|| {
            // What the first stands in is nothing, and takes no bit.
            let outer = self.last & !(u64::MAX << (self.depth - 1));
            Nest(1 << self.depth | outer << 1 | u64::from(inside == Inside::Object))
        })
    }

    /// Puts what is open in the place of what [`nest`](Self::nest) has told.
    pub fn set_nest(&mut self, nest: Nest) {
        self.depth = nest.depth();
        // For what the first stands in.
        let rest = u64::MAX << self.depth;
        self.last = (nest.0 & !rest) >> 1;
    }
}

/// Some arrays and objects, a bit each, the innermost in the lowest, set for objects. The highest that is set is
/// above all of them.
#[derive(Clone, Copy, Debug)]
pub struct Nest(u64);

impl Nest {
    /// How many it can hold.
    pub const LIMIT: u32 = 62;

    /// How many there are.
    #[inline(always)]
    #[must_use]
    pub fn depth(self) -> u32 {
        self.0.ilog2()
    }

    /// Whether there is one alone.
    #[inline(always)]
    #[must_use]
    pub fn is_first(self) -> bool {
        self.0 < 1 << 2
    }

    /// Whether the innermost is an object.
    #[inline(always)]
    #[must_use]
    pub fn is_object(self) -> bool {
        self.0 & 1 == 1
    }

    /// With another one inside; there must be room for it.
    #[inline(always)]
    #[must_use]
    pub fn with(self, is_object: bool) -> Self {
        Self(self.0 << 1 | u64::from(is_object))
    }

    /// Without the innermost, which must not be the first.
    #[inline(always)]
    #[must_use]
    pub fn without(self) -> Self {
        Self(self.0 >> 1)
    }

    /// Whether it has so many or more.
    #[inline(always)]
    #[must_use]
    pub fn reaches(self, depth: u32) -> bool {
        self.0 >= 1 << depth.min(Self::LIMIT)
    }
}
