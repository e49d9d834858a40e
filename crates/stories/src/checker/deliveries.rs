//! What people were told against what is stored: I2, I9, I10, I13, I16.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{Action, Entry, History, Kind, hash};
use super::truth::{Room, Truth};
use super::{Finding, Invariant};

pub(super) fn check(history: &History, truth: &Truth) -> Vec<Finding> {
    let mut findings = phantoms(history, truth);
    findings.extend(sequence(history, truth));
    findings.extend(membership(history, truth));
    findings.extend(completeness(history, truth));
    findings.extend(state(history, truth));
    findings
}

fn told(history: &History) -> impl Iterator<Item = (&Entry, i64)> {
    history.of_action(Action::Deliver).filter_map(|entry| Some((entry, entry.seq?)))
}

/// I2: what was told is what stands there.
fn phantoms(history: &History, truth: &Truth) -> Vec<Finding> {
    let texts = texts(history);
    let mut findings = Vec::new();
    for (entry, seq) in told(history) {
        let room = truth.rooms.get(&entry.room);
        let stored = room.and_then(|room| room.at(seq));
        let what = match (room, stored) {
            (None, _) | (_, None) => {
                format!("{} was told of {seq} in {}, which is not stored", entry.p, entry.room)
            }
            (Some(room), _) if room.epoch != entry.epoch => {
                format!("{} was told of epoch {}, the room has {}", entry.p, entry.epoch, room.epoch)
            }
            (Some(_), Some(stored)) if !is_same(entry, &stored.kind, stored.message.as_deref()) => {
                format!("{} was told {} at {seq}, where {stored:?} is stored", entry.p, entry.event)
            }
            _ if !is_known_text(entry, &texts) => {
                format!("{} was told a text of {} that nobody wrote", entry.p, entry.id)
            }
            _ => continue,
        };
        findings.push(Finding::new(Invariant::I2NoPhantom, what, &[entry]));
    }
    findings
}

fn is_same(told: &Entry, kind: &str, message: Option<&str>) -> bool {
    told.event == kind && message.unwrap_or_default() == told.id
}

/// Digests of everything that was ever written into a message, by the message's name and by its id.
fn texts(history: &History) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut texts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for entry in history.of_action(Action::Send).filter(|entry| entry.kind == Kind::Invoke) {
        texts.entry(&entry.cmid).or_default().insert(&entry.hash);
    }
    for entry in history.of_action(Action::Edit).filter(|entry| entry.kind == Kind::Invoke) {
        texts.entry(&entry.id).or_default().insert(&entry.hash);
    }
    texts
}

/// What others write, who are not in the history, is not known here.
fn is_known_text(told: &Entry, texts: &BTreeMap<&str, BTreeSet<&str>>) -> bool {
    let mut written =
        [&told.cmid, &told.id].into_iter().filter_map(|name| texts.get(name.as_str())).peekable();
    let is_silent = told.hash.is_empty() || told.hash == hash("");
    is_silent || written.peek().is_none() || written.any(|texts| texts.contains(told.hash.as_str()))
}

/// I9: on one socket a room's positions come one after the other; a resume moves to its head, coming back into a
/// room to the position of coming back.
fn sequence(history: &History, truth: &Truth) -> Vec<Finding> {
    let mut last: BTreeMap<(&str, &str), (i64, &Entry)> = BTreeMap::new();
    let mut findings = Vec::new();
    for entry in history.entries.iter().filter(|entry| !entry.resumed) {
        let key = (entry.p.as_str(), entry.room.as_str());
        match (entry.f, entry.kind) {
            (Action::Resume, Kind::Ok) if entry.recovered == Some(true) => {
                last.extend(entry.head.map(|head| (key, (head, entry))));
            }
            (Action::Resync, _) => drop(last.remove(&key)),
            (Action::Deliver, _) => {
                let Some(seq) = entry.seq else { continue };
                let Some((before, earlier)) = last.insert(key, (seq, entry)) else { continue };
                let comes_back = truth.rooms.get(&entry.room).is_some_and(|room| {
                    let spans = room.memberships(&entry.user);
                    spans.iter().any(|(from, _)| *from == seq) && spans.iter().any(|(_, to)| *to == before)
                });
                if seq != before + 1 && !comes_back {
                    let how = match seq.cmp(&(before + 1)) {
                        _ if seq == before => "a repeat",
                        std::cmp::Ordering::Less => "a step back",
                        _ => "a skip",
                    };
                    let what = format!("{} heard {seq} after {before} in {}: {how}", entry.p, entry.room);
                    findings.push(Finding::new(Invariant::I9NoSkip, what, &[earlier, entry]));
                }
            }
            _ => {}
        }
    }
    findings
}

