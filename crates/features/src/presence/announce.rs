//! Presence among several nodes: each tells the others of the people it holds, and hears of theirs.
//!
//! News are told at once, some together; a lease with the number of the last news every 5 s. Whoever has missed a
//! number asks, and is told everybody. A node that is given up takes its people with it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use fireside_kernel::nodes::Nodes;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Presence;
use super::peers::Peers;
use super::words::{NOUN, News, Word};

/// Time between two leases.
const LEASE_EVERY: Duration = Duration::from_secs(5);
/// How long news wait for others.
const GATHER: Duration = Duration::from_millis(50);
/// Time between two answers to whoever asks for everybody: one answer is for all who ask.
const ANSWER_EVERY: Duration = Duration::from_millis(500);
/// Most news in one word.
const NEWS_AT_ONCE: usize = 500;
/// Most people in one word.
const PEOPLE_AT_ONCE: usize = 250;

/// What this node says and has heard.
pub(super) struct Among {
    nodes: Arc<Nodes>,
    pub(super) peers: Peers,
    name: Arc<str>,
    /// Number of the last news.
    n: u64,
    is_asked: bool,
    answered_at: Option<Instant>,
}

impl Among {
    pub(super) fn new(nodes: Arc<Nodes>) -> Among {
        let name = nodes.name();
        Among { nodes, peers: Peers::default(), name, n: 0, is_asked: false, answered_at: None }
    }
}

/// Begins to listen to the other nodes, and to tell them.
pub(super) fn start(presence: &Arc<Presence>, nodes: &Arc<Nodes>) {
    presence.roster.lock().keep_news();
    let hearing = Arc::downgrade(presence);
    nodes.listen(NOUN, move |what| {
        if let Some(presence) = hearing.upgrade() {
            presence.hear(&what);
        }
    });
    let mourning = Arc::downgrade(presence);
    nodes.on_loss(move |node| {
        if let Some(presence) = mourning.upgrade() {
            presence.lose(node);
        }
    });
    tokio::spawn(tell(Arc::downgrade(presence), nodes.clone(), presence.announce.clone()));
}

/// Tells until presence is gone.
async fn tell(presence: Weak<Presence>, nodes: Arc<Nodes>, announce: Arc<Notify>) {
    let mut bus = nodes.bus_state();
    nodes.tell(NOUN, &Word::Ask { of: None });
    let mut lease_at = Instant::now();
    loop {
        tokio::select! {
            () = announce.notified() => tokio::time::sleep(GATHER).await,
            // The others have heard nothing for a while, and were not heard.
            _ = bus.changed() => {
                nodes.tell(NOUN, &Word::Ask { of: None });
                lease_at = Instant::now();
            }
            () = sleep_until(lease_at) => {}
        }
        let Some(presence) = presence.upgrade() else { return };
        let is_lease_due = Instant::now() >= lease_at;
        if is_lease_due {
            lease_at = Instant::now() + LEASE_EVERY;
        }
        presence.tell_nodes(is_lease_due);
    }
}

impl Presence {
    fn tell_nodes(&self, is_lease_due: bool) {
        let mut among = self.among.lock();
        let Some(among) = among.as_mut() else { return };
        let (news, here) = {
            let mut roster = self.roster.lock();
            let news = roster.take_news();
            // Under another name everybody is news.
            let name = among.nodes.name();
            if name != among.name {
                (among.name, among.n, among.is_asked) = (name, 0, true);
                among.answered_at = None;
            } else {
                among.n += news.chunks(NEWS_AT_ONCE).len() as u64;
            }
            let may_answer = among.answered_at.is_none_or(|at| at.elapsed() >= ANSWER_EVERY);
            (news, (among.is_asked && may_answer).then(|| roster.here()))
        };
        let from = || among.name.clone();
        if among.n > 0 {
            let first = among.n + 1 - news.chunks(NEWS_AT_ONCE).len() as u64;
            for (n, news) in (first..).zip(news.chunks(NEWS_AT_ONCE)) {
                among.nodes.tell(NOUN, &Word::News { from: from(), n, news: news.to_vec() });
            }
        }
        if let Some(here) = here {
            let parts = here.len().div_ceil(PEOPLE_AT_ONCE).max(1);
            let mut people = here.chunks(PEOPLE_AT_ONCE);
            for part in 0..parts {
                let people = people.next().unwrap_or_default().to_vec();
                among.nodes.tell(NOUN, &Word::All { from: from(), n: among.n, part, parts, people });
            }
            among.is_asked = false;
            among.answered_at = Some(Instant::now());
        } else if among.is_asked {
            // Later, once for all who ask until then.
            let announce = self.announce.clone();
            tokio::spawn(async move {
                tokio::time::sleep(ANSWER_EVERY).await;
                announce.notify_one();
            });
        }
        if is_lease_due {
            among.nodes.tell(NOUN, &Word::Lease { from: from(), n: among.n });
        }
    }

    fn hear(&self, what: &Bytes) {
        // What cannot be read is of another version, which knows how to ask.
        let Ok(word) = serde_json::from_slice::<Word>(what) else { return };
        let mut among = self.among.lock();
        let Some(among) = among.as_mut() else { return };
        match &word {
            Word::Ask { of } => {
                if of.as_ref().is_none_or(|name| *name == among.name) {
                    among.is_asked = true;
                    self.announce.notify_one();
                }
                return;
            }
            Word::Lease { from, .. } | Word::News { from, .. } | Word::All { from, .. } => {
                among.nodes.heard_from(from);
            }
        }
        let heard = among.peers.hear(word, Instant::now(), self.clock.now());
        if let Some(of) = heard.ask {
            among.nodes.tell(NOUN, &Word::Ask { of: Some(of) });
        }
        self.take(heard.news);
    }

    fn lose(&self, node: &str) {
        let at = self.clock.now();
        let mut among = self.among.lock();
        let Some(among) = among.as_mut() else { return };
        let node: Arc<str> = node.into();
        self.take(among.peers.lose(&node, at).into_iter().map(|news| (node.clone(), news)).collect());
    }

    /// Puts the news of other nodes into the roster. Under the lock of what was heard, so that they keep their
    /// order.
    fn take(&self, news: Vec<(Arc<str>, News)>) {
        if news.is_empty() {
            return;
        }
        self.change(|roster, now| {
            for (node, news) in news {
                roster.hear(&node, news, now);
            }
        });
    }

    /// The node is about to stop: whoever loses their socket now is on the way to another one.
    pub fn hold_departures(&self) {
        if self.among.lock().is_some() {
            self.roster.lock().hold_departures();
        }
    }
}
