//! What one may do in a room: the one place where it is decided, and the value that proves it was.
//!
//! A [`RoomPass`] has private fields and is made only here; whatever writes to a room or reads its
//! content asks for one. Whoever may not know of a room is told it does not exist.

use std::collections::HashMap;
use std::sync::Arc;

use fireside_db::{Db, Statement, Value};
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

/// What a membership says about what one may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    role: Role,
    read_seq: i64,
}

impl From<&MemberState> for Standing {
    fn from(member: &MemberState) -> Standing {
        Standing { role: member.role, read_seq: member.read_seq }
    }
}

/// Decides. `room` and `member` are what the database says at this moment; `None` where it has nothing.
pub(crate) fn check(
    room: Option<&Arc<RoomState>>,
    member: Option<Standing>,
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

fireside_db::row! {
    /// A room, and one of those who ask for it if they are a member.
    struct Entrance {
        flat room: RoomRow,
        member_id: Option<String>,
        member_role: Option<String>,
        member_read_seq: Option<i64>,
    }
}

/// The columns of who asks, from `members m`.
const ASKING: &str = "m.user_id AS member_id, m.role AS member_role, m.read_seq AS member_read_seq";

impl Entrance {
    /// The room, and who asks for it and how they stand, if they are a member.
    fn into_parts(self) -> (RoomState, Option<(String, Standing)>) {
        let role = self.member_role.as_deref().map(|role| Role::parse(role).unwrap_or(Role::Member));
        let standing = role.zip(self.member_read_seq).map(|(role, read_seq)| Standing { role, read_seq });
        (self.room.into_state(), self.member_id.zip(standing))
    }
}

/// Most people in one statement: far below the 32,766 placeholders of SQLite.
const AT_ONCE: usize = 4096;

/// Looks a room up for reading.
pub async fn enter(db: &Db, room: &RoomRef, user: &UserId, permission: Permission) -> Result<RoomPass> {
    let mut entered = enter_together(db, room, std::slice::from_ref(user), permission).await?;
    entered.pop().unwrap_or_else(|| Err(Error::not_found("Room")))
}

/// The same for several people who want the same at the same time, in one statement: for each of them what
/// [`enter`] would answer, in their order.
///
/// # Errors
/// When the database does not answer.
pub async fn enter_together(
    db: &Db,
    room: &RoomRef,
    users: &[UserId],
    permission: Permission,
) -> Result<Vec<Result<RoomPass>>> {
    let mut entered = Vec::with_capacity(users.len());
    for users in users.chunks(AT_ONCE) {
        let mut state = None;
        let mut standings = HashMap::new();
        for entrance in entrances(db, room, users).await? {
            let (room, member) = entrance.into_parts();
            state.get_or_insert_with(|| Arc::new(room));
            standings.extend(member);
        }
        let standing = |user: &UserId| standings.get(user.as_str()).copied();
        entered.extend(users.iter().map(|user| check(state.as_ref(), standing(user), user, permission)));
    }
    Ok(entered)
}

async fn entrances(db: &Db, room: &RoomRef, users: &[UserId]) -> Result<Vec<Entrance>> {
    let Some(last) = users.last() else { return Ok(Vec::new()) };
    // Filled up to a power of two, so that there are few different statements to remember.
    let places = users.len().next_power_of_two();
    let ids = users.iter().chain(std::iter::repeat_n(last, places - users.len()));
    // A list and no VALUES: so both engines look each of them up by the index.
    let list: Vec<String> = (0..places).map(|place| format!("${}", place + 2)).collect();
    let text = format!(
        "WITH room AS (SELECT {ROOM_COLUMNS} FROM rooms WHERE (id = $1 OR slug = $1) AND deleted_at IS NULL \
         ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1) \
         SELECT r.*, {ASKING} FROM room r LEFT JOIN members m ON m.room_id = r.id AND m.user_id IN ({})",
        list.join(",")
    );
    let ids = ids.map(|id| Value::from(id.as_str()));
    Ok(db.all(Statement::generated(text).bind(room.as_str()).bind_all(ids)).await?)
}

/// The same for one who wants the same in several rooms, at most 4,096, in one statement: for each of them what
/// [`enter`] would answer, in their order.
///
/// # Errors
/// When the database does not answer.
pub async fn enter_each(
    db: &Db,
    rooms: &[RoomRef],
    user: &UserId,
    permission: Permission,
) -> Result<Vec<Result<RoomPass>>> {
    let Some(last) = rooms.last() else { return Ok(Vec::new()) };
    // Filled up to a power of two, so that there are few different statements to remember.
    let places = rooms.len().next_power_of_two();
    let names = rooms.iter().chain(std::iter::repeat_n(last, places - rooms.len()));
    let list = (0..places).map(|place| format!("${}", place + 2)).collect::<Vec<_>>().join(",");
    let text = format!(
        "WITH room AS (SELECT {ROOM_COLUMNS} FROM rooms WHERE (id IN ({list}) OR slug IN ({list})) \
         AND deleted_at IS NULL) \
         SELECT r.*, {ASKING} FROM room r LEFT JOIN members m ON m.room_id = r.id AND m.user_id = $1"
    );
    let names = names.map(|name| Value::from(name.as_str()));
    let rows: Vec<Entrance> = db.all(Statement::generated(text).bind(user.as_str()).bind_all(names)).await?;
    let found: Vec<(Arc<RoomState>, Option<Standing>)> = rows
        .into_iter()
        .map(Entrance::into_parts)
        .map(|(room, member)| (Arc::new(room), member.map(|(_, standing)| standing)))
        .collect();
    let entered = |name: &RoomRef| {
        let by_id = found.iter().find(|(room, _)| room.id.as_str() == name.as_str());
        let found =
            by_id.or_else(|| found.iter().find(|(room, _)| room.slug.as_deref() == Some(name.as_str())));
        check(found.map(|(room, _)| room), found.and_then(|(_, member)| *member), user, permission)
    };
    Ok(rooms.iter().map(entered).collect())
}

/// Someone's membership of a room.
pub async fn membership(db: &Db, room: &RoomId, user: &UserId) -> Result<Option<MemberState>> {
    let text = format!("SELECT {MEMBER_COLUMNS} FROM members WHERE room_id = $1 AND user_id = $2");
    let statement = Statement::generated(text).bind(room.as_str()).bind(user.as_str());
    let member: Option<MemberRow> = db.optional(statement).await?;
    Ok(member.map(MemberRow::into_state))
}
