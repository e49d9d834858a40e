//! Which other nodes live, judged by this node's own monotonic clock: each was heard of lately, over the bus or
//! because its row in the database moves. Pure: time is handed in.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// How long a node is taken to live that nothing is heard of.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Peers {
    seen: HashMap<String, Peer>,
}

#[derive(Debug)]
struct Peer {
    /// What its row said last; none for one that was only heard on the bus.
    beat: Option<i64>,
    heard_at: Instant,
    /// Whether it is one of those that live, or a row that somebody has left behind.
    lives: bool,
}

impl Peers {
    /// A node has said something.
    pub(super) fn heard(&mut self, name: &str, now: Instant) {
        match self.seen.get_mut(name) {
            Some(peer) => (peer.heard_at, peer.lives) = (now, true),
            None => {
                self.seen.insert(name.to_owned(), Peer { beat: None, heard_at: now, lives: true });
            }
        }
    }

    /// The database has this row of a node. The first sight of it says nothing: it may be an old one.
    pub(super) fn beats(&mut self, name: &str, beat: i64, now: Instant) {
        let Some(peer) = self.seen.get_mut(name) else {
            self.seen.insert(name.to_owned(), Peer { beat: Some(beat), heard_at: now, lives: false });
            return;
        };
        if peer.beat.is_some_and(|last| last != beat) {
            (peer.heard_at, peer.lives) = (now, true);
        }
        peer.beat = Some(beat);
    }

    /// The database has not answered for a while, so nobody's silence means anything: all leases begin anew.
    pub(super) fn excuse(&mut self, now: Instant) {
        self.seen.values_mut().for_each(|peer| peer.heard_at = now);
    }

    /// Gives up those whose lease has lapsed: the names of those that lived, and what rows of theirs are left.
    pub(super) fn sweep(&mut self, now: Instant) -> Lapsed {
        let mut lapsed = Lapsed::default();
        self.seen.retain(|name, peer| {
            let is_silent = now.duration_since(peer.heard_at) >= LEASE;
            if is_silent {
                if peer.lives {
                    lapsed.names.push(name.clone());
                }
                lapsed.rows.extend(peer.beat.map(|beat| (name.clone(), beat)));
            }
            !is_silent
        });
        lapsed
    }

    /// How many live.
    pub(super) fn living(&self) -> usize {
        self.seen.values().filter(|peer| peer.lives).count()
    }
}

/// What a sweep has given up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lapsed {
    /// Nodes that were taken to live.
    pub(super) names: Vec<String>,
    /// Rows that stand still.
    pub(super) rows: Vec<(String, i64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn who_beats_lives_and_who_stops_is_given_up_once() {
        let (mut peers, start) = (Peers::default(), Instant::now());
        peers.beats("a", 1, start);
        assert_eq!(peers.living(), 0, "one sight of a row says nothing");
        peers.beats("a", 2, start + 5 * SECOND);
        assert_eq!(peers.living(), 1);
        assert_eq!(peers.sweep(start + 19 * SECOND), Lapsed::default());
        let lapsed = peers.sweep(start + 20 * SECOND);
        assert_eq!(lapsed, Lapsed { names: vec!["a".into()], rows: vec![("a".into(), 2)] });
        assert_eq!(peers.sweep(start + 40 * SECOND), Lapsed::default());
    }

    #[test]
    fn either_way_of_hearing_is_enough() {
        let (mut peers, start) = (Peers::default(), Instant::now());
        for second in 0..60 {
            peers.heard("by bus", start + second * SECOND);
            peers.beats("by row", i64::from(second), start + second * SECOND);
            assert_eq!(peers.sweep(start + second * SECOND), Lapsed::default());
        }
        assert_eq!(peers.living(), 2);
    }

    #[test]
    fn an_old_row_is_cleared_away_and_mourned_by_nobody() {
        let (mut peers, start) = (Peers::default(), Instant::now());
        for second in 0..15 {
            peers.beats("old", 9, start + second * SECOND);
        }
        assert_eq!(peers.sweep(start + LEASE), Lapsed { names: vec![], rows: vec![("old".into(), 9)] });
    }

    #[test]
    fn silence_of_the_database_is_nobodys_death() {
        let (mut peers, start) = (Peers::default(), Instant::now());
        peers.heard("a", start);
        peers.excuse(start + 60 * SECOND);
        assert_eq!(peers.sweep(start + 70 * SECOND), Lapsed::default());
        assert_eq!(peers.sweep(start + 75 * SECOND).names, ["a"]);
    }
}
