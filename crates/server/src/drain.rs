//! Stopping in good order: nothing that was acknowledged is lost, nothing that was accepted stays without an
//! answer, and the clients come back one after the other.
//!
//! `/readyz` says 503 at once and new work is refused with `draining`; what waits for its commit gets it; every
//! socket is told its own moment to come back and is closed at a bounded pace; then the listener stops and the
//! requests in flight end.

use std::time::Duration;

use fireside_features::presence::Presence;
use fireside_gateway::Gateway;
use fireside_gateway::socketio::Door;
use fireside_kernel::room_log::RoomLog;
use tokio::time::{Instant, sleep, timeout};

/// Time that running sends have to finish.
const SENDS_END_WITHIN: Duration = Duration::from_secs(5);
/// Between two looks at what waits for its commit.
const LOOK: Duration = Duration::from_millis(5);
/// Sockets that are told to come back in one second: fewer than a server lets in.
const BACK_PER_SECOND: u64 = 250;
/// Bounds of the time over which the sockets come back.
const SPREAD: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(20);
/// When the sockets have to be gone: after it, and the requests in flight, the process is to end within 30 s.
const SOCKETS_END_WITHIN: Duration = Duration::from_secs(18);

/// Lets sends finish and sockets go. Takes at most 23 s.
pub async fn drain(gateway: &Gateway, door: &Door, log: &RoomLog, presence: &Presence) {
    let since = Instant::now();
    gateway.drain();
    presence.hold_departures();
    tracing::info!(sockets = door.sockets(), "draining");
    let _all_committed = timeout(SENDS_END_WITHIN, async {
        while log.waiting() > 0 {
            sleep(LOOK).await;
        }
    })
    .await;
    if timeout(SOCKETS_END_WITHIN, door.drain(spread(door.sockets()))).await.is_err() {
        tracing::warn!(sockets = door.sockets(), "some sockets are closed without having been told");
    }
    tracing::info!(took = ?since.elapsed(), "drained");
}

/// Over how long the clients are to come back.
fn spread(sockets: usize) -> Duration {
    let seconds = (sockets as u64).div_ceil(BACK_PER_SECOND);
    Duration::from_secs(seconds).clamp(*SPREAD.start(), *SPREAD.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_come_back_no_faster_than_they_are_let_in() {
        assert_eq!(spread(0), Duration::from_secs(1));
        assert_eq!(spread(1000), Duration::from_secs(4));
        assert_eq!(spread(1_000_000), Duration::from_secs(20));
    }
}
