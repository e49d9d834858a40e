//! What someone knows of themselves from their own stream, as a client would keep it: the rooms they are in,
//! how far they have read, their sessions; and what must be unread then, counted again.

use std::collections::{BTreeMap, BTreeSet};

use fireside_db::Db;
use fireside_kernel::Names;
use fireside_kernel::user_changes::read;
use fireside_protocol::mentions::mentioned;
use fireside_protocol::reads::UNREAD_MAX;
use fireside_protocol::resume::Resume;
use fireside_protocol::user_changes::UserPosition;
use fireside_protocol::{Request as _, UserId};
use serde_json::{Value, json};

use crate::actor::Actor;
use crate::client::Event;
use crate::replica::{all_messages, fetch};

/// See the module.
#[derive(Debug, Clone)]
pub struct Own {
    /// Where the stream stands.
    pub position: UserPosition,
    rooms: BTreeMap<String, Value>,
    sessions: BTreeMap<String, Value>,
}

impl Own {
    /// What a user's stream tells whoever knows nothing yet.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn of(db: &Db, names: &Names, user: &str) -> Own {
        let user = UserId::trusted(user);
        let position = read::position(db, names, &user).await.expect("everyone has a stream");
        let start = UserPosition { seq: 0, ..position };
        let mut own = Own { position: start, rooms: BTreeMap::new(), sessions: BTreeMap::new() };
        own.recover(&json!(read::resume(db, &user, &own.position).await.expect("the database answers")));
        own
    }

    /// Catches up, as whoever was away does; how many changes that took.
    ///
    /// # Panics
    /// If the server does not let them.
    pub async fn resumes(&mut self, owner: &Actor) -> usize {
        let answer = owner.does(&Resume::OPERATION, &json!({ "user": self.position })).await;
        self.recover(&answer.body["user"])
    }

    fn recover(&mut self, answer: &Value) -> usize {
        assert_eq!(answer["recovered"], true, "{answer}");
        let changes = answer["changes"].as_array().expect("changes");
        changes.iter().for_each(|change| self.apply(change));
        assert!(
            answer["seq"].as_i64() >= Some(self.position.seq),
            "the answer ends behind its changes: {answer}"
        );
        self.position.seq = answer["seq"].as_i64().expect("a position");
        changes.len()
    }

    /// The same after what a socket has heard.
    #[must_use]
    pub fn after(mut self, events: &[Event]) -> Own {
        let own = events.iter().filter(|event| event.name == "user:changed");
        own.for_each(|event| self.apply(&event.payload));
        self
    }

    /// Ids of the rooms and conversations one is in.
    pub fn rooms(&self) -> BTreeSet<&str> {
        self.rooms.iter().filter(|(_, room)| room["member"] == true).map(|(id, _)| id.as_str()).collect()
    }

    /// Ids of the sessions that were not ended.
    pub fn sessions(&self) -> BTreeSet<&str> {
        let live = self.sessions.iter().filter(|(_, session)| session["ended"] == false);
        live.map(|(id, _)| id.as_str()).collect()
    }

    fn apply(&mut self, change: &Value) {
        let seq = change["seq"].as_i64().unwrap_or_default();
        if seq <= self.position.seq {
            return;
        }
        self.position.seq = seq;
        let (room, session) = (&change["room"], &change["session"]);
        if let Some(id) = room["roomId"].as_str() {
            self.rooms.insert(id.to_owned(), room.clone());
        }
        if let Some(id) = session["id"].as_str() {
            self.sessions.insert(id.to_owned(), session.clone());
        }
    }

    /// Where this differs from what the server tells its owner when asked afresh.
    pub async fn differences(&self, owner: &Actor) -> Vec<String> {
        let found = self.compare(owner).await.unwrap_or_else(|refusal| vec![refusal]);
        found.into_iter().map(|text| format!("{} of themselves: {text}", owner.name())).collect()
    }

    /// # Errors
    /// The server's refusal to tell.
    async fn compare(&self, owner: &Actor) -> Result<Vec<String>, String> {
        let mut findings = Vec::new();
        let position = fetch(owner, "/chat/position").await?;
        if position != json!(self.position) {
            findings.push(format!("stands at {:?}, the stream at {position}", self.position));
        }
        let unread = fetch(owner, "/chat/unread").await?;
        let unread: Vec<&Value> = unread.as_array().into_iter().flatten().collect();
        let fresh: BTreeSet<&str> = unread.iter().filter_map(|row| row["roomId"].as_str()).collect();
        if fresh != self.rooms() {
            findings.push(format!("is in {:?} as told, in {fresh:?} as fetched", self.rooms()));
        }
        let username = fetch(owner, "/auth/me").await?["username"].as_str().unwrap_or_default().to_owned();
        for row in unread {
            findings.extend(self.differing_room(owner, row).await?);
            findings.extend(miscounted(owner, row, &username).await?);
        }
        Ok(findings)
    }

    /// A room as told against the same as fetched.
    async fn differing_room(&self, owner: &Actor, fresh: &Value) -> Result<Option<String>, String> {
        let id = fresh["roomId"].as_str().unwrap_or_default();
        let Some(told) = self.rooms.get(id) else { return Ok(None) };
        let mut is_same =
            ["kind", "userId", "readSeq", "muted"].iter().all(|field| told[*field] == fresh[*field]);
        let mut member = Value::Null;
        if told["kind"] == "room" {
            let members = fetch(owner, &format!("/chat/rooms/{id}/members")).await?;
            let own = members.as_array().into_iter().flatten().find(|member| member["userId"] == owner.id());
            member = own.cloned().unwrap_or_default();
            is_same &= ["role", "joinedAt", "lastReadAt"].iter().all(|field| told[*field] == member[*field]);
        }
        Ok((!is_same).then(|| format!("{told} as told, {fresh} and {member} as fetched")))
    }
}

