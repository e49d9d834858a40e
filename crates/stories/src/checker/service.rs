//! Whether the service was there: I14 (the end of sessions), I18 (liveness), I20 (alive).

use std::collections::BTreeMap;

use super::history::{Action, Entry, History, Kind};
use super::{Bounds, Finding, Invariant};

pub(super) fn check(history: &History, bounds: &Bounds) -> Vec<Finding> {
    let mut findings = revocation(history, bounds);
    findings.extend(liveness(history, bounds));
    let is_own = |entry: &&Entry| bounds.own_panics.is_some_and(|place| entry.reason.contains(place));
    let failures =
        history.of_action(Action::Server).filter(|entry| entry.kind == Kind::Fail && !is_own(entry));
    findings.extend(
        failures.map(|entry| {
            Finding::new(Invariant::I20Alive, format!("the server: {}", entry.reason), &[entry])
        }),
    );
    findings
}

/// Nothing is done for, or told to, connections that were opened before their user's sessions ended.
fn revocation(history: &History, bounds: &Bounds) -> Vec<Finding> {
    let mut opened: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in history.of_action(Action::Connect).filter(|entry| entry.kind == Kind::Ok) {
        opened.entry(&entry.p).or_insert(entry.t);
    }
    let mut findings = Vec::new();
    for revoked in history.of_action(Action::Revoke).filter(|entry| entry.kind == Kind::Ok) {
        let limit = revoked.t + bounds.revocation_ms * 1000;
        let was_open = |entry: &&Entry| opened.get(entry.p.as_str()).is_some_and(|since| *since < revoked.t);
        let is_sign = |entry: &&Entry| entry.kind == Kind::Ok || entry.f == Action::Deliver;
        let late = history.entries.iter().filter(|entry| entry.user == revoked.user && entry.t > limit);
        if let Some(sign) = late.filter(is_sign).find(was_open) {
            let after_ms = (sign.t - revoked.t) / 1000;
            let what =
                format!("{} was served on {} {after_ms} ms after all its sessions ended", sign.user, sign.p);
            findings.push(Finding::new(Invariant::I14Revocation, what, &[revoked, sign]));
        }
    }
    findings
}

/// The longest time between two acknowledged sends, outside of faults, while anybody wanted to send.
fn liveness(history: &History, bounds: &Bounds) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut faults = 0_u32;
    // When the present silence began: with the first send that nothing has answered since.
    let mut silent_since: Option<&Entry> = None;
    for entry in &history.entries {
        match (entry.f, entry.kind) {
            (Action::Fault, Kind::Invoke) => faults += 1,
            (Action::Fault, _) => {
                faults = faults.saturating_sub(1);
                silent_since = None;
            }
            (Action::Send, Kind::Ok) | (Action::Rest, _) => silent_since = None,
            (Action::Send, Kind::Invoke) => silent_since = silent_since.or(Some(entry)),
            _ => {}
        }
        let Some(since) = silent_since.filter(|_| faults == 0) else { continue };
        if entry.t - since.t > bounds.silence_ms * 1000 {
            let silence_ms = (entry.t - since.t) / 1000;
            let what = format!("nothing was acknowledged for {silence_ms} ms, though no fault was on");
            findings.push(Finding::new(Invariant::I18Liveness, what, &[since, entry]));
            silent_since = None;
        }
    }
    findings
}
