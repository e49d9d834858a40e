//! Rooms held still, for what must not be torn apart: join and announce, check and send.

use std::borrow::Cow;
use std::sync::Arc;

use crate::frame::Frame;
use crate::id::Id;
use crate::namespace::adapter::Target;
use crate::namespace::rooms::Table;
use crate::socket::Socket;

/// The rooms of one namespace, while nothing else can change or send to them. It concerns this node's sockets
/// only; no adapter hears of it.
pub struct LockedRooms<'a, S> {
    table: &'a mut Table<S>,
}

impl<'a, S> LockedRooms<'a, S> {
    pub(crate) fn new(table: &'a mut Table<S>) -> Self {
        Self { table }
    }

    /// Adds a socket to a room. False when the socket is gone or was in it already.
    pub fn join(&mut self, socket: &Socket<S>, room: &str) -> bool {
        self.table.join(&socket.0, room)
    }

    /// Takes a socket out of a room. False when it was not in it.
    pub fn leave(&mut self, socket: &Socket<S>, room: &str) -> bool {
        self.table.leave(&socket.0, room)
    }

    /// Whether a socket is in a room.
    #[must_use]
    pub fn is_in(&self, socket: &Socket<S>, room: &str) -> bool {
        self.table.is_in(&socket.0, room)
    }

    /// The socket with this id.
    #[must_use]
    pub fn socket(&self, id: &Id) -> Option<Socket<S>> {
        self.table.get(id).cloned().map(Socket)
    }

    /// The sockets of a room.
    #[must_use]
    pub fn in_room(&mut self, room: &str) -> Vec<Socket<S>> {
        let target = Target { rooms: vec![Cow::Borrowed(room)], except: Vec::new() };
        let mut sockets = Vec::new();
        self.table.visit(&target, |member| sockets.push(Socket(Arc::clone(member))));
        sockets
    }

    /// Sends an event to a room; returns how many sockets it was queued for.
    pub fn emit(&mut self, room: &str, frame: &Frame) -> usize {
        self.emit_to(&Target { rooms: vec![Cow::Borrowed(room)], except: Vec::new() }, frame, false)
    }

    /// Sends an event to any target; returns how many sockets it was queued for.
    pub fn emit_to(&mut self, target: &Target<'_>, frame: &Frame, volatile: bool) -> usize {
        self.table.emit(target, frame, volatile)
    }
}

impl<S> std::fmt::Debug for LockedRooms<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LockedRooms").field("sockets", &self.table.len()).finish()
    }
}
