//! The writer: the loop that turns what waits into transactions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use fireside_db::{Db, Error as DbError, RETRY_PAUSES};
use fireside_protocol::{Event, Signal};

use super::batch::Batch;
use super::change::{Needs, Pending};
use super::lanes::{LaneEnd, Lanes};
use super::{held, load, store};
use crate::clock::Clock;
use crate::error::Error;
use crate::names::Names;
use crate::panics::caught;
use crate::planted::{self, Bug};
use crate::relay::{Audience, Committed, Relay};
use crate::user_changes::Changed;

/// Most changes of one transaction: enough to share a flush, few enough to keep its locks short.
const BATCH_MAX: usize = 256;
/// How long all rooms wait for one that somebody else has locked. Longer than another node's transaction takes, so
/// that nodes that write to the same rooms take turns in the database's own queue; short enough not to be noticed.
const LOCK_WAIT: Duration = Duration::from_millis(100);
/// How long a lane waits for its rooms. Twice this is less than callers wait for their answer, so that they get a
/// definite one also when they came right after the lane had begun to wait.
const LANE_LOCK_WAIT: Duration = Duration::from_millis(1900);
/// How long a lane stays open whose rooms could not be had the last time: without it, each change to such a room
/// would make the others wait anew.
const LANE_LINGER: Duration = Duration::from_secs(10);
/// Committed batches that may wait for delivery before the writer waits.
const RELAY_QUEUE: usize = 64;

/// See the module.
pub(super) struct Writer {
    db: Db,
    clock: Clock,
    names: Names,
    relay: mpsc::Sender<Told>,
    lanes: Lanes,
}

/// What is told of one transaction.
#[derive(Default)]
struct Told {
    events: Vec<Committed>,
    changes: Vec<Changed>,
    signals: Vec<(Audience, Signal)>,
    /// Whether the database has not said that it is stored.
    is_doubtful: bool,
}

impl Told {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.changes.is_empty() && self.signals.is_empty()
    }
}

type Queue = mpsc::Receiver<Box<dyn Pending>>;

impl Writer {
    pub(super) fn new(db: Db, clock: Clock, names: Names, relay: Arc<Relay>) -> Writer {
        let (sender, mut committed) = mpsc::channel::<Told>(RELAY_QUEUE);
        // Delivery runs beside the next transaction, in the order of the commits.
        tokio::spawn(async move {
            while let Some(told) = committed.recv().await {
                if planted::is(Bug::LossyRelay) && planted::is_one_in(7) {
                    continue;
                }
                if told.is_doubtful {
                    relay.doubt_changes(&told.changes);
                    relay.doubt(&told.events);
                    continue;
                }
                let since = Instant::now();
                // Whoever has not heard of it because of a panic finds a hole, and fills it from the log.
                caught("delivery", || {
                    relay.publish_changes(&told.changes);
                    relay.publish(&told.events);
                    for (audience, signal) in &told.signals {
                        relay.signal(audience, signal);
                    }
                });
                metrics::histogram!("fireside_fanout_seconds").record(since.elapsed());
            }
        });
        Writer { db, clock, names, relay: sender, lanes: Lanes::default() }
    }

    pub(super) async fn run(self: Arc<Self>, mut queue: Queue) {
        let mut waiting = Vec::with_capacity(BATCH_MAX);
        while queue.recv_many(&mut waiting, BATCH_MAX).await > 0 {
            let mut batch = taken(&mut waiting);
            if !self.lanes.is_empty() {
                // If the rooms of messages cannot be found now, the transaction will say why.
                let homes = held::homes(&self.db, &Needs::of(&batch), LOCK_WAIT).await.unwrap_or_default();
                batch = self.lanes.divert(batch, &homes);
            }
            if !batch.is_empty() {
                self.commit(batch).await;
            }
        }
    }

    /// Works a lane off until nothing is left in it.
    async fn run_lane(self: Arc<Self>, mut end: LaneEnd) {
        let mut waiting = Vec::with_capacity(BATCH_MAX);
        loop {
            let is_over = match timeout(LANE_LINGER, end.queue.recv_many(&mut waiting, BATCH_MAX)).await {
                Ok(_) => {
                    let batch = taken(&mut waiting);
                    !batch.is_empty() && self.commit_in_lane(batch).await
                }
                Err(_) => true,
            };
            if is_over && self.lanes.close(&end) {
                return;
            }
        }
    }

    /// Commits a batch and answers its callers. Changes to rooms that somebody else keeps locked go to a lane.
    async fn commit(self: &Arc<Self>, mut batch: Vec<Box<dyn Pending>>) {
        loop {
            let outcome = self.attempt(&mut batch, LOCK_WAIT).await;
            if outcome.as_ref().err() != Some(&DbError::Locked) {
                return self.settle(batch, outcome).await;
            }
            let (rooms, homes) =
                held::rooms(&self.db, &Needs::of(&batch), LOCK_WAIT).await.unwrap_or_default();
            if rooms.is_empty() {
                // It is free by now, or it is no room that is locked.
                let outcome = self.attempt(&mut batch, LANE_LOCK_WAIT).await;
                return self.settle(batch, outcome).await;
            }
            tracing::warn!(?rooms, "rooms are locked by somebody else; their changes wait apart");
            if let Some(end) = self.lanes.open(rooms) {
                tokio::spawn(self.clone().run_lane(end));
            }
            batch = self.lanes.divert(batch, &homes);
            if batch.is_empty() {
                return;
            }
        }
    }

