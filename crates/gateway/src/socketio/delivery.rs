//! Delivery: from the relay to this node's sockets, each room's events in the order of its log.
//!
//! A room's feed hands on the next position, drops what was seen, and reads the log where there is a hole
//! (`GUARANTEES.md` G4). Who hears a room is decided by the log itself: joining and leaving are events of
//! it, so a removed member hears their own removal as the last event and nothing after it (G8). One lock
//! covers feeds and listeners, so that nothing can come between a position and who hears it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use fireside_kernel::nodes::Pace;
use fireside_kernel::relay::{Committed, Effect, Subscriber};
use fireside_kernel::user_changes::read::{self, Head};
use fireside_kernel::{Identity, Kernel, permission};
use fireside_protocol::resume::RoomPosition;
use fireside_protocol::{RoomId, UserId};
use fireside_socketio::{DisconnectReason, Frame, Namespace, Socket};

use super::arrivals::Arrivals;
use super::digests;
use super::feed::Feed;
use super::hold::Held;
use super::session::Session;

/// The name of the delivery room of a room. Made here only: no string of a client is ever one.
pub(super) fn room_name(room: &RoomId) -> String {
    format!("room:{room}")
}

/// The name of the delivery room of those who watch a room's digests.
pub(super) fn digest_name(room: &RoomId) -> String {
    format!("digest:{room}")
}

/// The name of the delivery room of a user's sockets.
pub(super) fn user_name(user: &UserId) -> String {
    format!("user:{user}")
}

/// See the module.
pub(super) struct Delivery {
    pub(super) kernel: Kernel,
    pub(super) namespace: Namespace<Session>,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) held: Held,
    pub(super) feeds: HashMap<RoomId, Feed>,
    listeners: HashMap<UserId, Vec<Socket<Session>>>,
    /// Sockets whose rooms are being looked up.
    pub(super) arrivals: Arrivals,
}

/// What a socket is about to hear.
pub(super) struct Arrival {
    number: u64,
    user: UserId,
    rooms: Vec<(RoomId, Head)>,
    /// Where the user's own stream stands.
    stream: Head,
    delivery: Weak<Delivery>,
}

impl Arrival {
    /// Whose own stream it will hear, and where that stands.
    pub(super) fn stream(&self) -> (UserId, Head) {
        (self.user.clone(), self.stream.clone())
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if let Some(delivery) = self.delivery.upgrade() {
            delivery.state.lock().arrivals.forget(self.number);
        }
    }
}

impl Delivery {
    pub(super) fn new(kernel: Kernel, namespace: Namespace<Session>) -> Arc<Delivery> {
        Arc::new(Delivery { kernel, namespace, state: Mutex::default() })
    }

