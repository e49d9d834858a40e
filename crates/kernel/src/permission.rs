//! What one may do in a room: the one place where it is decided, and the value that proves it was.
//!
//! A [`RoomPass`] has private fields and is made only here; whatever writes to a room or reads its
//! content asks for one. Whoever may not know of a room is told it does not exist.

use std::sync::Arc;

use fireside_db::Db;
use fireside_protocol::members::Role;
use fireside_protocol::{RoomId, RoomRef, UserId};

use crate::error::{Error, Result};
use crate::room_log::state::{MemberState, RoomKind, RoomState};
use crate::rows::{MEMBER_COLUMNS, MemberRow, ROOM_COLUMNS, RoomRow};

/// What one wants to do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Know that it is there, its name and size.
    See,
    /// Read its messages, members and presence.
    Read,
    /// Write messages, edit one's own, say that one is typing.
    Post,
    /// Become a member.
    Join,
    /// Change it, its members and anyone's messages.
    Administer,
}

/// Proof that someone may do something in a room.
#[derive(Debug, Clone)]
pub struct RoomPass {
    room: Arc<RoomState>,
    user: UserId,
    role: Option<Role>,
    read_seq: i64,
}

impl RoomPass {
    /// The room's id.
    pub fn room(&self) -> &RoomId {
        &self.room.id
    }

    /// The room as it was when the pass was made.
    pub fn state(&self) -> &RoomState {
        &self.room
    }

    /// Who may.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// As what; none for someone who is not a member.
    pub fn role(&self) -> Option<Role> {
        self.role
    }

    /// How far they had read when the pass was made.
    pub fn read_seq(&self) -> i64 {
        self.read_seq
    }
}

/// Decides. `room` and `member` are what the database says at this moment; `None` where it has nothing.
pub(crate) fn check(
    room: Option<&Arc<RoomState>>,
    member: Option<&MemberState>,
    user: &UserId,
    permission: Permission,
) -> Result<RoomPass> {
    let room =
        room.filter(|room| member.is_some() || !room.is_private).ok_or_else(|| Error::not_found("Room"))?;
    let role = member.map(|member| member.role);
    let allowed = match permission {
        Permission::See => true,
        Permission::Join => room.kind == RoomKind::Room,
        Permission::Read | Permission::Post => role.is_some(),
        Permission::Administer => role == Some(Role::Admin) && room.kind == RoomKind::Room,
    };
    if !allowed {
        return Err(match role {
            None => Error::forbidden("Not a member of this room"),
            Some(_) => Error::forbidden("Only admins of the room may do this"),
        });
    }
    let read_seq = member.map_or(0, |member| member.read_seq);
    Ok(RoomPass { room: room.clone(), user: user.clone(), role, read_seq })
}

/// Looks a room up for reading.
pub async fn enter(db: &Db, room: &RoomRef, user: &UserId, permission: Permission) -> Result<RoomPass> {
    let text = format!(
        "SELECT {ROOM_COLUMNS} FROM rooms WHERE (id = $1 OR slug = $1) AND deleted_at IS NULL \
         ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1"
    );
    let found: Option<RoomRow> =
        db.optional(fireside_db::Statement::generated(text).bind(room.as_str())).await?;
    let Some(found) = found.map(RoomRow::into_state) else { return check(None, None, user, permission) };
    let member = membership(db, &found.id, user).await?;
    check(Some(&Arc::new(found)), member.as_ref(), user, permission)
}

/// Someone's membership of a room.
pub async fn membership(db: &Db, room: &RoomId, user: &UserId) -> Result<Option<MemberState>> {
    let text = format!("SELECT {MEMBER_COLUMNS} FROM members WHERE room_id = $1 AND user_id = $2");
    let statement = fireside_db::Statement::generated(text).bind(room.as_str()).bind(user.as_str());
    let member: Option<MemberRow> = db.optional(statement).await?;
    Ok(member.map(MemberRow::into_state))
}
