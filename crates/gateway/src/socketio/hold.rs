//! Keeping a room's live events back from a socket for a moment: while what it missed is being read, or while delivery
//! is not where the socket was when it came.

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
    /// It hears nothing up to this place: it was known when the socket came.
    after: i64,
    /// Whether it waits for nothing but that delivery gets there.
    waits_for_place: bool,
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
        let waiting = waiting.filter(|waiting| !waiting.has_left && waiting.after < committed.seq);
        for waiting in waiting.filter(|waiting| !is_hidden(&waiting.socket)) {
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

    /// Keeps a room back from a socket that has heard it, or is about to.
    fn add(&mut self, room: RoomId, socket: &Socket<Session>) {
        let all = self.0.entry(room).or_default();
        match all.iter_mut().find(|waiting| waiting.socket == *socket) {
            Some(waiting) => waiting.waits_for_place = false,
            None => all.push(Waiting::new(socket, 0, false)),
        }
    }

    /// Lets a socket hear a room as soon as delivery has got to this place.
    pub(super) fn add_until(&mut self, room: RoomId, socket: &Socket<Session>, place: i64) {
        self.0.entry(room).or_default().push(Waiting::new(socket, place, true));
    }

    /// Delivery has got to this place of a room.
    pub(super) fn reached(&mut self, room: &RoomId, place: i64) {
        let Some(all) = self.0.get_mut(room) else { return };
        all.retain(|waiting| {
            let is_there = waiting.waits_for_place && waiting.after <= place;
            if is_there && !waiting.has_left {
                digests::join(&waiting.socket, room);
            }
            !is_there
        });
        if all.is_empty() {
            self.0.remove(room);
        }
    }

    /// Whether a socket waits for delivery to get somewhere in this room.
    fn is_arriving(&self, room: &RoomId, socket: &Socket<Session>) -> bool {
        let mut all = self.0.get(room).into_iter().flatten();
        all.any(|waiting| waiting.socket == *socket && waiting.waits_for_place)
    }

    /// A socket has gone. One that something is read for is let go by whoever reads.
    pub(super) fn forget(&mut self, socket: &Socket<Session>) {
        self.0.retain(|_, all| {
            all.retain(|waiting| waiting.socket != *socket || !waiting.waits_for_place);
            !all.is_empty()
        });
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

impl Waiting {
    fn new(socket: &Socket<Session>, after: i64, waits_for_place: bool) -> Waiting {
        Waiting { socket: socket.clone(), events: Vec::new(), has_left: false, after, waits_for_place }
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
        let hears = |room: &RoomId| state.held.is_arriving(room, socket) || socket.leave(&room_name(room));
        let held: Vec<_> = rooms.filter(hears).collect();
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
            if state.feeds.get(&room).is_some_and(|feed| feed.delivered() < waiting.after) {
                // It was not read, and delivery is not there yet.
                let again = Waiting { waits_for_place: true, ..waiting };
                state.held.0.entry(room).or_default().push(again);
                continue;
            }
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
