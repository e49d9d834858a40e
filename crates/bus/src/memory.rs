//! A bus between nodes of one process, and the troubles a real one has, on demand.

mod trouble;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

pub use self::trouble::{Cut, Trouble};
use crate::bus::Port;
use crate::receiver::Receiver;
use crate::{Bus, Incoming, State, measures};

/// Most bytes that wait for one node's receiver; what comes on top is dropped, as Redis does.
pub const MOST_WAITING_BYTES: usize = 32 * 1024 * 1024;
/// And most messages, so that empty ones are bounded too.
pub const MOST_WAITING: usize = 65_536;

/// Where the nodes of one process meet. Clones are the same hub.
#[derive(Clone, Default)]
pub struct Hub(Arc<Wires>);

#[derive(Default)]
struct Wires {
    nodes: Mutex<Vec<Weak<Node>>>,
    luck: Mutex<trouble::Luck>,
}

impl Hub {
    /// A hub without nodes and without trouble.
    pub fn new() -> Hub {
        Hub::default()
    }

    /// What happens to messages from now on. Which of them it hits follows from `seed` and their order.
    pub fn set_trouble(&self, trouble: Trouble, seed: u64) {
        *self.0.luck.lock() = trouble::Luck::new(trouble, seed);
    }

    /// Takes a node off the hub: nothing leaves it and nothing reaches it until [`Hub::mend`].
    ///
    /// A bus that is not of this hub is left as it is.
    pub fn cut(&self, bus: &Bus, how: Cut) {
        let Some(node) = self.node(bus) else { return };
        node.wire.lock().cut = true;
        if how == Cut::Noticed {
            node.state.send_replace(State::Down { reason: "cut off".to_owned() });
        }
    }

    /// Puts a node back. What was published meanwhile is lost.
    pub fn mend(&self, bus: &Bus) {
        let Some(node) = self.node(bus) else { return };
        node.wire.lock().cut = false;
        node.state.send_replace(State::Up);
    }

    fn nodes(&self) -> Vec<Arc<Node>> {
        self.0.nodes.lock().iter().filter_map(Weak::upgrade).collect()
    }

    fn node(&self, bus: &Bus) -> Option<Arc<Node>> {
        let wanted = Arc::as_ptr(&bus.0).cast::<()>();
        self.nodes().into_iter().find(|node| Arc::as_ptr(node).cast::<()>() == wanted)
    }
}

/// One node's end of the hub.
pub(crate) struct Node {
    hub: Hub,
    wire: Mutex<Wire>,
    queue: mpsc::Sender<Incoming>,
    arrival: Arc<Arrival>,
    state: watch::Sender<State>,
}

/// What decides whether a message reaches a node.
#[derive(Default)]
struct Wire {
    topics: HashSet<String>,
    cut: bool,
}

/// What the task that calls the receiver needs. It must not own the node, whose end ends the task.
#[derive(Default)]
struct Arrival {
    receiver: Receiver,
    waiting_bytes: AtomicUsize,
}

impl Node {
    pub(crate) fn join(hub: &Hub) -> Arc<Node> {
        let (queue, queued) = mpsc::channel(MOST_WAITING);
        let arrival = Arc::new(Arrival::default());
        tokio::spawn(arrive(queued, arrival.clone()));
        let node = Node {
            hub: hub.clone(),
            wire: Mutex::default(),
            queue,
            arrival,
            state: watch::Sender::new(State::Up),
        };
        let node = Arc::new(node);
        let mut nodes = hub.0.nodes.lock();
        nodes.retain(|node| node.strong_count() > 0);
        nodes.push(Arc::downgrade(&node));
        node
    }

    fn is_cut(&self) -> bool {
        self.wire.lock().cut
    }

    /// Puts a message into the queue if it still reaches the node.
    fn take(&self, incoming: Incoming) {
        {
            let wire = self.wire.lock();
            if wire.cut || !wire.topics.contains(&incoming.topic) {
                return;
            }
        }
        let bytes = incoming.payload.len();
        let waiting = self.arrival.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        if waiting + bytes > MOST_WAITING_BYTES {
            self.arrival.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return measures::dropped();
        }
        if self.queue.try_send(incoming).is_err() {
            self.arrival.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            measures::dropped();
        }
    }
}

async fn arrive(mut queued: mpsc::Receiver<Incoming>, arrival: Arc<Arrival>) {
    while let Some(incoming) = queued.recv().await {
        arrival.waiting_bytes.fetch_sub(incoming.payload.len(), Ordering::Relaxed);
        arrival.receiver.call(incoming);
    }
}

impl Port for Node {
    fn publish(&self, topic: &str, payload: Bytes) {
        if self.is_cut() {
            return measures::dropped();
        }
        measures::published();
        for node in self.hub.nodes() {
            if std::ptr::eq(&raw const *node, self) {
                continue;
            }
            let fate = self.hub.0.luck.lock().next();
            for after in fate.copies() {
                let incoming = Incoming { topic: topic.to_owned(), payload: payload.clone() };
                let Some(after) = after else {
                    node.take(incoming);
                    continue;
                };
                let node = Arc::downgrade(&node);
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    if let Some(node) = node.upgrade() {
                        node.take(incoming);
                    }
                });
            }
        }
    }

    fn subscribe(&self, topic: &str) {
        self.wire.lock().topics.insert(topic.to_owned());
    }

    fn unsubscribe(&self, topic: &str) {
        self.wire.lock().topics.remove(topic);
    }

    fn receive(&self, receiver: Box<dyn Fn(Incoming) + Send + Sync>) {
        self.arrival.receiver.set(receiver);
    }

    fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    fn is_shared(&self) -> bool {
        true
    }
}
