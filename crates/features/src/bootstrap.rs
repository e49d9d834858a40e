//! The beginning of a client: what other features tell one by one, in one answer. It has nothing of its own.
//!
//! Registers `bootstrap.get`.

use std::sync::Arc;

use fireside_kernel::user_changes::read;
use fireside_kernel::{Ctx, Error, Kernel, Registry, Result};
use fireside_protocol::bootstrap::{Bootstrap, GetBootstrap};
use fireside_protocol::direct_messages::{DirectMessage, ListDirectMessages};
use fireside_protocol::ids::{RoomRef, UserRef};
use fireside_protocol::messages::Message;
use fireside_protocol::page::{Limit, Page};
use fireside_protocol::{Reason, UserId};

use crate::messages::Crowds;
use crate::presence::Presence;
use crate::sessions::Sessions;
use crate::{direct_messages, messages, reads, rooms};

/// What is asked for the parts of the answer.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) kernel: Kernel,
    pub(crate) presence: Arc<Presence>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) crowds: Arc<Crowds>,
}

/// Registers the operation.
pub(crate) fn register(registry: &mut Registry, sources: Sources) {
    registry.add(move |ctx, request| get(sources.clone(), ctx, request));
}

/// `bootstrap.get`.
async fn get(sources: Sources, ctx: Ctx, request: GetBootstrap) -> Result<Bootstrap> {
    let Sources { kernel, presence, sessions, crowds } = sources;
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
        newest(&kernel, &crowds, user, request.room_id),
        newest_direct(&kernel, user, request.user_id),
    )?;
    Ok(Bootstrap { me, position, rooms, unread, conversations, messages, direct_messages })
}

async fn newest(
    kernel: &Kernel,
    crowds: &Arc<Crowds>,
    user: &UserId,
    room: Option<RoomRef>,
) -> Result<Option<Page<Message>>> {
    let Some(room) = room else { return Ok(None) };
    readable(messages::newest(kernel, crowds, user, room, Limit::default()).await)
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
