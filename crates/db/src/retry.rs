//! What lost against concurrent work (a deadlock, a serialization failure, a busy SQLite) is done again as a whole.
//! It was rolled back, so nothing is done twice.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::Error;

/// How often it is done again at most, and how long after each loss: the winner of the race has to come to its end.
pub const RETRY_PAUSES: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(10), Duration::from_millis(40)];
/// Nothing is begun again later than this after the first time: the caller wants an answer within its own time.
const BEGINS_WITHIN: Duration = Duration::from_millis(2500);

/// An error that can say that a transaction lost against concurrent work.
pub trait LostRace {
    /// Whether the whole transaction was rolled back because of concurrent work, and may be run again.
    fn is_lost_race(&self) -> bool;
}

impl LostRace for Error {
    fn is_lost_race(&self) -> bool {
        *self == Error::Retry
    }
}

/// Runs a transaction from its beginning to its commit, and again, up to three times, if it lost against another one.
/// What it does besides must not mind being repeated.
///
/// # Errors
/// Those of the last time.
pub async fn retried<T, E, F>(mut transaction: impl FnMut() -> F) -> Result<T, E>
where
    E: LostRace,
    F: Future<Output = Result<T, E>>,
{
    let since = Instant::now();
    for pause in RETRY_PAUSES {
        match transaction().await {
            Err(error) if error.is_lost_race() && since.elapsed() < BEGINS_WITHIN => sleep(pause).await,
            outcome => return outcome,
        }
    }
    transaction().await
}
