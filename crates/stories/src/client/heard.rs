//! Everything one socket has received: events to be looked for and waited for, and the raw frames.

use std::fmt::Write as _;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::PATIENCE;

/// The name under which an answer to `resume` stands among the events: what comes behind it goes on from it.
pub const RESUMED: &str = "(resumed)";

/// An event as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its first argument.
    pub payload: Value,
}

/// What a socket has received so far; grows until the socket is closed.
#[derive(Debug)]
pub struct Heard {
    /// Who hears, for messages of failed tests.
    whose: String,
    state: Mutex<State>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<Event>,
    frames: Vec<String>,
    is_over: bool,
}

impl Heard {
    pub(super) fn new(whose: &str) -> Heard {
        Heard { whose: whose.to_owned(), state: Mutex::default(), changes: watch::Sender::new(()) }
    }

    pub(super) fn frame(&self, frame: &str) {
        self.state.lock().frames.push(frame.to_owned());
    }

    pub(super) fn event(&self, name: String, payload: Value) {
        self.state.lock().events.push(Event { name, payload });
        self.changes.send_replace(());
    }

    pub(super) fn over(&self) {
        self.state.lock().is_over = true;
        self.changes.send_replace(());
    }

    /// How many events there are so far: a place to listen from.
    pub fn mark(&self) -> usize {
        self.state.lock().events.len()
    }

    /// The events from a mark on.
    pub fn since(&self, mark: usize) -> Vec<Event> {
        self.state.lock().events[mark..].to_vec()
    }

    /// Waits until there is an event behind a mark, or the connection is over.
    pub async fn beyond(&self, mark: usize) {
        let mut changes = self.changes.subscribe();
        while self.mark() <= mark && !self.is_over() {
            // The sender lives as long as this does.
            let _changed = changes.changed().await;
        }
    }

    /// Every raw frame.
    pub fn frames(&self) -> Vec<String> {
        self.state.lock().frames.clone()
    }

    /// Whether the connection is over.
    pub fn is_over(&self) -> bool {
        self.state.lock().is_over
    }

    /// The first event of this name from `mark` on that is wanted, as soon as it is here; its payload.
    ///
    /// # Panics
    /// If it does not come in time, or the connection ends before it.
    pub async fn wait(&self, mark: usize, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let fits =
            |event: &Event| (event.name == name && wanted(&event.payload)).then(|| event.payload.clone());
        self.find(mark, name, fits).await
    }

    /// What `fits` makes of the first event from `mark` on that fits; `what` names it for a failed test.
    ///
    /// # Panics
    /// As [`Heard::wait`].
    pub async fn find<T>(&self, mark: usize, what: &str, fits: impl Fn(&Event) -> Option<T>) -> T {
        self.find_within(PATIENCE, mark, what, fits).await
    }

    /// The same for what takes its time: as soon as it is here, at the latest after `limit`.
    ///
    /// # Panics
    /// As [`Heard::wait`].
    pub async fn find_within<T>(
        &self,
        limit: Duration,
        mark: usize,
        what: &str,
        fits: impl Fn(&Event) -> Option<T>,
    ) -> T {
        let mut changes = self.changes.subscribe();
        let limit = Instant::now() + limit;
        let mut seen = mark;
        loop {
            {
                let state = self.state.lock();
                if let Some(found) = state.events[seen..].iter().find_map(&fits) {
                    return found;
                }
                seen = state.events.len();
                assert!(!state.is_over, "{}", self.missing(&state, mark, what, "the connection ended"));
            }
            if timeout_at(limit, changes.changed()).await.is_err() {
                panic!("{}", self.missing(&self.state.lock(), mark, what, "it never came"));
            }
        }
    }

    /// Waits for the end of the connection.
    ///
    /// # Panics
    /// If it does not come within `limit`.
    pub async fn until_over(&self, limit: Duration) {
        let mut changes = self.changes.subscribe();
        let limit = Instant::now() + limit;
        while !self.is_over() {
            let waited = timeout_at(limit, changes.changed()).await;
            assert!(waited.is_ok(), "the socket of {} is still open", self.whose);
        }
    }

    fn missing(&self, state: &State, mark: usize, name: &str, why: &str) -> String {
        let mut text = format!("{} waited for {name}: {why}. What came:", self.whose);
        for event in &state.events[mark..] {
            let _written = write!(text, "\n  {} {}", event.name, event.payload);
        }
        text
    }
}
