//! What was sent against what is stored: I1, I3, I4, I5, I6, I7, I8.

use std::collections::BTreeMap;

use super::history::{Action, Entry, History, Operation};
use super::truth::{Message, Truth};
use super::{Finding, Invariant};

/// All tries to send one message: the same sender, room and client's name.
struct Attempts<'a> {
    operations: Vec<Operation<'a>>,
    rows: Vec<(&'a String, &'a Message)>,
}

impl<'a> Attempts<'a> {
    fn first(&self) -> &'a Entry {
        self.operations[0].invoke
    }

    fn answers(&self) -> impl Iterator<Item = &'a Entry> {
        self.operations.iter().filter_map(Operation::ok)
    }

    /// Its place: as it was told, or else as it is stored.
    fn seq(&self) -> Option<i64> {
        let told = self.answers().find_map(|answer| answer.seq);
        told.or_else(|| self.rows.first().map(|(_, message)| message.seq))
    }

    fn entries(&self) -> Vec<&'a Entry> {
        self.operations
            .iter()
            .flat_map(|operation| [Some(operation.invoke), operation.end])
            .flatten()
            .collect()
    }
}

pub(super) fn check(history: &History, truth: &Truth) -> Vec<Finding> {
    let mut by_name: BTreeMap<(&str, &str, &str), Vec<Operation<'_>>> = BTreeMap::new();
    for operation in history.operations(Action::Send) {
        let Entry { room, user, cmid, .. } = operation.invoke;
        by_name.entry((room, user, cmid)).or_default().push(operation);
    }
    let sends: Vec<Attempts<'_>> = by_name
        .into_iter()
        .map(|((room, user, cmid), operations)| Attempts {
            operations,
            rows: truth.stored(room, user, cmid).collect(),
        })
        .collect();
    let mut findings: Vec<Finding> = sends.iter().flat_map(each).collect();
    findings.extend(dense(truth));
    findings.extend(real_time_order(&sends));
    findings.extend(session_order(history));
    findings
}

/// What can be said of one message alone.
fn each(send: &Attempts<'_>) -> Vec<Finding> {
    let name = &send.first().cmid;
    let mut findings = Vec::new();
    let mut found = |invariant, what: String| {
        findings.push(Finding::new(invariant, what, &send.entries()));
    };
    for answer in send.answers() {
        match send.rows.iter().find(|(id, _)| **id == answer.id) {
            None => found(
                Invariant::I1Durable,
                format!("{name} was acknowledged as message {} and is not stored", answer.id),
            ),
            Some((_, row)) if Some(row.seq) != answer.seq => found(
                Invariant::I1Durable,
                format!("{name} was acknowledged at {:?} and is stored at {}", answer.seq, row.seq),
            ),
            // What was changed since says something else with right.
            Some((_, row)) if row.rev == row.seq && row.hash != send.first().hash => found(
                Invariant::I1Durable,
                format!("{name} was sent as {} and is stored as {}", send.first().hash, row.hash),
            ),
            Some(_) => {}
        }
    }
    if !send.rows.is_empty() && send.operations.iter().all(Operation::is_refused) {
        found(Invariant::I3DefiniteNo, format!("{name} was refused for good and is stored"));
    }
    if send.rows.len() > 1 {
        // Where nothing was ever acknowledged, it is the unknown that did not settle.
        let is_unknown = send.answers().next().is_none();
        let invariant = if is_unknown { Invariant::I4UnknownsSettle } else { Invariant::I5Idempotent };
        let seqs: Vec<i64> = send.rows.iter().map(|(_, row)| row.seq).collect();
        found(invariant, format!("{name} is stored {} times, at {seqs:?}", seqs.len()));
    }
    let other = send
        .operations
        .iter()
        .find(|operation| operation.ok().is_some() && operation.invoke.hash != send.first().hash);
    if other.is_some() {
        found(Invariant::I5Idempotent, format!("{name} was acknowledged again for another text"));
    }
    let mut places: Vec<_> = send.answers().map(|answer| (&answer.id, answer.seq)).collect();
    let firsts = send.answers().filter(|answer| !answer.duplicate).count();
    places.sort_unstable();
    places.dedup();
    if places.len() > 1 || firsts > 1 {
        found(
            Invariant::I5Idempotent,
            format!("{name} was acknowledged as {places:?}, {firsts} times as new"),
        );
    }
    findings
}

