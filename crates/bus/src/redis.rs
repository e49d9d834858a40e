//! The bus over Redis: one channel for each topic, every message sealed with the chat's key.
//!
//! Works with Redis 6 and later and what speaks its protocol, alone, behind sentinels, or any one node of a cluster, by
//! plain publish and subscribe; with a cluster of Redis 7 and later that is named as one, by its shards.

mod address;
mod connection;
mod envelope;
mod failure;
mod link;
mod luck;
mod outbox;
mod session;
pub mod socketio_adapter;
mod subscriptions;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

pub use self::address::{InvalidRedisUrl, RedisUrl};
use self::connection::Manner;
use self::envelope::{Rejected, Seal};
use self::link::{Delivery, Link, Listening};
use self::outbox::Share;
use self::subscriptions::Subscription;
use crate::bus::Port;
use crate::receiver::Receiver;
use crate::{Incoming, State, measures};

/// What is needed to meet the other nodes in a Redis.
#[derive(Clone)]
pub struct RedisOptions {
    /// Where it is.
    pub url: RedisUrl,
    /// What keeps several chats in one Redis apart: part of the names of all channels.
    pub namespace: String,
    /// The same for all nodes of a chat and known to nobody else: what was not sealed with it is not received.
    pub key: [u8; 32],
}

/// The bus of one node.
pub(crate) struct Redis {
    link: Link,
    prefix: String,
    seal: Seal,
    receiver: Arc<Receiver>,
}

impl Redis {
    /// Waits for the first attempt to connect, so that where Redis is well the bus is up at once.
    pub(crate) async fn connect(options: RedisOptions) -> Redis {
        let prefix = format!("fireside:{}:", options.namespace);
        let seal = Seal::new(&options.key);
        let receiver = Arc::<Receiver>::default();
        let deliver = deliver_to(receiver.clone(), prefix.clone(), seal.clone());
        let listening = Listening { deliver, census: Vec::new(), counted: Box::new(|_| {}) };
        let manner = if options.url.is_cluster() { Manner::Sharded } else { Manner::Plain };
        let link = Link::open(options.url, manner, format!("{prefix}probe:"), listening);
        tokio::spawn(tell_state(link.state()));
        link.first_attempt().await;
        Redis { link, prefix, seal, receiver }
    }

    fn send(&self, topic: &str, payload: &[u8], share: Share) {
        if !self.link.is_up() {
            return measures::dropped();
        }
        let channel = self.channel(topic);
        let sealed = self.seal.close(&channel, payload);
        self.link.publish(channel, sealed, share);
    }

    fn channel(&self, topic: &str) -> String {
        format!("{}topic:{topic}", self.prefix)
    }
}

/// Keeps the gauge right for as long as the bus is there.
async fn tell_state(mut state: watch::Receiver<State>) {
    loop {
        measures::up(*state.borrow_and_update() == State::Up);
        if state.changed().await.is_err() {
            return;
        }
    }
}

/// What becomes of a message as it comes in: opened, looked at, handed on.
fn deliver_to(receiver: Arc<Receiver>, prefix: String, seal: Seal) -> Box<dyn Fn(Delivery) + Send + Sync> {
    let prefix = format!("{prefix}topic:");
    Box::new(move |delivery: Delivery| {
        let topic = delivery.channel.strip_prefix(&prefix);
        match (topic, seal.open(&delivery.channel, delivery.payload)) {
            (Some(topic), Ok(payload)) => receiver.call(Incoming { topic: topic.to_owned(), payload }),
            (None, _) | (_, Err(Rejected::Forged)) => measures::rejected(),
            (_, Err(Rejected::Own)) => {}
        }
    })
}

impl Port for Redis {
    fn publish(&self, topic: &str, payload: Bytes) {
        self.send(topic, &payload, Share::Whole);
    }

    fn offer(&self, topic: &str, payload: Bytes) {
        self.send(topic, &payload, Share::Half);
    }

    fn subscribe(&self, topic: &str) {
        self.link.subscribe(Subscription::Channel(self.channel(topic)));
    }

    fn unsubscribe(&self, topic: &str) {
        self.link.unsubscribe(&Subscription::Channel(self.channel(topic)));
    }

    fn receive(&self, receiver: Box<dyn Fn(Incoming) + Send + Sync>) {
        self.receiver.set(receiver);
    }

    fn state(&self) -> watch::Receiver<State> {
        self.link.state()
    }

    fn is_shared(&self) -> bool {
        true
    }
}
