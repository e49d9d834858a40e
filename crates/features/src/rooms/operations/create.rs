//! `rooms.create`: a new room, its maker its first member and admin.

use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::writes::NewRoom;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::rooms::{CreateRoom, Room, RoomEvent};
use fireside_protocol::text::{Description, RoomName};
use fireside_protocol::{Event, UserId};

use crate::rooms::{rules, sql};

pub(crate) async fn create(kernel: Kernel, ctx: Ctx, request: CreateRoom) -> Result<Room> {
    let maker = ctx.user()?.clone();
    let digest = rules::digest(&request);
    let repeat = ctx.idempotency_key.clone().map(|key| Repeat {
        user: maker.clone(),
        operation: "rooms.create",
        key,
        digest,
    });
    let room = kernel.log.submit(&ctx, MakeRoom { maker: maker.clone(), request, repeat }).await?;
    match room {
        Made::Now(room) => Ok(room),
        Made::Before(id) => {
            let mut found = sql::find_many(&kernel.db, &[id]).await?;
            found.pop().map(|room| room.to_wire()).ok_or_else(|| Error::not_found("Room"))
        }
    }
}

struct MakeRoom {
    maker: UserId,
    request: CreateRoom,
    repeat: Option<Repeat>,
}

enum Made {
    Now(Room),
    /// The same request has made this room before.
    Before(String),
}

impl Change for MakeRoom {
    type Answer = Made;

    fn needs(&self, needs: &mut Needs) {
        needs.user(self.maker.as_str());
        needs.slugs_like(&rules::slug(self.request.name.as_str()));
        if let Some(repeat) = &self.repeat {
            needs.repeat(repeat);
        }
    }

    fn decide(&self, batch: &mut Batch) -> Result<Made> {
        if let Some(repeat) = &self.repeat
            && let Some(id) = batch.repeated(repeat)?
        {
            return Ok(Made::Before(id.to_owned()));
        }
        let wanted = rules::slug(self.request.name.as_str());
        let slug = rules::free_slug(&wanted, |slug| batch.is_slug_taken(slug));
        let new = NewRoom {
            slug,
            name: self.request.name.as_str().to_owned(),
            description: self.request.description.as_ref().map(|text| text.as_str().to_owned()),
            is_private: self.request.is_private,
        };
        let (pass, place) = batch.create_room(&self.maker, new);
        let room = batch.room(&pass).to_wire();
        if let Some(repeat) = &self.repeat {
            batch.remember(repeat.clone(), room.id.to_string());
        }
        let event = Event::RoomCreated(RoomEvent { room: room.clone() });
        batch.emit(&pass, &place, event, Effect::Enter(vec![self.maker.clone()]));
        Ok(Made::Now(room))
    }
}

/// Makes the public room `general` on a server that has no room yet, for its first administrator: so
/// that the next person has a place to meet them.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn open_first(kernel: &Kernel, owner: &UserId) -> Result<()> {
    if sql::any(&kernel.db).await? {
        return Ok(());
    }
    let name = RoomName::parse("General").map_err(Error::internal)?;
    let description = Some(Description::parse("For everyone").map_err(Error::internal)?);
    let request = CreateRoom { name, description, is_private: false };
    kernel.log.submit_unasked(MakeRoom { maker: owner.clone(), request, repeat: None }).await?;
    Ok(())
}
