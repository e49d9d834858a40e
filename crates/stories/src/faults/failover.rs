//! F26: the database's server is lost, and an asynchronous replica that is behind takes its place.

use std::sync::Arc;
use std::time::Duration;

use fireside_db::testing::PostgresServer;
use fireside_db::{Db, Options, sql};
use tokio::time::{Instant, sleep};

use super::must;
use super::restore::{PART, all_kept, comes_back, judged_from, know_all, runs};
use super::stage::{Effort, Stage, program};
use crate::checker::{Action, Bounds, History, Truth};
use crate::proof;
use crate::proxy::{Proxy, Weather};
use crate::workload::{Recorder, Settings};

/// How soon a replica has what the primary has.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(20);

/// See the module.
pub async fn to_replica(effort: Effort) -> Result<String, String> {
    let text = |error: std::io::Error| error.to_string();
    let primary = PostgresServer::start().await.map_err(text)?;
    let replication = Proxy::before(([127, 0, 0, 1], primary.port()).into()).await.map_err(text)?;
    let replica = primary.replica(replication.address.port()).await.map_err(text)?;
    let way = Proxy::before(([127, 0, 0, 1], primary.port()).into()).await.map_err(text)?;
    let files = tempfile::tempdir().map_err(text)?;
    let mut program = program(&effort, files.path());
    program.database = Some(format!("postgres://fireside@{}/postgres", way.address));
    let settings = Settings { lasts: 2 * PART, seed: effort.seed, ..Settings::default() };
    let mut stage = Stage::with(program.clone(), &effort, settings).await?;
    stage.database = primary.url("postgres");
    sleep(PART).await;
    // What is acknowledged by now the replica will have, and then it hears nothing more.
    let kept_before = stage.recorder.now_micros();
    is_followed(&primary).await?;
    replication.set(Weather { swallow_answers: true, swallow_requests: true, ..Weather::default() });
    let (doors, afterwards) = (stage.workload.doors.clone(), Arc::new(Recorder::default()));
    let mut devices = know_all(&stage, &afterwards).await?;
    let (history, before) = stage.judged().await?;
    primary.kill().await.map_err(text)?;
    replica.promote().await.map_err(text)?;
    way.lead_to(([127, 0, 0, 1], replica.port()).into());
    runs(&program, &["restored"], 0).await?;
    let truth = proof::truth(&replica.url("postgres")).await?;
    let (kept, lost) = (all_kept(&history, kept_before, &truth)?, missing(&history, &truth));
    must(lost > 0, || "the replica was not behind".to_owned())?;
    let refused = comes_back(&program, &mut devices, &afterwards, &doors).await?;
    let truth = proof::truth(&replica.url("postgres")).await?;
    let after = proof::verdict(&judged_from(&afterwards, refused.from_micros), &truth, &Bounds::default())?;
    Ok(format!(
        "{kept} sends before it fell behind all there, {lost} after it lost; {} positions of the lost time refused as \
         epoch; before: {before}; after: {after}",
        refused.count
    ))
}

/// Waits until the only replica has received what the primary has by now.
async fn is_followed(primary: &PostgresServer) -> Result<(), String> {
    let url = primary.url("postgres").parse().map_err(|error| format!("{error}"))?;
    let db = Db::open(&Options::new(url)).await.map_err(|error| error.to_string())?;
    let position = sql("SELECT CAST(pg_current_wal_lsn() AS TEXT)");
    let (position,): (String,) = db.one(position).await.map_err(|error| error.to_string())?;
    let since = Instant::now();
    let question = "SELECT COALESCE(BOOL_AND(flush_lsn >= CAST(CAST($1 AS TEXT) AS PG_LSN)), FALSE) \
                    FROM pg_stat_replication";
    loop {
        let (is_there,): (bool,) =
            db.one(sql(question).bind(position.as_str())).await.map_err(|error| error.to_string())?;
        if is_there {
            break;
        }
        must(since.elapsed() <= FOLLOWS_WITHIN, || "the replica does not follow".to_owned())?;
        sleep(Duration::from_millis(50)).await;
    }
    db.close().await;
    Ok(())
}

/// How many sends were acknowledged that are not stored.
fn missing(history: &History, truth: &Truth) -> usize {
    let sends = history.operations(Action::Send);
    let acknowledged = sends.iter().filter(|send| send.ok().is_some()).map(|send| send.invoke);
    let is_missing =
        |send: &&crate::checker::Entry| truth.stored(&send.room, &send.user, &send.cmid).count() == 0;
    acknowledged.filter(is_missing).count()
}
