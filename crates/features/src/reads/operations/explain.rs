//! `reads.explain`: which of a room's newest messages count as unread, and why.

use fireside_kernel::permission::{self, Permission};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::reads::{EXPLAINED_MAX, ExplainUnread, UnreadExplained};

use crate::reads::{rules, sql};

/// `reads.explain`.
pub(in crate::reads) async fn explain(
    kernel: Kernel,
    ctx: Ctx,
    request: ExplainUnread,
) -> Result<UnreadExplained> {
    let (user, db) = (ctx.user()?, &kernel.db);
    let pass = permission::enter(db, &request.room_id, user, Permission::Read).await?;
    let newest = sql::newest(db, &pass, EXPLAINED_MAX).await?;
    // A membership that has just ended is as none.
    let standing = sql::find(db, &pass).await?.ok_or_else(|| Error::not_found("Room"))?;
    let messages = newest.into_iter().map(|message| rules::explained(&message, &standing, user));
    Ok(UnreadExplained {
        room_id: pass.room().clone(),
        read_seq: standing.read_seq,
        head_seq: standing.head_seq,
        unread_count: standing.unread_count,
        mention_count: standing.mention_count,
        muted: standing.muted,
        messages: messages.collect(),
    })
}
