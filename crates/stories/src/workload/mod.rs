//! A workload: people who use a real server process as clients do, and a history of all of it for the
//! [`checker`](crate::checker). Everything that is drawn by lot comes from one seed.
//!
//! - [`recorder`]: the history. [`line`]: one connection. [`device`]: a client that comes back and catches up.
//! - [`doors`]: the nodes that are used. [`site`]: rooms and people. [`worker`]: what one person does.
//! - [`settled`]: everybody, when everything has come to rest.

pub mod device;
pub mod doors;
pub mod line;
pub mod recorder;
pub mod settled;
pub mod site;
pub mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

pub use device::Device;
pub use doors::Doors;
pub use recorder::Recorder;
pub use settled::Settled;
pub use site::Site;

use crate::checker::{Action, Entry, Kind};
use crate::token::host_token;
use worker::Worker;

/// Tokens that outlive every run: the year 2100.
const NEVER: i64 = 4_102_444_800;
/// A guest is signed out at the latest after half of this.
const GUEST_STAYS: Duration = Duration::from_secs(20);
/// Between two looks at whether everybody knows everything.
const LOOK: Duration = Duration::from_millis(10);

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Where all luck comes from.
    pub seed: u64,
    /// People who work.
    pub people: usize,
    /// Rooms.
    pub rooms: usize,
    /// For how long new things are begun.
    pub lasts: Duration,
    /// How many new things each person begins at most, where that is limited.
    pub deeds: Option<u32>,
    /// Milliseconds between two things that one person does, on average.
    pub pace_ms: u64,
    /// Milliseconds that one is away at most, where one is away for a while.
    pub away_ms: u64,
    /// Whether a guest with an account of their own is signed out half-way.
    pub guest: bool,
    /// How long everything may take to settle afterwards.
    pub settle: Duration,
    /// Whether everybody looks in the end who is online, until they agree.
    pub looks: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 1,
            people: 8,
            rooms: 4,
            lasts: Duration::from_secs(10),
            deeds: None,
            pace_ms: 20,
            away_ms: 1500,
            guest: true,
            settle: Duration::from_secs(30),
            looks: true,
        }
    }
}

/// A workload that goes on.
#[derive(Debug)]
pub struct Workload {
    /// Where the nodes are now; to be changed when one is started again elsewhere.
    pub doors: Doors,
    /// The history.
    pub recorder: Arc<Recorder>,
    /// Rooms and people.
    pub site: Arc<Site>,
    /// When nothing new is begun any more.
    pub until: Instant,
    is_over: Arc<AtomicBool>,
    settle: Duration,
    settle_until: Instant,
    looks: bool,
    workers: Vec<JoinHandle<Worker>>,
    guest: Option<JoinHandle<Option<String>>>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("device", &self.device.name).finish_non_exhaustive()
    }
}

impl Workload {
    /// Makes rooms and sets everybody to work. Each begins at the next door, and comes back by another one.
    ///
    /// # Errors
    /// When a server does not take the first requests.
    pub async fn start(
        settings: Settings,
        doors: Doors,
        recorder: &Arc<Recorder>,
    ) -> Result<Workload, String> {
        let mut luck = StdRng::seed_from_u64(settings.seed);
        let seed = settings.seed;
        let people: Vec<String> = (0..settings.people).map(|number| format!("p{number}-{seed}")).collect();
        let (host, stranger) = (format!("owner-{seed}"), format!("mallory-{seed}"));
        let device = |name: &str| Device::new(name, name, host_token(name, NEVER), &doors, recorder);
        // A user exists from their first token on; mallory is a member of nothing.
        for person in people.iter().map(String::as_str).chain([stranger.as_str()]) {
            device(person).asks("GET", "/auth/me", None).await?;
        }
        let mut owner = device(&host);
        let site = Arc::new(Site::build(&mut owner, &people, settings.rooms, &mut luck).await?);
        let until = Instant::now() + settings.lasts;
        let settle_until = until + settings.settle;
        let names = people.iter().map(String::as_str).chain([host.as_str(), stranger.as_str()]);
        let is_over = Arc::new(AtomicBool::new(false));
        let workers = names.enumerate().map(|(number, name)| Worker {
            device: device(name).beginning_at(number),
            luck: StdRng::seed_from_u64(luck.random()),
            site: site.clone(),
            pace_ms: settings.pace_ms,
            away_ms: settings.away_ms,
            until,
            is_over: is_over.clone(),
            deeds: settings.deeds.unwrap_or(u32::MAX),
            settle_until,
            mine: Vec::new(),
        });
        let workers = workers.map(|worker| tokio::spawn(worker.works())).collect();
        let signed_out =
            || is_signed_out(doors.clone(), recorder.clone(), site.clone(), (settings, is_over.clone()));
        let guest = settings.guest.then(|| tokio::spawn(signed_out()));
        Ok(Workload {
            doors,
            recorder: recorder.clone(),
            site,
            until,
            is_over,
            settle: settings.settle,
            settle_until,
            looks: settings.looks,
            workers,
            guest,
        })
    }

