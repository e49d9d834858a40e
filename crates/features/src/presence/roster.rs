//! Who is online: people, how many sockets each has here, on which other nodes they are, and the rooms they hear.
//! Pure: time is handed in.
//!
//! Nothing is told when it happens. Arrivals and departures wait for the next round, which takes a bounded
//! number of them.

mod elsewhere;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fireside_kernel::connections::Ending;
use fireside_protocol::presence::{Presence, Status};
use fireside_protocol::{RoomId, Time, UserId};
use tokio::time::Instant;

use super::words::News;

/// How long someone without a socket still counts as online, so that a reconnect goes unnoticed (G7).
pub(super) const GRACE: Duration = Duration::from_secs(5);
/// Least time between two rounds: nobody's presence is told more often than this.
pub(super) const ROUND: Duration = Duration::from_secs(1);
/// How long the first change after a quiet time waits for company.
pub(super) const GATHER: Duration = Duration::from_millis(100);
/// Most people who may wait to be shown to a room they have just entered; more are only seen by who asks.
const ENTERED_MAX: usize = 10_000;

/// See the module.
#[derive(Default)]
pub(super) struct Roster {
    people: HashMap<UserId, Person>,
    rooms: HashMap<RoomId, HashSet<UserId>>,
    /// Online, and nobody has been told yet.
    arrived: VecDeque<UserId>,
    /// Online and known to be, but not yet in this room.
    entered: VecDeque<(RoomId, UserId)>,
    /// Without a socket, by when that happened.
    leaving: VecDeque<(Instant, UserId)>,
    /// New sockets, to be told who else is here.
    newcomers: VecDeque<(String, UserId)>,
    /// Since when something waits for a round, if anything does, departures aside.
    waiting_since: Option<Instant>,
    last_round: Option<Instant>,
    /// Gone from the last of the other nodes they were on, and when they were last seen.
    gone: VecDeque<(UserId, Time)>,
    /// What the other nodes have not been told yet of the people here.
    news: Vec<News>,
    keeps_news: bool,
    holds_departures: bool,
}

#[derive(Default)]
struct Person {
    sockets: u32,
    /// The other nodes on which they have a socket.
    elsewhere: Vec<Arc<str>>,
    rooms: Vec<RoomId>,
    /// When the last socket closed; none while there is one.
    left: Option<Left>,
    /// Whether others were told that they are online.
    is_told: bool,
    /// Whether anybody may have been shown that they are online, without being told: by a snapshot, or by an
    /// answer. Whoever was shown has to be told when they go, or they would stay online for ever there.
    is_shown: bool,
    /// Whether they stand in `arrived`.
    is_queued: bool,
}

struct Left {
    since: Instant,
    seen: Time,
}

/// Someone's presence has changed, for these rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) presence: Presence,
    pub(super) rooms: Vec<RoomId>,
}

/// What a round takes from the roster.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Round {
    /// To be told.
    pub(super) changes: Vec<Change>,
    /// To be written down.
    pub(super) seen: Vec<(UserId, Time)>,
}

/// The presence of someone who is online.
pub(super) fn online(user: &UserId, at: Time) -> Presence {
    Presence { user_id: user.clone(), status: Status::Online, last_seen_at: Some(at) }
}

impl Roster {
    /// A socket has come, and hears these rooms: all that its user is a member of.
    pub(super) fn open(&mut self, socket: &str, user: &UserId, rooms: &[RoomId], now: Instant) {
        let person = self.people.entry(user.clone()).or_default();
        let is_new_here = !person.is_here();
        person.sockets += 1;
        person.left = None;
        let is_news = !person.is_told && !person.is_queued;
        person.is_queued |= is_news;
        self.note_waiting(now);
        if is_news {
            self.arrived.push_back(user.clone());
        }
        self.newcomers.push_back((socket.to_owned(), user.clone()));
        let entered = self.set_rooms(user, rooms, now);
        if is_new_here {
            self.note(|| News::Came(user.clone(), rooms.to_vec()));
        } else {
            entered.into_iter().for_each(|room| self.note(|| News::Entered(user.clone(), room)));
        }
    }

    /// Keeps what has happened here for the other nodes, if there are any.
    fn note(&mut self, news: impl FnOnce() -> News) {
        if self.keeps_news {
            self.news.push(news());
        }
    }

