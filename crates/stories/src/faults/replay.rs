//! F63: the list of bad inputs, replayed by the suite that holds them (`tests/bad-inputs`, on Node) while others work.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::sleep;

use super::load::FINE_MS;
use super::stage::{Effort, Stage, latencies_ms, percentile, program};
use super::{cannot, must};
use crate::checker::Kind;
use crate::token::SECRET;
use crate::workload::Settings;

/// Where the suite lies.
const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/bad-inputs");
/// Clients at once.
const LANES: &str = "20";
/// An origin that may use the server, so that there is something to be taken for; the suite knows it.
const FRIEND: &str = "https://good.example";
/// What the workload does before, so that there is something to compare with.
const QUIET: Duration = Duration::from_secs(6);

/// F63.
pub async fn bad_inputs(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let program = program(&effort, files.path()).with("FIRESIDE_CORS_ORIGINS", FRIEND);
    let lasts = effort.lasts + QUIET + Duration::from_secs(15);
    let settings = Settings { lasts, people: 20, pace_ms: 100, seed: effort.seed, ..Settings::default() };
    let mut stage = Stage::with(program, &effort, settings).await?;
    // The first round makes the server take what it keeps: accounts, rooms, statements, pages of memory.
    replay(&stage, files.path(), Duration::from_secs(5)).await?;
    sleep(QUIET).await;
    stage.is_quiet().await?;
    let (quiet, from) = (stage.recorder.now_micros() - QUIET.as_micros() as u64, stage.recorder.now_micros());
    let told = replay(&stage, files.path(), effort.lasts).await?;
    let until = stage.recorder.now_micros();
    must(stage.server.is_running(), || "the server ended".to_owned())?;
    stage.workload.is_enough();
    let (history, verdict) = stage.judged().await?;
    let usual = percentile(&latencies_ms(&history, quiet..from), 99);
    let during = percentile(&latencies_ms(&history, from..until), 99);
    let figures = format!("{told}; others' p99 {usual} → {during} ms; {verdict}");
    must(during <= (2 * usual).max(FINE_MS), || figures.clone())?;
    let panics =
        history.entries.iter().filter(|entry| entry.kind == Kind::Fail && entry.p.is_empty()).count();
    must(panics == 0, || format!("{panics} panics; {figures}"))?;
    Ok(figures)
}

/// Has the suite play for a while; what it says.
async fn replay(stage: &Stage, data: &Path, lasts: Duration) -> Result<String, String> {
    let script = Path::new(SUITE).join("replay.mjs");
    if !script.exists() {
        return Err(cannot(format!("{} is missing", script.display())));
    }
    let server = &stage.server;
    let arguments = [
        script.display().to_string(),
        format!("http://{}", server.address),
        server.pid.to_string(),
        data.display().to_string(),
        LANES.to_owned(),
        lasts.as_secs().to_string(),
    ];
    let mut node = Command::new("node");
    node.args(arguments).env("TESTS_JWT_SECRET", SECRET).stdin(Stdio::null()).kill_on_drop(true);
    let ended = node.output().await.map_err(|error| cannot(format!("node: {error}")))?;
    let said = String::from_utf8_lossy(&ended.stdout);
    let complaint = || String::from_utf8_lossy(&ended.stderr).lines().take(5).collect::<Vec<_>>().join(" ");
    let told: Value = serde_json::from_str(said.trim())
        .map_err(|_| format!("the suite broke down: {said} {}", complaint()))?;
    let failed = told["failed"].as_object().cloned().unwrap_or_default();
    let which: Vec<String> = failed.iter().take(10).map(|(id, why)| format!("{id} {why}")).collect();
    Ok(format!(
        "{} times one of {} bad inputs, {} of them answered otherwise than expected at some time [{}]",
        told["played"],
        told["cases"],
        failed.len(),
        which.join("; ")
    ))
}