fn dense(truth: &Truth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, room) in &truth.rooms {
        let hole = room.events.iter().zip(1..).find(|(event, seq)| event.seq != *seq);
        let count = i64::try_from(room.events.len()).unwrap_or(i64::MAX);
        if let Some((event, seq)) = hole {
            let what = format!("room {id} has {} where {seq} should be", event.seq);
            findings.push(Finding::new(Invariant::I6Dense, what, &[]));
        } else if count != room.head {
            let what = format!("room {id} has {count} events, and says that its head is {}", room.head);
            findings.push(Finding::new(Invariant::I6Dense, what, &[]));
        }
        for (message, row) in &room.messages {
            let is_told = room.at(row.seq).is_some_and(|event| event.message.as_ref() == Some(message));
            if !is_told {
                let what = format!("message {message} at {} of room {id} is not in the log there", row.seq);
                findings.push(Finding::new(Invariant::I6Dense, what, &[]));
            }
        }
    }
    findings
}

/// If A was acknowledged before B was submitted for the first time, A comes before B.
fn real_time_order(sends: &[Attempts<'_>]) -> Vec<Finding> {
    let mut by_room: BTreeMap<&str, Vec<&Attempts<'_>>> = BTreeMap::new();
    for send in sends {
        by_room.entry(&send.first().room).or_default().push(send);
    }
    let mut findings = Vec::new();
    for mut sends in by_room.into_values() {
        sends.sort_by_key(|send| send.first().t);
        let mut answers: Vec<&Entry> = sends.iter().filter_map(|send| send.answers().next()).collect();
        answers.sort_by_key(|answer| answer.t);
        let mut answers = answers.into_iter().peekable();
        let mut highest: Option<&Entry> = None;
        for send in sends {
            while let Some(answer) = answers.next_if(|answer| answer.t < send.first().t) {
                highest = highest.filter(|highest| highest.seq >= answer.seq).or(Some(answer));
            }
            let (Some(before), Some(seq)) = (highest, send.seq()) else { continue };
            if before.seq >= Some(seq) {
                let what = format!(
                    "{} was sent after {} had been acknowledged at {:?}, and stands at {seq}",
                    send.first().cmid,
                    before.cmid,
                    before.seq
                );
                findings.push(Finding::new(Invariant::I7RealTimeOrder, what, &[before, send.first()]));
            }
        }
    }
    findings
}

/// What one socket submits to one room gets rising places; a repeat keeps the place of its first time.
fn session_order(history: &History) -> Vec<Finding> {
    let mut last: BTreeMap<(&str, &str), &Entry> = BTreeMap::new();
    let mut findings = Vec::new();
    let mut sends = history.operations(Action::Send);
    sends.sort_by_key(|send| send.invoke.n);
    let by_socket = sends.iter().filter(|send| send.invoke.p != send.invoke.user);
    for answer in by_socket.filter_map(Operation::ok).filter(|answer| !answer.duplicate) {
        let before = last.insert((&answer.p, &answer.room), answer);
        if let Some(before) = before.filter(|before| before.seq >= answer.seq) {
            let what = format!(
                "{} sent {} and then {}, which stand at {:?} and {:?}",
                answer.p, before.cmid, answer.cmid, before.seq, answer.seq
            );
            findings.push(Finding::new(Invariant::I8SessionOrder, what, &[before, answer]));
        }
    }
    findings
}
