//! Bugs planted on purpose: a checker that has never been red is worth nothing. They exist only in builds with the
//! feature `planted-bugs`, one at a time, chosen by the variable `PLANTED_BUG`; in every other build [`is`] is
//! `false` at compile time and nothing is left of them.

/// A bug that a chat server may have. `GUARANTEES.md` names what each of them breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Answers before the transaction is committed.
    AckBeforeCommit,
    /// Tells the members before the transaction is committed.
    BroadcastBeforeCommit,
    /// Loses one batch in seven on its way to delivery, and nobody looks for holes.
    LossyRelay,
    /// Forgets the client's name for a message.
    NoUniqueId,
    /// Runs each request in a task of its own, whichever comes first.
    SpawnPerEvent,
    /// Takes a member out of the table, and not out of the audience.
    KickOnlyInDatabase,
    /// Resumes from a position of another epoch.
    ResumeIgnoresEpoch,
    /// Panics now and then: before an operation, after it, or while a change of a room is decided.
    PanicInHandler,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 8] = [
        Bug::AckBeforeCommit,
        Bug::BroadcastBeforeCommit,
        Bug::LossyRelay,
        Bug::NoUniqueId,
        Bug::SpawnPerEvent,
        Bug::KickOnlyInDatabase,
        Bug::ResumeIgnoresEpoch,
        Bug::PanicInHandler,
    ];

    /// Its name in `PLANTED_BUG`.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::AckBeforeCommit => "ack-before-commit",
            Bug::BroadcastBeforeCommit => "broadcast-before-commit",
            Bug::LossyRelay => "lossy-relay",
            Bug::NoUniqueId => "no-unique-id",
            Bug::SpawnPerEvent => "spawn-per-event",
            Bug::KickOnlyInDatabase => "kick-only-in-database",
            Bug::ResumeIgnoresEpoch => "resume-ignores-epoch",
            Bug::PanicInHandler => "panic-in-handler",
        }
    }
}

#[cfg(not(feature = "planted-bugs"))]
mod chosen {
    use super::Bug;

    /// Whether this bug is there. It is not.
    #[inline(always)]
    pub const fn is(_bug: Bug) -> bool {
        false
    }
}

#[cfg(feature = "planted-bugs")]
mod chosen {
    use std::sync::LazyLock;

    use super::Bug;

    static CHOSEN: LazyLock<Option<Bug>> = LazyLock::new(|| {
        let name = std::env::var("PLANTED_BUG").ok()?;
        Bug::ALL.into_iter().find(|bug| bug.name() == name)
    });

    /// Whether this bug is there.
    pub fn is(bug: Bug) -> bool {
        *CHOSEN == Some(bug)
    }
}

pub use chosen::is;

/// How late the late things of these bugs are.
pub(crate) const LATE: std::time::Duration = std::time::Duration::from_millis(40);

/// Counts calls; whether this is one in so many.
pub(crate) fn is_one_in(many: u64) -> bool {
    use std::sync::atomic::{AtomicU64, Ordering};
    static CALLS: AtomicU64 = AtomicU64::new(0);
    CALLS.fetch_add(1, Ordering::Relaxed) % many == many - 1
}

/// Calls before the first panic of [`Bug::PanicInHandler`]: enough to make rooms in.
const CALM: u64 = 400;

/// Panics once in so many calls, where that bug is planted.
pub(crate) fn panic_once_in(many: u64) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static CALLS: AtomicU64 = AtomicU64::new(0);
    if is(Bug::PanicInHandler) {
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        assert!(call < CALM || !call.is_multiple_of(many), "planted");
    }
}
