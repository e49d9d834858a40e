//! I17: what a server holds after trouble, against what it held before.

use std::collections::BTreeMap;

use super::history::{Action, Entry, History, Kind};
use super::{Bounds, Finding, Invariant};

/// What each gauge may be above a tenth more than before: an allocator keeps some pages, a pool some connections.
const SLACK: [(&str, u64); 5] =
    [("rss_bytes", 16 << 20), ("fds", 12), ("tasks", 12), ("files", 2), ("db_in_use", 2)];

pub(super) fn check(history: &History, bounds: &Bounds) -> Vec<Finding> {
    let rest = history.of_action(Action::Rest).last().map_or(0, |rest| rest.t);
    let is_in_time = |entry: &&Entry| entry.t <= rest + bounds.resources_ms * 1000;
    let mut before: BTreeMap<&str, &Entry> = BTreeMap::new();
    let mut best: BTreeMap<&str, (&Entry, Vec<String>)> = BTreeMap::new();
    for entry in history.of_action(Action::Measure).filter(is_in_time) {
        if entry.kind == Kind::Invoke {
            before.insert(&entry.p, entry);
        } else if let Some(before) = before.get(entry.p.as_str()) {
            let kept = excess(&before.gauges, &entry.gauges);
            let last = best.entry(&entry.p).or_insert_with(|| (entry, kept.clone()));
            if !last.1.is_empty() {
                *last = (entry, kept);
            }
        }
    }
    let mut findings = Vec::new();
    for (p, before) in before {
        let (entries, what) = match best.get(p) {
            Some((_, kept)) if kept.is_empty() => continue,
            Some((after, kept)) => (vec![before, after], format!("{p} keeps {}", kept.join(", "))),
            None => (vec![before], format!("nobody measured in time what {p} gives back")),
        };
        findings.push(Finding::new(Invariant::I17Resources, what, &entries));
    }
    findings
}

/// What is more than it was, beyond what may be.
pub(crate) fn excess(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<String> {
    let slack = |name: &str| SLACK.iter().find(|(of, _)| *of == name).map_or(0, |(_, slack)| *slack);
    let is_more = |(name, now): &(&String, &u64)| {
        let was = before.get(*name).copied().unwrap_or(0);
        **now > was + was / 10 + slack(name)
    };
    let more = after.iter().filter(is_more);
    more.map(|(name, now)| format!("{name} {} → {now}", before.get(name).copied().unwrap_or(0))).collect()
}
