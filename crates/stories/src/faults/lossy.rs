//! F13: a bus that loses, doubles and delays messages, and says nothing of it. F14: a bus that cuts off who is too slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use super::across::deliveries_ms;
use super::cluster::{Cluster, STALL};
use super::redis::{KNOWN_WITHIN, begun};
use super::stage::{Effort, percentile};
use super::{ms, must};
use crate::courier::{Courier, Direction, Fate, redis_value};

/// How soon everybody is told what the bus did not say.
const FILLED_WITHIN: Duration = Duration::from_secs(5);
/// How late what is late is.
const LATE: Duration = Duration::from_secs(3);

/// What became of messages.
#[derive(Debug, Default)]
struct Fates {
    passed: AtomicU64,
    lost: AtomicU64,
    doubled: AtomicU64,
    late: AtomicU64,
}

impl Fates {
    /// Draws for one message from Redis; what is no message of a topic passes.
    fn judge(&self, message: &[u8], luck: &Mutex<StdRng>) -> Fate {
        let head = &message[..message.len().min(128)];
        let says = |words: &[u8]| head.windows(words.len()).any(|window| window == words);
        if !says(b"\r\nmessage\r\n") || !says(b":topic:") {
            return Fate::Passes;
        }
        let (count, fate) = match luck.lock().random_range(0..100) {
            0 => (&self.lost, Fate::IsLost),
            1 => (&self.doubled, Fate::IsDoubled),
            2 => (&self.late, Fate::IsLate(LATE)),
            _ => (&self.passed, Fate::Passes),
        };
        count.fetch_add(1, Ordering::Relaxed);
        fate
    }

    fn counts(&self) -> [u64; 4] {
        [&self.passed, &self.lost, &self.doubled, &self.late].map(|count| count.load(Ordering::Relaxed))
    }
}

