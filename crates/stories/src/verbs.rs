//! What people do. Each verb takes the door of its actor; what is refused ends the story.

use std::time::Duration;

use fireside_protocol::Request as _;
use fireside_protocol::direct_messages::{
    ListConversations, ListDirectMessages, ReadDirectMessages, SendDirectMessage,
};
use fireside_protocol::members::{JoinRoom, LeaveRoom, ListMembers, RemoveMember, SetMember};
use fireside_protocol::messages::{DeleteMessage, EditMessage, ListMessages, SendMessage};
use fireside_protocol::reads::{ExplainUnread, ListUnread, MarkUnread, MuteRoom, ReadRoom};
use fireside_protocol::resume::Resume;
use fireside_protocol::rooms::{CreateRoom, DeleteRoom, GetRoom, ListRooms, UpdateRoom};
use fireside_protocol::typing::{StartTyping, StopTyping};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::actor::Actor;
use crate::answer::{Answer, Door, Outcome};
use crate::client::PATIENCE;
use crate::place::Room;

/// A message that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// Its room or conversation.
    pub room: String,
    /// Its position.
    pub seq: i64,
    /// When it was accepted.
    pub created_at: String,
    /// Whether it had been sent before.
    pub duplicate: bool,
}

impl Sent {
    /// Reads the answer to a send.
    ///
    /// # Panics
    /// If something is missing.
    pub fn of(answer: &Answer) -> Sent {
        let text = |field: &str| answer.body[field].as_str().map(str::to_owned);
        let fields = text("id").zip(text("roomId")).zip(text("createdAt"));
        let ((id, room), created_at) = fields.unwrap_or_else(|| panic!("half a message: {}", answer.body));
        assert!(answer.body["epoch"].is_string(), "no epoch: {}", answer.body);
        let seq = answer.body["seq"].as_i64().expect("a message has its place");
        let duplicate = answer.body["duplicate"].as_bool().expect("a send tells whether it is a repeat");
        Sent { id, room, seq, created_at, duplicate }
    }
}

/// How far someone has come in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The room's epoch.
    pub epoch: String,
    /// Place of the last event one has heard of.
    pub seq: i64,
}

impl Actor {
    /// The room where one speaks unless another is named.
    ///
    /// # Panics
    /// Before the world is ready.
    pub fn den(&self) -> Room {
        self.house().den.lock().clone().expect("the den is there when a story begins")
    }

    // Messages.

    /// Says something in the den.
    pub async fn sends(&self, text: &str) -> Sent {
        self.sends_to(&self.den(), text).await
    }

    /// Says something in a room.
    pub async fn sends_to(&self, room: &Room, text: &str) -> Sent {
        let payload = json!({ "roomId": room.id, "content": room.spoken(text) });
        Sent::of(&self.does(&SendMessage::OPERATION, &payload).await)
    }

    /// Tries to say something in a room.
    pub async fn tries_to_send(&self, room: &Room, text: &str) -> Outcome {
        let payload = json!({ "roomId": room.id, "content": room.spoken(text) });
        self.tries(&SendMessage::OPERATION, &payload).await
    }

    /// Says something in the den under a name of one's own (`clientId`).
    pub async fn tries_to_send_as(&self, client_id: &str, text: &str) -> Outcome {
        let den = self.den();
        let payload = json!({ "roomId": den.id, "content": den.spoken(text), "clientId": client_id });
        self.tries(&SendMessage::OPERATION, &payload).await
    }

    /// Changes a message of the den.
    pub async fn edits(&self, message: &Sent, text: &str) -> Answer {
        let payload = json!({ "messageId": message.id, "content": self.den().spoken(text) });
        self.does(&EditMessage::OPERATION, &payload).await
    }

    /// Tries to change a message of the den.
    pub async fn tries_to_edit(&self, message: &Sent, text: &str) -> Outcome {
        let payload = json!({ "messageId": message.id, "content": self.den().spoken(text) });
        self.tries(&EditMessage::OPERATION, &payload).await
    }

    /// Deletes a message.
    pub async fn deletes(&self, message: &Sent) -> Answer {
        self.does(&DeleteMessage::OPERATION, &json!({ "messageId": message.id })).await
    }

    /// Tries to delete a message.
    pub async fn tries_to_delete(&self, message: &Sent) -> Outcome {
        self.tries(&DeleteMessage::OPERATION, &json!({ "messageId": message.id })).await
    }

    /// Reads a page of a room; `page` has `limit`, `before`, `after`, `around`.
    pub async fn reads_page(&self, room: &Room, page: Value) -> Answer {
        let payload = with(page, "roomId", &room.id);
        self.does(&ListMessages::OPERATION, &payload).await
    }

    /// Tries to read a page of a room.
    pub async fn tries_to_read_page(&self, room: &Room, page: Value) -> Outcome {
        self.tries(&ListMessages::OPERATION, &with(page, "roomId", &room.id)).await
    }

