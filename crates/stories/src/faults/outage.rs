//! F40: the link between one node and its clients is down for a while, and neither side is told.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::cluster::{Cluster, STALL};
use super::must;
use super::stage::Effort;
use crate::proxy::{Proxy, Weather};
use crate::token::host_token;
use crate::workload::{Device, Doors};

/// The year 2100.
const NEVER: i64 = 4_102_444_800;
/// How soon both sides notice (G7): ping interval, ping timeout, and a little.
const NOTICED_WITHIN: Duration = Duration::from_secs(47);
/// An outage that nobody needs to notice, and one that both sides must.
const OUTAGES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60)];
/// How soon a client is there again once the link is.
const BACK_WITHIN: Duration = Duration::from_secs(15);
/// How soon it is seen that somebody has gone: the seconds in which they may come back unseen, and two.
const GONE_WITHIN: Duration = Duration::from_secs(7);
/// How long nobody may be answered meanwhile: few people, all of whom may be trying the link at once.
const SILENT_MS: u64 = 20_000;
/// Who is only there.
const IDLE: &str = "idle";

/// See the module.
pub async fn of_clients(effort: Effort) -> Result<String, String> {
    let longest = Some(effort.lasts).filter(|lasts| *lasts > OUTAGES[1]);
    let outages: Vec<Duration> = OUTAGES.into_iter().chain(longest).collect();
    let lasts = outages.iter().sum::<Duration>() + Duration::from_secs(120);
    let mut cluster = Cluster::of(2, &effort, lasts).await?;
    // Whoever tries the link that is down waits long before trying the other node.
    cluster.bounds.silence_ms = SILENT_MS;
    let link = Proxy::before(cluster.nodes[0].run.address).await.map_err(|error| error.to_string())?;
    cluster.workload.doors.lead_to(0, link.address);
    let mut idle = comes_by(&cluster, &link).await?;
    sleep(Duration::from_secs(2)).await;
    let mut said = Vec::new();
    for outage in outages {
        said.push(lasts_for(outage, &cluster, &link, &mut idle).await?);
    }
    idle.drops();
    cluster.sees_within(GONE_WITHIN + STALL, &[0, 1], &[(IDLE, false)]).await?;
    cluster.workload.is_enough();
    let (_, verdict) = cluster.judged().await?;
    Ok(format!("{}; nobody is left behind; {verdict}", said.join("; ")))
}

/// A member of the first room, by a link of the first node, who does nothing.
async fn comes_by(cluster: &Cluster, link: &Proxy) -> Result<Device, String> {
    let doors = Doors::to(vec![link.address]);
    let mut idle = Device::new(IDLE, IDLE, host_token(IDLE, NEVER), &doors, &Arc::clone(&cluster.recorder));
    let room = &cluster.workload.site.places[0].id;
    idle.asks("PUT", &format!("/chat/rooms/{room}/members/{IDLE}"), Some(&json!({}))).await?;
    idle.line(Instant::now() + BACK_WITHIN).await.ok_or("a client cannot connect")?;
    cluster.sees_within(GONE_WITHIN, &[0, 1], &[(IDLE, true)]).await?;
    Ok(idle)
}

/// One outage: what both sides make of it, in words.
async fn lasts_for(
    outage: Duration,
    cluster: &Cluster,
    link: &Proxy,
    idle: &mut Device,
) -> Result<String, String> {
    let line = idle.present_line().cloned().ok_or("no connection")?;
    let since = Instant::now();
    link.set(Weather { is_down: true, ..Weather::default() });
    let mut noticed = None;
    if outage > NOTICED_WITHIN {
        let left = NOTICED_WITHIN + STALL;
        cluster.sees_within(left, &[1], &[(IDLE, false)]).await?;
        let by_server = since.elapsed();
        while !line.is_over() {
            must(since.elapsed() <= NOTICED_WITHIN + STALL, || "the client does not notice".to_owned())?;
            sleep(Duration::from_millis(100)).await;
        }
        noticed = Some((by_server, since.elapsed()));
    }
    sleep(outage.saturating_sub(since.elapsed())).await;
    link.set(Weather::default());
    let healed = Instant::now();
    idle.line(healed + BACK_WITHIN).await.ok_or("a client cannot come back")?;
    cluster.sees_within(BACK_WITHIN, &[0, 1], &[(IDLE, true)]).await?;
    let back = healed.elapsed().as_secs_f64();
    let outage = outage.as_secs();
    let text = match noticed {
        None => format!("{outage} s: the same socket goes on"),
        Some((server, client)) => format!(
            "{outage} s: seen by others after {:.1} s, by the client after {:.1} s, back {back:.1} s after it",
            server.as_secs_f64(),
            client.as_secs_f64()
        ),
    };
    let is_same = idle.present_line().is_some_and(|now| Arc::ptr_eq(now, &line));
    must(is_same == noticed.is_none(), || format!("{text}; the socket is the same: {is_same}"))?;
    Ok(text)
}
