//! Admitting someone by the word of another, as an invite to the server does for the room that it names.

use fireside_db::Db;
use fireside_kernel::permission::{self, Permission, RoomPass};
use fireside_kernel::room_log::{Batch, Change, Needs};
use fireside_kernel::{Kernel, Result};
use fireside_protocol::members::Role;
use fireside_protocol::{RoomId, RoomRef, UserId};

use super::add;

/// The room, if `host` may admit others to it: it is public, or they are its admin.
///
/// # Errors
/// `not_found` for a room they cannot see, `forbidden` for one they may not admit to; when the database does not
/// answer.
pub(crate) async fn may_admit(db: &Db, room: &RoomRef, host: &UserId) -> Result<RoomId> {
    let pass = permission::enter(db, room, host, Permission::Join).await?;
    if pass.state().is_private {
        permission::enter(db, room, host, Permission::Administer).await?;
    }
    Ok(pass.room().clone())
}

/// Makes `guest` a member of a public room, or of one whose admin `host` still is; false if they are one already.
///
/// # Errors
/// As [`may_admit`] at this moment, and `conflict` for someone who is a member of too many rooms.
pub(crate) async fn admit(kernel: &Kernel, room: RoomRef, host: &UserId, guest: &UserId) -> Result<bool> {
    let admission = Admission { room, host: host.clone(), guest: guest.clone() };
    kernel.log.submit_unasked(admission).await
}

struct Admission {
    room: RoomRef,
    host: UserId,
    guest: UserId,
}

impl Admission {
    /// The guest's own way in, where there is one; otherwise the host's word.
    fn enter(&self, batch: &mut Batch) -> Result<RoomPass> {
        match batch.enter(&self.room, &self.guest, Permission::Join) {
            Ok(pass) => Ok(pass),
            Err(_) => batch.enter(&self.room, &self.host, Permission::Administer),
        }
    }
}

impl Change for Admission {
    type Answer = bool;

    fn needs(&self, needs: &mut Needs) {
        needs.memberships(self.guest.as_str());
        needs.member(&self.room, self.host.as_str());
        needs.member(&self.room, self.guest.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<bool> {
        let pass = self.enter(batch)?;
        if batch.member(&pass, &self.guest).is_some() {
            return Ok(false);
        }
        add(batch, &pass, &self.guest, Role::Member, pass.user())?;
        Ok(true)
    }
}
