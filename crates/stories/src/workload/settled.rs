//! Everybody, when everything has come to rest: they are connected, know what there is, and look at each other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::site::Site;
use super::worker::Worker;

/// Between two looks at who is online.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// See the module.
#[derive(Debug)]
pub struct Settled {
    pub(super) workers: Vec<Worker>,
    /// Who was signed out.
    pub(super) guest: Option<String>,
    pub(super) site: Arc<Site>,
}

impl Settled {
    /// Whether everybody's positions are those of the rooms' heads.
    pub async fn all_know_all(&mut self) -> bool {
        for worker in &mut self.workers {
            let limit = Instant::now() + Duration::from_secs(1);
            if worker.device.line(limit).await.is_none() {
                return false;
            }
            let Some(heads) = worker.device.rooms().await else { return false };
            let known = worker.device.positions.lock().clone();
            if heads != known {
                return false;
            }
        }
        true
    }

    /// Everybody in the first room looks who is online there, until all see those who are, or time is up.
    pub(super) async fn look_at_each_other(&mut self, limit: Instant) {
        let Some(room) = self.site.places.first().map(|place| place.id.clone()) else { return };
        loop {
            let is_here = |worker: &Worker| {
                let is_connected = worker.device.present_line().is_some_and(|line| !line.is_over());
                is_connected && worker.device.positions.lock().contains_key(&room)
            };
            let there: BTreeSet<String> = self
                .workers
                .iter()
                .filter(|worker| is_here(worker))
                .map(|one| one.device.user.clone())
                .collect();
            // Others may be there who are not in the history.
            let mut known: BTreeSet<String> =
                self.workers.iter().map(|one| one.device.user.clone()).collect();
            known.extend(self.guest.clone());
            let mut all_agree = true;
            for worker in self.workers.iter_mut().filter(|worker| is_here(worker)) {
                let seen = worker.device.looks(&room).await;
                let seen = seen.map(|people| people.intersection(&known).cloned().collect::<BTreeSet<_>>());
                all_agree &= seen.as_ref() == Some(&there);
            }
            if all_agree || Instant::now() >= limit {
                return;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// All connections end.
    pub fn leaves(mut self) {
        for worker in &mut self.workers {
            worker.device.drops();
        }
    }
}
