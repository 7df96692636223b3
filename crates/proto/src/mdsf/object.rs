//! Objects: keys in the order in which they first came.

use std::collections::HashMap;
use std::fmt;

use smol_str::SmolStr;

use super::value::Value;

/// The members of an object, in order of first appearance.
///
/// Finding a key is quick for any number of keys, also when a stranger has chosen them to collide.
#[derive(Clone)]
pub struct Object {
    members: Members,
}

/// Up to this many members, comparing keys one by one is faster than hashing.
pub(super) const FEW: usize = 12;

#[derive(Clone)]
enum Members {
    Few(Vec<Member>),
    Many(Box<Indexed>),
}

/// Members, and where each of them is. The hashes have keys of their own, which no stranger knows.
#[derive(Clone)]
struct Indexed {
    members: Vec<Member>,
    places: HashMap<SmolStr, usize>,
}

/// Names of the usual length stand beside their values instead of taking memory of their own.
pub(super) type Member = (SmolStr, Value);

impl Object {
    /// An object without members.
    pub const fn new() -> Self {
        Self {
            members: Members::Few(Vec::new()),
        }
    }

    /// An object of members whose keys are all different.
    pub(super) fn of(members: Vec<Member>) -> Self {
        let members = if members.len() > FEW {
            Members::Many(Box::new(Indexed::of(members)))
        } else {
            Members::Few(members)
        };
        Self { members }
    }

    fn members(&self) -> &[Member] {
        match &self.members {
            Members::Few(members) => members,
            Members::Many(many) => &many.members,
        }
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.members().len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match &self.members {
            Members::Few(members) => members
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            Members::Many(many) => {
                let place = *many.places.get(key)?;
                Some(&many.members[place].1)
            }
        }
    }

    /// The value of `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match &mut self.members {
            Members::Few(members) => find_mut(members, key),
            Members::Many(many) => many.get_mut(key),
        }
    }

    /// Whether there is a member `key`.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Sets the value of `key` and returns the one it had. A key that is there already keeps its place.
    pub fn insert(&mut self, key: impl Into<String>, value: Value) -> Option<Value> {
        self.insert_member(key.into().into(), value)
    }

    pub(super) fn insert_member(&mut self, key: SmolStr, value: Value) -> Option<Value> {
        let members = match &mut self.members {
            Members::Many(many) => return many.insert(key, value),
            Members::Few(members) => members,
        };
        if let Some(old) = find_mut(members, &key) {
            return Some(std::mem::replace(old, value));
        }
        members.push((key, value));
        if members.len() > FEW {
            let many = Indexed::of(std::mem::take(members));
            self.members = Members::Many(Box::new(many));
        }
        None
    }

    /// Removes `key` and returns its value. The members after it move up.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        match &mut self.members {
            Members::Few(members) => {
                let index = members.iter().position(|(name, _)| name == key)?;
                Some(members.remove(index).1)
            }
            Members::Many(many) => many.remove(key),
        }
    }

    /// The members in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.members().iter())
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }
}

impl Indexed {
    fn of(members: Vec<Member>) -> Self {
        let places = members
            .iter()
            .enumerate()
            .map(|(place, (name, _))| (name.clone(), place))
            .collect();
        Self { members, places }
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let place = *self.places.get(key)?;
        Some(&mut self.members[place].1)
    }

    fn insert(&mut self, key: SmolStr, value: Value) -> Option<Value> {
        if let Some(old) = self.get_mut(&key) {
            return Some(std::mem::replace(old, value));
        }
        self.places.insert(key.clone(), self.members.len());
        self.members.push((key, value));
        None
    }

    fn remove(&mut self, key: &str) -> Option<Value> {
        let removed = self.places.remove(key)?;
        for place in self.places.values_mut() {
            *place -= usize::from(*place > removed);
        }
        Some(self.members.remove(removed).1)
    }
}

/// The value of `key` among a few members.
#[inline]
pub(super) fn find_mut<'m>(members: &'m mut [Member], key: &str) -> Option<&'m mut Value> {
    let same = members.iter_mut().find(|(name, _)| name == key);
    same.map(|(_, value)| value)
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// Equal members make equal objects, whatever their order.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: Into<String>> FromIterator<(K, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Self {
        let mut object = Self::new();
        object.extend(members);
        object
    }
}

impl<K: Into<String>> Extend<(K, Value)> for Object {
    fn extend<I: IntoIterator<Item = (K, Value)>>(&mut self, members: I) {
        for (key, value) in members {
            self.insert(key, value);
        }
    }
}

/// The members of an [`Object`], borrowed.
#[derive(Clone, Debug)]
pub struct Iter<'a>(std::slice::Iter<'a, Member>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = self.0.next()?;
        Some((key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Object {
    type Item = (&'a str, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The members of an [`Object`].
#[derive(Debug)]
pub struct IntoIter(std::vec::IntoIter<Member>);

impl IntoIter {
    pub(super) fn next_member(&mut self) -> Option<Member> {
        self.0.next()
    }
}

impl Iterator for IntoIter {
    type Item = (String, Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_member().map(|(key, value)| (key.into(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for IntoIter {}

impl IntoIterator for Object {
    type Item = (String, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        let members = match self.members {
            Members::Few(members) => members,
            Members::Many(many) => many.members,
        };
        IntoIter(members.into_iter())
    }
}
