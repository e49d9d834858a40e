//! The relay: takes what was committed, in the order of each room's log, to whoever delivers it or
//! reacts to it; and the signals of the moment, which have no order and may be lost.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use fireside_protocol::{Event, RoomId, SessionId, Signal, Time, UserId};

use crate::clock::Clock;
use crate::nodes::hints::{self, Passed, RoomHint, UserHint};
use crate::nodes::{Nodes, Topic};
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
    /// Who hears it live and is not told: it was read from the log, and tells what somebody wrote after they had left.
    pub hidden_from: Vec<UserId>,
}

/// What an event does to who hears its room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Closing {
    /// Those of one session.
    Session(SessionId),
    /// Those of one user.
    User(UserId),
    /// Those of one user but for one session's.
    UserExcept(UserId, SessionId),
}

/// Reacts to what was committed, here or on another node; must not block.
pub trait Subscriber: Send + Sync {
    /// These were committed. What this node has committed comes in the order of each room's log; what others
    /// have may come late, twice or not at all.
    fn committed(&self, events: &[Committed]);

    /// This was handed on to the sockets of this node: the events of each room that somebody hears here, each
    /// once and in order, wherever they were committed.
    fn delivered(&self, _event: &Committed) {}

    /// This was committed, here or on another node, in a room that nobody hears on this node: it is not handed on.
    fn unheard(&self, _event: &Committed) {}

    /// These were committed by this node, and by no other: whoever tells somebody outside the house tells it
    /// once.
    fn committed_here(&self, _events: &[Committed]) {}

    /// This node, and no other, sends a signal.
    fn signalled_here(&self, _audience: &Audience, _signal: &Signal) {}

    /// These were committed in users' own streams. Those of one stream may come out of order, because not
    /// everything in it is committed by the room log.
    fn changed(&self, changes: &[Changed]) {
        let _ = changes;
    }

    /// Nobody knows whether these were committed: the database did not say. Whoever has to tell all that is
    /// in the log must look there.
    fn doubtful(&self, _events: &[Committed]) {}

    /// Nobody knows whether something was committed in these users' own streams. Whoever has to tell all that
    /// is in them must look there.
    fn doubtful_streams(&self, _users: &[UserId]) {}

    /// Another node says that there may be something new in a room's log.
    fn look(&self, _room: &RoomId) {}
}

/// Carries signals to local sockets. One per node, set by the Socket.IO door.
pub trait Outlet: Send + Sync {
    /// Sends a signal to whoever of the audience is here.
    fn signal(&self, audience: &Audience, signal: &Signal);
    /// Sends another node's signal to whoever of the audience is here.
    fn pass(&self, audience: &Audience, signal: &Passed);
    /// Tells sockets that their session is over, and closes them.
    fn close(&self, closing: &Closing, reason: &str);
}

/// What nodes tell each other of closings.
const CLOSINGS: &str = "closings";

/// Sockets that every node has to close.
#[derive(Debug, Serialize, Deserialize)]
struct ToClose {
    closing: Closing,
    reason: String,
    /// When it was said: whoever can write into the bus can repeat it long after its users have come back.
    at: Time,
}

/// The clocks of two nodes may differ by so much. What was said longer ago is found in the database, or is a repetition.
const NODES_DIFFER_MS: i64 = 5 * 60 * 1000;

/// See the module.
pub struct Relay {
    subscribers: RwLock<Vec<Arc<dyn Subscriber>>>,
    outlet: RwLock<Option<Arc<dyn Outlet>>>,
    nodes: Arc<Nodes>,
    clock: Clock,
}

impl Default for Relay {
    /// The relay of a node that is alone.
    fn default() -> Relay {
        Relay {
            subscribers: RwLock::default(),
            outlet: RwLock::default(),
            nodes: Arc::new(Nodes::alone()),
            clock: Clock::default(),
        }
    }
}

