//! Connections of one kind, lent to one call or transaction at a time.
//!
//! Not sqlx's pool, for three reasons. It pings every connection when it comes back, one more
//! round trip for each call, and that ping has no deadline: connections whose network went away
//! stay lost until TCP gives up, a quarter of an hour. It takes back a connection whose call was
//! abandoned half way. And it answers a refused connection by trying until its time is over.
//! Here a connection comes back only after a call that ended; whatever else happens to it, it is
//! closed and its place is free at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::driver::{ConnectError, Driver, Failure, Outlook, Recheck};
use crate::error::{Error, OpenError};

/// Longest wait for a sign of life of an idle connection. A server that is up answers at once; a
/// firewall that has forgotten the connection never does, and then a new one is better.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// Shortest and longest pause between attempts to reach a server that is not there. Each caller
/// of at most `size` waits for itself, so the longest bounds how soon service is back.
const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(250));

/// Time given to a connection to say goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(2);

/// A pool of at most `size` connections.
pub(crate) struct Pool<D: Driver>(Arc<Shared<D>>);

struct Shared<D: Driver> {
    driver: D,
    size: u32,
    permits: Arc<Semaphore>,
    /// Most recently used last; it is taken first, so that what is not needed grows old.
    idle: Mutex<Vec<Idle<D::Connection>>>,
    waiting: AtomicU64,
    lent: AtomicU64,
    discarded: AtomicU64,
    lost_races: AtomicU64,
    closed: AtomicBool,
}

struct Idle<C> {
    connection: C,
    opened_at: Instant,
    since: Instant,
}

/// Connections of a pool, by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connections {
    /// Open and waiting for work.
    pub idle: u32,
    /// Lent to a call, or being opened for one.
    pub in_use: u32,
    /// Calls waiting for a connection.
    pub waiting: u64,
    /// Most that may be open.
    pub limit: u32,
    /// Calls and transactions since the start that were lent one.
    pub lent: u64,
    /// Thrown away since the start, after a timeout, an abandoned call or a broken connection.
    pub discarded: u64,
    /// Transactions and statements since the start that concurrent work got in the way of.
    pub lost_races: u64,
}

impl<D: Driver> Pool<D> {
    pub(crate) fn new(driver: D, size: u32) -> Pool<D> {
        let size = size.max(1);
        Pool(Arc::new(Shared {
            driver,
            size,
            permits: Arc::new(Semaphore::new(size as usize)),
            idle: Mutex::new(Vec::with_capacity(size as usize)),
            waiting: AtomicU64::new(0),
            lent: AtomicU64::new(0),
            discarded: AtomicU64::new(0),
            lost_races: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }))
    }

    /// Lends a connection: an idle one that is alive, or a new one.
    pub(crate) async fn acquire(&self, deadline: Instant) -> Result<Lease<D>, Error> {
        let permit = self.permit(deadline).await?;
        self.0.driver.intact()?;
        self.0.lent.fetch_add(1, Ordering::Relaxed);
        while let Some(idle) = self.pop() {
            match D::recheck(idle.opened_at, idle.since) {
                Recheck::Fresh => return Ok(self.lend(idle, permit)),
                Recheck::Retire => retire::<D>(idle.connection),
                Recheck::Ping => {
                    // Lent first, so that it is counted as thrown away when it does not answer.
                    let mut lease = self.lend(idle, permit);
                    let limit = deadline.min(Instant::now() + PING_LIMIT);
                    if let Ok(Ok(())) = timeout_at(limit, D::ping(lease.connection())).await {
                        return Ok(lease);
                    }
                    // What killed this one has probably killed the others.
                    self.purge();
                    return self.open(lease.discard_for_permit(), deadline).await;
                }
            }
        }
        self.open(permit, deadline).await
    }

    /// Opens a connection ahead of use, or says in the operator's terms why that is impossible.
    pub(crate) async fn warm(&self, patience: Duration) -> Result<(), OpenError> {
        let deadline = Instant::now() + patience;
        let connection = self.connect(deadline).await.map_err(|error| error.reason)?;
        let now = Instant::now();
        self.0.idle.lock().push(Idle { connection, opened_at: now, since: now });
        Ok(())
    }

    /// Throws away what is idle, after a sign that it may be dead.
    pub(crate) fn purge(&self) {
        let idle = std::mem::take(&mut *self.0.idle.lock());
        self.0.discarded.fetch_add(idle.len() as u64, Ordering::Relaxed);
    }

    pub(crate) fn connections(&self) -> Connections {
        let idle = u32::try_from(self.0.idle.lock().len()).unwrap_or(u32::MAX);
        let free = u32::try_from(self.0.permits.available_permits()).unwrap_or(u32::MAX);
        Connections {
            idle,
            in_use: self.0.size.saturating_sub(free),
            waiting: self.0.waiting.load(Ordering::Relaxed),
            limit: self.0.size,
            lent: self.0.lent.load(Ordering::Relaxed),
            discarded: self.0.discarded.load(Ordering::Relaxed),
            lost_races: self.0.lost_races.load(Ordering::Relaxed),
        }
    }

