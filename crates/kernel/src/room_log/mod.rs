//! The room log: the one way to change a room. One writer takes what waits, decides it in order, writes
//! it all in one transaction, and answers after the commit.
//!
//! Each durable event of a room gets the next `seq` inside that transaction, so positions are dense and
//! nothing is told to anyone before it is stored (`GUARANTEES.md` G1–G4). Latency without load is one
//! commit: nobody waits for a timer; under load what came during the last commit shares the next one.
//!
//! - [`change`]: what a feature hands in: what it needs to know, and a pure decision.
//! - [`once`]: changes that are done once under a client's name for them.
//! - [`batch`]: what is known and what was decided, while a batch is being worked on.
//! - [`writes`]: what features hand in to be written, and the rows it becomes.
//! - `positions`: how far members have read. `standings`: what changes for users. `mentions`: who is named in a message.
//! - `load`, `store`: the statements before and after the decision.
//! - `writer`: the loop. `held`, `lanes`: what becomes of a room that somebody else keeps locked.
//! - [`read`]: reading the log back. [`heads`]: where many rooms stand.
//! - [`resume`]: what somebody missed who was away.
//! - [`digest`]: sums over what it says.
//! - [`retention`]: how long it is kept.

pub mod batch;
pub mod change;
pub mod digest;
pub mod heads;
mod held;
mod lanes;
mod load;
mod mentions;
pub mod once;
mod positions;
pub mod read;
pub mod resume;
pub mod retention;
mod standings;
pub mod state;
mod store;
mod writer;
pub mod writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use fireside_db::Db;
use fireside_protocol::Once as Answered;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use batch::Batch;
pub use change::{Change, Needs};
pub use once::Repeat;

use crate::actor::Actor;
use crate::clock::Clock;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::names::Names;
use crate::planted::{self, Bug};
use crate::relay::Relay;

/// How many changes may wait; more is answered `overloaded` at once.
const QUEUE_LENGTH: usize = 8192;
/// How long a caller waits for its answer before it is told what is known. Longer than the database's
/// own deadline, so that a frozen database is noticed there first.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(4500);

/// Hands changes to the writer. Cheap to clone.
#[derive(Clone)]
pub struct RoomLog {
    queue: mpsc::Sender<Box<dyn change::Pending>>,
}

impl RoomLog {
    pub(crate) fn start(db: Db, clock: Clock, names: Names, relay: Arc<Relay>) -> RoomLog {
        let (queue, waiting) = mpsc::channel(QUEUE_LENGTH);
        tokio::spawn(Arc::new(writer::Writer::new(db, clock, names, relay)).run(waiting));
        RoomLog { queue }
    }

    /// Submits a change and waits for its commit. Takes its place in the queue before anything is
    /// awaited and then lets the connection's next request in.
    ///
    /// # Errors
    /// What the change decided; `overloaded` if it was not tried; `indeterminate` if it is not known
    /// whether it was committed.
    pub async fn submit<C: Change>(&self, ctx: &Ctx, change: C) -> Result<C::Answer> {
        if planted::is(Bug::SpawnPerEvent) {
            ctx.release_turn();
            tokio::time::sleep(planted::LATE * u32::from(planted::is_one_in(3))).await;
        }
        let ticket = Ticket::default();
        let (answer, answered) = oneshot::channel();
        let pending = change::Submitted::new(change, ticket.clone(), answer);
        let sent = self.queue.try_send(Box::new(pending));
        ctx.release_turn();
        sent.map_err(|_| Error::overloaded())?;
        let since = Instant::now();
        let outcome = tokio::time::timeout(ANSWER_TIMEOUT, answered).await;
        metrics::histogram!("fireside_message_ack_seconds").record(since.elapsed());
        match outcome {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::indeterminate()),
            Err(_) if ticket.abandon() => Err(Error::overloaded()),
            Err(_) => Err(Error::indeterminate()),
        }
    }

    /// Submits a change that is done once under the client's name for it, and waits for its commit.
    ///
    /// # Errors
    /// As [`RoomLog::submit`]; `conflict` if something else was done under that name.
    pub async fn submit_once<C, R>(&self, ctx: &Ctx, change: C, repeat: Option<Repeat>) -> Result<Answered<R>>
    where
        C: Change<Answer = Answered<R>>,
        R: Serialize + DeserializeOwned + Send + 'static,
    {
        self.submit(ctx, once::Once::new(change, repeat)).await
    }

    /// Submits a change that nobody asked for over a connection, and waits for its commit.
    ///
    /// # Errors
    /// As [`RoomLog::submit`].
    pub async fn submit_unasked<C: Change>(&self, change: C) -> Result<C::Answer> {
        self.submit(&Ctx::new(Actor::Anonymous, "server"), change).await
    }

    /// How many changes wait.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

impl std::fmt::Debug for RoomLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoomLog").field("waiting", &self.waiting()).finish()
    }
}

/// Who has a change in hand: either its caller gives up before the writer takes it, or the writer takes
/// it and only the writer can tell what became of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ticket(Arc<AtomicU8>);

impl Ticket {
    const WAITING: u8 = 0;
    const TAKEN: u8 = 1;
    const ABANDONED: u8 = 2;

    fn claim(&self, as_what: u8) -> bool {
        self.0.compare_exchange(Self::WAITING, as_what, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The writer takes it; false if the caller has given up.
    pub(crate) fn take(&self) -> bool {
        self.claim(Self::TAKEN)
    }

    /// The writer has to wait before it can do anything about it.
    pub(crate) fn put_back(&self) {
        self.0.store(Self::WAITING, Ordering::Release);
    }

    /// The caller gives up; false if the writer has taken it.
    fn abandon(&self) -> bool {
        self.claim(Self::ABANDONED)
    }
}
