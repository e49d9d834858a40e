//! The verbs of members, one a file.

pub(super) mod admit;
pub(super) mod join;
pub(super) mod leave;
pub(super) mod list;
pub(super) mod remove;
pub(super) mod set;

use fireside_kernel::Result;
use fireside_kernel::permission::RoomPass;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::Batch;
use fireside_kernel::room_log::writes::Place;
use fireside_protocol::members::{MemberEvent, Role};
use fireside_protocol::{Event, RoomId, UserId};

use super::rules;

/// Makes somebody who is not one yet a member. `by` is who did it.
fn add(batch: &mut Batch, pass: &RoomPass, user: &UserId, role: Role, by: &UserId) -> Result<()> {
    rules::check_memberships(batch.memberships(user))?;
    let place = batch.put_member(pass, user, role);
    let event = told(pass.room(), user, Some(role), by, &place);
    batch.emit(pass, &place, Event::MemberJoined(event), Effect::Enter(vec![user.clone()]));
    Ok(())
}

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
