//! F71: an older state of the database takes the place of the present one, and clients come back that know more than it
//! does.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::must;
use super::stage::{Effort, Stage, program};
use crate::checker::{Action, Bounds, History, Kind, Truth};
use crate::program::Program;
use crate::proof;
use crate::token::host_token;
use crate::workload::{Device, Doors, Recorder, Settings, Workload};

/// For how long things are said that the backup holds, and then for how long such that it does not.
pub(super) const PART: Duration = Duration::from_secs(3);
/// Tokens that outlive every run: the year 2100.
const NEVER: i64 = 4_102_444_800;
/// How long coming back may take.
pub(super) const BACK_WITHIN: Duration = Duration::from_secs(30);

/// See the module.
pub async fn from_backup(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let copy = files.path().join("copy.db");
    let stage = Stage::of(program(&effort, &files.path().join("data")), &effort, 2 * PART).await?;
    sleep(PART).await;
    let kept_before = stage.recorder.now_micros();
    runs(&stage.program, &["backup", &copy.to_string_lossy()], 0).await?;
    runs(&stage.program, &["restored"], 3).await?;
    let doors = stage.workload.doors.clone();
    let afterwards = Arc::new(Recorder::default());
    let program = stage.program.clone();
    let mut devices = know_all(&stage, &afterwards).await?;
    let (history, before) = stage.judged().await?;

    put_back(&copy, &files.path().join("data"))?;
    runs(&program, &["restored"], 0).await?;
    let restored = proof::truth(&program.database()).await?;
    let kept = all_kept(&history, kept_before, &restored)?;
    let refused = comes_back(&program, &mut devices, &afterwards, &doors).await?;
    let truth = proof::truth(&program.database()).await?;
    let after = proof::verdict(&judged_from(&afterwards, refused.from_micros), &truth, &Bounds::default())?;
    Ok(format!(
        "{kept} sends before the backup all there, {} positions of the lost time refused as epoch; before: {before}; \
         after: {after}",
        refused.count
    ))
}

/// People with clients that stay what they are while the server is another one: they know everything when the workload
/// is over.
pub(super) async fn know_all(stage: &Stage, afterwards: &Arc<Recorder>) -> Result<Vec<Device>, String> {
    let mut devices: Vec<Device> = Vec::new();
    for person in &stage.workload.site.people {
        let name = format!("{person}-pocket");
        devices.push(Device::new(
            &name,
            person,
            host_token(person, NEVER),
            &stage.workload.doors,
            afterwards,
        ));
    }
    sleep(stage.workload.until.saturating_duration_since(Instant::now())).await;
    for device in &mut devices {
        device.line(Instant::now() + BACK_WITHIN).await.ok_or("a client cannot connect")?;
        device.drops();
    }
    Ok(devices)
}

/// Runs a command of the program, which must end with this exit code.
pub(super) async fn runs(program: &Program, arguments: &[&str], code: i32) -> Result<(), String> {
    let output = program.command(arguments).output().await.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    must(output.status.code() == Some(code), || format!("{arguments:?} ended with {}: {said}", output.status))
}

/// What an operator does: the copy in place of the file, and nothing of the file's own log.
fn put_back(copy: &Path, data: &Path) -> Result<(), String> {
    let file = data.join("fireside.db");
    for ending in ["-wal", "-shm"] {
        let beside = PathBuf::from(format!("{}{ending}", file.display()));
        if beside.exists() {
            std::fs::remove_file(beside).map_err(|error| error.to_string())?;
        }
    }
    std::fs::copy(copy, file).map(drop).map_err(|error| error.to_string())
}

/// I1 for a backup: it holds every send that was acknowledged before it was begun; how many those are.
pub(super) fn all_kept(history: &History, before_micros: u64, restored: &Truth) -> Result<usize, String> {
    let mut kept = 0;
    for send in history.operations(Action::Send) {
        let Some(answer) = send.ok().filter(|answer| answer.t < before_micros) else { continue };
        let (room, user, cmid) = (&send.invoke.room, &send.invoke.user, &send.invoke.cmid);
        must(restored.stored(room, user, cmid).count() == 1, || {
            format!("{} was acknowledged before the backup and is not in it: {}", cmid, answer.to_line())
        })?;
        kept += 1;
    }
    must(kept > 0, || "nothing was acknowledged before the backup".to_owned())?;
    Ok(kept)
}

/// Positions that were refused.
pub(super) struct Refused {
    pub(super) count: usize,
    /// When the first client came back.
    pub(super) from_micros: u64,
}

/// All clients come back to the restored server, must be told so, and must know then what a fresh one knows; others go
/// on working meanwhile.
pub(super) async fn comes_back(
    program: &Program,
    devices: &mut [Device],
    recorder: &Arc<Recorder>,
    doors: &Doors,
) -> Result<Refused, String> {
    let from_micros = recorder.now_micros();
    let server = program.start(recorder).await?;
    doors.lead_to(0, server.address);
    let settings = Settings { seed: 99, lasts: PART, guest: false, ..Settings::default() };
    let workload = Workload::start(settings, doors.clone(), recorder).await?;
    for device in devices.iter_mut() {
        device.line(Instant::now() + BACK_WITHIN).await.ok_or("a client cannot come back")?;
    }
    let asked = judged_from(recorder, from_micros);
    let resumes = asked.operations(Action::Resume);
    let mut count = 0;
    let asked_before = |user: &str| devices.iter().any(|device| device.user == user);
    for resume in resumes.iter().filter(|resume| asked_before(&resume.invoke.user)) {
        let Some(answer) = resume.ok() else { continue };
        must((answer.recovered, answer.reason.as_str()) == (Some(false), "epoch"), || {
            format!("a position of the lost time was answered with {}", answer.to_line())
        })?;
        count += 1;
    }
    must(count > 0, || "no client knew of anything that was lost".to_owned())?;
    workload.finish().await?;
    for device in devices.iter_mut() {
        let fresh = device.rooms().await.ok_or("the rooms cannot be read")?;
        let known = device.positions.lock().clone();
        must(known == fresh, || {
            format!("{} is stuck at {known:?}; a fresh client has {fresh:?}", device.name)
        })?;
        device.drops();
    }
    server.stop().await;
    Ok(Refused { count, from_micros })
}

/// What was written down from a moment on.
pub(super) fn judged_from(recorder: &Recorder, from_micros: u64) -> History {
    let entries = recorder.history().entries;
    History::of(
        entries.into_iter().filter(|entry| entry.t >= from_micros || entry.kind == Kind::Fail).collect(),
    )
}