impl Relay {
    /// A relay between this node and the others.
    pub(crate) fn among(nodes: Arc<Nodes>, clock: Clock) -> Arc<Relay> {
        let relay = Arc::new(Relay { nodes, clock, ..Relay::default() });
        // Weak, because the bus is held by the relay.
        let taking = Arc::downgrade(&relay);
        relay.nodes.start(move |topic, payload| {
            if let Some(relay) = taking.upgrade() {
                relay.take(topic, payload);
            }
        });
        let closing = Arc::downgrade(&relay);
        relay.nodes.listen(CLOSINGS, move |what| {
            let told = serde_json::from_slice::<ToClose>(&what);
            if let (Some(relay), Ok(told)) = (closing.upgrade(), told)
                && told.at.plus_ms(NODES_DIFFER_MS) > relay.clock.now()
            {
                relay.close_here(&told.closing, &told.reason);
            }
        });
        relay
    }

    /// Takes what another node has said. What cannot be read is of another version: the database has it.
    fn take(&self, topic: Topic, payload: Bytes) {
        match topic {
            Topic::Noun(noun) => self.nodes.hear_of(&noun, payload),
            Topic::Letter => self.nodes.take_letter(payload),
            Topic::Room(room) => match serde_json::from_slice(&payload) {
                Ok(RoomHint::Events { epoch, events }) => {
                    let told = events.len();
                    let events: Vec<_> =
                        events.into_iter().filter_map(|event| event.into_committed(&room, &epoch)).collect();
                    let is_whole = events.len() == told;
                    self.committed(&events);
                    if !is_whole {
                        self.look(&room);
                    }
                }
                Ok(RoomHint::Signal(signal)) => self.pass(&Audience::Room(room), &signal),
                Ok(RoomHint::Look) | Err(_) => self.look(&room),
            },
            Topic::User(user) => match serde_json::from_slice(&payload) {
                Ok(UserHint::Changes { epoch, changes }) => {
                    let changed = |change| Changed { user: user.clone(), epoch: epoch.clone(), change };
                    self.changed(&changes.into_iter().map(changed).collect::<Vec<_>>());
                }
                Ok(UserHint::Signal(signal)) => self.pass(&Audience::User(user), &signal),
                Err(error) => tracing::debug!(%error, "a hint of a user's own cannot be read"),
            },
        }
    }

    /// Adds a subscriber, to be told after those before it.
    pub fn subscribe(&self, subscriber: Arc<dyn Subscriber>) {
        self.subscribers.write().push(subscriber);
    }

    /// The node has stopped serving: nobody is told anything any more. Whoever it would tell holds it in turn, and all of
    /// them would live on beside the server that begins anew.
    pub fn retire(&self) {
        let subscribers = std::mem::take(&mut *self.subscribers.write());
        let outlet = self.outlet.write().take();
        // Not under the locks: what they hold may end with them.
        drop((subscribers, outlet));
    }

    fn outlet(&self) -> Option<Arc<dyn Outlet>> {
        self.outlet.read().clone()
    }

    /// Sets the outlet.
    ///
    /// # Panics
    /// If there is one already: two would tell every client everything twice.
    pub fn set_outlet(&self, outlet: Arc<dyn Outlet>) {
        let before = self.outlet.write().replace(outlet);
        assert!(before.is_none(), "the relay has an outlet already");
    }

    fn each(&self, tell: impl Fn(&dyn Subscriber)) {
        self.subscribers.read().iter().for_each(|subscriber| tell(&**subscriber));
    }

    /// Hands on what was committed here.
    pub(crate) fn publish(&self, events: &[Committed]) {
        if self.nodes.is_shared() {
            for (room, hint) in hints::of_rooms(events) {
                self.nodes.tell_room(&room, &hint);
            }
        }
        self.committed(events);
        self.each(|subscriber| subscriber.committed_here(events));
    }

    fn committed(&self, events: &[Committed]) {
        self.each(|subscriber| subscriber.committed(events));
    }

    /// Hands on what was delivered to the sockets of this node, in order.
    pub fn delivered(&self, event: &Committed) {
        self.each(|subscriber| subscriber.delivered(event));
    }

    /// Says what is handed on to nobody here.
    pub fn unheard(&self, event: &Committed) {
        self.each(|subscriber| subscriber.unheard(event));
    }

    /// Hands on what was committed here in users' own streams.
    pub fn publish_changes(&self, changes: &[Changed]) {
        if changes.is_empty() {
            return;
        }
        if self.nodes.is_shared() {
            for (user, hint) in hints::of_users(changes) {
                self.nodes.tell_user(&user, &hint);
            }
        }
        self.changed(changes);
    }

