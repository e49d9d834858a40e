//! When SQLite flushes: with each commit. In builds with the feature `planted-bugs` the variable `PLANTED_BUG` can make
//! it wait for the next checkpoint, so that a test of the power cut can be seen to be red.

use sqlx::sqlite::SqliteSynchronous;

/// The bug's name in `PLANTED_BUG`.
pub const SYNCHRONOUS_NORMAL: &str = "synchronous-normal";

/// When SQLite flushes.
#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn synchronous() -> SqliteSynchronous {
    SqliteSynchronous::Full
}

/// When SQLite flushes, unless there is a bug.
#[cfg(feature = "planted-bugs")]
pub(crate) fn synchronous() -> SqliteSynchronous {
    match std::env::var("PLANTED_BUG") {
        Ok(name) if name == SYNCHRONOUS_NORMAL => SqliteSynchronous::Normal,
        _ => SqliteSynchronous::Full,
    }
}
