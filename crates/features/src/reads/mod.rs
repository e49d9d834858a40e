//! Reads: how far each person has read in each room.
//!
//! - A position only moves forward, and never past the head of the room's log.
//! - Marking is a change of the room log, though it has no place there: it shares the next commit with the
//!   messages that wait, instead of taking the one writer of SQLite for a flush of its own. A thousand
//!   members who read along would otherwise keep the next message waiting for a second.
//! - `read:updated` reaches all devices of whoever has read, and in a conversation the other person too.
//!
//! Registers `reads.mark`.

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

/// Registers the operations.
pub fn register(kernel: &Kernel, registry: &mut Registry) {
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::mark(hall.clone(), ctx, request));
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
    operations::advance(kernel, RoomRef::trusted(pass.room().as_str()), pass.user().clone(), target).await
}
