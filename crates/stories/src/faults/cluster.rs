//! Several nodes on one PostgreSQL and one Redis, each behind proxies of its own, used by people who come in by all of
//! them, and what is asked of such a cluster.

use std::sync::Arc;
use std::time::Duration;

use fireside_bus::testing::RedisServer;
use fireside_db::testing::PostgresServer;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::stage::{Effort, program};
use super::{cannot, must};
use crate::checker::{Bounds, History};
use crate::client::{Call, Dial, Http, Profile, Socket, Transport};
use crate::program::{Program, Run};
use crate::proof;
use crate::proxy::Proxy;
use crate::token::host_token;
use crate::workload::{Doors, Recorder, Settings, Workload};

/// The year 2100.
const NEVER: i64 = 4_102_444_800;
/// What a shared machine may stall, on top of what is promised.
pub const STALL: Duration = Duration::from_secs(2);
/// Between two looks at what a node says.
const LOOK: Duration = Duration::from_millis(100);

/// One node.
pub struct Node {
    /// How it is started.
    pub program: Program,
    /// It.
    pub run: Run,
    /// Its way to Redis.
    pub to_redis: Proxy,
    /// Its way to PostgreSQL.
    pub to_postgres: Proxy,
}

/// See the module.
pub struct Cluster {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// What they share besides the database.
    pub redis: RedisServer,
    /// The database.
    pub postgres: PostgresServer,
    /// What is written down.
    pub recorder: Arc<Recorder>,
    /// Those who use it.
    pub workload: Workload,
    /// How long things may take.
    pub bounds: Bounds,
    keep: Option<std::path::PathBuf>,
    _files: TempDir,
}

impl Cluster {
    /// Nodes that are used for a while.
    ///
    /// # Errors
    /// When one of the parts does not start.
    pub async fn of(nodes: usize, effort: &Effort, lasts: Duration) -> Result<Cluster, String> {
        // Slower than on one node: all of them and their databases share the machine.
        Cluster::with(
            nodes,
            effort,
            Settings { lasts, seed: effort.seed, pace_ms: 60, ..Settings::default() },
        )
        .await
    }

    /// The same with another workload.
    ///
    /// # Errors
    /// When one of the parts does not start.
    pub async fn with(count: usize, effort: &Effort, settings: Settings) -> Result<Cluster, String> {
        let postgres = PostgresServer::start().await.map_err(|error| error.to_string())?;
        Cluster::on(postgres, count, effort, settings).await
    }

    /// The same on a PostgreSQL that is set up in its own way.
    ///
    /// # Errors
    /// When one of the parts does not start.
    pub async fn on(
        postgres: PostgresServer,
        count: usize,
        effort: &Effort,
        settings: Settings,
    ) -> Result<Cluster, String> {
        let redis = RedisServer::start().await.map_err(|error| cannot(format!("redis-server: {error}")))?;
        let files = tempfile::tempdir().map_err(|error| error.to_string())?;
        let recorder = Arc::new(Recorder::default());
        let mut nodes = Vec::new();
        for number in 0..count {
            let way = |port: u16| Proxy::before(([127, 0, 0, 1], port).into());
            let to_redis = way(redis.port()).await.map_err(|error| error.to_string())?;
            let to_postgres = way(postgres.port()).await.map_err(|error| error.to_string())?;
            let data = files.path().join(format!("node{number}"));
            let mut program =
                program(effort, &data).with("FIRESIDE_REDIS_URL", &format!("redis://{}", to_redis.address));
            program.database = Some(format!("postgres://fireside@{}/postgres", to_postgres.address));
            let run = program.start(&recorder).await?;
            nodes.push(Node { program, run, to_redis, to_postgres });
        }
        let doors = Doors::to(nodes.iter().map(|node| node.run.address).collect());
        let workload = Workload::start(settings, doors, &recorder).await?;
        let (keep, bounds) = (effort.keep.clone(), Bounds::default());
        Ok(Cluster { nodes, redis, postgres, recorder, workload, bounds, keep, _files: files })
    }

    /// Kills a node (SIGKILL) and waits until it is gone.
    pub async fn kill(&self, node: usize) {
        let run = &self.nodes[node].run;
        run.may_end();
        run.signal(rustix::process::Signal::KILL);
        run.end().await;
    }

