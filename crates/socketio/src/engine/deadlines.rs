//! Heartbeats and timeouts of all sessions of one server, driven by a single task.
//!
//! Each kind of deadline lies a constant time ahead when it is set, so a queue per kind is in order by itself
//! and needs neither a timer nor a task per connection. An entry that was overtaken by events is recognised
//! when its time comes and dropped.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::engine::session::Session;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A ping is to be sent.
    Ping,
    /// The pong must have come.
    Pong,
    /// A namespace must have been joined.
    Connect,
}

const KINDS: [Kind; 3] = [Kind::Ping, Kind::Pong, Kind::Connect];

/// Microseconds since the server's start: half the size of an `Instant`.
pub(crate) type Micros = u64;

struct Due {
    at: Micros,
    session: Weak<Session>,
}

pub(crate) struct Deadlines {
    start: Instant,
    queues: [Mutex<VecDeque<Due>>; 3],
    earlier: Notify,
}

impl Deadlines {
    pub(crate) fn new() -> Self {
        let queue = || Mutex::new(VecDeque::new());
        Self { start: Instant::now(), queues: [queue(), queue(), queue()], earlier: Notify::new() }
    }

    pub(crate) fn now(&self) -> Micros {
        micros(self.start.elapsed())
    }

    pub(crate) fn add(&self, kind: Kind, at: Micros, session: &Arc<Session>) {
        let mut queue = self.queues[kind as usize].lock();
        let first = queue.is_empty();
        queue.push_back(Due { at, session: Arc::downgrade(session) });
        drop(queue);
        if first {
            self.earlier.notify_one();
        }
    }

    /// Fires what is due, and returns when the next entry is.
    fn sweep(&self) -> Option<Micros> {
        for kind in KINDS {
            loop {
                let now = self.now();
                let due = {
                    let mut queue = self.queues[kind as usize].lock();
                    let due = queue.pop_front_if(|due| due.at <= now);
                    if queue.is_empty() {
                        queue.shrink_to(0);
                    }
                    due
                };
                let Some(due) = due else { break };
                if let Some(session) = due.session.upgrade() {
                    session.due(kind, now);
                }
            }
        }
        self.queues.iter().filter_map(|queue| queue.lock().front().map(|due| due.at)).min()
    }

    /// Runs until it is aborted.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let earlier = self.earlier.notified();
            match self.sweep() {
                Some(at) => {
                    let at = self.start + Duration::from_micros(at);
                    // Either way there is something new to look at.
                    let _ = tokio::time::timeout_at(at.into(), earlier).await;
                }
                None => earlier.await,
            }
        }
    }
}

pub(crate) fn micros(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX >> 2)
}
