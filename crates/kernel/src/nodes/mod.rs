//! The other nodes: what this one tells them, and what it hears from them.
//!
//! The database is the truth and the bus is a doorbell: what comes over it may be lost, repeated, late or out
//! of order, so it is a hint of what can be read, or something of the moment.
//!
//! - A topic for each room that somebody hears here, one for each user with a socket here, and one for each
//!   noun that all nodes talk about. A node is sent nothing of rooms that nobody hears on it. And one for letters to
//!   one node alone.
//! - [`hints`]: what travels on a topic.
//! - [`Pace`]: how often delivery looks into the database by itself, so that nothing stays unseen that the bus
//!   has lost.
//! - [`leases`]: which nodes live. [`peers`] judges them by this node's own clock.
//!
//! Whoever is alone (SQLite, or PostgreSQL without a bus and without a neighbour) pays nothing for any of it.

pub mod hints;
mod key;
pub mod leases;
mod peers;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use fireside_bus::{Bus, Incoming, State};
use fireside_protocol::{RoomId, UserId};
use parking_lot::{Mutex, RwLock};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

pub use key::{BusKey, bus_key};

use crate::names::Names;

/// Largest hint that is sent, in bytes. Whoever gets less looks into the database.
const HINT_MAX_BYTES: usize = 256 * 1024;

/// How often delivery compares what it has handed on with the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Never: nobody else writes.
    Alone,
    /// Every 5 s: hints come, and the odd one may be lost.
    Hinted,
    /// Every second: no hint comes.
    Unhinted,
}

impl Pace {
    /// Time between two looks; none where nobody has to look.
    pub fn interval(self) -> Option<Duration> {
        match self {
            Self::Alone => None,
            Self::Hinted => Some(Duration::from_secs(5)),
            Self::Unhinted => Some(Duration::from_secs(1)),
        }
    }
}

type Listener = Arc<dyn Fn(Bytes) + Send + Sync>;
type Letterbox = Box<dyn Fn(Bytes) + Send + Sync>;
type Mourner = Box<dyn Fn(&str) + Send + Sync>;

/// See the module.
pub struct Nodes {
    bus: Bus,
    names: Names,
    /// Whether other nodes are seen on a database without a bus.
    has_neighbours: AtomicBool,
    lease: Mutex<Lease>,
    peers: Mutex<peers::Peers>,
    listeners: RwLock<HashMap<&'static str, Listener>>,
    letterbox: OnceLock<Letterbox>,
    mourners: RwLock<Vec<Mourner>>,
}

/// What this node is known by among the others, for as long as it renews it.
struct Lease {
    id: Arc<str>,
    /// When its row was moved last; none as long as there is none under this name.
    renewed_at: Option<Instant>,
    /// When somebody wanted to know the name last: a node that lives does so all the time.
    asked_at: Instant,
}

impl Lease {
    fn begin(names: &Names, now: Instant) -> Lease {
        Lease { id: names.word().into(), renewed_at: None, asked_at: now }
    }

    fn name(&mut self, names: &Names, now: Instant) -> Arc<str> {
        // Who never had a row is given up for silence alone.
        if now.duration_since(self.renewed_at.unwrap_or(self.asked_at)) >= peers::LEASE {
            *self = Lease::begin(names, now);
            tracing::warn!("this node's lease has lapsed; it begins anew under another name");
        }
        self.asked_at = now;
        self.id.clone()
    }
}

/// A topic of the bus, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Room(RoomId),
    User(UserId),
    Noun(String),
    Letter,
}

impl Topic {
    fn parse(text: &str) -> Option<Topic> {
        let (kind, name) = text.split_once(':')?;
        match kind {
            "room" => RoomId::parse(name).map(Topic::Room),
            "user" => UserId::parse(name).map(Topic::User),
            "nodes" => Some(Topic::Noun(name.to_owned())),
            "letters" => Some(Topic::Letter),
            _ => None,
        }
    }
}

fn room_topic(room: &RoomId) -> String {
    format!("room:{room}")
}

fn user_topic(user: &UserId) -> String {
    format!("user:{user}")
}

fn letters_topic(address: &str) -> String {
    format!("letters:{address}")
}

impl Nodes {
    pub(crate) fn on(bus: Bus, names: Names) -> Nodes {
        let lease = Lease::begin(&names, Instant::now());
        Nodes {
            bus,
            names,
            has_neighbours: AtomicBool::new(false),
            lease: Mutex::new(lease),
            peers: Mutex::default(),
            listeners: RwLock::default(),
            letterbox: OnceLock::new(),
            mourners: RwLock::default(),
        }
    }

    /// Nodes of which there is one.
    pub(crate) fn alone() -> Nodes {
        Nodes::on(Bus::none(), Names::random())
    }

    /// Hands what comes over the bus to `take`, one after the other.
    pub(crate) fn start(&self, take: impl Fn(Topic, Bytes) + Send + Sync + 'static) {
        self.bus.receive(move |Incoming { topic, payload }| {
            if let Some(topic) = Topic::parse(&topic) {
                take(topic, payload);
            }
        });
    }

    /// Whether a bus connects this node with others.
    pub fn is_shared(&self) -> bool {
        self.bus.is_shared()
    }

    /// Whether the bus is there.
    pub fn bus_state(&self) -> watch::Receiver<State> {
        self.bus.state()
    }

