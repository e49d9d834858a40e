//! The time of day. A value that is handed around, so that tests can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fireside_protocol::Time;

/// Tells the time of day. Used for stamps and token times, never for order, leases or limits.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    shift_micros: Arc<AtomicI64>,
}

impl Clock {
    /// The time of day now.
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    pub fn now(&self) -> Time {
        let micros = jiff::Timestamp::now().as_microsecond();
        Time::from_micros(micros.saturating_add(self.shift_micros.load(Ordering::Relaxed)))
    }

    /// Moves this clock and all its clones by so much, forwards or backwards: for tests of what must
    /// not depend on it, and of what must (expiry).
    pub fn shift_ms(&self, ms: i64) {
        self.shift_micros.fetch_add(ms.saturating_mul(1000), Ordering::Relaxed);
    }
}
