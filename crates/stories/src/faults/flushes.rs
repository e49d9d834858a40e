//! Tests of the power cut (F30): where flushes do nothing, and where they are left out, it has to be red.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::sleep;

use super::stage::{Effort, Stage, program};
use super::storage::{Disk, Tracer};
use super::{cannot, must};
use crate::workload::Settings;

/// Answers every flush with success and does nothing.
const SWALLOWED: &str = "fdatasync:retval=0";

/// F30 on a disk that lies.
pub async fn swallowed(effort: Effort) -> Result<String, String> {
    is_red(effort, Some(SWALLOWED), "").await
}

/// F30 with a server that leaves the flush to the next checkpoint.
pub async fn left_out(effort: Effort) -> Result<String, String> {
    if !cfg!(feature = "planted-bugs") {
        return Err(cannot("this program has no bugs: build it with --features planted-bugs"));
    }
    is_red(effort, None, fireside_db::SYNCHRONOUS_NORMAL).await
}

/// Cuts the power; the checker must find that what was acknowledged is lost.
async fn is_red(effort: Effort, injected: Option<&str>, bug: &str) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let disk = Disk::make(files.path(), 0).await?;
    let settings = Settings {
        lasts: Duration::from_secs(5),
        settle: Duration::from_secs(5),
        seed: effort.seed,
        guest: false,
        ..Settings::default()
    };
    let program = program(&effort, &disk.mount).with("PLANTED_BUG", bug);
    let mut stage = Stage::with(program, &effort, settings).await?;
    let tracer = match injected {
        Some(injected) => Some(Tracer::attach(stage.server.pid, injected).await?),
        None => None,
    };
    let before = stage.recorder.acknowledged();
    sleep(Duration::from_millis(1500)).await;
    let acknowledged = stage.recorder.acknowledged() - before;
    stage.server.may_end();
    disk.cut_power().await?;
    stage.server.signal(Signal::KILL);
    stage.server.end().await;
    if let Some(tracer) = tracer {
        tracer.detach().await;
    }
    disk.comes_back().await?;
    stage.server = stage.program.start(&stage.recorder).await?;
    stage.workload.doors.lead_to(0, stage.server.address);
    let judged = stage.judged().await;
    disk.remove().await;
    must(acknowledged > 0, || "nothing was acknowledged before the cut".to_owned())?;
    let found = judged.err().unwrap_or_default();
    must(found.contains("I1 durable"), || {
        format!(
            "{acknowledged} sends were acknowledged without a flush, and their loss was not found: {found}"
        )
    })?;
    Ok(format!("{acknowledged} sends acknowledged without a flush, and the checker finds them lost (I1)"))
}