/// I13: live events only while one is a member; from a resume or a page nothing later than one's leaving.
fn membership(history: &History, truth: &Truth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (entry, seq) in told(history) {
        let Some(room) = truth.rooms.get(&entry.room) else { continue };
        let spans = room.memberships(&entry.user);
        let may_hear = |(from, to): &(i64, i64)| seq <= *to && (entry.resumed || seq >= *from);
        if !spans.iter().any(may_hear) {
            let what =
                format!("{} was told of {seq} in {}, and was a member in {spans:?}", entry.user, entry.room);
            findings.push(Finding::new(Invariant::I13MembershipExact, what, &[entry]));
        }
    }
    findings
}

/// The device behind a connection: what it learned on one, it knows on the next.
fn device(entry: &Entry) -> &str {
    entry.p.split('#').next().unwrap_or_default()
}

/// I10: devices that are connected when everything has come to rest know each position since they were let in.
fn completeness(history: &History, truth: &Truth) -> Vec<Finding> {
    let Some(rest) = history.of_action(Action::Rest).last() else { return Vec::new() };
    let mut open: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in history.entries.iter().filter(|entry| entry.t <= rest.t) {
        match (entry.f, entry.kind) {
            (Action::Connect, Kind::Ok) => drop(open.insert(&entry.p, entry)),
            (Action::Disconnect, _) => drop(open.remove(entry.p.as_str())),
            _ => {}
        }
    }
    let devices: BTreeMap<&str, &Entry> = open.into_values().map(|entry| (device(entry), entry)).collect();
    let mut findings = Vec::new();
    for (id, room) in &truth.rooms {
        for (name, connected) in &devices {
            let current = room.memberships(&connected.user).into_iter().find(|(_, until)| *until == i64::MAX);
            let Some((since, _)) = current else { continue };
            let known = known(history, name, id);
            let missing: Vec<i64> = (since..=room.head).filter(|seq| !known.contains(seq)).collect();
            if let Some(first) = missing.first() {
                let what = format!(
                    "{name} is connected and never learned of {} of {} events of {id}, beginning with {first} {:?}",
                    missing.len(),
                    room.head - since + 1,
                    room.at(*first)
                );
                findings.push(Finding::new(Invariant::I10Complete, what, &[connected]));
            }
        }
    }
    findings
}

/// Positions of a room that a device has heard, or was answered up to.
fn known(history: &History, name: &str, room: &str) -> BTreeSet<i64> {
    let mut known = BTreeSet::new();
    for entry in history.entries.iter().filter(|entry| entry.room == room && device(entry) == name) {
        match (entry.f, entry.kind) {
            (Action::Deliver, _) => known.extend(entry.seq),
            (Action::Resume, Kind::Ok) if entry.recovered == Some(true) => {
                known.extend(entry.seq.unwrap_or(0) + 1..=entry.head.unwrap_or(0));
            }
            (Action::Page, Kind::Ok) => known.extend(entry.seq.unwrap_or(0) + 1..=entry.head.unwrap_or(0)),
            _ => {}
        }
    }
    known
}

/// I16: the newest copy of a message that a device was told is what is stored, if nothing newer is.
fn state(history: &History, truth: &Truth) -> Vec<Finding> {
    let mut newest: BTreeMap<(&str, &str, &str), (&Entry, i64)> = BTreeMap::new();
    for (entry, seq) in told(history).filter(|(entry, _)| !entry.id.is_empty()) {
        let rev = entry.rev.unwrap_or(seq);
        let key = (device(entry), entry.room.as_str(), entry.id.as_str());
        let kept = newest.entry(key).or_insert((entry, rev));
        if rev >= kept.1 {
            *kept = (entry, rev);
        }
    }
    let mut findings = Vec::new();
    for ((name, room, id), (entry, rev)) in newest {
        let Some(message) = truth.rooms.get(room).and_then(|room: &Room| room.messages.get(id)) else {
            continue;
        };
        if message.rev == rev && message.hash != entry.hash {
            let what = format!("{name} knows {id} at {rev} as {}, stored is {}", entry.hash, message.hash);
            findings.push(Finding::new(Invariant::I16StateEqualsEvents, what, &[entry]));
        }
    }
    findings
}
