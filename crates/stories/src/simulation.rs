//! Simulation: a whole server and its clients on one thread, with trouble at every COMMIT drawn from one seed: late,
//! refused, or with a connection that breaks before or after it. A workload in miniature runs on it, its connections
//! break as well, and the checker judges. The seed gives the deeds and the trouble; what runs in between is one
//! thread with real sockets and a real SQLite file, so a seed that is replayed does the same things in the same
//! order, though not to the microsecond.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fireside_db::testing::{Fate, Trouble, trouble_commits};
use fireside_server::config::{Config, Secret};
use fireside_server::wiring::{self, Running};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::checker::{self, Bounds, Finding, Room, Truth};
use crate::token::SECRET;
use crate::workload::{Doors, Recorder, Settings, Workload};

/// Threads that simulate.
const THREADS: u64 = 2;
/// What one person does in a run.
const DEEDS: u32 = 8;
/// Where files are fast and forgotten.
const MEMORY: &str = "/dev/shm";

/// Seeds that one server serves, one after the other, each in rooms of its own.
const SEEDS_OF_A_SERVER: u64 = 25;

/// Runs so many seeds from one on.
///
/// # Errors
/// With the first seed that has findings, what they are, and how to run it again.
pub fn run(from: u64, seeds: u64) -> Result<String, String> {
    let next = AtomicU64::new(from);
    let acknowledged = AtomicU64::new(0);
    let simulate = || {
        loop {
            let first = next.fetch_add(SEEDS_OF_A_SERVER, Ordering::Relaxed);
            let end = (first + SEEDS_OF_A_SERVER).min(from + seeds);
            if first >= end {
                return Ok(());
            }
            match on_one_thread(first..end) {
                Ok(count) => drop(acknowledged.fetch_add(count, Ordering::Relaxed)),
                Err(text) => {
                    // Nobody begins anything new.
                    next.store(from + seeds, Ordering::Relaxed);
                    return Err(text);
                }
            }
        }
    };
    let outcomes: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(simulate)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("a simulation panicked".to_owned()))
        };
        threads.into_iter().map(join).collect()
    });
    outcomes.into_iter().collect::<Result<(), String>>()?;
    let count = acknowledged.into_inner();
    Ok(format!("{seeds} seeds from {from} on, {count} sends acknowledged: everything holds"))
}

/// Runs these seeds on a server of their own; how many sends were acknowledged.
fn on_one_thread(seeds: Range<u64>) -> Result<u64, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let outcome = runtime.block_on(Box::pin(on_one_server(seeds)));
    trouble_commits(None);
    runtime.shutdown_background();
    outcome
}

async fn on_one_server(seeds: Range<u64>) -> Result<u64, String> {
    let directory = if Path::new(MEMORY).is_dir() { MEMORY.into() } else { std::env::temp_dir() };
    let files = tempfile::tempdir_in(directory).map_err(|error| error.to_string())?;
    let mut config = Config {
        listen: "127.0.0.1:0".parse().map_err(|error| format!("{error:?}"))?,
        data_dir: files.path().to_owned(),
        rate_limits: false,
        ..Config::default()
    };
    config.jwt.secret = Some(Secret::from(SECRET));
    let server = wiring::start(&config, true).await.map_err(|error| error.to_string())?;
    let mut acknowledged = 0;
    for seed in seeds {
        let again =
            |text: String| format!("seed {seed}:\n{text}\nagain: proof simulate --from {seed} --seeds 1");
        let (count, findings) = one(seed, &server).await.map_err(again)?;
        let text = findings.iter().take(5).map(Finding::to_string).collect::<Vec<_>>().join("\n");
        if !findings.is_empty() {
            return Err(again(text));
        }
        acknowledged += count;
    }
    Ok(acknowledged)
}

/// One run: how many sends were acknowledged, and what is wrong.
async fn one(seed: u64, server: &Running) -> Result<(u64, Vec<Finding>), String> {
    let recorder = Arc::new(Recorder::default());
    let settings = Settings {
        seed,
        people: 2,
        rooms: 2,
        deeds: Some(DEEDS),
        pace_ms: 1,
        away_ms: 20,
        settle: Duration::from_secs(5),
        guest: false,
        looks: false,
        ..Settings::default()
    };
    let workload = Workload::start(settings, Doors::to(vec![server.address]), &recorder).await?;
    let site = workload.site.clone();
    trouble_commits(Some(draw(seed)));
    let done = workload.finish().await;
    trouble_commits(None);
    done?;
    let mut truth = Truth::default();
    for place in &site.places {
        let room = Room::read(&server.kernel.db, &place.id).await.map_err(|error| error.to_string())?;
        truth.rooms.insert(place.id.clone(), room);
    }
    let findings = checker::check(&recorder.history(), &truth, &Bounds::default());
    Ok((u64::try_from(recorder.acknowledged()).unwrap_or(0), findings))
}

fn draw(seed: u64) -> Box<dyn FnMut() -> Trouble> {
    let mut luck = StdRng::seed_from_u64(seed);
    Box::new(move || {
        let mut late = || match luck.random_range(0..4) {
            0 => Duration::from_micros(luck.random_range(0..3000)),
            _ => Duration::ZERO,
        };
        let (before, after) = (late(), late());
        let fate = match luck.random_range(0..100) {
            0..5 => Fate::Lost,
            5..12 => Fate::AnswerLost,
            12..15 => Fate::Refused,
            _ => Fate::Done,
        };
        Trouble { before, after, fate }
    })
}
