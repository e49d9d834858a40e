//! `rooms.update`: name, description, privacy; for admins of the room.

use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::{Batch, Change, Needs};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::rooms::{Room, RoomEvent, UpdateRoom};
use fireside_protocol::{Event, UserId};

pub(crate) async fn update(kernel: Kernel, ctx: Ctx, request: UpdateRoom) -> Result<Room> {
    let user = ctx.user()?.clone();
    kernel.log.submit(&ctx, ChangeRoom { user, request }).await
}

struct ChangeRoom {
    user: UserId,
    request: UpdateRoom,
}

impl Change for ChangeRoom {
    type Answer = Room;

    fn needs(&self, needs: &mut Needs) {
        needs.member(&self.request.room_id, self.user.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Room> {
        let pass = batch.enter(&self.request.room_id, &self.user, Permission::Administer)?;
        let name = self.request.name.as_ref().map(|name| name.as_str().to_owned());
        let description =
            self.request.description.as_ref().map(|text| text.as_ref().map(|text| text.as_str().to_owned()));
        let is_private = self.request.is_private;
        let now = batch.room(&pass);
        let changes = name.as_ref().is_some_and(|name| *name != now.name)
            || description.as_ref().is_some_and(|text| *text != now.description)
            || is_private.is_some_and(|is_private| is_private != now.is_private);
        if !changes {
            return Ok(now.to_wire());
        }
        let place = batch.change_room(&pass, |room| {
            room.name = name.unwrap_or_else(|| room.name.clone());
            room.description = description.unwrap_or_else(|| room.description.clone());
            room.is_private = is_private.unwrap_or(room.is_private);
        });
        let room = batch.room(&pass).to_wire();
        batch.emit(&pass, &place, Event::RoomUpdated(RoomEvent { room: room.clone() }), Effect::None);
        Ok(room)
    }
}
