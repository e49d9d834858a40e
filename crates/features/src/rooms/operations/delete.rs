//! `rooms.delete`: for everyone, by an admin of the room.

use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::request::Done;
use fireside_protocol::rooms::{DeleteRoom, RoomDeleted};
use fireside_protocol::{Event, Once, RoomRef, UserId};

pub(crate) async fn delete(kernel: Kernel, ctx: Ctx, request: DeleteRoom) -> Result<Once<Done>> {
    let DeleteRoom { room_id: room, client_id } = request;
    let repeat = Repeat::of(&ctx, "rooms.delete", client_id, &[room.as_str()])?;
    let user = ctx.user()?.clone();
    kernel.log.submit_once(&ctx, CloseRoom { user, room }, repeat).await
}

struct CloseRoom {
    user: UserId,
    room: RoomRef,
}

impl Change for CloseRoom {
    type Answer = Once<Done>;

    fn needs(&self, needs: &mut Needs) {
        needs.member(&self.room, self.user.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Once<Done>> {
        let pass = batch.enter(&self.room, &self.user, Permission::Administer)?;
        let place = batch.delete_room(&pass);
        let event = RoomDeleted { room_id: pass.room().clone(), seq: place.seq, epoch: place.epoch.clone() };
        batch.emit(&pass, &place, Event::RoomDeleted(event), Effect::Close);
        Ok(Once::done(Done {}))
    }
}
