//! `sessions.invite`: makes an invite to the server.

use std::ops::RangeInclusive;
use std::sync::Arc;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::invites::{CreateInvite, Invite};

use crate::members;
use crate::sessions::sql::invites::NewInvite;
use crate::sessions::tokens::digest;
use crate::sessions::{Sessions, sql};

const USES: RangeInclusive<u32> = 1..=1000;
const HOURS: RangeInclusive<u32> = 1..=8760;
const HOURS_DEFAULT: u32 = 168;

pub(in crate::sessions) async fn invite(
    sessions: Arc<Sessions>,
    ctx: Ctx,
    request: CreateInvite,
) -> Result<Invite> {
    let uses = within("uses", request.uses.unwrap_or(1), &USES)?;
    let hours = within("hours", request.hours.unwrap_or(HOURS_DEFAULT), &HOURS)?;
    let maker = ctx.user()?;
    let room = match &request.room_id {
        Some(room) => Some(members::may_admit(&sessions.kernel.db, room, maker).await?),
        None => None,
    };
    let now = sessions.now();
    let code = sessions.kernel.names.secret();
    let invite = NewInvite {
        code_hash: &digest(&code),
        created_by: maker,
        at: now,
        expires_at: now.plus_ms(hours * 60 * 60 * 1000),
        uses,
        room: room.as_ref(),
    };
    sql::invites::insert(&sessions.kernel.db, &invite).await?;
    Ok(Invite { code, expires_at: invite.expires_at, uses_left: uses, room_id: room })
}

fn within(field: &'static str, number: u32, range: &RangeInclusive<u32>) -> Result<i64> {
    if range.contains(&number) {
        return Ok(number.into());
    }
    Err(Error::validation(field, format!("must be {} to {}", range.start(), range.end())))
}
