//! `direct_messages.conversations`: whom one has exchanged messages with, the latest first.

use std::sync::Arc;

use fireside_kernel::room_log::state::partner_in;
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::UserId;
use fireside_protocol::direct_messages::ListConversations;
use fireside_protocol::users::User;

use crate::direct_messages::sql;
use crate::presence::Presence;
use crate::users;

pub(crate) async fn conversations(
    kernel: Kernel,
    presence: Arc<Presence>,
    ctx: Ctx,
    _: ListConversations,
) -> Result<Vec<User>> {
    partners(&kernel, &presence, ctx.user()?).await
}

/// Whom somebody has exchanged messages with, the latest first.
pub(crate) async fn partners(kernel: &Kernel, presence: &Presence, user: &UserId) -> Result<Vec<User>> {
    let keys = sql::pair_keys(&kernel.db, user).await?;
    let partners: Vec<UserId> = keys.iter().filter_map(|key| partner_in(key, user)).collect();
    let rows = users::find_many(&kernel.db, &partners).await?;
    Ok(rows.iter().map(|row| users::to_wire(row, presence.seen(&row.id))).collect())
}
