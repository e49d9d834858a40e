//! The order of one connection's events.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::engine::Session;

/// The turn of one event. The connection's next event is handed out when this is dropped, or when the future of
/// [`Handler::event`](crate::Handler::event) has finished, whichever is first.
///
/// A handler that drops it early, when the order of what follows no longer matters, lets the next event in
/// while it waits, for a database for instance. One that keeps it to its end gets one event at a time.
#[derive(Debug)]
pub struct Turn {
    session: Arc<Session>,
    number: u64,
}

impl Turn {
    /// Takes the turn, which must be free.
    pub(crate) fn take(session: &Arc<Session>, number: u64) -> Self {
        session.turn.store(number, Ordering::SeqCst);
        Self { session: Arc::clone(session), number }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        release(&self.session, self.number);
    }
}

/// Ends the turn `number`, unless it has ended already.
pub(crate) fn release(session: &Session, number: u64) {
    let ended = session.turn.compare_exchange(number, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    if ended && session.turn_awaited.swap(false, Ordering::SeqCst) {
        session.wake();
    }
}

/// Whether the turn is free; if it is not, the session's task is woken when it becomes so.
pub(crate) fn is_free(session: &Session) -> bool {
    if session.turn.load(Ordering::SeqCst) == 0 {
        return true;
    }
    session.turn_awaited.store(true, Ordering::SeqCst);
    // It may have become free between the two lines above, with nobody told.
    session.turn.load(Ordering::SeqCst) == 0
}
