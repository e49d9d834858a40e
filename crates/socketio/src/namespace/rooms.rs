//! Who is in which room.
//!
//! Built for broadcasts: a room is a plain list of its members, and sending to it looks nothing up. What keeps
//! leaving cheap is that every socket knows its place in each of its rooms.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::Session;
use crate::engine::flusher::TURN;
use crate::engine::outbox::Queued;
use crate::frame::Frame;
use crate::id::Id;
use crate::namespace::adapter::Target;
use crate::socket::Inner;

/// One socket's place in one room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership {
    room: u32,
    position: u32,
}

struct Room<S> {
    name: Arc<str>,
    members: Vec<Arc<Inner<S>>>,
}

/// Takes the name of a room, and whether it is there now.
pub(crate) type RoomWatcher = Box<dyn Fn(&str, bool) + Send + Sync>;

/// All sockets and rooms of one namespace.
pub(crate) struct Table<S> {
    sockets: HashMap<Id, Arc<Inner<S>>>,
    names: HashMap<Arc<str>, u32>,
    rooms: Vec<Room<S>>,
    /// Places in `rooms` that are not used.
    free: Vec<u32>,
    /// Number of the current selection; sockets that were visited carry it.
    selection: u64,
    /// Told of every room that begins or ends.
    watcher: Option<RoomWatcher>,
    /// Sessions that a broadcast has to give to a flusher.
    marked: Vec<Arc<Session>>,
}

impl<S> Default for Table<S> {
    fn default() -> Self {
        Self {
            sockets: HashMap::new(),
            names: HashMap::new(),
            rooms: Vec::new(),
            free: Vec::new(),
            selection: 0,
            watcher: None,
            marked: Vec::new(),
        }
    }
}

impl<S> Table<S> {
    pub(crate) fn insert(&mut self, socket: &Arc<Inner<S>>) {
        self.sockets.insert(socket.id, Arc::clone(socket));
    }

    pub(crate) fn get(&self, id: &Id) -> Option<&Arc<Inner<S>>> {
        self.sockets.get(id)
    }

