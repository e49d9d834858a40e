//! The relay: takes what was committed, in the order of each room's log, to whoever delivers it or
//! reacts to it; and the signals of the moment, which have no order and may be lost.

use std::sync::Arc;
use std::sync::OnceLock;

use parking_lot::RwLock;

use fireside_protocol::{Event, RoomId, SessionId, Signal, UserId};

use crate::user_changes::Changed;

/// One committed event of a room's log.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The room.
    pub room: RoomId,
    /// Its epoch.
    pub epoch: Arc<str>,
    /// The event's place.
    pub seq: i64,
    /// Who did it.
    pub actor: UserId,
    /// What clients are told.
    pub event: Event,
    /// What it does to who hears the room.
    pub effect: Effect,
}

/// What an event does to who hears its room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// These hear it from this event on.
    Enter(Vec<UserId>),
    /// This user hears this event as the last one.
    Exit(UserId),
    /// Nobody hears anything after this event.
    Close,
}

/// Whom a signal is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// The members of a room.
    Room(RoomId),
    /// The members of any of these rooms, each told once.
    Rooms(Vec<RoomId>),
    /// All sockets of a user.
    User(UserId),
    /// One socket, by its id.
    Socket(String),
}

/// Sockets to be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// Those of one session.
    Session(SessionId),
    /// Those of one user.
    User(UserId),
    /// Those of one user but for one session's.
    UserExcept(UserId, SessionId),
}

/// Reacts to what was committed. Called in the order of each room's log; must not block.
pub trait Subscriber: Send + Sync {
    /// These were committed.
    fn committed(&self, events: &[Committed]);

    /// These were committed in users' own streams. Those of one stream may come out of order, because not
    /// everything in it is committed by the room log.
    fn changed(&self, changes: &[Changed]) {
        let _ = changes;
    }

    /// Nobody knows whether these were committed: the database did not say. Whoever has to tell all that is
    /// in the log must look there.
    fn doubtful(&self, _events: &[Committed]) {}
}

/// Carries signals to local sockets. One per node, set by the Socket.IO door.
pub trait Outlet: Send + Sync {
    /// Sends a signal to whoever of the audience is here.
    fn signal(&self, audience: &Audience, signal: &Signal);
    /// Tells sockets that their session is over, and closes them.
    fn close(&self, closing: &Closing, reason: &'static str);
}

/// See the module.
#[derive(Default)]
pub struct Relay {
    subscribers: RwLock<Vec<Arc<dyn Subscriber>>>,
    outlet: OnceLock<Arc<dyn Outlet>>,
}

impl Relay {
    /// Adds a subscriber, to be told after those before it.
    pub fn subscribe(&self, subscriber: Arc<dyn Subscriber>) {
        self.subscribers.write().push(subscriber);
    }

    /// Sets the outlet.
    ///
    /// # Panics
    /// If there is one already: two would tell every client everything twice.
    pub fn set_outlet(&self, outlet: Arc<dyn Outlet>) {
        assert!(self.outlet.set(outlet).is_ok(), "the relay has an outlet already");
    }

    /// Hands on what was committed.
    pub(crate) fn publish(&self, events: &[Committed]) {
        for subscriber in self.subscribers.read().iter() {
            subscriber.committed(events);
        }
    }

    /// Hands on what was committed in users' own streams.
    pub fn publish_changes(&self, changes: &[Changed]) {
        if changes.is_empty() {
            return;
        }
        for subscriber in self.subscribers.read().iter() {
            subscriber.changed(changes);
        }
    }

    /// Says of what nobody knows whether it was committed.
    pub(crate) fn doubt(&self, events: &[Committed]) {
        for subscriber in self.subscribers.read().iter() {
            subscriber.doubtful(events);
        }
    }

    /// Sends a signal to whoever of the audience is connected.
    pub fn signal(&self, audience: &Audience, signal: &Signal) {
        if let Some(outlet) = self.outlet.get() {
            outlet.signal(audience, signal);
        }
    }

    /// Closes sockets whose session is over.
    pub fn close(&self, closing: &Closing, reason: &'static str) {
        if let Some(outlet) = self.outlet.get() {
            outlet.close(closing, reason);
        }
    }
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("subscribers", &self.subscribers.read().len()).finish_non_exhaustive()
    }
}
