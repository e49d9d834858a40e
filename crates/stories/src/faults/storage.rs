//! Faults of the process and of the disk under SQLite.

use std::path::Path;
use std::time::Duration;

use fireside_db::{Db, Options, sql};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rustix::process::Signal;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::stage::{Effort, Stage, latencies_ms, percentile, program, unanswered};
use super::{cannot, ms, must};
use crate::client::{Call, Http};
use crate::program::Program;
use crate::workload::{Recorder, Settings};

/// F02, F34.
pub async fn kill_again_and_again(effort: Effort) -> Result<String, String> {
    let mut luck = StdRng::seed_from_u64(effort.seed);
    // Longer than it takes; it is ended with the last kill.
    let settings = Settings {
        lasts: Duration::from_secs(10) * effort.times,
        seed: effort.seed,
        guest: false,
        ..Settings::default()
    };
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut stage = Stage::with(program(&effort, files.path()), &effort, settings).await?;
    let mut slowest = Duration::ZERO;
    for _ in 0..effort.times {
        sleep(Duration::from_millis(luck.random_range(20..500))).await;
        stage.server.may_end();
        stage.server.signal(Signal::KILL);
        stage.server.end().await;
        let integrity = integrity(&stage.database).await?;
        must(integrity == "ok", || format!("integrity_check says {integrity}"))?;
        let since = Instant::now();
        stage.server = stage.program.start(&stage.recorder).await?;
        stage.workload.doors.lead_to(0, stage.server.address);
        stage.acknowledges_within(Duration::from_secs(5)).await?;
        slowest = slowest.max(since.elapsed());
    }
    stage.workload.is_enough();
    let (_, verdict) = stage.judged().await?;
    Ok(format!(
        "{} kills, integrity ok after each, back after {} at most; {verdict}",
        effort.times,
        ms(slowest)
    ))
}

async fn integrity(database: &str) -> Result<String, String> {
    let url = database.parse().map_err(|error| format!("{error}"))?;
    let db = Db::open(&Options::new(url)).await.map_err(|error| error.to_string())?;
    let rows: Result<Vec<(String,)>, _> = db.all(sql("PRAGMA integrity_check")).await;
    db.close().await;
    let rows = rows.map_err(|error| error.to_string())?;
    Ok(rows.into_iter().map(|(row,)| row).collect::<Vec<_>>().join("; "))
}

/// F05.
pub async fn kill_while_it_stops(effort: Effort) -> Result<String, String> {
    let mut stage = Stage::sqlite(&effort, Duration::from_secs(5)).await?;
    for _ in 0..2 {
        sleep(Duration::from_millis(800)).await;
        stage.server.may_end();
        stage.server.signal(Signal::TERM);
        sleep(Duration::from_secs(1)).await;
        stage = stage.killed().await?.0;
        stage.acknowledges_within(Duration::from_secs(5)).await?;
    }
    Ok(stage.judged().await?.1)
}

/// F25.
pub async fn disk_full(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mount = Mount::tmpfs(files.path(), "24m").await?;
    let stage = Stage::of(program(&effort, files.path()), &effort, Duration::from_secs(9)).await?;
    sleep(Duration::from_secs(2)).await;
    let recorder = stage.recorder.clone();
    let address = stage.server.address;
    let during = async {
        let filler = files.path().join("filler");
        // Until nothing more fits.
        let _full = tokio::fs::write(&filler, vec![1; 64 << 20]).await;
        sleep(Duration::from_secs(3)).await;
        let call = Call { method: "GET", path: "/healthz", ..Call::default() };
        let status = Http::new(address).send(call).await.map(|reply| reply.status);
        let emptied = tokio::fs::remove_file(&filler).await;
        (status, emptied)
    };
    let (status, emptied) = recorder.fault("disk full", during).await;
    emptied.map_err(|error| error.to_string())?;
    must(status == Ok(200), || format!("while the disk was full, /healthz said {status:?}"))?;
    let back = stage.acknowledges_within(Duration::from_secs(5)).await?;
    let (history, verdict) = stage.judged().await?;
    drop(mount);
    let refused = history.entries.iter().filter(|entry| entry.reason == "overloaded").count();
    Ok(format!("{refused} sends refused as overloaded, acknowledging again after {}; {verdict}", ms(back)))
}

