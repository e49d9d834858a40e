//! Who is writing where, and where each was last seen to be a member. Pure: time is handed in.

use std::collections::HashMap;
use std::time::Duration;

use fireside_protocol::ids::RoomRef;
use fireside_protocol::typing::TypingUpdate;
use fireside_protocol::{RoomId, UserId};
use tokio::time::Instant;

/// How long one is taken to be writing after the last time one said so.
pub(super) const LASTS: Duration = Duration::from_secs(3);
/// Least time between two announcements that one person is writing in one room.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
/// How long a membership is believed without asking the database again.
pub(super) const BELIEVED: Duration = Duration::from_secs(5);
/// Rooms one can be writing in at once.
pub(super) const ROOMS_MAX: usize = 5;
/// Memberships remembered of one person: each room under its id and its slug, and a few to spare.
const KNOWN_MAX: usize = 16;

/// See the module.
#[derive(Default)]
pub(super) struct Board {
    people: HashMap<UserId, Typist>,
    exits: Exits,
}

/// How often someone has left any room. A membership that was looked up before a change of this number may
/// be over already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Exits(u64);

#[derive(Default)]
struct Typist {
    notes: Vec<Note>,
    known: Vec<Known>,
}

/// Someone is writing in a room, or has just been.
struct Note {
    room: RoomId,
    /// Until when they are writing; none for someone who has stopped.
    until: Option<Instant>,
    /// Whether the room was told that they are writing, and nothing since.
    is_shown: bool,
    /// When it was told so last.
    shown_at: Instant,
}

/// A membership, under a name that the client uses for the room.
struct Known {
    name: RoomRef,
    room: RoomId,
    until: Instant,
}

impl Board {
    /// The room that a client names, if its user was seen to be a member shortly ago; else what has to be
    /// handed to [`Board::admit`] when that has been looked up.
    pub(super) fn room(&self, user: &UserId, name: &RoomRef, now: Instant) -> Result<RoomId, Exits> {
        let known = self.people.get(user).into_iter().flat_map(|typist| &typist.known);
        let found = known.into_iter().find(|known| known.name == *name && known.until > now);
        found.map(|known| known.room.clone()).ok_or(self.exits)
    }

    /// Remembers that someone is a member, as looked up since `exits`. False if that may be over already.
    pub(super) fn admit(
        &mut self,
        user: &UserId,
        name: &RoomRef,
        room: &RoomId,
        exits: Exits,
        now: Instant,
    ) -> bool {
        if exits != self.exits {
            return false;
        }
        let known = &mut self.people.entry(user.clone()).or_default().known;
        known.retain(|known| known.name != *name && known.until > now);
        if known.len() == KNOWN_MAX {
            known.remove(0);
        }
        known.push(Known { name: name.clone(), room: room.clone(), until: now + BELIEVED });
        true
    }

    /// Someone, known to be a member, is writing. What the room is to be told.
    pub(super) fn start(&mut self, user: &UserId, room: &RoomId, now: Instant) -> Option<TypingUpdate> {
        let notes = &mut self.people.entry(user.clone()).or_default().notes;
        let until = Some(now + LASTS);
        if let Some(note) = notes.iter_mut().find(|note| note.room == *room) {
            note.until = until;
            return note.show(user, now);
        }
        if notes.len() == ROOMS_MAX {
            return None;
        }
        notes.push(Note { room: room.clone(), until, is_shown: true, shown_at: now });
        Some(update(user, room, true))
    }

    /// Someone has stopped writing in a room, which they name as they like. What the room is to be told.
    pub(super) fn stop(&mut self, user: &UserId, name: &RoomRef) -> Option<TypingUpdate> {
        let typist = self.people.get_mut(user)?;
        // A name that is no longer known was not used for a while; then the note ends by itself.
        let known = typist.known.iter().find(|known| known.name == *name).map(|known| known.room.as_str());
        let room = known.unwrap_or(name.as_str());
        typist.notes.iter_mut().find(|note| note.room.as_str() == room)?.stop(user)
    }

    /// Someone's message has arrived.
    pub(super) fn said(&mut self, user: &UserId, room: &RoomId) -> Option<TypingUpdate> {
        let typist = self.people.get_mut(user)?;
        typist.notes.iter_mut().find(|note| note.room == *room)?.stop(user)
    }

    /// Someone has closed a connection, and writes nowhere until they say so again.
    pub(super) fn quiet(&mut self, user: &UserId) -> Vec<TypingUpdate> {
        let notes = self.people.get_mut(user).into_iter().flat_map(|typist| &mut typist.notes);
        notes.filter_map(|note| note.stop(user)).collect()
    }

    /// Someone is a member no more.
    pub(super) fn exit(&mut self, user: &UserId, room: &RoomId) -> Option<TypingUpdate> {
        self.exits.0 += 1;
        let told = self.said(user, room);
        if let Some(typist) = self.people.get_mut(user) {
            typist.forget(room);
        }
        told
    }

    /// A room is gone, and nobody left to be told.
    pub(super) fn close_room(&mut self, room: &RoomId) {
        self.exits.0 += 1;
        for typist in self.people.values_mut() {
            typist.forget(room);
        }
    }

    /// Ends what has lasted long enough, shows what had to wait, and forgets what is over. What the rooms
    /// are to be told.
    pub(super) fn sweep(&mut self, now: Instant) -> Vec<TypingUpdate> {
        let mut told = Vec::new();
        self.people.retain(|user, typist| {
            for note in &mut typist.notes {
                told.extend(match note.until {
                    Some(until) if until <= now => note.stop(user),
                    Some(_) => note.show(user, now),
                    None => None,
                });
            }
            typist.notes.retain(|note| note.until.is_some() || now < note.shown_at + PAUSE);
            typist.known.retain(|known| known.until > now);
            !typist.notes.is_empty() || !typist.known.is_empty()
        });
        told
    }

    /// Whether there is nothing to sweep.
    pub(super) fn is_empty(&self) -> bool {
        self.people.is_empty()
    }
}

impl Typist {
    fn forget(&mut self, room: &RoomId) {
        self.notes.retain(|note| note.room != *room);
        self.known.retain(|known| known.room != *room);
    }
}

impl Note {
    /// Announces it, unless that was done or it was done too shortly ago; then the sweep does it later.
    fn show(&mut self, user: &UserId, now: Instant) -> Option<TypingUpdate> {
        if self.is_shown || now < self.shown_at + PAUSE {
            return None;
        }
        self.is_shown = true;
        self.shown_at = now;
        Some(update(user, &self.room, true))
    }

    /// Ends it. The note itself stays a little, to keep the pause.
    fn stop(&mut self, user: &UserId) -> Option<TypingUpdate> {
        self.until = None;
        std::mem::take(&mut self.is_shown).then(|| update(user, &self.room, false))
    }
}

fn update(user: &UserId, room: &RoomId, is_typing: bool) -> TypingUpdate {
    TypingUpdate { room_id: room.clone(), user_id: user.clone(), is_typing }
}

#[cfg(test)]
mod tests;
