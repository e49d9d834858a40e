//! `rooms.update`: name, description, privacy; for admins of the room.

use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::rooms::{Room, RoomEvent, UpdateRoom};
use fireside_protocol::text::{Description, RoomName};
use fireside_protocol::{Event, Once, UserId};

pub(crate) async fn update(kernel: Kernel, ctx: Ctx, request: UpdateRoom) -> Result<Once<Room>> {
    let asked = [
        request.room_id.as_str(),
        request.name.as_ref().map_or("", RoomName::as_str),
        match &request.description {
            None => "kept",
            Some(None) => "cleared",
            Some(Some(_)) => "new",
        },
        request.description.as_ref().and_then(Option::as_ref).map_or("", Description::as_str),
        match request.is_private {
            None => "",
            Some(true) => "private",
            Some(false) => "public",
        },
    ];
    let repeat = Repeat::of(&ctx, "rooms.update", request.client_id.clone(), &asked)?;
    let user = ctx.user()?.clone();
    kernel.log.submit_once(&ctx, ChangeRoom { user, request }, repeat).await
}

struct ChangeRoom {
    user: UserId,
    request: UpdateRoom,
}

impl Change for ChangeRoom {
    type Answer = Once<Room>;

    fn needs(&self, needs: &mut Needs) {
        needs.member(&self.request.room_id, self.user.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Once<Room>> {
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
            return Ok(Once::done(now.to_wire()));
        }
        let place = batch.change_room(&pass, |room| {
            room.name = name.unwrap_or_else(|| room.name.clone());
            room.description = description.unwrap_or_else(|| room.description.clone());
            room.is_private = is_private.unwrap_or(room.is_private);
        });
        let room = batch.room(&pass).to_wire();
        batch.emit(&pass, &place, Event::RoomUpdated(RoomEvent { room: room.clone() }), Effect::None);
        Ok(Once::done(room))
    }
}
