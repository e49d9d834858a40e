//! Faults of PostgreSQL.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use fireside_db::testing::PostgresServer;
use fireside_db::{Db, Options, sql};
use tokio::time::sleep;

use super::load::FINE_MS;
use super::stage::{Effort, Stage, latencies_ms_of, percentile, program, slowest_answer_ms, unanswered};
use super::storage::{Disk, sh, summary};
use super::{ms, must};
use crate::checker::History;
use crate::proxy::{Proxy, Weather};
use crate::workload::Settings;

/// How long any call may wait for its answer.
const ANSWERED_WITHIN_MS: u64 = 5500;
/// How soon service is back once the database is.
const BACK_WITHIN: Duration = Duration::from_secs(2);

fn answered(history: &History) -> Result<String, String> {
    let (slowest, silent) = (slowest_answer_ms(history), unanswered(history));
    must(slowest <= ANSWERED_WITHIN_MS, || format!("a send was answered after {slowest} ms"))?;
    must(silent == 0, || format!("{silent} sends were never answered"))?;
    let sql = history.entries.iter().find(|entry| entry.reason.contains("SELECT"));
    must(sql.is_none(), || format!("SQL reached a client: {sql:?}"))?;
    Ok(format!("slowest answer {slowest} ms, {}", summary(history)))
}

/// F20.
pub async fn killed(effort: Effort) -> Result<String, String> {
    let (stage, postgres) = Stage::postgres(&effort, Duration::from_secs(7)).await?;
    sleep(Duration::from_secs(2)).await;
    let recorder = stage.recorder.clone();
    let fault = async {
        postgres.kill().await.map_err(|error| error.to_string())?;
        sleep(Duration::from_secs(2)).await;
        postgres.start_again().await.map_err(|error| error.to_string())?;
        stage.acknowledges_within(BACK_WITHIN).await
    };
    let back = recorder.fault("PostgreSQL killed", fault).await?;
    let (history, verdict) = stage.judged().await?;
    Ok(format!("back {} after it; {}; {verdict}", ms(back), answered(&history)?))
}