    /// Looks up what a user's new socket will hear. From here on nothing that happens to the user's
    /// memberships is missed: it is put on top of what was found when the socket enters.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn look_up(self: &Arc<Self>, user: &UserId) -> fireside_kernel::Result<Box<Arrival>> {
        let number = self.state.lock().arrivals.expect(user);
        // Made before anything can fail, so that its drop forgets the arrival in every case.
        let mut arrival = Box::new(Arrival {
            number,
            user: user.clone(),
            rooms: Vec::new(),
            stream: Head::default(),
            delivery: Arc::downgrade(self),
        });
        let hearing = read::hearing(&self.kernel.db, user).await?;
        arrival.rooms = hearing.rooms;
        arrival.stream = hearing.stream;
        Ok(arrival)
    }

    /// Lets a socket hear everything its user may hear, unless it has gone meanwhile. `greet` runs before the first
    /// event can come, `opened` with the rooms before anything of them can change, or the socket can go.
    pub(super) fn enter(
        self: &Arc<Self>,
        socket: &Socket<Session>,
        mut arrival: Arrival,
        greet: impl FnOnce(),
        opened: impl FnOnce(&Identity, &[RoomId]),
    ) {
        let user = arrival.user.clone();
        let mut state = self.state.lock();
        let arrived = state.arrivals.arrived(arrival.number, std::mem::take(&mut arrival.rooms));
        let Some(identity) = socket.state().identity() else { return };
        // What another node has committed may have passed by: they may not be a member any more. They come again.
        if !arrived.ahead.is_empty() && self.kernel.nodes.pace() != Pace::Alone {
            socket.state().shut_out();
            return socket.close_after_flush(DisconnectReason::ForcedServerClose);
        }
        let rooms = arrived.rooms;
        greet();
        socket.join(&user_name(&user));
        for (room, head) in &rooms {
            self.let_in(&mut state, socket, room, head.clone());
        }
        for room in arrived.behind {
            tokio::spawn(self.clone().read_on(room));
        }
        state.listeners.entry(user).or_default().push(socket.clone());
        let rooms: Vec<RoomId> = rooms.into_keys().collect();
        opened(&identity, &rooms);
    }

    /// Forgets a socket that has no identity any more. It has left its delivery rooms by itself. `closed` runs after
    /// the `opened` of [`Delivery::enter`].
    pub(super) fn exit(&self, socket: &Socket<Session>, user: &UserId, closed: impl FnOnce()) {
        let mut state = self.state.lock();
        closed();
        state.held.forget(socket);
        if let Some(sockets) = state.listeners.get_mut(user) {
            sockets.retain(|other| other.id() != socket.id());
            if sockets.is_empty() {
                state.listeners.remove(user);
            }
        }
    }

    /// The sockets of a user.
    pub(super) fn sockets_of(&self, user: &UserId) -> Vec<Socket<Session>> {
        self.state.lock().listeners.get(user).cloned().unwrap_or_default()
    }

    /// Turns a room's delivery on for one socket of a member; false if something was told in it that the pass does not
    /// know, which may be that they are no member any more.
    pub(super) fn unmute(&self, socket: &Socket<Session>, pass: &permission::RoomPass) -> bool {
        let mut state = self.state.lock();
        if state.feeds.get(pass.room()).is_some_and(|feed| feed.delivered() > pass.state().head_seq) {
            return false;
        }
        let head = Head { epoch: Some(pass.state().epoch.clone()), seq: pass.state().head_seq };
        self.let_in(&mut state, socket, pass.room(), head);
        true
    }

    /// Turns a room's delivery off for one socket.
    pub(super) fn mute(&self, socket: &Socket<Session>, room: &RoomId) {
        let mut state = self.state.lock();
        state.held.leave(room, socket);
        digests::leave(socket, room);
    }

    /// Lets a socket hear a room behind a place: from now on, or where delivery is not there yet, from when it is.
    fn let_in(&self, state: &mut State, socket: &Socket<Session>, room: &RoomId, head: Head) {
        let place = head.seq;
        self.begin(state, room, head);
        if state.held.enter(room, socket) {
            return;
        }
        if state.feeds.get(room).is_some_and(|feed| feed.delivered() < place) {
            state.held.add_until(room.clone(), socket, place);
        } else {
            digests::join(socket, room);
        }
    }

    /// Lets the sockets of a member hear a room that was followed here already when the event came, or was read, that let
    /// them in; nothing may have been told in it behind `head`, up to which they are known to be a member. Whether so.
    pub(super) fn let_in_late(&self, user: &UserId, room: &RoomId, joined_seq: i64, head: i64) -> bool {
        let mut state = self.state.lock();
        let State { feeds, listeners, held, .. } = &mut *state;
        let Some(feed) = feeds.get(room).filter(|feed| feed.delivered() >= joined_seq) else { return true };
        if feed.delivered() > head {
            return false;
        }
        for socket in listeners.get(user).into_iter().flatten() {
            if !held.enter(room, socket) {
                digests::join(socket, room);
            }
        }
        true
    }

    /// A change in the stream of a user without a socket here.
    pub(super) fn note_unheard_stream(&self, user: &UserId, seq: i64) {
        self.state.lock().arrivals.note_unheard_stream(user, seq);
    }

    /// Begins to follow a room behind a place, unless that is done already.
    pub(super) fn begin(&self, state: &mut State, room: &RoomId, delivered: Head) {
        match state.feeds.entry(room.clone()) {
            Entry::Vacant(feed) => {
                state.arrivals.note_begun(room, delivered.seq);
                feed.insert(Feed::starting_after(delivered));
                self.kernel.nodes.hear_room(room);
            }
            Entry::Occupied(mut feed) => feed.get_mut().is_known_as(delivered.epoch),
        }
    }

    /// Runs `answer` if the socket hears all these rooms, and each of them was told as far as the client has come:
    /// then it has missed nothing, and nothing is told to it before `answer` has ended. Whether it did.
    pub(super) fn if_level(
        &self,
        socket: &Socket<Session>,
        positions: &[RoomPosition],
        answer: impl FnOnce(),
    ) -> bool {
        let state = self.state.lock();
        let is_level = |position: &RoomPosition| {
            let feed = state.feeds.get(&position.room_id);
            feed.is_some_and(|feed| feed.is_at(&position.epoch, position.seq))
                && socket.is_in(&room_name(&position.room_id))
        };
        let are_level = positions.iter().all(is_level);
        if are_level {
            answer();
        }
        are_level
    }

    /// Drops the feeds of rooms that nobody here hears any more.
    pub(super) fn tidy(&self) {
        let mut state = self.state.lock();
        let heard: HashSet<_> = self.namespace.rooms().into_iter().map(|(name, _)| name).collect();
        let State { feeds, held: waiting, .. } = &mut *state;
        // A room that its first hearer here is still on the way into is not looked at yet.
        let is_among_others = self.kernel.nodes.pace() != Pace::Alone;
        feeds.retain(|room, feed| {
            let is_heard = heard.contains(room_name(room).as_str())
                || waiting.contains(room)
                || (is_among_others && !feed.is_checked);
            if !is_heard {
                self.kernel.nodes.forget_room(room);
            }
            is_heard
        });
    }

    pub(super) fn deliver_ready(&self, state: &mut State, room: &RoomId) {
        while let Some(event) = state.feeds.get_mut(room).and_then(Feed::next) {
            self.deliver(state, &event);
        }
    }

    fn deliver(&self, state: &mut State, committed: &Committed) {
        let State { listeners, held, arrivals, .. } = state;
        // Also what was told to this node before somebody set out, and has waited for what was missing before it.
        arrivals.note(committed);
        let room = &committed.room;
        let name = room_name(room);
        if let Effect::Enter(users) = &committed.effect {
            for socket in users.iter().filter_map(|user| listeners.get(user)).flatten() {
                if !held.enter(room, socket) {
                    digests::join(socket, room);
                }
            }
        }
        match Frame::event(committed.event.name(), &[&committed.event]) {
            Ok(frame) => {
                let hearers = self.namespace.to(name.as_str()).local();
                let hidden_from = committed.hidden_from.iter().map(user_name);
                let told = hidden_from.fold(hearers, |hearers, user| hearers.except(user)).emit(&frame);
                held.hear(committed, &frame);
                metrics::histogram!("fireside_fanout_recipients").record(told as f64);
            }
            Err(error) => {
                tracing::error!(%error, %room, seq = committed.seq, "an event has no JSON form")
            }
        }
        match &committed.effect {
            Effect::Exit(user) => {
                for socket in listeners.get(user).into_iter().flatten() {
                    held.leave(room, socket);
                    digests::leave(socket, room);
                }
            }
            Effect::Close => {
                let digests = digest_name(room);
                self.namespace.to(digests.as_str()).local().leave([digests.as_str()]);
                self.namespace.to(name.as_str()).local().leave([name.as_str()]);
                held.close(room);
            }
            Effect::None | Effect::Enter(_) => {}
        }
        held.reached(room, committed.seq);
        self.kernel.relay.delivered(committed);
    }

    /// Whether anyone here hears the room, or begins to with this event.
    fn concerns(&self, state: &mut State, committed: &Committed) -> bool {
        if state.feeds.contains_key(&committed.room) {
            return true;
        }
        let begins = match &committed.effect {
            Effect::Enter(users) => users.iter().any(|user| state.listeners.contains_key(user)),
            _ => false,
        };
        if !begins {
            state.arrivals.note_unheard(&committed.room, committed.seq);
        } else {
            let before = Head { epoch: Some(committed.epoch.clone()), seq: committed.seq - 1 };
            self.begin(state, &committed.room, before);
        }
        begins
    }
}

