//! F06: panics in what serves requests, changes of rooms, and delivery.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::stage::{Effort, Stage, program, unanswered};
use super::{cannot, must};
use crate::checker::{Action, Kind};
use crate::client::{Call, Http};
use crate::workload::{Recorder, Settings};

/// Where they are planted, as it stands in what the server says of them.
const PLANTED: &str = "kernel/src/planted.rs";
/// How soon what the server has said is heard, and what it has counted is seen.
const HEARD_WITHIN: Duration = Duration::from_secs(20);

/// F06.
pub async fn in_handlers(effort: Effort) -> Result<String, String> {
    if !cfg!(feature = "planted-bugs") {
        return Err(cannot("the program has no panics: build it with --features planted-bugs"));
    }
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let program = program(&effort, files.path()).with("PLANTED_BUG", "panic-in-handler");
    let settings = Settings {
        lasts: effort.lasts.min(Duration::from_secs(10)),
        seed: effort.seed,
        ..Settings::default()
    };
    let until = Instant::now() + settings.lasts + Duration::from_secs(2);
    let mut stage = Stage::with(program, &effort, settings).await?;
    stage.bounds.own_panics = Some(PLANTED);
    tokio::time::sleep_until(until).await;
    must(stage.server.is_running(), || "the server ended".to_owned())?;
    let counts = counted_as_said(&stage).await?;
    let (history, verdict) = stage.judged().await?;
    let internal = history.entries.iter().filter(|entry| entry.reason == "internal").count();
    let unknown = history.entries.iter().filter(|entry| entry.reason == "indeterminate").count();
    let closed = history.of_action(Action::Disconnect).count();
    let figures = format!(
        "{counts}; {internal} sends answered internal, {unknown} indeterminate, {closed} connections ended, {} sends never answered",
        unanswered(&history)
    );
    must(unanswered(&history) == 0, || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}

/// Waits until the server has counted as many panics as it has told of; how many, by door.
async fn counted_as_said(stage: &Stage) -> Result<String, String> {
    let since = Instant::now();
    loop {
        let before = said(&stage.recorder);
        let call = Call { method: "GET", path: "/metrics", ..Call::default() };
        let text = Http::new(stage.server.address).send(call).await?.text;
        let lines: Vec<&str> =
            text.lines().filter(|line| line.starts_with("fireside_panics_total")).collect();
        let counted: usize =
            lines.iter().filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum();
        if counted > 0 && counted == before && said(&stage.recorder) == before {
            return Ok(format!("{counted} panics counted: {}", lines.join(", ")));
        }
        must(since.elapsed() < HEARD_WITHIN, || format!("{before} panics, and counted are {lines:?}"))?;
        sleep(Duration::from_millis(200)).await;
    }
}

/// The planted panics that the server has told of.
fn said(recorder: &Recorder) -> usize {
    let history = recorder.history();
    let failures = history.of_action(Action::Server).filter(|entry| entry.kind == Kind::Fail);
    failures.filter(|entry| entry.reason.contains(PLANTED)).count()
}
