//! Operations on many sockets: `namespace.to("room").except(id).emit(&frame)`.

use std::borrow::Cow;

use crate::frame::Frame;
use crate::namespace::Namespace;
use crate::namespace::adapter::{RoomOperation, Target};

/// An operation on many sockets that is being put together.
#[must_use = "nothing happens before one of emit, join, leave or disconnect"]
pub struct Broadcast<'a, S> {
    namespace: &'a Namespace<S>,
    target: Target<'a>,
    volatile: bool,
    local: bool,
}

impl<'a, S> Broadcast<'a, S> {
    pub(crate) fn new(namespace: &'a Namespace<S>) -> Self {
        Self { namespace, target: Target::default(), volatile: false, local: false }
    }

    /// Adds a room. A socket that is in several of the rooms is reached once.
    pub fn to(mut self, room: impl Into<Cow<'a, str>>) -> Self {
        self.target.rooms.push(room.into());
        self
    }

    /// Leaves out the sockets of a room; a socket's id leaves out that socket.
    pub fn except(mut self, room: impl Into<Cow<'a, str>>) -> Self {
        self.target.except.push(room.into());
        self
    }

    /// Only the sockets of this node.
    pub fn local(mut self) -> Self {
        self.local = true;
        self
    }

    /// The event may be dropped for a client that is behind.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Sends an event; returns how many sockets of this node it was queued for. A frame of another namespace
    /// reaches nobody.
    pub fn emit(self, frame: &Frame) -> usize {
        self.run(&RoomOperation::Emit { target: &self.target, frame, volatile: self.volatile })
    }

    /// Adds the sockets to rooms; returns how many sockets of this node there were.
    pub fn join<R: Into<Cow<'a, str>>>(self, rooms: impl IntoIterator<Item = R>) -> usize {
        let rooms: Vec<_> = rooms.into_iter().map(Into::into).collect();
        self.run(&RoomOperation::Join { target: &self.target, rooms: &rooms })
    }

    /// Takes the sockets out of rooms; returns how many sockets of this node there were.
    pub fn leave<R: Into<Cow<'a, str>>>(self, rooms: impl IntoIterator<Item = R>) -> usize {
        let rooms: Vec<_> = rooms.into_iter().map(Into::into).collect();
        self.run(&RoomOperation::Leave { target: &self.target, rooms: &rooms })
    }

    /// Disconnects the sockets, each after what is queued for it; returns how many of this node there were.
    /// With `close` the connections below are closed as well.
    pub fn disconnect(self, close: bool) -> usize {
        self.run(&RoomOperation::Disconnect { target: &self.target, close })
    }

    fn run(&self, operation: &RoomOperation<'_>) -> usize {
        if self.local { self.namespace.apply(operation) } else { self.namespace.publish(operation) }
    }
}

impl<S> std::fmt::Debug for Broadcast<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broadcast").field("target", &self.target).finish_non_exhaustive()
    }
}
