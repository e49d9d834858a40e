//! A client that keeps a copy of every room it is in, comes and goes, and holds the copies against every digest it can
//! get: those that it is told, and more that it asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use fireside_protocol::digests::DIGEST_MAX_MESSAGES;
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::copy::{Copy, Loss};
use crate::client::{Call, Dial, Event, Http, Profile, RESUMED, Socket, Transport};

/// Between two digests that are asked for.
const ASKS_EVERY: Duration = Duration::from_millis(200);
/// Most messages of one page.
const PAGE: usize = 200;
/// Most messages of one digest.
const ANSWER: usize = DIGEST_MAX_MESSAGES as usize;

/// What a watcher has counted.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Connections.
    pub connections: usize,
    /// Rooms of which the past could not be told, read anew.
    pub read_anew: usize,
    /// Digests that were told.
    pub told: usize,
    /// Bytes of those, as JSON.
    pub bytes: usize,
    /// Bytes of the largest.
    pub largest: usize,
    /// Digests that were told and compared.
    pub told_compared: usize,
    /// Digests that were asked for and compared.
    pub asked_compared: usize,
    /// Copies that were not what a digest says, or not complete.
    pub alarms: Vec<String>,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Tally) -> Tally {
        self.connections += other.connections;
        self.read_anew += other.read_anew;
        self.told += other.told;
        self.bytes += other.bytes;
        self.largest = self.largest.max(other.largest);
        self.told_compared += other.told_compared;
        self.asked_compared += other.asked_compared;
        self.alarms.extend(other.alarms);
        self
    }
}

/// What became of a copy that was spoilt on purpose.
#[derive(Debug, Clone, Copy)]
pub struct Mended {
    /// Messages that were read to mend it.
    pub read: usize,
    /// Messages that the digest was about.
    pub of: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Watcher {
    name: String,
    token: String,
    http: Http,
    address: SocketAddr,
    luck: StdRng,
    rooms: BTreeMap<String, Copy>,
    /// Those whose past is known on this connection.
    current: BTreeSet<String>,
    /// Digests of positions that were not reached yet when they came.
    pending: Vec<Value>,
    turn: usize,
    /// What it has counted.
    pub tally: Tally,
}

impl Watcher {
    /// A user who is a member of these rooms, by their ids.
    pub fn new(name: &str, token: String, address: SocketAddr, rooms: &[String], luck: StdRng) -> Watcher {
        let rooms = rooms.iter().map(|room| (room.clone(), Copy::default())).collect();
        Watcher {
            name: name.to_owned(),
            token,
            http: Http::new(address),
            address,
            luck,
            rooms,
            current: BTreeSet::new(),
            pending: Vec::new(),
            turn: 0,
            tally: Tally::default(),
        }
    }

    /// Watches for a time, over several connections.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn watches(&mut self, until: Instant) -> Result<(), String> {
        while Instant::now() < until {
            let stays = Duration::from_secs(self.luck.random_range(20..90));
            self.connects(until.min(Instant::now() + stays)).await?;
            sleep(Duration::from_millis(self.luck.random_range(0..2000))).await;
        }
        Ok(())
    }

    /// One connection.
    async fn connects(&mut self, until: Instant) -> Result<(), String> {
        let socket = self.dials().await?;
        let (mut mark, mut asks_at) = (0, Instant::now());
        while Instant::now() < until && !socket.heard().is_over() {
            for event in socket.heard().since(mark) {
                mark += 1;
                self.hears(&event).await?;
            }
            if asks_at <= Instant::now() && self.current.len() == self.rooms.len() {
                let room = self.next_room();
                self.pending.push(sums_up(&socket, &json!({ "roomId": room, "from": 1 })).await?);
                self.looks_at_pending(&room);
                asks_at = Instant::now() + ASKS_EVERY;
            }
            // Late is no harm: there is always a next question.
            let _heard = timeout(ASKS_EVERY, socket.heard().beyond(mark)).await;
        }
        socket.close().await;
        Ok(())
    }

