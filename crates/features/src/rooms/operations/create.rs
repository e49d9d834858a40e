//! `rooms.create`: a new room, its maker its first member and admin.

use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::writes::NewRoom;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::rooms::{CreateRoom, Room, RoomEvent};
use fireside_protocol::text::{Description, RoomName};
use fireside_protocol::{Event, Once, UserId};

use crate::rooms::{rules, sql};

pub(crate) async fn create(kernel: Kernel, ctx: Ctx, request: CreateRoom) -> Result<Once<Room>> {
    let description = request.description.as_ref().map_or("", Description::as_str);
    let is_private = if request.is_private { "private" } else { "public" };
    let asked = [request.name.as_str(), description, is_private];
    let repeat = Repeat::of(&ctx, "rooms.create", request.client_id.clone(), &asked)?;
    let maker = ctx.user()?.clone();
    let slug = rules::slug(request.name.as_str());
    // Whoever makes a room of the same name would learn by its slug that there is a private one.
    let slug = if request.is_private { rules::hidden_slug(&slug, &kernel.names.word()) } else { slug };
    kernel.log.submit_once(&ctx, MakeRoom { maker, slug, request }, repeat).await
}

struct MakeRoom {
    maker: UserId,
    /// The slug, or what it begins with.
    slug: String,
    request: CreateRoom,
}

impl Change for MakeRoom {
    type Answer = Once<Room>;

    fn needs(&self, needs: &mut Needs) {
        needs.user(self.maker.as_str());
        needs.slugs_like(&self.slug);
    }

    fn decide(&self, batch: &mut Batch) -> Result<Once<Room>> {
        let slug = rules::free_slug(&self.slug, |slug| batch.is_slug_taken(slug));
        let new = NewRoom {
            slug,
            name: self.request.name.as_str().to_owned(),
            description: self.request.description.as_ref().map(|text| text.as_str().to_owned()),
            is_private: self.request.is_private,
        };
        let (pass, place) = batch.create_room(&self.maker, new);
        let room = batch.room(&pass).to_wire();
        let event = Event::RoomCreated(RoomEvent { room: room.clone() });
        batch.emit(&pass, &place, event, Effect::Enter(vec![self.maker.clone()]));
        Ok(Once::done(room))
    }
}

/// Which rooms a server begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstRooms {
    /// One to meet the next person in.
    One,
    /// That one, and one for anything else.
    Two,
    /// These, and some more that show what rooms are for.
    Samples,
}

impl FirstRooms {
    /// Their names and descriptions. The first one has the slug `general`.
    fn told(self) -> &'static [(&'static str, &'static str)] {
        const ALL: &[(&str, &str)] = &[
            ("General", "For everyone"),
            ("Lounge", "Anything but work"),
            ("Announcements", "What everyone should know"),
            ("Questions", "Ask anything: somebody here knows"),
        ];
        match self {
            Self::One => &ALL[..1],
            Self::Two => &ALL[..2],
            Self::Samples => ALL,
        }
    }
}

/// Makes the first rooms on a server that has none yet, public ones, for its first administrator: so that the
/// next person has a place to meet them.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn open_first(kernel: &Kernel, owner: &UserId, set: FirstRooms) -> Result<()> {
    if sql::any(&kernel.db).await? {
        return Ok(());
    }
    for &(name, description) in set.told() {
        let name = RoomName::parse(name).map_err(Error::internal)?;
        let description = Some(Description::parse(description).map_err(Error::internal)?);
        let slug = rules::slug(name.as_str());
        let request = CreateRoom { name, description, is_private: false, client_id: None };
        kernel.log.submit_unasked(MakeRoom { maker: owner.clone(), slug, request }).await?;
    }
    Ok(())
}