    /// How often delivery has to look by itself.
    pub fn pace(&self) -> Pace {
        match (self.bus.is_shared(), &*self.bus.state().borrow()) {
            (true, State::Up) => Pace::Hinted,
            (true, State::Down { .. }) => Pace::Unhinted,
            (false, _) if self.has_neighbours.load(Ordering::Relaxed) => Pace::Unhinted,
            (false, _) => Pace::Alone,
        }
    }

    /// From now on hints of a room are wanted here.
    pub fn hear_room(&self, room: &RoomId) {
        if self.is_shared() {
            self.bus.subscribe(&room_topic(room));
        }
    }

    /// Hints of a room are not wanted any more.
    pub fn forget_room(&self, room: &RoomId) {
        if self.is_shared() {
            self.bus.unsubscribe(&room_topic(room));
        }
    }

    /// From now on hints of a user's own are wanted here.
    pub fn hear_user(&self, user: &UserId) {
        if self.is_shared() {
            self.bus.subscribe(&user_topic(user));
        }
    }

    /// Hints of a user's own are not wanted any more.
    pub fn forget_user(&self, user: &UserId) {
        if self.is_shared() {
            self.bus.unsubscribe(&user_topic(user));
        }
    }

    /// Hears what the other nodes say of a noun.
    pub fn listen(&self, noun: &'static str, listener: impl Fn(Bytes) + Send + Sync + 'static) {
        self.listeners.write().insert(noun, Arc::new(listener));
        if self.is_shared() {
            self.bus.subscribe(&format!("nodes:{noun}"));
        }
    }

    /// Tells all other nodes something of a noun.
    pub fn tell(&self, noun: &'static str, what: &impl Serialize) {
        if self.is_shared() {
            self.send(&format!("nodes:{noun}"), what);
        }
    }

    /// From now on letters to this address arrive here, one after the other. To be called once.
    pub fn open_letterbox(&self, address: &str, take: impl Fn(Bytes) + Send + Sync + 'static) {
        let is_first = self.letterbox.set(Box::new(take)).is_ok();
        if is_first && self.is_shared() {
            self.bus.subscribe(&letters_topic(address));
        }
    }

    /// Writes to one node alone. Nobody says whether it has arrived, unless the other one answers.
    pub fn write_to(&self, address: &str, letter: Bytes) {
        self.bus.offer(&letters_topic(address), letter);
    }

    pub(crate) fn take_letter(&self, letter: Bytes) {
        if let Some(take) = self.letterbox.get() {
            take(letter);
        }
    }

    pub(crate) fn hear_of(&self, noun: &str, what: Bytes) {
        let listener = self.listeners.read().get(noun).cloned();
        if let Some(listener) = listener {
            listener(what);
        }
    }

    pub(crate) fn tell_room(&self, room: &RoomId, hint: &hints::RoomHint) {
        if !self.send(&room_topic(room), hint) {
            self.send(&room_topic(room), &hints::RoomHint::Look);
        }
    }

    pub(crate) fn tell_user(&self, user: &UserId, hint: &hints::UserHint) {
        self.send(&user_topic(user), hint);
    }

    /// Sends what is not too large; whether it was not.
    fn send(&self, topic: &str, what: &impl Serialize) -> bool {
        match serde_json::to_vec(what) {
            Ok(json) if json.len() <= HINT_MAX_BYTES => self.bus.publish(topic, json.into()),
            Ok(_) => return false,
            Err(error) => tracing::error!(%error, topic, "a hint has no JSON form"),
        }
        true
    }

    /// What this node is known by. If it has not renewed its lease in time (it was frozen, or cut off from
    /// everything) the others have given it up by now; then this is another name, under which it begins anew. It keeps
    /// that one while the database is away, and is heard over the bus.
    pub fn name(&self) -> Arc<str> {
        self.lease.lock().name(&self.names, Instant::now())
    }

    /// A node has said something: it lives.
    pub fn heard_from(&self, name: &str) {
        self.peers.lock().heard(name, Instant::now());
    }

    /// Calls `mourner` with the name of each node whose lease has lapsed.
    pub fn on_loss(&self, mourner: impl Fn(&str) + Send + Sync + 'static) {
        self.mourners.write().push(Box::new(mourner));
    }
}

impl std::fmt::Debug for Nodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nodes").field("pace", &self.pace()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lapsed_lease_is_another_name_once() {
        const SECOND: Duration = Duration::from_secs(1);
        let (names, start) = (Names::random(), Instant::now());
        let mut lease = Lease::begin(&names, start);
        lease.renewed_at = Some(start);
        // The database is away for a minute, in which the node is alive and says so.
        let mut known: Vec<_> = (0..60).map(|second| lease.name(&names, start + second * SECOND)).collect();
        known.dedup();
        assert_eq!(known.len(), 2, "{known:?}");
        // Frozen, it was not heard of on the bus either.
        assert_ne!(lease.name(&names, start + 59 * SECOND + peers::LEASE), known[1]);
    }

    #[test]
    fn topics_read_back_as_written() {
        let (room, user) = (RoomId::trusted("r:1"), UserId::trusted("u"));
        assert_eq!(Topic::parse(&room_topic(&room)), Some(Topic::Room(room)));
        assert_eq!(Topic::parse(&user_topic(&user)), Some(Topic::User(user)));
        assert_eq!(Topic::parse("nodes:presence"), Some(Topic::Noun("presence".to_owned())));
        assert_eq!(Topic::parse(&letters_topic("me")), Some(Topic::Letter));
        assert_eq!(Topic::parse("room:a b"), None);
        assert_eq!(Topic::parse("elsewhere"), None);
    }
}