    async fn dials(&mut self) -> Result<Socket, String> {
        let dial = Dial {
            address: self.address,
            profile: Profile::Idiomatic,
            transport: Transport::WebSocket,
            token: Some(&self.token),
            name: &self.name,
        };
        let socket = Socket::connect(&dial).await.map_err(|error| error.to_string())?;
        self.tally.connections += 1;
        self.pending.clear();
        self.current.clear();
        if socket.call("digest:watch", &json!({ "watch": true })).await["ok"] != true {
            return Err("digests cannot be watched".to_owned());
        }
        let position = |(id, copy): (&String, &Copy)| {
            // Of an epoch that is not known yet the answer tells its name.
            let epoch = if copy.epoch.is_empty() { "none" } else { &copy.epoch };
            json!({ "roomId": id, "epoch": epoch, "seq": copy.seq })
        };
        let rooms: Vec<Value> = self.rooms.iter().map(position).collect();
        // Its answer is read where it stands among the events.
        socket.call("resume", &json!({ "rooms": rooms })).await;
        Ok(socket)
    }

    fn next_room(&mut self) -> String {
        self.turn += 1;
        self.rooms.keys().nth(self.turn % self.rooms.len()).cloned().unwrap_or_default()
    }

    async fn hears(&mut self, event: &Event) -> Result<(), String> {
        let Event { name, payload } = event;
        match name.as_str() {
            RESUMED => {
                for room in payload["rooms"].as_array().into_iter().flatten() {
                    self.resumes(room).await?;
                }
            }
            "room:digested" => self.is_told(payload),
            "room:resync" => self.tally.alarms.push(format!("{} was told to resync {payload}", self.name)),
            _ => {
                let is_room = name.starts_with("room:") && payload["roomId"].is_null();
                let room = payload[if is_room { "id" } else { "roomId" }].as_str().unwrap_or_default();
                self.takes(room, name, payload);
            }
        }
        Ok(())
    }

    /// The past of a room is told, or has to be read.
    async fn resumes(&mut self, answer: &Value) -> Result<(), String> {
        let id = answer["roomId"].as_str().unwrap_or_default().to_owned();
        let (Some(epoch), Some(seq)) = (answer["epoch"].as_str(), answer["seq"].as_i64()) else {
            return Err(format!("the past of a room of {} is unknown: {answer}", self.name));
        };
        let Some(copy) = self.rooms.get_mut(&id) else { return Ok(()) };
        if answer["recovered"] == true {
            for event in answer["events"].as_array().into_iter().flatten() {
                copy.take(event["name"].as_str().unwrap_or_default(), &event["data"]);
            }
            (copy.epoch, copy.seq) = (epoch.to_owned(), seq);
        } else {
            self.tally.read_anew += 1;
            *copy = Copy::empty(epoch, seq);
            self.reads(&id, 1, i64::MAX).await?;
        }
        self.current.insert(id);
        Ok(())
    }

    /// Takes an event of a room's log, each once and in order.
    fn takes(&mut self, room: &str, name: &str, payload: &Value) {
        let (Some(copy), Some(seq)) = (self.rooms.get_mut(room), payload["seq"].as_i64()) else { return };
        if !self.current.contains(room) || seq <= copy.seq {
            return;
        }
        if seq != copy.seq + 1 {
            let hole = format!("{}: {name} at {seq} behind {} in {room}", self.name, copy.seq);
            self.tally.alarms.push(hole);
        }
        copy.take(name, payload);
        copy.seq = seq;
        self.looks_at_pending(room);
    }

    /// A digest of the newest messages.
    fn is_told(&mut self, payload: &Value) {
        let bytes = payload.to_string().len();
        self.tally.told += 1;
        self.tally.bytes += bytes;
        self.tally.largest = self.tally.largest.max(bytes);
        let Some(copy) = payload[0].as_str().and_then(|room| self.rooms.get(room)) else { return };
        if payload[1] != copy.seq || !copy.is_settled() {
            return;
        }
        self.tally.told_compared += 1;
        if payload[2] != copy.newest() {
            self.tally.alarms.push(format!("{} has {} where it is told {payload}", self.name, copy.newest()));
        }
    }