/// F30.
pub async fn power_cut(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut acknowledged = 0;
    for round in 0..effort.times {
        let disk = Disk::make(files.path(), round).await?;
        let effort = Effort { seed: effort.seed + u64::from(round), ..effort.clone() };
        let mut stage = Stage::of(program(&effort, &disk.mount), &effort, Duration::from_secs(3)).await?;
        sleep(Duration::from_millis(1700)).await;
        stage.server.may_end();
        disk.cut_power().await?;
        stage.server.signal(Signal::KILL);
        stage.server.end().await;
        disk.comes_back().await?;
        stage.server = stage.program.start(&stage.recorder).await?;
        stage.workload.doors.lead_to(0, stage.server.address);
        acknowledged += stage.recorder.acknowledged();
        let judged = stage.judged().await;
        disk.remove().await;
        judged?;
    }
    Ok(format!("{} power cuts, {acknowledged} sends acknowledged before them, none lost", effort.times))
}

/// F31.
pub async fn failing_disk(effort: Effort) -> Result<String, String> {
    let mut said = Vec::new();
    for inject in ["fdatasync:error=EIO:when=3", "pwrite64:error=ENOSPC:when=9..11"] {
        let stage = Stage::sqlite(&effort, Duration::from_secs(6)).await?;
        sleep(Duration::from_millis(1500)).await;
        let tracer = Tracer::attach(stage.server.pid, inject).await?;
        let recorder = stage.recorder.clone();
        recorder.fault(inject, sleep(Duration::from_secs(2))).await;
        tracer.detach().await;
        let before = stage.server.is_running();
        let back = stage.acknowledges_within(Duration::from_secs(5)).await;
        let (history, verdict) = stage.judged().await?;
        let doubtful = history.entries.iter().filter(|entry| entry.reason == "indeterminate").count();
        let refused = history.entries.iter().filter(|entry| entry.reason == "overloaded").count();
        let back = back.map_or_else(|error| error, ms);
        said.push(format!(
            "{inject}: runs on: {before}, {refused} refused, {doubtful} indeterminate, then {back}; {verdict}"
        ));
    }
    Ok(said.join(" | "))
}

/// F32.
pub async fn slow_disk(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let settings = Settings {
        people: 40,
        pace_ms: 50,
        lasts: Duration::from_secs(12),
        seed: effort.seed,
        ..Settings::default()
    };
    let stage = Stage::with(program(&effort, files.path()), &effort, settings).await?;
    sleep(Duration::from_secs(1)).await;
    let tracer = Tracer::attach(stage.server.pid, "fdatasync:delay_enter=100000").await?;
    sleep(Duration::from_secs(1)).await;
    let (before, since) = (stage.recorder.acknowledged(), Instant::now());
    let mut loops = Vec::new();
    while since.elapsed() < Duration::from_secs(6) {
        let asked = Instant::now();
        let call = Call { method: "GET", path: "/healthz", ..Call::default() };
        let _alive = Http::new(stage.server.address).send(call).await;
        loops.push(u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX));
        sleep(Duration::from_millis(50)).await;
    }
    let rate = (stage.recorder.acknowledged() - before) as u64 / 6;
    tracer.detach().await;
    loops.sort_unstable();
    let p99 = percentile(&loops, 99);
    let (_, verdict) = stage.judged().await?;
    must(rate >= 100, || format!("{rate} sends in a second with 100 ms a flush"))?;
    must(p99 < 50, || format!("/healthz took {p99} ms (p99)"))?;
    Ok(format!("{rate} sends in a second, /healthz p99 {p99} ms; {verdict}"))
}

/// F33.
pub async fn two_processes(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let program = program(&effort, &files.path().join("data"));
    let recorder = std::sync::Arc::new(Recorder::default());
    let server = program.start(&recorder).await?;
    let second = output(&program).await?;
    must(second.0 == Some(3) && second.1.contains("in use by another process"), || {
        format!("the second server ended with {second:?}")
    })?;
    // Taken away while it runs: what is acknowledged then would be nowhere.
    let stolen = files.path().join("stolen");
    std::fs::rename(files.path().join("data/fireside.db"), &stolen).map_err(|error| error.to_string())?;
    let ready = Call { method: "GET", path: "/readyz", ..Call::default() };
    let status = Http::new(server.address).send(ready).await?.status;
    must(status == 503, || format!("without its file /readyz says {status}"))?;
    std::fs::rename(&stolen, files.path().join("data/fireside.db")).map_err(|error| error.to_string())?;
    server.stop().await;
    let garbage = files.path().join("data/fireside.db");
    std::fs::write(&garbage, vec![7; 8192]).map_err(|error| error.to_string())?;
    let refused = output(&program).await?;
    must(refused.0 == Some(1) && refused.1.contains("fireside.db"), || {
        format!("a file of garbage: {refused:?}")
    })?;
    Ok("the second is refused with 3; without its file it is not ready; garbage is named".to_owned())
}

