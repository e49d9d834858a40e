//! What someone knows from events alone, as a client would keep it (`docs/decisions/0004-positions-on-the-wire.md`):
//! messages by their own place, the copy with the higher `rev` wins, members and rooms as last told.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::actor::Actor;
use crate::client::{Call, Event, RESUMED};

/// Everything one knows from events.
#[derive(Debug, Default)]
pub struct Replica {
    me: String,
    rooms: BTreeMap<String, Known>,
}

/// What one knows of a room or conversation.
#[derive(Debug, Default)]
struct Known {
    /// The room itself, where it was told of.
    room: Option<Value>,
    /// Roles of those who joined or changed; none for those who left.
    members: BTreeMap<String, Option<String>>,
    messages: BTreeMap<String, Value>,
    /// The other person, where it is a conversation.
    partner: Option<String>,
}

impl Replica {
    /// What `me` knows after these events.
    pub fn of(me: &str, events: &[Event]) -> Replica {
        let mut replica = Replica { me: me.to_owned(), ..Replica::default() };
        for event in events {
            replica.apply(&event.name, &event.payload);
        }
        replica
    }

    fn apply(&mut self, name: &str, payload: &Value) {
        let id = payload["roomId"].as_str().or(payload["id"].as_str()).unwrap_or_default().to_owned();
        let user = payload["userId"].as_str().unwrap_or_default();
        match name {
            "message:new" | "message:edited" | "dm:new" | "dm:edited" => {
                let known = self.rooms.entry(id).or_default();
                if let Some(receiver) = payload["receiverId"].as_str() {
                    let other =
                        if receiver == self.me { &payload["senderId"] } else { &payload["receiverId"] };
                    known.partner = other.as_str().map(str::to_owned);
                }
                known.learn(plain(payload));
            }
            "message:deleted" | "dm:deleted" => self.rooms.entry(id).or_default().learn(tombstone(payload)),
            "room:user-left" if user == self.me => drop(self.rooms.remove(&id)),
            "room:deleted" => drop(self.rooms.remove(&id)),
            "room:user-joined" | "member:updated" | "room:user-left" => {
                let role = payload["role"].as_str().map(str::to_owned);
                self.rooms.entry(id).or_default().members.insert(user.to_owned(), role);
            }
            RESUMED => {
                let rooms = payload["rooms"].as_array().into_iter().flatten();
                for missed in rooms.flat_map(|room| room["events"].as_array().into_iter().flatten()) {
                    self.apply(missed["name"].as_str().unwrap_or_default(), &missed["data"]);
                }
            }
            "room:created" | "room:updated" => self.rooms.entry(id).or_default().room = Some(payload.clone()),
            _ => {}
        }
    }

    /// Where this differs from what the server tells its owner when asked afresh.
    pub async fn differences(&self, owner: &Actor) -> Vec<String> {
        let mut findings = Vec::new();
        for (id, known) in &self.rooms {
            let differences = known.differences(owner, id).await.unwrap_or_else(|refusal| vec![refusal]);
            findings
                .extend(differences.into_iter().map(|text| format!("{} in room {id}: {text}", owner.name())));
        }
        findings
    }
}

impl Known {
    /// # Errors
    /// The server's refusal to tell: one knows of a room then that one may not know of.
    async fn differences(&self, owner: &Actor, id: &str) -> Result<Vec<String>, String> {
        let path = format!("/chat/rooms/{id}");
        if let Some(partner) = &self.partner {
            let fresh = all_messages(owner, &format!("/chat/dm/{partner}")).await?;
            return Ok(self.differing_messages(&fresh));
        }
        let mut differences =
            self.differing_messages(&all_messages(owner, &format!("{path}/messages")).await?);
        let room = fetch(owner, &path).await?;
        let members = fetch(owner, &format!("{path}/members")).await?;
        differences.extend(self.differing_room(&room));
        differences.extend(self.differing_members(&members));
        if members.as_array().map(|members| members.len() as u64) != room["memberCount"].as_u64() {
            differences.push(format!("memberCount of {room} with {members}"));
        }
        Ok(differences)
    }

    fn learn(&mut self, message: Value) {
        let id = message["id"].as_str().unwrap_or_default().to_owned();
        let is_newer =
            self.messages.get(&id).is_none_or(|known| known["rev"].as_i64() < message["rev"].as_i64());
        if is_newer {
            self.messages.insert(id, message);
        }
    }

    fn differing_messages(&self, fresh: &BTreeMap<String, Value>) -> Vec<String> {
        let mut differences = Vec::new();
        for (id, told) in &self.messages {
            let Some(stored) = fresh.get(id) else {
                differences.push(format!("{id} was told and is not there"));
                continue;
            };
            let fields = told.as_object().into_iter().flatten();
            let mut wrong = fields.filter(|(field, value)| stored[field.as_str()] != **value).peekable();
            if wrong.peek().is_some() {
                let names: Vec<_> = wrong.map(|(field, _)| field.as_str()).collect();
                differences.push(format!("{} of {told} as told, of {stored} as fetched", names.join(", ")));
            }
        }
        differences
    }

