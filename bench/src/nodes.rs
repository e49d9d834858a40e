//! Several nodes on one database: how late a message is on each, and what it costs.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use crate::client::Client;
use crate::redis::Redis;
use crate::scenario::populate;
use crate::server::{Server, token};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Time between two messages whose delivery is timed: none of them waits for another.
const APART: Duration = Duration::from_millis(20);
/// How long the last of them may take.
const AWAITED: Duration = Duration::from_secs(15);
/// Until then the nodes have subscribed to what their sockets hear.
const SETTLED: Duration = Duration::from_secs(3);
/// Senders and rooms of the load.
const SENDERS: usize = 50;

/// When each message arrived at one ear, by its number.
type Arrivals = Rc<RefCell<Vec<Option<Instant>>>>;

/// The nodes, and the Redis between them.
pub struct Cluster {
    nodes: Vec<Server>,
    redis: Option<Redis>,
}

impl Cluster {
    /// Starts the nodes, the first before the others because it migrates the database.
    pub async fn start(
        binary: &Path,
        database_url: &str,
        count: usize,
        with_redis: bool,
    ) -> Result<Cluster, Box<dyn std::error::Error>> {
        let redis = if with_redis { Some(Redis::start().await?) } else { None };
        let redis_url = redis.as_ref().map(Redis::url);
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(Server::start(binary, Some(database_url), redis_url.as_deref()).await?);
        }
        Ok(Cluster { nodes, redis })
    }

    /// All that is measured.
    pub async fn measure(&self, messages: usize, seconds: u64) -> Outcome {
        LocalSet::new().run_until(self.delays(messages)).await?;
        if let Some(redis) = &self.redis {
            for is_heard in [false, true] {
                LocalSet::new().run_until(self.costs(redis, is_heard, seconds)).await?;
            }
        }
        Ok(())
    }

    /// One sender on the first node, one ear on each: from the send to the arrival.
    async fn delays(&self, messages: usize) -> Outcome {
        let room = populate(&self.nodes[0], self.nodes.len() + 1, 1, |_| vec![0]).await?.remove(0);
        let mut ears = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            let ear = Client::connect(node.address, &token(&format!("u{}", number + 1)), number + 1).await?;
            let arrivals = Arrivals::new(RefCell::new(vec![None; messages]));
            tokio::task::spawn_local(listen(ear, arrivals.clone()));
            ears.push(arrivals);
        }
        let mut sender = Client::connect(self.nodes[0].address, &token("u0"), 0).await?;
        tokio::time::sleep(SETTLED).await;
        let mut sent_at = Vec::with_capacity(messages);
        for number in 0..messages {
            sent_at.push(Instant::now());
            let payload = format!("{{\"roomId\":\"{room}\",\"content\":\"{number}\"}}");
            sender.call("message:send", &payload).await?;
            tokio::time::sleep(APART).await;
        }
        let deadline = Instant::now() + AWAITED;
        while ears.iter().any(|ear| ear.borrow().contains(&None)) && Instant::now() < deadline {
            tokio::time::sleep(APART).await;
        }
        for (number, ear) in ears.iter().enumerate() {
            let whose = if number == 0 { " (the sender's)" } else { "" };
            println!("delivery on node {number}{whose}: {}", summary(&sent_at, &ear.borrow()));
        }
        Ok(())
    }

    /// What a message costs each node and Redis, with or without somebody on the other nodes who hears it.
    async fn costs(&self, redis: &Redis, is_heard: bool, seconds: u64) -> Outcome {
        let rooms = populate(&self.nodes[0], SENDERS, SENDERS, |user| vec![user]).await?;
        let heard = Rc::new(Cell::new(0_u64));
        for node in self.nodes.iter().skip(1).filter(|_| is_heard) {
            for number in 0..SENDERS {
                let ear = Client::connect(node.address, &token(&format!("u{number}")), number).await?;
                tokio::task::spawn_local(count(ear, heard.clone()));
            }
        }
        tokio::time::sleep(SETTLED).await;
        let cpu_s = || self.nodes.iter().map(Server::cpu_s).chain([redis.cpu_s()]).collect::<Vec<_>>();
        let (before, published) = (cpu_s(), redis.published().await?);
        let end = Instant::now() + Duration::from_secs(seconds);
        let senders: Vec<_> = rooms
            .iter()
            .enumerate()
            .map(|(number, room)| {
                tokio::task::spawn_local(talk(self.nodes[0].address, number, room.clone(), end))
            })
            .collect();
        let mut sent = 0;
        for sender in senders {
            sent += sender.await??;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (after, now) = (cpu_s(), redis.published().await?);
        let each_us: Vec<_> =
            after.iter().zip(&before).map(|(after, before)| (after - before) * 1e6 / sent as f64).collect();
        let (at_redis_us, at_nodes_us) = each_us.split_last().ok_or("no node")?;
        println!(
            "{sent} messages in {seconds} s on node 0, {} of them heard on the others: {:.2} publishes each, Redis {:.1} µs \
             of CPU each ({:.0} a second of a core) and {:.0} bytes out; CPU of the nodes, µs each: {at_nodes_us:.0?}",
            heard.get(),
            (now.0 - published.0) / sent as f64,
            at_redis_us,
            1e6 / at_redis_us,
            (now.1 - published.1) / sent as f64,
        );
        Ok(())
    }
}

/// Sends one message after another until the end; how many were taken.
async fn talk(
    address: std::net::SocketAddr,
    number: usize,
    room: String,
    end: Instant,
) -> Result<u64, String> {
    let connected = Client::connect(address, &token(&format!("u{number}")), number).await;
    let mut client = connected.map_err(|error| error.to_string())?;
    let payload = format!("{{\"roomId\":\"{room}\",\"content\":\"{}\"}}", "x".repeat(80));
    let mut sent = 0;
    while Instant::now() < end {
        let (answer, _) = client.call("message:send", &payload).await.map_err(|error| error.to_string())?;
        if !answer.starts_with("[{\"ok\":true") {
            return Err(answer);
        }
        sent += 1;
    }
    Ok(sent)
}

/// Counts the messages that a socket hears.
async fn count(mut ear: Client, heard: Rc<Cell<u64>>) {
    while let Ok(text) = ear.next().await {
        if text.starts_with("42[\"message:new\"") {
            heard.set(heard.get() + 1);
        }
    }
}

/// Notes when each numbered message arrives.
async fn listen(mut ear: Client, arrivals: Arrivals) {
    while let Ok(text) = ear.next().await {
        let now = Instant::now();
        let content =
            text.strip_prefix("42[\"message:new\"").and_then(|rest| rest.split_once("\"content\":\""));
        let number = content.and_then(|(_, rest)| rest.split('"').next()?.parse::<usize>().ok());
        if let Some(number) = number
            && let Some(arrival) = arrivals.borrow_mut().get_mut(number)
        {
            arrival.get_or_insert(now);
        }
    }
}

/// Quantiles of the time between sending and arriving, and how many never arrived.
fn summary(sent_at: &[Instant], arrivals: &[Option<Instant>]) -> String {
    let mut delays: Vec<f64> = sent_at
        .iter()
        .zip(arrivals)
        .filter_map(|(sent, arrival)| Some(arrival.as_ref()?.duration_since(*sent).as_secs_f64() * 1e3))
        .collect();
    delays.sort_by(f64::total_cmp);
    let Some(last) = delays.len().checked_sub(1) else { return "nothing arrived".to_owned() };
    let at = |share: f64| delays[(last as f64 * share) as usize];
    let missing = sent_at.len() - delays.len();
    format!("p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms, {missing} missing", at(0.5), at(0.99), at(1.0))
}
