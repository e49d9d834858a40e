//! When sessions were last used, to the minute: collected in memory and written many at a time.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use fireside_protocol::SessionId;
use parking_lot::Mutex;

use super::recent::Recent;

/// A session is written down at most so often.
const WRITTEN_EVERY: Duration = Duration::from_secs(60);
/// Sessions remembered at least.
const REMEMBERED: usize = 20_000;

/// See the module.
#[derive(Debug)]
pub(super) struct LastUsed {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    noted: Recent<SessionId, Instant>,
    waiting: HashSet<SessionId>,
}

impl LastUsed {
    /// Nothing was used yet.
    pub(super) fn new() -> Self {
        Self { inner: Mutex::new(Inner { noted: Recent::new(REMEMBERED), waiting: HashSet::new() }) }
    }

    /// Notes a use.
    pub(super) fn note(&self, session: &SessionId, now: Instant) {
        let mut inner = self.inner.lock();
        if inner.noted.get(session).is_some_and(|at| now.duration_since(*at) < WRITTEN_EVERY) {
            return;
        }
        inner.noted.insert(session.clone(), now);
        // More than can be remembered are not worth the memory while the database does not answer.
        if inner.waiting.len() < 2 * REMEMBERED {
            inner.waiting.insert(session.clone());
        }
    }

    /// The sessions to be written down.
    pub(super) fn take(&self) -> Vec<SessionId> {
        self.inner.lock().waiting.drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_written_once_a_minute() {
        let used = LastUsed::new();
        let (alice, now) = (SessionId::trusted("alice"), Instant::now());
        used.note(&alice, now);
        used.note(&alice, now);
        assert_eq!(used.take(), std::slice::from_ref(&alice));
        used.note(&alice, now + Duration::from_secs(59));
        assert_eq!(used.take(), []);
        used.note(&alice, now + Duration::from_secs(60));
        assert_eq!(used.take(), [alice]);
    }
}
