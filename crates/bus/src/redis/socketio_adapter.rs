//! The company of Socket.IO servers on Node that share a Redis: what `@socket.io/redis-adapter` 8 and
//! `@socket.io/redis-emitter` 5 say there, in their own words.
//!
//! Nothing here is sealed: whoever reaches the Redis can say anything. What of it is believed is decided by
//! whoever listens.

mod channels;
mod messages;
mod notepack;
mod responses;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use self::channels::Channels;
pub use self::messages::{Asked, Broadcast, Heard, Packet, Request, Selection};
pub use self::responses::{Response, Seen};
use super::address::RedisUrl;
use super::connection::Manner;
use super::link::{Delivery, Link, Listening};
use super::luck;
use super::subscriptions::Subscription;

/// Where the other servers are.
#[derive(Clone)]
pub struct AdapterOptions {
    /// The Redis.
    pub url: RedisUrl,
    /// What the servers call their channels: the adapter's option `key`, `socket.io` unless they say otherwise.
    pub key: String,
}

/// One node's place among the servers, in the namespace `/`. Lasts until it is dropped.
pub struct Adapter {
    link: Link,
    channels: Channels,
    uid: String,
    peers: Arc<AtomicU64>,
}

impl Adapter {
    /// Joins them, now or as soon as Redis is there. `hear` is called for what others say, one at a time, and
    /// must not block.
    ///
    /// To be called inside a tokio runtime.
    pub fn open(options: AdapterOptions, hear: impl Fn(Heard) + Send + Sync + 'static) -> Adapter {
        let channels = Channels::new(&options.key);
        let uid = uid();
        let peers = Arc::<AtomicU64>::default();
        let (theirs, own) = (channels.clone(), uid.clone());
        let deliver = move |delivery: Delivery| {
            let heard = messages::read(&theirs, &own, &delivery);
            if let Some(heard) = heard {
                hear(heard);
            }
        };
        // A server counts as many as listen for requests. Our own nodes listen here as well, so that the
        // difference is the number of others.
        let ours = format!("fireside:company:{}", options.key);
        let counted = peers.clone();
        let listening = Listening {
            deliver: Box::new(deliver),
            census: vec![channels.request.clone(), ours.clone()],
            counted: Box::new(move |counts| {
                let (all, ours) = (counts.first().copied(), counts.get(1).copied());
                counted.store(all.unwrap_or(0).saturating_sub(ours.unwrap_or(0)), Ordering::Relaxed);
            }),
        };
        let link = Link::open(options.url, Manner::Plain, "fireside:company-probe:".to_owned(), listening);
        link.subscribe(Subscription::Channel(ours));
        link.subscribe(Subscription::Pattern(channels.broadcasts.clone()));
        link.subscribe(Subscription::Channel(channels.request.clone()));
        Adapter { link, channels, uid, peers }
    }

    /// How many servers beside our own nodes listened a moment ago. The emitter, which only speaks, is none.
    pub fn peers(&self) -> u64 {
        self.peers.load(Ordering::Relaxed)
    }

    /// Tells the other servers to send an event to sockets of theirs. Never waits; may be lost.
    pub fn broadcast(&self, packet: &Packet, to: &Selection, is_volatile: bool) {
        let flags: &[&str] = if is_volatile { &[messages::OURS, "volatile"] } else { &[messages::OURS] };
        let Some(bytes) = messages::write_broadcast(&self.uid, packet, to, flags) else { return };
        self.link.publish(self.channels.broadcast_to(to), bytes.into());
    }

    /// Answers a request. Never waits; may be lost.
    pub fn respond(&self, asked: &Asked, response: &Response) {
        let (channel, bytes) = response.written(&self.channels, asked);
        self.link.publish(channel, bytes.into());
    }
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adapter")
            .field("uid", &self.uid)
            .field("peers", &self.peers())
            .finish_non_exhaustive()
    }
}

/// Six characters, as the servers' own.
fn uid() -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let drawn = luck::draw();
    (0..6).map(|place| char::from(LETTERS[(drawn >> (place * 6) & 63) as usize])).collect()
}
