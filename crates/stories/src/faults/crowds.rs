//! Faults that many clients make at once: thousands of sockets that are there, ask for the same, come and go.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::load::{FINE_MS, NEVER, frame, joins, opening};
use super::must;
use super::stage::{Effort, Stage, latencies_ms, percentile};
use crate::client::{Call, Http};
use crate::token::host_token;

/// Connections that are begun at once.
const AT_ONCE: usize = 100;
/// How long a socket of a herd may wait for what it asked for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sockets of some users. They answer no heartbeat, so they stay for 45 s at most.
struct Herd(Vec<TcpStream>);

impl Herd {
    /// Connects so many, one after the other for each of the users in turn.
    async fn connect(address: SocketAddr, sockets: usize, users: &[String]) -> Result<Herd, String> {
        let mut herd = Vec::with_capacity(sockets);
        while herd.len() < sockets {
            let numbers = herd.len()..sockets.min(herd.len() + AT_ONCE);
            let begun = numbers.map(|number| connect(address, &users[number % users.len()]));
            herd.extend(try_join_all(begun).await?);
        }
        Ok(Herd(herd))
    }

    /// Sends an event on some of them, each asking for an answer under the number `ack`, and waits for the answers. How
    /// long each took; none where it said no.
    async fn ask(
        &mut self,
        which: Range<usize>,
        ack: u32,
        event: &str,
        payload: &Value,
    ) -> Vec<Option<Duration>> {
        let since = Instant::now();
        let streams = &mut self.0[which];
        let question = frame(&format!("42{ack}[\"{event}\",{payload}]"));
        let said = join_all(streams.iter_mut().map(|stream| stream.write_all(&question))).await;
        let answers = streams.iter_mut().zip(said).map(|(stream, said)| async move {
            said.ok()?;
            // Enough of it to tell what was answered.
            let answer = hears(stream, &format!("43{ack}[{{\"ok\":")).await.ok()?;
            answer.contains("\"ok\":true").then(|| since.elapsed())
        });
        join_all(answers).await
    }

    /// How many of them the server has not closed.
    fn open(&self) -> usize {
        let mut byte = [0];
        let is_open = |stream: &&TcpStream| !matches!(stream.try_read(&mut byte), Ok(0));
        self.0.iter().filter(is_open).count()
    }
}

async fn connect(address: SocketAddr, user: &str) -> Result<TcpStream, String> {
    let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    stream.write_all(&opening(&host_token(user, NEVER))).await.map_err(|error| error.to_string())?;
    hears(&mut stream, "40{\"sid\"").await?;
    Ok(stream)
}

/// Reads until a text has come.
async fn hears(stream: &mut TcpStream, wanted: &str) -> Result<String, String> {
    let (mut heard, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
    loop {
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await;
        let length = read.map_err(|_| format!("no {wanted} came"))?.map_err(|error| error.to_string())?;
        must(length > 0, || format!("closed before {wanted} came"))?;
        // What came before may hold the beginning.
        let kept = heard.len().saturating_sub(wanted.len());
        heard.drain(..kept);
        heard.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&heard);
        if let Some(at) = text.find(wanted) {
            return Ok(text[at..].to_owned());
        }
    }
}

fn users(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number}")).collect()
}

/// Queries that only read, since the start.
async fn queries(stage: &Stage) -> Result<u64, String> {
    const READ: &str = "fireside_db_calls_total{pool=\"read\"} ";
    let call = Call { method: "GET", path: "/metrics", ..Call::default() };
    let text = Http::new(stage.server.address).send(call).await?.text;
    let count = text.lines().find_map(|line| line.strip_prefix(READ)?.parse().ok());
    count.ok_or_else(|| "queries are not counted".to_owned())
}

