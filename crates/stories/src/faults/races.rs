//! F27: concurrent work in PostgreSQL gets in the way of our own: deadlocks and serialization failures.

use std::collections::BTreeMap;
use std::time::Duration;

use fireside_db::testing::PostgresServer;
use fireside_db::{Db, Options, sql};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::cluster::Cluster;
use super::stage::{Effort, slowest_answer_ms, unanswered};
use super::{ms, must};
use crate::client::{Call, Http};
use crate::token::host_token;
use crate::workload::Settings;

/// The year 2100.
const NEVER: i64 = 4_102_444_800;
/// A deadlock is looked for so soon; and whoever does not ask for another isolation fails where a row has changed since
/// the transaction began.
const TROUBLESOME: [(&str, &str); 2] =
    [("deadlock_timeout", "10ms"), ("default_transaction_isolation", "repeatable read")];
/// People whose membership is fought over.
const MEMBERS: usize = 6;
/// How long any call may wait for its answer.
const ANSWERED_WITHIN: Duration = Duration::from_millis(5500);

/// F27.
pub async fn lost(effort: Effort) -> Result<String, String> {
    let lasts = effort.lasts.min(Duration::from_secs(12));
    let postgres = PostgresServer::start_with(&TROUBLESOME).await.map_err(|error| error.to_string())?;
    let settings = Settings {
        lasts: lasts + Duration::from_secs(60),
        seed: effort.seed,
        pace_ms: 60,
        ..Settings::default()
    };
    let cluster = Cluster::on(postgres, 2, &effort, settings).await?;
    let room = contested(&cluster).await?;
    let until = Instant::now() + lasts;
    let admins = ["chief", "deputy"].into_iter().enumerate().map(|(node, user)| {
        let address = cluster.nodes[node].run.address;
        tokio::spawn(moderates(address, user, room.clone(), effort.seed + node as u64, until))
    });
    let admins: Vec<_> = admins.collect();
    let options = Options::new(cluster.postgres.url("postgres").parse().map_err(|error| format!("{error}"))?);
    let other = Db::open(&options).await.map_err(|error| error.to_string())?;
    let contrary = locks_in_another_order(&other, &room, until).await;
    let mut told = Told::default();
    for admin in admins {
        told.add(admin.await.map_err(|error| error.to_string())??);
    }
    let counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'";
    let mut lost_races = 0.0;
    for node in 0..2 {
        lost_races += cluster.counted(node, "fireside_db_lost_races_total").await?;
    }
    cluster.workload.is_enough();
    // What is counted is known once the sessions that have met it are over, or a little later.
    sleep(Duration::from_secs(1)).await;
    let (deadlocks,): (i64,) = other.one(sql(counted)).await.map_err(|error| error.to_string())?;
    other.close().await;
    let (history, verdict) = cluster.judged().await?;
    let overloaded = history.entries.iter().filter(|entry| entry.reason == "overloaded").count();
    let internal = history.entries.iter().filter(|entry| entry.reason == "internal").count();
    let figures = format!(
        "{deadlocks} deadlocks ({contrary} transactions in the other order), {lost_races} transactions of two nodes lost; \
         admins were answered {:?}, the slowest after {}; {overloaded} sends refused as overloaded, slowest answer {} ms",
        told.statuses,
        ms(told.slowest),
        slowest_answer_ms(&history)
    );
    must(deadlocks > 0 && lost_races > 0.0, || format!("nothing was lost: {figures}"))?;
    let is_definite = told.statuses.keys().all(|status| *status < 500);
    must(is_definite && internal == 0 && overloaded == 0, || figures.clone())?;
    must(told.slowest <= ANSWERED_WITHIN && unanswered(&history) == 0, || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}

/// How admins were answered.
#[derive(Default)]
struct Told {
    statuses: BTreeMap<u16, usize>,
    slowest: Duration,
}

impl Told {
    fn add(&mut self, other: Told) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.slowest = self.slowest.max(other.slowest);
    }
}

/// A private room with two admins and the people they will fight over.
async fn contested(cluster: &Cluster) -> Result<String, String> {
    let http = Http::new(cluster.nodes[0].run.address);
    let members: Vec<String> = (0..MEMBERS).map(|number| format!("torn{number}")).collect();
    for user in members.iter().map(String::as_str).chain(["deputy"]) {
        let token = host_token(user, NEVER);
        http.send(Call { method: "GET", path: "/auth/me", token: Some(&token), ..Call::default() }).await?;
    }
    let token = host_token("chief", NEVER);
    let body = Some(("application/json", json!({ "name": "Contested", "isPrivate": true }).to_string()));
    let made = Call { method: "POST", path: "/chat/rooms", token: Some(&token), body, ..Call::default() };
    let made = http.send(made).await?.json();
    let room = made["id"].as_str().ok_or_else(|| format!("no room: {made}"))?.to_owned();
    let path = format!("/chat/rooms/{room}/members/deputy");
    let body = Some(("application/json", json!({ "role": "admin" }).to_string()));
    let reply = http.send(Call { method: "PUT", path: &path, token: Some(&token), body, ..Call::default() });
    let reply = reply.await?;
    must(reply.status < 300, || format!("no second admin: {}", reply.text))?;
    Ok(room)
}

/// Lets people in, takes them out, and changes their role, as fast as it is answered.
async fn moderates(
    address: std::net::SocketAddr,
    user: &'static str,
    room: String,
    seed: u64,
    until: Instant,
) -> Result<Told, String> {
    let mut luck = StdRng::seed_from_u64(seed);
    let (http, token) = (Http::new(address), host_token(user, NEVER));
    let mut told = Told::default();
    while Instant::now() < until {
        let path = format!("/chat/rooms/{room}/members/torn{}", luck.random_range(0..MEMBERS));
        let role = if luck.random_range(0..2) == 0 { "admin" } else { "member" };
        let (method, body) = match luck.random_range(0..3) {
            0 => ("DELETE", None),
            1 => ("PUT", Some(json!({ "role": role }))),
            _ => ("PUT", Some(json!({}))),
        };
        let body = body.map(|body| ("application/json", body.to_string()));
        let since = Instant::now();
        let reply =
            http.send(Call { method, path: &path, token: Some(&token), body, ..Call::default() }).await?;
        *told.statuses.entry(reply.status).or_default() += 1;
        told.slowest = told.slowest.max(since.elapsed());
    }
    Ok(told)
}

/// Locks a person's stream and then the room, where the server locks the room and then the stream; how often.
async fn locks_in_another_order(db: &Db, room: &str, until: Instant) -> usize {
    let mut count = 0;
    while Instant::now() < until {
        for number in 0..MEMBERS {
            let stream = sql("SELECT user_id FROM user_streams WHERE user_id = $1 FOR UPDATE");
            let room = sql("SELECT id FROM rooms WHERE id = $1 FOR UPDATE").bind(room);
            let Ok(mut tx) = db.begin().await else { continue };
            let locked: Result<Vec<(String,)>, _> = tx.all(stream.bind(format!("torn{number}"))).await;
            sleep(Duration::from_millis(5)).await;
            if locked.is_ok() {
                // Whichever of the two is given up: the deadlock is the point.
                let _given_up: Result<Vec<(String,)>, _> = tx.all(room).await;
            }
            tx.rollback().await;
            count += 1;
        }
        sleep(Duration::from_millis(20)).await;
    }
    count
}
