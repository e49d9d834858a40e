//! How a round's changes become signals: few packets for a crowd, prompt ones for everyone else. Pure.

use std::collections::HashMap;

use fireside_kernel::relay::Audience;
use fireside_kernel::{Error, Result};
use fireside_protocol::presence::{Presence, PresenceSnapshot};
use fireside_protocol::{RoomId, Signal, UserId};

use super::roster::Change;

/// Most changes that the members of one room are told one by one in one round. When more come at once
/// (a network is cut, a thousand people come to an event), the room gets them in a single packet.
pub(super) const CROWD: usize = 50;
/// Most people one may ask about at once.
const ASKED_MAX: usize = 200;

/// The signals that tell a round's changes.
///
/// Someone's change goes as `presence:changed` to all the rooms they share with others, each socket told
/// once. Rooms in which more than [`CROWD`] people changed get one `presence:snapshot` with the rows that
/// changed instead: a thousand members who come and go cost each socket one packet a round, not a thousand.
/// A client takes the rows of a snapshot as news about these people, and about nobody else.
pub(super) fn plan(changes: Vec<Change>) -> Vec<(Audience, Signal)> {
    let mut counts: HashMap<RoomId, usize> = HashMap::new();
    for room in changes.iter().flat_map(|change| &change.rooms) {
        *counts.entry(room.clone()).or_default() += 1;
    }
    let mut crowds: HashMap<RoomId, Vec<Presence>> = HashMap::new();
    let mut signals = Vec::new();
    for Change { presence, rooms } in changes {
        let (crowded, calm): (Vec<_>, Vec<_>) = rooms.into_iter().partition(|room| counts[room] > CROWD);
        for room in crowded {
            crowds.entry(room).or_default().push(presence.clone());
        }
        if !calm.is_empty() {
            signals.push((Audience::Rooms(calm), Signal::PresenceChanged(presence)));
        }
    }
    let snapshot =
        |(room, users)| (Audience::Room(room), Signal::PresenceSnapshot(PresenceSnapshot { users }));
    signals.extend(crowds.into_iter().map(snapshot));
    signals
}

/// Refuses a question about too many people.
pub(super) fn check_asked(users: &[UserId]) -> Result<()> {
    match users.len() <= ASKED_MAX {
        true => Ok(()),
        false => Err(Error::validation("userIds", format!("at most {ASKED_MAX} users"))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use fireside_protocol::Time;

    use super::super::roster::online;
    use super::*;

    fn user(number: usize) -> UserId {
        UserId::trusted(format!("u{number}"))
    }

    fn room(name: &str) -> RoomId {
        RoomId::trusted(name)
    }

    fn change(number: usize, rooms: &[&str]) -> Change {
        let rooms = rooms.iter().copied().map(room).collect();
        Change { presence: online(&user(number), Time::from_micros(1)), rooms }
    }

    #[test]
    fn a_few_are_told_one_by_one_to_all_their_rooms() {
        let signals = plan(vec![change(1, &["a", "b"]), change(2, &["b"]), change(3, &[])]);
        let told: Vec<_> =
            signals.iter().map(|(audience, signal)| (audience.clone(), signal.name())).collect();
        let expected = [
            (Audience::Rooms(vec![room("a"), room("b")]), "presence:changed"),
            (Audience::Rooms(vec![room("b")]), "presence:changed"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_crowd_is_one_packet_and_its_calm_rooms_still_hear() {
        let mut changes: Vec<_> = (0..=CROWD).map(|number| change(number, &["hall"])).collect();
        changes[7].rooms.push(room("side"));
        let signals = plan(changes);
        let [(side, changed), (hall, snapshot)] = signals.as_slice() else { panic!("{signals:?}") };
        assert_eq!((side, changed.name()), (&Audience::Rooms(vec![room("side")]), "presence:changed"));
        assert_eq!(hall, &Audience::Room(room("hall")));
        let Signal::PresenceSnapshot(snapshot) = snapshot else { panic!("{snapshot:?}") };
        let told: HashSet<_> = snapshot.users.iter().map(|row| row.user_id.clone()).collect();
        assert_eq!(told, (0..=CROWD).map(user).collect());
    }

    #[test]
    fn questions_are_bounded() {
        let many: Vec<_> = (0..=ASKED_MAX).map(user).collect();
        assert!(check_asked(&many[1..]).is_ok());
        assert!(check_asked(&many).is_err());
    }
}
