//! F26: the database's server is lost, and an asynchronous replica that is behind takes its place under servers that go
//! on running, with people who go on working.

use std::collections::BTreeMap;
use std::time::Duration;

use fireside_db::testing::PostgresServer;
use fireside_db::{Db, Options, sql};
use tokio::time::{Instant, sleep};

use super::cluster::{Cluster, STALL};
use super::must;
use super::restore::{PART, all_kept, judged_from};
use super::stage::{Effort, acknowledges_within};
use crate::checker::{Action, Bounds, History, Truth};
use crate::proof;
use crate::proxy::{Proxy, Weather};
use crate::token::host_token;
use crate::workload::{Device, Settings, Workload};

/// How soon a replica has what the primary has.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(20);
/// How soon after the promotion the servers have to work again: they drain for a second and start anew.
const SERVES_WITHIN: Duration = Duration::from_secs(10);
/// For how long people work on afterwards.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// A token's end: the year 2100.
const NEVER: i64 = 4_102_444_800;

/// See the module.
pub async fn to_replica(effort: Effort) -> Result<String, String> {
    let text = |error: std::io::Error| error.to_string();
    let primary = PostgresServer::start().await.map_err(text)?;
    let replication = Proxy::before(([127, 0, 0, 1], primary.port()).into()).await.map_err(text)?;
    let replica = primary.replica(replication.address.port()).await.map_err(text)?;
    let lasts = 2 * PART + 2 * SERVES_WITHIN + AFTERWARDS;
    let settings = Settings { lasts, seed: effort.seed, pace_ms: 60, guest: false, ..Settings::default() };
    let cluster = Cluster::on(primary, 2, &effort, settings).await?;
    sleep(PART).await;
    // What is acknowledged by now the replica will have, and then it hears nothing more.
    let kept_before = cluster.recorder.now_micros();
    is_followed(&cluster.postgres).await?;
    replication.set(Weather { swallow_answers: true, swallow_requests: true, ..Weather::default() });
    sleep(PART).await;
    let mut pockets = pockets(&cluster).await?;
    let epochs = epochs(&cluster).await?;

    cluster.postgres.kill().await.map_err(text)?;
    let lost_before = cluster.recorder.now_micros();
    replica.promote().await.map_err(text)?;
    for node in &cluster.nodes {
        node.to_postgres.lead_to(([127, 0, 0, 1], replica.port()).into());
    }
    let since = Instant::now();
    acknowledges_within(&cluster.recorder, SERVES_WITHIN + STALL).await?;
    let served_after = since.elapsed();
    begun_anew(&cluster, &epochs).await?;
    let refused = come_back(&mut pockets, &cluster).await?;
    sleep(AFTERWARDS).await;
    let (recorder, doors) = (cluster.recorder.clone(), cluster.workload.doors.clone());
    cluster.workload.is_enough();
    let mut settled = cluster.workload.settles().await?;
    must(settled.all_know_all().await, || "somebody does not know what a fresh client knows".to_owned())?;
    settled.leaves();
    all_are_right(&mut pockets).await?;
    // Others, who never knew of what was lost: of them the checker can ask for everything.
    let anew_from = recorder.now_micros();
    let settings = Settings { seed: settings.seed + 1, lasts: PART, ..settings };
    Workload::start(settings, doors, &recorder).await?.finish().await?;
    for node in cluster.nodes {
        let status = node.run.stop().await;
        must(status.is_some_and(|status| status.success()), || format!("a node ended badly: {status:?}"))?;
    }

    let truth = proof::truth(&replica.url("postgres")).await?;
    let history = recorder.history();
    let kept = all_kept(&history, kept_before, &truth)?;
    let lost = lost(&history, lost_before, &truth)?;
    must(lost > 0, || "the replica was not behind".to_owned())?;
    places_are_one(&history)?;
    let after = proof::verdict(&judged_from(&recorder, anew_from), &truth, &Bounds::default())?;
    Ok(format!(
        "{kept} sends before it fell behind all there, {lost} after it lost, none of those from after the promotion; \
         acknowledged again {served_after:?} after it; {refused} positions of the lost time refused as epoch; after: \
         {after}"
    ))
}

/// Clients that know of the time that will be lost, and are away when it is.
async fn pockets(cluster: &Cluster) -> Result<Vec<Device>, String> {
    let mut devices = Vec::new();
    for (number, person) in cluster.workload.site.people.iter().enumerate() {
        let token = host_token(person, NEVER);
        let name = format!("{person}-pocket");
        let device = Device::new(&name, person, token, &cluster.workload.doors, &cluster.recorder);
        let mut device = device.beginning_at(number);
        device.line(Instant::now() + FOLLOWS_WITHIN).await.ok_or("a client cannot connect")?;
        device.drops();
        devices.push(device);
    }
    Ok(devices)
}

