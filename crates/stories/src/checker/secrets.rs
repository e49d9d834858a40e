//! I12: no byte of a room reaches anybody who may not read it. Every message and every private room's name holds a
//! secret word; whoever received a word, or the id of a private room, must have been let in.

use std::collections::BTreeMap;

use super::history::{Action, Entry, History};
use super::truth::{Room, Truth};
use super::{Finding, Invariant};

/// Where a word belongs: the room, and the position from which on it can be known.
type Homes<'a> = BTreeMap<&'a str, (&'a str, i64)>;

pub(super) fn check(history: &History, truth: &Truth) -> Vec<Finding> {
    let homes = homes(history, truth);
    let mut findings = Vec::new();
    for heard in history.of_action(Action::Heard) {
        for word in &heard.secrets {
            let Some((room_id, seq)) = homes.get(word.as_str()) else { continue };
            let Some(room) = truth.rooms.get(*room_id) else { continue };
            if !may_know(room, &heard.user, *seq) {
                let what = format!("{} received {word} of room {room_id}, which is not for them", heard.user);
                findings.push(Finding::new(Invariant::I12NoLeak, what, &[heard]));
            }
        }
    }
    findings
}

/// Members read all that was said before they left, also what was said before they came.
fn may_know(room: &Room, user: &str, seq: i64) -> bool {
    room.memberships(user).iter().any(|(_, until)| seq <= *until)
}

fn homes<'a>(history: &'a History, truth: &'a Truth) -> Homes<'a> {
    let mut homes = Homes::new();
    for (id, room) in truth.rooms.iter().filter(|(_, room)| room.is_private) {
        homes.insert(id, (id, 0));
        homes.extend(room.canary.as_deref().map(|word| (word, (id.as_str(), 0))));
    }
    for (id, room) in &truth.rooms {
        for message in room.messages.values() {
            homes.extend(message.cmid.as_deref().map(|word| (word, (id.as_str(), message.seq))));
        }
    }
    // What was sent and is not stored is known to its sender, and to nobody else.
    for sent in history.of_action(Action::Send) {
        let Entry { cmid, room, .. } = sent;
        homes.entry(cmid).or_insert((room, 1));
    }
    homes
}
