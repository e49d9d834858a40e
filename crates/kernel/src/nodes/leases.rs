//! Leases: every node moves a row of its own every 5 s, and looks at those of the others. Which of them live is
//! told by whether their rows move, so nobody's time of day matters, and it is told without a bus.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fireside_db::{Db, Error, sql};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::{Nodes, peers};

/// Time between two renewals.
const RENEWED_EVERY: Duration = Duration::from_secs(5);
/// Time between two looks at the rows of the others: so much later than it came is a sign of life noticed at most.
const LOOKED_EVERY: Duration = Duration::from_secs(2);
/// Time between two looks at whose lease has lapsed.
const SWEPT_EVERY: Duration = Duration::from_secs(1);
/// Most nodes looked at.
const NODES_MAX: i64 = 1_000;

/// Renews this node's lease and watches those of the others, for as long as it is polled.
pub async fn run(db: Db, nodes: Arc<Nodes>) {
    let mut sweep = interval(SWEPT_EVERY);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut answered_at = Instant::now();
    let (mut renewal_due, mut look_due) = (answered_at, answered_at);
    loop {
        let now = sweep.tick().await;
        if now >= renewal_due {
            renewal_due = now + RENEWED_EVERY;
            if let Err(error) = nodes.renew(&db).await {
                tracing::warn!(%error, "this node's lease could not be renewed in the database");
            }
        }
        if now >= look_due {
            look_due = now + LOOKED_EVERY;
            match nodes.look(&db).await {
                Ok(()) => {
                    // Whoever could not look has no right to judge.
                    if answered_at.elapsed() >= peers::LEASE {
                        nodes.peers.lock().excuse(Instant::now());
                    }
                    answered_at = Instant::now();
                }
                Err(error) => tracing::debug!(%error, "the leases of other nodes could not be read"),
            }
        }
        if answered_at.elapsed() < peers::LEASE {
            nodes.give_up(&db).await;
        }
    }
}

/// Whether a server works on this database. Takes longer than a renewal where there are rows of servers, since only
/// a row that moves is one that lives.
///
/// # Errors
/// When the database does not answer.
pub async fn anyone_lives(db: &Db) -> Result<bool, Error> {
    let beats = async || -> Result<BTreeMap<String, i64>, Error> {
        Ok(db.all(sql("SELECT id, beat FROM nodes")).await?.into_iter().collect())
    };
    let before = beats().await?;
    if before.is_empty() {
        return Ok(false);
    }
    sleep(RENEWED_EVERY + 2 * SWEPT_EVERY).await;
    let moved = |(id, beat): (&String, &i64)| before.get(id) != Some(beat);
    Ok(beats().await?.iter().any(moved))
}

impl Nodes {
    async fn renew(&self, db: &Db) -> Result<(), Error> {
        let name = self.name();
        let text = "INSERT INTO nodes (id, beat) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET beat = nodes.beat + 1";
        let renewed_at = Instant::now();
        db.run(sql(text).bind(&*name)).await?;
        let mut lease = self.lease.lock();
        if lease.id == name {
            lease.renewed_at = Some(renewed_at);
        }
        Ok(())
    }

    /// Sees whose rows have moved.
    async fn look(&self, db: &Db) -> Result<(), Error> {
        let text = "SELECT id, beat FROM nodes WHERE id <> $1 ORDER BY id LIMIT $2";
        let rows: Vec<(String, i64)> = db.all(sql(text).bind(&*self.name()).bind(NODES_MAX)).await?;
        let living = {
            let mut peers = self.peers.lock();
            rows.iter().for_each(|(id, beat)| peers.beats(id, *beat, Instant::now()));
            peers.living()
        };
        self.note_neighbours(living);
        Ok(())
    }

    /// Lets everyone know whose lease has lapsed, and clears their rows away.
    async fn give_up(&self, db: &Db) {
        let (lapsed, living) = {
            let mut peers = self.peers.lock();
            let lapsed = peers.sweep(Instant::now());
            (lapsed, peers.living())
        };
        for name in &lapsed.names {
            tracing::warn!(node = name, "a node was not heard of for 15 s and is given up");
            self.mourners.read().iter().for_each(|mourner| mourner(name));
        }
        if !lapsed.names.is_empty() {
            self.note_neighbours(living);
        }
        for (name, beat) in &lapsed.rows {
            // Unless it moves again by now.
            let statement = sql("DELETE FROM nodes WHERE id = $1 AND beat = $2").bind(name).bind(*beat);
            if let Err(error) = db.run(statement).await {
                tracing::debug!(%error, "the row of a node that is gone stays for now");
            }
        }
    }

    fn note_neighbours(&self, living: usize) {
        metrics::gauge!("fireside_nodes").set(living as f64 + 1.0);
        let had = self.has_neighbours.swap(living > 0, Ordering::Relaxed);
        if living > 0 && !had && !self.is_shared() {
            tracing::warn!(
                "another server works on the same database and no bus connects the two: what is said there is found \
                 by looking once a second; set redis_url on both to hear of it at once"
            );
        }
    }
}
