//! Users' own changes on their way to this node's sockets, each user's in the order of their stream.
//!
//! Not everything in a stream is committed by the room log, so changes may come out of order, and those of
//! other nodes may not come at all: what is early waits, and the stream is read back. It keeps only the newest
//! change of each thing, so positions may be left out; what they led to never is. There is no giving up: while
//! the database does not answer nothing new happens either.
//!
//! Beside the delivery of rooms, not within it: a stream concerns one user's sockets, and who they are does not
//! depend on it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use fireside_kernel::Kernel;
use fireside_kernel::nodes::Pace;
use fireside_kernel::relay::{Committed, Subscriber};
use fireside_kernel::user_changes::Changed;
use fireside_kernel::user_changes::read::{self, Head};
use fireside_protocol::user_changes::UserPosition;
use fireside_protocol::{UserEvent, UserId};
use fireside_socketio::{Frame, Namespace};
use parking_lot::Mutex;

use super::delivery::{Delivery, user_name};
use super::holes::DOUBT_LASTS;
use super::session::Session;

/// Time between the first two tries to read a stream back; it doubles.
const RETRY: Duration = Duration::from_millis(50);
/// Longest time between two tries.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// See the module.
pub(super) struct UserFeeds {
    kernel: Kernel,
    namespace: Namespace<Session>,
    /// Follows the rooms that users have entered on other nodes.
    delivery: Arc<Delivery>,
    feeds: Mutex<HashMap<UserId, UserFeed>>,
}

/// One user's stream on its way: what was delivered, what waits for what is missing before it.
#[derive(Default)]
struct UserFeed {
    delivered: i64,
    waiting: BTreeMap<i64, Changed>,
    /// Whether somebody is reading the stream back.
    is_filling: bool,
    /// The stream's epoch, once something has told it.
    epoch: Option<Arc<str>>,
    /// Whether it was compared with the database since it began.
    is_checked: bool,
}

impl UserFeed {
    fn starting_after(head: Head) -> UserFeed {
        UserFeed { delivered: head.seq, epoch: head.epoch, ..UserFeed::default() }
    }

    /// Whether changes of this epoch are of another history than what was told.
    fn is_of_other_epoch(&self, epoch: &str) -> bool {
        self.epoch.as_deref().is_some_and(|known| known != epoch)
    }

    /// Takes a change: one that was seen is dropped, one too early waits.
    fn offer(&mut self, change: Changed) {
        if change.change.seq > self.delivered {
            self.waiting.insert(change.change.seq, change);
        }
    }

    /// The next change, if nothing is missing before it.
    fn next(&mut self) -> Option<Changed> {
        let change = self.waiting.remove(&(self.delivered + 1))?;
        self.delivered += 1;
        self.epoch = Some(change.epoch.clone());
        self.release();
        Some(change)
    }

    /// An emptied tree keeps its last node, here 1.8 kB for each user who ever joined, read or muted.
    fn release(&mut self) {
        if self.waiting.is_empty() {
            self.waiting = BTreeMap::new();
        }
    }

    /// What was read back is all there is up to its end; the part of it that was not delivered yet.
    fn catch_up(&mut self, mut changes: Vec<Changed>) -> Vec<Changed> {
        changes.retain(|change| change.change.seq > self.delivered);
        if let Some(last) = changes.last() {
            self.delivered = last.change.seq;
        }
        let delivered = self.delivered;
        self.waiting.retain(|seq, _| *seq > delivered);
        self.release();
        changes
    }
}

impl UserFeeds {
    pub(super) fn new(delivery: Arc<Delivery>) -> Arc<UserFeeds> {
        let (kernel, namespace) = (delivery.kernel.clone(), delivery.namespace.clone());
        Arc::new(UserFeeds { kernel, namespace, delivery, feeds: Mutex::default() })
    }

    /// Lets a user's socket in by `join`, to hear their stream, of which they know everything up to `head` or
    /// will ask for it.
    pub(super) fn enter<T>(self: &Arc<Self>, user: &UserId, head: Head, join: impl FnOnce() -> T) -> T {
        // Held until the socket has joined, so that the feed is not tidied away before.
        let mut feeds = self.feeds.lock();
        if let Entry::Vacant(feed) = feeds.entry(user.clone()) {
            if self.delivery.state.lock().arrivals.is_stream_behind(user, head.seq) {
                tokio::spawn(self.clone().look_into(vec![user.clone()]));
            }
            feed.insert(UserFeed::starting_after(head));
            self.kernel.nodes.hear_user(user);
        }
        join()
    }

