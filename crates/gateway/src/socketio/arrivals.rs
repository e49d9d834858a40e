//! Sockets on their way in. Between the question what a socket will hear and the moment from which it hears it, its user
//! may enter and leave rooms, and what happens in a room that nobody else hears here is told to nobody: all of that is
//! noted here, as long as anybody is on their way, and put on top of the answer.

use std::collections::HashMap;

use fireside_kernel::relay::{Committed, Effect};
use fireside_kernel::user_changes::read::Head;
use fireside_protocol::{RoomId, UserId};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    last: u64,
    pending: HashMap<u64, Pending>,
    /// Newest events of rooms that nobody heard here.
    unheard: HashMap<RoomId, i64>,
    /// Newest changes in the streams of users who had no socket here.
    unheard_streams: HashMap<UserId, i64>,
    /// Where rooms began to be followed.
    begun: HashMap<RoomId, i64>,
}

#[derive(Debug)]
struct Pending {
    user: UserId,
    changes: Vec<Change>,
}

/// The user has entered or left a room, by the event of this place.
#[derive(Debug)]
struct Change {
    room: RoomId,
    seq: i64,
    enters: bool,
}

/// What a socket is to hear.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    /// Its rooms, and the places behind which it hears them.
    pub(super) rooms: HashMap<RoomId, Head>,
    /// Rooms in which something has happened since that nobody was told.
    pub(super) behind: Vec<RoomId>,
    /// Rooms that are followed here from a later place on than the answer knew: whether the user was taken out of one of
    /// them before that, nobody here can tell.
    pub(super) ahead: Vec<RoomId>,
}

impl Arrivals {
    /// Somebody is on their way; the number of their arrival.
    pub(super) fn expect(&mut self, user: &UserId) -> u64 {
        self.last += 1;
        self.pending.insert(self.last, Pending { user: user.clone(), changes: Vec::new() });
        self.last
    }

    /// Somebody does not come.
    pub(super) fn forget(&mut self, number: u64) {
        self.pending.remove(&number);
        if self.pending.is_empty() {
            *self = Arrivals { last: self.last, ..Arrivals::default() };
        }
    }

    /// Something was committed, or is delivered; the same again does not matter.
    pub(super) fn note(&mut self, committed: &Committed) {
        if committed.effect == Effect::None {
            return;
        }
        let (room, seq) = (&committed.room, committed.seq);
        for arrival in self.pending.values_mut() {
            let enters = match &committed.effect {
                Effect::Enter(users) if users.contains(&arrival.user) => true,
                Effect::Exit(user) if *user == arrival.user => false,
                Effect::Close => false,
                _ => continue,
            };
            arrival.changes.push(Change { room: room.clone(), seq, enters });
        }
    }

    /// It was told to nobody here, since nobody hears the room.
    pub(super) fn note_unheard(&mut self, room: &RoomId, seq: i64) {
        if !self.pending.is_empty() {
            let newest = self.unheard.entry(room.clone()).or_insert(seq);
            *newest = seq.max(*newest);
        }
    }

    /// A change in a user's stream was told to nobody here, since the user has no socket.
    pub(super) fn note_unheard_stream(&mut self, user: &UserId, seq: i64) {
        if self.pending.values().any(|arrival| arrival.user == *user) {
            let newest = self.unheard_streams.entry(user.clone()).or_insert(seq);
            *newest = seq.max(*newest);
        }
    }

    /// Whether a user's stream went on behind this place and nobody here was told.
    pub(super) fn is_stream_behind(&self, user: &UserId, seq: i64) -> bool {
        self.unheard_streams.get(user).is_some_and(|newest| *newest > seq)
    }

    /// A room is followed here from this place on.
    pub(super) fn note_begun(&mut self, room: &RoomId, seq: i64) {
        if !self.pending.is_empty() {
            self.begun.insert(room.clone(), seq);
        }
    }

