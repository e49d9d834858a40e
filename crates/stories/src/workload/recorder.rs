//! Writes the history down while it happens.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::canary;
use crate::checker::{Action, Entry, History, Kind};

/// See the module. One clock and one order for everybody.
#[derive(Debug)]
pub struct Recorder {
    since: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    operations: u64,
    acknowledged: usize,
    delivered: usize,
    /// Private rooms by id: whoever receives one was told that it is there.
    private_rooms: BTreeSet<String>,
    /// Secrets that each user has received.
    received: BTreeMap<String, BTreeSet<String>>,
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder { since: Instant::now(), state: Mutex::default() }
    }
}

impl Recorder {
    /// Writes an entry down; its time is now.
    pub fn push(&self, entry: Entry) {
        let mut state = self.state.lock();
        let t = self.now_micros();
        state.acknowledged += usize::from(entry.f == Action::Send && entry.kind == Kind::Ok);
        state.delivered += usize::from(entry.f == Action::Deliver);
        state.entries.push(Entry { t, ..entry });
    }

    /// Writes the beginning of an action down; the number that its end will have.
    pub fn begin(&self, entry: Entry) -> u64 {
        let mut state = self.state.lock();
        state.operations += 1;
        let (t, n) = (self.now_micros(), state.operations);
        state.entries.push(Entry { t, n, kind: Kind::Invoke, ..entry });
        n
    }

    /// From now on the id of this room is a secret of its members.
    pub fn keep_private(&self, room: &str) {
        self.state.lock().private_rooms.insert(room.to_owned());
    }

    /// Looks for secrets in what a user received.
    pub fn receive(&self, user: &str, text: &str) {
        let mut state = self.state.lock();
        let State { private_rooms, received, .. } = &mut *state;
        let known = received.entry(user.to_owned()).or_default();
        let rooms = private_rooms.iter().map(String::as_str).filter(|room| text.contains(room));
        let words = canary::all_in(text).chain(rooms);
        let secrets: Vec<String> =
            words.filter(|word| known.insert((*word).to_owned())).map(str::to_owned).collect();
        if !secrets.is_empty() {
            let t = self.now_micros();
            let user = user.to_owned();
            state.entries.push(Entry {
                t,
                user,
                f: Action::Heard,
                kind: Kind::Info,
                secrets,
                ..Entry::default()
            });
        }
    }

    /// Marks the time of a fault: what is said of it, while `work` runs.
    pub async fn fault<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        let entry = |kind| Entry { f: Action::Fault, kind, reason: what.to_owned(), ..Entry::default() };
        self.push(entry(Kind::Invoke));
        let outcome = work.await;
        self.push(entry(Kind::Ok));
        outcome
    }

    /// How many sends have been acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.state.lock().acknowledged
    }

    /// How many events have been told so far.
    pub fn delivered(&self) -> usize {
        self.state.lock().delivered
    }

    /// Waits until one of the counts above rises, but not for ever: the server may have nothing to say.
    pub async fn next(&self, count: fn(&Recorder) -> usize) {
        let before = count(self);
        let limit = tokio::time::Instant::now() + Duration::from_secs(2);
        while count(self) == before && tokio::time::Instant::now() < limit {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Microseconds since it began.
    pub fn now_micros(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Everything so far.
    pub fn history(&self) -> History {
        History::of(self.state.lock().entries.clone())
    }
}
