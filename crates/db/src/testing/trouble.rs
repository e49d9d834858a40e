//! Trouble at COMMIT, for simulations: late, or with a connection that breaks before or after it. Drawn by whoever
//! simulates, for transactions that are committed on the same thread. And reads that are answered late, so that what
//! they say is old when it comes.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::Error;

/// What happens to one COMMIT.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trouble {
    /// Time until it is sent.
    pub before: Duration,
    /// Time until it is answered.
    pub after: Duration,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a COMMIT.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fate {
    /// It is done and answered.
    #[default]
    Done,
    /// The connection breaks before it is done; nobody is told.
    Lost,
    /// It is done, and the connection breaks before the answer.
    AnswerLost,
    /// It is refused.
    Refused,
}

type Draw = Box<dyn FnMut() -> Trouble>;

thread_local! {
    static DRAW: RefCell<Option<Draw>> = const { RefCell::new(None) };
}

/// From now on each COMMIT of this thread has the trouble that `draw` says; none with no `draw`.
pub fn trouble_commits(draw: Option<Draw>) {
    DRAW.with(|current| *current.borrow_mut() = draw);
}

pub(crate) fn next() -> Trouble {
    DRAW.with(|current| current.borrow_mut().as_mut().map(|draw| draw()).unwrap_or_default())
}

impl Trouble {
    /// Before COMMIT is sent: the error of one that never is.
    pub(crate) async fn before(self) -> Result<(), Error> {
        if !self.before.is_zero() {
            tokio::time::sleep(self.before).await;
        }
        match self.fate {
            Fate::Lost => Err(Error::Indeterminate),
            Fate::Refused => Err(Error::Unavailable),
            Fate::Done | Fate::AnswerLost => Ok(()),
        }
    }

    /// After it: what the caller gets to know.
    pub(crate) async fn after(self, outcome: Result<(), Error>) -> Result<(), Error> {
        if !self.after.is_zero() {
            tokio::time::sleep(self.after).await;
        }
        if self.fate == Fate::AnswerLost { Err(Error::Indeterminate) } else { outcome }
    }
}

static READS_LATE_MS: AtomicU64 = AtomicU64::new(0);

/// From now on whatever is read outside of a transaction is answered so much later than the database has said it, in the
/// whole process.
pub fn answer_reads_late(late: Duration) {
    READS_LATE_MS.store(u64::try_from(late.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// After a read.
pub(crate) async fn after_read() {
    let late = READS_LATE_MS.load(Ordering::Relaxed);
    if late > 0 {
        tokio::time::sleep(Duration::from_millis(late)).await;
    }
}
