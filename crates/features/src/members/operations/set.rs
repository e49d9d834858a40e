//! `members.set`: an admin of the room adds someone or changes their role; whoever names themselves in a
//! public room joins it.

use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::ids::UserRef;
use fireside_protocol::members::{Member, Role, SetMember};
use fireside_protocol::{Event, Once, RoomRef, UserId};

use super::{add, told};

pub(crate) async fn set(kernel: Kernel, ctx: Ctx, request: SetMember) -> Result<Once<Member>> {
    let SetMember { room_id: room, user_id: target, role, client_id } = request;
    let asked = [room.as_str(), target.as_str(), role.map_or("", Role::as_str)];
    let repeat = Repeat::of(&ctx, "members.set", client_id, &asked)?;
    let actor = ctx.user()?.clone();
    kernel.log.submit_once(&ctx, Set { actor, room, target, role }, repeat).await
}

struct Set {
    actor: UserId,
    room: RoomRef,
    target: UserRef,
    role: Option<Role>,
}

impl Change for Set {
    type Answer = Once<Member>;

    fn needs(&self, needs: &mut Needs) {
        needs.memberships(self.target.as_str());
        needs.member(&self.room, self.actor.as_str());
        needs.member(&self.room, self.target.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Once<Member>> {
        let pass = batch.enter(&self.room, &self.actor, Permission::Join)?;
        let target = batch
            .user(self.target.as_str())
            .filter(|user| !user.is_disabled)
            .map(|user| user.profile.id.clone());
        let joins = target.as_ref() == Some(&self.actor)
            && pass.role().is_none()
            && self.role.unwrap_or(Role::Member) == Role::Member;
        if !joins {
            batch.enter(&self.room, &self.actor, Permission::Administer)?;
        }
        let target = target.ok_or_else(|| Error::not_found("User"))?;
        let before = batch.member(&pass, &target).map(|member| member.role);
        let role = self.role.or(before).unwrap_or(Role::Member);
        if before.is_none() {
            add(batch, &pass, &target, role, &self.actor)?;
        } else if before != Some(role) {
            let place = batch.put_member(&pass, &target, role);
            let event = told(pass.room(), &target, Some(role), &self.actor, &place);
            batch.emit(&pass, &place, Event::MemberUpdated(event), Effect::None);
        }
        let member = batch.member(&pass, &target).ok_or_else(|| Error::not_found("Member"))?;
        Ok(Once::done(member.to_wire(pass.room(), &target)))
    }
}
