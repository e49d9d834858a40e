//! One room's events on their way to this node's sockets: what was delivered, what waits for a hole.

use std::collections::BTreeMap;
use std::sync::Arc;

use fireside_kernel::planted::{self, Bug};
use fireside_kernel::relay::Committed;
use fireside_kernel::user_changes::read::Head;

/// The order keeper of one room: hands on events in the order of their positions, each once.
#[derive(Debug)]
pub(super) struct Feed {
    delivered: i64,
    waiting: BTreeMap<i64, Committed>,
    /// Where the room stood when its digest was last told.
    pub(super) digested: i64,
    /// Whether somebody is reading the log for the hole.
    pub(super) is_filling: bool,
    /// The room's epoch, once something has told it.
    pub(super) epoch: Option<Arc<str>>,
    /// Whether it was compared with the database since it began: what was committed on another node before the
    /// bus knew that this one listens was not told.
    pub(super) is_checked: bool,
}

impl Feed {
    /// A feed of which everything up to there counts as delivered.
    pub(super) fn starting_after(head: Head) -> Feed {
        Feed {
            delivered: head.seq,
            waiting: BTreeMap::new(),
            digested: 0,
            is_filling: false,
            epoch: head.epoch,
            is_checked: false,
        }
    }

    /// Position of the last event handed on.
    pub(super) fn delivered(&self) -> i64 {
        self.delivered
    }

    /// Whether a client that is there has been told, or will be, all that happens to this feed.
    pub(super) fn is_at(&self, epoch: &str, seq: i64) -> bool {
        self.epoch.as_deref() == Some(epoch) && self.delivered == seq
    }

    /// Takes an event: one that was seen is dropped, one too early waits.
    pub(super) fn offer(&mut self, event: Committed) {
        if event.seq > self.delivered {
            self.waiting.insert(event.seq, event);
        }
    }

    /// The next event in order, if it is here.
    pub(super) fn next(&mut self) -> Option<Committed> {
        let next = match planted::is(Bug::LossyRelay) {
            false => self.delivered + 1,
            true => *self.waiting.first_key_value()?.0,
        };
        let event = self.waiting.remove(&next)?;
        self.delivered = event.seq;
        self.epoch = Some(event.epoch.clone());
        if self.waiting.is_empty() {
            // An emptied tree keeps its last node, here 5 kB for each room that was ever spoken in.
            self.waiting = BTreeMap::new();
        }
        Some(event)
    }

    /// Its epoch was read, which nothing may have told yet.
    pub(super) fn is_known_as(&mut self, epoch: Option<Arc<str>>) {
        if self.epoch.is_none() {
            self.epoch = epoch;
        }
    }

    /// Begins anew behind a place of another epoch: what was told of the last one is of another history.
    pub(super) fn begin_epoch(&mut self, epoch: &Arc<str>, delivered: i64) {
        self.waiting.clear();
        self.delivered = delivered;
        self.epoch = Some(epoch.clone());
    }

    /// Whether events of this epoch are of another history than what was told.
    pub(super) fn is_of_other_epoch(&self, epoch: &str) -> bool {
        self.epoch.as_deref().is_some_and(|known| known != epoch)
    }

    /// Whether events wait behind a hole.
    pub(super) fn has_hole(&self) -> bool {
        self.waiting.first_key_value().is_some_and(|(seq, _)| *seq > self.delivered + 1)
    }

    /// Gives the hole up: goes on after everything that waits. The sockets must be told to resync.
    pub(super) fn skip(&mut self) {
        if let Some((seq, _)) = self.waiting.last_key_value() {
            self.delivered = *seq;
        }
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fireside_kernel::relay::Effect;
    use fireside_protocol::rooms::RoomDeleted;
    use fireside_protocol::{Event, RoomId, UserId};

    fn event(seq: i64) -> Committed {
        let room = RoomId::trusted("r");
        Committed {
            room: room.clone(),
            epoch: "e".into(),
            seq,
            actor: UserId::trusted("u"),
            event: Event::RoomDeleted(RoomDeleted { room_id: room, seq, epoch: "e".into() }),
            effect: Effect::None,
            hidden_from: Vec::new(),
        }
    }

    fn starting_after(seq: i64) -> Feed {
        Feed::starting_after(Head { epoch: None, seq })
    }

    fn drain(feed: &mut Feed) -> Vec<i64> {
        std::iter::from_fn(|| feed.next()).map(|event| event.seq).collect()
    }

    #[test]
    fn in_order_once_each() {
        let mut feed = starting_after(4);
        for seq in [5, 5, 4, 6] {
            feed.offer(event(seq));
        }
        assert_eq!(drain(&mut feed), [5, 6]);
        feed.offer(event(6));
        assert_eq!(drain(&mut feed), [0; 0]);
    }

    #[test]
    fn what_is_early_waits_for_the_hole() {
        let mut feed = starting_after(0);
        feed.offer(event(2));
        feed.offer(event(3));
        assert_eq!(drain(&mut feed), [0; 0]);
        assert!(feed.has_hole());
        feed.offer(event(1));
        assert_eq!(drain(&mut feed), [1, 2, 3]);
        assert!(!feed.has_hole());
    }

    #[test]
    fn a_hole_given_up_is_not_delivered_later() {
        let mut feed = starting_after(0);
        feed.offer(event(3));
        feed.skip();
        feed.offer(event(2));
        assert_eq!(drain(&mut feed), [0; 0]);
        assert_eq!(feed.delivered(), 3);
    }
}
