//! `sessions.check_invite`: tells whoever has an invite what it leads to.

use std::sync::Arc;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::invites::{CheckInvite, InvitePreview, InvitedRoom};

use crate::sessions::Sessions;
use crate::users;

pub(in crate::sessions) async fn check_invite(
    sessions: Arc<Sessions>,
    _: Ctx,
    request: CheckInvite,
) -> Result<InvitePreview> {
    let code = request.code.ok_or_else(|| Error::unauthenticated("No invite was given"))?;
    let invite = sessions.find_invite(&code).await?;
    let host = users::find(&sessions.kernel.db, invite.maker().as_str()).await?;
    let room = sessions.room_of(&invite).await?.map(|pass| InvitedRoom {
        id: pass.room().clone(),
        name: pass.state().name.clone(),
        member_count: pass.state().member_count,
    });
    Ok(InvitePreview {
        host: host.map(|host| host.display_name.unwrap_or(host.username)),
        room,
        expires_at: fireside_protocol::Time::from_micros(invite.row.expires_at),
        uses_left: invite.row.uses_left,
    })
}
