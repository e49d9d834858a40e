//! A connection to Redis that comes back by itself, for as long as somebody holds it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::address::RedisUrl;
use super::connection::Manner;
use super::failure::Failure;
use super::luck;
use super::outbox::{Outbox, Share};
use super::session;
use super::subscriptions::{Subscription, Subscriptions};
use crate::{State, measures};

/// The first pause before another attempt; it doubles with each that fails.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause. A Redis that is back is found within this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A message as Redis hands it out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) channel: String,
    pub(super) payload: Bytes,
}

/// Takes the numbers of listeners.
pub(super) type Counted = Box<dyn Fn(&[u64]) + Send + Sync>;

/// What a link listens for.
pub(super) struct Listening {
    /// Called for each message, one at a time. Must not block: while it runs nothing else is read from Redis.
    pub(super) deliver: Box<dyn Fn(Delivery) + Send + Sync>,
    /// Channels whose listeners are counted every other second.
    pub(super) census: Vec<String>,
    /// Called with the counts, in the order of the channels; with nothing when the link is down.
    pub(super) counted: Counted,
}

/// One node's end of a Redis.
pub(super) struct Link {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What the task needs, and those who publish and subscribe.
pub(super) struct Shared {
    pub(super) url: RedisUrl,
    pub(super) manner: Manner,
    /// Where this link listens for its own probes.
    pub(super) probe_channel: String,
    pub(super) listening: Listening,
    pub(super) outbox: Outbox,
    pub(super) subscriptions: Subscriptions,
    state: watch::Sender<State>,
}

impl Link {
    /// Starts to connect.
    pub(super) fn open(url: RedisUrl, manner: Manner, probe_prefix: String, listening: Listening) -> Link {
        let shared = Arc::new(Shared {
            url,
            manner,
            probe_channel: format!("{probe_prefix}{:016x}", luck::draw()),
            listening,
            outbox: Outbox::default(),
            subscriptions: Subscriptions::default(),
            state: watch::Sender::new(State::Down { reason: NOT_YET.to_owned() }),
        });
        let task = tokio::spawn(keep_connected(shared.clone()));
        Link { shared, task }
    }

    /// Until the first attempt to connect has succeeded or failed.
    pub(super) async fn first_attempt(&self) {
        let pending = |state: &State| matches!(state, State::Down { reason } if reason == NOT_YET);
        // The sender is in `self`: it cannot be gone.
        let mut state = self.state();
        let _known = state.wait_for(|state| !pending(state)).await;
    }

    pub(super) fn is_up(&self) -> bool {
        self.shared.outbox.is_open()
    }

    pub(super) fn publish(&self, channel: String, payload: Bytes, share: Share) {
        self.shared.outbox.put((channel, payload), share);
    }

    pub(super) fn subscribe(&self, subscription: Subscription) {
        self.shared.subscriptions.want(subscription);
    }

    pub(super) fn unsubscribe(&self, subscription: &Subscription) {
        self.shared.subscriptions.forget(subscription);
    }

    pub(super) fn state(&self) -> watch::Receiver<State> {
        self.shared.state.subscribe()
    }
}

/// The reason before anything is known.
const NOT_YET: &str = "not connected yet";

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// Everything is in place: what is published from now on leaves.
    pub(super) fn is_up(&self) {
        self.outbox.open();
        self.state.send_replace(State::Up);
        tracing::info!(redis = ?self.url, "connected to Redis");
    }

    /// Nothing leaves any more.
    fn is_down(&self, failure: &Failure) {
        self.outbox.close();
        (self.listening.counted)(&[]);
        let down = State::Down { reason: failure.to_string() };
        // Told once, not at each attempt.
        if self.state.send_if_modified(|state| std::mem::replace(state, down.clone()) != down) {
            tracing::warn!(redis = ?self.url, reason = %failure, "not connected to Redis");
        }
    }
}

async fn keep_connected(shared: Arc<Shared>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let failure = session::run(&shared).await;
        if shared.outbox.is_open() {
            pause = FIRST_PAUSE;
        }
        shared.is_down(&failure);
        tokio::time::sleep(jittered(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        measures::reconnecting();
    }
}

/// Between half of it and all of it, so that many nodes do not come back in the same moment.
fn jittered(pause: Duration) -> Duration {
    let part = (luck::draw() % 1000) as u32;
    pause / 2 + pause / 2 * part / 1000
}
