//! What this node wants to hear, kept beyond any one connection.

use std::collections::HashSet;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Something to listen to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Subscription {
    /// One channel, by its exact name.
    Channel(String),
    /// All channels that match.
    Pattern(String),
}

/// The wishes, and which of them the connection has not been told of.
#[derive(Default)]
pub(super) struct Subscriptions {
    wishes: Mutex<Wishes>,
    changed: Notify,
}

#[derive(Default)]
struct Wishes {
    wanted: HashSet<Subscription>,
    untold: HashSet<Subscription>,
}

/// What to tell Redis.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) wanted: Vec<Subscription>,
    pub(super) unwanted: Vec<Subscription>,
}

impl Subscriptions {
    pub(super) fn want(&self, subscription: Subscription) {
        let mut wishes = self.wishes.lock();
        if wishes.wanted.insert(subscription.clone()) {
            wishes.untold.insert(subscription);
            self.changed.notify_one();
        }
    }

    pub(super) fn forget(&self, subscription: &Subscription) {
        let mut wishes = self.wishes.lock();
        if wishes.wanted.remove(subscription) {
            wishes.untold.insert(subscription.clone());
            self.changed.notify_one();
        }
    }

    /// Everything, for a connection that knows nothing yet.
    pub(super) fn all(&self) -> Vec<Subscription> {
        let mut wishes = self.wishes.lock();
        wishes.untold.clear();
        wishes.wanted.iter().cloned().collect()
    }

    /// What has changed since this or [`Subscriptions::all`] was asked last; waits for the first change.
    pub(super) async fn changes(&self) -> Changes {
        loop {
            let changes = self.wishes.lock().tell();
            if changes != Changes::default() {
                return changes;
            }
            self.changed.notified().await;
        }
    }
}

impl Wishes {
    fn tell(&mut self) -> Changes {
        let untold = std::mem::take(&mut self.untold);
        let (wanted, unwanted) = untold.into_iter().partition(|wish| self.wanted.contains(wish));
        Changes { wanted, unwanted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(name: &str) -> Subscription {
        Subscription::Channel(name.to_owned())
    }

    #[tokio::test]
    async fn changes_are_told_once_and_as_they_are_at_last() {
        let subscriptions = Subscriptions::default();
        subscriptions.want(channel("a"));
        subscriptions.want(channel("b"));
        assert_eq!(subscriptions.all().len(), 2);
        subscriptions.want(channel("a"));
        subscriptions.want(channel("c"));
        subscriptions.forget(&channel("b"));
        subscriptions.forget(&channel("never wanted"));
        let changes = subscriptions.changes().await;
        assert_eq!(changes, Changes { wanted: vec![channel("c")], unwanted: vec![channel("b")] });
        subscriptions.forget(&channel("c"));
        subscriptions.want(channel("c"));
        assert_eq!(subscriptions.changes().await.wanted, [channel("c")]);
    }
}
