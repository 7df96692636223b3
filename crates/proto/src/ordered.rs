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

    /// Takes out what `which` says yes to, in the order of the keys.
    pub(crate) fn take(&mut self, mut which: impl FnMut(K, &V) -> bool) -> Vec<V> {
        let mut taken = Vec::new();
        for _ in 0..self.entries.len() {
            if let Some((key, value)) = self.entries.pop() {
                if which(key, &value) {
                    taken.push(value);
                } else {
                    self.entries.push((key, value));
                }
            }
        }
        taken
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
        assert_eq!(map.take(|key, _| key % 2 == 0), [20, 40]);
        assert_eq!(keys(&map), [1, 3, 5]);
        map.push(6, 6);
        assert_eq!(keys(&map), [1, 3, 5, 6]);
        assert_eq!(map.take(|_, _| true), [10, 30, 50, 6]);
        assert!(keys(&map).is_empty());
    }
}
