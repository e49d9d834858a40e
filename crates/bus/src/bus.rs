//! The port: what the floors above may ask of a bus, whichever it is.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use crate::memory::{self, Hub};
use crate::redis::{Redis, RedisOptions};

/// What carries bytes between nodes. It may lose, repeat, delay and reorder what it is given, and nobody waits
/// for it: whoever needs to know for sure reads the database.
///
/// Clones are the same bus; it ends with the last of them.
#[derive(Clone)]
pub struct Bus(pub(crate) Arc<dyn Port>);

/// What another node published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// A topic that this bus is subscribed to, or was a moment ago.
    pub topic: String,
    /// The bytes as they were given to [`Bus::publish`].
    pub payload: Bytes,
}

/// Whether the bus reaches the other nodes, as far as it knows: a connection that died without a word is
/// noticed seconds later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// What is published leaves, and what is subscribed to arrives.
    Up,
    /// Nothing can be relied on to arrive. The bus works on it by itself.
    Down {
        /// For operators: short, and without secrets.
        reason: String,
    },
}

/// One way to carry bytes. Every implementation passes the same tests (`tests/conformance.rs`).
pub(crate) trait Port: Send + Sync {
    fn publish(&self, topic: &str, payload: Bytes);
    /// As [`Port::publish`], but for what may be dropped while much waits.
    fn offer(&self, topic: &str, payload: Bytes) {
        self.publish(topic, payload);
    }
    fn subscribe(&self, topic: &str);
    fn unsubscribe(&self, topic: &str);
    fn receive(&self, receiver: Box<dyn Fn(Incoming) + Send + Sync>);
    fn state(&self) -> watch::Receiver<State>;
    fn is_shared(&self) -> bool;
}

impl Bus {
    /// The bus of a chat that has one node: nothing leaves, nothing arrives, and it is always up.
    pub fn none() -> Bus {
        Bus(Arc::new(None(watch::Sender::new(State::Up))))
    }

    /// A node of several in this process, for tests: the hub is told what to lose, repeat, delay and cut.
    ///
    /// To be called inside a tokio runtime.
    pub fn memory(hub: &Hub) -> Bus {
        Bus(memory::Node::join(hub))
    }

    /// A node of several that meet in a Redis. Never fails for a Redis that is away: it starts down then, and
    /// connects as soon as it can. Waits for the first attempt, at most some seconds.
    pub async fn redis(options: RedisOptions) -> Bus {
        Bus(Arc::new(Redis::connect(options).await))
    }

    /// Hands bytes to the other nodes that are subscribed to the topic. Never waits: what cannot leave now is
    /// kept up to a number of bytes; what is more than that is dropped and counted.
    pub fn publish(&self, topic: &str, payload: Bytes) {
        self.0.publish(topic, payload);
    }

    /// The same for what outsiders can make large and many: it takes up half of what may be kept at most, and leaves the
    /// rest to everything else.
    pub fn offer(&self, topic: &str, payload: Bytes) {
        self.0.offer(topic, payload);
    }

    /// From some moment soon on, what other nodes (never this one) publish there is received. Asking twice
    /// is the same as asking once, and a bus that reconnects subscribes again by itself.
    pub fn subscribe(&self, topic: &str) {
        self.0.subscribe(topic);
    }

    /// Undoes [`Bus::subscribe`]; what was on its way may still arrive.
    pub fn unsubscribe(&self, topic: &str) {
        self.0.unsubscribe(topic);
    }

    /// Names who gets what arrives. Set once: a second receiver is ignored. What arrives before is lost.
    ///
    /// The receiver is called one message at a time and must not block. It must not own this bus, or neither
    /// ends: give it what the messages are for, not what sends them.
    pub fn receive(&self, receiver: impl Fn(Incoming) + Send + Sync + 'static) {
        self.0.receive(Box::new(receiver));
    }

    /// Whether other nodes are reached, now and from now on. Every change to [`State::Up`] may follow a gap:
    /// whoever was subscribed reads the database then.
    pub fn state(&self) -> watch::Receiver<State> {
        self.0.state()
    }

    /// Whether there may be other nodes at all: false for [`Bus::none`] only.
    pub fn is_shared(&self) -> bool {
        self.0.is_shared()
    }
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Bus").field(&*self.0.state().borrow()).finish()
    }
}

/// The bus of a single node. It keeps the sender so that who watches the state waits forever, not in vain.
struct None(watch::Sender<State>);

impl Port for None {
    fn publish(&self, _: &str, _: Bytes) {}
    fn subscribe(&self, _: &str) {}
    fn unsubscribe(&self, _: &str) {}
    fn receive(&self, _: Box<dyn Fn(Incoming) + Send + Sync>) {}
    fn state(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }
    fn is_shared(&self) -> bool {
        false
    }
}
