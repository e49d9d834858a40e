//! A bus and what has arrived on it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use bytes::Bytes;
use fireside_bus::testing::RedisServer;
use fireside_bus::{Bus, RedisOptions, State};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longest wait for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Between two questions whether a subscription is in place.
const LOOK: Duration = Duration::from_millis(20);
const QUESTION: Bytes = Bytes::from_static(b"do you hear me?");
const MARK: Bytes = Bytes::from_static(b"that was all");

/// How the nodes of a test meet in this server.
pub fn options(server: &RedisServer, namespace: &str) -> RedisOptions {
    let url = server.url().parse().expect("the server has an address");
    RedisOptions { url, namespace: namespace.to_owned(), key: [7; 32] }
}

/// A node that writes down what it hears.
pub struct Listener {
    pub bus: Bus,
    arrivals: mpsc::Receiver<(String, Bytes)>,
}

impl Listener {
    pub fn new(bus: Bus) -> Listener {
        let (arrived, arrivals) = mpsc::channel(65_536);
        bus.receive(move |incoming| {
            let _ended = arrived.try_send((incoming.topic, incoming.payload));
        });
        Listener { bus, arrivals }
    }

    /// Lets go of the bus.
    pub fn into_arrivals(self) -> mpsc::Receiver<(String, Bytes)> {
        self.arrivals
    }

    /// The next message that is not one of ours, made to learn whether a subscription is in place.
    pub async fn next(&mut self) -> (String, Bytes) {
        loop {
            let next = self.any().await;
            if next.1 != QUESTION && next.1 != MARK {
                return next;
            }
        }
    }

    async fn any(&mut self) -> (String, Bytes) {
        let next = timeout(PATIENCE, self.arrivals.recv()).await.expect("a message arrives in time");
        next.expect("the bus is there")
    }

    /// Subscribes, and asks the other node until it is heard there.
    pub async fn subscribes(&mut self, topic: &str, other: &Bus) {
        self.bus.subscribe(topic);
        self.hears(topic, other).await;
    }

    /// Until what the other publishes there arrives; nothing of it is left behind.
    pub async fn hears(&mut self, topic: &str, other: &Bus) {
        let asked = async {
            loop {
                other.publish(topic, QUESTION);
                if timeout(LOOK, self.arrivals.recv()).await.is_ok() {
                    return;
                }
            }
        };
        timeout(PATIENCE, asked).await.expect("the subscription is in place in time");
        self.drain(topic, other).await;
    }

    /// Until what the other publishes there does not arrive.
    pub async fn is_deaf_to(&mut self, topic: &str, other: &Bus) {
        let asked = async {
            loop {
                other.publish(topic, QUESTION);
                if timeout(LOOK * 10, self.arrivals.recv()).await.is_err() {
                    return;
                }
            }
        };
        timeout(PATIENCE, asked).await.expect("the subscription ends in time");
    }

    /// Reads up to a mark that the other publishes now.
    async fn drain(&mut self, topic: &str, other: &Bus) {
        other.publish(topic, MARK);
        while self.any().await.1 != MARK {}
    }
}

/// Until the bus is up, or down; for what reason.
pub async fn until(bus: &Bus, up: bool) -> Option<String> {
    let mut state = bus.state();
    let there = state.wait_for(|state| (*state == State::Up) == up);
    let there = timeout(PATIENCE, there).await.unwrap_or_else(|_| panic!("up: {up} in time"));
    match &*there.expect("the bus is there") {
        State::Up => None,
        State::Down { reason } => Some(reason.clone()),
    }
}
