//! What a history says of how long things took between nodes.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::checker::{Action, Entry, History, Kind};

/// A connection that is older than this follows its rooms: it is not catching up any more.
const SETTLED_MICROS: u64 = 1_000_000;

/// The connections of a history.
pub struct Connections<'a> {
    /// By name: node, begin, end.
    rows: HashMap<&'a str, (u64, u64, u64)>,
}

impl<'a> Connections<'a> {
    /// Those of this history.
    pub fn of(history: &'a History) -> Connections<'a> {
        let mut rows = HashMap::new();
        for entry in history.of_action(Action::Connect).filter(|entry| entry.kind == Kind::Ok) {
            rows.insert(entry.p.as_str(), (entry.node, entry.t, u64::MAX));
        }
        for entry in history.of_action(Action::Disconnect) {
            if let Some(row) = rows.get_mut(entry.p.as_str()) {
                row.2 = entry.t;
            }
        }
        Connections { rows }
    }

    /// The node, counted from 1, that a connection leads to.
    pub fn node(&self, p: &str) -> Option<u64> {
        self.rows.get(p).map(|(node, ..)| *node)
    }

    /// Milliseconds until devices whose connection to a node ended in a span of time were connected again, in order.
    pub fn back_after_ms(&self, node: u64, span: Range<u64>) -> Vec<u64> {
        let device = |p: &str| p.split('#').next().unwrap_or_default().to_owned();
        let mut begins: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (p, (_, begin, _)) in &self.rows {
            begins.entry(device(p)).or_default().push(*begin);
        }
        let lost = self.rows.iter().filter(|(_, (on, _, end))| *on == node && span.contains(end));
        let back = lost.filter_map(|(p, (.., end))| {
            let next = begins.get(&device(p))?.iter().filter(|begin| *begin >= end).min()?;
            Some((next - end) / 1000)
        });
        let mut times: Vec<u64> = back.collect();
        times.sort_unstable();
        times
    }
}

/// Milliseconds from the answer to a send that was begun in a span of time to its event at each socket that follows
/// the room (0 where the event was first), in order. `is_one` is asked with the nodes of sender and hearer.
pub fn deliveries_ms(history: &History, span: Range<u64>, is_one: impl Fn(u64, u64) -> bool) -> Vec<u64> {
    let connections = Connections::of(history);
    let mut sends: HashMap<&str, (u64, u64)> = HashMap::new();
    for send in history.operations(Action::Send).iter().filter(|send| span.contains(&send.invoke.t)) {
        let Some(ok) = send.ok().filter(|ok| !ok.duplicate) else { continue };
        if let Some(node) = connections.node(&send.invoke.p) {
            sends.insert(&send.invoke.cmid, (node, ok.t));
        }
    }
    let is_new = |entry: &&Entry| entry.event == "message:new" && !entry.resumed;
    let told = history.of_action(Action::Deliver).filter(is_new).filter_map(|entry| {
        let (from, acknowledged) = sends.get(entry.cmid.as_str())?;
        let (node, begin, _) = connections.rows.get(entry.p.as_str())?;
        let follows = begin + SETTLED_MICROS < *acknowledged;
        (follows && is_one(*from, *node)).then(|| entry.t.saturating_sub(*acknowledged) / 1000)
    });
    let mut times: Vec<u64> = told.collect();
    times.sort_unstable();
    times
}
