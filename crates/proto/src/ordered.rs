//! Ordered: a map for keys that rise.

use crate::row::Row;

/// A map in the order of its keys, made for those that come in order and go nearly so, as ids and
/// deadlines do: at both ends its work does not depend on its size. A tree would do as well, but weighs
/// three times as much in a browser.
#[derive(Clone, Debug)]
pub(crate) struct Ordered<K, V> {
    entries: Row<(K, V)>,
}

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self {
            entries: Row::default(),
        }
    }
}

impl<K: Copy + Ord, V> Ordered<K, V> {
    /// Enters a value under a key beyond all others.
    pub(crate) fn push(&mut self, key: K, value: V) {
        debug_assert!(self.entries.last().is_none_or(|(last, _)| *last < key));
        self.entries.push((key, value));
    }

    /// Takes a key's value out.
    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let at = self.place_of(key)?;
        self.entries.remove(at).map(|(_, value)| value)
    }

    /// The value of a key.
    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.place_of(key)?;
        self.entries.get_mut(at).map(|(_, value)| value)
    }

    /// Keys and values in the order of the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Takes the first out if its key is at most `up_to`.
    pub(crate) fn pop(&mut self, up_to: K) -> Option<V> {
        (self.entries.get(0)?.0 <= up_to).then_some(())?;
        self.entries.pop().map(|(_, value)| value)
    }

    /// Takes the first out if `which` says yes to it, or else makes it the last: to be done as often as there are
    /// entries, and not to be left off before.
    pub(crate) fn turn(&mut self, which: impl FnOnce(&V) -> bool) -> Option<V> {
        let (key, value) = self.entries.pop()?;
        if which(&value) {
            return Some(value);
        }
        self.entries.push((key, value));
        None
    }

    /// Gives back the room of what was there, if nothing is.
    pub(crate) fn trim(&mut self) {
        self.entries.trim();
    }

    fn place_of(&self, key: K) -> Option<usize> {
        let at = self.entries.place_of(|(other, _)| *other < key);
        (self.entries.get(at)?.0 == key).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(keys: &[u32]) -> Ordered<u32, u32> {
        let mut map = Ordered::default();
        for &key in keys {
            map.push(key, key * 10);
        }
        map
    }

    fn keys(map: &Ordered<u32, u32>) -> Vec<u32> {
        map.iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_key_has_its_value_until_that_is_taken_out() {
        let mut map = ordered(&[1, 2, 3, 5, 9]);
        assert_eq!(map.get_mut(2), Some(&mut 20));
        assert_eq!(map.remove(2), Some(20));
        assert_eq!(map.remove(2), None);
        assert_eq!(map.get_mut(2), None);
        assert_eq!((map.remove(4), map.remove(10)), (None, None));
        assert_eq!(keys(&map), [1, 3, 5, 9]);
        assert_eq!(map.remove(9), Some(90));
        assert_eq!(keys(&map), [1, 3, 5]);
    }

    #[test]
    fn what_is_taken_out_keeps_its_order_and_so_does_the_rest() {
        let mut map = ordered(&[1, 2, 3, 4, 5]);
        let turns = (0..map.len()).filter_map(|_| map.turn(|value| value % 20 == 0));
        assert_eq!(turns.collect::<Vec<_>>(), [20, 40]);
        assert_eq!(keys(&map), [1, 3, 5]);
        map.push(6, 6);
        assert_eq!(keys(&map), [1, 3, 5, 6]);
        assert_eq!(
            [map.pop(3), map.pop(3), map.pop(3)],
            [Some(10), Some(30), None]
        );
        assert_eq!(keys(&map), [5, 6]);
    }
}
