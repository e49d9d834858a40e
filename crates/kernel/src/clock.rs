//! The time of day. A value that is handed around, so that tests and the demo can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fireside_protocol::Time;

/// Tells the time of day. Used for stamps and token times, never for order, leases or limits.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Away from the wall clock; of a clock that stands, since the Unix epoch.
    shift_micros: Arc<AtomicI64>,
    stands: bool,
}

impl Clock {
    /// A clock that stands still at `at` until it is [moved](Clock::shift_ms): what is made with it is the
    /// same each time.
    pub fn standing(at: Time) -> Clock {
        Clock { shift_micros: Arc::new(AtomicI64::new(at.as_micros())), stands: true }
    }

    /// The time of day now.
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    pub fn now(&self) -> Time {
        let wall = if self.stands { 0 } else { jiff::Timestamp::now().as_microsecond() };
        Time::from_micros(wall.saturating_add(self.shift_micros.load(Ordering::Relaxed)))
    }

    /// Moves this clock and all its clones by so much, forwards or backwards: for tests of what must
    /// not depend on it, and of what must (expiry).
    pub fn shift_ms(&self, ms: i64) {
        self.shift_micros.fetch_add(ms.saturating_mul(1000), Ordering::Relaxed);
    }
}
