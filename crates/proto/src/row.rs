//! Row: what leaves in the order in which it came.

/// A queue whose entries stand in one piece. At both ends its work does not depend on how many there are. The
/// standard library's, whose entries stand in two, is twice as much code in a page.
#[derive(Clone, Debug)]
pub(crate) struct Row<T> {
    /// The first `gone` have left.
    entries: Vec<Option<T>>,
    gone: usize,
}

/// So many may have left before those that have not move up.
const GONE: usize = 32;

impl<T> Default for Row<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            gone: 0,
        }
    }
}

impl<T> Row<T> {
    pub(crate) fn push(&mut self, entry: T) {
        self.entries.push(Some(entry));
    }

    /// Takes the first out.
    #[inline(never)]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let first = self.entries.get_mut(self.gone)?.take();
        self.gone += 1;
        if self.len() == 0 {
            self.entries.clear();
            self.gone = 0;
        } else if self.gone >= GONE && self.gone >= self.len() {
            self.entries = self.entries.split_off(self.gone);
            self.gone = 0;
        }
        first
    }

    /// Takes the one at a place out. That takes as long as there are others before it, or after it if there are
    /// fewer of those.
    pub(crate) fn remove(&mut self, place: usize) -> Option<T> {
        let mut at = self.gone + place;
        if place > self.len() / 2 {
            for at in at + 1..self.entries.len() {
                self.entries.swap(at - 1, at);
            }
            return self.entries.pop()?;
        }
        while at > self.gone {
            self.entries.swap(at, at - 1);
            at -= 1;
        }
        self.pop()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.gone
    }

    pub(crate) fn get(&self, place: usize) -> Option<&T> {
        self.entries.get(self.gone + place)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.entries.get_mut(self.gone + place)?.as_mut()
    }

    pub(crate) fn last(&self) -> Option<&T> {
        // Where none is left, neither is any that has left.
        self.entries.last()?.as_ref()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter().filter_map(Option::as_ref)
    }

    /// The place of the first for which `comes_before` is not true, after those for which it is.
    pub(crate) fn place_of(&self, comes_before: impl Fn(&T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.get(middle).is_some_and(&comes_before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Gives back the room of what was there, if nothing is.
    pub(crate) fn trim(&mut self) {
        if self.len() == 0 {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn it_is_a_queue_whatever_comes_and_goes() {
        let (mut row, mut queue) = (Row::default(), VecDeque::new());
        let mut random = 1_u32;
        for entry in 0..20_000_u32 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Grows for a while, then shrinks, again and again.
            let pushes = (random >> 16) % 100 < if entry % 1000 < 500 { 70 } else { 25 };
            let place = (random >> 24) as usize % if random & 0x200 == 0 { 4 } else { 256 };
            if pushes {
                row.push(entry);
                queue.push_back(entry);
            } else if place < queue.len() && random & 0x100 == 0 {
                assert_eq!(row.remove(place), queue.remove(place));
            } else {
                assert_eq!(row.pop(), queue.pop_front());
            }
            assert_eq!(row.len(), queue.len());
            assert_eq!((row.get(0), row.last()), (queue.front(), queue.back()));
        }
        assert!(row.iter().eq(&queue));
        while let Some(entry) = queue.pop_front() {
            assert_eq!(row.pop(), Some(entry));
        }
        assert_eq!((row.pop(), row.last()), (None, None));
    }
}