/// What is unread in a room, counted again from its messages.
async fn miscounted(owner: &Actor, row: &Value, username: &str) -> Result<Option<String>, String> {
    let text = |field: &str| row[field].as_str().unwrap_or_default();
    let path = match text("kind") {
        "direct" => format!("/chat/dm/{}", text("userId")),
        _ => format!("/chat/rooms/{}/messages", text("roomId")),
    };
    let messages = all_messages(owner, &path).await?;
    let ahead: Vec<&Value> = messages
        .values()
        .filter(|message| message["seq"].as_i64() > row["readSeq"].as_i64())
        .filter(|message| message["senderId"] != owner.id() && message["deletedAt"].is_null())
        .collect();
    let mentions = |message: &&&Value| {
        mentioned(message["content"].as_str().unwrap_or_default()).iter().any(|name| name == username)
    };
    let muted = row["muted"] == true;
    let first = ahead.iter().filter_map(|message| message["seq"].as_i64()).min();
    let counted = json!({
        "unreadCount": if muted { 0 } else { capped(ahead.len()) },
        "mentionCount": capped(ahead.iter().filter(mentions).count()),
        "firstUnreadSeq": first,
    });
    let fields = counted.as_object().into_iter().flatten();
    let is_same = fields.into_iter().all(|(field, value)| row[field.as_str()] == *value);
    Ok((!is_same).then(|| format!("{row} as counted by the server, {counted} by its messages")))
}

/// Counts end there.
fn capped(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX).min(UNREAD_MAX)
}

/// Where a socket heard its user's stream out of order, or something twice.
pub fn disorder(owner: &Actor, events: &[Event]) -> Option<String> {
    let told = events.iter().filter(|event| event.name == "user:changed");
    let seqs: Vec<_> = told.map(|event| event.payload["seq"].as_i64()).collect();
    let is_rising = seqs.is_sorted_by(|one, next| one < next);
    (!is_rising).then(|| format!("{} heard their own stream at {seqs:?}", owner.name()))
}
