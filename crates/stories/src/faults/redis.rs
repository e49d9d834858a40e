//! Faults of Redis and of the ways to it.

use std::time::Duration;

use fireside_bus::testing::RedisServer;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::time::sleep;

use super::across::deliveries_ms;
use super::cluster::{Cluster, STALL};
use super::stage::{Effort, latencies_ms, percentile};
use super::{cannot, ms, must};
use crate::canary;
use crate::checker::{Action, History};
use crate::proxy::Weather;

/// How soon everybody is told what another node has stored while Redis is known to be away (G6).
const TOLD_WITHOUT: Duration = Duration::from_secs(2);
/// The same while nobody knows yet.
const TOLD_UNKNOWING: Duration = Duration::from_secs(10);
/// How soon presence is right once an empty Redis is there (G7).
const PRESENCE_WITHIN: Duration = Duration::from_secs(7);
/// How soon nodes know that Redis is away, and that it is back.
pub(super) const KNOWN_WITHIN: Duration = Duration::from_secs(10);
/// The end of a session is known everywhere so soon without Redis (G9).
const REVOKED_WITHOUT_MS: u64 = 10_000;
/// So long it is away where it comes back.
const AWAY: Duration = Duration::from_secs(10);

/// Two nodes, used well, and one person at each who is only there.
pub(super) async fn begun(effort: &Effort, lasts: Duration) -> Result<Cluster, String> {
    let mut cluster = Cluster::of(2, effort, lasts).await?;
    cluster.bounds.revocation_ms = REVOKED_WITHOUT_MS;
    cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    sleep(Duration::from_secs(2)).await;
    Ok(cluster)
}

/// What was told across nodes in a span of time, in words; fails where it came too late.
fn told(history: &History, span: std::ops::Range<u64>, limit: Duration) -> Result<String, String> {
    let times = deliveries_ms(history, span, |from, to| from != to);
    let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
    let figures = format!("{} told across nodes, p50 {p50} ms, p99 {p99} ms", times.len());
    must(!times.is_empty(), || "nothing was told across nodes".to_owned())?;
    must(u128::from(p99) <= (limit + STALL).as_millis(), || figures.clone())?;
    Ok(figures)
}

/// F10, and F15 where another Redis takes its place.
async fn lost(effort: Effort, is_replaced: bool) -> Result<String, String> {
    let cluster = begun(&effort, Duration::from_secs(120)).await?;
    let (_at_one, _at_two) = (cluster.attends(0, "one").await?, cluster.attends(1, "two").await?);
    let leaves = cluster.attends(0, "leaves").await?;
    let all = [("one", true), ("two", true), ("leaves", true)];
    cluster.sees_within(PRESENCE_WITHIN, &[0, 1], &all).await?;
    cluster.redis.kill().map_err(|error| error.to_string())?;
    let known = cluster.are_within(KNOWN_WITHIN, &[0, 1], "degraded").await?;
    let from = cluster.recorder.now_micros();
    leaves.close().await;
    sleep(effort.lasts.min(AWAY)).await;
    let until = cluster.recorder.now_micros();
    let other = if is_replaced {
        let other = RedisServer::start().await.map_err(cannot)?;
        let address = ([127, 0, 0, 1], other.port()).into();
        cluster.nodes.iter().for_each(|node| node.to_redis.lead_to(address));
        Some(other)
    } else {
        cluster.redis.start_again().await.map_err(|error| error.to_string())?;
        None
    };
    let back = cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    let expected = [("one", true), ("two", true), ("leaves", false)];
    let right = cluster.sees_within(PRESENCE_WITHIN + STALL, &[0, 1], &expected).await?;
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    drop(other);
    Ok(format!(
        "known after {}, meanwhile {}; ready {} after it, presence right {} later; {verdict}",
        ms(known),
        told(&history, from..until, TOLD_WITHOUT)?,
        ms(back),
        ms(right)
    ))
}

/// F10.
pub async fn killed(effort: Effort) -> Result<String, String> {
    lost(effort, false).await
}

/// F15.
pub async fn replaced(effort: Effort) -> Result<String, String> {
    lost(effort, true).await
}

