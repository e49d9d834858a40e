//! Presence: who is online. By user, over all their devices, on whichever node (`announce`).
//!
//! - Online while at least one authenticated socket is held; offline 5 s after the last one is gone, so
//!   that a reconnect goes unnoticed, and at once when its client had vanished long before.
//! - `presence:changed` reaches whoever shares a room or conversation, each socket once. `presence:snapshot`
//!   tells a new socket who of its company is online (1,000 people at most), and a crowded room all its
//!   changes in one packet (`rules`). Both carry one row a person; a row is news about that person only.
//! - All telling is done by one task in rounds, a second apart at least (`rounds`): nobody's presence is
//!   told more often, whoever comes and goes in between is not told at all, and a storm is worked off at
//!   1,000 people a round. The first change after a quiet time waits 0.1 s.
//! - Whoever enters a room while online is shown to the room. They ask themselves who else is there
//!   (`room:online`): answering every newcomer of a large room at once would be the storm.
//! - When someone goes, the moment is written to their account, many in one transaction, later and again if
//!   the database does not answer. A crash loses it; [`Presence::save`] is for a tidy end.
//!
//! Registers `presence.online`, `presence.get`.

mod announce;
mod operations;
mod peers;
mod roster;
mod rounds;
mod rules;
mod sql;
#[cfg(test)]
pub(crate) mod tests;
mod words;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use fireside_db::Db;
use fireside_kernel::connections::{Connection, Ending, Observer};
use fireside_kernel::relay::{Committed, Effect, Relay, Subscriber};
use fireside_kernel::{Clock, Kernel, Registry, Result};
use fireside_protocol::{RoomId, Time, UserId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use roster::Roster;

/// Most people in one snapshot: 100 kB or so, a tenth of what may wait for one socket.
const SNAPSHOT_MAX: usize = 1_000;
/// Most people whose presence is told in one round; the others wait for the next.
const CHANGES_PER_ROUND: usize = 1_000;
/// Most new sockets that get their snapshot in one round; a node takes 300 in a second.
const GREETINGS_PER_ROUND: usize = 500;

/// Who is online, as this node knows it.
pub struct Presence {
    roster: Mutex<Roster>,
    /// Rings when the time of the next round may have changed.
    wake: Arc<Notify>,
    /// When people were last seen, not yet written down.
    unsaved: Mutex<HashMap<UserId, Time>>,
    /// Rings when there is something to write down.
    save: Arc<Notify>,
    clock: Clock,
    /// Weak, because the relay holds its subscribers.
    relay: Weak<Relay>,
    /// Where there are other nodes: what they say, and are told.
    among: Mutex<Option<announce::Among>>,
    /// Rings when the other nodes are to be told something.
    announce: Arc<Notify>,
}

/// What is known of when someone was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Whether a device of theirs is connected.
    pub(crate) is_online: bool,
    /// When they were last seen, as long as that is not written down yet.
    pub(crate) last_at: Option<Time>,
}

/// Registers the operations, and starts telling.
pub fn register(kernel: &Kernel, registry: &mut Registry) -> Arc<Presence> {
    let presence = Arc::new(Presence::new(&kernel.relay, kernel.clock.clone()));
    kernel.relay.subscribe(presence.clone());
    if kernel.nodes.is_shared() {
        *presence.among.lock() = Some(announce::Among::new(kernel.nodes.clone()));
        announce::start(&presence, &kernel.nodes);
    }
    tokio::spawn(rounds::tell(Arc::downgrade(&presence), presence.wake.clone()));
    tokio::spawn(rounds::write_down(Arc::downgrade(&presence), presence.save.clone(), kernel.db.clone()));
    let (hall, online) = (kernel.clone(), presence.clone());
    registry.add(move |ctx, request| operations::online(hall.clone(), online.clone(), ctx, request));
    let (hall, online) = (kernel.clone(), presence.clone());
    registry.add(move |ctx, request| operations::get(hall.clone(), online.clone(), ctx, request));
    presence
}

impl Presence {
    fn new(relay: &Arc<Relay>, clock: Clock) -> Presence {
        Presence {
            roster: Mutex::default(),
            wake: Arc::default(),
            unsaved: Mutex::default(),
            save: Arc::default(),
            clock,
            relay: Arc::downgrade(relay),
            among: Mutex::new(None),
            announce: Arc::default(),
        }
    }

