//! Faults of the machine: its clock, and that of the machine of PostgreSQL.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use fireside_db::testing::PostgresServer;
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
    let (back, span) = stamps(&db).await?;
    db.close().await;
    must(back == 0, || format!("createdAt goes back between {back} pairs of messages"))?;
    let span_s = span / 1_000_000;
    must(span_s > 500, || format!("the clock did not jump: all stamps lie within {span_s} s"))?;
    Ok(format!("stamps over {span_s} s in a run of 8 s, none goes back; {verdict}"))
}

/// F51.
pub async fn jumping_database_clock(effort: Effort) -> Result<String, String> {
    const RUN: Duration = Duration::from_secs(8);
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let library = faketime(files.path()).await?;
    // PostgreSQL runs as another user.
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(files.path(), mode).map_err(|error| error.to_string())?;
    let offset = files.path().join("offset");
    let set = |jump: &str| std::fs::write(&offset, jump).map_err(|error| error.to_string());
    set("+0")?;
    let postgres = PostgresServer::start().await.map_err(|error| error.to_string())?;
    postgres.stop().await.map_err(|error| error.to_string())?;
    postgres.set_environment(&[
        ("LD_PRELOAD", &library.to_string_lossy()),
        ("FAKETIME_TIMESTAMP_FILE", &offset.to_string_lossy()),
        ("FAKETIME_NO_CACHE", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ]);
    postgres.start_again().await.map_err(|error| error.to_string())?;
    let mut program = program(&effort, &files.path().join("data"));
    program.database = Some(postgres.url("postgres"));
    let stage = Stage::of(program, &effort, RUN).await?;
    let url = stage.database.parse().map_err(|error| format!("{error}"))?;
    let db = Db::open(&Options::new(url)).await.map_err(|error| error.to_string())?;
    let now = sql("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)");
    let mut seen = Vec::new();
    for jump in JUMPS {
        sleep(Duration::from_millis(1500)).await;
        set(jump)?;
        let (now,): (i64,) = db.one(now.clone()).await.map_err(|error| error.to_string())?;
        seen.push(now);
    }
    let jumped = seen.windows(2).any(|pair| (pair[1] - pair[0]).abs() > 500);
    must(jumped, || format!("the database's clock did not jump: {seen:?}"))?;
    let (_, verdict) = stage.judged().await?;
    let (back, span) = stamps(&db).await?;
    db.close().await;
    let span_s = span / 1_000_000;
    must(back == 0, || format!("createdAt goes back between {back} pairs of messages"))?;
    must(span_s < 60, || format!("the database's clock is in createdAt: stamps over {span_s} s"))?;
    Ok(format!("its clock jumped by {:?} s, stamps over {span_s} s, none goes back; {verdict}", jumps(&seen)))
}

fn jumps(seen: &[i64]) -> Vec<i64> {
    seen.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Pairs of messages between which `createdAt` goes back, and the time between the first and the last in microseconds.
async fn stamps(db: &Db) -> Result<(i64, i64), String> {
    let text = "SELECT COUNT(*) FROM messages a JOIN messages b ON a.room_id = b.room_id AND a.seq < b.seq \
                AND a.created_at > b.created_at";
    let (back,): (i64,) = db.one(sql(text)).await.map_err(|error| error.to_string())?;
    let text = "SELECT MAX(created_at) - MIN(created_at) FROM messages";
    let (span,): (i64,) = db.one(sql(text)).await.map_err(|error| error.to_string())?;
    Ok((back, span))
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
