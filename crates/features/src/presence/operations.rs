//! What one can ask of presence: who of a room is here, and how some people are.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fireside_kernel::permission::{self, Permission};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::UserId;
use fireside_protocol::presence::{GetPresence, ListOnline, Presence as Row, PresenceSnapshot, Status};

use super::{Presence, SNAPSHOT_MAX, roster, rules};
use crate::users;

/// `presence.online`: the members of a room who are online, by id; of more than 1,000 some.
pub(super) async fn online(
    kernel: Kernel,
    presence: Arc<Presence>,
    ctx: Ctx,
    request: ListOnline,
) -> Result<Vec<Row>> {
    let pass = permission::enter(&kernel.db, &request.room_id, ctx.user()?, Permission::Read).await?;
    let at = kernel.clock.now();
    let mut here = presence.in_room(pass.room(), SNAPSHOT_MAX);
    here.sort_unstable();
    Ok(here.iter().map(|user| roster::online(user, at)).collect())
}

/// `presence.get`: the presence of some people. Whoever shares no room with one, and whoever does not
/// exist, is absent from the answer.
pub(super) async fn get(
    kernel: Kernel,
    presence: Arc<Presence>,
    ctx: Ctx,
    request: GetPresence,
) -> Result<PresenceSnapshot> {
    let me = ctx.user()?;
    rules::check_asked(&request.user_ids)?;
    let visible = presence.visible(&kernel.db, me, &request.user_ids).await?;
    let mut asked = HashSet::new();
    let asked: Vec<UserId> = request
        .user_ids
        .into_iter()
        .filter(|user| visible.contains(user) && asked.insert(user.clone()))
        .collect();
    let (online, offline): (Vec<UserId>, Vec<UserId>) =
        asked.iter().cloned().partition(|user| presence.is_online(user));
    let at = kernel.clock.now();
    let mut rows: HashMap<UserId, Row> =
        online.iter().map(|user| (user.clone(), roster::online(user, at))).collect();
    for user in users::find_many(&kernel.db, &offline).await? {
        let row = Row { user_id: user.id.clone(), status: Status::Offline, last_seen_at: user.last_seen_at };
        rows.insert(user.id, row);
    }
    Ok(PresenceSnapshot { users: asked.iter().filter_map(|user| rows.remove(user)).collect() })
}