    /// Commits a batch of a lane and answers its callers; whether all of its rooms could be had.
    async fn commit_in_lane(&self, mut batch: Vec<Box<dyn Pending>>) -> bool {
        let outcome = self.attempt(&mut batch, LANE_LOCK_WAIT).await;
        if outcome.as_ref().err() != Some(&DbError::Locked) {
            self.settle(batch, outcome).await;
            return true;
        }
        // Rooms that came into the lane together need not stay locked together.
        let (rooms, homes) = held::rooms(&self.db, &Needs::of(&batch), LOCK_WAIT).await.unwrap_or_default();
        let (blocked, mut free): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|pending| held::is_about(&**pending, &rooms, &homes));
        refuse(blocked, &DbError::Locked);
        if !free.is_empty() {
            let outcome = self.attempt(&mut free, LOCK_WAIT).await;
            self.settle(free, outcome).await;
        }
        false
    }

    /// Answers the callers of a batch that was tried.
    async fn settle(&self, batch: Vec<Box<dyn Pending>>, outcome: Result<Told, DbError>) {
        match outcome {
            Ok(told) => self.answer(batch, told).await,
            // One bad row must not take the others with it: each alone, so that only it fails.
            Err(DbError::Internal(_) | DbError::Unique { .. } | DbError::Retry) if batch.len() > 1 => {
                for pending in batch {
                    let mut alone = vec![pending];
                    match self.attempt(&mut alone, LOCK_WAIT).await {
                        Ok(told) => self.answer(alone, told).await,
                        Err(error) => refuse(alone, &error),
                    }
                }
            }
            Err(error) => refuse(batch, &error),
        }
    }

    async fn answer(&self, batch: Vec<Box<dyn Pending>>, told: Told) {
        for pending in batch {
            pending.finish(None);
        }
        self.tell(told).await;
    }

    /// Hands on to delivery what there is to tell.
    async fn tell(&self, told: Told) {
        if !told.is_empty() && self.relay.send(told).await.is_err() {
            tracing::error!("delivery has stopped; events reach clients only when they fetch them");
        }
    }

    /// Runs the transaction, again if it lost against another one.
    async fn attempt(&self, batch: &mut [Box<dyn Pending>], lock_wait: Duration) -> Result<Told, DbError> {
        for pause in RETRY_PAUSES {
            match self.transact(batch, lock_wait).await {
                Err(DbError::Retry | DbError::Unique { .. }) => sleep(pause).await,
                outcome => return outcome,
            }
        }
        self.transact(batch, lock_wait).await
    }

    async fn transact(
        &self,
        pendings: &mut [Box<dyn Pending>],
        lock_wait: Duration,
    ) -> Result<Told, DbError> {
        let needs = Needs::of(pendings);
        let mut batch = Batch::new(self.clock.now(), self.names.clone());
        let mut tx = self.db.begin_waiting(lock_wait).await?;
        load::load(&mut tx, &needs, &mut batch).await?;
        let decided = caught("room_log", || {
            for pending in pendings.iter_mut() {
                planted::panic_once_in(59);
                pending.decide(&mut batch);
            }
        });
        if decided.is_none() {
            return Err(DbError::Internal("a decision panicked".to_owned()));
        }
        if batch.writes.is_empty() {
            tx.rollback().await;
            return Ok(Told::default());
        }
        let changes = store::store(&mut tx, &batch).await?;
        let since = Instant::now();
        if planted::is(Bug::BroadcastBeforeCommit) {
            self.relay.send(Told { events: batch.committed.clone(), ..Told::default() }).await.ok();
            sleep(planted::LATE).await;
        }
        if planted::is(Bug::AckBeforeCommit) {
            tokio::spawn(async {
                sleep(planted::LATE).await;
                tx.commit().await
            });
        } else {
            match tx.commit().await {
                Ok(()) => {}
                Err(error @ DbError::Indeterminate) => {
                    let told =
                        Told { events: batch.committed, changes, is_doubtful: true, ..Told::default() };
                    self.tell(told).await;
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
        }
        metrics::histogram!("fireside_db_query_seconds", "op" => "commit").record(since.elapsed());
        count(&batch.committed);
        Ok(Told { events: batch.committed, changes, signals: batch.signals, is_doubtful: false })
    }
}

/// Takes those whose callers still wait.
fn taken(waiting: &mut Vec<Box<dyn Pending>>) -> Vec<Box<dyn Pending>> {
    waiting.drain(..).filter(|pending| pending.take()).collect()
}

fn count(committed: &[Committed]) {
    let told =
        |kind: fn(&Event) -> bool| committed.iter().filter(|committed| kind(&committed.event)).count() as u64;
    let in_rooms = told(|event| matches!(event, Event::MessageNew(_)));
    let direct = told(|event| matches!(event, Event::DirectMessageNew(_)));
    metrics::counter!("fireside_messages_total", "kind" => "room").increment(in_rooms);
    metrics::counter!("fireside_messages_total", "kind" => "direct").increment(direct);
    metrics::counter!("fireside_room_events_total").increment(committed.len() as u64);
}

fn refuse(batch: Vec<Box<dyn Pending>>, error: &DbError) {
    tracing::warn!(%error, changes = batch.len(), "a transaction of the room log failed");
    for pending in batch {
        pending.finish(Some(Error::from(error.clone())));
    }
}
