//! F45: the balancer before a node dies with all the sockets that go through it, and is there again at once: thousands of
//! clients come back in the same moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use futures_util::{SinkExt as _, TryStreamExt as _};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rustix::process::{Resource, getrlimit};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::cluster::{Cluster, STALL};
use super::load::FINE_MS;
use super::processors::{self, Processors};
use super::stage::{Effort, latencies_ms, percentile};
use super::{cannot, ms, must};
use crate::client::packet::Packet;
use crate::client::{Call, Http};
use crate::courier::{Courier, Direction, Fate, postgres_request};
use crate::proxy::Proxy;
use crate::token::host_token;
use crate::workload::Settings;

/// The year 2100.
const NEVER: i64 = 4_102_444_800;
/// Sockets, where the limit of file descriptors allows: each needs three of the harness, one of a client and two of the
/// balancer.
const SOCKETS: u64 = 5_000;
/// What the harness needs besides.
const OTHER_DESCRIPTORS: u64 = 1_000;
/// Members of a room.
const ROOM: usize = 10;
/// New sockets a node admits in a second, and at once: the default of `limits.node_connects`.
const ADMITTED: u64 = 300;
/// All are back so soon, of 5,000.
const BACK_WITHIN: Duration = Duration::from_secs(25);
/// Queries for each that comes back: two to connect (whose token it is, what they hear), none to resume where nothing was
/// missed; and a few for those that are turned away in between.
const QUERIES: f64 = 2.2;
/// For how long things are looked at before.
const QUIET: Duration = Duration::from_secs(8);
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Arrivals that may wait to be counted.
const ARRIVALS: usize = 64;
/// Clients of Socket.IO wait this long after the first failure, twice as long after each that follows, up to the
/// second, and up to half of it more or less (`reconnectionDelay`, `reconnectionDelayMax`, `randomizationFactor`).
const BACK_OFF_MS: (u64, u64) = (1_000, 5_000);

/// One client, its room and how far it knows it and its own stream.
#[derive(Debug, Clone)]
struct Client {
    token: String,
    room: String,
    epoch: String,
    seq: i64,
    own: Value,
}

/// A client has come (back) and was told that nothing is missing.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    /// When its socket was opened.
    opened: Instant,
    /// How often it had been turned away before.
    refused: u64,
}

