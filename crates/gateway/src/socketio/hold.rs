//! Keeping a room's live events back from a socket for a moment, while what it missed is being read.

use std::collections::HashMap;
use std::sync::Arc;

use fireside_kernel::relay::Committed;
use fireside_protocol::RoomId;
use fireside_socketio::{Frame, Id, Socket};

use super::delivery::{Delivery, room_name};
use super::digests;
use super::session::Session;

/// What is kept back, by room. Whoever is in here is not in the room's delivery room.
#[derive(Default)]
pub(super) struct Held(HashMap<RoomId, Vec<Waiting>>);

/// A socket that waits for a room.
struct Waiting {
    socket: Socket<Session>,
    /// Live events with their places, in order.
    events: Vec<(i64, Frame)>,
    /// Whether its user has left the room meanwhile.
    has_left: bool,
}

impl Held {
    /// Whether anyone waits for the room.
    pub(super) fn contains(&self, room: &RoomId) -> bool {
        self.0.contains_key(room)
    }

    /// A live event of a room, as it is told.
    pub(super) fn hear(&mut self, committed: &Committed, told: &Frame) {
        let is_hidden = |socket: &Socket<Session>| {
            let hidden_from = &committed.hidden_from;
            let user = || socket.state().identity().map(|identity| identity.user);
            !hidden_from.is_empty() && user().is_some_and(|user| hidden_from.contains(&user))
        };
        let waiting = self.0.get_mut(&committed.room).into_iter().flatten();
        for waiting in waiting.filter(|waiting| !waiting.has_left && !is_hidden(&waiting.socket)) {
            waiting.events.push((committed.seq, told.clone()));
        }
    }

    /// A socket is to hear the room from now on; whether it waits for it.
    pub(super) fn enter(&mut self, room: &RoomId, socket: &Socket<Session>) -> bool {
        self.turn(room, socket, false)
    }

    /// A socket is to hear nothing more of the room.
    pub(super) fn leave(&mut self, room: &RoomId, socket: &Socket<Session>) {
        self.turn(room, socket, true);
    }

    fn turn(&mut self, room: &RoomId, socket: &Socket<Session>, has_left: bool) -> bool {
        let mut waiting = self.0.get_mut(room).into_iter().flatten();
        let found = waiting.find(|waiting| waiting.socket == *socket);
        found.map(|waiting| waiting.has_left = has_left).is_some()
    }

    /// Nobody hears anything more of the room.
    pub(super) fn close(&mut self, room: &RoomId) {
        self.0.get_mut(room).into_iter().flatten().for_each(|waiting| waiting.has_left = true);
    }

    fn add(&mut self, room: RoomId, socket: &Socket<Session>) {
        let waiting = Waiting { socket: socket.clone(), events: Vec::new(), has_left: false };
        self.0.entry(room).or_default().push(waiting);
    }

    fn remove(&mut self, room: &RoomId, socket: Id) -> Option<Waiting> {
        let all = self.0.get_mut(room)?;
        let place = all.iter().position(|waiting| waiting.socket.id() == socket)?;
        let waiting = all.swap_remove(place);
        if all.is_empty() {
            self.0.remove(room);
        }
        Some(waiting)
    }
}

/// Rooms that are kept back from a socket. Dropped, it lets them go as they are.
pub(super) struct Hold {
    delivery: Arc<Delivery>,
    socket: Socket<Session>,
    rooms: Vec<RoomId>,
}

impl Delivery {
    /// Keeps back from a socket what it hears of these rooms.
    pub(super) fn hold(
        self: &Arc<Self>,
        socket: &Socket<Session>,
        rooms: impl Iterator<Item = RoomId>,
    ) -> Hold {
        let mut state = self.state.lock();
        let held: Vec<_> = rooms.filter(|room| socket.leave(&room_name(room))).collect();
        held.iter().for_each(|room| state.held.add(room.clone(), socket));
        Hold { delivery: Arc::clone(self), socket: socket.clone(), rooms: held }
    }
}

impl Hold {
    /// Says what has to be said first; then lets the socket hear what was kept back behind `heads`, and the
    /// rooms again.
    pub(super) fn release(mut self, heads: &HashMap<RoomId, i64>, first: impl FnOnce()) {
        self.let_go(heads, first);
    }

    fn let_go(&mut self, heads: &HashMap<RoomId, i64>, first: impl FnOnce()) {
        let mut state = self.delivery.state.lock();
        first();
        for room in self.rooms.drain(..) {
            let Some(waiting) = state.held.remove(&room, self.socket.id()) else { continue };
            let head = heads.get(&room).copied().unwrap_or(0);
            for (_, event) in waiting.events.iter().filter(|(seq, _)| *seq > head) {
                self.socket.emit(event);
            }
            if !waiting.has_left {
                digests::join(&self.socket, &room);
            }
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !self.rooms.is_empty() {
            self.let_go(&HashMap::new(), || {});
        }
    }
}
