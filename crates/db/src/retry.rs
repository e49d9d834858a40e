//! What lost against concurrent work (a deadlock, a serialization failure, a busy SQLite) is done again as a whole.
//! It was rolled back, so nothing is done twice.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;

/// How often it is done again at most.
const RETRIES: u32 = 3;
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
    let mut left = RETRIES;
    loop {
        match transaction().await {
            Err(error) if error.is_lost_race() && left > 0 && since.elapsed() < BEGINS_WITHIN => left -= 1,
            outcome => return outcome,
        }
    }
}