    /// Nothing new is begun any more, whatever time is left.
    pub fn is_enough(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Waits until nobody does anything any more, of those who are still connected.
    pub async fn rests(&self) {
        while !self.workers.iter().all(JoinHandle::is_finished)
            || !self.guest.iter().all(JoinHandle::is_finished)
        {
            sleep(LOOK).await;
        }
    }

    /// Waits for the end: everything begun is settled, everybody is connected and knows what there is and who is
    /// there, as far as that comes true in time.
    ///
    /// # Errors
    /// When a worker broke down.
    pub async fn settles(self) -> Result<Settled, String> {
        let ended: Result<Vec<Worker>, _> = join_all(self.workers).await.into_iter().collect();
        let workers = ended.map_err(|error| format!("a worker broke down: {error}"))?;
        let guest = match self.guest {
            Some(guest) => guest.await.map_err(|error| format!("the guest broke down: {error}"))?,
            None => None,
        };
        let mut settled = Settled { workers, guest, site: self.site };
        let mut all_know = settled.all_know_all().await;
        while !all_know && Instant::now() < self.settle_until {
            sleep(LOOK).await;
            all_know = settled.all_know_all().await;
        }
        self.recorder.push(Entry { f: Action::Rest, kind: Kind::Info, ..Entry::default() });
        if all_know && self.looks {
            settled.look_at_each_other(Instant::now() + self.settle).await;
        }
        Ok(settled)
    }

    /// The same; then all connections end.
    ///
    /// # Errors
    /// As [`Workload::settles`].
    pub async fn finish(self) -> Result<(), String> {
        self.settles().await?.leaves();
        Ok(())
    }
}

/// A guest with an account of their own, who is signed out half-way and must hear nothing more. Who they were.
async fn is_signed_out(
    doors: Doors,
    recorder: Arc<Recorder>,
    site: Arc<Site>,
    (settings, is_over): (Settings, Arc<AtomicBool>),
) -> Option<String> {
    let stranger = Device::new("guest", "guest", String::new(), &doors, &recorder);
    let (user, token) = signs_up(stranger, settings.seed).await?;
    let mut guest = Device::new(&user, &user, token.clone(), &doors, &recorder).beginning_at(1);
    let limit = Instant::now() + settings.lasts.min(GUEST_STAYS) / 2;
    for place in site.places.iter().filter(|place| !place.is_private) {
        let _joined =
            guest.asks("PUT", &format!("/chat/rooms/{}/members/{user}", place.id), Some(&json!({}))).await;
    }
    let line = guest.line(limit).await;
    sleep(limit.saturating_duration_since(Instant::now())).await;
    // On another node, where there is one: what listens must hear of it there.
    let mut other = Device::new(&user, &user, token, &doors, &recorder);
    let entry = Entry { f: Action::Revoke, p: user.clone(), user: user.clone(), ..Entry::default() };
    let n = recorder.begin(entry.clone());
    let done = other.asks("POST", "/auth/logout", None).await.is_ok_and(|reply| reply.status < 300);
    recorder.push(Entry { n, kind: if done { Kind::Ok } else { Kind::Info }, ..entry });
    // Listens on for as long as the others work: what it is told now is written down.
    let end = Instant::now() + settings.lasts / 2;
    while Instant::now() < end && !is_over.load(Ordering::Relaxed) {
        sleep(LOOK).await;
    }
    drop(line);
    Some(user)
}

async fn signs_up(mut stranger: Device, seed: u64) -> Option<(String, String)> {
    let body = json!({ "username": format!("guest{seed}"), "password": "correct horse battery staple" });
    let answer: Value = stranger.asks("POST", "/auth/register", Some(&body)).await.ok()?.json();
    Some((answer["user"]["id"].as_str()?.to_owned(), answer["accessToken"].as_str()?.to_owned()))
}
