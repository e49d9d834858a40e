//! `members.remove`: an admin of the room takes someone out; with one's own id it is leaving.

use fireside_kernel::permission::{Permission, RoomPass};
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::ids::UserRef;
use fireside_protocol::members::{Left, RemoveMember};
use fireside_protocol::{Event, Once, RoomRef, UserId};

use super::told;

pub(crate) async fn remove(kernel: Kernel, ctx: Ctx, request: RemoveMember) -> Result<Once<Left>> {
    let RemoveMember { room_id: room, user_id: target, client_id } = request;
    let repeat = Repeat::of(&ctx, "members.remove", client_id, &[room.as_str(), target.as_str()])?;
    let actor = ctx.user()?.clone();
    kernel.log.submit_once(&ctx, Remove { actor, room, target }, repeat).await
}

struct Remove {
    actor: UserId,
    room: RoomRef,
    target: UserRef,
}

impl Change for Remove {
    type Answer = Once<Left>;

    fn needs(&self, needs: &mut Needs) {
        needs.user(self.target.as_str());
        needs.member(&self.room, self.actor.as_str());
        needs.member(&self.room, self.target.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Once<Left>> {
        let pass = batch.enter(&self.room, &self.actor, Permission::Join)?;
        let target = batch.user(self.target.as_str()).map(|user| user.profile.id.clone());
        let is_self = target.as_ref() == Some(&self.actor);
        if !is_self {
            batch.enter(&self.room, &self.actor, Permission::Administer)?;
        }
        let target = target.ok_or_else(|| Error::not_found("Member"))?;
        let left = Left { room_id: pass.room().clone(), user_id: target.clone() };
        if batch.member(&pass, &target).is_some() {
            take_out(batch, &pass, &target);
        } else if !is_self {
            return Err(Error::not_found("Member"));
        }
        Ok(Once::done(left))
    }
}

/// Ends a membership and tells the members, whoever goes included.
pub(super) fn take_out(batch: &mut Batch, pass: &RoomPass, user: &UserId) {
    let place = batch.remove_member(pass, user);
    let event = told(pass.room(), user, None, pass.user(), &place);
    batch.emit(pass, &place, Event::MemberLeft(event), Effect::Exit(user.clone()));
}