    /// Starts a node anew that has ended.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_again(&mut self, number: usize) -> Result<(), String> {
        let node = &mut self.nodes[number];
        node.run = node.program.start(&self.recorder).await?;
        self.workload.doors.lead_to(number, node.run.address);
        Ok(())
    }

    /// Asks a node.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn asks(&self, node: usize, user: &str, method: &str, path: &str) -> Result<Value, String> {
        let token = host_token(user, NEVER);
        let body = (method != "GET").then(|| ("application/json", json!({}).to_string()));
        let call = Call { method, path, token: Some(&token), body, ..Call::default() };
        let reply = Http::new(self.nodes[node].run.address).send(call).await?;
        Ok(reply.json())
    }

    /// Somebody joins the first room and is there with a socket at a node, without doing anything.
    ///
    /// # Errors
    /// When the node does not let them in.
    pub async fn attends(&self, node: usize, user: &str) -> Result<Socket, String> {
        let room = &self.workload.site.places[0].id;
        self.asks(node, user, "PUT", &format!("/chat/rooms/{room}/members/{user}")).await?;
        let token = host_token(user, NEVER);
        let dial = Dial {
            address: self.nodes[node].run.address,
            profile: Profile::Idiomatic,
            transport: Transport::WebSocket,
            token: Some(&token),
            name: user,
        };
        Socket::connect(&dial).await.map_err(|error| error.to_string())
    }

    /// Who is online in the first room, as a node says it.
    async fn online(&self, node: usize) -> Result<Vec<String>, String> {
        let room = &self.workload.site.places[0].id;
        let rows = self.asks(node, "watcher", "GET", &format!("/chat/rooms/{room}/online")).await?;
        let rows = rows.as_array().ok_or_else(|| format!("no list: {rows}"))?;
        Ok(rows.iter().filter_map(|row| Some(row["userId"].as_str()?.to_owned())).collect())
    }

    /// Waits until these nodes say of all these people whether they are online; how long that took.
    ///
    /// # Errors
    /// With what they say instead when it takes longer than `limit`.
    pub async fn sees_within(
        &self,
        limit: Duration,
        nodes: &[usize],
        expected: &[(&str, bool)],
    ) -> Result<Duration, String> {
        let since = Instant::now();
        let room = self.workload.site.places[0].id.clone();
        self.asks(nodes[0], "watcher", "PUT", &format!("/chat/rooms/{room}/members/watcher")).await?;
        loop {
            let said = try_join_all(nodes.iter().map(|node| self.online(*node))).await?;
            let agrees = |online: &Vec<String>| {
                expected.iter().all(|(user, is_online)| online.iter().any(|one| one == user) == *is_online)
            };
            if said.iter().all(agrees) {
                return Ok(since.elapsed());
            }
            must(since.elapsed() <= limit, || {
                format!("after {limit:?} {expected:?} is expected, and they say {said:?}")
            })?;
            sleep(LOOK).await;
        }
    }

    /// Waits until these nodes say this of themselves (`ready`, `degraded`); how long that took.
    ///
    /// # Errors
    /// With what they say instead when it takes longer than `limit`.
    pub async fn are_within(
        &self,
        limit: Duration,
        nodes: &[usize],
        status: &str,
    ) -> Result<Duration, String> {
        let since = Instant::now();
        loop {
            let said = try_join_all(nodes.iter().map(|node| self.asks(*node, "watcher", "GET", "/readyz")));
            let said = said.await?;
            if said.iter().all(|answer| answer["status"] == status) {
                return Ok(since.elapsed());
            }
            must(since.elapsed() <= limit, || format!("not {status} after {limit:?}: {said:?}"))?;
            sleep(LOOK).await;
        }
    }

    /// The sum of a counter over all its labels on a node.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn counted(&self, node: usize, counter: &str) -> Result<f64, String> {
        let call = Call { method: "GET", path: "/metrics", ..Call::default() };
        let text = Http::new(self.nodes[node].run.address).send(call).await?.text;
        let lines = text.lines().filter(|line| line.starts_with(counter));
        Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Ends everything and lets the checker judge. The history and what the checker says.
    ///
    /// # Errors
    /// With what it found.
    pub async fn judged(self) -> Result<(History, String), String> {
        self.workload.finish().await?;
        for (number, node) in self.nodes.into_iter().enumerate() {
            let status = node.run.stop().await;
            must(status.is_some_and(|status| status.success()), || {
                format!("node {} ended badly: {status:?}", number + 1)
            })?;
        }
        let truth = proof::truth(&self.postgres.url("postgres")).await?;
        let history = self.recorder.history();
        let verdict = proof::verdict(&history, &truth, &self.bounds);
        if let (Err(_), Some(directory)) = (&verdict, &self.keep) {
            proof::keep(directory, &history, &truth)?;
        }
        Ok((history, verdict?))
    }
}
