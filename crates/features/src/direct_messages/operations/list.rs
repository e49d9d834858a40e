//! `direct_messages.list`: a conversation in pages, newest first.

use fireside_kernel::{Ctx, Kernel, Result, permission};
use fireside_protocol::UserId;
use fireside_protocol::direct_messages::{DirectMessage, ListDirectMessages};
use fireside_protocol::page::Page;

use super::conversation;
use crate::messages::{Wanted, read_at, read_page};

pub(crate) async fn list(
    kernel: Kernel,
    ctx: Ctx,
    request: ListDirectMessages,
) -> Result<Page<DirectMessage>> {
    page(&kernel, ctx.user()?, request).await
}

/// A page of somebody's conversation with another.
pub(crate) async fn page(
    kernel: &Kernel,
    user: &UserId,
    request: ListDirectMessages,
) -> Result<Page<DirectMessage>> {
    let (other, pass) = conversation(kernel, user, &request.user_id).await?;
    let limit = request.limit;
    let Some(pass) = pass else {
        return Ok(Page { items: Vec::new(), next: None, prev: None, limit: limit.rows(), head: None });
    };
    let wanted = Wanted { limit, before: request.before, after: request.after, around: request.around };
    let page = read_page(kernel, &pass, wanted).await?;
    let own = permission::membership(&kernel.db, pass.room(), user).await?;
    let others = permission::membership(&kernel.db, pass.room(), &other).await?;
    Ok(page.map(|message| {
        let (receiver, position) = if message.sender.id == *user { (&other, &others) } else { (user, &own) };
        message.to_direct(receiver, read_at(message, position.as_ref()))
    }))
}
