//! A device: one person's client, that stays connected, comes back, and catches up on what it missed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::select;
use tokio::time::{Instant, sleep};

use super::doors::Doors;
use super::line::{Caller, Line, Positions};
use super::recorder::Recorder;
use crate::checker::{Action, Entry, Kind};
use crate::client::{Call, Http, Reply};

/// Between two tries of something that did not work.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// Most rooms of one resume.
const RESUME_AT_ONCE: usize = 200;
/// How long an answer is waited for: longer than the server takes to say that it does not know.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// See the module.
#[derive(Debug)]
pub struct Device {
    /// Its name, which its connections begin with.
    pub name: String,
    /// Whose it is.
    pub user: String,
    /// What the history is written with.
    pub recorder: Arc<Recorder>,
    /// How far it knows each room.
    pub positions: Arc<Mutex<Positions>>,
    token: String,
    doors: Doors,
    /// Which door is next.
    turn: usize,
    http: (SocketAddr, Http),
    line: Option<Arc<Line>>,
    connections: u32,
    /// Whether the server knows `resume`; until it has said otherwise, it does.
    may_resume: bool,
}

impl Device {
    /// A device that is not connected yet.
    pub fn new(name: &str, user: &str, token: String, doors: &Doors, recorder: &Arc<Recorder>) -> Device {
        let (_, now) = doors.at(0);
        Device {
            name: name.to_owned(),
            user: user.to_owned(),
            recorder: recorder.clone(),
            positions: Arc::default(),
            token,
            doors: doors.clone(),
            turn: 0,
            http: (now, Http::new(now)),
            line: None,
            connections: 0,
            may_resume: true,
        }
    }

    /// The same, with another door to begin at.
    #[must_use]
    pub fn beginning_at(self, turn: usize) -> Device {
        Device { turn, ..self }
    }

    /// Its connection; connects, and catches up, if it has none. None when that does not work until `limit`.
    pub async fn line(&mut self, limit: Instant) -> Option<Arc<Line>> {
        loop {
            if let Some(line) = self.line.as_ref().filter(|line| !line.is_over()) {
                return Some(line.clone());
            }
            self.line = None;
            self.connections += 1;
            let p = format!("{}#{}", self.name, self.connections);
            let caller = Caller { p, user: self.user.clone(), token: self.token.clone() };
            self.turn += usize::from(self.connections > 1);
            let door = self.doors.at(self.turn);
            let cut = self.doors.clone().is_cut(door.0);
            let opened = select! {
                opened = Line::open(door, caller, &self.recorder, &self.positions) => opened,
                () = cut => Err("cut off".to_owned()),
            };
            if let Ok(line) = opened {
                let line = Arc::new(line.until(self.doors.clone().is_cut(door.0)));
                if self.catch_up(&line).await.is_some() {
                    self.line = Some(line);
                    continue;
                }
                line.cut();
            }
            if Instant::now() >= limit {
                return None;
            }
            sleep(AGAIN_AFTER).await;
        }
    }

    /// Its connection as it is.
    pub fn present_line(&self) -> Option<&Arc<Line>> {
        self.line.as_ref()
    }

    /// Ends its connection without a word.
    pub fn drops(&mut self) {
        if let Some(line) = self.line.take() {
            line.cut();
        }
    }

