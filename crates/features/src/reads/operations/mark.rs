//! `reads.mark` and `reads.unmark`: moving one's position forward, and back.

use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Audience;
use fireside_kernel::room_log::{Batch, Change, Needs};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::ids::RoomRef;
use fireside_protocol::reads::{MarkUnread, ReadPosition, ReadRoom};
use fireside_protocol::{Signal, UserId};

use super::check_load;
use crate::reads::rules::{self, Target, Way};

/// `reads.mark`.
pub(in crate::reads) async fn mark(kernel: Kernel, ctx: Ctx, request: ReadRoom) -> Result<ReadPosition> {
    let target = rules::target(request.seq, request.message_id.as_ref())?;
    shift(&kernel, request.room_id, ctx.user()?.clone(), target, Way::Forward).await
}

/// `reads.unmark`.
pub(in crate::reads) async fn unmark(kernel: Kernel, ctx: Ctx, request: MarkUnread) -> Result<ReadPosition> {
    let target = rules::target(request.seq, request.message_id.as_ref())?;
    shift(&kernel, request.room_id, ctx.user()?.clone(), target, Way::Back).await
}

/// Moves someone's position, and tells who should know.
pub(in crate::reads) async fn shift(
    kernel: &Kernel,
    room: RoomRef,
    user: UserId,
    target: Target,
    way: Way,
) -> Result<ReadPosition> {
    check_load(kernel)?;
    // The connection's next request waits for this answer, and so sees the mark.
    kernel.log.submit_unasked(Mark { room, user, target, way }).await
}

/// The change that the room log decides.
struct Mark {
    room: RoomRef,
    user: UserId,
    target: Target,
    way: Way,
}

impl Change for Mark {
    type Answer = ReadPosition;

    fn needs(&self, needs: &mut Needs) {
        needs.member(&self.room, self.user.as_str());
        if let Target::Message(message) = &self.target {
            needs.message(message, &self.user);
        }
    }

    fn decide(&self, batch: &mut Batch) -> Result<ReadPosition> {
        let pass = batch.enter(&self.room, &self.user, Permission::Read)?;
        let wanted = match &self.target {
            Target::Seq(seq) => *seq,
            Target::Message(message) => {
                let (_, message) = batch.enter_message(message, &self.user, Permission::Read)?;
                // A message of another room is as unknown here as one that does not exist.
                let is_here = message.room_id == *pass.room();
                is_here.then_some(message.seq).ok_or_else(|| Error::not_found("Message"))?
            }
        };
        let member = batch.member(&pass, &self.user).ok_or_else(|| Error::not_found("Room"))?;
        let mut position = ReadPosition {
            room_id: pass.room().clone(),
            user_id: self.user.clone(),
            seq: member.read_seq,
            last_read_at: member.last_read_at,
        };
        let moved = rules::moved(self.way, position.seq, wanted);
        let moved = moved.and_then(|seq| batch.move_read(&pass, seq));
        if let Some(member) = moved {
            position.seq = member.read_seq;
            position.last_read_at = member.last_read_at;
            batch.signal(Audience::User(self.user.clone()), Signal::ReadUpdated(position.clone()));
            let partner = pass.state().partner(&self.user).filter(|partner| *partner != self.user);
            if let Some(partner) = partner {
                batch.signal(Audience::User(partner), Signal::ReadUpdated(position.clone()));
            }
        }
        Ok(position)
    }
}
