//! `messages.list`: a room's history in pages, newest first.

use std::sync::Arc;

use fireside_kernel::permission::{self, Permission, RoomPass};
use fireside_kernel::room_log::state::MessageState;
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::messages::{ListMessages, Message};
use fireside_protocol::page::{Cursor, Head, Limit, Page};
use fireside_protocol::{RoomRef, UserId};

use super::crowds::Crowds;
use crate::messages::rules::{Direction, direction};
use crate::messages::sql;

pub(crate) async fn list(
    kernel: Kernel,
    crowds: Arc<Crowds>,
    ctx: Ctx,
    request: ListMessages,
) -> Result<Page<Message>> {
    let ListMessages { room_id: room, limit, before: None, after: None, around: None } = request else {
        return list_from(&kernel, &ctx, request).await;
    };
    newest(&kernel, &crowds, ctx.user()?, room, limit).await
}

/// The newest page of a room that somebody is a member of.
pub(crate) async fn newest(
    kernel: &Kernel,
    crowds: &Arc<Crowds>,
    user: &UserId,
    room: RoomRef,
    limit: Limit,
) -> Result<Page<Message>> {
    let rows = crowds.newest(kernel, (room, limit), user).await?;
    Ok(rows.map(|message| message.to_wire()))
}

async fn list_from(kernel: &Kernel, ctx: &Ctx, request: ListMessages) -> Result<Page<Message>> {
    let pass = permission::enter(&kernel.db, &request.room_id, ctx.user()?, Permission::Read).await?;
    let wanted =
        Wanted { limit: request.limit, before: request.before, after: request.after, around: request.around };
    let page = read_page(kernel, &pass, wanted).await?;
    Ok(page.map(|message| message.to_wire()))
}

/// Which page is wanted.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) limit: Limit,
    pub(crate) before: Option<Cursor>,
    pub(crate) after: Option<Cursor>,
    pub(crate) around: Option<Cursor>,
}

/// A page of a room's or conversation's log, its rows not yet in the form of the wire.
#[derive(Debug)]
pub(crate) struct Rows {
    messages: Vec<MessageState>,
    next: Option<String>,
    prev: Option<String>,
    limit: u32,
    head: Head,
}

impl Rows {
    /// The page with every row in the form of the wire.
    pub(crate) fn map<T>(&self, to_wire: impl Fn(&MessageState) -> T) -> Page<T> {
        Page {
            items: self.messages.iter().map(to_wire).collect(),
            next: self.next.clone(),
            prev: self.prev.clone(),
            limit: self.limit,
            head: Some(self.head.clone()),
        }
    }
}

/// Reads a page of the room that the pass is for.
pub(crate) async fn read_page(kernel: &Kernel, pass: &RoomPass, wanted: Wanted) -> Result<Rows> {
    let limit = wanted.limit.rows();
    let rows = i64::from(limit);
    let direction = direction(wanted.before, wanted.after, wanted.around)?;
    let state = pass.state();
    let head = Head { epoch: state.epoch.to_string(), seq: state.head_seq };
    let (messages, older, newer) = match direction {
        Direction::Newest => older_page(kernel, pass, i64::MAX, rows).await?,
        Direction::Before(cursor) => {
            let seq = position(kernel, pass, &cursor, "before").await?;
            let (messages, older, _) = older_page(kernel, pass, seq, rows).await?;
            (messages, older, true)
        }
        Direction::After(cursor) => {
            let seq = position(kernel, pass, &cursor, "after").await?;
            let mut messages = sql::after(&kernel.db, pass, seq, rows + 1).await?;
            let newer = messages.len() as i64 > rows;
            messages.truncate(limit as usize);
            messages.reverse();
            let next = messages.first().filter(|_| newer).map(|message| format!("after={}", message.seq));
            let prev = messages.last().map(|message| format!("before={}", message.seq));
            return Ok(Rows { messages, next, prev, limit, head });
        }
        Direction::Around(cursor) => {
            let seq = position(kernel, pass, &cursor, "around").await?;
            around_page(kernel, pass, seq, rows).await?
        }
    };
    let next = messages.last().filter(|_| older).map(|message| format!("before={}", message.seq));
    let prev = messages.first().filter(|_| newer).map(|message| format!("after={}", message.seq));
    Ok(Rows { messages, next, prev, limit, head })
}

type Found = (Vec<MessageState>, bool, bool);

async fn older_page(kernel: &Kernel, pass: &RoomPass, before: i64, rows: i64) -> Result<Found> {
    let mut messages = sql::before(&kernel.db, pass, before, rows + 1, false).await?;
    let older = messages.len() as i64 > rows;
    messages.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
    Ok((messages, older, false))
}

/// Half the rows from `seq` on backwards, the other half after it.
async fn around_page(kernel: &Kernel, pass: &RoomPass, seq: i64, rows: i64) -> Result<Found> {
    let older_rows = (rows + 1) / 2;
    let newer_rows = rows - older_rows;
    let mut older = sql::before(&kernel.db, pass, seq.saturating_add(1), older_rows + 1, true).await?;
    let mut messages = sql::after(&kernel.db, pass, seq, newer_rows + 1).await?;
    let has_older = older.len() as i64 > older_rows;
    let has_newer = messages.len() as i64 > newer_rows;
    older.truncate(usize::try_from(older_rows).unwrap_or(usize::MAX));
    messages.truncate(usize::try_from(newer_rows).unwrap_or(usize::MAX));
    messages.reverse();
    messages.extend(older);
    Ok((messages, has_older, has_newer))
}

/// The position of a cursor. A message of another room is no place in this one.
async fn position(kernel: &Kernel, pass: &RoomPass, cursor: &Cursor, field: &'static str) -> Result<i64> {
    match cursor {
        Cursor::Seq(seq) => Ok(*seq),
        Cursor::Message(id) => sql::seq_of(&kernel.db, pass, id)
            .await?
            .ok_or_else(|| Error::validation(field, "no such message in this room")),
    }
}
