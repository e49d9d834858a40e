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
        let mut truth = Truth::default();
        let text = "SELECT id, epoch, head_seq, is_private, name FROM rooms";
        for (id, epoch, head, is_private, name) in
            db.all::<(String, String, i64, bool, String)>(sql(text)).await?
        {
            let canary = canary::all_in(&name).next().map(str::to_owned);
            truth.rooms.insert(id, Room { epoch, head, is_private, canary, ..Room::default() });
        }
        let text = "SELECT room_id, seq, kind, actor_id, subject_id, message_id FROM room_events \
                    ORDER BY room_id, seq";
        type Row = (String, i64, String, String, Option<String>, Option<String>);
        for (room, seq, kind, actor, subject, message) in db.all::<Row>(sql(text)).await? {
            let event = Event { seq, kind, actor, subject, message };
            truth.rooms.entry(room).or_default().events.push(event);
        }
        let text = "SELECT id, room_id, seq, rev, sender_id, client_id, content, deleted_at FROM messages";
        type MessageRow = (String, String, i64, i64, String, Option<String>, String, Option<i64>);
        for (id, room, seq, rev, sender, client_id, content, deleted_at) in
            db.all::<MessageRow>(sql(text)).await?
        {
            // A server that forgets the client's name must not hide what it did with the message.
            let cmid = client_id.or_else(|| canary::all_in(&content).next().map(str::to_owned));
            let hash = hash(&content);
            let message = Message { seq, rev, sender, cmid, hash, deleted: deleted_at.is_some() };
            truth.rooms.entry(room).or_default().messages.insert(id, message);
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
