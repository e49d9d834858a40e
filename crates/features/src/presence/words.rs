//! What nodes tell each other of presence. Each node speaks for the people whose sockets it holds, numbers what
//! it says, and repeats all of it to whoever has missed a number.

use std::sync::Arc;

use fireside_protocol::{RoomId, Time, UserId};
use serde::{Deserialize, Serialize};

/// The noun under which it is told.
pub(super) const NOUN: &str = "presence";

/// One thing said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Word {
    /// I live, and this is the number of my last news.
    Lease {
        /// The node's name.
        from: Arc<str>,
        /// The number.
        n: u64,
    },
    /// This has happened here.
    News {
        /// The node's name.
        from: Arc<str>,
        /// The number of this.
        n: u64,
        /// What, in its order.
        news: Vec<News>,
    },
    /// Tell me everybody you have.
    Ask {
        /// The node that is asked; none for all.
        of: Option<Arc<str>>,
    },
    /// A part of everybody I have.
    All {
        /// The node's name.
        from: Arc<str>,
        /// True once the news of this number were told.
        n: u64,
        /// Which part, from 0.
        part: usize,
        /// How many there are.
        parts: usize,
        /// People with their rooms.
        people: Vec<(UserId, Vec<RoomId>)>,
    },
}

/// What has happened on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum News {
    /// Someone has their first socket there, and is a member of these rooms.
    Came(UserId, Vec<RoomId>),
    /// Someone who is there has become a member.
    Entered(UserId, RoomId),
    /// Someone who is there is a member no more.
    Exited(UserId, RoomId),
    /// Someone has no socket there any more, and was last seen then.
    Went(UserId, Time),
}
