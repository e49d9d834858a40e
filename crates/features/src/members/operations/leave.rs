//! `members.leave`: ending one's own membership.

use fireside_kernel::permission::Permission;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::members::{LeaveRoom, Left};
use fireside_protocol::{Once, RoomRef, UserId};

use super::remove::take_out;

pub(crate) async fn leave(kernel: Kernel, ctx: Ctx, request: LeaveRoom) -> Result<Once<Left>> {
    let LeaveRoom { room_id: room, client_id, .. } = request;
    let repeat = Repeat::of(&ctx, "members.leave", client_id, &[room.as_str()])?;
    let user = ctx.user()?.clone();
    kernel.log.submit_once(&ctx, Leave { user, room }, repeat).await
}

struct Leave {
    user: UserId,
    room: RoomRef,
}

impl Change for Leave {
    type Answer = Once<Left>;

    fn needs(&self, needs: &mut Needs) {
        needs.member(&self.room, self.user.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Once<Left>> {
        // Nobody leaves a conversation: `Join` is the permission that conversations never give.
        let pass = batch.enter(&self.room, &self.user, Permission::Join)?;
        let left = Left { room_id: pass.room().clone(), user_id: self.user.clone() };
        if pass.role().is_some() {
            take_out(batch, &pass, &self.user);
        }
        Ok(Once::done(left))
    }
}
