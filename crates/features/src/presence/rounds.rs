//! The two tasks of presence: one tells what has changed, one writes down who was last seen when. Both end
//! with the [`Presence`] they work for.

use std::sync::{Arc, Weak};
use std::time::Duration;

use fireside_db::{Db, Error};
use fireside_kernel::relay::{Audience, Relay};
use fireside_protocol::presence::PresenceSnapshot;
use fireside_protocol::{Signal, Time, UserId};
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};

use super::{CHANGES_PER_ROUND, GREETINGS_PER_ROUND, Presence, SNAPSHOT_MAX, rules, show_online};
use crate::users;

/// Most users written down in one transaction: it must not keep messages waiting.
const ROWS_PER_WRITE: usize = 1_024;

/// Tells in rounds, as long as there is something to tell.
pub(super) async fn tell(presence: Weak<Presence>, wake: Arc<Notify>) {
    loop {
        let Some(next) = presence.upgrade().map(|presence| presence.roster.lock().next_round()) else {
            return;
        };
        let Some(next) = next else {
            wake.notified().await;
            continue;
        };
        tokio::select! {
            // It may have become earlier.
            () = wake.notified() => continue,
            () = sleep_until(next) => {}
        }
        let Some(presence) = presence.upgrade() else { return };
        let Some(relay) = presence.relay.upgrade() else { return };
        tell_round(&presence, &relay).await;
    }
}

async fn tell_round(presence: &Presence, relay: &Relay) {
    let at = presence.clock.now();
    let (round, online, newcomers) = {
        let mut roster = presence.roster.lock();
        let round = roster.round(Instant::now(), at, CHANGES_PER_ROUND);
        (round, roster.len(), roster.newcomers().min(GREETINGS_PER_ROUND))
    };
    show_online(online);
    // Before it is told: whoever hears of it and asks gets the same answer.
    presence.announce.notify_one();
    let has_seen = !round.seen.is_empty();
    presence.unsaved.lock().extend(round.seen);
    if has_seen {
        presence.save.notify_one();
    }
    for (audience, signal) in rules::plan(round.changes) {
        relay.signal_here(&audience, &signal);
    }
    // Whoever comes meanwhile is told to the others first.
    for _ in 0..newcomers {
        // One at a time, so that connections do not wait for the whole crowd to be greeted.
        let Some((socket, users)) = presence.roster.lock().greet(at, SNAPSHOT_MAX) else { break };
        relay.signal_here(&Audience::Socket(socket), &Signal::PresenceSnapshot(PresenceSnapshot { users }));
        // It leaves before the next one is made: five hundred that wait would be 50 MB, and whatever is allocated
        // behind them and stays would keep the heap from shrinking again.
        yield_now().await;
    }
}

/// How long something written down is remembered: a request that read the row before it was written may
/// still be on its way to asking here.
const REMEMBERED: Duration = Duration::from_secs(1);

/// Writes down who was last seen when, whenever there is something to write. What could not be written
/// stays for the next time.
pub(super) async fn write_down(presence: Weak<Presence>, save: Arc<Notify>, db: Db) {
    loop {
        save.notified().await;
        let Some(running) = presence.upgrade() else { return };
        let written = match self::save(&running, &db).await {
            Ok(written) => written,
            Err(error) => {
                let users = running.unsaved.lock().len();
                tracing::warn!(%error, users, "when users were last seen could not be written; it waits for the next one");
                continue;
            }
        };
        drop(running);
        sleep(REMEMBERED).await;
        if let Some(presence) = presence.upgrade() {
            forget(&presence, &written);
        }
    }
}

/// Forgets what was written down.
pub(super) fn forget(presence: &Presence, written: &[(UserId, Time)]) {
    let mut unsaved = presence.unsaved.lock();
    for (user, at) in written {
        // Whoever was seen again meanwhile has a later time there, which is still to be written.
        if unsaved.get(user) == Some(at) {
            unsaved.remove(user);
        }
    }
}

/// Writes down all that waits, in parts; what was written.
pub(super) async fn save(presence: &Presence, db: &Db) -> Result<Vec<(UserId, Time)>, Error> {
    let waiting: Vec<(UserId, Time)> =
        presence.unsaved.lock().iter().map(|(user, at)| (user.clone(), *at)).collect();
    for part in waiting.chunks(ROWS_PER_WRITE) {
        users::set_last_seen(db, part).await?;
    }
    Ok(waiting)
}
