//! Reading events as another node has written them: their name, and their payload as clients get it.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::Event;
use crate::direct_messages::DirectMessageEvent;
use crate::messages::MessageEvent;

impl Event {
    /// The event with this name and payload.
    ///
    /// # Errors
    /// When there is no such event, or it has another form: whoever has written it is of another version.
    pub fn read(name: &str, payload: &str) -> serde_json::Result<Event> {
        let from = payload;
        Ok(match name {
            "message:new" => Event::MessageNew(serde_json::from_str(from)?),
            "message:edited" => Event::MessageEdited(serde_json::from_str(from)?),
            "message:deleted" => Event::MessageDeleted(serde_json::from_str(from)?),
            "dm:new" => Event::DirectMessageNew(serde_json::from_str(from)?),
            "dm:edited" => Event::DirectMessageEdited(serde_json::from_str(from)?),
            "dm:deleted" => Event::DirectMessageDeleted(serde_json::from_str(from)?),
            "room:user-joined" => Event::MemberJoined(serde_json::from_str(from)?),
            "room:user-left" => Event::MemberLeft(serde_json::from_str(from)?),
            "member:updated" => Event::MemberUpdated(serde_json::from_str(from)?),
            "room:created" => Event::RoomCreated(serde_json::from_str(from)?),
            "room:updated" => Event::RoomUpdated(serde_json::from_str(from)?),
            "room:deleted" => Event::RoomDeleted(serde_json::from_str(from)?),
            _ => return Err(de::Error::custom("no such event")),
        })
    }
}

impl<'de> Deserialize<'de> for MessageEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (message, epoch) = with_epoch(deserializer)?;
        Ok(Self { message, epoch })
    }
}

impl<'de> Deserialize<'de> for DirectMessageEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (message, epoch) = with_epoch(deserializer)?;
        Ok(Self { message, epoch })
    }
}

/// Reads what was written flat with the epoch of its room beside it. Not by `flatten`, which cannot read raw
/// JSON, such as metadata.
fn with_epoch<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(T, Arc<str>), D::Error> {
    #[derive(Deserialize)]
    struct Beside {
        epoch: Arc<str>,
    }
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let beside: Beside = serde_json::from_str(raw.get()).map_err(de::Error::custom)?;
    let inner = serde_json::from_str(raw.get()).map_err(de::Error::custom)?;
    Ok((inner, beside.epoch))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Every event, as it is written.
    fn written() -> Vec<(&'static str, serde_json::Value)> {
        let at = "2026-11-22T10:00:00.000Z";
        let sender = json!({ "id": "u", "username": "u", "displayName": "U", "avatar": null });
        let message = json!({
            "id": "m", "createdAt": at, "modifiedAt": at, "roomId": "r", "senderId": "u", "content": "hi \"there\"",
            "type": "text", "metadata": { "a": [1, { "b": "c" }] }, "editedAt": at, "deletedAt": null,
            "seq": 7, "messageSeq": 5, "rev": 7, "clientId": "c-1", "sender": sender, "epoch": "e",
        });
        let direct = json!({
            "id": "m", "createdAt": at, "modifiedAt": at, "senderId": "u", "receiverId": "v", "content": "hi",
            "type": "text", "metadata": null, "readAt": null, "deletedAt": null, "editedAt": null,
            "roomId": "r", "seq": 7, "rev": 7, "sender": sender, "epoch": "e",
        });
        let deleted = json!({
            "messageId": "m", "roomId": "r", "deletedAt": at, "deletedBy": "u", "messageSeq": 3, "seq": 7, "epoch": "e",
        });
        let member =
            json!({ "roomId": "r", "userId": "v", "role": "member", "by": "u", "seq": 7, "epoch": "e" });
        let room = json!({
            "id": "r", "createdAt": at, "modifiedAt": at, "name": "R", "description": null, "isPrivate": true,
            "createdBy": "u", "slug": "r", "memberCount": 2, "epoch": "e", "seq": 7,
        });
        vec![
            ("message:new", message.clone()),
            ("message:edited", message),
            ("message:deleted", deleted.clone()),
            ("dm:new", direct.clone()),
            ("dm:edited", direct),
            ("dm:deleted", deleted),
            ("room:user-joined", member.clone()),
            ("room:user-left", member.clone()),
            ("member:updated", member),
            ("room:created", room.clone()),
            ("room:updated", room),
            ("room:deleted", json!({ "roomId": "r", "seq": 7, "epoch": "e" })),
        ]
    }

    #[test]
    fn every_event_reads_back_as_it_was_written() {
        let names: Vec<_> = written().iter().map(|(name, _)| *name).collect();
        let mut generator = schemars::SchemaGenerator::default();
        let table: Vec<_> = Event::table(&mut generator).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, table, "each event of the table is read");
        for (name, payload) in written() {
            let read = Event::read(name, &payload.to_string()).expect(name);
            assert_eq!(read.name(), name);
            assert_eq!(serde_json::to_value(&read).expect(name), payload, "{name}");
        }
    }

    #[test]
    fn what_is_no_event_is_refused() {
        assert!(Event::read("presence:changed", "{}").is_err());
        assert!(Event::read("room:deleted", "{}").is_err());
    }
}
