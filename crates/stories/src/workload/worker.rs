//! What one person does all day, drawn by lot: they talk, sometimes in bursts, take back and correct themselves,
//! come and go, and lose their connection. Whatever they do not know the outcome of, they do again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::device::{ANSWER_WITHIN, Device};
use super::line::Line;
use super::site::{Place, Site};
use crate::canary;
use crate::checker::history::hash;
use crate::checker::{Action, Entry, Kind};

/// Longest burst.
const BURST_MAX: usize = 12;
/// How many of one's own messages one remembers.
const REMEMBERED: usize = 64;

/// See the module.
pub struct Worker {
    /// Their client.
    pub device: Device,
    /// Their luck.
    pub luck: StdRng,
    /// Where they are.
    pub site: Arc<Site>,
    /// Milliseconds between two things they do, on average.
    pub pace_ms: u64,
    /// Milliseconds that they are away at most.
    pub away_ms: u64,
    /// When they stop beginning something new.
    pub until: Instant,
    /// Whether it is over already.
    pub is_over: Arc<AtomicBool>,
    /// How many new things they begin at most.
    pub deeds: u32,
    /// When they stop caring.
    pub settle_until: Instant,
    /// Messages of theirs that can be changed.
    pub mine: Vec<String>,
}

/// A message that is to be sent.
#[derive(Debug, Clone)]
struct Draft {
    room: String,
    cmid: String,
    content: String,
}

/// What was said of a send that was not answered in time, though its connection lived.
pub const NO_ANSWER: &str = "no answer";

/// A send on its way: its entry, and its answer.
struct Submitted {
    entry: Entry,
    told: oneshot::Receiver<Outcome>,
}

/// What became of a try.
#[derive(Debug, Clone)]
enum Outcome {
    Done { id: String },
    Refused { reason: String },
    Unknown,
}

impl Outcome {
    /// Whether the same may work later.
    fn is_passing(&self) -> bool {
        const PASSING: [&str; 5] = ["overloaded", "draining", "rate_limited", "internal", "timeout"];
        matches!(self, Outcome::Refused { reason } if PASSING.contains(&reason.as_str()))
    }
}

impl Worker {
    /// Works until the time is over, and then until nothing is unknown any more.
    pub async fn works(mut self) -> Worker {
        while Instant::now() < self.until && self.deeds > 0 && !self.is_over.load(Ordering::Relaxed) {
            self.deeds -= 1;
            if self.device.line(self.settle_until).await.is_none() {
                return self;
            }
            self.does_something().await;
            let pause_ms = self.luck.random_range(0..=2 * self.pace_ms);
            sleep(Duration::from_millis(pause_ms)).await;
        }
        // Connected at the end, so that it can be seen what they know.
        self.device.line(self.settle_until).await;
        self
    }

    async fn does_something(&mut self) {
        let Some(place) = self.picks_place() else { return };
        match self.luck.random_range(0..100) {
            0..55 => self.says(&place).await,
            55..63 => self.bursts(&place).await,
            63..71 => self.corrects().await,
            71..75 => self.takes_back().await,
            75..79 => self.comes_and_goes().await,
            79..84 => self.moderates().await,
            84..87 => self.says_too_much(&place).await,
            87..90 => self.looks_where_they_may_not().await,
            90..94 => self.repeats_oneself(&place).await,
            94..97 => self.device.drops(),
            97 => self.comes_back_with_lies(),
            _ => {
                self.device.drops();
                let away_ms = self.luck.random_range(0..self.away_ms);
                sleep(Duration::from_millis(away_ms)).await;
            }
        }
    }

    /// A room they are in, as far as they know.
    fn picks_place(&mut self) -> Option<Place> {
        let known = self.device.positions.lock().clone();
        let places: Vec<&Place> =
            self.site.places.iter().filter(|place| known.contains_key(&place.id)).collect();
        if places.is_empty() {
            return self.site.places.iter().find(|place| !place.is_private).cloned();
        }
        let index = self.luck.random_range(0..places.len());
        Some(places[index].clone())
    }

    fn drafts(&mut self, room: &str) -> Draft {
        let cmid = canary::draw(&mut self.luck);
        let filler = "x".repeat(self.luck.random_range(0..60));
        Draft { room: room.to_owned(), content: format!("{filler} {cmid}"), cmid }
    }

    async fn says(&mut self, place: &Place) {
        let draft = self.drafts(&place.id);
        if self.luck.random_range(0..8) == 0 {
            let outcome = self.sends_by_rest(&draft).await;
            return self.settles(draft, outcome).await;
        }
        self.settles(draft, Outcome::Unknown).await;
    }

    /// Many at once on one connection, none waiting for the one before.
    async fn bursts(&mut self, place: &Place) {
        let Some(line) = self.device.line(self.settle_until).await else { return };
        let count = self.luck.random_range(2..=BURST_MAX);
        let mut pending = Vec::new();
        for _ in 0..count {
            let draft = self.drafts(&place.id);
            pending.push((draft.clone(), self.submits(&line, &draft).await));
        }
        // Sometimes they are gone before the first answer.
        if self.luck.random_range(0..6) == 0 {
            sleep(Duration::from_millis(self.luck.random_range(0..5))).await;
            self.device.drops();
        }
        for (draft, submitted) in pending {
            let outcome = self.hears_out(submitted).await;
            self.settles(draft, outcome).await;
        }
    }

