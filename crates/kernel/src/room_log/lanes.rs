//! Lanes: where changes wait whose room somebody else keeps locked, so that the other rooms need not wait with
//! them. A lane takes the changes of its rooms in order, from the moment it opens until nothing is left in it; so
//! the order within a room is that of the queue.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::change::Pending;
use super::held::{Homes, is_about};
use crate::error::Error;

/// Most lanes at once. Each may occupy a connection that only waits; there have to be some left for work.
const LANES_MAX: usize = 4;
/// How many changes may wait in one lane; more is answered `overloaded` at once.
const LANE_LENGTH: usize = 1024;

/// The lanes that are open. Empty but for times of trouble.
#[derive(Default)]
pub(super) struct Lanes {
    open: Mutex<Vec<Lane>>,
    opened: AtomicU64,
}

struct Lane {
    number: u64,
    /// All names of its rooms.
    rooms: HashSet<String>,
    queue: mpsc::Sender<Box<dyn Pending>>,
}

/// A lane's other end, for whoever works it off.
pub(super) struct LaneEnd {
    pub(super) number: u64,
    pub(super) queue: mpsc::Receiver<Box<dyn Pending>>,
}

impl Lanes {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.open.lock().is_empty()
    }

    /// Opens a lane for rooms of these names. Where there are many already they go with the youngest one's, and
    /// nothing is given back.
    pub(super) fn open(&self, rooms: HashSet<String>) -> Option<LaneEnd> {
        let mut open = self.open.lock();
        if open.len() >= LANES_MAX
            && let Some(youngest) = open.last_mut()
        {
            youngest.rooms.extend(rooms);
            return None;
        }
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let (sender, queue) = mpsc::channel(LANE_LENGTH);
        open.push(Lane { number, rooms, queue: sender });
        Some(LaneEnd { number, queue })
    }

    /// Puts each change into the lane of its room; gives back those whose room has none.
    pub(super) fn divert(&self, pendings: Vec<Box<dyn Pending>>, homes: &Homes) -> Vec<Box<dyn Pending>> {
        let open = self.open.lock();
        let mut others = Vec::with_capacity(pendings.len());
        for pending in pendings {
            let Some(lane) = open.iter().find(|lane| is_about(&*pending, &lane.rooms, homes)) else {
                others.push(pending);
                continue;
            };
            // While it waits there, its caller may give up and know for certain that nothing was done.
            pending.put_back();
            if let Err(refused) = lane.queue.try_send(pending) {
                refused.into_inner().finish(Some(Error::overloaded()));
            }
        }
        others
    }

    /// Closes a lane in which nothing waits any more; whether it did.
    pub(super) fn close(&self, end: &LaneEnd) -> bool {
        let mut open = self.open.lock();
        // Under the lock, so that nothing can be put into it any more once it was found empty.
        let is_idle = end.queue.is_empty();
        if is_idle {
            open.retain(|lane| lane.number != end.number);
        }
        is_idle
    }
}