/// F13.
pub async fn bus(effort: Effort) -> Result<String, String> {
    let cluster = begun(&effort, effort.lasts + Duration::from_secs(60)).await?;
    let (fates, redis) = (Arc::new(Fates::default()), ([127, 0, 0, 1], cluster.redis.port()).into());
    let mut couriers = Vec::new();
    for (number, node) in (0..).zip(&cluster.nodes) {
        let (fates, luck) = (fates.clone(), Mutex::new(StdRng::seed_from_u64(effort.seed + number)));
        let judge = move |message: &[u8]| fates.judge(message, &luck);
        let courier = Courier::before(redis, (Direction::Answers, redis_value), judge).await;
        let courier = courier.map_err(|error| error.to_string())?;
        node.to_redis.lead_to(courier.address);
        node.to_redis.cut();
        couriers.push(courier);
    }
    // All of it goes by the couriers once they have met messages.
    let since = Instant::now();
    while fates.counts()[0] < 2 {
        must(since.elapsed() <= KNOWN_WITHIN, || "no node came back to the bus".to_owned())?;
        sleep(Duration::from_millis(50)).await;
    }
    cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    let from = cluster.recorder.now_micros();
    sleep(effort.lasts).await;
    let until = cluster.recorder.now_micros();
    let filled = gaps_filled(&cluster).await?;
    for node in &cluster.nodes {
        node.to_redis.lead_to(redis);
        node.to_redis.cut();
    }
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    let times = deliveries_ms(&history, from..until, |one, other| one != other);
    let slowest = times.last().copied().unwrap_or(u64::MAX);
    let [passed, lost, doubled, late] = fates.counts();
    let figures = format!(
        "of {} messages {lost} lost, {doubled} doubled, {late} late by {}; {filled} gaps filled; {} told across nodes, \
         p99 {} ms, the last {slowest} ms",
        passed + lost + doubled + late,
        ms(LATE),
        times.len(),
        percentile(&times, 99)
    );
    must(lost > 0 && doubled > 0 && late > 0, || format!("too little went by: {figures}"))?;
    must(u128::from(slowest) <= (FILLED_WITHIN + STALL).as_millis(), || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}

/// How many gaps both nodes have filled so far.
async fn gaps_filled(cluster: &Cluster) -> Result<f64, String> {
    let mut filled = 0.0;
    for node in 0..cluster.nodes.len() {
        filled += cluster.counted(node, "fireside_gaps_filled_total").await?;
    }
    Ok(filled)
}

/// For how long a node does not read.
const FROZEN: Duration = Duration::from_secs(5);
/// Bytes of each message that nobody wants, and how many of them come in a second.
const JUNK: (usize, u32) = (16 << 10, 2_000);
/// Redis keeps this much for a subscriber at most; that much for two seconds.
const KEPT: &str = "pubsub 1048576 524288 2";

/// F14.
pub async fn cut_off(effort: Effort) -> Result<String, String> {
    let cluster = begun(&effort, Duration::from_secs(90)).await?;
    let set: Result<(), _> =
        cluster.redis.command(&["CONFIG", "SET", "client-output-buffer-limit", KEPT]).await;
    set.map_err(|error| error.to_string())?;
    // What only the frozen node listens to: the other one is to be fast enough.
    let _frozen = cluster.attends(0, "frozen").await?;
    let channel = own_channel(&cluster, "frozen").await?;
    let reconnects = cluster.counted(0, "fireside_bus_reconnects_total").await?;
    let from = cluster.recorder.now_micros();
    cluster.nodes[0].run.signal(Signal::STOP);
    let flooded = floods(&cluster, &channel).await;
    let until = cluster.recorder.now_micros();
    cluster.nodes[0].run.signal(Signal::CONT);
    let (sent, is_cut) = flooded?;
    must(is_cut, || format!("Redis did not cut it off after {sent} messages"))?;
    let awake = Instant::now();
    while cluster.counted(0, "fireside_bus_reconnects_total").await? <= reconnects {
        must(awake.elapsed() <= KNOWN_WITHIN + STALL, || "the node does not notice".to_owned())?;
        sleep(Duration::from_millis(50)).await;
    }
    let noticed = awake.elapsed();
    cluster.are_within(KNOWN_WITHIN, &[0, 1], "ready").await?;
    let back = awake.elapsed();
    sleep(Duration::from_secs(3)).await;
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    let times = deliveries_ms(&history, from..until, |one, other| (one, other) == (2, 1));
    let slowest = times.last().copied().unwrap_or(u64::MAX);
    let figures = format!(
        "cut off with {sent} messages of 16 KiB; noticed {} after it woke, ready after {}; {} sends of that time told by \
         it, the last after {slowest} ms",
        ms(noticed),
        ms(back),
        times.len()
    );
    must(u128::from(slowest) <= (FROZEN + FILLED_WITHIN + STALL).as_millis(), || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}

/// The channel of somebody's own events.
async fn own_channel(cluster: &Cluster, user: &str) -> Result<String, String> {
    let pattern = format!("*:topic:user:{user}");
    let channels: Vec<String> =
        cluster.redis.command(&["PUBSUB", "CHANNELS", &pattern]).await.map_err(|error| error.to_string())?;
    channels.into_iter().next().ok_or_else(|| format!("nobody listens to {pattern}"))
}

/// Publishes until the time is over; how many, and whether the channel has lost its listener.
async fn floods(cluster: &Cluster, channel: &str) -> Result<(u32, bool), String> {
    const PUBLISH: &str = "local junk = string.rep('x', tonumber(ARGV[2])) \
                           for i = 1, tonumber(ARGV[1]) do redis.call('PUBLISH', KEYS[1], junk) end return 1";
    const PARTS: u32 = 50;
    let (part, size) = ((JUNK.1 * 5 / PARTS).to_string(), JUNK.0.to_string());
    let since = Instant::now();
    for number in 0..PARTS {
        let words = ["EVAL", PUBLISH, "1", channel, &part, &size];
        cluster.redis.command::<i64>(&words).await.map_err(|error| error.to_string())?;
        sleep((FROZEN * (number + 1) / PARTS).saturating_sub(since.elapsed())).await;
    }
    let listeners: (String, u64) =
        cluster.redis.command(&["PUBSUB", "NUMSUB", channel]).await.map_err(|error| error.to_string())?;
    Ok((JUNK.1 * 5, listeners.1 == 0))
}
