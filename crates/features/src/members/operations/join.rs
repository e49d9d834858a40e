//! `members.join`: becoming a member of a public room.

use fireside_kernel::permission::Permission;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::members::{JoinRoom, Joined, Role};
use fireside_protocol::{Once, RoomRef, UserId};

use super::add;

pub(crate) async fn join(kernel: Kernel, ctx: Ctx, request: JoinRoom) -> Result<Once<Joined>> {
    let JoinRoom { room_id: room, client_id, .. } = request;
    let repeat = Repeat::of(&ctx, "members.join", client_id, &[room.as_str()])?;
    let user = ctx.user()?.clone();
    kernel.log.submit_once(&ctx, Join { user, room }, repeat).await
}

struct Join {
    user: UserId,
    room: RoomRef,
}

impl Change for Join {
    type Answer = Once<Joined>;

    fn needs(&self, needs: &mut Needs) {
        needs.memberships(self.user.as_str());
        needs.member(&self.room, self.user.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Once<Joined>> {
        let pass = batch.enter(&self.room, &self.user, Permission::Join)?;
        let duplicate = pass.role().is_some();
        if !duplicate {
            add(batch, &pass, &self.user, Role::Member, &self.user)?;
        }
        let room = batch.room(&pass).to_wire();
        let joined = Joined {
            room_id: room.id.clone(),
            user_id: self.user.clone(),
            seq: room.seq,
            epoch: room.epoch.clone(),
            room,
        };
        Ok(Once { answer: joined, duplicate })
    }
}
