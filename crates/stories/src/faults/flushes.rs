//! A test of the power cut (F30): where flushes do nothing, it has to be red.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::sleep;

use super::must;
use super::stage::{Effort, Stage, program};
use super::storage::{Disk, Tracer};
use crate::workload::Settings;

/// Answers every flush with success and does nothing.
const SWALLOWED: &str = "fdatasync:retval=0";

/// F30 on a disk that lies: the checker must find that what was acknowledged is lost.
pub async fn swallowed(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let disk = Disk::make(files.path(), 0).await?;
    let settings = Settings {
        lasts: Duration::from_secs(5),
        settle: Duration::from_secs(5),
        seed: effort.seed,
        guest: false,
        ..Settings::default()
    };
    let mut stage = Stage::with(program(&effort, &disk.mount), &effort, settings).await?;
    let tracer = Tracer::attach(stage.server.pid, SWALLOWED).await?;
    let before = stage.recorder.acknowledged();
    sleep(Duration::from_millis(1500)).await;
    let acknowledged = stage.recorder.acknowledged() - before;
    stage.server.may_end();
    disk.cut_power().await?;
    stage.server.signal(Signal::KILL);
    stage.server.end().await;
    tracer.detach().await;
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