    /// Somebody is there; `rooms` is the answer to what they hear.
    pub(super) fn arrived(&mut self, number: u64, rooms: Vec<(RoomId, Head)>) -> Arrived {
        let mut arrived = Arrived { rooms: rooms.into_iter().collect(), ..Arrived::default() };
        arrived.ahead = later(&self.begun, &arrived.rooms);
        let mut changes = self.pending.remove(&number).map(|arrival| arrival.changes).unwrap_or_default();
        // They are noted as they come, which after a hole is not their order.
        changes.sort_by_key(|change| change.seq);
        for Change { room, seq, enters } in changes {
            // The answer knew of it.
            if arrived.rooms.get(&room).is_some_and(|head| seq <= head.seq) {
                continue;
            }
            if enters {
                arrived.rooms.entry(room).or_insert(Head { epoch: None, seq });
            } else {
                arrived.rooms.remove(&room);
            }
        }
        arrived.behind = later(&self.unheard, &arrived.rooms);
        self.forget(number);
        arrived
    }
}

/// Those of the rooms for which a later place was noted.
fn later(noted: &HashMap<RoomId, i64>, rooms: &HashMap<RoomId, Head>) -> Vec<RoomId> {
    let is_later = |(room, head): &(&RoomId, &Head)| noted.get(*room).is_some_and(|noted| *noted > head.seq);
    rooms.iter().filter(is_later).map(|(room, _)| room.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::trusted(name)
    }

    fn room(name: &str) -> RoomId {
        RoomId::trusted(name)
    }

    fn answer(rooms: &[(&str, i64)]) -> Vec<(RoomId, Head)> {
        rooms.iter().map(|(name, seq)| (room(name), Head { epoch: None, seq: *seq })).collect()
    }

    fn change(name: &str, seq: i64, enters: bool) -> Change {
        Change { room: room(name), seq, enters }
    }

    fn noted(arrivals: &mut Arrivals, number: u64, changes: Vec<Change>) {
        arrivals.pending.get_mut(&number).expect("somebody on their way").changes.extend(changes);
    }

    #[test]
    fn what_happened_meanwhile_is_put_on_top_in_its_order() {
        let mut arrivals = Arrivals::default();
        let number = arrivals.expect(&user("ann"));
        // A hole was filled after what came behind it; and the answer knew of the first two.
        noted(&mut arrivals, number, vec![change("a", 12, true), change("a", 11, false)]);
        noted(
            &mut arrivals,
            number,
            vec![change("b", 4, false), change("b", 5, true), change("c", 7, false)],
        );
        let arrived = arrivals.arrived(number, answer(&[("a", 10), ("b", 5), ("c", 6)]));
        let mut rooms: Vec<_> = arrived.rooms.iter().map(|(room, head)| (room.as_str(), head.seq)).collect();
        rooms.sort_unstable();
        assert_eq!(rooms, [("a", 12), ("b", 5)]);
        assert!(arrived.behind.is_empty() && arrived.ahead.is_empty());
    }

    #[test]
    fn what_nobody_was_told_is_known_to_whoever_comes() {
        let mut arrivals = Arrivals::default();
        arrivals.note_unheard(&room("a"), 9);
        let number = arrivals.expect(&user("ann"));
        arrivals.note_unheard(&room("a"), 11);
        arrivals.note_unheard(&room("b"), 3);
        arrivals.note_begun(&room("c"), 8);
        arrivals.note_unheard_stream(&user("ann"), 2);
        arrivals.note_unheard_stream(&user("bob"), 2);
        assert!(arrivals.is_stream_behind(&user("ann"), 1) && !arrivals.is_stream_behind(&user("ann"), 2));
        assert!(!arrivals.is_stream_behind(&user("bob"), 1), "bob is not on his way");
        let arrived = arrivals.arrived(number, answer(&[("a", 10), ("b", 3), ("c", 7)]));
        assert_eq!((arrived.behind, arrived.ahead), (vec![room("a")], vec![room("c")]));
    }

    #[test]
    fn nothing_is_kept_when_nobody_is_on_their_way() {
        let mut arrivals = Arrivals::default();
        let (one, other) = (arrivals.expect(&user("ann")), arrivals.expect(&user("bob")));
        arrivals.note_unheard(&room("a"), 1);
        arrivals.forget(one);
        assert!(!arrivals.unheard.is_empty(), "bob may need it");
        arrivals.forget(other);
        arrivals.note_begun(&room("a"), 1);
        assert!(
            arrivals.unheard.is_empty() && arrivals.begun.is_empty() && arrivals.expect(&user("ann")) > other
        );
    }
}