    /// Whether a device of theirs is connected, or was until 5 s ago.
    pub fn is_online(&self, user: &UserId) -> bool {
        self.roster.lock().is_online(user)
    }

    /// What is known here of when someone was there.
    pub(crate) fn seen(&self, user: &UserId) -> Seen {
        Seen { is_online: self.is_online(user), last_at: self.unsaved.lock().get(user).copied() }
    }

    /// Whether both are online and known to share a room or conversation. False says nothing about people
    /// who are not online: `Presence::visible` does.
    pub fn shares_room(&self, one: &UserId, other: &UserId) -> bool {
        self.roster.lock().shares_room(one, other)
    }

    /// Which of `users` may be seen coming and going by `me`: whoever shares a room or conversation, and
    /// oneself.
    pub(crate) async fn visible(&self, db: &Db, me: &UserId, users: &[UserId]) -> Result<HashSet<UserId>> {
        let (mut visible, unknown): (HashSet<UserId>, HashSet<UserId>) = {
            let roster = self.roster.lock();
            users.iter().cloned().partition(|user| user == me || roster.shares_room(me, user))
        };
        let unknown: Vec<UserId> = unknown.into_iter().collect();
        visible.extend(sql::sharing(db, me, &unknown).await?);
        Ok(visible)
    }

    /// Writes down that everyone who is online was last seen now: for the end of the process, after new
    /// connections are refused. Takes no longer than the database's deadline for each 1,024 users, and
    /// stops at the first that is not kept.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save(&self, db: &Db) -> Result<()> {
        let at = self.clock.now();
        let everyone = self.roster.lock().everyone();
        self.unsaved.lock().extend(everyone.into_iter().map(|user| (user, at)));
        let written = rounds::save(self, db).await?;
        rounds::forget(self, &written);
        Ok(())
    }

    fn in_room(&self, room: &RoomId, max: usize) -> Vec<UserId> {
        self.roster.lock().in_room(room, max)
    }

    /// Changes the roster, and lets the rounds know.
    fn change(&self, change: impl FnOnce(&mut Roster, Instant)) {
        let online = {
            let mut roster = self.roster.lock();
            change(&mut roster, Instant::now());
            roster.len()
        };
        show_online(online);
        self.wake.notify_one();
        self.announce.notify_one();
    }
}

impl Observer for Presence {
    fn opened(&self, connection: &Connection, rooms: &[RoomId]) {
        self.change(|roster, now| roster.open(&connection.socket, &connection.user, rooms, now));
    }

    fn closed(&self, connection: &Connection, ending: Ending) {
        let at = self.clock.now();
        self.change(|roster, now| roster.close(&connection.user, ending, now, at));
    }
}

impl Subscriber for Presence {
    fn committed(&self, _: &[Committed]) {}

    /// The memberships of who is here, in the order of each room's log.
    fn delivered(&self, event: &Committed) {
        match &event.effect {
            Effect::Enter(users) => self.change(|roster, now| {
                users.iter().for_each(|user| roster.enter(&event.room, user, now));
            }),
            _ => self.unheard(event),
        }
    }

    /// What ends a membership counts also in a room that nobody hears here: who is here may have turned it off, or be
    /// here and hear it elsewhere.
    fn unheard(&self, event: &Committed) {
        match &event.effect {
            Effect::None | Effect::Enter(_) => {}
            Effect::Exit(user) => self.change(|roster, _| roster.exit(&event.room, user)),
            Effect::Close => self.change(|roster, _| roster.close_room(&event.room)),
        }
    }
}

impl Drop for Presence {
    /// Lets the tasks see that they are done.
    fn drop(&mut self) {
        self.wake.notify_one();
        self.announce.notify_one();
        self.save.notify_one();
    }
}

impl std::fmt::Debug for Presence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presence").field("online", &self.roster.lock().len()).finish_non_exhaustive()
    }
}

/// Shows how many are online in the metrics.
fn show_online(users: usize) {
    // Exact up to 2^53 users.
    metrics::gauge!("fireside_users", "state" => "online").set(users as f64);
}
