//! I15: who is online, as people are told and answered, against the connections that there were.

use std::collections::BTreeMap;

use super::history::{Action, Entry, History, Kind};
use super::truth::Truth;
use super::{Bounds, Finding, Invariant};

/// Whoever is back sooner than this was not away for anybody; a little less than the server promises (5 s), because
/// it notices the end of a connection a little later, or earlier, than the client.
const UNNOTICED_MICROS: u64 = 4_000_000;

pub(super) fn check(history: &History, truth: &Truth, bounds: &Bounds) -> Vec<Finding> {
    let attendance = Attendance::of(history);
    let mut findings = answers(history, truth, &attendance, bounds);
    findings.extend(views(history, truth, &attendance, bounds));
    findings.extend(flaps(history, &attendance, bounds));
    findings
}

/// When each user had a connection: spans that do not touch each other, in order.
struct Attendance<'a>(BTreeMap<&'a str, Vec<(u64, u64)>>);

impl<'a> Attendance<'a> {
    fn of(history: &'a History) -> Attendance<'a> {
        let mut spans: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
        for (entry, end) in connections(history) {
            let of_user = spans.entry(&entry.user).or_default();
            match of_user.last_mut().filter(|(_, until)| *until >= entry.t) {
                Some(last) => last.1 = last.1.max(end),
                None => of_user.push((entry.t, end)),
            }
        }
        Attendance(spans)
    }

    /// Whether somebody was online at a time, and for how long then. None for whom no connection was written down.
    fn at(&self, user: &str, t: u64) -> Option<(bool, u64)> {
        let spans = self.0.get(user)?;
        let last = spans.iter().rev().find(|(from, _)| *from <= t);
        Some(match last {
            Some((from, until)) if *until > t => (true, t - from),
            Some((_, until)) => (false, t - until),
            None => (false, t),
        })
    }

    /// How often somebody had been away until a time for so long that others had to notice.
    fn absences(&self, user: &str, t: u64) -> usize {
        let spans = self.0.get(user).map(Vec::as_slice).unwrap_or_default();
        let begins = spans.iter().skip(1).map(|(from, _)| *from).chain([u64::MAX]);
        spans
            .iter()
            .zip(begins)
            .filter(|((_, end), next)| (*next).min(t) >= end.saturating_add(UNNOTICED_MICROS))
            .count()
    }
}

/// The connections that there were, each with its end.
fn connections(history: &History) -> impl Iterator<Item = (&Entry, u64)> {
    let ends: BTreeMap<&str, u64> =
        history.of_action(Action::Disconnect).map(|entry| (entry.p.as_str(), entry.t)).collect();
    let begins = history.of_action(Action::Connect).filter(|entry| entry.kind == Kind::Ok);
    begins.map(move |entry| (entry, ends.get(entry.p.as_str()).copied().unwrap_or(u64::MAX)))
}

/// What is wrong with saying of somebody that they are online, or that they are not.
fn wrong(attendance: &Attendance<'_>, user: &str, says: bool, t: u64, bounds: &Bounds) -> Option<String> {
    let (is_online, for_micros) = attendance.at(user, t)?;
    let limit_ms = if is_online { bounds.online_ms } else { bounds.offline_ms };
    let state = |online: bool| if online { "online" } else { "offline" };
    let for_ms = for_micros / 1000;
    (says != is_online && for_ms > limit_ms)
        .then(|| format!("that {user} is {}, who is {} for {for_ms} ms", state(says), state(is_online)))
}

/// Whoever asks who of a room is online, when everything has come to rest, is answered so.
fn answers(history: &History, truth: &Truth, attendance: &Attendance<'_>, bounds: &Bounds) -> Vec<Finding> {
    let mut findings = Vec::new();
    for look in history.of_action(Action::Look).filter(|look| look.kind == Kind::Ok) {
        let Some(room) = truth.rooms.get(&look.room) else { continue };
        let is_member =
            |user: &str| room.memberships(user).last().is_some_and(|(_, until)| *until == i64::MAX);
        for user in attendance.0.keys().filter(|user| is_member(user)) {
            let says = look.people.iter().any(|one| one == user);
            if let Some(wrong) = wrong(attendance, user, says, look.t, bounds) {
                let what = format!("{} was answered in {} {wrong}", look.p, look.room);
                findings.push(Finding::new(Invariant::I15Presence, what, &[look]));
            }
        }
    }
    findings
}

/// Whoever listened until the end knows who is online from what they were told, as far as they share a room all along.
fn views(history: &History, truth: &Truth, attendance: &Attendance<'_>, bounds: &Bounds) -> Vec<Finding> {
    let Some(end) = history.of_action(Action::Look).last().map(|look| look.t) else { return Vec::new() };
    let mut told: BTreeMap<(&str, &str), &Entry> = BTreeMap::new();
    for entry in history.of_action(Action::Presence).filter(|entry| entry.t <= end) {
        told.extend(entry.people.iter().map(|user| ((entry.p.as_str(), user.as_str()), entry)));
    }
    let long_enough = bounds.online_ms * 1000;
    let mut findings = Vec::new();
    for (listener, until) in connections(history).filter(|(entry, _)| entry.t + long_enough < end) {
        let company = attendance.0.keys().filter(|user| **user != listener.user);
        for user in company.filter(|user| until > end && are_together(truth, &listener.user, user)) {
            let entry = told.get(&(listener.p.as_str(), *user));
            let says = entry.is_some_and(|entry| entry.event == "online");
            if let Some(wrong) = wrong(attendance, user, says, end, bounds) {
                let what = format!("{} has to think, by what it was told, {wrong}", listener.p);
                let entries: Vec<&Entry> = [listener].into_iter().chain(entry.copied()).collect();
                findings.push(Finding::new(Invariant::I15Presence, what, &entries));
            }
        }
    }
    findings
}

/// Whether both were members of a room from their entering it until the end.
fn are_together(truth: &Truth, one: &str, other: &str) -> bool {
    let stayed = |spans: Vec<(i64, i64)>| matches!(spans.as_slice(), [(_, i64::MAX)]);
    truth.rooms.values().any(|room| stayed(room.memberships(one)) && stayed(room.memberships(other)))
}

/// Nobody is said to be gone more often than they were, and once for each fault.
fn flaps(history: &History, attendance: &Attendance<'_>, bounds: &Bounds) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut faults = bounds.flaps;
    let mut heard: BTreeMap<(&str, &str), (bool, usize)> = BTreeMap::new();
    for entry in &history.entries {
        match entry.f {
            Action::Fault if entry.kind == Kind::Invoke => faults += 1,
            Action::Server if entry.kind != Kind::Fail => faults += 1,
            Action::Presence => {}
            _ => continue,
        }
        for user in &entry.people {
            let is_online = entry.event == "online";
            let (was_online, gone) = heard.entry((&entry.p, user)).or_insert((true, 0));
            *gone += usize::from(*was_online && !is_online);
            *was_online = is_online;
            let absences = attendance.absences(user, entry.t);
            if !is_online && *gone > absences + faults && attendance.0.contains_key(user.as_str()) {
                let what =
                    format!("{} heard {gone} times that {user} is gone, who was {absences} times", entry.p);
                findings.push(Finding::new(Invariant::I15Presence, what, &[entry]));
            }
        }
    }
    findings
}