    fn differing_room(&self, fresh: &Value) -> Option<String> {
        let told = self.room.as_ref()?;
        let fields = [
            "id",
            "name",
            "description",
            "isPrivate",
            "slug",
            "createdBy",
            "createdAt",
            "modifiedAt",
            "epoch",
        ];
        let is_same = fields.iter().all(|field| told[*field] == fresh[*field]);
        (!is_same).then(|| format!("{told} as told, {fresh} as fetched"))
    }

    fn differing_members(&self, fresh: &Value) -> Vec<String> {
        let rows = || fresh.as_array().into_iter().flatten();
        let role = |user: &str| rows().find(|row| row["userId"] == user).and_then(|row| row["role"].as_str());
        let differs = |(user, told): &(&String, &Option<String>)| told.as_deref() != role(user);
        let wrong = self.members.iter().filter(differs);
        wrong.map(|(user, told)| format!("{user} is {told:?} as told, {:?} as fetched", role(user))).collect()
    }
}

/// A message of an event in the form of a page: its own place, without what only events have. When it was read
/// is told by signals, which may be lost; the names beside it are those of the moment.
fn plain(payload: &Value) -> Value {
    let mut message = payload.clone();
    if let Some(fields) = message.as_object_mut() {
        if let Some(own) = fields.remove("messageSeq") {
            fields.insert("seq".into(), own);
        }
        for field in ["epoch", "readAt", "sender"] {
            fields.remove(field);
        }
    }
    message
}

fn tombstone(payload: &Value) -> Value {
    json!({
        "id": payload["messageId"],
        "roomId": payload["roomId"],
        "content": "",
        "metadata": null,
        "deletedAt": payload["deletedAt"],
        "deletedBy": payload["deletedBy"],
        "seq": payload["messageSeq"],
        "rev": payload["seq"],
    })
}

/// What is there at a path for its owner.
pub(crate) async fn fetch(owner: &Actor, path: &str) -> Result<Value, String> {
    let reply = owner.calls(Call { method: "GET", path, ..Call::default() }).await;
    if reply.status == 200 { Ok(reply.json()) } else { Err(format!("GET {path} is refused: {}", reply.text)) }
}

/// All messages of a room or conversation, tombstones included, page by page.
pub(crate) async fn all_messages(owner: &Actor, path: &str) -> Result<BTreeMap<String, Value>, String> {
    let mut messages = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = fetch(owner, &format!("{path}?after={after}&limit=200")).await?;
        let page = page.as_array().cloned().unwrap_or_default();
        let Some(newest) = page.first().and_then(|message| message["seq"].as_i64()) else {
            return Ok(messages);
        };
        after = newest;
        let with_id = |message: Value| Some((message["id"].as_str()?.to_owned(), message));
        messages.extend(page.into_iter().filter_map(with_id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, payload: Value) -> Event {
        Event { name: name.to_owned(), payload }
    }

    fn message(rev: i64, content: &str) -> Value {
        json!({ "id": "m", "roomId": "r", "seq": rev, "messageSeq": 1, "rev": rev, "content": content, "epoch": "e" })
    }

    #[test]
    fn the_newer_copy_wins_whatever_way_it_came() {
        let events = [event("message:edited", message(3, "new")), event("message:edited", message(2, "old"))];
        let replica = Replica::of("me", &events);
        let fresh = json!({ "id": "m", "roomId": "r", "seq": 1, "rev": 3, "content": "new" });
        let same = BTreeMap::from([("m".to_owned(), fresh.clone())]);
        assert!(replica.rooms["r"].differing_messages(&same).is_empty());
        let mut other = fresh;
        other["content"] = "old".into();
        let other = BTreeMap::from([("m".to_owned(), other)]);
        assert_eq!(replica.rooms["r"].differing_messages(&other).len(), 1);
    }

    #[test]
    fn who_leaves_forgets_the_room() {
        let joined = |user: &str, role: &str| json!({ "roomId": "r", "userId": user, "role": role });
        let events = [
            event("room:user-joined", joined("me", "member")),
            event("room:user-joined", joined("you", "member")),
            event("member:updated", joined("you", "admin")),
        ];
        let replica = Replica::of("me", &events);
        let members = json!([{ "userId": "me", "role": "member" }, { "userId": "you", "role": "member" }]);
        assert_eq!(replica.rooms["r"].differing_members(&members).len(), 1);
        let left = event("room:user-left", json!({ "roomId": "r", "userId": "me" }));
        assert!(Replica::of("me", &[events.as_slice(), &[left]].concat()).rooms.is_empty());
    }
}