    /// Runs `answer` if the user's stream was told as far as a client has come, if that is asked at all: nothing more
    /// of it is told before `answer` has ended. What that says, or false.
    pub(super) fn if_level(
        &self,
        user: &UserId,
        position: Option<&UserPosition>,
        answer: impl FnOnce() -> bool,
    ) -> bool {
        let feeds = self.feeds.lock();
        let is_level = position.is_none_or(|position| {
            let feed = feeds.get(user);
            feed.is_some_and(|feed| {
                feed.epoch.as_ref() == Some(&position.epoch) && feed.delivered == position.seq
            })
        });
        is_level && answer()
    }

    /// Drops the feeds of users who have no socket here any more.
    pub(super) fn tidy(&self) {
        let mut feeds = self.feeds.lock();
        let here: HashSet<_> = self.namespace.rooms().into_iter().map(|(name, _)| name).collect();
        feeds.retain(|user, _| {
            let is_here = here.contains(user_name(user).as_str());
            if !is_here {
                self.kernel.nodes.forget_user(user);
            }
            is_here
        });
    }

    /// The users whose streams are followed here: all, or those that were not compared with the database yet.
    pub(super) fn followed(&self, all: bool) -> Vec<UserId> {
        let feeds = self.feeds.lock();
        let wanted = feeds.iter().filter(|(_, feed)| all || !feed.is_checked);
        wanted.map(|(user, _)| user.clone()).collect()
    }

    /// Compares streams with the database, and reads back those that are behind.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn compare(self: Arc<Self>, users: &[UserId]) -> fireside_kernel::Result<()> {
        let heads = read::heads(&self.kernel.db, users).await?;
        let mut feeds = self.feeds.lock();
        for user in users {
            let Some(feed) = feeds.get_mut(user) else { continue };
            feed.is_checked = true;
            let Some(head) = heads.get(user) else { continue };
            if feed.is_of_other_epoch(&head.epoch) {
                // Another history: all of it is told.
                *feed = UserFeed { is_checked: true, is_filling: feed.is_filling, ..UserFeed::default() };
            }
            feed.epoch = Some(head.epoch.clone());
            if head.seq > feed.delivered && !feed.is_filling {
                feed.is_filling = true;
                tokio::spawn(self.clone().fill(user.clone()));
            }
        }
        Ok(())
    }

    /// Looks into streams of which nobody knows whether their newest changes were stored, as soon as the database
    /// answers; and once more, because what it was told last may be done only then.
    async fn look_into(self: Arc<Self>, users: Vec<UserId>) {
        for wait in [Duration::ZERO, DOUBT_LASTS] {
            tokio::time::sleep(wait).await;
            let mut pause = RETRY;
            while let Err(error) = self.clone().compare(&users).await {
                tracing::warn!(error = ?error.internal, "users' streams cannot be looked into yet");
                tokio::time::sleep(pause).await;
                pause = RETRY_MAX.min(pause * 2);
            }
        }
    }

    /// Follows a room that a user has entered, in case that was on another node.
    fn follow(&self, change: &Changed) {
        let room = change.change.room.as_ref().filter(|room| room.member);
        let Some(room) = room.filter(|_| self.kernel.nodes.pace() != Pace::Alone) else { return };
        let (delivery, user, room) = (self.delivery.clone(), change.user.clone(), room.room_id.clone());
        tokio::spawn(async move {
            if let Err(error) = delivery.follow(&user, &room).await {
                tracing::warn!(error = ?error.internal, %room, "a room that somebody has entered is not heard yet");
            }
        });
    }

    fn deliver(&self, change: &Changed) {
        self.follow(change);
        let event = UserEvent::UserChanged(change.to_wire());
        match Frame::event(event.name(), &[&event]) {
            Ok(frame) => {
                self.namespace.to(user_name(&change.user)).local().emit(&frame);
            }
            Err(error) => {
                tracing::error!(%error, user = %change.user, seq = change.change.seq, "a change has no JSON form");
            }
        }
    }

    /// Reads a user's stream back until nothing is missing.
    async fn fill(self: Arc<Self>, user: UserId) {
        let mut pause = RETRY;
        loop {
            let Some(after) = self.feeds.lock().get(&user).map(|feed| feed.delivered) else { return };
            match self.missing(&user, after).await {
                Ok(found) => {
                    if self.close_hole(&user, found) {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(error = ?error.internal, "a user's stream cannot be read back yet")
                }
            }
            tokio::time::sleep(pause).await;
            pause = RETRY_MAX.min(pause * 2);
        }
    }

    async fn missing(&self, user: &UserId, after: i64) -> fireside_kernel::Result<Vec<Changed>> {
        let Some(head) = read::head(&self.kernel.db, user).await? else { return Ok(Vec::new()) };
        let changes = read::changes_after(&self.kernel.db, user, after).await?;
        let changed = |change| Changed { user: user.clone(), epoch: head.epoch.clone(), change };
        Ok(changes.into_iter().map(changed).collect())
    }

    /// Delivers what was read back; whether nothing is missing any more.
    fn close_hole(self: &Arc<Self>, user: &UserId, found: Vec<Changed>) -> bool {
        let mut feeds = self.feeds.lock();
        let Some(feed) = feeds.get_mut(user) else { return true };
        if found.first().is_some_and(|change| feed.is_of_other_epoch(&change.epoch)) {
            // Not from there on, but from its beginning.
            tokio::spawn(self.clone().look_into(vec![user.clone()]));
            feed.is_filling = false;
            return true;
        }
        feed.catch_up(found).iter().for_each(|change| self.deliver(change));
        while let Some(change) = feed.next() {
            self.deliver(&change);
        }
        feed.is_filling = !feed.waiting.is_empty();
        !feed.is_filling
    }
}

