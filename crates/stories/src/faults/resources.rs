//! What a server holds, measured before trouble and after it for I17: the checker compares the two.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::checker::{Action, Entry, Kind, excess};
use crate::client::{Call, Http};
use crate::program::Run;
use crate::workload::Recorder;

/// How long what was taken may take to be given back.
const WITHIN: Duration = Duration::from_secs(60);
/// Between two measurements.
const MEASURE_AGAIN: Duration = Duration::from_secs(1);

/// What is held, by name.
pub type Gauges = BTreeMap<String, u64>;

/// Measures a server now; `kind` is whether this is before the trouble or after it.
///
/// # Errors
/// When the server does not say.
pub async fn measure(server: &Run, data: &Path, recorder: &Recorder, kind: Kind) -> Result<Gauges, String> {
    let call = Call { method: "GET", path: "/metrics", ..Call::default() };
    let text = Http::new(server.address).send(call).await?.text;
    let sum = |name: &str, label: &str| -> u64 {
        let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    };
    let files = std::fs::read_dir(data).map_or(0, Iterator::count) as u64;
    let gauges: Gauges = [
        ("rss_bytes", server.rss_bytes()),
        ("fds", server.fds() as u64),
        ("tasks", sum("fireside_tasks", "")),
        ("db_in_use", sum("fireside_db_pool_connections", "in_use")),
        ("files", files),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let measured = gauges.clone();
    let p = "server".to_owned();
    recorder.push(Entry { f: Action::Measure, kind, p, gauges: measured, ..Entry::default() });
    Ok(gauges)
}

/// Measures until everything is as it was before, or time is up; what it came to, in words.
///
/// # Errors
/// When the server does not say.
pub async fn given_back(
    server: &Run,
    data: &Path,
    recorder: &Recorder,
    before: &Gauges,
) -> Result<String, String> {
    let since = Instant::now();
    loop {
        let now = measure(server, data, recorder, Kind::Ok).await?;
        if excess(before, &now).is_empty() || since.elapsed() > WITHIN - MEASURE_AGAIN {
            let change = |name: &str| {
                let of = |gauges: &Gauges| gauges.get(name).copied().unwrap_or(0);
                (of(before), of(&now))
            };
            let ((rss, rss_now), (fds, fds_now), (tasks, tasks_now)) =
                (change("rss_bytes"), change("fds"), change("tasks"));
            return Ok(format!(
                "memory {} → {} MB, descriptors {fds} → {fds_now}, tasks {tasks} → {tasks_now} after {} s",
                rss >> 20,
                rss_now >> 20,
                since.elapsed().as_secs()
            ));
        }
        sleep(MEASURE_AGAIN).await;
    }
}
