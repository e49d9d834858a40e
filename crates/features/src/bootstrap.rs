//! The beginning of a client: what other features tell one by one, in one answer. It has nothing of its own.
//!
//! Registers `bootstrap.get`.

use std::sync::Arc;

use fireside_kernel::user_changes::read;
use fireside_kernel::{Ctx, Error, Kernel, Registry, Result};
use fireside_protocol::bootstrap::{Bootstrap, GetBootstrap};
use fireside_protocol::direct_messages::{DirectMessage, ListDirectMessages};
use fireside_protocol::ids::{RoomRef, UserRef};
use fireside_protocol::messages::{ListMessages, Message};
use fireside_protocol::page::{Limit, Page};
use fireside_protocol::{Reason, UserId};

use crate::presence::Presence;
use crate::sessions::Sessions;
use crate::{direct_messages, messages, reads, rooms};

/// Registers the operation.
pub fn register(
    kernel: &Kernel,
    registry: &mut Registry,
    presence: &Arc<Presence>,
    sessions: &Arc<Sessions>,
) {
    let (hall, online, sessions) = (kernel.clone(), presence.clone(), sessions.clone());
    registry.add(move |ctx, request| get(hall.clone(), online.clone(), sessions.clone(), ctx, request));
}

/// `bootstrap.get`.
async fn get(
    kernel: Kernel,
    presence: Arc<Presence>,
    sessions: Arc<Sessions>,
    ctx: Ctx,
    request: GetBootstrap,
) -> Result<Bootstrap> {
    let user = ctx.user()?;
    // Before everything else: what changes while the rest is read lies behind it, and is told.
    let position = read::position(&kernel.db, &kernel.names, user).await?;
    let (me, rooms, unread, conversations) = tokio::try_join!(
        sessions.me(user),
        rooms::joined(&kernel, user),
        reads::unread(&kernel, user),
        direct_messages::partners(&kernel, &presence, user),
    )?;
    // After the lists: a page may know more than they do, never less, so that resuming from them misses nothing.
    let (messages, direct_messages) = tokio::try_join!(
        newest(&kernel, user, request.room_id),
        newest_direct(&kernel, user, request.user_id),
    )?;
    Ok(Bootstrap { me, position, rooms, unread, conversations, messages, direct_messages })
}

async fn newest(kernel: &Kernel, user: &UserId, room: Option<RoomRef>) -> Result<Option<Page<Message>>> {
    let Some(room_id) = room else { return Ok(None) };
    let request = ListMessages { room_id, limit: Limit::default(), before: None, after: None, around: None };
    readable(messages::page(kernel, user, request).await)
}

async fn newest_direct(
    kernel: &Kernel,
    user: &UserId,
    other: Option<UserRef>,
) -> Result<Option<Page<DirectMessage>>> {
    let Some(user_id) = other else { return Ok(None) };
    let request =
        ListDirectMessages { user_id, limit: Limit::default(), before: None, after: None, around: None };
    readable(direct_messages::page(kernel, user, request).await)
}

/// An address may be old, or somebody else's: then the rest is answered all the same.
fn readable<T>(page: Result<T>) -> Result<Option<T>> {
    match page {
        Err(Error { reason: Reason::NotFound | Reason::Forbidden | Reason::Validation, .. }) => Ok(None),
        page => page.map(Some),
    }
}
