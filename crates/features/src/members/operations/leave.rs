//! `members.leave`: ending one's own membership.

use fireside_kernel::permission::Permission;
use fireside_kernel::room_log::{Batch, Change, Needs};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::members::{LeaveRoom, Left};
use fireside_protocol::{RoomRef, UserId};

use super::remove::take_out;

pub(crate) async fn leave(kernel: Kernel, ctx: Ctx, request: LeaveRoom) -> Result<Left> {
    let user = ctx.user()?.clone();
    kernel.log.submit(&ctx, Leave { user, room: request.room_id }).await
}

struct Leave {
    user: UserId,
    room: RoomRef,
}

impl Change for Leave {
    type Answer = Left;

    fn needs(&self, needs: &mut Needs) {
        needs.member(&self.room, self.user.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Left> {
        // Nobody leaves a conversation: `Join` is the permission that conversations never give.
        let pass = batch.enter(&self.room, &self.user, Permission::Join)?;
        if pass.role().is_some() {
            take_out(batch, &pass, &self.user);
        }
        Ok(Left { room_id: pass.room().clone(), user_id: self.user.clone() })
    }
}
