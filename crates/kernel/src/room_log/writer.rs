//! The writer: the loop that turns what waits into transactions.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use fireside_db::{Db, Error as DbError};
use fireside_protocol::{Event, Signal};

use super::batch::Batch;
use super::change::{Needs, Pending};
use super::{load, store};
use crate::clock::Clock;
use crate::error::Error;
use crate::names::Names;
use crate::planted::{self, Bug};
use crate::relay::{Audience, Committed, Relay};
use crate::user_changes::Changed;

/// Most changes of one transaction: enough to share a flush, few enough to keep its locks short.
const BATCH_MAX: usize = 256;
/// How often a transaction is repeated that lost against another node's.
const ATTEMPTS: usize = 3;
/// Committed batches that may wait for delivery before the writer waits.
const RELAY_QUEUE: usize = 64;

/// See the module.
pub(super) struct Writer {
    db: Db,
    clock: Clock,
    names: Names,
    relay: mpsc::Sender<Told>,
}

/// What is told of one transaction.
#[derive(Default)]
struct Told {
    events: Vec<Committed>,
    changes: Vec<Changed>,
    signals: Vec<(Audience, Signal)>,
    /// Whether the database has said that it is stored.
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
                    relay.doubt(&told.events);
                    continue;
                }
                let since = Instant::now();
                relay.publish_changes(&told.changes);
                relay.publish(&told.events);
                for (audience, signal) in &told.signals {
                    relay.signal(audience, signal);
                }
                metrics::histogram!("fireside_fanout_seconds").record(since.elapsed());
            }
        });
        Writer { db, clock, names, relay: sender }
    }

    pub(super) async fn run(self, mut queue: Queue) {
        let mut waiting = Vec::with_capacity(BATCH_MAX);
        while queue.recv_many(&mut waiting, BATCH_MAX).await > 0 {
            let batch: Vec<_> = waiting.drain(..).filter(|pending| pending.take()).collect();
            if !batch.is_empty() {
                self.commit(batch).await;
            }
        }
    }

    /// Commits a batch and answers its callers.
    async fn commit(&self, mut batch: Vec<Box<dyn Pending>>) {
        match self.attempt(&mut batch).await {
            Ok(told) => self.answer(batch, told).await,
            // One bad row must not take the others with it: each alone, so that only it fails.
            Err(DbError::Internal(_) | DbError::Unique { .. } | DbError::Retry) if batch.len() > 1 => {
                for pending in batch {
                    let mut alone = vec![pending];
                    match self.attempt(&mut alone).await {
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
    async fn attempt(&self, batch: &mut [Box<dyn Pending>]) -> Result<Told, DbError> {
        let mut attempt = 1;
        loop {
            match self.transact(batch).await {
                Err(DbError::Retry | DbError::Unique { .. }) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn transact(&self, pendings: &mut [Box<dyn Pending>]) -> Result<Told, DbError> {
        let mut needs = Needs::default();
        for pending in pendings.iter() {
            pending.needs(&mut needs);
        }
        let mut batch = Batch::new(self.clock.now(), self.names.clone());
        let mut tx = self.db.begin().await?;
        load::load(&mut tx, &needs, &mut batch).await?;
        for pending in pendings.iter_mut() {
            pending.decide(&mut batch);
        }
        if batch.writes.is_empty() {
            tx.rollback().await;
            return Ok(Told::default());
        }
        let changes = store::store(&mut tx, &batch).await?;
        let since = Instant::now();
        if planted::is(Bug::BroadcastBeforeCommit) {
            self.relay.send(Told { events: batch.committed.clone(), ..Told::default() }).await.ok();
            tokio::time::sleep(planted::LATE).await;
        }
        if planted::is(Bug::AckBeforeCommit) {
            tokio::spawn(async {
                tokio::time::sleep(planted::LATE).await;
                tx.commit().await
            });
        } else {
            match tx.commit().await {
                Ok(()) => {}
                Err(error @ DbError::Indeterminate) => {
                    let told = Told { events: batch.committed, is_doubtful: true, ..Told::default() };
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
