//! What the other nodes have said, put into order: each node's news by their numbers, and everybody it has where
//! a number is missing. Pure: time is handed in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use fireside_protocol::{RoomId, Time, UserId};
use tokio::time::Instant;

use super::words::{News, Word};

/// Time between two questions to the same node.
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// Most numbers kept while an earlier one is missing; more are asked for again.
const WAITING_MAX: usize = 1_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<Arc<str>, Peer>);

#[derive(Debug, Default)]
struct Peer {
    /// Everything up to this number is known.
    n: u64,
    /// Whether everybody was told once.
    is_whole: bool,
    people: HashSet<UserId>,
    waiting: BTreeMap<u64, Vec<News>>,
    parts: Parts,
    asked_at: Option<Instant>,
}

/// Everybody of a node, as far as it has come.
#[derive(Debug, Default)]
struct Parts {
    n: u64,
    got: HashMap<usize, Vec<(UserId, Vec<RoomId>)>>,
}

/// What follows from a word.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// News, in order, and the node they are of.
    pub(super) news: Vec<(Arc<str>, News)>,
    /// A node to be asked for everybody.
    pub(super) ask: Option<Arc<str>>,
}

impl Peers {
    /// Takes a word of another node.
    pub(super) fn hear(&mut self, word: Word, now: Instant, at: Time) -> Heard {
        let (from, is_missing, news) = match word {
            Word::Ask { .. } => return Heard::default(),
            Word::Lease { from, n } => {
                let peer = self.0.entry(from.clone()).or_default();
                let is_missing = !peer.is_whole || peer.n < n;
                (from, is_missing, Vec::new())
            }
            Word::News { from, n, news } => {
                let peer = self.0.entry(from.clone()).or_default();
                let news = peer.take(n, news);
                let is_missing = !peer.is_whole || !peer.waiting.is_empty();
                (from, is_missing, news)
            }
            Word::All { from, n, part, parts, people } => {
                let peer = self.0.entry(from.clone()).or_default();
                let news = peer.take_all(n, (part, parts), people, at);
                (from, !peer.waiting.is_empty(), news)
            }
        };
        let peer = self.0.entry(from.clone()).or_default();
        let may_ask = peer.asked_at.is_none_or(|asked_at| now.duration_since(asked_at) >= ASKED_EVERY);
        let ask = (is_missing && may_ask).then(|| from.clone());
        if ask.is_some() {
            peer.asked_at = Some(now);
        }
        Heard { news: news.into_iter().map(|news| (from.clone(), news)).collect(), ask }
    }

    /// A node is gone, and everybody who was there.
    pub(super) fn lose(&mut self, node: &str, at: Time) -> Vec<News> {
        let people = self.0.remove(node).map(|peer| peer.people).unwrap_or_default();
        people.into_iter().map(|user| News::Went(user, at)).collect()
    }
}

impl Peer {
    /// News with their number: those that follow now.
    fn take(&mut self, n: u64, news: Vec<News>) -> Vec<News> {
        if n > self.n || !self.is_whole {
            if self.waiting.len() == WAITING_MAX {
                self.waiting.clear();
            }
            self.waiting.insert(n, news);
        }
        self.follow()
    }

    fn follow(&mut self) -> Vec<News> {
        let mut followed = Vec::new();
        while self.is_whole
            && let Some(news) = self.waiting.remove(&(self.n + 1))
        {
            self.n += 1;
            followed.extend(news);
        }
        for news in &followed {
            match news {
                News::Came(user, _) => drop(self.people.insert(user.clone())),
                News::Went(user, _) => drop(self.people.remove(user)),
                News::Entered(..) | News::Exited(..) => {}
            }
        }
        followed
    }