    fn changed(&self, changes: &[Changed]) {
        self.each(|subscriber| subscriber.changed(changes));
    }

    /// Says whose own streams may have changed, when nobody knows whether they did.
    pub(crate) fn doubt_changes(&self, changes: &[Changed]) {
        let users: HashSet<&UserId> = changes.iter().map(|change| &change.user).collect();
        let users: Vec<UserId> = users.into_iter().cloned().collect();
        if users.is_empty() {
            return;
        }
        self.each(|subscriber| subscriber.doubtful_streams(&users));
    }

    /// Says of what nobody knows whether it was committed.
    pub(crate) fn doubt(&self, events: &[Committed]) {
        self.each(|subscriber| subscriber.doubtful(events));
        let rooms: HashSet<&RoomId> = events.iter().map(|event| &event.room).collect();
        for room in rooms.into_iter().filter(|_| self.nodes.is_shared()) {
            self.nodes.tell_room(room, &RoomHint::Look);
        }
    }

    fn look(&self, room: &RoomId) {
        self.each(|subscriber| subscriber.look(room));
    }

    /// Sends a signal to whoever of the audience is connected, on whichever node.
    pub fn signal(&self, audience: &Audience, signal: &Signal) {
        self.signal_here(audience, signal);
        self.each(|subscriber| subscriber.signalled_here(audience, signal));
        if !self.nodes.is_shared() {
            return;
        }
        let Some(passed) = Passed::new(signal) else { return };
        match audience {
            Audience::Room(room) => self.nodes.tell_room(room, &RoomHint::Signal(passed)),
            Audience::User(user) => self.nodes.tell_user(user, &UserHint::Signal(passed)),
            // What goes to several rooms at once every node finds out by itself; a socket is of one node.
            Audience::Rooms(_) | Audience::Socket(_) => {}
        }
    }

    /// Sends a signal to whoever of the audience is connected to this node.
    pub fn signal_here(&self, audience: &Audience, signal: &Signal) {
        if let Some(outlet) = self.outlet() {
            outlet.signal(audience, signal);
        }
    }

    fn pass(&self, audience: &Audience, signal: &Passed) {
        if let Some(outlet) = self.outlet() {
            outlet.pass(audience, signal);
        }
    }

    /// Closes sockets whose session is over, on all nodes.
    pub fn close(&self, closing: &Closing, reason: &'static str) {
        self.close_here(closing, reason);
        let to_close = ToClose { closing: closing.clone(), reason: reason.to_owned(), at: self.clock.now() };
        self.nodes.tell(CLOSINGS, &to_close);
    }

    /// Closes sockets of this node whose session is over.
    pub fn close_here(&self, closing: &Closing, reason: &str) {
        if let Some(outlet) = self.outlet() {
            outlet.close(closing, reason);
        }
    }
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("subscribers", &self.subscribers.read().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    #[derive(Default)]
    struct Closed(Mutex<Vec<String>>);

    impl Outlet for Closed {
        fn signal(&self, _: &Audience, _: &Signal) {}
        fn pass(&self, _: &Audience, _: &Passed) {}
        fn close(&self, _: &Closing, reason: &str) {
            self.0.lock().push(reason.to_owned());
        }
    }

    #[test]
    fn a_closing_is_not_repeated_long_after_it_was_said() {
        let now = Time::from_micros(1_700_000_000_000_000);
        let relay = Relay::among(Arc::new(Nodes::alone()), Clock::standing(now));
        let closed = Arc::new(Closed::default());
        relay.set_outlet(closed.clone());
        for (minutes, reason) in
            [(-6, "repeated"), (-4, "by a slow clock"), (0, "just now"), (4, "by a fast one")]
        {
            let closing = Closing::User(UserId::trusted("ann"));
            let told = ToClose { closing, reason: reason.to_owned(), at: now.plus_ms(minutes * 60_000) };
            let told = serde_json::to_vec(&told).expect("it has a JSON form");
            relay.take(Topic::Noun(CLOSINGS.to_owned()), told.into());
        }
        assert_eq!(*closed.0.lock(), ["by a slow clock", "just now", "by a fast one"]);
    }
}
