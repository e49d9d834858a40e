//! Invites that can be used, found by their code.

use fireside_kernel::permission::{self, Permission, RoomPass};
use fireside_kernel::{Error, Result};
use fireside_protocol::{Reason, RoomRef, Time, UserId};

use super::Sessions;
use super::sql;
use super::sql::invites::InviteRow;
use super::tokens::digest;
use crate::users::UserRow;

/// An invite that can be used, and the hash of its code.
pub(super) struct Usable {
    pub(super) code_hash: String,
    pub(super) row: InviteRow,
}

impl Usable {
    /// The room that it leads to, and who says so.
    pub(super) fn room(&self) -> Option<(RoomRef, UserId)> {
        Some((RoomRef::trusted(self.row.room_id.clone()?), self.maker()))
    }

    /// Who made it.
    pub(super) fn maker(&self) -> UserId {
        UserId::trusted(self.row.created_by.as_str())
    }
}

impl Sessions {
    /// Finds an invite. Wrong codes are not counted, as passwords are: they are too long to be guessed, and whoever
    /// opens an old link again and again must not lock their neighbours out.
    ///
    /// # Errors
    /// `not_found` for a wrong code, `gone` for a right one that is used up or has ended.
    pub(super) async fn find_invite(&self, code: &str) -> Result<Usable> {
        let code_hash = digest(code);
        match sql::invites::find(&self.kernel.db, &code_hash).await? {
            Some(row) if row.uses_left > 0 && Time::from_micros(row.expires_at) > self.now() => {
                let invite = Usable { code_hash, row };
                // Whoever is shut out, or administers the server no more, invites nobody.
                let maker = self.enabled_user(&invite.maker()).await?;
                maker.filter(UserRow::is_admin).map(|_| invite).ok_or_else(used_up)
            }
            Some(_) => Err(used_up()),
            None => Err(Error::not_found("Invite")),
        }
    }

    /// The room of an invite as its maker sees it; none if there is none any more.
    pub(super) async fn room_of(&self, invite: &Usable) -> Result<Option<RoomPass>> {
        let Some((room, maker)) = invite.room() else { return Ok(None) };
        match permission::enter(&self.kernel.db, &room, &maker, Permission::See).await {
            Ok(pass) => Ok(Some(pass)),
            Err(error) if error.reason == Reason::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What is said of an invite that was good once.
pub(super) fn used_up() -> Error {
    Error::new(Reason::Gone, "This invite was used or has ended")
}
