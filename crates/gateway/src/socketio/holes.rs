//! What delivery has missed, read from the log: a hole between two events, what a doubtful commit has left
//! behind, and what another node has committed and the bus has lost.

use std::sync::Arc;
use std::time::Duration;

use fireside_kernel::relay::Committed;
use fireside_kernel::user_changes::read::Head;
use fireside_kernel::{Result, permission, room_log};
use fireside_protocol::event::Resync;
use fireside_protocol::resume::{Hindrance, NotRecovered, Resumed, ResumedRoom};
use fireside_protocol::{RoomId, Signal, UserId};
use fireside_socketio::Frame;

use super::delivery::{Delivery, State, room_name};
use super::feed::Feed;

/// Events read at once to fill a hole.
const FILL_CHUNK: i64 = 500;
/// How often filling is tried before the room is told to resync.
const FILL_ATTEMPTS: u32 = 5;
/// How long a transaction may still be under way whose outcome the database did not say, once it answers again.
pub(super) const DOUBT_LASTS: Duration = Duration::from_secs(2);

/// Time before the next of several tries.
fn pause(attempt: u32) -> Duration {
    Duration::from_millis(50 << attempt.min(FILL_ATTEMPTS))
}

impl Delivery {
    /// Reads the log for a room's hole until it is closed, or gives up honestly when the log does not have it.
    pub(super) async fn fill(self: Arc<Self>, room: RoomId) {
        let (mut answered, mut silent) = (0, 0);
        while answered < FILL_ATTEMPTS {
            let Some(after) = self.delivered(&room) else { return };
            match room_log::read::events_after(&self.kernel.db, &room, after, FILL_CHUNK).await {
                Ok(found) => {
                    answered += 1;
                    if self.close_hole(&room, found) {
                        return self.is_filled(&room);
                    }
                }
                Err(_) => silent += 1,
            }
            tokio::time::sleep(pause(answered + silent)).await;
        }
        self.give_up(&room);
    }

    /// Place of the last event of a room that was handed on, if anyone here hears it.
    fn delivered(&self, room: &RoomId) -> Option<i64> {
        self.state.lock().feeds.get(room).map(Feed::delivered)
    }

    /// Sees to it that every room that was recovered has been handed on as far as the answer goes: the
    /// answer comes from the log, which may be ahead of delivery for a moment. A room that stays behind
    /// is not recovered.
    pub(super) async fn catch_up(&self, resumed: &mut Resumed) {
        for answer in &mut resumed.rooms {
            let ResumedRoom::Recovered(room) = &*answer else { continue };
            let (id, epoch, head) = (room.room_id.clone(), room.epoch.clone(), room.seq);
            for attempt in 1..=FILL_ATTEMPTS {
                let Some(after) = self.delivered(&id).filter(|delivered| *delivered < head) else { break };
                let found = room_log::read::events_after(&self.kernel.db, &id, after, FILL_CHUNK).await;
                self.close_hole(&id, found.unwrap_or_default());
                if attempt == FILL_ATTEMPTS {
                    *answer = ResumedRoom::NotRecovered(NotRecovered::at(
                        id.clone(),
                        Hindrance::Unavailable,
                        epoch.clone(),
                        head,
                    ));
                }
            }
        }
    }

    /// Offers what was read from the log; whether nothing is missing any more.
    fn close_hole(&self, room: &RoomId, found: Vec<Committed>) -> bool {
        let mut state = self.state.lock();
        let Some(feed) = state.feeds.get_mut(room) else { return true };
        let newest = found.last().filter(|event| feed.is_of_other_epoch(&event.epoch));
        if let Some((epoch, seq)) = newest.map(|event| (event.epoch.clone(), event.seq)) {
            feed.begin_epoch(&epoch, seq);
            self.tell_resync(&mut state, room);
            return true;
        }
        if !found.is_empty() {
            metrics::counter!("fireside_gaps_filled_total").increment(1);
        }
        for event in found {
            feed.offer(event);
        }
        self.deliver_ready(&mut state, room);
        state.feeds.get(room).is_none_or(|feed| !feed.has_hole())
    }

    /// Nobody reads for a room's hole any more; unless there is a new one by now.
    fn is_filled(self: &Arc<Self>, room: &RoomId) {
        let mut state = self.state.lock();
        let Some(feed) = state.feeds.get_mut(room) else { return };
        feed.is_filling = feed.has_hole();
        if feed.is_filling {
            tokio::spawn(self.clone().fill(room.clone()));
        }
    }