/// F46.
pub async fn expired_tokens(effort: Effort) -> Result<String, String> {
    const STORM: usize = 1000;
    const BESIDE: usize = 5000;
    let stage = Stage::sqlite(&effort, Duration::from_secs(90)).await?;
    let address = stage.server.address;
    let beside = Herd::connect(address, BESIDE, &users("beside", 250)).await?;
    let quiet = stage.recorder.now_micros();
    sleep(Duration::from_secs(5)).await;
    let (began, cpu) = (stage.recorder.now_micros(), stage.server.cpu());
    let expired = host_token("late", 1_000_000_000);
    let mut refused = 0;
    for _ in 0..STORM / 50 {
        let storm = (0..50).map(|_| async {
            let mut stream = TcpStream::connect(address).await.ok()?;
            stream.write_all(&opening(&expired)).await.ok()?;
            hears(&mut stream, "unauthenticated").await.ok()
        });
        refused += join_all(storm).await.into_iter().flatten().count();
    }
    let spent = stage.server.cpu() - cpu;
    let ended = stage.recorder.now_micros();
    let open = beside.open();
    stage.workload.is_enough();
    let (history, verdict) = stage.judged().await?;
    let usual = percentile(&latencies_ms(&history, quiet..began), 99);
    let during = percentile(&latencies_ms(&history, began..ended), 99);
    let each_micros = spent.as_micros() / STORM as u128;
    let figures = format!(
        "{refused} of {STORM} refused beside {open} sockets, {each_micros} µs of CPU each at most, p99 {usual} → {during} ms"
    );
    must(refused == STORM && open == BESIDE && each_micros < 5000, || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}

/// F47.
pub async fn thundering_history(effort: Effort) -> Result<String, String> {
    const CLIENTS: usize = 2000;
    const QUERIES_MAX: u64 = 5;
    let stage = Stage::sqlite(&effort, Duration::from_secs(5)).await?;
    let users = users("crowd", 100);
    for user in &users {
        joins(&stage, user).await?;
    }
    stage.workload.rests().await;
    let mut herd = Herd::connect(stage.server.address, CLIENTS, &users).await?;
    let room = stage.workload.site.places[0].id.clone();
    let (idle_from, idle_since) = (queries(&stage).await?, Instant::now());
    sleep(Duration::from_secs(4)).await;
    let (before, idle_took, since) = (queries(&stage).await?, idle_since.elapsed(), Instant::now());
    let answers = herd.ask(0..CLIENTS, 7, "message:list", &json!({ "roomId": room, "limit": 50 })).await;
    let (after, took) = (queries(&stage).await?, since.elapsed());
    // What the server asks by itself, whoever is there.
    let own = (before - idle_from) as f64 * took.as_secs_f64() / idle_took.as_secs_f64();
    let made = (after - before).saturating_sub(own.floor() as u64);
    let answered = answers.iter().flatten().count();
    let slowest = answers.iter().flatten().max().copied().unwrap_or_default();
    drop(herd);
    let (_, verdict) = stage.judged().await?;
    let figures = format!(
        "{answered} of {CLIENTS} answered, the last after {} ms, from {made} queries ({} in all, of which the server asks {own:.1} by itself)",
        slowest.as_millis(),
        after - before
    );
    must(answered == CLIENTS && slowest < Duration::from_secs(10) && made <= QUERIES_MAX, || {
        figures.clone()
    })?;
    Ok(format!("{figures}; {verdict}"))
}

/// F62, its second half: of the thousand members of a room, each with a socket, half leave it and join it again, a
/// hundred changes a second, each told to all of them.
pub(super) async fn coming_and_going(effort: Effort) -> Result<String, String> {
    const MEMBERS: usize = 1000;
    const MOVING: usize = 500;
    const STEP: usize = 10;
    const PACE: Duration = Duration::from_millis(100);
    let stage = Stage::sqlite(&effort, Duration::from_secs(90)).await?;
    let address = stage.server.address;
    let users = users("moving", MEMBERS);
    let mut herd = Herd::connect(address, MEMBERS, &users).await?;
    let owner = host_token("moving0", NEVER);
    let body = Some(("application/json", json!({ "name": "Station" }).to_string()));
    let call = Call { method: "POST", path: "/chat/rooms", token: Some(&owner), body, ..Call::default() };
    let room = Http::new(address).send(call).await?.json()["id"].clone();
    let payload = json!({ "roomId": room });
    let members = herd.ask(1..MEMBERS, 1, "room:join", &payload).await.into_iter().flatten().count() + 1;
    let quiet = stage.recorder.now_micros();
    sleep(Duration::from_secs(5)).await;
    let began = stage.recorder.now_micros();
    let since = Instant::now();
    let (mut answered, mut slowest) = (0, Duration::ZERO);
    let mut pace = tokio::time::interval(PACE);
    for (ack, event) in [(2, "room:leave"), (3, "room:join")] {
        // Whoever made the room stays.
        for from in (1..=MOVING).step_by(STEP) {
            pace.tick().await;
            let answers = herd.ask(from..from + STEP, ack, event, &payload).await;
            answered += answers.iter().flatten().count();
            slowest = slowest.max(answers.into_iter().flatten().max().unwrap_or_default());
        }
    }
    let (took, ended) = (since.elapsed(), stage.recorder.now_micros());
    drop(herd);
    stage.workload.is_enough();
    let (history, _) = stage.judged().await?;
    let usual = percentile(&latencies_ms(&history, quiet..began), 99);
    let during = percentile(&latencies_ms(&history, began..ended), 99);
    let figures = format!(
        "{answered} of {} leaves and joins in a room of {members} in {:.1} s, the slowest {} ms, others' p99 {usual} → {during} ms",
        2 * MOVING,
        took.as_secs_f64(),
        slowest.as_millis()
    );
    must(members == MEMBERS && answered == 2 * MOVING && during <= (2 * usual).max(2 * FINE_MS), || {
        figures.clone()
    })?;
    Ok(figures)
}
