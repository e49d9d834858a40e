//! What is stored when everything is over, read through SQL: the log of each room, its messages, its epoch.

use std::collections::BTreeMap;

use fireside_db::{Db, Error, sql};
use serde::{Deserialize, Serialize};

use super::history::hash;
use crate::canary;

/// The rooms, by id.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// See the type.
    pub rooms: BTreeMap<String, Room>,
}

/// One room.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Room {
    /// What positions are counted in.
    pub epoch: String,
    /// Position of the newest event, as the room's own row has it.
    pub head: i64,
    /// Whether only members may know of it.
    pub is_private: bool,
    /// The secret word in its name, if it has one.
    pub canary: Option<String>,
    /// Its log, by position.
    pub events: Vec<Event>,
    /// Its messages, by id.
    pub messages: BTreeMap<String, Message>,
}

/// A row of a room's log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position.
    pub seq: i64,
    /// Name on the wire.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// Whom it is about.
    pub subject: Option<String>,
    /// Which message it is about.
    pub message: Option<String>,
}

/// A message as it is in the end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its own position.
    pub seq: i64,
    /// Position of its last change.
    pub rev: i64,
    /// Who sent it.
    pub sender: String,
    /// The client's name for it, or else the secret word in its text.
    pub cmid: Option<String>,
    /// Of its text.
    pub hash: String,
    /// Whether it is deleted.
    pub deleted: bool,
}

impl Truth {
    /// Reads everything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(db: &Db) -> Result<Truth, Error> {
        let rooms: Vec<(String,)> = db.all(sql("SELECT id FROM rooms")).await?;
        let mut truth = Truth::default();
        for (id,) in rooms {
            let room = Room::read(db, &id).await?;
            truth.rooms.insert(id, room);
        }
        Ok(truth)
    }

    /// The rows that were stored under a client's name for a message.
    pub fn stored<'a>(
        &'a self,
        room: &str,
        sender: &'a str,
        cmid: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Message)> {
        let messages = self.rooms.get(room).into_iter().flat_map(|room| &room.messages);
        messages.filter(move |(_, message)| message.sender == sender && message.cmid.as_deref() == Some(cmid))
    }
}

impl Room {
    /// Reads one room.
    ///
    /// # Errors
    /// When the database does not answer, or there is no such room.
    pub async fn read(db: &Db, id: &str) -> Result<Room, Error> {
        let text = "SELECT epoch, head_seq, is_private, name FROM rooms WHERE id = $1";
        let (epoch, head, is_private, name): (String, i64, bool, String) = db.one(sql(text).bind(id)).await?;
        let canary = canary::all_in(&name).next().map(str::to_owned);
        let mut room = Room { epoch, head, is_private, canary, ..Room::default() };
        let text = "SELECT seq, kind, actor_id, subject_id, message_id FROM room_events \
                    WHERE room_id = $1 ORDER BY seq";
        type EventRow = (i64, String, String, Option<String>, Option<String>);
        for (seq, kind, actor, subject, message) in db.all::<EventRow>(sql(text).bind(id)).await? {
            room.events.push(Event { seq, kind, actor, subject, message });
        }
        let text =
            "SELECT id, seq, rev, sender_id, client_id, content, deleted_at FROM messages WHERE room_id = $1";
        type MessageRow = (String, i64, i64, String, Option<String>, String, Option<i64>);
        for (id, seq, rev, sender, client_id, content, deleted_at) in
            db.all::<MessageRow>(sql(text).bind(id)).await?
        {
            // A server that forgets the client's name must not hide what it did with the message.
            let cmid = client_id.or_else(|| canary::all_in(&content).next().map(str::to_owned));
            let hash = hash(&content);
            room.messages.insert(id, Message { seq, rev, sender, cmid, hash, deleted: deleted_at.is_some() });
        }
        Ok(room)
    }

    /// The event at a position.
    pub fn at(&self, seq: i64) -> Option<&Event> {
        let index = self.events.binary_search_by_key(&seq, |event| event.seq).ok()?;
        self.events.get(index)
    }

    /// When a user was a member: from each entering to each leaving, both included; an open end is the largest
    /// position there can be.
    pub fn memberships(&self, user: &str) -> Vec<(i64, i64)> {
        let mut spans: Vec<(i64, i64)> = Vec::new();
        let mut since = None;
        for event in &self.events {
            let subject = event.subject.as_deref();
            match event.kind.as_str() {
                "room:created" if event.actor == user => since = Some(event.seq),
                "room:user-joined" if subject == Some(user) => since = since.or(Some(event.seq)),
                "room:user-left" if subject == Some(user) => {
                    spans.extend(since.take().map(|since| (since, event.seq)));
                }
                "room:deleted" => spans.extend(since.take().map(|since| (since, event.seq))),
                _ => {}
            }
        }
        spans.extend(since.map(|since| (since, i64::MAX)));
        spans
    }

    /// Whether a user was a member at a position.
    pub fn is_member_at(&self, user: &str, seq: i64) -> bool {
        self.memberships(user).iter().any(|(from, to)| (*from..=*to).contains(&seq))
    }
}
