//! Each user's own stream: rooms joined and left, conversations opened, reading and muting, sessions.
//!
//! - A change takes the next position of its user's stream in the transaction that makes it. Whoever takes
//!   positions locks rooms, members and sessions first and streams last, streams in the order of their users:
//!   so transactions wait for each other and never in a circle.
//! - The stream keeps one row for each thing, at the place of its newest change, and tells how it stands now.
//!   To catch up costs what has changed, however long ago and however often.
//! - Only whoever's membership changes gets a change, however many members the room has.
//! - An epoch says which stream a position belongs to. After an import, which no stream tells of, it is another.
//!
//! [`record`] takes positions; [`read`] finds what changed behind one. What was committed goes to the relay,
//! which [`Changed`] is for.

pub mod read;
mod record;

use std::sync::Arc;

use fireside_db::{Error, Tx};
use fireside_protocol::UserId;
use fireside_protocol::user_changes::{RoomStanding, SessionStanding, UserChange, UserChanged};

pub use record::record;

use crate::relay::Relay;

/// A change that has its position. To be told once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Whose stream it is in.
    pub user: UserId,
    /// The stream's epoch.
    pub epoch: Arc<str>,
    /// The change and its place.
    pub change: UserChange,
}

impl Changed {
    /// As the user's sockets are told.
    pub fn to_wire(&self) -> UserChanged {
        UserChanged { epoch: self.epoch.clone(), change: self.change.clone() }
    }
}

/// Commits the transaction that made these changes, and tells of them. Where the database does not say whether it
/// is done, whoever follows the streams looks there.
///
/// # Errors
/// Those of the commit.
pub async fn commit(tx: Tx, relay: &Relay, changes: &[Changed]) -> Result<(), Error> {
    let outcome = tx.commit().await;
    match outcome {
        Ok(()) => relay.publish_changes(changes),
        Err(Error::Indeterminate) => relay.doubt_changes(changes),
        Err(_) => {}
    }
    outcome
}

/// How something of a user's stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A room or conversation.
    Room(RoomStanding),
    /// A device or service token.
    Session(SessionStanding),
}

impl Standing {
    fn at(self, seq: i64) -> UserChange {
        match self {
            Self::Room(room) => UserChange { seq, room: Some(room), session: None },
            Self::Session(session) => UserChange { seq, room: None, session: Some(session) },
        }
    }
}
