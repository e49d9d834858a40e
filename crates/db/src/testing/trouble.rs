//! Trouble at COMMIT, for simulations: late, or with a connection that breaks before or after it. Drawn by whoever
//! simulates, for transactions that are committed on the same thread.

use std::cell::RefCell;
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
