//! The verbs of members, one a file.

pub(super) mod admit;
pub(super) mod join;
pub(super) mod leave;
pub(super) mod list;
pub(super) mod remove;
pub(super) mod set;

use fireside_kernel::room_log::writes::Place;
use fireside_protocol::members::{MemberEvent, Role};
use fireside_protocol::{RoomId, UserId};

/// What the members of a room are told about one of them. `by` is who did it.
fn told(room: &RoomId, user: &UserId, role: Option<Role>, by: &UserId, place: &Place) -> MemberEvent {
    MemberEvent {
        room_id: room.clone(),
        user_id: user.clone(),
        role,
        by: (by != user).then(|| by.clone()),
        seq: place.seq,
        epoch: place.epoch.clone(),
    }
}
