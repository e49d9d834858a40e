//! How far members have read. Positions share the transaction of the messages that wait, though they have no
//! place in the log: they are their owner's, and no event of the room.

use fireside_protocol::Signal;

use super::batch::Batch;
use super::state::MemberState;
use crate::permission::RoomPass;
use crate::relay::Audience;

impl Batch {
    /// Moves how far the pass's user has read, forwards or back, between their joining and the head of the
    /// log; the membership as it is then, none if nothing moves. Only reading stamps it.
    pub fn move_read(&mut self, pass: &RoomPass, seq: i64) -> Option<MemberState> {
        let head = self.room(pass).head_seq;
        let now = self.now;
        self.change_own(pass, |member| {
            let seq = seq.min(head).max(member.joined_seq);
            if seq > member.read_seq {
                member.last_read_at = Some(now);
            }
            std::mem::replace(&mut member.read_seq, seq) != seq
        })
    }

    /// Mutes the room for the pass's user, or no longer; the membership as it is then, none if it was so.
    pub fn mute(&mut self, pass: &RoomPass, muted: bool) -> Option<MemberState> {
        self.change_own(pass, |member| std::mem::replace(&mut member.muted, muted) != muted)
    }

    /// Sends a signal once the batch is committed. Signals leave in the order of the changes they are about.
    pub fn signal(&mut self, audience: Audience, signal: Signal) {
        self.signals.push((audience, signal));
    }

    fn change_own(
        &mut self,
        pass: &RoomPass,
        change: impl FnOnce(&mut MemberState) -> bool,
    ) -> Option<MemberState> {
        let key = (pass.room().clone(), pass.user().clone());
        let member = self.members.get_mut(&key)?;
        let has_changed = change(member);
        let member = has_changed.then(|| member.clone())?;
        self.writes.changed_member(key);
        Some(member)
    }
}
