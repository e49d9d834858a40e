//! A map that remembers what was used lately and forgets the rest, within a fixed bound.

use std::collections::HashMap;
use std::hash::Hash;

/// Two generations: when the young one is full it becomes the old one, and what was old is forgotten. So
/// whatever was used within the last `capacity` new keys is still there, and at most twice as many are.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    capacity: usize,
}

impl<K: Eq + Hash + Clone, V> Recent<K, V> {
    /// Remembers at least the last `capacity` keys.
    pub(super) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), capacity }
    }

    /// The value of `key`, which counts as a use of it.
    pub(super) fn get(&mut self, key: &K) -> Option<&mut V> {
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    /// Sets the value of `key`.
    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.capacity && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    /// Forgets `key`.
    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let mut recent = Recent::new(10);
        for number in 0..1000 {
            recent.insert(number, number);
            assert_eq!(recent.get(&0), Some(&mut 0), "forgotten after {number}");
            assert!(recent.young.len() + recent.old.len() <= 20);
        }
        assert_eq!(recent.get(&999), Some(&mut 999));
        assert_eq!(recent.get(&500), None);
    }

    #[test]
    fn a_key_has_one_value() {
        let mut recent = Recent::new(1);
        recent.insert('a', 1);
        recent.insert('b', 1);
        recent.insert('a', 2);
        recent.insert('c', 1);
        assert_eq!(recent.get(&'a'), Some(&mut 2));
        recent.remove(&'a');
        assert_eq!(recent.get(&'a'), None);
    }
}