    /// Sends until the outcome is known.
    async fn settles(&mut self, draft: Draft, mut outcome: Outcome) {
        loop {
            match &outcome {
                Outcome::Done { id } => {
                    self.mine.push(id.clone());
                    if self.mine.len() > REMEMBERED {
                        self.mine.remove(0);
                    }
                    return;
                }
                Outcome::Refused { .. } if !outcome.is_passing() => return,
                Outcome::Refused { .. } => {
                    sleep(Duration::from_millis(self.pace_ms * 5)).await;
                }
                Outcome::Unknown => {}
            }
            let Some(line) = self.device.line(self.settle_until).await else { return };
            if Instant::now() >= self.settle_until {
                return;
            }
            let submitted = self.submits(&line, &draft).await;
            outcome = self.hears_out(submitted).await;
        }
    }

    async fn submits(&self, line: &Line, draft: &Draft) -> Submitted {
        let entry = self.entry(Action::Send, line.name(), draft);
        let n = self.device.recorder.begin(entry.clone());
        let entry = Entry { n, ..entry };
        let payload = json!({ "roomId": draft.room, "content": draft.content, "clientId": draft.cmid });
        let (recorder, begun) = (self.device.recorder.clone(), entry.clone());
        let end = move |answer: &Value| {
            let (ended, outcome) = ended(begun, answer["ok"] == true, answer, &answer["error"]);
            recorder.push(ended);
            outcome
        };
        Submitted { entry, told: line.submit("message:send", &payload, end).await }
    }

    async fn hears_out(&self, submitted: Submitted) -> Outcome {
        let reason = match tokio::time::timeout(ANSWER_WITHIN, submitted.told).await {
            Ok(Ok(outcome)) => return outcome,
            Ok(Err(_)) => "the connection ended",
            Err(_) => NO_ANSWER,
        };
        let reason = reason.to_owned();
        self.device.recorder.push(Entry { kind: Kind::Info, reason, ..submitted.entry });
        Outcome::Unknown
    }

    async fn sends_by_rest(&mut self, draft: &Draft) -> Outcome {
        let entry = self.entry(Action::Send, &self.device.user, draft);
        let n = self.device.recorder.begin(entry.clone());
        let path = format!("/chat/rooms/{}/messages", draft.room);
        let body = json!({ "content": draft.content, "clientId": draft.cmid });
        let (ended, outcome) = match self.device.asks("POST", &path, Some(&body)).await {
            Ok(reply) => {
                let answer = reply.json();
                ended(Entry { n, ..entry }, reply.status < 300, &answer, &answer)
            }
            Err(_) => (Entry { n, kind: Kind::Info, ..entry }, Outcome::Unknown),
        };
        self.device.recorder.push(ended);
        outcome
    }

    fn entry(&self, f: Action, p: &str, draft: &Draft) -> Entry {
        Entry {
            f,
            p: p.to_owned(),
            user: self.device.user.clone(),
            room: draft.room.clone(),
            cmid: draft.cmid.clone(),
            hash: hash(&draft.content),
            ..Entry::default()
        }
    }

    /// Comes back with a position that was never reached, or of another time; must be told so.
    fn comes_back_with_lies(&mut self) {
        let is_epoch = self.luck.random_range(0..2) == 0;
        self.device.drops();
        let mut positions = self.device.positions.lock();
        let count = positions.len();
        let index = if count == 0 { return } else { self.luck.random_range(0..count) };
        if let Some((epoch, seq)) = positions.values_mut().nth(index) {
            if is_epoch {
                epoch.push('x');
            } else {
                *seq += 1_000_000;
            }
        }
    }

    /// The same again under the same name: once more the same, or something else, which is refused.
    async fn repeats_oneself(&mut self, place: &Place) {
        let draft = self.drafts(&place.id);
        self.settles(draft.clone(), Outcome::Unknown).await;
        let other = match self.luck.random_range(0..3) {
            0 => Draft { content: format!("something else {}", draft.cmid), ..draft },
            _ => draft,
        };
        if self.luck.random_range(0..2) == 0 {
            self.sends_by_rest(&other).await;
        } else {
            self.settles(other, Outcome::Unknown).await;
        }
    }

    /// What is refused for good and must leave nothing behind.
    async fn says_too_much(&mut self, place: &Place) {
        let draft = self.drafts(&place.id);
        let content = format!("{} {}", "long ".repeat(2100), draft.cmid);
        let Some(line) = self.device.line(self.settle_until).await else { return };
        let draft = Draft { content, ..draft };
        let submitted = self.submits(&line, &draft).await;
        self.hears_out(submitted).await;
    }

