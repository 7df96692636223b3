//! Objects: keys in the order in which they first came.

use std::collections::hash_map::RandomState;
use std::fmt;

use indexmap::IndexMap;
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
    Many(Box<IndexMap<SmolStr, Value, RandomState>>),
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
            Members::Many(Box::new(members.into_iter().collect()))
        } else {
            Members::Few(members)
        };
        Self { members }
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        match &self.members {
            Members::Few(members) => members.len(),
            Members::Many(members) => members.len(),
        }
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
            Members::Many(members) => members.get(key),
        }
    }

    /// The value of `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match &mut self.members {
            Members::Few(members) => find_mut(members, key),
            Members::Many(members) => members.get_mut(key),
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
            Members::Many(members) => return members.insert(key, value),
            Members::Few(members) => members,
        };
        if let Some(old) = find_mut(members, &key) {
            return Some(std::mem::replace(old, value));
        }
        members.push((key, value));
        if members.len() > FEW {
            let many = std::mem::take(members).into_iter().collect();
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
            Members::Many(members) => members.shift_remove(key),
        }
    }

    /// The members in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(match &self.members {
            Members::Few(members) => IterOf::Few(members.iter()),
            Members::Many(members) => IterOf::Many(members.iter()),
        })
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
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
pub struct Iter<'a>(IterOf<'a>);

#[derive(Clone, Debug)]
enum IterOf<'a> {
    Few(std::slice::Iter<'a, Member>),
    Many(indexmap::map::Iter<'a, SmolStr, Value>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            IterOf::Few(members) => members.next().map(|(key, value)| (key.as_str(), value)),
            IterOf::Many(members) => members.next().map(|(key, value)| (key.as_str(), value)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            IterOf::Few(members) => members.size_hint(),
            IterOf::Many(members) => members.size_hint(),
        }
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
pub struct IntoIter(IntoIterOf);

#[derive(Debug)]
enum IntoIterOf {
    Few(std::vec::IntoIter<Member>),
    Many(indexmap::map::IntoIter<SmolStr, Value>),
}

impl IntoIter {
    pub(super) fn next_member(&mut self) -> Option<Member> {
        match &mut self.0 {
            IntoIterOf::Few(members) => members.next(),
            IntoIterOf::Many(members) => members.next(),
        }
    }
}

impl Iterator for IntoIter {
    type Item = (String, Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_member().map(|(key, value)| (key.into(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            IntoIterOf::Few(members) => members.size_hint(),
            IntoIterOf::Many(members) => members.size_hint(),
        }
    }
}

impl ExactSizeIterator for IntoIter {}

impl IntoIterator for Object {
    type Item = (String, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter(match self.members {
            Members::Few(members) => IntoIterOf::Few(members.into_iter()),
            Members::Many(members) => IntoIterOf::Many(members.into_iter()),
        })
    }
}
