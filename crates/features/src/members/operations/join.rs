//! `members.join`: becoming a member of a public room.

use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::{Batch, Change, Needs};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::members::{JoinRoom, Joined, Role};
use fireside_protocol::{Event, RoomRef, UserId};

use super::told;
use crate::members::rules;

pub(crate) async fn join(kernel: Kernel, ctx: Ctx, request: JoinRoom) -> Result<Joined> {
    let user = ctx.user()?.clone();
    kernel.log.submit(&ctx, Join { user, room: request.room_id }).await
}

struct Join {
    user: UserId,
    room: RoomRef,
}

impl Change for Join {
    type Answer = Joined;

    fn needs(&self, needs: &mut Needs) {
        needs.memberships(self.user.as_str());
        needs.member(&self.room, self.user.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Joined> {
        let pass = batch.enter(&self.room, &self.user, Permission::Join)?;
        let duplicate = pass.role().is_some();
        if !duplicate {
            rules::check_memberships(batch.memberships(&self.user))?;
            let place = batch.put_member(&pass, &self.user, Role::Member);
            let event = told(pass.room(), &self.user, Some(Role::Member), &self.user, &place);
            batch.emit(&pass, &place, Event::MemberJoined(event), Effect::Enter(vec![self.user.clone()]));
        }
        let room = batch.room(&pass).to_wire();
        Ok(Joined {
            room_id: room.id.clone(),
            user_id: self.user.clone(),
            seq: room.seq,
            epoch: room.epoch.clone(),
            duplicate,
            room,
        })
    }
}
