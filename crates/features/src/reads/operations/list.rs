//! `reads.list`: what is unread in each of one's rooms and conversations.

use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::UserId;
use fireside_protocol::reads::{ListUnread, Unread};

use crate::reads::sql;

/// `reads.list`.
pub(in crate::reads) async fn list(kernel: Kernel, ctx: Ctx, _: ListUnread) -> Result<Vec<Unread>> {
    unread(&kernel, ctx.user()?).await
}

/// What is unread to somebody, in each of their rooms and conversations.
pub(crate) async fn unread(kernel: &Kernel, user: &UserId) -> Result<Vec<Unread>> {
    let rows = sql::list(&kernel.db, user).await?;
    Ok(rows.into_iter().map(|row| row.into_wire(user)).collect())
}