    /// Marks a room as read up to a position.
    pub async fn marks_read(&self, room: &Room, seq: i64) -> Answer {
        self.does(&ReadRoom::OPERATION, &json!({ "roomId": room.id, "seq": seq })).await
    }

    /// Marks a room as unread from a position on.
    pub async fn marks_unread(&self, room: &Room, seq: i64) -> Answer {
        self.does(&MarkUnread::OPERATION, &json!({ "roomId": room.id, "seq": seq })).await
    }

    /// Mutes a room for oneself, or no longer.
    pub async fn mutes(&self, room: &Room, muted: bool) -> Answer {
        self.does(&MuteRoom::OPERATION, &json!({ "roomId": room.id, "muted": muted })).await
    }

    /// What is unread in one's rooms and conversations.
    pub async fn unread(&self) -> Vec<Value> {
        self.does(&ListUnread::OPERATION, &json!({})).await.items().to_vec()
    }

    /// What is unread in a room or conversation, by its id.
    ///
    /// # Panics
    /// If it is not in the list.
    pub async fn unread_in(&self, room: &str) -> Value {
        let row = self.unread().await.into_iter().find(|row| row["roomId"] == room);
        row.unwrap_or_else(|| panic!("{} is told nothing of {room}", self.name()))
    }

    /// Asks why what is unread in a room is.
    pub async fn asks_why_unread(&self, room: &Room) -> Value {
        self.does(&ExplainUnread::OPERATION, &json!({ "roomId": room.id })).await.body
    }

    // Direct messages.

    /// Writes to someone. The text carries a canary of the pair.
    pub async fn writes_to(&self, other: &Actor, text: &str) -> Sent {
        let outcome = self.tries_to_write_to(other.id(), &self.whispers(other, text)).await;
        Sent::of(&outcome.unwrap_or_else(|refusal| panic!("{} cannot write: {refusal:?}", self.name())))
    }

    /// What is really written when one writes `text` to another.
    pub fn whispers(&self, other: &Actor, text: &str) -> String {
        let (one, two) = if self.id() <= other.id() { (self, other) } else { (other, self) };
        format!("{text} canary-between-{}-and-{}-only", one.id(), two.id())
    }

    /// Tries to write to someone, by id or username.
    pub async fn tries_to_write_to(&self, receiver: &str, text: &str) -> Outcome {
        let payload = json!({ "receiverId": receiver, "content": text });
        self.tries(&SendDirectMessage::OPERATION, &payload).await
    }

    /// Reads a page of a conversation.
    pub async fn reads_conversation(&self, other: &Actor, page: Value) -> Answer {
        self.does(&ListDirectMessages::OPERATION, &with(page, "userId", other.id())).await
    }

    /// Marks a conversation as read up to a position.
    pub async fn marks_conversation_read(&self, other: &Actor, seq: i64) -> Answer {
        self.does(&ReadDirectMessages::OPERATION, &json!({ "userId": other.id(), "seq": seq })).await
    }

    /// The ids of the people one has conversations with, oneself left out.
    pub async fn conversations(&self) -> Vec<String> {
        let answer = self.does(&ListConversations::OPERATION, &json!({})).await;
        let ids = answer.items().iter().filter_map(|user| user["id"].as_str().map(str::to_owned));
        // The notes that fences leave are no conversation with anybody.
        ids.filter(|id| id != self.id()).collect()
    }

    // Rooms and members.

    /// Makes a room. Its name carries its canary.
    pub async fn creates(&self, name: &str, is_private: bool) -> Room {
        self.creates_by(self.door(), name, is_private).await
    }

    /// The same through a certain door.
    pub async fn creates_by(&self, door: Door, name: &str, is_private: bool) -> Room {
        let canary = format!("canary-{}", self.house().names.word());
        let name = format!("{name} {canary}");
        let payload = json!({ "name": name, "isPrivate": is_private });
        let made = self.does_by(door, &CreateRoom::OPERATION, &payload).await.body;
        let text =
            |field: &str| made[field].as_str().unwrap_or_else(|| panic!("half a room: {made}")).to_owned();
        let room = Room { id: text("id"), name, slug: text("slug"), canary, is_private };
        self.house().rooms.lock().push(room.clone());
        room
    }

    /// Changes a room.
    pub async fn changes(&self, room: &Room, change: Value) -> Answer {
        if change["isPrivate"] == false {
            // Everyone may know of it from here on: the audit must not look for its secrets.
            let mut rooms = self.house().rooms.lock();
            rooms.iter_mut().filter(|other| other.id == room.id).for_each(|other| other.is_private = false);
        }
        self.does(&UpdateRoom::OPERATION, &with(change, "roomId", &room.id)).await
    }

    /// Deletes a room.
    pub async fn deletes_room(&self, room: &Room) -> Answer {
        self.does(&DeleteRoom::OPERATION, &json!({ "roomId": room.id })).await
    }

    /// Looks at a room.
    pub async fn tries_to_look_at(&self, room: &str) -> Outcome {
        self.tries(&GetRoom::OPERATION, &json!({ "roomId": room })).await
    }

