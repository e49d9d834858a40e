//! Faults of the machine: its clock.

use std::path::PathBuf;
use std::time::Duration;

use fireside_db::{Db, Options, sql};
use tokio::time::sleep;

use super::stage::{Effort, Stage, program};
use super::storage::sh;
use super::{cannot, must};

/// What it jumps to, one after the other.
const JUMPS: [&str; 4] = ["+600", "-3600", "+60", "+0"];
/// Where libfaketime lies when it is installed.
const INSTALLED: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// F50.
pub async fn jumping_clock(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let library = faketime(files.path()).await?;
    let offset = files.path().join("offset");
    let set = |jump: &str| std::fs::write(&offset, jump).map_err(|error| error.to_string());
    set("+0")?;
    let program = program(&effort, &files.path().join("data"))
        .with("LD_PRELOAD", &library.to_string_lossy())
        .with("FAKETIME_TIMESTAMP_FILE", &offset.to_string_lossy())
        .with("FAKETIME_NO_CACHE", "1")
        .with("DONT_FAKE_MONOTONIC", "1");
    let stage = Stage::of(program, &effort, Duration::from_secs(8)).await?;
    for jump in JUMPS {
        sleep(Duration::from_millis(1500)).await;
        set(jump)?;
    }
    let database = stage.database.clone();
    let (_, verdict) = stage.judged().await?;
    let url = database.parse().map_err(|error| format!("{error}"))?;
    let db = Db::open(&Options::new(url)).await.map_err(|error| error.to_string())?;
    let text = "SELECT COUNT(*) FROM messages a JOIN messages b ON a.room_id = b.room_id AND a.seq < b.seq \
                AND a.created_at > b.created_at";
    let (back,): (i64,) = db.one(sql(text)).await.map_err(|error| error.to_string())?;
    let text = "SELECT MAX(created_at) - MIN(created_at) FROM messages";
    let (span,): (i64,) = db.one(sql(text)).await.map_err(|error| error.to_string())?;
    db.close().await;
    must(back == 0, || format!("createdAt goes back between {back} pairs of messages"))?;
    let span_s = span / 1_000_000;
    must(span_s > 500, || format!("the clock did not jump: all stamps lie within {span_s} s"))?;
    Ok(format!("stamps over {span_s} s in a run of 8 s, none goes back; {verdict}"))
}

/// The library, installed or taken out of its package.
async fn faketime(files: &std::path::Path) -> Result<PathBuf, String> {
    if std::path::Path::new(INSTALLED).exists() {
        return Ok(INSTALLED.into());
    }
    let script = "cd \"$1\" && apt-get -q download libfaketime >&2 && dpkg -x libfaketime_*.deb unpacked";
    sh("sh", &["-c", script, "faketime", &files.to_string_lossy()]).await.map_err(cannot)?;
    Ok(files.join("unpacked").join(INSTALLED.trim_start_matches('/')))
}