/// They come back, to servers that work, and all that they know must be refused; how many positions that are.
async fn come_back(pockets: &mut [Device], cluster: &Cluster) -> Result<usize, String> {
    let from = cluster.recorder.now_micros();
    for device in pockets.iter_mut() {
        device.line(Instant::now() + SERVES_WITHIN).await.ok_or("a client cannot come back")?;
    }
    let asked = judged_from(&cluster.recorder, from);
    let resumes = asked.operations(Action::Resume);
    let mut count = 0;
    for resume in resumes.iter().filter(|resume| resume.invoke.p.contains("-pocket#")) {
        let Some(answer) = resume.ok() else { continue };
        must((answer.recovered, answer.reason.as_str()) == (Some(false), "epoch"), || {
            format!("a position of the lost time was answered with {}", answer.to_line())
        })?;
        count += 1;
    }
    must(count > 0, || "no client knew of anything that was lost".to_owned())?;
    Ok(count)
}

/// Nobody is stuck: they know what a fresh client knows.
async fn all_are_right(pockets: &mut [Device]) -> Result<(), String> {
    for device in pockets {
        // Told on a connection that lives, or learnt by coming back.
        device.line(Instant::now() + SERVES_WITHIN).await.ok_or("a client cannot come back")?;
        let since = Instant::now();
        loop {
            let fresh = device.rooms().await.ok_or("the rooms cannot be read")?;
            let known = device.positions.lock().clone();
            if known == fresh {
                break;
            }
            must(since.elapsed() < STALL, || {
                format!("{} is stuck at {known:?}; a fresh client has {fresh:?}", device.name)
            })?;
            sleep(Duration::from_millis(50)).await;
        }
        device.drops();
    }
    Ok(())
}

/// The first room's epoch, as each node tells it.
async fn epochs(cluster: &Cluster) -> Result<Vec<String>, String> {
    let site = &cluster.workload.site;
    let path = format!("/chat/rooms/{}", site.places[0].id);
    let mut epochs = Vec::new();
    for node in 0..cluster.nodes.len() {
        let room = cluster.asks(node, &site.people[0], "GET", &path).await?;
        epochs.push(room["epoch"].as_str().ok_or_else(|| format!("no epoch: {room}"))?.to_owned());
    }
    Ok(epochs)
}

/// Waits until both nodes tell another epoch than before, and the same one.
async fn begun_anew(cluster: &Cluster, before: &[String]) -> Result<(), String> {
    let since = Instant::now();
    loop {
        let now = epochs(cluster).await;
        if let Ok(now) = &now
            && now.iter().zip(before).all(|(now, before)| now != before)
        {
            return must(now.windows(2).all(|pair| pair[0] == pair[1]), || format!("nodes tell {now:?}"));
        }
        must(since.elapsed() <= SERVES_WITHIN + STALL, || {
            format!("the nodes tell {now:?}, before {before:?}")
        })?;
        sleep(Duration::from_millis(50)).await;
    }
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

/// How many sends were acknowledged that are not stored: none but before the primary was lost.
fn lost(history: &History, before_micros: u64, truth: &Truth) -> Result<usize, String> {
    let mut count = 0;
    for send in history.operations(Action::Send) {
        let Some(answer) = send.ok() else { continue };
        if truth.stored(&send.invoke.room, &send.invoke.user, &send.invoke.cmid).count() == 0 {
            must(answer.t < before_micros, || {
                format!("acknowledged on the new server, and lost: {}", answer.to_line())
            })?;
            count += 1;
        }
    }
    Ok(count)
}

/// No position stands for two messages, in the lost time and after it: clients tell what they know by it.
fn places_are_one(history: &History) -> Result<(), String> {
    let mut known: BTreeMap<(&str, &str, i64), &str> = BTreeMap::new();
    let told =
        history.of_action(Action::Deliver).filter(|told| told.event == "message:new" && !told.id.is_empty());
    for told in told {
        let Some(seq) = told.seq else { continue };
        let id = *known.entry((&told.room, &told.epoch, seq)).or_insert(&told.id);
        must(id == told.id, || format!("{id} had the position of {}", told.to_line()))?;
    }
    must(!known.is_empty(), || "nothing was told".to_owned())
}