    /// The ids of one's rooms.
    pub async fn rooms(&self) -> Vec<String> {
        let answer = self.does(&ListRooms::OPERATION, &json!({})).await;
        answer.items().iter().filter_map(|room| room["id"].as_str().map(str::to_owned)).collect()
    }

    /// Joins a public room.
    pub async fn joins(&self, room: &Room) -> Answer {
        self.does(&JoinRoom::OPERATION, &json!({ "roomId": room.id })).await
    }

    /// Leaves a room.
    pub async fn leaves(&self, room: &Room) -> Answer {
        self.does(&LeaveRoom::OPERATION, &json!({ "roomId": room.id })).await
    }

    /// Adds someone to a room.
    pub async fn adds(&self, room: &Room, who: &Actor) -> Answer {
        self.adds_by(self.door(), room, who).await
    }

    /// The same through a certain door.
    pub async fn adds_by(&self, door: Door, room: &Room, who: &Actor) -> Answer {
        self.does_by(door, &SetMember::OPERATION, &json!({ "roomId": room.id, "userId": who.id() })).await
    }

    /// Gives someone a role.
    pub async fn makes(&self, room: &Room, who: &Actor, role: &str) -> Answer {
        self.does(&SetMember::OPERATION, &json!({ "roomId": room.id, "userId": who.id(), "role": role }))
            .await
    }

    /// Removes someone from a room.
    pub async fn removes(&self, room: &Room, who: &Actor) -> Answer {
        self.does(&RemoveMember::OPERATION, &json!({ "roomId": room.id, "userId": who.id() })).await
    }

    /// Tries to remove someone from a room.
    pub async fn tries_to_remove(&self, room: &Room, who: &Actor) -> Outcome {
        self.tries(&RemoveMember::OPERATION, &json!({ "roomId": room.id, "userId": who.id() })).await
    }

    /// The members of a room: who, and as what.
    pub async fn members(&self, room: &Room) -> Vec<(String, String)> {
        let answer = self.does(&ListMembers::OPERATION, &json!({ "roomId": room.id })).await;
        let text = |member: &Value, field: &str| member[field].as_str().unwrap_or_default().to_owned();
        answer.items().iter().map(|member| (text(member, "userId"), text(member, "role"))).collect()
    }

    // Coming back.

    /// Where a room's log stands.
    pub async fn position_in(&self, room: &Room) -> Position {
        let room = self.does(&GetRoom::OPERATION, &json!({ "roomId": room.id })).await.body;
        let epoch = room["epoch"].as_str().expect("a room has an epoch").to_owned();
        Position { epoch, seq: room["seq"].as_i64().expect("a room has a position") }
    }

    /// Where a conversation stood with this message in it. An answer that does not go on tells the epoch.
    pub async fn position_of(&self, message: &Sent) -> Position {
        let unknown = Position { epoch: String::new(), seq: message.seq };
        let answer = self.resumes_at(&message.room, &unknown).await;
        Position { epoch: answer["epoch"].as_str().expect("an epoch").to_owned(), ..unknown }
    }

    /// What one missed in a room since a position.
    pub async fn resumes_in(&self, room: &Room, position: &Position) -> Value {
        self.resumes_at(&room.id, position).await
    }

    /// The same by the room's id.
    ///
    /// # Panics
    /// If it is not answered for this room alone.
    pub async fn resumes_at(&self, room: &str, position: &Position) -> Value {
        let look = self.tries(&GetRoom::OPERATION, &json!({ "roomId": room })).await;
        let there = look.ok().and_then(|answer| answer.body["seq"].as_i64());
        let rooms = json!([{ "roomId": room, "epoch": position.epoch, "seq": position.seq }]);
        let since = Instant::now();
        loop {
            let mut answer = self.does(&Resume::OPERATION, &json!({ "rooms": rooms })).await;
            let rooms = answer.body["rooms"].as_array_mut().expect("a list of rooms");
            assert_eq!(rooms.len(), 1, "{rooms:?}");
            let answer = rooms.remove(0);
            // What is on its way to delivery at that moment comes live, and need not be in the answer.
            let is_whole = answer["recovered"] != true || answer["seq"].as_i64() >= there;
            if is_whole || since.elapsed() > PATIENCE {
                return answer;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Tries to hear what one missed.
    pub async fn tries_to_resume(&self, payload: Value) -> Outcome {
        self.tries(&Resume::OPERATION, &payload).await
    }

    // The moment.

    /// Begins to write in a room.
    pub async fn types(&self, room: &Room) -> Answer {
        self.does(&StartTyping::OPERATION, &json!({ "roomId": room.id })).await
    }

    /// Stops writing.
    pub async fn stops_typing(&self, room: &Room) -> Answer {
        self.does(&StopTyping::OPERATION, &json!({ "roomId": room.id })).await
    }
}

/// An object with one field more.
fn with(mut object: Value, field: &str, value: &str) -> Value {
    object[field] = value.into();
    object
}
