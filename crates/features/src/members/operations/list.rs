//! `members.list`: a room's members with their profiles.

use std::collections::HashMap;
use std::sync::Arc;

use fireside_kernel::permission::{self, Permission};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::UserId;
use fireside_protocol::members::{ListMembers, Member};

use crate::members::sql;
use crate::presence::Presence;
use crate::users;

pub(crate) async fn list(
    kernel: Kernel,
    presence: Arc<Presence>,
    ctx: Ctx,
    request: ListMembers,
) -> Result<Vec<Member>> {
    let pass = permission::enter(&kernel.db, &request.room_id, ctx.user()?, Permission::Read).await?;
    let members = sql::list(&kernel.db, pass.room()).await?;
    let ids: Vec<UserId> = members.iter().map(|(user, _)| user.clone()).collect();
    let profiles = users::find_many(&kernel.db, &ids).await?;
    let mut profiles: HashMap<UserId, _> = profiles.into_iter().map(|row| (row.id.clone(), row)).collect();
    let with_profile = |(user, state): (UserId, fireside_kernel::room_log::state::MemberState)| {
        let mut member = state.to_wire(pass.room(), &user);
        member.user = profiles.remove(&user).map(|row| users::to_wire(&row, presence.seen(&user)));
        member
    };
    Ok(members.into_iter().map(with_profile).collect())
}
