//! Marking a room as read.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use fireside_db::Tx;
use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Audience;
use fireside_kernel::room_log::change::ExtraWrite;
use fireside_kernel::room_log::{Batch, Change, Needs};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::ids::RoomRef;
use fireside_protocol::reads::{ReadPosition, ReadRoom};
use fireside_protocol::{RoomId, Signal, Time, UserId};

use super::rules::{self, Target};
use super::sql;

/// How many changes may wait for the room log before positions are not taken any more. Far below the
/// length of its queue: what is read can be marked again, what is said should not wait for it.
const SHED_AT: usize = 1_024;

/// `reads.mark`.
pub(super) async fn mark(kernel: Kernel, ctx: Ctx, request: ReadRoom) -> Result<ReadPosition> {
    let target = rules::target(request.seq, request.message_id.as_ref())?;
    advance(&kernel, request.room_id, ctx.user()?.clone(), target).await
}

/// Moves someone's position, and tells who should know.
pub(super) async fn advance(
    kernel: &Kernel,
    room: RoomRef,
    user: UserId,
    target: Target,
) -> Result<ReadPosition> {
    if kernel.log.waiting() > SHED_AT {
        return Err(Error::overloaded());
    }
    let mark = Mark { room, user, target, at: kernel.clock.now() };
    // The connection's next request waits for this answer, and so sees the mark.
    let marked = kernel.log.submit_unasked(mark).await?;
    let position = marked.position();
    if marked.has_moved() {
        let signal = Signal::ReadUpdated(position.clone());
        for user in marked.told {
            kernel.relay.signal(&Audience::User(user), &signal);
        }
    }
    Ok(position)
}

/// The change that the room log decides.
struct Mark {
    room: RoomRef,
    user: UserId,
    target: Target,
    at: Time,
}

/// What came of it.
struct Marked {
    /// What was known before it was written.
    before: ReadPosition,
    /// Who is to hear of it.
    told: Vec<UserId>,
    /// What the database said when it was written; nothing if there was nothing to write.
    after: Arc<OnceLock<(i64, Option<i64>)>>,
}

impl Marked {
    fn position(&self) -> ReadPosition {
        let mut position = self.before.clone();
        if let Some((seq, at)) = self.after.get() {
            position.seq = *seq;
            position.last_read_at = at.map(Time::from_micros);
        }
        position
    }

    fn has_moved(&self) -> bool {
        self.after.get().is_some_and(|(seq, _)| *seq > self.before.seq)
    }
}

impl Change for Mark {
    type Answer = Marked;

    fn needs(&self, needs: &mut Needs) {
        needs.member(&self.room, self.user.as_str());
        if let Target::Message(message) = &self.target {
            needs.message(message, &self.user);
        }
    }

    fn decide(&self, batch: &mut Batch) -> Result<Marked> {
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
        let before = ReadPosition {
            room_id: pass.room().clone(),
            user_id: self.user.clone(),
            seq: member.read_seq,
            last_read_at: member.last_read_at,
        };
        let room = batch.room(&pass);
        let mut told = vec![self.user.clone()];
        told.extend(room.partner(&self.user).filter(|partner| *partner != self.user));
        let after = Arc::default();
        if let Some(seq) = rules::advanced(before.seq, wanted, room.head_seq) {
            let (room, user) = (pass.room().clone(), self.user.clone());
            batch.also(Box::new(Write { room, user, seq, at: self.at, after: Arc::clone(&after) }));
        }
        Ok(Marked { before, told, after })
    }
}

/// The write of a mark, in the log's transaction.
struct Write {
    room: RoomId,
    user: UserId,
    seq: i64,
    at: Time,
    after: Arc<OnceLock<(i64, Option<i64>)>>,
}

#[async_trait]
impl ExtraWrite for Write {
    async fn run(&self, tx: &mut Tx) -> Result<(), fireside_db::Error> {
        if let Some(position) = sql::advance(tx, &self.room, &self.user, self.seq, self.at).await? {
            // A repeated transaction decides again, and writes into a new cell.
            let _ = self.after.set(position);
        }
        Ok(())
    }
}
