//! The company of Socket.IO servers on Node that share a Redis: what `@socket.io/redis-adapter` 8 and
//! `@socket.io/redis-emitter` 5 say there, in their own words.
//!
//! Nothing here is sealed: whoever reaches the Redis can say anything. What of it is believed is decided by
//! whoever listens.

mod channels;
mod messages;
mod notepack;
mod responses;
mod sharded;
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
use super::outbox::Share;
use super::subscriptions::Subscription;

/// Where the other servers are.
#[derive(Clone)]
pub struct AdapterOptions {
    /// The Redis.
    pub url: RedisUrl,
    /// What the servers call their channels: the option `key` of the adapter, or `channelPrefix` of the sharded one;
    /// `socket.io` unless they say otherwise.
    pub key: String,
    /// Whether they use `createShardedAdapter`, in its mode `dynamic`, instead of `createAdapter`.
    pub is_sharded: bool,
}

/// How the servers talk.
enum Dialect {
    Classic { channels: Channels, uid: String },
    Sharded(sharded::Channels),
}

/// One node's place among the servers, in the namespace `/`. Lasts until it is dropped.
pub struct Adapter {
    link: Link,
    dialect: Arc<Dialect>,
    peers: Arc<AtomicU64>,
}

impl Adapter {
    /// Joins them, now or as soon as Redis is there. `hear` is called for what others say, one at a time, and
    /// must not block.
    ///
    /// To be called inside a tokio runtime.
    pub fn open(options: AdapterOptions, hear: impl Fn(Heard) + Send + Sync + 'static) -> Adapter {
        let dialect = Arc::new(Dialect::of(&options));
        let peers = Arc::<AtomicU64>::default();
        let theirs = dialect.clone();
        let deliver = move |delivery: Delivery| {
            if let Some(heard) = theirs.read(&delivery) {
                hear(heard);
            }
        };
        // A server counts as many as listen for requests. Our own nodes listen here as well, so that the
        // difference is the number of others.
        let ours = format!("fireside:company:{}", options.key);
        let counted = peers.clone();
        let listening = Listening {
            deliver: Box::new(deliver),
            census: vec![dialect.requests().to_owned(), ours.clone()],
            counted: Box::new(move |counts| {
                let (all, ours) = (counts.first().copied(), counts.get(1).copied());
                counted.store(all.unwrap_or(0).saturating_sub(ours.unwrap_or(0)), Ordering::Relaxed);
            }),
        };
        let manner = if options.is_sharded { Manner::Sharded } else { Manner::Plain };
        let link = Link::open(options.url, manner, "fireside:company-probe:".to_owned(), listening);
        link.subscribe(Subscription::Channel(ours));
        dialect.subscriptions().into_iter().for_each(|subscription| link.subscribe(subscription));
        Adapter { link, dialect, peers }
    }

    /// How many servers beside our own nodes listened a moment ago. The emitter, which only speaks, is none.
    pub fn peers(&self) -> u64 {
        self.peers.load(Ordering::Relaxed)
    }

    /// Whether the other servers have to be listened to room by room: see [`Adapter::hear_room`].
    pub fn listens_by_room(&self) -> bool {
        matches!(*self.dialect, Dialect::Sharded(_))
    }

    /// From now on (or no longer) there is a room here of this name, as the other servers call it. Does not block.
    pub fn hear_room(&self, room: &str, is_there: bool) {
        let Dialect::Sharded(channels) = &*self.dialect else { return };
        let Some(channel) = channels.of_room(room).map(Subscription::Channel) else { return };
        if is_there {
            self.link.subscribe(channel);
        } else {
            self.link.unsubscribe(&channel);
        }
    }

    /// Tells the other servers to send an event to sockets of theirs. Never waits; may be lost.
    pub fn broadcast(&self, packet: &Packet, to: &Selection, is_volatile: bool) {
        let flags: &[&str] = if is_volatile { &[messages::OURS, "volatile"] } else { &[messages::OURS] };
        let written = match &*self.dialect {
            Dialect::Classic { channels, uid } => messages::write_broadcast(uid, packet, to, flags)
                .map(|bytes| (channels.broadcast_to(to), bytes)),
            Dialect::Sharded(channels) => channels.broadcast(packet, to, flags),
        };
        self.publish(written);
    }

    /// Answers a request. Never waits; may be lost.
    pub fn respond(&self, asked: &Asked, response: &Response) {
        self.publish(match &*self.dialect {
            Dialect::Classic { channels, .. } => Some(response.written(channels, asked)),
            Dialect::Sharded(channels) => channels.response(asked, response),
        });
    }

    fn publish(&self, written: Option<(String, Vec<u8>)>) {
        if let Some((channel, bytes)) = written {
            self.link.publish(channel, bytes.into(), Share::Whole);
        }
    }
}

impl Dialect {
    fn of(options: &AdapterOptions) -> Dialect {
        if options.is_sharded {
            return Dialect::Sharded(sharded::Channels::new(&options.key, &format!("{:016x}", luck::draw())));
        }
        Dialect::Classic { channels: Channels::new(&options.key), uid: uid() }
    }

    /// The channel that every server listens to.
    fn requests(&self) -> &str {
        match self {
            Dialect::Classic { channels, .. } => &channels.request,
            Dialect::Sharded(channels) => &channels.main,
        }
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        match self {
            Dialect::Classic { channels, .. } => vec![
                Subscription::Pattern(channels.broadcasts.clone()),
                Subscription::Channel(channels.request.clone()),
            ],
            Dialect::Sharded(channels) => {
                [&channels.main, &channels.response].map(|name| Subscription::Channel(name.clone())).to_vec()
            }
        }
    }

    fn read(&self, delivery: &Delivery) -> Option<Heard> {
        match self {
            Dialect::Classic { channels, uid } => messages::read(channels, uid, delivery),
            Dialect::Sharded(channels) => channels.read(delivery),
        }
    }
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adapter")
            .field("is_sharded", &self.listens_by_room())
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
