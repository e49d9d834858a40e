//! Reads: how far each person has read in each room, and what that leaves unread.
//!
//! - A position is one number for each member. It moves forward by reading and back only by marking as unread;
//!   never past the head of the room's log, never before the joining.
//! - What is unread is counted from positions when it is asked for, never added up: see `docs/unread.md`.
//! - Marking is a change of the room log, though it has no place there: it shares the next commit with the
//!   messages that wait, instead of taking the one writer of SQLite for a flush of its own. A thousand
//!   members who read along would otherwise keep the next message waiting for a second.
//! - `read:updated` reaches all devices of whoever has read, and in a conversation the other person too.
//!
//! Registers `reads.mark`, `reads.unmark`, `reads.mute`, `reads.list`, `reads.explain`.

mod operations;
mod rules;
mod sql;
#[cfg(test)]
mod tests;

use fireside_kernel::permission::RoomPass;
use fireside_kernel::{Kernel, Registry, Result};
use fireside_protocol::MessageId;
use fireside_protocol::ids::RoomRef;
use fireside_protocol::reads::ReadPosition;

pub(crate) use operations::list::unread;

/// Registers the operations.
pub fn register(kernel: &Kernel, registry: &mut Registry) {
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::mark::mark(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::mark::unmark(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::mute::mute(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::list::list(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::explain::explain(hall.clone(), ctx, request));
}

/// Marks the room of the pass as read by its user, up to a position or up to a message.
///
/// # Errors
/// `validation` unless exactly one of the two is given, `not_found` if the message is not in the room or
/// the user not in it any more, `overloaded` if messages wait in numbers.
pub(crate) async fn mark(
    kernel: &Kernel,
    pass: &RoomPass,
    seq: Option<i64>,
    message: Option<&MessageId>,
) -> Result<ReadPosition> {
    let target = rules::target(seq, message)?;
    let room = RoomRef::trusted(pass.room().as_str());
    operations::mark::shift(kernel, room, pass.user().clone(), target, rules::Way::Forward).await
}
