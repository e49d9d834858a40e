//! What happens here, told to the other servers for the sockets that they hold. Told by the node where it
//! happens, only while there are such servers, and never waited for: they see what the tutorial's servers see
//! of each other, without our guarantees.

use std::sync::Arc;

use fireside_bus::socketio_adapter::{Packet, Selection};
use fireside_kernel::relay::{Audience, Committed, Subscriber};
use fireside_protocol::{Event, Signal};
use serde::Serialize;

use super::super::delivery::{room_name, user_name};
use super::Company;

/// The relay's way to the other servers.
pub(super) struct Voice(pub(super) Arc<Company>);

impl Subscriber for Voice {
    fn committed(&self, _: &[Committed]) {}

    fn committed_here(&self, events: &[Committed]) {
        for committed in events {
            self.tell(committed.event.name(), &committed.event, || rooms_of(committed), false);
        }
    }

    fn signalled_here(&self, audience: &Audience, signal: &Signal) {
        let rooms = || match audience {
            Audience::Room(room) => vec![room_name(room)],
            Audience::Rooms(rooms) => rooms.iter().map(room_name).collect(),
            Audience::User(user) => vec![user_name(user)],
            // It is here.
            Audience::Socket(_) => Vec::new(),
        };
        self.tell(signal.name(), signal, rooms, true);
    }
}

/// The rooms in which other servers have those who should hear of it: a conversation has none there.
fn rooms_of(committed: &Committed) -> Vec<String> {
    match &committed.event {
        Event::DirectMessageNew(event) | Event::DirectMessageEdited(event) => {
            vec![user_name(&event.message.sender_id), user_name(&event.message.receiver_id)]
        }
        _ => vec![room_name(&committed.room)],
    }
}

impl Voice {
    fn tell(
        &self,
        name: &str,
        payload: &impl Serialize,
        rooms: impl FnOnce() -> Vec<String>,
        is_volatile: bool,
    ) {
        let adapter = self.0.adapter.lock().clone();
        let Some(adapter) = adapter.filter(|adapter| adapter.peers() > 0) else { return };
        let to = Selection { rooms: rooms(), except: Vec::new() };
        // No rooms would be all sockets.
        if to.rooms.is_empty() {
            return;
        }
        let Ok(payload) = serde_json::to_string(payload) else { return };
        let packet = Packet { name: name.to_owned(), args: vec![payload], attachments: Vec::new() };
        adapter.broadcast(&packet, &to, is_volatile);
    }
}
