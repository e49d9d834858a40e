//! Hands queued packets to the connections: each session that was marked is written once per turn, with
//! everything that has gathered for it by then.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::engine::batch::Batch;
use crate::engine::session::Session;
use crate::stats::Counters;

/// Sessions that one turn takes; others may run in between.
pub(crate) const TURN: usize = 64;

/// Empty lists that are kept for the next broadcast.
const SPARE: usize = 64;

/// The sessions that have something to send.
#[derive(Default)]
pub(crate) struct Flusher {
    marked: Mutex<Marked>,
    work: Notify,
}

#[derive(Default)]
struct Marked {
    /// Lists of at most a turn's sessions.
    turns: VecDeque<Vec<Arc<Session>>>,
    spare: Vec<Vec<Arc<Session>>>,
}

impl Flusher {
    /// Adds one session.
    pub(crate) fn add(&self, session: Arc<Session>) {
        let mut marked = self.marked.lock();
        match marked.turns.back_mut() {
            Some(turn) if turn.len() < TURN => turn.push(session),
            _ => {
                let mut turn = marked.spare.pop().unwrap_or_default();
                turn.push(session);
                marked.turns.push_back(turn);
            }
        }
        drop(marked);
        self.work.notify_one();
    }

    /// Takes a list of up to a turn's sessions, and leaves an empty one.
    pub(crate) fn add_turn(&self, turn: &mut Vec<Arc<Session>>) {
        let mut marked = self.marked.lock();
        let spare = marked.spare.pop().unwrap_or_else(|| Vec::with_capacity(TURN));
        marked.turns.push_back(std::mem::replace(turn, spare));
        drop(marked);
        self.work.notify_one();
    }

    /// Runs until it is aborted. Several may run at the same time.
    pub(crate) async fn run(self: Arc<Self>, counters: Arc<Counters>) {
        let mut batch = Batch::default();
        loop {
            self.work.notified().await;
            while let Some(mut turn) = self.take() {
                for session in turn.drain(..) {
                    session.flush(&mut batch);
                }
                batch.settle(&counters);
                self.give_back(turn);
                tokio::task::yield_now().await;
            }
        }
    }

    /// Takes the oldest list.
    fn take(&self) -> Option<Vec<Arc<Session>>> {
        let mut marked = self.marked.lock();
        let turn = marked.turns.pop_front();
        if !marked.turns.is_empty() {
            // For another flusher, if there is one and it rests.
            self.work.notify_one();
        }
        turn
    }

    fn give_back(&self, turn: Vec<Arc<Session>>) {
        let mut marked = self.marked.lock();
        if marked.spare.len() < SPARE {
            marked.spare.push(turn);
        }
    }
}