/// The relay's end of delivery. Holds it weakly counted through the `Arc`, because filling outlives a call.
pub(super) struct Doorbell(pub(super) Arc<Delivery>);

impl Subscriber for Doorbell {
    fn committed(&self, events: &[Committed]) {
        let delivery = &self.0;
        let mut state = delivery.state.lock();
        let mut touched = HashSet::new();
        for event in events {
            state.arrivals.note(event);
            if !delivery.concerns(&mut state, event) {
                delivery.kernel.relay.unheard(event);
                continue;
            }
            let Some(feed) = state.feeds.get_mut(&event.room) else { continue };
            if feed.is_of_other_epoch(&event.epoch) {
                // Which of the two histories is true now is in the database.
                tokio::spawn(delivery.clone().read_on(event.room.clone()));
            } else {
                feed.offer(event.clone());
                touched.insert(event.room.clone());
            }
        }
        for room in touched {
            delivery.deliver_ready(&mut state, &room);
            let Some(feed) = state.feeds.get_mut(&room) else { continue };
            if feed.has_hole() && !feed.is_filling {
                feed.is_filling = true;
                tokio::spawn(delivery.clone().fill(room));
            }
        }
    }

    fn doubtful(&self, events: &[Committed]) {
        let mut state = self.0.state.lock();
        let concerning = events.iter().filter(|event| self.0.concerns(&mut state, event));
        let rooms: HashSet<RoomId> = concerning.map(|event| event.room.clone()).collect();
        for room in rooms {
            tokio::spawn(self.0.clone().read_on(room));
        }
    }

    fn look(&self, room: &RoomId) {
        if self.0.state.lock().feeds.contains_key(room) {
            tokio::spawn(self.0.clone().read_on(room.clone()));
        }
    }
}