    /// Makes an HTTP request; what came back is looked through for secrets.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn asks(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Reply, String> {
        let (door, address) = self.doors.at(self.turn);
        if self.http.0 != address {
            self.http = (address, Http::new(address));
        }
        let body = body.map(|body| ("application/json", body.to_string()));
        let call = Call { method, path, token: Some(&self.token), body, ..Call::default() };
        let reply = select! {
            reply = self.http.1.send(call) => reply?,
            () = self.doors.clone().is_cut(door) => return Err("cut off".to_owned()),
        };
        self.recorder.receive(&self.user, &reply.text);
        Ok(reply)
    }

    /// The JSON at a path.
    async fn gets(&mut self, path: &str) -> Option<Value> {
        let reply = self.asks("GET", path, None).await.ok()?;
        (reply.status == 200).then(|| reply.json())
    }

    /// The rooms it is in: id → (epoch, head).
    pub async fn rooms(&mut self) -> Option<Positions> {
        let rooms = self.gets("/chat/rooms").await?;
        let row = |room: &Value| {
            let place = (room["epoch"].as_str()?.to_owned(), room["seq"].as_i64()?);
            Some((room["id"].as_str()?.to_owned(), place))
        };
        Some(rooms.as_array()?.iter().filter_map(row).collect())
    }

    /// Who of a room is online, as it is answered.
    pub async fn looks(&mut self, room: &str) -> Option<BTreeSet<String>> {
        let rows = self.gets(&format!("/chat/rooms/{room}/online")).await?;
        let users = rows.as_array()?.iter().filter_map(|row| Some(row["userId"].as_str()?.to_owned()));
        let people: BTreeSet<String> = users.collect();
        let (p, user, room) = (self.name.clone(), self.user.clone(), room.to_owned());
        let seen = people.iter().cloned().collect();
        let look = Entry { f: Action::Look, kind: Kind::Ok, people: seen, p, user, room, ..Entry::default() };
        self.recorder.push(look);
        Some(people)
    }

    /// Learns everything that it missed, on a connection that is new.
    async fn catch_up(&mut self, line: &Arc<Line>) -> Option<()> {
        let before = self.positions.lock().clone();
        let rooms = self.rooms().await?;
        self.positions.lock().retain(|room, _| rooms.contains_key(room));
        let (known, new): (Positions, Positions) =
            rooms.into_iter().partition(|(id, _)| before.contains_key(id));
        let known: Vec<(String, (String, i64))> =
            known.into_keys().filter_map(|id| Some((id.clone(), before.get(&id)?.clone()))).collect();
        for rooms in known.chunks(RESUME_AT_ONCE) {
            self.resume(line, rooms).await?;
        }
        for id in new.into_keys() {
            self.fetch(line, &id, 0).await?;
        }
        Some(())
    }

    /// Asks for what happened in rooms since; fetches what cannot be had so.
    async fn resume(&mut self, line: &Arc<Line>, rooms: &[(String, (String, i64))]) -> Option<()> {
        let mut refused: Vec<(String, i64)> = rooms.iter().map(|(id, (_, seq))| (id.clone(), *seq)).collect();
        if self.may_resume {
            let answer = self.ask_to_resume(line, rooms).await?;
            match answer {
                Resumed::Answered(not_recovered) => {
                    refused = not_recovered.into_iter().map(|id| (id, 0)).collect()
                }
                Resumed::Unknown => self.may_resume = false,
            }
        }
        for (id, seq) in refused {
            self.positions.lock().remove(&id);
            self.fetch(line, &id, seq).await?;
        }
        Some(())
    }

    async fn ask_to_resume(&self, line: &Arc<Line>, rooms: &[(String, (String, i64))]) -> Option<Resumed> {
        let asked: BTreeMap<String, Entry> = rooms
            .iter()
            .map(|(id, (epoch, seq))| {
                let (room, epoch, p) = (id.clone(), epoch.clone(), line.name().to_owned());
                let entry = Entry {
                    f: Action::Resume,
                    p,
                    user: self.user.clone(),
                    room,
                    epoch,
                    seq: Some(*seq),
                    ..Entry::default()
                };
                let n = self.recorder.begin(entry.clone());
                (id.clone(), Entry { n, ..entry })
            })
            .collect();
        let payload: Vec<Value> = asked
            .values()
            .map(|entry| json!({ "roomId": entry.room, "epoch": entry.epoch, "seq": entry.seq }))
            .collect();
        let (recorder, taker) = (self.recorder.clone(), line.resumption());
        let take = move |answer: &Value| {
            if answer["ok"] != true {
                return match answer["error"]["reason"].as_str() {
                    Some("not_found") => Some(Resumed::Unknown),
                    _ => None,
                };
            }
            let rows = answer["rooms"].as_array().cloned().unwrap_or_default();
            let mut refused = Vec::new();
            for row in rows {
                let Some(entry) = row["roomId"].as_str().and_then(|room| asked.get(room)) else { continue };
                if !take_room(entry, &row, &recorder, &taker) && row["reason"] != "not_found" {
                    refused.push(entry.room.clone());
                }
            }
            Some(Resumed::Answered(refused))
        };
        let told = line.submit("resume", &json!({ "rooms": payload }), take).await;
        tokio::time::timeout(ANSWER_WITHIN, told).await.ok()?.ok()?
    }

    /// Fetches a room's messages after a position, page by page.
    pub async fn fetch(&mut self, line: &Arc<Line>, room: &str, from: i64) -> Option<()> {
        let entry = Entry {
            f: Action::Page,
            p: line.name().to_owned(),
            user: self.user.clone(),
            room: room.to_owned(),
            seq: Some(from),
            ..Entry::default()
        };
        let n = self.recorder.begin(entry.clone());
        let mut place: Option<(String, i64)> = None;
        let mut after = from;
        loop {
            let path = format!("/chat/rooms/{room}/messages?after={after}&limit=200");
            let reply = self.asks("GET", &path, None).await.ok()?;
            if reply.status == 403 || reply.status == 404 {
                // Taken out of the room meanwhile.
                self.recorder.push(Entry { n, kind: Kind::Fail, ..entry });
                return Some(());
            }
            let head = reply.header("x-room-seq").and_then(|head| head.parse().ok());
            let epoch = reply.header("x-room-epoch").unwrap_or_default().to_owned();
            let page = reply.json();
            let rows = page.as_array().filter(|_| reply.status == 200)?;
            // What comes after the first page was read comes live.
            let (epoch, head) = place.get_or_insert((epoch, head?)).clone();
            match rows.first().and_then(|newest| newest["seq"].as_i64()) {
                Some(newest) => after = newest,
                None => {
                    let epoch = if epoch.is_empty() { self.epoch_of(room).await? } else { epoch };
                    self.recorder.push(Entry {
                        n,
                        kind: Kind::Ok,
                        head: Some(head),
                        epoch: epoch.clone(),
                        ..entry
                    });
                    line.is_synced(room, &epoch, head);
                    return Some(());
                }
            }
        }
    }

    async fn epoch_of(&mut self, room: &str) -> Option<String> {
        let room = self.gets(&format!("/chat/rooms/{room}")).await?;
        Some(room["epoch"].as_str()?.to_owned())
    }
}

/// What became of asking to resume.
enum Resumed {
    /// These rooms could not be recovered.
    Answered(Vec<String>),
    /// The server does not know what that is.
    Unknown,
}

/// Writes one room's row of the answer down; whether it was recovered.
fn take_room(asked: &Entry, row: &Value, recorder: &Recorder, taker: &super::line::Resumption) -> bool {
    let recovered = row["recovered"] == true;
    let head = row["seq"].as_i64();
    for event in row["events"].as_array().into_iter().flatten() {
        taker.event(asked.n, event["name"].as_str().unwrap_or_default(), &event["data"]);
    }
    recorder.push(Entry {
        kind: Kind::Ok,
        head,
        recovered: Some(recovered),
        reason: row["reason"].as_str().unwrap_or_default().to_owned(),
        ..asked.clone()
    });
    if let Some(head) = head.filter(|_| recovered) {
        taker.is_synced(&asked.room, &asked.epoch, head);
    }
    recovered
}