    /// Refuses new work, waits for what is running until `deadline`, closes every connection.
    pub(crate) async fn close(&self, deadline: Instant) {
        self.0.closed.store(true, Ordering::Release);
        let running = self.0.permits.acquire_many(self.0.size);
        let _ended = timeout_at(deadline, running).await;
        self.0.permits.close();
        let idle = std::mem::take(&mut *self.0.idle.lock());
        for Idle { connection, .. } in idle {
            let _said = timeout(GOODBYE_LIMIT, D::close(connection)).await;
        }
    }

    async fn permit(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Error> {
        let _waiting = Waiting::new(&self.0.waiting);
        let permit = timeout_at(deadline, Arc::clone(&self.0.permits).acquire_owned())
            .await
            .map_err(|_| Error::Timeout)?
            .map_err(|_| Error::Unavailable)?;
        if self.0.closed.load(Ordering::Acquire) { Err(Error::Unavailable) } else { Ok(permit) }
    }

    fn pop(&self) -> Option<Idle<D::Connection>> {
        let mut idle = self.0.idle.lock();
        // The oldest is looked at in passing: without a rush it is never reached from the top.
        if let Some(oldest) = idle.first()
            && idle.len() > 1
            && D::recheck(oldest.opened_at, oldest.since) == Recheck::Retire
        {
            retire::<D>(idle.remove(0).connection);
        }
        idle.pop()
    }

    fn lend(&self, idle: Idle<D::Connection>, permit: OwnedSemaphorePermit) -> Lease<D> {
        Lease {
            connection: Some(idle.connection),
            opened_at: idle.opened_at,
            pool: Arc::clone(&self.0),
            permit: Some(permit),
        }
    }

    async fn open(&self, permit: OwnedSemaphorePermit, deadline: Instant) -> Result<Lease<D>, Error> {
        match self.connect(deadline).await {
            Ok(connection) => {
                let now = Instant::now();
                Ok(self.lend(Idle { connection, opened_at: now, since: now }, permit))
            }
            Err(ConnectError { reason, outlook }) => {
                tracing::warn!(error = %reason, "no database connection");
                Err(if outlook == Outlook::Silent { Error::Timeout } else { Error::Unavailable })
            }
        }
    }

    /// Connects, trying again while the reason looks transient and there is time.
    async fn connect(&self, deadline: Instant) -> Result<D::Connection, ConnectError> {
        let mut pause = RETRY_PAUSE.0;
        loop {
            let error = match timeout_at(deadline, self.0.driver.connect()).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => error,
                Err(_) => {
                    let reason = OpenError::Unreachable("no answer in time".to_owned());
                    return Err(ConnectError { reason, outlook: Outlook::Silent });
                }
            };
            let next = Instant::now() + pause;
            if error.outlook != Outlook::Transient || next >= deadline {
                return Err(error);
            }
            sleep_until(next).await;
            pause = (pause * 2).min(RETRY_PAUSE.1);
        }
    }
}

/// Closes a connection that is in order but too old, without letting anyone wait for it.
fn retire<D: Driver>(connection: D::Connection) {
    tokio::spawn(timeout(GOODBYE_LIMIT, D::close(connection)));
}

/// Counts a caller as waiting for as long as it does, cancelled or not.
struct Waiting<'a>(&'a AtomicU64);

impl<'a> Waiting<'a> {
    fn new(counter: &'a AtomicU64) -> Waiting<'a> {
        counter.fetch_add(1, Ordering::Relaxed);
        Waiting(counter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A lent connection. Dropping it closes the connection; only [`Lease::release`] gives it back.
pub(crate) struct Lease<D: Driver> {
    connection: Option<D::Connection>,
    opened_at: Instant,
    pool: Arc<Shared<D>>,
    /// Dropped last, so that the connection is idle or gone before the next caller looks.
    permit: Option<OwnedSemaphorePermit>,
}

impl<D: Driver> Lease<D> {
    pub(crate) fn connection(&mut self) -> &mut D::Connection {
        self.connection.as_mut().expect("a lease holds its connection until it is consumed")
    }

    /// Gives the connection back. To be called only when its last call ended in order.
    pub(crate) fn release(mut self) {
        if let Some(connection) = self.connection.take()
            && !self.pool.permits.is_closed()
        {
            let idle = Idle { connection, opened_at: self.opened_at, since: Instant::now() };
            self.pool.idle.lock().push(idle);
        }
    }

    /// Counts a call that concurrent work got in the way of.
    pub(crate) fn note(&self, failure: &Failure) {
        self.pool.lost_races.fetch_add(u64::from(failure.error == Error::Retry), Ordering::Relaxed);
    }

    fn discard_for_permit(mut self) -> OwnedSemaphorePermit {
        self.permit.take().expect("a lease holds its permit until it is consumed")
    }
}

impl<D: Driver> Drop for Lease<D> {
    fn drop(&mut self) {
        if self.connection.take().is_some() {
            self.pool.discarded.fetch_add(1, Ordering::Relaxed);
        }
    }
}
