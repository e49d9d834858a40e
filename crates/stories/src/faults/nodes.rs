//! Faults of one node among several: it is killed, frozen, replaced.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use super::across::Connections;
use super::cluster::{Cluster, STALL};
use super::stage::{Effort, acknowledges_within, latencies_ms_of, percentile, program, unanswered};
use super::{cannot, ms, must};
use crate::checker::Action;

/// How soon the others see that a node's users have gone with it.
const MISSED_WITHIN: Duration = Duration::from_secs(20);
/// How soon devices of a killed node are connected again.
const BACK_WITHIN_MS: u64 = 15_000;
/// How soon the others go on after a node was killed that may have held locks.
const GOES_ON_WITHIN: Duration = Duration::from_secs(5);

/// How soon a balancer notices that a node does not answer.
const NOTICED_AFTER: Duration = Duration::from_secs(2);

/// F01.
pub async fn killed(effort: Effort) -> Result<String, String> {
    let mut cluster = Cluster::of(2, &effort, Duration::from_secs(90)).await?;
    let _stays = cluster.attends(1, "stays").await?;
    let lost = cluster.attends(0, "lost").await?;
    cluster.sees_within(MISSED_WITHIN, &[0, 1], &[("stays", true), ("lost", true)]).await?;
    sleep(Duration::from_secs(2)).await;
    let recorder = cluster.recorder.clone();
    let (quiet, mut slowest) = (recorder.now_micros(), Duration::ZERO);
    cluster.kill(0).await;
    let since = Instant::now();
    slowest = slowest.max(acknowledges_within(&recorder, GOES_ON_WITHIN).await?);
    cluster.start_again(0).await?;
    cluster.sees_within(MISSED_WITHIN + STALL, &[0, 1], &[("stays", true), ("lost", false)]).await?;
    let missed = since.elapsed();
    let during = quiet..recorder.now_micros();
    drop(lost);
    for kill in 1..effort.times {
        let node = usize::try_from(kill).unwrap_or(0) % 2;
        sleep(Duration::from_millis(1500)).await;
        cluster.kill(node).await;
        slowest = slowest.max(acknowledges_within(&recorder, GOES_ON_WITHIN).await?);
        cluster.start_again(node).await?;
    }
    sleep(Duration::from_secs(1)).await;
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    let connections = Connections::of(&history);
    let back = connections.back_after_ms(1, during.clone());
    let on_other = |span| latencies_ms_of(&history, span, |send| connections.node(&send.p) == Some(2));
    let (usual, p99) = (percentile(&on_other(0..quiet), 99), percentile(&on_other(during), 99));
    let figures = format!(
        "{} kills, others acknowledging within {}, missed by them after {:.1} s; {} devices back after {} ms at most; \
         the other node's p99 {usual} → {p99} ms",
        effort.times.max(1),
        ms(slowest),
        missed.as_secs_f64(),
        back.len(),
        percentile(&back, 100),
    );
    must(percentile(&back, 100) <= BACK_WITHIN_MS, || figures.clone())?;
    must(!back.is_empty(), || "no device was on the killed node".to_owned())?;
    Ok(format!("{figures}; {verdict}"))
}

/// F03.
pub async fn frozen(effort: Effort) -> Result<String, String> {
    let lasts = effort.lasts.max(MISSED_WITHIN + Duration::from_secs(5));
    let cluster = Cluster::of(2, &effort, Duration::from_secs(120)).await?;
    let _stays = cluster.attends(1, "stays").await?;
    let frozen = cluster.attends(0, "frozen").await?;
    cluster.sees_within(MISSED_WITHIN, &[0, 1], &[("stays", true), ("frozen", true)]).await?;
    let recorder = cluster.recorder.clone();
    cluster.nodes[0].run.signal(Signal::STOP);
    let since = Instant::now();
    let during = async {
        // Nobody is sent there any more by a balancer that asks its nodes how they are, and nobody waits there.
        sleep(NOTICED_AFTER).await;
        cluster.workload.doors.take_out(0, cluster.nodes[1].run.address);
        acknowledges_within(&recorder, GOES_ON_WITHIN).await?;
        cluster.sees_within(MISSED_WITHIN + STALL, &[1], &[("stays", true), ("frozen", false)]).await?;
        let missed = since.elapsed();
        sleep(lasts.saturating_sub(since.elapsed())).await;
        Ok::<_, String>(missed)
    };
    let missed = during.await;
    cluster.nodes[0].run.signal(Signal::CONT);
    cluster.workload.doors.lead_to(0, cluster.nodes[0].run.address);
    let missed = missed?;
    // Whether the frozen one's connection outlives it is the heartbeat's to say.
    sleep(STALL).await;
    let is_there = !frozen.heard().is_over();
    let expected = [("stays", true), ("frozen", is_there)];
    let right = cluster.sees_within(MISSED_WITHIN + STALL, &[0, 1], &expected).await?;
    cluster.workload.is_enough();
    let (_, verdict) = cluster.judged().await?;
    Ok(format!(
        "missed after {:.1} s, presence right {} after it woke, its socket {}; {verdict}",
        missed.as_secs_f64(),
        ms(right + STALL),
        if is_there { "still open" } else { "closed" }
    ))
}

/// F04.
pub async fn replaced(effort: Effort) -> Result<String, String> {
    let cluster = Cluster::of(2, &effort, Duration::from_secs(120)).await?;
    one_after_the_other(cluster).await
}

/// F70.
pub async fn upgraded(effort: Effort) -> Result<String, String> {
    let old = effort.old.clone().ok_or_else(|| cannot("--old names no older program"))?;
    let before = Effort { program: Some(old), ..effort.clone() };
    let mut cluster = Cluster::of(2, &before, Duration::from_secs(120)).await?;
    for node in &mut cluster.nodes {
        node.program.path = program(&effort, &node.program.data).path;
    }
    one_after_the_other(cluster).await
}

/// Ends each node and starts it again, as it is to be started now.
async fn one_after_the_other(mut cluster: Cluster) -> Result<String, String> {
    sleep(Duration::from_secs(3)).await;
    let recorder = cluster.recorder.clone();
    let from = recorder.now_micros();
    let mut slowest = Duration::ZERO;
    for node in 0..2 {
        let run = &cluster.nodes[node].run;
        run.may_end();
        let since = Instant::now();
        run.signal(Signal::TERM);
        let status = run.end().await;
        slowest = slowest.max(since.elapsed());
        must(status.is_some_and(|status| status.success()), || format!("it ended badly: {status:?}"))?;
        acknowledges_within(&recorder, GOES_ON_WITHIN).await?;
        cluster.start_again(node).await?;
        sleep(Duration::from_secs(2)).await;
    }
    let during = from..recorder.now_micros();
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    let connections = Connections::of(&history);
    let back: Vec<u64> =
        [1, 2].iter().flat_map(|node| connections.back_after_ms(*node, during.clone())).collect();
    let away = back.iter().max().copied().unwrap_or(0);
    let doubtful = history.of_action(Action::Send).filter(|send| send.reason == "indeterminate").count();
    let figures = format!(
        "ended within {:.1} s, {} devices back after {away} ms at most, {doubtful} answers indeterminate, {} sends never answered",
        slowest.as_secs_f64(),
        back.len(),
        unanswered(&history)
    );
    must(slowest <= Duration::from_secs(30) && away <= 10_000 && doubtful == 0, || figures.clone())?;
    must(unanswered(&history) == 0, || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}
