//! Which requests of other nodes have come before: a bus may repeat what it carries, and so may whoever listens to it.

use std::collections::{BTreeSet, HashMap};

use tokio::time::Instant;

/// Numbers of one node that are remembered one by one; what is older than all of them counts as seen.
const REMEMBERED: usize = 4_096;
/// Nodes that are remembered; the one that was silent for longest is forgotten first.
const NODES_MAX: usize = 1_024;

/// What has come so far.
#[derive(Debug, Default)]
pub(super) struct Repeats(HashMap<String, Seen>);

#[derive(Debug)]
struct Seen {
    recent: BTreeSet<u64>,
    /// Everything below has come, or counts as if it had.
    floor: u64,
    heard_at: Instant,
}

impl Repeats {
    /// Whether a node's request is new; from now on it is not.
    pub(super) fn is_new(&mut self, node: &str, n: u64) -> bool {
        if !self.0.contains_key(node) && self.0.len() >= NODES_MAX {
            let longest = self.0.iter().min_by_key(|(_, seen)| seen.heard_at).map(|(node, _)| node.clone());
            longest.map(|node| self.0.remove(&node));
        }
        let heard_at = Instant::now();
        let first = || Seen { recent: BTreeSet::new(), floor: 0, heard_at };
        let seen = self.0.entry(node.to_owned()).or_insert_with(first);
        seen.heard_at = heard_at;
        if n < seen.floor || !seen.recent.insert(n) {
            return false;
        }
        if seen.recent.len() > REMEMBERED {
            seen.floor = seen.recent.pop_first().map_or(seen.floor, |oldest| oldest + 1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_new_once_in_whatever_order_it_comes() {
        let mut repeats = Repeats::default();
        for n in [3, 1, 2, 0] {
            assert!(repeats.is_new("a", n), "{n}");
        }
        for n in 0..4 {
            assert!(!repeats.is_new("a", n), "{n} again");
        }
        assert!(repeats.is_new("b", 3), "another node counts for itself");
    }

    #[test]
    fn what_is_too_old_to_be_remembered_is_not_new() {
        let mut repeats = Repeats::default();
        let many = u64::try_from(REMEMBERED).unwrap();
        for n in 1..=many + 1 {
            assert!(repeats.is_new("a", n));
        }
        assert!(!repeats.is_new("a", 0));
        assert!(!repeats.is_new("a", 1));
        assert!(repeats.is_new("a", many + 2));
    }

    #[test]
    fn no_number_of_nodes_is_too_many() {
        let mut repeats = Repeats::default();
        for node in 0..=NODES_MAX {
            assert!(repeats.is_new(&node.to_string(), 0));
        }
        assert_eq!(repeats.0.len(), NODES_MAX);
    }
}