/// The relay's end of the feeds.
pub(super) struct UserDoorbell(pub(super) Arc<UserFeeds>);

impl Subscriber for UserDoorbell {
    fn committed(&self, _: &[Committed]) {}

    fn changed(&self, changes: &[Changed]) {
        let mut feeds = self.0.feeds.lock();
        for change in changes {
            let Some(feed) = feeds.get_mut(&change.user) else {
                self.0.delivery.note_unheard_stream(&change.user, change.change.seq);
                continue;
            };
            if feed.is_of_other_epoch(&change.epoch) {
                // Which of the two histories is true now is in the database.
                tokio::spawn(self.0.clone().look_into(vec![change.user.clone()]));
                continue;
            }
            feed.offer(change.clone());
            while let Some(change) = feed.next() {
                self.0.deliver(&change);
            }
            if !feed.waiting.is_empty() && !feed.is_filling {
                feed.is_filling = true;
                tokio::spawn(self.0.clone().fill(change.user.clone()));
            }
        }
    }

    fn doubtful_streams(&self, users: &[UserId]) {
        let feeds = self.0.feeds.lock();
        let here: Vec<UserId> = users.iter().filter(|user| feeds.contains_key(user)).cloned().collect();
        if !here.is_empty() {
            tokio::spawn(self.0.clone().look_into(here));
        }
    }
}

#[cfg(test)]
mod tests {
    use fireside_protocol::user_changes::{SessionStanding, UserChange};
    use fireside_protocol::{SessionId, Time};

    use super::*;

    fn change(seq: i64) -> Changed {
        let expires_at = Time::from_micros(0);
        let session = SessionStanding { id: SessionId::trusted("s"), ended: true, expires_at };
        let change = UserChange { seq, room: None, session: Some(session) };
        Changed { user: UserId::trusted("u"), epoch: "e".into(), change }
    }

    fn drain(feed: &mut UserFeed) -> Vec<i64> {
        std::iter::from_fn(|| feed.next()).map(|change| change.change.seq).collect()
    }

    #[test]
    fn in_order_once_each() {
        let mut feed = UserFeed::starting_after(Head { epoch: None, seq: 4 });
        assert!(!feed.is_of_other_epoch("f"), "nothing has told its epoch");
        for seq in [6, 4, 5, 5] {
            feed.offer(change(seq));
        }
        assert_eq!(drain(&mut feed), [5, 6]);
        assert!(feed.is_of_other_epoch("f") && !feed.is_of_other_epoch("e"));
        feed.offer(change(6));
        assert_eq!(drain(&mut feed), [0; 0]);
    }

    #[test]
    fn what_is_read_back_may_leave_positions_out() {
        let mut feed = UserFeed::starting_after(Head { epoch: None, seq: 4 });
        feed.offer(change(7));
        feed.offer(change(10));
        assert_eq!(drain(&mut feed), [0; 0]);
        let told = feed.catch_up([4, 6, 8, 9].map(change).into());
        assert_eq!(told.iter().map(|change| change.change.seq).collect::<Vec<_>>(), [6, 8, 9]);
        assert_eq!(drain(&mut feed), [10], "7 came with a later change of the same");
        assert!(feed.waiting.is_empty());
    }
}
