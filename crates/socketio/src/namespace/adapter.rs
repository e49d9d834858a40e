//! The seam for servers that share rooms with other nodes.

use std::borrow::Cow;

use crate::frame::Frame;

/// Whom an operation is for: the sockets of any of `rooms` (of the whole namespace when there are none), but
/// those of any of `except`. A socket's id is the name of a room that only it is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target<'a> {
    /// Rooms to reach.
    pub rooms: Vec<Cow<'a, str>>,
    /// Rooms to leave out.
    pub except: Vec<Cow<'a, str>>,
}

/// An operation on the sockets of a namespace.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RoomOperation<'a> {
    /// Send an event.
    Emit {
        /// To whom.
        target: &'a Target<'a>,
        /// What.
        frame: &'a Frame,
        /// Whether it may be dropped for a client that is behind.
        volatile: bool,
    },
    /// Add sockets to rooms.
    Join {
        /// Which sockets.
        target: &'a Target<'a>,
        /// To which rooms.
        rooms: &'a [Cow<'a, str>],
    },
    /// Take sockets out of rooms.
    Leave {
        /// Which sockets.
        target: &'a Target<'a>,
        /// Out of which rooms.
        rooms: &'a [Cow<'a, str>],
    },
    /// Disconnect sockets.
    Disconnect {
        /// Which sockets.
        target: &'a Target<'a>,
        /// Whether the connections below are closed as well.
        close: bool,
    },
}

/// Where an operation is to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apply {
    /// On this node's sockets now.
    Now,
    /// Not now: the adapter will call [`Namespace::apply`](crate::Namespace::apply) when the operation comes
    /// back to this node.
    Later,
}

/// Hears every operation on the sockets of a namespace, to pass it to other nodes.
///
/// What other nodes have to say comes in through [`Namespace::apply`](crate::Namespace::apply).
pub trait Adapter: Send + Sync + 'static {
    /// Passes on an operation. Must not wait, nor call back into the namespace.
    fn publish(&self, operation: &RoomOperation<'_>) -> Apply;
}
