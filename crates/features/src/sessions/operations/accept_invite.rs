//! `sessions.accept_invite`: lets somebody who has an account into the room of an invite.

use std::sync::Arc;

use fireside_db::retried;
use fireside_kernel::permission::{self, Permission};
use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::invites::{AcceptInvite, InviteAccepted};
use fireside_protocol::{Reason, RoomRef, UserId};

use crate::members;
use crate::sessions::invites::{Usable, used_up};
use crate::sessions::{Sessions, sql};

pub(in crate::sessions) async fn accept_invite(
    sessions: Arc<Sessions>,
    ctx: Ctx,
    request: AcceptInvite,
) -> Result<InviteAccepted> {
    let guest = ctx.user()?;
    let invite = sessions.find_invite(&request.code).await?;
    let Some(pass) = sessions.room_of(&invite).await? else {
        // It lets people make an account, and this one is made.
        return Ok(InviteAccepted { room_id: None });
    };
    let room = RoomRef::trusted(pass.room().as_str());
    if !is_member(&sessions, &room, guest).await? {
        retried(|| take(&sessions, &invite)).await?;
        let admitted = members::admit(&sessions.kernel, room, pass.user(), guest).await;
        // Who asks several times at once is let in once. Where nobody knows whether it was done, the use is gone.
        let is_unused = match &admitted {
            Ok(is_new) => !is_new,
            Err(error) => error.reason != Reason::Indeterminate,
        };
        if is_unused {
            sql::invites::give_back(&sessions.kernel.db, &invite.code_hash).await?;
        }
        admitted?;
    }
    Ok(InviteAccepted { room_id: Some(pass.room().clone()) })
}

async fn is_member(sessions: &Sessions, room: &RoomRef, user: &UserId) -> Result<bool> {
    // A private room that they are not in does not exist for them.
    let pass = permission::enter(&sessions.kernel.db, room, user, Permission::See).await;
    Ok(pass.is_ok_and(|pass| pass.role().is_some()))
}

async fn take(sessions: &Sessions, invite: &Usable) -> Result<(), Error> {
    let mut tx = sessions.kernel.db.begin().await?;
    if !sql::invites::take(&mut tx, &invite.code_hash, sessions.now()).await? {
        return Err(used_up());
    }
    Ok(tx.commit().await?)
}
