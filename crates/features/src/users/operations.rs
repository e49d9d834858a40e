//! What one can ask of users: find, read, change oneself, and shut out.

use std::sync::Arc;

use fireside_kernel::relay::Closing;
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::UserId;
use fireside_protocol::users::{DisableUser, GetUser, SearchUsers, UpdateMe, User};

use super::account::UserRow;
use super::{resolve, rules, sql};
use crate::presence::Presence;
use crate::sessions::Sessions;

/// Users whose username or display name begins with a text.
pub(super) async fn search(
    kernel: Kernel,
    presence: Arc<Presence>,
    ctx: Ctx,
    request: SearchUsers,
) -> Result<Vec<User>> {
    let me = ctx.user()?;
    rules::check_query(&request.query)?;
    let found = sql::search(&kernel.db, &request.query, i64::from(request.limit.rows())).await?;
    seen_by(&kernel, &presence, me, &found).await
}

/// One user's profile.
pub(super) async fn get(kernel: Kernel, presence: Arc<Presence>, ctx: Ctx, request: GetUser) -> Result<User> {
    let me = ctx.user()?;
    let user = resolve(&kernel.db, &request.user_id, me).await?;
    let mut seen = seen_by(&kernel, &presence, me, std::slice::from_ref(&user)).await?;
    seen.pop().ok_or_else(|| Error::internal("a user was lost on the way to the wire"))
}

/// The users as `me` may see them.
async fn seen_by(kernel: &Kernel, presence: &Presence, me: &UserId, users: &[UserRow]) -> Result<Vec<User>> {
    let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
    let visible = presence.visible(&kernel.db, me, &ids).await?;
    let seen = |user: &UserRow| match visible.contains(&user.id) {
        true => rules::to_wire(user, presence.seen(&user.id)),
        false => rules::to_stranger(user),
    };
    Ok(users.iter().map(seen).collect())
}

/// Changes one's own profile. The picture comes from the host application only. For a user of a host
/// application the host's name comes back with the next token that carries one.
pub(super) async fn update(
    kernel: Kernel,
    presence: Arc<Presence>,
    ctx: Ctx,
    request: UpdateMe,
) -> Result<User> {
    let me = ctx.user()?;
    let user = match &request.display_name {
        Some(name) => sql::set_display_name(&kernel.db, me, name.as_str(), kernel.clock.now()).await?,
        None => sql::find(&kernel.db, me.as_str()).await?,
    };
    let user = user.ok_or_else(|| Error::not_found("User"))?;
    Ok(rules::to_wire(&user, presence.seen(me)))
}

/// Shuts a user out, or lets them in again. The sockets of this node are closed at once; the column is
/// what ends their sessions everywhere.
pub(super) async fn disable(
    kernel: Kernel,
    sessions: Arc<Sessions>,
    ctx: Ctx,
    request: DisableUser,
) -> Result<User> {
    let admin = ctx.user()?;
    let user = resolve(&kernel.db, &request.user_id, admin).await?;
    rules::check_disable(admin, &user)?;
    let user = sql::set_disabled(&kernel.db, &user.id, request.disabled, kernel.clock.now()).await?;
    let user = user.ok_or_else(|| Error::not_found("User"))?;
    if request.disabled {
        sessions.end_user_sessions(&user.id, None, "disabled").await?;
        // Tokens of a host application have no session that could end.
        kernel.relay.close(&Closing::User(user.id.clone()), "disabled");
    }
    tracing::info!(%admin, user = %user.id, disabled = request.disabled, "a user was shut out or let in again");
    Ok(rules::to_stranger(&user))
}