/// F11.
pub async fn frozen(effort: Effort) -> Result<String, String> {
    let cluster = begun(&effort, Duration::from_secs(120)).await?;
    let from = cluster.recorder.now_micros();
    cluster.redis.freeze().map_err(|error| error.to_string())?;
    let known = cluster.are_within(KNOWN_WITHIN + STALL, &[0, 1], "degraded").await;
    let middle = cluster.recorder.now_micros();
    sleep(effort.lasts).await;
    let until = cluster.recorder.now_micros();
    cluster.redis.thaw().map_err(|error| error.to_string())?;
    let known = known?;
    let back = cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    let sends = |span| percentile(&latencies_ms(&history, span), 99);
    let (usual, p99) = (sends(0..from), sends(from..until));
    let figures = format!(
        "known after {}; until then {}; then {}; ready {} after it; sends' p99 {usual} → {p99} ms",
        ms(known),
        told(&history, from..middle, TOLD_UNKNOWING)?,
        told(&history, middle..until, TOLD_WITHOUT)?,
        ms(back)
    );
    must(u128::from(p99) <= u128::from(2 * usual) + STALL.as_millis(), || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}

/// A way on which nothing goes through, and nobody is told.
fn nothing() -> Weather {
    Weather { swallow_answers: true, swallow_requests: true, ..Weather::default() }
}

/// F12.
pub async fn deaf(effort: Effort) -> Result<String, String> {
    let cluster = begun(&effort, Duration::from_secs(120)).await?;
    let from = cluster.recorder.now_micros();
    cluster.nodes[1].to_redis.set(nothing());
    let known = cluster.are_within(KNOWN_WITHIN + STALL, &[1], "degraded").await?;
    let middle = cluster.recorder.now_micros();
    sleep(effort.lasts.min(AWAY)).await;
    let until = cluster.recorder.now_micros();
    cluster.nodes[1].to_redis.set(Weather::default());
    let back = cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    Ok(format!(
        "known after {}; until then {}; then {}; ready {} after it; {verdict}",
        ms(known),
        told(&history, from..middle, TOLD_UNKNOWING)?,
        told(&history, middle..until, TOLD_UNKNOWING)?,
        ms(back)
    ))
}

/// F43.
pub async fn apart(effort: Effort) -> Result<String, String> {
    let cluster = begun(&effort, Duration::from_secs(180)).await?;
    let (recorder, lasts) = (cluster.recorder.clone(), effort.lasts.min(AWAY));
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]];
    // One has no Redis, the other has.
    one.to_redis.set(nothing());
    cluster.are_within(KNOWN_WITHIN + STALL, &[0], "degraded").await?;
    let half = recorder.now_micros();
    sleep(lasts).await;
    let half = half..recorder.now_micros();
    one.to_redis.set(Weather::default());
    cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    // One has no database, the other has.
    one.to_postgres.set(nothing());
    sleep(lasts).await;
    one.to_postgres.set(Weather::default());
    one.to_postgres.cut();
    let healed = cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    // Both have the database only.
    [one, two].into_iter().for_each(|node| node.to_redis.set(nothing()));
    cluster.are_within(KNOWN_WITHIN + STALL, &[0, 1], "degraded").await?;
    let alone = recorder.now_micros();
    sleep(lasts).await;
    let alone = alone..recorder.now_micros();
    [one, two].into_iter().for_each(|node| node.to_redis.set(Weather::default()));
    cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    Ok(format!(
        "one without Redis: {}; one without its database: ready {} after it; both with the database only: {}; {verdict}",
        told(&history, half, TOLD_WITHOUT)?,
        ms(healed),
        told(&history, alone, TOLD_WITHOUT)?,
    ))
}

/// F16.
pub async fn mistreated(effort: Effort) -> Result<String, String> {
    let cluster = begun(&effort, Duration::from_secs(120)).await?;
    let say = async |words: &'static [&'static str]| {
        let done: Result<(), std::io::Error> = cluster.redis.command(words).await;
        done.map_err(|error| error.to_string())
    };
    let from = cluster.recorder.now_micros();
    say(&["FLUSHALL"]).await?;
    let flushed = cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    // All that listen are gone before the next look.
    let before = cluster.counted(0, "fireside_bus_reconnects_total").await?;
    say(&["CLIENT", "KILL", "TYPE", "pubsub"]).await?;
    while cluster.counted(0, "fireside_bus_reconnects_total").await? <= before {
        sleep(Duration::from_millis(50)).await;
    }
    let ended = cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    cluster.redis.set_password("another").await.map_err(|error| error.to_string())?;
    say(&["CLIENT", "KILL", "TYPE", "pubsub"]).await?;
    let refused = cluster.are_within(KNOWN_WITHIN, &[0, 1], "degraded").await?;
    sleep(Duration::from_secs(3)).await;
    cluster.redis.set_password("").await.map_err(|error| error.to_string())?;
    let let_in = cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    let until = cluster.recorder.now_micros();
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    Ok(format!(
        "ready {} after FLUSHALL, {} after its connections were ended; another password: degraded after {}, ready {} \
         after it was given up; {}; {verdict}",
        ms(flushed),
        ms(ended),
        ms(refused),
        ms(let_in),
        told(&history, from..until, TOLD_UNKNOWING)?
    ))
}

/// F17.
pub async fn forged(effort: Effort) -> Result<String, String> {
    const FORGED: u32 = 10_000;
    const PUBLISH: &str = "for i = 1, tonumber(ARGV[1]) do for _, channel in ipairs(KEYS) do \
                           redis.call('PUBLISH', channel, ARGV[2] .. i .. '}') end end return 1";
    let cluster = begun(&effort, Duration::from_secs(60)).await?;
    let channels: Vec<String> = cluster
        .redis
        .command(&["PUBSUB", "CHANNELS", "*topic:*"])
        .await
        .map_err(|error| error.to_string())?;
    let room = &cluster.workload.site.places[0].id;
    let aimed: Vec<&String> = channels.iter().filter(|channel| channel.contains(room)).collect();
    must(!aimed.is_empty(), || format!("nobody listens to {room}: {channels:?}"))?;
    let word = canary::draw(&mut StdRng::seed_from_u64(!effort.seed));
    let payload = format!("{{\"roomId\":\"{room}\",\"content\":\"{word}\",\"seq\":");
    let (keys, times) =
        (aimed.len().to_string(), (FORGED / u32::try_from(aimed.len()).unwrap_or(1)).to_string());
    let mut words = vec!["EVAL", PUBLISH, &keys];
    words.extend(aimed.iter().map(|channel| channel.as_str()));
    words.extend([times.as_str(), payload.as_str()]);
    cluster.redis.command::<i64>(&words).await.map_err(|error| error.to_string())?;
    sleep(Duration::from_secs(2)).await;
    let mut rejected = 0.0;
    for node in 0..cluster.nodes.len() {
        rejected += cluster.counted(node, "fireside_bus_rejected_total").await?;
    }
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    let heard = history.of_action(Action::Heard).find(|entry| entry.secrets.contains(&word));
    must(heard.is_none(), || format!("a forged message was told: {heard:?}"))?;
    must(rejected >= f64::from(FORGED), || format!("{rejected} of {FORGED} were counted as forged"))?;
    Ok(format!("{FORGED} published, {rejected} refused and counted by two nodes, none told; {verdict}"))
}