    /// A socket is gone.
    pub(super) fn close(&mut self, user: &UserId, ending: Ending, now: Instant, at: Time) {
        let Some(person) = self.people.get_mut(user) else { return };
        person.sockets = person.sockets.saturating_sub(1);
        if person.sockets == 0 && person.left.is_none() {
            // Whoever vanished has been away for longer than the grace already, and is due before the others.
            let vanished = now.checked_sub(GRACE).filter(|_| ending == Ending::Vanished);
            let since = vanished.unwrap_or(now);
            person.left = Some(Left { since, seen: at });
            match vanished {
                Some(_) => self.leaving.push_front((since, user.clone())),
                None => self.leaving.push_back((since, user.clone())),
            }
        }
    }

    /// Someone has become a member. Of who is on other nodes only, those tell.
    pub(super) fn enter(&mut self, room: &RoomId, user: &UserId, now: Instant) {
        if self.people.get(user).is_some_and(Person::is_here) {
            self.note(|| News::Entered(user.clone(), room.clone()));
            self.seat_elsewhere(room, user, now);
        }
    }

    /// Seats someone, wherever they are, in a room that is to be shown them.
    fn seat_elsewhere(&mut self, room: &RoomId, user: &UserId, now: Instant) {
        let is_new = self.people.get(user).is_some_and(|person| !person.rooms.contains(room));
        if !is_new {
            return;
        }
        self.seat(room, user);
        let is_told = self.people.get(user).is_some_and(|person| person.is_told);
        if is_told && self.entered.len() < ENTERED_MAX {
            self.note_waiting(now);
            self.entered.push_back((room.clone(), user.clone()));
        }
    }

    /// Someone is a member no more.
    pub(super) fn exit(&mut self, room: &RoomId, user: &UserId) {
        if self.people.get(user).is_some_and(Person::is_here) {
            self.note(|| News::Exited(user.clone(), room.clone()));
        }
        self.unseat_person(room, user);
    }

    fn unseat_person(&mut self, room: &RoomId, user: &UserId) {
        if let Some(person) = self.people.get_mut(user) {
            person.rooms.retain(|other| other != room);
        }
        self.unseat(room, user);
    }

    /// A room is gone.
    pub(super) fn close_room(&mut self, room: &RoomId) {
        for user in self.rooms.remove(room).unwrap_or_default() {
            if let Some(person) = self.people.get_mut(&user) {
                person.rooms.retain(|other| other != room);
            }
        }
    }

    /// How many are online.
    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// How many new sockets wait to be greeted.
    pub(super) fn newcomers(&self) -> usize {
        self.newcomers.len()
    }

    /// Whether someone is online: with a socket, or gone so shortly that they may come back unnoticed. To be
    /// asked for an answer that somebody sees.
    pub(super) fn is_online(&mut self, user: &UserId) -> bool {
        let person = self.people.get_mut(user);
        person.map(|person| person.is_shown = true).is_some()
    }

    /// Whether both are online and hear a common room.
    pub(super) fn shares_room(&self, one: &UserId, other: &UserId) -> bool {
        let Some(person) = self.people.get(one) else { return false };
        person.rooms.iter().filter_map(|room| self.rooms.get(room)).any(|people| people.contains(other))
    }

    /// Who of a room is online; at most `max`. To be asked for an answer that somebody sees.
    pub(super) fn in_room(&mut self, room: &RoomId, max: usize) -> Vec<UserId> {
        let here: Vec<UserId> = self.rooms.get(room).into_iter().flatten().take(max).cloned().collect();
        self.show(&here);
        here
    }

    /// Everyone who is online here.
    pub(super) fn everyone(&self) -> Vec<UserId> {
        let here = self.people.iter().filter(|(_, person)| person.is_here());
        here.map(|(user, _)| user.clone()).collect()
    }

    /// When the next round is to be; none while nothing is going on.
    pub(super) fn next_round(&self) -> Option<Instant> {
        let gathered = self.waiting_since.filter(|_| !self.is_idle()).map(|since| since + GATHER);
        let departure = self.leaving.front().filter(|_| !self.holds_departures);
        let departure = departure.map(|(since, _)| *since + GRACE);
        let wanted = [gathered, departure].into_iter().flatten().min()?;
        Some(self.last_round.map_or(wanted, |last| wanted.max(last + ROUND)))
    }

    /// Takes at most `max` changes: departures first, because a ghost misleads more than a late arrival.
    pub(super) fn round(&mut self, now: Instant, at: Time, max: usize) -> Round {
        self.last_round = Some(now);
        let mut round = Round::default();
        self.take_departures(now, max, &mut round);
        self.take_gone(max, &mut round);
        self.take_arrivals(at, max, &mut round);
        self.take_entered(at, max, &mut round);
        round
    }