/// F21.
pub async fn restarted(effort: Effort) -> Result<String, String> {
    let (stage, postgres) = Stage::postgres(&effort, Duration::from_secs(7)).await?;
    sleep(Duration::from_secs(1)).await;
    let recorder = stage.recorder.clone();
    let fault = async {
        postgres.stop().await.map_err(|error| error.to_string())?;
        postgres.start_again().await.map_err(|error| error.to_string())?;
        stage.acknowledges_within(BACK_WITHIN).await
    };
    let back = recorder.fault("PostgreSQL restarted", fault).await?;
    sleep(Duration::from_secs(1)).await;
    let options = Options::new(postgres.url("postgres").parse().map_err(|error| format!("{error}"))?);
    let other = Db::open(&options).await.map_err(|error| error.to_string())?;
    let terminate = sql("SELECT CAST(COUNT(pg_terminate_backend(pid)) AS BIGINT) FROM pg_stat_activity \
                         WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
    let fault = async {
        let (ended,): (i64,) = other.one(terminate).await.map_err(|error| error.to_string())?;
        Ok::<_, String>((ended, stage.acknowledges_within(BACK_WITHIN).await?))
    };
    let (ended, again) = recorder.fault("connections ended", fault).await?;
    other.close().await;
    let (history, verdict) = stage.judged().await?;
    Ok(format!(
        "back {} after the restart, {} after {ended} connections were ended; {}; {verdict}",
        ms(back),
        ms(again),
        answered(&history)?
    ))
}

/// F22.
pub async fn frozen(effort: Effort) -> Result<String, String> {
    let (stage, postgres) = Stage::postgres(&effort, effort.lasts + Duration::from_secs(6)).await?;
    sleep(Duration::from_secs(3)).await;
    let before = stage.server.rss_bytes();
    let recorder = stage.recorder.clone();
    let fault = async {
        postgres.freeze().map_err(|error| error.to_string())?;
        sleep(effort.lasts).await;
        let grown = stage.server.rss_bytes().saturating_sub(before) >> 20;
        postgres.thaw().map_err(|error| error.to_string())?;
        Ok::<_, String>((grown, stage.acknowledges_within(BACK_WITHIN).await?))
    };
    let (grown, back) = recorder.fault("PostgreSQL frozen", fault).await?;
    let (history, verdict) = stage.judged().await?;
    must(grown < 30, || format!("memory grew by {grown} MB while it was frozen"))?;
    Ok(format!("back {} after it, memory +{grown} MB; {}; {verdict}", ms(back), answered(&history)?))
}

/// F23.
pub async fn answers_lost(effort: Effort) -> Result<String, String> {
    let postgres = PostgresServer::start().await.map_err(|error| error.to_string())?;
    let proxy =
        Proxy::before(([127, 0, 0, 1], postgres.port()).into()).await.map_err(|error| error.to_string())?;
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut program = program(&effort, files.path());
    program.database = Some(format!("postgres://fireside@{}/postgres", proxy.address));
    let settings = Settings { lasts: Duration::from_secs(12), seed: effort.seed, ..Settings::default() };
    let mut stage = Stage::with(program, &effort, settings).await?;
    stage.database = postgres.url("postgres");
    let recorder = stage.recorder.clone();
    for _ in 0..effort.times {
        sleep(Duration::from_millis(500)).await;
        let fault = async {
            // It is done, and that it is done is not heard. Then the connections end.
            proxy.set(Weather { lose_answer_to: Some("COMMIT"), ..Weather::default() });
            sleep(Duration::from_millis(150)).await;
            proxy.set(Weather::default());
            proxy.cut();
            stage.acknowledges_within(Duration::from_secs(6)).await
        };
        recorder.fault("answers swallowed", fault).await?;
    }
    let (history, verdict) = stage.judged().await?;
    let doubtful = history.entries.iter().filter(|entry| entry.reason == "indeterminate").count();
    must(doubtful > 0, || "no answer to a COMMIT was lost".to_owned())?;
    Ok(format!("{doubtful} answers indeterminate; {}; {verdict}", answered(&history)?))
}

/// F24.
pub async fn room_locked(effort: Effort) -> Result<String, String> {
    let lasts = effort.lasts.min(Duration::from_secs(15));
    let (stage, postgres) = Stage::postgres(&effort, lasts + Duration::from_secs(5)).await?;
    sleep(Duration::from_secs(2)).await;
    let mut options = Options::new(postgres.url("postgres").parse().map_err(|error| format!("{error}"))?);
    options.deadline = lasts * 2;
    let other = Db::open(&options).await.map_err(|error| error.to_string())?;
    let room = stage.workload.site.places[0].id.clone();
    let mut tx = other.begin().await.map_err(|error| error.to_string())?;
    let lock = sql("SELECT id FROM rooms WHERE id = $1 FOR UPDATE").bind(&room);
    let locked: Vec<(String,)> = tx.all(lock).await.map_err(|error| error.to_string())?;
    let recorder = stage.recorder.clone();
    let (from, before) = (recorder.now_micros(), recorder.acknowledged());
    recorder.fault("a room locked", sleep(lasts)).await;
    let (until, during) = (recorder.now_micros(), recorder.acknowledged() - before);
    tx.rollback().await;
    other.close().await;
    let (history, verdict) = stage.judged().await?;
    must(locked.len() == 1, || "nothing was locked".to_owned())?;
    let sends = history.operations(crate::checker::Action::Send);
    let tried =
        sends.iter().filter(|send| send.invoke.room != room && (from..until).contains(&send.invoke.t));
    let tried = tried.count();
    let elsewhere = |span| latencies_ms_of(&history, span, |send| send.room != room);
    let (usual, meanwhile) = (elsewhere(0..from), elsewhere(from..until));
    let (done, usual, p99) = (meanwhile.len(), percentile(&usual, 99), percentile(&meanwhile, 99));
    let figures = format!(
        "{done} of {tried} sends to other rooms were acknowledged meanwhile ({during} in all), p99 {usual} → {p99} ms; {}",
        answered(&history)?
    );
    must(done * 10 >= tried * 9, || figures.clone())?;
    must(p99 <= (3 * usual).max(FINE_MS), || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}

/// F28.
pub async fn power_cut(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    // PostgreSQL runs as another user.
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(files.path(), mode).map_err(|error| error.to_string())?;
    let disk = Disk::make(files.path(), 0).await?;
    let postgres = PostgresServer::start_in(&disk.mount, &[]).await.map_err(|error| error.to_string())?;
    // A cluster for tests is made without it.
    sh("sync", &["-f", &disk.mount.to_string_lossy()]).await?;
    let mut program = program(&effort, files.path());
    program.database = Some(postgres.url("postgres"));
    let stage = Stage::of(program, &effort, Duration::from_secs(6)).await?;
    sleep(Duration::from_secs(3)).await;
    let acknowledged = stage.recorder.acknowledged();
    let recorder = stage.recorder.clone();
    let fault = async {
        disk.cut_power().await?;
        // Its lock file cannot be removed from a disk without power; a new server knows that its pid is gone.
        postgres.kill().await.ok();
        disk.comes_back().await?;
        postgres.start_again().await.map_err(|error| error.to_string())?;
        stage.acknowledges_within(BACK_WITHIN * 5).await
    };
    let back = recorder.fault("power cut", fault).await?;
    let judged = stage.judged().await;
    postgres.stop().await.ok();
    disk.remove().await;
    let (_, verdict) = judged?;
    Ok(format!(
        "{acknowledged} sends acknowledged before it, none lost; back {} after it; {verdict}",
        ms(back)
    ))
}