    async fn corrects(&mut self) {
        let Some(id) = self.picks_mine() else { return };
        let content = format!("corrected {}", canary::draw(&mut self.luck));
        let payload = json!({ "messageId": id, "content": content });
        let entry = Entry { f: Action::Edit, id, hash: hash(&content), ..Entry::default() };
        self.does("message:edit", payload, entry).await;
    }

    async fn takes_back(&mut self) {
        let Some(id) = self.picks_mine() else { return };
        self.mine.retain(|other| *other != id);
        let entry = Entry { f: Action::Delete, id: id.clone(), ..Entry::default() };
        self.does("message:delete", json!({ "messageId": id }), entry).await;
    }

    fn picks_mine(&mut self) -> Option<String> {
        let index = (!self.mine.is_empty()).then(|| self.luck.random_range(0..self.mine.len()))?;
        Some(self.mine[index].clone())
    }

    /// Leaves a public room, or joins one.
    async fn comes_and_goes(&mut self) {
        let open: Vec<String> =
            self.site.places.iter().filter(|place| !place.is_private).map(|place| place.id.clone()).collect();
        if open.is_empty() {
            return;
        }
        let room = open[self.luck.random_range(0..open.len())].clone();
        let is_in = self.device.positions.lock().contains_key(&room);
        let (f, event) = if is_in { (Action::Leave, "room:leave") } else { (Action::Join, "room:join") };
        let entry = Entry { f, room: room.clone(), ..Entry::default() };
        self.does(event, json!({ "roomId": room }), entry).await;
    }

    /// Takes somebody out of a private room, or lets somebody in; who may not is refused.
    async fn moderates(&mut self) {
        let closed: Vec<&Place> = self.site.places.iter().filter(|place| place.is_private).collect();
        if closed.is_empty() || self.site.people.is_empty() {
            return;
        }
        let room = closed[self.luck.random_range(0..closed.len())].id.clone();
        let subject = self.site.people[self.luck.random_range(0..self.site.people.len())].clone();
        let removes = self.luck.random_range(0..2) == 0;
        let (f, method) = if removes { (Action::Remove, "DELETE") } else { (Action::Add, "PUT") };
        let path = format!("/chat/rooms/{room}/members/{subject}");
        let user = self.device.user.clone();
        let entry = Entry { f, p: user.clone(), user, room, subject, ..Entry::default() };
        let n = self.device.recorder.begin(entry.clone());
        let body = json!({});
        let reply = self.device.asks(method, &path, (!removes).then_some(&body)).await;
        let kind = match reply.map(|reply| (reply.status, reply.json()["reason"].clone())) {
            Ok((200..300, _)) => Kind::Ok,
            Ok((_, reason)) if reason != "indeterminate" => Kind::Fail,
            _ => Kind::Info,
        };
        self.device.recorder.push(Entry { n, kind, ..entry });
    }

    /// Asks for rooms they may have nothing to do with: the answers must hold nothing of them.
    async fn looks_where_they_may_not(&mut self) {
        let index = self.luck.random_range(0..self.site.places.len());
        let room = self.site.places[index].clone();
        let known = self.device.positions.lock().contains_key(&room.id);
        if room.is_private && !known {
            let _refused = self.device.asks("GET", &format!("/chat/rooms/{}/messages", room.id), None).await;
        }
        let _answer = self.device.asks("GET", "/chat/rooms/discover?limit=200", None).await;
    }

    /// Something without a name of its own: it may be done or not.
    async fn does(&mut self, event: &str, payload: Value, entry: Entry) {
        let Some(line) = self.device.line(self.settle_until).await else { return };
        let entry = Entry { p: line.name().to_owned(), user: self.device.user.clone(), ..entry };
        let n = self.device.recorder.begin(entry.clone());
        let (recorder, begun) = (self.device.recorder.clone(), entry.clone());
        let end = move |answer: &Value| {
            let (ended, _) =
                ended(Entry { n, ..begun }, answer["ok"] == true, &Value::Null, &answer["error"]);
            recorder.push(ended);
        };
        let told = line.submit(event, &payload, end).await;
        if !matches!(tokio::time::timeout(ANSWER_WITHIN, told).await, Ok(Ok(()))) {
            self.device.recorder.push(Entry { n, kind: Kind::Info, ..entry });
        }
    }
}

/// The end of an action, from its answer.
fn ended(entry: Entry, is_ok: bool, answer: &Value, error: &Value) -> (Entry, Outcome) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if is_ok {
        let id = if answer["id"].is_string() { text(&answer["id"]) } else { entry.id.clone() };
        let ended = Entry {
            kind: Kind::Ok,
            id: id.clone(),
            seq: answer["seq"].as_i64(),
            epoch: text(&answer["epoch"]),
            duplicate: answer["duplicate"] == true,
            ..entry
        };
        return (ended, Outcome::Done { id });
    }
    let reason = text(&error["reason"]);
    if reason == "indeterminate" {
        return (Entry { kind: Kind::Info, reason, ..entry }, Outcome::Unknown);
    }
    (Entry { kind: Kind::Fail, reason: reason.clone(), ..entry }, Outcome::Refused { reason })
}