async fn output(program: &Program) -> Result<(Option<i32>, String), String> {
    let running = program.command(&["serve"]).output();
    let ended = tokio::time::timeout(Duration::from_secs(20), running).await;
    let ended = ended.map_err(|_| "it does not end".to_owned())?.map_err(|error| error.to_string())?;
    Ok((ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned()))
}

/// Runs a command to its end.
pub(super) async fn sh(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).output().await;
    let output = output.map_err(|error| cannot(format!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(cannot(format!(
        "{program} {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

/// A mounted file system; unmounted when dropped.
pub(super) struct Mount(std::path::PathBuf);

impl Mount {
    /// A file system in memory, of this size.
    pub(super) async fn tmpfs(at: &Path, size: &str) -> Result<Mount, String> {
        let options = format!("size={size}");
        sh("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", &at.to_string_lossy()]).await?;
        Ok(Mount(at.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _unmounted = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A disk whose power can be cut: ext4 on a loop device.
pub(super) struct Disk {
    image: std::path::PathBuf,
    /// Where it is mounted.
    pub(super) mount: std::path::PathBuf,
}

/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH` (linux/fs/ext4/ext4.h): nothing more reaches the disk, the
/// journal included.
const CUT: &str =
    "import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1],0),0x8004587d,struct.pack('I',2))";

impl Disk {
    pub(super) async fn make(files: &Path, round: u32) -> Result<Disk, String> {
        let disk =
            Disk { image: files.join(format!("image-{round}")), mount: files.join(format!("disk-{round}")) };
        std::fs::create_dir_all(&disk.mount).map_err(|error| error.to_string())?;
        sh("truncate", &["-s", "512M", &disk.image.to_string_lossy()]).await?;
        sh("mkfs.ext4", &["-q", "-F", &disk.image.to_string_lossy()]).await?;
        disk.comes_back().await?;
        Ok(disk)
    }

    pub(super) async fn cut_power(&self) -> Result<(), String> {
        sh("python3", &["-c", CUT, &self.mount.to_string_lossy()]).await.map(drop)
    }

    /// Mounts it; what its journal does not hold is gone.
    pub(super) async fn comes_back(&self) -> Result<(), String> {
        let _was_mounted = sh("umount", &[&self.mount.to_string_lossy()]).await;
        sh("mount", &["-o", "loop", &self.image.to_string_lossy(), &self.mount.to_string_lossy()])
            .await
            .map(drop)
    }

    pub(super) async fn remove(self) {
        let _unmounted = sh("umount", &["-l", &self.mount.to_string_lossy()]).await;
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _unmounted = std::process::Command::new("umount")
            .args(["-q", "-l"])
            .arg(&self.mount)
            .stderr(std::process::Stdio::null())
            .status();
    }
}

/// strace on a running process, with faults in its system calls.
pub(super) struct Tracer(tokio::process::Child);

impl Tracer {
    pub(super) async fn attach(pid: u32, inject: &str) -> Result<Tracer, String> {
        let call = inject.split(':').next().unwrap_or_default();
        let child = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                &format!("trace={call}"),
                "-e",
                &format!("inject={inject}"),
            ])
            .args(["-p", &pid.to_string()])
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| cannot(format!("strace: {error}")))?;
        let status = format!("/proc/{pid}/status");
        for _ in 0..100 {
            sleep(Duration::from_millis(20)).await;
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            if text.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0")) {
                return Ok(Tracer(child));
            }
        }
        Err(cannot("strace does not attach"))
    }

    pub(super) async fn detach(mut self) {
        if let Some(pid) =
            self.0.id().and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?))
        {
            // SIGTERM makes it let go; SIGKILL would take the traced process along.
            let _gone = rustix::process::kill_process(pid, Signal::TERM);
        }
        let _ended = tokio::time::timeout(Duration::from_secs(5), self.0.wait()).await;
    }
}

/// Kept for runs that look at what was answered how late.
pub(super) fn summary(history: &crate::checker::History) -> String {
    let all = latencies_ms(history, 0..u64::MAX);
    format!(
        "p50 {} ms, p99 {} ms, {} never answered",
        percentile(&all, 50),
        percentile(&all, 99),
        unanswered(history)
    )
}
