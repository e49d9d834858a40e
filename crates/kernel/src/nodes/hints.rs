//! What travels between nodes on the topics of rooms and users, as JSON.
//!
//! An event travels as clients get it, with its place and what it does to who hears the room; whatever is
//! taken from a hint goes the way of what was committed here, so places decide what becomes of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use fireside_protocol::user_changes::UserChange;
use fireside_protocol::{Event, RoomId, Signal, UserId};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::relay::{Committed, Effect};
use crate::user_changes::Changed;

/// Of a room.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum RoomHint {
    /// These were committed, in this order.
    Events {
        /// The room's epoch.
        epoch: Arc<str>,
        /// The events.
        events: Vec<Told>,
    },
    /// Something may have been committed; the log tells.
    Look,
    /// Something of the moment, for whoever hears the room.
    Signal(Passed),
}

/// Of one user.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum UserHint {
    /// These were committed in their own stream.
    Changes {
        /// The stream's epoch.
        epoch: Arc<str>,
        /// The changes.
        changes: Vec<UserChange>,
    },
    /// Something of the moment, for their sockets.
    Signal(Passed),
}

/// An event with its place.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    seq: i64,
    actor: UserId,
    name: Cow<'static, str>,
    payload: Box<RawValue>,
    effect: Effect,
}

/// A signal as it leaves for clients: nobody on the way looks into it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Passed {
    /// Its name on the wire.
    pub name: Cow<'static, str>,
    /// Its payload.
    pub payload: Box<RawValue>,
}

impl Passed {
    /// A signal of this node's own.
    pub(crate) fn new(signal: &Signal) -> Option<Passed> {
        Some(Passed { name: signal.name().into(), payload: to_raw_value(signal).ok()? })
    }
}

/// The hints of what was committed, one for each room.
pub(crate) fn of_rooms(events: &[Committed]) -> Vec<(RoomId, RoomHint)> {
    let mut rooms: BTreeMap<(&RoomId, &Arc<str>), Vec<Told>> = BTreeMap::new();
    for event in events {
        let told = match to_raw_value(&event.event) {
            Ok(payload) => Told {
                seq: event.seq,
                actor: event.actor.clone(),
                name: event.event.name().into(),
                payload,
                effect: event.effect.clone(),
            },
            // Delivery says so loudly.
            Err(_) => continue,
        };
        rooms.entry((&event.room, &event.epoch)).or_default().push(told);
    }
    let hint = |((room, epoch), events): ((&RoomId, &Arc<str>), _)| {
        (room.clone(), RoomHint::Events { epoch: epoch.clone(), events })
    };
    rooms.into_iter().map(hint).collect()
}

/// The hints of what was committed in users' own streams, one for each.
pub(crate) fn of_users(changes: &[Changed]) -> Vec<(UserId, UserHint)> {
    let mut users: BTreeMap<(&UserId, &Arc<str>), Vec<UserChange>> = BTreeMap::new();
    for change in changes {
        users.entry((&change.user, &change.epoch)).or_default().push(change.change.clone());
    }
    let hint = |((user, epoch), changes): ((&UserId, &Arc<str>), _)| {
        (user.clone(), UserHint::Changes { epoch: epoch.clone(), changes })
    };
    users.into_iter().map(hint).collect()
}

impl Told {
    /// As it was committed; none from a node whose version knows other events: then the log is read.
    pub(crate) fn into_committed(self, room: &RoomId, epoch: &Arc<str>) -> Option<Committed> {
        let event = Event::read(&self.name, self.payload.get()).ok()?;
        let (room, epoch) = (room.clone(), epoch.clone());
        let (seq, actor, effect) = (self.seq, self.actor, self.effect);
        Some(Committed { room, epoch, seq, actor, event, effect, hidden_from: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use fireside_protocol::rooms::RoomDeleted;

    use super::*;

    fn committed(room: &str, seq: i64) -> Committed {
        let room = RoomId::trusted(room);
        let event = Event::RoomDeleted(RoomDeleted { room_id: room.clone(), seq, epoch: "e".into() });
        Committed {
            room,
            epoch: "e".into(),
            seq,
            actor: UserId::trusted("u"),
            event,
            effect: Effect::Enter(vec![UserId::trusted("v")]),
            hidden_from: Vec::new(),
        }
    }

    #[test]
    fn what_is_hinted_comes_out_as_it_was_committed() {
        let hints = of_rooms(&[committed("a", 1), committed("b", 7), committed("a", 2)]);
        assert_eq!(hints.len(), 2, "one for each room");
        let json = serde_json::to_string(&hints[0].1).expect("it has a JSON form");
        let RoomHint::Events { epoch, events } = serde_json::from_str(&json).expect("it reads back") else {
            panic!("{json}")
        };
        let room = RoomId::trusted("a");
        let events: Vec<_> =
            events.into_iter().filter_map(|told| told.into_committed(&room, &epoch)).collect();
        assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(events[0].effect, Effect::Enter(vec![UserId::trusted("v")]));
        assert_eq!(events[0].event.name(), "room:deleted");
    }
}