    /// A part of everybody: nothing until it is complete, then what is different from what was known.
    fn take_all(
        &mut self,
        n: u64,
        (part, parts): (usize, usize),
        people: Vec<(UserId, Vec<RoomId>)>,
        at: Time,
    ) -> Vec<News> {
        if self.is_whole && n <= self.n {
            return Vec::new();
        }
        if self.parts.n != n {
            self.parts = Parts { n, got: HashMap::new() };
        }
        self.parts.got.insert(part, people);
        if self.parts.got.len() < parts {
            return Vec::new();
        }
        let everybody: Vec<_> = std::mem::take(&mut self.parts).got.into_values().flatten().collect();
        let here: HashSet<UserId> = everybody.iter().map(|(user, _)| user.clone()).collect();
        let gone = self.people.difference(&here).map(|user| News::Went(user.clone(), at));
        let mut news: Vec<News> = gone.collect();
        news.extend(everybody.into_iter().map(|(user, rooms)| News::Came(user, rooms)));
        (self.people, self.n, self.is_whole) = (here, n, true);
        self.waiting = self.waiting.split_off(&(n + 1));
        news.extend(self.follow());
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Time = Time::from_micros(1);

    fn user(name: &str) -> UserId {
        UserId::trusted(name)
    }

    fn came(name: &str) -> News {
        News::Came(user(name), Vec::new())
    }

    fn news(n: u64, news: Vec<News>) -> Word {
        Word::News { from: "a".into(), n, news }
    }

    fn all(n: u64, names: &[&str]) -> Word {
        let people = names.iter().map(|name| (user(name), Vec::new())).collect();
        Word::All { from: "a".into(), n, part: 0, parts: 1, people }
    }

    fn told(heard: Heard) -> Vec<News> {
        heard.news.into_iter().map(|(_, news)| news).collect()
    }

    #[test]
    fn a_stranger_is_asked_and_then_followed() {
        let (mut peers, now) = (Peers::default(), Instant::now());
        let heard = peers.hear(news(4, vec![came("dan")]), now, AT);
        assert_eq!(heard, Heard { news: Vec::new(), ask: Some("a".into()) });
        assert_eq!(told(peers.hear(all(3, &["ann"]), now, AT)), [came("ann"), came("dan")]);
        assert_eq!(told(peers.hear(news(5, vec![came("eve")]), now, AT)), [came("eve")]);
        assert_eq!(told(peers.hear(news(5, vec![came("eve")]), now, AT)), [], "once is enough");
    }

    #[test]
    fn a_missing_number_is_asked_for_once_a_second() {
        let (mut peers, now) = (Peers::default(), Instant::now());
        peers.hear(all(1, &["ann", "bob"]), now, AT);
        let early = peers.hear(news(3, vec![came("dan")]), now, AT);
        assert_eq!((early.news.len(), early.ask.is_some()), (0, true));
        assert_eq!(peers.hear(Word::Lease { from: "a".into(), n: 3 }, now, AT).ask, None);
        let later = now + ASKED_EVERY;
        assert!(peers.hear(Word::Lease { from: "a".into(), n: 3 }, later, AT).ask.is_some());
        // Bob went with number 2, which is lost.
        assert_eq!(
            told(peers.hear(all(3, &["ann", "dan"]), later, AT))
                .iter()
                .filter(|news| **news != came("ann"))
                .count(),
            2
        );
        assert_eq!(peers.hear(Word::Lease { from: "a".into(), n: 3 }, later + ASKED_EVERY, AT).ask, None);
    }

    #[test]
    fn who_was_late_is_put_in_its_place() {
        let (mut peers, now) = (Peers::default(), Instant::now());
        peers.hear(all(1, &[]), now, AT);
        peers.hear(news(3, vec![News::Went(user("ann"), AT)]), now, AT);
        let heard = peers.hear(news(2, vec![came("ann")]), now, AT);
        assert_eq!(told(heard), [came("ann"), News::Went(user("ann"), AT)]);
        assert_eq!(peers.lose("a", AT), []);
    }

    #[test]
    fn with_a_node_go_all_who_were_there() {
        let (mut peers, now) = (Peers::default(), Instant::now());
        peers.hear(all(1, &["ann"]), now, AT);
        assert_eq!(peers.lose("a", AT), [News::Went(user("ann"), AT)]);
        assert_eq!(peers.lose("a", AT), []);
        assert!(peers.hear(Word::Lease { from: "a".into(), n: 1 }, now, AT).ask.is_some(), "it begins anew");
    }
}
