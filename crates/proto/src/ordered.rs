//! Ordered: a map for keys that rise.

use std::collections::VecDeque;

/// A map in the order of its keys, made for those that come in order and go nearly so, as ids and
/// deadlines do: at both ends its work does not depend on its size. A tree would do as well, but weighs
/// three times as much in a browser.
#[derive(Clone, Debug)]
pub(crate) struct Ordered<K, V> {
    entries: VecDeque<(K, V)>,
}

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
        }
    }
}

impl<K: Copy + Ord, V> Ordered<K, V> {
    /// Enters a value, in the place of the one the key has.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let at = self.place_of(key);
        match self.entries.get_mut(at) {
            Some(entry) if entry.0 == key => entry.1 = value,
            _ => self.entries.insert(at, (key, value)),
        }
    }

    /// Takes a key's value out.
    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let at = self.place_of(key);
        if self.entries.get(at)?.0 != key {
            return None;
        }
        self.entries.remove(at).map(|(_, value)| value)
    }

    /// The value of a key.
    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.place_of(key);
        let entry = self.entries.get_mut(at)?;
        (entry.0 == key).then_some(&mut entry.1)
    }

    /// Keys and values in the order of the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    /// Takes out what `which` says yes to, in the order of the keys.
    pub(crate) fn take(&mut self, mut which: impl FnMut(K, &V) -> bool) -> Vec<V> {
        let mut taken = Vec::new();
        for _ in 0..self.entries.len() {
            if let Some((key, value)) = self.entries.pop_front() {
                if which(key, &value) {
                    taken.push(value);
                } else {
                    self.entries.push_back((key, value));
                }
            }
        }
        taken
    }

    /// Gives back the room of what was there, if nothing is.
    pub(crate) fn trim(&mut self) {
        trim(&mut self.entries);
    }

    /// Where the key is, or would be.
    fn place_of(&self, key: K) -> usize {
        // A key beyond all others is the common one to come, the first to go.
        match self.entries.back() {
            Some((last, _)) if *last < key => self.entries.len(),
            _ => self.entries.partition_point(|(other, _)| *other < key),
        }
    }
}

/// Gives back the room of what was there, if nothing is.
pub(crate) fn trim<T>(entries: &mut VecDeque<T>) {
    if entries.is_empty() {
        *entries = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(keys: &[u32]) -> Ordered<u32, u32> {
        let mut map = Ordered::default();
        for &key in keys {
            map.insert(key, key * 10);
        }
        map
    }

    fn keys(map: &Ordered<u32, u32>) -> Vec<u32> {
        map.iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn keys_come_in_order_whatever_order_they_came_in() {
        let map = ordered(&[3, 1, 4, 1, 5, 9, 2, 6]);
        assert_eq!(keys(&map), [1, 2, 3, 4, 5, 6, 9]);
    }

    #[test]
    fn a_key_has_the_value_entered_last() {
        let mut map = ordered(&[1, 2, 3]);
        map.insert(2, 7);
        assert_eq!(map.get_mut(2), Some(&mut 7));
        assert_eq!(map.remove(2), Some(7));
        assert_eq!(map.remove(2), None);
        assert_eq!(map.get_mut(2), None);
        assert_eq!(keys(&map), [1, 3]);
    }

    #[test]
    fn what_is_taken_out_keeps_its_order_and_so_does_the_rest() {
        let mut map = ordered(&[1, 2, 3, 4, 5]);
        assert_eq!(map.take(|key, _| key % 2 == 0), [20, 40]);
        assert_eq!(keys(&map), [1, 3, 5]);
        map.insert(4, 4);
        assert_eq!(keys(&map), [1, 3, 4, 5]);
        assert_eq!(map.take(|_, _| true), [10, 30, 4, 50]);
        assert!(keys(&map).is_empty());
    }
}