    pub(crate) fn sockets(&self) -> impl Iterator<Item = &Arc<Inner<S>>> {
        self.sockets.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Tells of every room that is there, and of every one that begins or ends from now on.
    pub(crate) fn watch(&mut self, watcher: RoomWatcher) {
        self.names.keys().for_each(|name| watcher(name, true));
        self.watcher = Some(watcher);
    }

    pub(crate) fn room_names(&self) -> impl Iterator<Item = (&Arc<str>, usize)> {
        self.names.iter().map(|(name, room)| (name, self.rooms[*room as usize].members.len()))
    }

    /// Takes a socket out of everything. False when it was not there.
    pub(crate) fn remove(&mut self, socket: &Inner<S>) -> bool {
        if self.sockets.remove(&socket.id).is_none() {
            return false;
        }
        let memberships = std::mem::take(&mut *socket.memberships.lock());
        for membership in memberships {
            self.vacate(membership);
        }
        true
    }

    /// Adds a socket to a room. False when it is gone, or was in the room already.
    pub(crate) fn join(&mut self, socket: &Arc<Inner<S>>, name: &str) -> bool {
        if !self.sockets.contains_key(&socket.id) || socket.id.as_str() == name {
            return false;
        }
        let known = self.names.get(name).copied();
        let mut memberships = socket.memberships.lock();
        if known.is_some_and(|room| memberships.iter().any(|membership| membership.room == room)) {
            return false;
        }
        let room = known.unwrap_or_else(|| self.create(name));
        let members = &mut self.rooms[room as usize].members;
        let position = u32::try_from(members.len()).expect("fewer sockets than 2^32 fit into memory");
        members.push(Arc::clone(socket));
        if memberships.len() == memberships.capacity() {
            // Most sockets are in few rooms, and there are many sockets.
            memberships.reserve_exact(4);
        }
        memberships.push(Membership { room, position });
        true
    }

    /// Takes a socket out of a room. False when it was not in it.
    pub(crate) fn leave(&mut self, socket: &Inner<S>, name: &str) -> bool {
        let Some(&room) = self.names.get(name) else { return false };
        let membership = {
            let mut memberships = socket.memberships.lock();
            let Some(index) = memberships.iter().position(|membership| membership.room == room) else {
                return false;
            };
            memberships.swap_remove(index)
        };
        self.vacate(membership);
        true
    }

    /// The names of the rooms that a socket is in.
    pub(crate) fn rooms_of(&self, socket: &Inner<S>) -> Vec<Arc<str>> {
        let memberships = socket.memberships.lock();
        memberships.iter().map(|membership| Arc::clone(&self.rooms[membership.room as usize].name)).collect()
    }

    pub(crate) fn is_in(&self, socket: &Inner<S>, name: &str) -> bool {
        let own = socket.id.as_str() == name && self.sockets.contains_key(&socket.id);
        let room = self.names.get(name);
        own || room.is_some_and(|room| socket.memberships.lock().iter().any(|place| place.room == *room))
    }

    fn create(&mut self, name: &str) -> u32 {
        let name: Arc<str> = name.into();
        let room = Room { name: Arc::clone(&name), members: Vec::new() };
        let index = match self.free.pop() {
            Some(index) => {
                self.rooms[index as usize] = room;
                index
            }
            None => {
                self.rooms.push(room);
                u32::try_from(self.rooms.len() - 1).expect("fewer rooms than 2^32 fit into memory")
            }
        };
        if let Some(watcher) = &self.watcher {
            watcher(&name, true);
        }
        self.names.insert(name, index);
        index
    }

    /// Fills the place of a member that has left with the room's last member.
    fn vacate(&mut self, membership: Membership) {
        let room = &mut self.rooms[membership.room as usize];
        let position = membership.position as usize;
        room.members.swap_remove(position);
        if let Some(moved) = room.members.get(position) {
            let mut memberships = moved.memberships.lock();
            if let Some(place) = memberships.iter_mut().find(|place| place.room == membership.room) {
                place.position = membership.position;
            }
        } else if room.members.is_empty() {
            self.names.remove(&room.name);
            if let Some(watcher) = &self.watcher {
                watcher(&room.name, false);
            }
            room.name = "".into();
            room.members = Vec::new();
            self.free.push(membership.room);
        }
    }

    /// Calls `visit` once for each socket of `target`.
    pub(crate) fn visit(&mut self, target: &Target<'_>, mut visit: impl FnMut(&Arc<Inner<S>>)) {
        if let ([only], []) = (&target.rooms[..], &target.except[..]) {
            // The common case needs no marks: nobody is in a room twice.
            let alone = Id::parse(only).and_then(|id| self.sockets.get(&id));
            let members = self.names.get(&**only).map_or(&[][..], |room| &self.rooms[*room as usize].members);
            members.iter().for_each(&mut visit);
            alone
                .filter(|alone| !members.iter().any(|member| Arc::ptr_eq(member, alone)))
                .into_iter()
                .for_each(visit);
            return;
        }
        self.selection += 1;
        let selection = self.selection;
        for name in &target.except {
            for member in self.members(name) {
                member.select(selection);
            }
        }
        let mut visit_once = |member: &Arc<Inner<S>>| {
            if member.select(selection) {
                visit(member);
            }
        };
        if target.rooms.is_empty() {
            self.sockets.values().for_each(visit_once);
            return;
        }
        for name in &target.rooms {
            self.members(name).for_each(&mut visit_once);
        }
    }

    fn members(&self, name: &str) -> impl Iterator<Item = &Arc<Inner<S>>> {
        let room = self.names.get(name).map(|room| &self.rooms[*room as usize]);
        let alone = Id::parse(name).and_then(|id| self.sockets.get(&id));
        room.into_iter().flat_map(|room| &room.members).chain(alone)
    }

    /// Sends an encoded event to `target`; returns how many sockets it was queued for.
    pub(crate) fn emit(&mut self, target: &Target<'_>, frame: &Frame, volatile: bool) -> usize {
        let mut marked = std::mem::take(&mut self.marked);
        let mut reached = 0;
        self.visit(target, |member| match member.session.enqueue(frame.encoded(), volatile) {
            Queued::NeedsFlush => {
                reached += 1;
                mark(&mut marked, &member.session);
            }
            Queued::Attended => reached += 1,
            Queued::Refused | Queued::Dropped | Queued::Overflow => {}
        });
        give(&mut marked);
        self.marked = marked;
        reached
    }
}

/// Notes a session for the flusher of its server.
#[inline]
fn mark(marked: &mut Vec<Arc<Session>>, session: &Arc<Session>) {
    // Members may belong to several servers, each with its own flusher.
    let others = marked.last().is_some_and(|last| !Arc::ptr_eq(&last.shared, &session.shared));
    if others || marked.len() == TURN {
        give(marked);
    }
    marked.push(Arc::clone(session));
}

/// Gives the noted sessions to their flusher.
fn give(marked: &mut Vec<Arc<Session>>) {
    if let Some(last) = marked.last() {
        Arc::clone(&last.shared.flusher).add_turn(marked);
    }
}
