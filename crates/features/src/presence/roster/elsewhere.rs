//! People on other nodes, and what the other nodes are told of the people here.

use std::sync::Arc;

use fireside_protocol::presence::{Presence, Status};
use fireside_protocol::{RoomId, Time, UserId};
use tokio::time::Instant;

use super::super::words::News;
use super::{Change, Person, Roster, Round};

impl Roster {
    /// From now on what happens here is kept for the other nodes.
    pub(crate) fn keep_news(&mut self) {
        self.keeps_news = true;
    }

    /// What has happened here since the last time.
    pub(crate) fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Everybody who is here, with their rooms.
    pub(crate) fn here(&self) -> Vec<(UserId, Vec<RoomId>)> {
        let here = self.people.iter().filter(|(_, person)| person.is_here());
        here.map(|(user, person)| (user.clone(), person.rooms.clone())).collect()
    }

    /// The node is about to stop: whoever loses their socket now is on the way to another one, and is not told
    /// to have gone. If they do not come, the node's lease runs out.
    pub(crate) fn hold_departures(&mut self) {
        self.holds_departures = true;
    }

    /// Takes news of another node.
    pub(crate) fn hear(&mut self, node: &Arc<str>, news: News, now: Instant) {
        match news {
            News::Came(user, rooms) => self.come(node, &user, &rooms, now),
            News::Entered(user, room) => self.seat_elsewhere(&room, &user, now),
            News::Exited(user, room) => self.unseat_person(&room, &user),
            News::Went(user, seen) => self.go(node, &user, seen, now),
        }
    }

    fn come(&mut self, node: &Arc<str>, user: &UserId, rooms: &[RoomId], now: Instant) {
        let person = self.people.entry(user.clone()).or_default();
        if !person.elsewhere.contains(node) {
            person.elsewhere.push(node.clone());
        }
        let (is_here, is_news) = (person.is_here(), !person.is_told && !person.is_queued);
        person.is_queued |= is_news;
        if is_news {
            self.note_waiting(now);
            self.arrived.push_back(user.clone());
        }
        // Of who is here this node knows best.
        if !is_here {
            self.set_rooms(user, rooms, now);
        }
    }

    fn go(&mut self, node: &Arc<str>, user: &UserId, seen: Time, now: Instant) {
        let Some(person) = self.people.get_mut(user) else { return };
        person.elsewhere.retain(|other| other != node);
        if !person.is_online() {
            self.note_waiting(now);
            self.gone.push_back((user.clone(), seen));
        }
    }

    /// People who have gone from their last node, which has waited for them already.
    pub(super) fn take_gone(&mut self, max: usize, round: &mut Round) {
        while round.changes.len() < max {
            let Some((user, seen)) = self.gone.pop_front() else { return };
            if self.people.get(&user).is_none_or(Person::is_online) {
                continue;
            }
            self.remove(&user, seen, round);
        }
    }

    /// Takes someone out who is nowhere any more, and has it told.
    pub(super) fn remove(&mut self, user: &UserId, seen: Time, round: &mut Round) {
        let Some(person) = self.people.remove(user) else { return };
        for room in &person.rooms {
            self.unseat(room, user);
        }
        round.seen.push((user.clone(), seen));
        if person.is_told || person.is_shown {
            let presence =
                Presence { user_id: user.clone(), status: Status::Offline, last_seen_at: Some(seen) };
            round.changes.push(Change { presence, rooms: person.rooms });
        }
    }
}

impl Person {
    /// Whether they have a socket here, or had one so shortly ago that they may come back unnoticed.
    pub(super) fn is_here(&self) -> bool {
        self.sockets > 0 || self.left.is_some()
    }

    /// Whether they are here or on another node.
    pub(super) fn is_online(&self) -> bool {
        self.is_here() || !self.elsewhere.is_empty()
    }
}