    /// Reads on in a room of which nobody knows whether its newest events were stored, as soon as the database
    /// answers; and once more, because what it was told last may be done only then.
    pub(super) async fn read_on(self: Arc<Self>, room: RoomId) {
        for wait in [Duration::ZERO, DOUBT_LASTS] {
            tokio::time::sleep(wait).await;
            let mut attempt = 0;
            loop {
                let Some(after) = self.delivered(&room) else { return };
                let found = room_log::read::events_after(&self.kernel.db, &room, after, FILL_CHUNK).await;
                if let Ok(found) = found {
                    self.close_hole(&room, found);
                    break;
                }
                attempt += 1;
                tokio::time::sleep(pause(attempt)).await;
            }
        }
    }

    fn give_up(&self, room: &RoomId) {
        tracing::error!(%room, "events of a room cannot be read back; its clients are told to resync");
        let mut state = self.state.lock();
        if let Some(feed) = state.feeds.get_mut(room) {
            feed.skip();
            feed.is_filling = false;
        }
        self.tell_resync(&mut state, room);
    }

    /// Tells whoever hears a room, or is about to, to fetch it again.
    fn tell_resync(&self, state: &mut State, room: &RoomId) {
        state.held.reached(room, i64::MAX);
        let signal = Signal::RoomResync(Resync { room_id: room.clone() });
        if let Ok(frame) = Frame::event(signal.name(), &[&signal]) {
            self.namespace.to(room_name(room)).local().emit(&frame);
        }
    }

    /// The rooms that are followed here: all, or those that were not compared with the database yet.
    pub(super) fn followed(&self, all: bool) -> Vec<RoomId> {
        let state = self.state.lock();
        let wanted = state.feeds.iter().filter(|(_, feed)| all || !feed.is_checked);
        wanted.map(|(room, _)| room.clone()).collect()
    }

    /// Compares rooms with the database, and hands on what is missing here.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn compare(&self, rooms: &[RoomId]) -> Result<()> {
        let mut rooms = rooms.to_vec();
        while !rooms.is_empty() {
            let heads = room_log::heads::heads(&self.kernel.db, &rooms).await?;
            let behind = self.behind(&heads);
            let mut found = room_log::heads::behind(&self.kernel.db, &behind, FILL_CHUNK).await?;
            // Those of which there may be more are looked at once more.
            rooms = behind.iter().map(|(room, _)| room.clone()).collect();
            rooms.retain(|room| {
                let events = found.remove(room).unwrap_or_default();
                let may_go_on = i64::try_from(events.len()) == Ok(FILL_CHUNK);
                self.close_hole(room, events);
                may_go_on
            });
        }
        Ok(())
    }

    /// Which rooms are behind their heads, and where they stand.
    fn behind(&self, heads: &std::collections::HashMap<RoomId, room_log::heads::Head>) -> Vec<(RoomId, i64)> {
        let mut behind = Vec::new();
        let mut state = self.state.lock();
        for (room, head) in heads {
            let Some(feed) = state.feeds.get_mut(room) else { continue };
            feed.is_checked = true;
            let is_of_other_epoch = feed.is_of_other_epoch(&head.epoch);
            feed.epoch = Some(head.epoch.clone());
            if is_of_other_epoch {
                feed.begin_epoch(&head.epoch, head.seq);
                self.tell_resync(&mut state, room);
            } else if head.seq > feed.delivered() {
                behind.push((room.clone(), feed.delivered()));
            }
        }
        behind
    }

    /// Begins to follow a room that its user has become a member of on another node, from there on. Their sockets
    /// begin to hear it when the event is delivered that let them in.
    ///
    /// # Errors
    /// When the database does not answer; looking again later finds it.
    pub(super) async fn follow(&self, user: &UserId, room: &RoomId) -> Result<()> {
        if self.has_turned_off(user, room) {
            return Ok(());
        }
        if self.delivered(room).is_some() {
            return self.hear_late(user, room).await;
        }
        let Some(member) = permission::membership(&self.kernel.db, room, user).await? else { return Ok(()) };
        let before = Head { epoch: None, seq: (member.joined_seq - 1).max(0) };
        self.begin(&mut self.state.lock(), room, before);
        self.compare(std::slice::from_ref(room)).await
    }

    /// The room is followed here already: the event that lets them in may have passed before they were here.
    async fn hear_late(&self, user: &UserId, room: &RoomId) -> Result<()> {
        for _ in 0..FILL_ATTEMPTS {
            let heads = room_log::heads::heads(&self.kernel.db, std::slice::from_ref(room)).await?;
            let member = permission::membership(&self.kernel.db, room, user).await?;
            let (Some(head), Some(member)) = (heads.get(room), member) else { return Ok(()) };
            if self.let_in_late(user, room, member.joined_seq, head.seq) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether a socket of the user's has turned the room off: then nobody has to hear it here.
    fn has_turned_off(&self, user: &UserId, room: &RoomId) -> bool {
        self.sockets_of(user).iter().any(|socket| socket.state().turned_off.lock().contains(room))
    }
}