    /// Compares what was asked for with a room that has just reached the place it is true of.
    fn looks_at_pending(&mut self, room: &str) {
        let Some(copy) = self.rooms.get(room) else { return };
        let is_of = |answer: &Value, seq: i64| answer["roomId"] == room && answer["seq"] == seq;
        let due: Vec<&Value> = self.pending.iter().filter(|answer| is_of(answer, copy.seq)).collect();
        for answer in due.iter().filter(|_| copy.is_settled()) {
            self.tally.asked_compared += 1;
            for (from, to) in copy.differing(answer) {
                self.tally.alarms.push(format!("{} differs in {room} from {from} to {to}", self.name));
            }
        }
        self.pending.retain(|answer| answer["roomId"] != room || answer["seq"].as_i64() > Some(copy.seq));
    }

    /// Reads the messages between two places of a room; how many there are, tombstones left out. These say by their
    /// revisions from where on the pages are true.
    async fn reads(&mut self, room: &str, from: i64, to: i64) -> Result<usize, String> {
        let (mut messages, mut after) = (Vec::new(), from - 1);
        loop {
            let path = format!("/chat/rooms/{room}/messages?after={after}&limit={PAGE}");
            let call = Call { method: "GET", path: &path, token: Some(&self.token), ..Call::default() };
            let reply = self.http.send(call).await?;
            let page = reply.json().as_array().cloned().unwrap_or_default();
            let places = page.iter().filter_map(|message| message["seq"].as_i64());
            after = places.max().unwrap_or(i64::MAX);
            let is_last = page.len() < PAGE || after >= to;
            messages.extend(page.into_iter().filter(|message| message["seq"].as_i64() <= Some(to)));
            if is_last {
                break;
            }
        }
        if let Some(copy) = self.rooms.get_mut(room) {
            copy.replace(from, to, &messages);
        }
        Ok(messages.iter().filter(|message| message["deletedAt"].is_null()).count())
    }

    /// Spoils the copy of each room and mends it by what digests tell; nothing else may happen meanwhile.
    ///
    /// # Errors
    /// When the loss is not found, or not mended by reading the part that differs.
    pub async fn is_mended(&mut self, how: Loss) -> Result<Vec<Mended>, String> {
        let socket = self.dials().await?;
        for event in socket.heard().since(0) {
            self.hears(&event).await?;
        }
        let mut mended = Vec::new();
        for room in self.rooms.keys().cloned().collect::<Vec<_>>() {
            let at = self.luck.random_range(0..ANSWER);
            let Some(copy) = self.rooms.get_mut(&room) else { continue };
            copy.spoil(how, at);
            let all = json!({ "roomId": room, "from": 1 });
            let wrong = copy.differing(&sums_up(&socket, &all).await?);
            let [(from, to)] = wrong[..] else {
                return Err(format!("{how:?} lost in {room}: {} parts differ", wrong.len()));
            };
            let read = self.reads(&room, from, to).await?;
            let copy = &self.rooms[&room];
            let wrong = copy.differing(&sums_up(&socket, &all).await?);
            let newest = sums_up(&socket, &json!({ "roomId": room })).await?;
            if !wrong.is_empty() || newest["digest"] != copy.newest() {
                return Err(format!("{how:?} lost in {room} is not mended: {wrong:?} differ"));
            }
            mended.push(Mended { read, of: copy.count().min(ANSWER) });
        }
        socket.close().await;
        Ok(mended)
    }
}

/// Asks for a digest.
async fn sums_up(socket: &Socket, payload: &Value) -> Result<Value, String> {
    let answer = socket.call("room:digest", payload).await;
    if answer["ok"] == true { Ok(answer) } else { Err(format!("no digest: {answer}")) }
}
