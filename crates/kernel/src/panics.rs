//! Where a panic must end: at the edge of what serves everybody. It is a mistake of ours all the same, and counted.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; none if it panicked. What it has changed half-way must not be used any more. `door` says in the count
/// where it was met.
pub(crate) fn caught<T>(door: &'static str, work: impl FnOnce() -> T) -> Option<T> {
    let outcome = catch_unwind(AssertUnwindSafe(work)).ok();
    if outcome.is_none() {
        metrics::counter!("fireside_panics_total", "door" => door).increment(1);
    }
    outcome
}
