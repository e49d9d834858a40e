//! What a batch changes for users: how they stand in its rooms, once it is committed.

use fireside_db::{Error, Tx, sql};
use fireside_protocol::user_changes::RoomStanding;
use fireside_protocol::{RoomId, UserId};

use super::batch::Batch;
use super::state::RoomKind;
use crate::user_changes::Standing;

/// Everyone who stands otherwise, by user and room. To be read before memberships are deleted: a room that is
/// deleted ends all of its own.
pub(super) async fn of(tx: &mut Tx, batch: &Batch) -> Result<Vec<(UserId, Standing)>, Error> {
    let mut changed = batch.writes.standings.clone();
    for room in &batch.writes.deleted_rooms {
        let text = "SELECT user_id FROM members WHERE room_id = $1";
        let members = tx.all::<(String,)>(sql(text).bind(room.as_str())).await?;
        changed.extend(members.into_iter().map(|(user,)| (UserId::trusted(user), room.clone())));
    }
    let standing = |(user, room): (UserId, RoomId)| {
        let standing = Standing::Room(standing(batch, &user, &room));
        (user, standing)
    };
    Ok(changed.into_iter().map(standing).collect())
}

fn standing(batch: &Batch, user: &UserId, room: &RoomId) -> RoomStanding {
    let is_deleted = batch.writes.deleted_rooms.contains(room);
    let member = batch.members.get(&(room.clone(), user.clone())).filter(|_| !is_deleted);
    let state = batch.rooms.get(room);
    RoomStanding {
        room_id: room.clone(),
        kind: state.map_or(RoomKind::Room, |state| state.kind),
        user_id: state.and_then(|state| state.partner(user)),
        member: member.is_some(),
        role: member.map(|member| member.role),
        joined_at: member.map(|member| member.joined_at),
        read_seq: member.map_or(0, |member| member.read_seq),
        last_read_at: member.and_then(|member| member.last_read_at),
        muted: member.is_some_and(|member| member.muted),
    }
}
