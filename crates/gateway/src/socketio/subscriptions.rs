//! The events `join` and `leave` of the tutorial's server-to-server client: live delivery of rooms one is
//! a member of, on and off for one socket.

use std::collections::BTreeSet;

use serde::Deserialize;

use fireside_kernel::permission::{self, Permission};
use fireside_kernel::{Error, Identity};
use fireside_protocol::{Rate, Reason, RoomRef};
use fireside_socketio::{Event, Socket};

use super::authentication;
use super::chat::Chat;
use super::operations::{self, answer, fail};
use super::session::Session;

/// Most rooms of one event.
const ROOMS_MAX: usize = 200;
/// How often rooms are looked up in which something happens meanwhile.
const TRIES: usize = 5;

#[derive(Deserialize)]
struct Subscriptions {
    rooms: Vec<String>,
}

/// The rooms an event names, each once, and how many names are no room's.
fn rooms_of(
    chat: &Chat,
    event: &Event,
    socket: &Socket<Session>,
) -> Result<(Identity, Vec<RoomRef>, usize), Error> {
    let identity = operations::charge(chat, socket, Rate::Any)?;
    let named: Subscriptions =
        event.args.decode(0).map_err(|_| Error::validation("rooms", "expected a list of room names"))?;
    if named.rooms.len() > ROOMS_MAX {
        return Err(Error::validation("rooms", "too many rooms"));
    }
    let own = |name: &String| name.strip_prefix("room:").and_then(RoomRef::parse);
    let others = named.rooms.iter().filter(|name| !authentication::COMMON_ROOMS.contains(&name.as_str()));
    let (rooms, others): (Vec<_>, Vec<_>) = others.map(own).partition(Option::is_some);
    let rooms: BTreeSet<RoomRef> = rooms.into_iter().flatten().collect();
    Ok((identity, rooms.into_iter().collect(), others.len()))
}

/// `join {rooms: ["room:<id>", …]}`: turns delivery on for rooms one is a member of. Any other is refused
/// and logged.
pub(super) async fn join(chat: &Chat, socket: &Socket<Session>, event: Event) {
    let (identity, rooms, mut refused) = match rooms_of(chat, &event, socket) {
        Ok(named) => named,
        Err(error) => return fail(event.ack, None, socket, &error),
    };
    if refused > 0 {
        tracing::info!(user = %identity.user, refused, "joining what is no room of the chat was refused");
    }
    match turn_on(chat, socket, &identity, rooms).await {
        Ok(others) => refused += others,
        Err(error) => return fail(event.ack, None, socket, &error),
    }
    match refused {
        0 => answer(event.ack, "{\"ok\":true}"),
        _ => fail(event.ack, None, socket, &Error::not_found("Room")),
    }
}

/// Turns delivery on where one is a member; in how many rooms one is not.
async fn turn_on(
    chat: &Chat,
    socket: &Socket<Session>,
    identity: &Identity,
    mut rooms: Vec<RoomRef>,
) -> Result<usize, Error> {
    let mut refused = 0;
    for _ in 0..TRIES {
        let entered =
            permission::enter_each(&chat.kernel.db, &rooms, &identity.user, Permission::Read).await?;
        let mut passing = entered.into_iter();
        // Those are left in which something was told meanwhile.
        rooms.retain(|room| match passing.next() {
            Some(Ok(pass)) => {
                let is_on = chat.delivery.unmute(socket, &pass);
                if is_on {
                    socket.state().turned_off.lock().retain(|room| room != pass.room());
                }
                !is_on
            }
            Some(Err(error)) => {
                refused += 1;
                tracing::info!(user = %identity.user, %room, reason = error.reason.as_str(), "joining a delivery room was refused");
                false
            }
            None => false,
        });
        if rooms.is_empty() {
            return Ok(refused);
        }
    }
    Err(Error::new(Reason::Overloaded, "Too much happens in these rooms just now"))
}

/// `leave {rooms: ["room:<id>", …]}`: turns delivery off for this socket; the membership stays.
pub(super) async fn leave(chat: &Chat, socket: &Socket<Session>, event: Event) {
    let (identity, rooms, _) = match rooms_of(chat, &event, socket) {
        Ok(named) => named,
        Err(error) => return fail(event.ack, None, socket, &error),
    };
    let entered = permission::enter_each(&chat.kernel.db, &rooms, &identity.user, Permission::Read).await;
    let entered = match entered {
        Ok(entered) => entered,
        Err(error) => return fail(event.ack, None, socket, &error),
    };
    for pass in entered.into_iter().flatten() {
        let mut turned_off = socket.state().turned_off.lock();
        if !turned_off.contains(pass.room()) {
            turned_off.push(pass.room().clone());
        }
        drop(turned_off);
        chat.delivery.mute(socket, pass.room());
    }
    answer(event.ack, "{\"ok\":true}");
}
