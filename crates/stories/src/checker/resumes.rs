//! I11: a resume says the truth about itself. What it tells is judged with the other deliveries.

use std::collections::BTreeMap;

use super::history::{Action, Entry, History, Operation};
use super::truth::{Room, Truth};
use super::{Finding, Invariant};

pub(super) fn check(history: &History, truth: &Truth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for resume in history.operations(Action::Resume) {
        let Some(answer) = resume.ok() else { continue };
        let dishonest = match answer.recovered {
            Some(true) => false_recovery(resume.invoke, answer, truth),
            _ => false_refusal(resume.invoke, answer, truth),
        };
        let entries = [resume.invoke, answer];
        findings.extend(dishonest.map(|what| Finding::new(Invariant::I11HonestResume, what, &entries)));
        findings.extend(told(history, &resume, truth));
    }
    findings
}

fn false_recovery(asked: &Entry, answer: &Entry, truth: &Truth) -> Option<String> {
    let room = truth.rooms.get(&asked.room)?;
    let from = asked.seq.unwrap_or(0);
    if asked.epoch != room.epoch {
        return Some(format!("recovered in epoch {}, which room {} does not have", asked.epoch, asked.room));
    }
    if Some(from) > answer.head || from > room.head {
        return Some(format!("recovered from {from}, which is above the head {:?}", answer.head));
    }
    if !room.is_member_at(&asked.user, answer.head.unwrap_or(from)) {
        return Some(format!("recovered room {} for {}, who is no member", asked.room, asked.user));
    }
    None
}

fn false_refusal(asked: &Entry, answer: &Entry, truth: &Truth) -> Option<String> {
    let Some(room) = truth.rooms.get(&asked.room) else {
        return (answer.reason != "not_found")
            .then(|| format!("{} of a room that is not there", answer.reason));
    };
    let is_true = match answer.reason.as_str() {
        "epoch" => asked.epoch != room.epoch,
        "ahead" => answer.head.is_some_and(|head| asked.seq > Some(head)),
        // Far below the limit it would be an excuse.
        "too_many" => room.head - asked.seq.unwrap_or(0) > 100,
        "unavailable" => true,
        "not_found" => {
            let spans = room.memberships(&asked.user);
            spans.len() != 1 || spans[0].1 != i64::MAX
        }
        _ => false,
    };
    (!is_true).then(|| format!("not recovered for the reason {:?}, which is not true", answer.reason))
}

/// The answer to a resume holds each message that changed since once, and everything else that happened, in order, up
/// to its head and not beyond.
fn told(history: &History, resume: &Operation<'_>, truth: &Truth) -> Option<Finding> {
    let answer = resume.ok().filter(|answer| answer.recovered == Some(true))?;
    let (from, head) = (resume.invoke.seq?, answer.head?);
    let room = truth.rooms.get(&answer.room)?;
    let told: Vec<&Entry> = history
        .of_action(Action::Deliver)
        .filter(|entry| entry.resumed && entry.n == answer.n && entry.room == answer.room)
        .collect();
    let seqs: Vec<i64> = told.iter().filter_map(|entry| entry.seq).collect();
    let expected = coalesced(room, from, head);
    let what = if !seqs.is_sorted_by(|one, next| one < next) {
        format!("the answer is not in order: {seqs:?}")
    } else if seqs != expected {
        format!("the answer to {from} up to {head} tells {seqs:?}, not {expected:?}")
    } else {
        return None;
    };
    Some(Finding::new(Invariant::I11HonestResume, what, &[resume.invoke, answer]))
}

/// Positions after `from` up to `head` that an answer tells (`docs/decisions/0007-resume.md`): a message that was sent
/// and edited at its own place, one that was edited at its last edit, one that was deleted at the deletion; the last
/// change of the room itself; everything else.
fn coalesced(room: &Room, from: i64, head: i64) -> Vec<i64> {
    let mut told: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
    let mut others = Vec::new();
    for event in room.events.iter().filter(|event| event.seq > from && event.seq <= head) {
        let (kind, place) = (event.kind.as_str(), event.seq);
        let Some(subject) = event.message.as_deref().or((kind == "room:updated").then_some("")) else {
            others.push(place);
            continue;
        };
        let kept = told.entry(subject).or_insert((kind, place));
        if !(kept.0.ends_with(":new") && kind.ends_with(":edited")) {
            *kept = (kind, place);
        }
    }
    others.extend(told.into_values().map(|(_, place)| place));
    others.sort_unstable();
    others
}