/// F45.
pub async fn of_clients(effort: Effort) -> Result<String, String> {
    let count = affordable()?;
    let settings =
        Settings { lasts: Duration::from_secs(300), seed: effort.seed, pace_ms: 200, ..Settings::default() };
    let mut cluster = Cluster::with(2, &effort, settings).await?;
    let (_courier, statements) = set_apart(&mut cluster).await?;
    let clients = settle(&cluster, usize::try_from(count).unwrap_or(usize::MAX)).await?;
    let balancer = Proxy::before(cluster.nodes[0].run.address).await.map_err(|error| error.to_string())?;
    let (tell, mut arrivals) = mpsc::channel(ARRIVALS);
    let mut crowd = JoinSet::new();
    for (number, client) in (0..).zip(clients) {
        let luck = StdRng::seed_from_u64(effort.seed + number);
        crowd.spawn(stays(client, balancer.address, tell.clone(), luck));
    }
    all_of(count, &mut arrivals).await?;
    let (quiet, asked) = (cluster.recorder.now_micros(), statements.load(Ordering::Relaxed));
    let mut acks = vec![acknowledged(&cluster).await?];
    sleep(QUIET).await;
    let idle = (statements.load(Ordering::Relaxed) - asked) as f64 / QUIET.as_secs_f64();
    acks.push(acknowledged(&cluster).await?);
    let (from, asked, died) =
        (cluster.recorder.now_micros(), statements.load(Ordering::Relaxed), Instant::now());
    balancer.cut();
    let back = all_of(count, &mut arrivals).await?;
    let (until, took) = (cluster.recorder.now_micros(), died.elapsed());
    let asked = (statements.load(Ordering::Relaxed) - asked) as f64 - idle * took.as_secs_f64();
    acks.push(acknowledged(&cluster).await?);
    crowd.shutdown().await;
    cluster.workload.is_enough();
    let (history, verdict) = cluster.judged().await?;
    let p99 = |span| percentile(&latencies_ms(&history, span), 99);
    let (seen_before, seen) = (p99(quiet..from), p99(from..until));
    let (usual, during) = (p99_ms(&acks[0], &acks[1]), p99_ms(&acks[1], &acks[2]));
    let queries = asked / count as f64;
    let figures = format!(
        "{count} sockets, turned away {} times, {} let in within the fastest second, the last back after {:.1} s; {queries:.2} \
         queries each; the other node's p99 {usual:.1} → {during:.1} ms \
         (seen by clients that share the machine with the storm: {seen_before} → {seen} ms)",
        back.iter().map(|arrival| arrival.refused).sum::<u64>(),
        fastest_second(&back),
        took.as_secs_f64(),
    );
    only_so_many(&back).map_err(|text| format!("{text}: {figures}"))?;
    must(took <= BACK_WITHIN + STALL, || figures.clone())?;
    must(queries <= QUERIES, || figures.clone())?;
    must(during <= (2.0 * usual).max(FINE_MS as f64), || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}

/// Elsewhere each node has a machine of its own, and the clients have theirs. Here the second node has a processor of its
/// own and gets its database without the proxy in this process, which gives way to the first node.
async fn set_apart(cluster: &mut Cluster) -> Result<(Courier, Arc<AtomicU64>), String> {
    let processors = Processors::given()?;
    processors.keep_to(0)?;
    cluster.kill(1).await;
    let postgres = cluster.postgres.port();
    cluster.nodes[1].program.database = Some(format!("postgres://fireside@127.0.0.1:{postgres}/postgres"));
    cluster.start_again(1).await?;
    processors.keep_to(1)?;
    let first = let_in_only_so_many(cluster).await?;
    processors::give_way()?;
    Ok(first)
}

/// How many sockets this process may hold.
fn affordable() -> Result<u64, String> {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let count = SOCKETS.min(limit.saturating_sub(OTHER_DESCRIPTORS) / 3);
    if count < ADMITTED * 3 {
        return Err(cannot(format!("{limit} file descriptors are too few for a storm")));
    }
    Ok(count)
}

/// From now on everybody works on the second node, and the first one admits as many as a node admits, from one address
/// too. Counts what it asks of the database.
async fn let_in_only_so_many(cluster: &mut Cluster) -> Result<(Courier, Arc<AtomicU64>), String> {
    cluster.workload.doors.lead_to(0, cluster.nodes[1].run.address);
    cluster.kill(0).await;
    let statements = Arc::new(AtomicU64::new(0));
    let (counted, postgres) = (statements.clone(), ([127, 0, 0, 1], cluster.postgres.port()).into());
    let judge = move |request: &[u8]| {
        // Execute, and a query without parameters; the ends of transactions are no queries.
        let is_end =
            ["BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| request[5..].starts_with(word.as_bytes()));
        if matches!(request[0], b'E' | b'Q') && !is_end {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        Fate::Passes
    };
    let courier = Courier::before(postgres, (Direction::Requests, postgres_request), judge).await;
    let courier = courier.map_err(|error| error.to_string())?;
    let node = &mut cluster.nodes[0];
    node.to_postgres.lead_to(courier.address);
    node.program.settings.push(("FIRESIDE_RATE_LIMITS".to_owned(), "on".to_owned()));
    for limit in ["ANY", "SEND", "JOIN", "CREATE", "TYPING", "FLOOD", "CONNECT"] {
        node.program.settings.push((format!("FIRESIDE_LIMITS_{limit}"), "1000000/s".to_owned()));
    }
    for limit in ["SOCKETS_PER_ADDRESS", "UNAUTHENTICATED_PER_ADDRESS"] {
        node.program.settings.push((format!("FIRESIDE_LIMITS_{limit}"), "1000000".to_owned()));
    }
    node.run = node.program.start(&cluster.recorder).await?;
    Ok((courier, statements))
}

/// Makes rooms with their members, by the second node.
async fn settle(cluster: &Cluster, count: usize) -> Result<Vec<Client>, String> {
    const AT_ONCE: usize = 16;
    let http = Http::new(cluster.nodes[1].run.address);
    let rooms = stream::iter(0..count.div_ceil(ROOM)).map(|number| {
        let http = &http;
        async move {
            let users: Vec<String> = (0..ROOM.min(count - number * ROOM))
                .map(|member| format!("crowd{number}-{member}"))
                .collect();
            let body = json!({ "name": format!("Crowd {number}"), "isPrivate": false });
            let room = asks(http, &users[0], ("POST", "/chat/rooms"), Some(body)).await?;
            let id = room["id"].as_str().ok_or_else(|| format!("no room: {room}"))?.to_owned();
            for user in &users[1..] {
                let path = format!("/chat/rooms/{id}/members/{user}");
                asks(http, user, ("PUT", &path), Some(json!({}))).await?;
            }
            let room = asks(http, &users[0], ("GET", &format!("/chat/rooms/{id}")), None).await?;
            let (epoch, seq) =
                (room["epoch"].as_str().unwrap_or_default(), room["seq"].as_i64().unwrap_or(0));
            let mut clients = Vec::new();
            for user in &users {
                let own = asks(http, user, ("GET", "/chat/position"), None).await?;
                let (token, room, epoch) = (host_token(user, NEVER), id.clone(), epoch.to_owned());
                clients.push(Client { token, room, epoch, seq, own });
            }
            Ok::<Vec<Client>, String>(clients)
        }
    });
    let clients: Vec<Vec<Client>> = rooms.buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(clients.concat())
}

async fn asks(
    http: &Http,
    user: &str,
    (method, path): (&str, &str),
    body: Option<Value>,
) -> Result<Value, String> {
    let token = host_token(user, NEVER);
    let body = body.map(|body| ("application/json", body.to_string()));
    let reply = http.send(Call { method, path, token: Some(&token), body, ..Call::default() }).await?;
    must(reply.status < 300, || format!("{method} {path}: {} {}", reply.status, reply.text))?;
    Ok(reply.json())
}

/// How many sends the second node has acknowledged so far, by the milliseconds that they took at most.
async fn acknowledged(cluster: &Cluster) -> Result<Vec<(f64, f64)>, String> {
    let call = Call { method: "GET", path: "/metrics", ..Call::default() };
    let text = Http::new(cluster.nodes[1].run.address).send(call).await?.text;
    let bucket = |line: &str| {
        let (bound, count) =
            line.strip_prefix("fireside_message_ack_seconds_bucket{le=\"")?.split_once("\"} ")?;
        Some((bound.parse::<f64>().ok()? * 1000.0, count.parse().ok()?))
    };
    Ok(text.lines().filter_map(bucket).collect())
}

/// What 99 in 100 of those between two looks took at most, as `histogram_quantile` of PromQL has it: those of a bucket are
/// taken to lie evenly between its bounds.
fn p99_ms(before: &[(f64, f64)], after: &[(f64, f64)]) -> f64 {
    let counts = || before.iter().zip(after).map(|((_, before), (bound, after))| (*bound, after - before));
    let rank = 0.99 * counts().map(|(_, count)| count).fold(0.0, f64::max);
    let mut below = (0.0, 0.0);
    for (bound, count) in counts() {
        if count >= rank && count > below.1 {
            return below.0 + (bound - below.0) * (rank - below.1) / (count - below.1);
        }
        below = (bound, count);
    }
    f64::INFINITY
}

/// The next arrival of each.
async fn all_of(count: u64, arrivals: &mut mpsc::Receiver<Arrival>) -> Result<Vec<Arrival>, String> {
    let mut all = Vec::new();
    while (all.len() as u64) < count {
        let next = timeout(PATIENCE * 3, arrivals.recv()).await.ok().flatten();
        all.push(next.ok_or_else(|| format!("only {} of {count} came", all.len()))?);
    }
    Ok(all)
}

/// Connects and stays, and comes back whenever its connection ends, as clients of Socket.IO do.
async fn stays(client: Client, address: std::net::SocketAddr, tell: mpsc::Sender<Arrival>, mut luck: StdRng) {
    let (mut failures, mut refused) = (0_u32, 0);
    loop {
        let waits = (BACK_OFF_MS.0 << failures.min(8)).min(BACK_OFF_MS.1);
        sleep(Duration::from_millis(luck.random_range(waits / 2..=waits * 3 / 2))).await;
        let Ok(Ok((mut socket, opened))) = timeout(PATIENCE, comes(&client, address)).await else {
            (failures, refused) = (failures + 1, refused + 1);
            continue;
        };
        if tell.send(Arrival { opened, refused }).await.is_err() {
            return;
        }
        while let Some(Ok(message)) = socket.next().await {
            // A ping; whether the pong still arrives is seen by what is read next.
            if matches!(&message, Message::Text(text) if text.as_str() == "2") {
                let _sent = socket.send(Message::text("3")).await;
            }
        }
        (failures, refused) = (0, 0);
    }
}

type Connection = WebSocketStream<TcpStream>;

/// Connects, says who it is, and asks for what it missed; its socket, and when it was opened.
async fn comes(client: &Client, address: std::net::SocketAddr) -> Result<(Connection, Instant), String> {
    // Thousands of buffers of the usual size would be gigabytes.
    let small = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let upgraded = client_async_with_config(url, stream, Some(small)).await;
    let (mut socket, _) = upgraded.map_err(|error| error.to_string())?;
    let opened = Instant::now();
    let connect = Packet::connect(Some(&json!({ "token": client.token })));
    answer(&mut socket, connect, |packet| matches!(packet, Packet::Connect(_))).await?;
    let position = json!({ "roomId": client.room, "epoch": client.epoch, "seq": client.seq });
    let resume = Packet::event("resume", Some(&json!({ "rooms": [position], "user": client.own })), Some(0));
    let is_recovered = |packet: &Packet| {
        let Packet::Ack(0, answer) = packet else { return false };
        [&answer["rooms"][0], &answer["user"]].iter().all(|one| one["recovered"] == true)
    };
    answer(&mut socket, resume, is_recovered).await?;
    Ok((socket, opened))
}

/// Sends a packet and waits for the answer, which must be as wanted; events may come before it.
async fn answer(
    socket: &mut Connection,
    packet: String,
    fits: impl Fn(&Packet) -> bool,
) -> Result<(), String> {
    socket.send(Message::text(format!("4{packet}"))).await.map_err(|error| error.to_string())?;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.map_err(|error| error.to_string())? else { continue };
        match text.strip_prefix('4').and_then(Packet::parse) {
            Some(packet) if fits(&packet) => return Ok(()),
            Some(Packet::Event(..)) | None => {}
            Some(other) => return Err(format!("in place of the answer: {other:?}")),
        }
    }
    Err("the connection ended".to_owned())
}

/// Most sockets that were opened within a second.
fn fastest_second(arrivals: &[Arrival]) -> usize {
    let mut opened: Vec<Instant> = arrivals.iter().map(|arrival| arrival.opened).collect();
    opened.sort_unstable();
    let within =
        |at: usize| opened[at..].partition_point(|other| *other - opened[at] < Duration::from_secs(1));
    (0..opened.len()).map(within).max().unwrap_or(0)
}

/// At no time more were let in than the limit says; clients may hear of it later than it was.
fn only_so_many(arrivals: &[Arrival]) -> Result<(), String> {
    let mut opened: Vec<Instant> = arrivals.iter().map(|arrival| arrival.opened).collect();
    opened.sort_unstable();
    for (already, at) in (0_u64..).zip(&opened) {
        let since = (*at - opened[0] + STALL).as_secs_f64();
        let most = ADMITTED as f64 * (1.0 + since);
        must(already as f64 <= most, || format!("{already} were let in after {}", ms(*at - opened[0])))?;
    }
    Ok(())
}