    /// The next new socket, and who shares a room with its user; at most `max` people.
    pub(super) fn greet(&mut self, at: Time, max: usize) -> Option<(String, Vec<Presence>)> {
        loop {
            let (socket, user) = self.newcomers.pop_front()?;
            let Some(person) = self.people.get(&user).filter(|person| person.sockets > 0) else { continue };
            let mut company = HashSet::new();
            for other in person.rooms.iter().filter_map(|room| self.rooms.get(room)).flatten() {
                if company.len() == max {
                    break;
                }
                if *other != user {
                    company.insert(other);
                }
            }
            let company: Vec<UserId> = company.into_iter().cloned().collect();
            self.show(&company);
            return Some((socket, company.iter().map(|user| online(user, at)).collect()));
        }
    }

    /// Notes that somebody sees that these are online.
    fn show(&mut self, users: &[UserId]) {
        for user in users {
            if let Some(person) = self.people.get_mut(user) {
                person.is_shown = true;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.arrived.is_empty()
            && self.entered.is_empty()
            && self.newcomers.is_empty()
            && self.gone.is_empty()
    }

    /// To be called before something is queued.
    fn note_waiting(&mut self, now: Instant) {
        if self.is_idle() {
            self.waiting_since = Some(now);
        }
    }

    fn take_departures(&mut self, now: Instant, max: usize, round: &mut Round) {
        while round.changes.len() < max && !self.holds_departures {
            let Some((since, user)) = self.leaving.pop_front_if(|(since, _)| *since + GRACE <= now) else {
                return;
            };
            // Whoever came back in between and left again stands further back in the queue once more.
            let is_due = |person: &Person| person.left.as_ref().is_some_and(|left| left.since == since);
            if !self.people.get(&user).is_some_and(is_due) {
                continue;
            }
            let Some(left) = self.people.get_mut(&user).and_then(|person| person.left.take()) else {
                continue;
            };
            self.note(|| News::Went(user.clone(), left.seen));
            if !self.people.get(&user).is_some_and(Person::is_online) {
                self.remove(&user, left.seen, round);
            }
        }
    }

    fn take_arrivals(&mut self, at: Time, max: usize, round: &mut Round) {
        while round.changes.len() < max {
            let Some(user) = self.arrived.pop_front() else { return };
            let Some(person) = self.people.get_mut(&user) else { continue };
            person.is_queued = false;
            // Whoever is gone again by now is not announced only to be taken back.
            if !person.is_told && (person.sockets > 0 || !person.elsewhere.is_empty()) {
                person.is_told = true;
                let rooms = person.rooms.clone();
                round.changes.push(Change { presence: online(&user, at), rooms });
            }
        }
    }

    fn take_entered(&mut self, at: Time, max: usize, round: &mut Round) {
        while round.changes.len() < max {
            let Some((room, user)) = self.entered.pop_front() else { return };
            if self.people.get(&user).is_some_and(|person| person.rooms.contains(&room)) {
                round.changes.push(Change { presence: online(&user, at), rooms: vec![room] });
            }
        }
    }

    /// Sets the rooms of someone to what the database says, and gives those that are new. Who was told to be online
    /// may have entered them while they had no socket to hear it by: they have yet to be shown there.
    fn set_rooms(&mut self, user: &UserId, rooms: &[RoomId], now: Instant) -> Vec<RoomId> {
        let Some(person) = self.people.get_mut(user) else { return Vec::new() };
        let is_told = person.is_told;
        let had: HashSet<RoomId> = std::mem::take(&mut person.rooms).into_iter().collect();
        person.rooms.reserve_exact(rooms.len());
        for room in &had {
            self.unseat(room, user);
        }
        for room in rooms {
            self.seat(room, user);
        }
        let new: Vec<RoomId> = rooms.iter().filter(|room| !had.contains(*room)).cloned().collect();
        if is_told && !new.is_empty() {
            self.note_waiting(now);
            let space = ENTERED_MAX.saturating_sub(self.entered.len());
            self.entered.extend(new.iter().take(space).map(|room| (room.clone(), user.clone())));
        }
        new
    }

    /// Puts someone who is here into a room. Room and person keep the ids that the maps have already, so
    /// that there is one text of each id however often it was read from the database.
    fn seat(&mut self, room: &RoomId, user: &UserId) {
        let Some((known, _)) = self.people.get_key_value(user) else { return };
        let known = known.clone();
        let seats = self.rooms.entry(room.clone());
        let room = seats.key().clone();
        if seats.or_default().insert(known)
            && let Some(person) = self.people.get_mut(user)
        {
            person.rooms.push(room);
        }
    }

    fn unseat(&mut self, room: &RoomId, user: &UserId) {
        if let Entry::Occupied(mut people) = self.rooms.entry(room.clone()) {
            people.get_mut().remove(user);
            if people.get().is_empty() {
                people.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests;
