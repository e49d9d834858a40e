//! Hands queued packets to the connections: each session that was marked is written once per turn, with
//! everything that has gathered for it by then.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::engine::session::Session;

/// Sessions that one turn takes; others may run in between.
const TURN: usize = 64;

/// Capacity of the list that is kept when it is empty.
const IDLE_CAPACITY: usize = 1024;

/// The sessions that have something to send.
#[derive(Default)]
pub(crate) struct Flusher {
    marked: Mutex<VecDeque<Arc<Session>>>,
    work: Notify,
}

impl Flusher {
    pub(crate) fn add(&self, session: Arc<Session>) {
        self.marked.lock().push_back(session);
        self.work.notify_one();
    }

    /// Adds all of `sessions` and leaves the list empty.
    pub(crate) fn add_all(&self, sessions: &mut Vec<Arc<Session>>) {
        if sessions.is_empty() {
            return;
        }
        self.marked.lock().extend(sessions.drain(..));
        self.work.notify_one();
    }

    /// Runs until it is aborted. Several may run at the same time.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut scratch = Vec::new();
        let mut turn: Vec<Arc<Session>> = Vec::with_capacity(TURN);
        loop {
            self.work.notified().await;
            while self.take(&mut turn) {
                for session in turn.drain(..) {
                    session.flush(&mut scratch);
                }
                tokio::task::yield_now().await;
            }
        }
    }

    /// Takes up to a turn's sessions, the oldest first.
    fn take(&self, turn: &mut Vec<Arc<Session>>) -> bool {
        let mut marked = self.marked.lock();
        let count = marked.len().min(TURN);
        turn.extend(marked.drain(..count));
        if marked.is_empty() && marked.capacity() > IDLE_CAPACITY {
            marked.shrink_to(0);
        }
        let more = !marked.is_empty();
        drop(marked);
        if more {
            // For another flusher, if there is one and it rests.
            self.work.notify_one();
        }
        count > 0
    }
}
