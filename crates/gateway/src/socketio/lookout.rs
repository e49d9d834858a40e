//! The lookout: compares what was delivered here with the database, in case the bus has lost something.
//!
//! A room or stream that this node has just begun to follow is looked at within half a second: what was
//! committed elsewhere before the bus knew of it was told to nobody here. All of them every 5 s while hints
//! come, every second while none do, and at once when that changes (`GUARANTEES.md` G6). A node that is alone
//! never looks.

use std::sync::{Arc, Weak};
use std::time::Duration;

use fireside_kernel::Result;
use tokio::time::Instant;

use super::chat::Chat;

/// Time between two looks at what is new here.
const NEW_EVERY: Duration = Duration::from_millis(500);

/// Looks until the door is gone.
pub(super) async fn run(chat: Weak<Chat>) {
    let Some(mut bus) = chat.upgrade().map(|chat| chat.kernel.nodes.bus_state()) else { return };
    let mut next = Instant::now();
    let mut is_failing = false;
    loop {
        tokio::select! {
            () = tokio::time::sleep(NEW_EVERY) => {}
            changed = bus.changed() => {
                if changed.is_err() {
                    return;
                }
                // What was on its way is lost.
                next = Instant::now();
            }
        }
        let Some(chat) = chat.upgrade() else { return };
        let Some(interval) = chat.kernel.nodes.pace().interval() else { continue };
        // A pace that has become faster holds at once.
        next = next.min(Instant::now() + interval);
        let all = next <= Instant::now();
        if all {
            next = Instant::now() + interval;
        }
        let outcome = look(&chat, all).await;
        if let Err(error) = &outcome
            && !is_failing
        {
            tracing::warn!(error = ?error.internal, "cannot tell whether events of other nodes were missed");
        }
        is_failing = outcome.is_err();
    }
}

/// Compares all that is followed here, or what is new.
async fn look(chat: &Arc<Chat>, all: bool) -> Result<()> {
    let since = Instant::now();
    let rooms = chat.delivery.followed(all);
    chat.delivery.compare(&rooms).await?;
    let users = chat.users.followed(all);
    chat.users.clone().compare(&users).await?;
    if all {
        metrics::histogram!("fireside_lookout_seconds").record(since.elapsed());
        metrics::gauge!("fireside_lookout_rooms").set(rooms.len() as f64);
    }
    Ok(())
}
