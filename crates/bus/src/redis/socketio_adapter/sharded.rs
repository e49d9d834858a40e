//! The dialect of `createShardedAdapter`, which needs Redis 7: every message is a map `{type, data, uid, nsp}`, as JSON,
//! or as notepack where it holds binary data. A room has a channel of its own, which only those listen to who have it.
//!
//! Facts from the published sources of `@socket.io/redis-adapter` 8.3 (`sharded-adapter.ts`) and `socket.io-adapter` 2.5
//! (`cluster-adapter.ts`).

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Delivery;
use super::messages::{self, Asked, Broadcast, Heard, Packet, Request, Selection};
use super::notepack;
use super::responses::{self, Response};

/// Rooms whose names are as long as a socket's id are taken for one, and have no channel of their own.
const ID_CHARS: usize = 20;

/// The kinds of messages that we know.
mod kind {
    pub(super) const BROADCAST: u64 = 3;
    pub(super) const JOIN: u64 = 4;
    pub(super) const LEAVE: u64 = 5;
    pub(super) const DISCONNECT: u64 = 6;
    pub(super) const FETCH: u64 = 7;
    pub(super) const FETCHED: u64 = 8;
    pub(super) const SERVER_SIDE_EMIT: u64 = 9;
    pub(super) const SERVER_SIDE_ANSWER: u64 = 10;
    pub(super) const CLIENT_COUNT: u64 = 11;
    pub(super) const ACKNOWLEDGED: u64 = 12;
    /// Signs of life, which this adapter does not send, and answers, which nobody owes us.
    pub(super) const OTHERS: [u64; 7] = [1, 2, FETCHED, SERVER_SIDE_ANSWER, CLIENT_COUNT, ACKNOWLEDGED, 13];
}

/// The names of the channels.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    /// What is for all.
    pub(super) main: String,
    /// What is for us alone.
    pub(super) response: String,
    uid: String,
}

/// A message as it is written.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "type")]
    kind: u64,
    #[serde(default)]
    data: Data,
    uid: Option<String>,
    nsp: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    packet: Json,
    opts: Json,
    #[serde(rename = "requestId")]
    request: Option<String>,
    #[serde(deserialize_with = "messages::names")]
    rooms: Vec<String>,
    close: bool,
}

impl Channels {
    pub(super) fn new(prefix: &str, uid: &str) -> Channels {
        let main = format!("{prefix}#/#");
        Channels { response: format!("{main}{uid}#"), main, uid: uid.to_owned() }
    }

    /// The channel of a room, where it has one.
    pub(super) fn of_room(&self, room: &str) -> Option<String> {
        (room.encode_utf16().count() != ID_CHARS).then(|| format!("{}{room}#", self.main))
    }

    /// What was said, unless we said it ourselves, or to sockets of another namespace.
    pub(super) fn read(&self, delivery: &Delivery) -> Option<Heard> {
        let (message, attachments) = match parse(&delivery.payload) {
            Some(parsed) => parsed,
            None => return Some(Heard::Unreadable),
        };
        let Ok(Written { kind, data, uid, nsp }) = Written::deserialize(message) else {
            return Some(Heard::Unreadable);
        };
        let is_ours = uid.as_ref() == Some(&self.uid);
        if is_ours || nsp.as_deref().is_some_and(|namespace| namespace != "/") || kind::OTHERS.contains(&kind)
        {
            return None;
        }
        heard(kind, data, uid, attachments).unwrap_or(Some(Heard::Unreadable))
    }

    /// A broadcast, and where it goes. `None` when the arguments are no JSON.
    pub(super) fn broadcast(
        &self,
        packet: &Packet,
        to: &Selection,
        flags: &[&str],
    ) -> Option<(String, Vec<u8>)> {
        let mut data = vec![Json::from(packet.name.as_str())];
        for argument in &packet.args {
            data.push(serde_json::from_str(argument).ok()?);
        }
        let flags: serde_json::Map<_, _> =
            flags.iter().map(|flag| ((*flag).to_owned(), true.into())).collect();
        let data = json!({
            "packet": { "type": 2, "data": data, "nsp": "/" },
            "opts": { "rooms": to.rooms, "except": to.except, "flags": flags },
        });
        let channel = match &to.rooms[..] {
            [room] => self.of_room(room),
            _ => None,
        };
        Some((
            channel.unwrap_or_else(|| self.main.clone()),
            self.write(kind::BROADCAST, &data, &packet.attachments),
        ))
    }

    /// An answer, and where it goes; none where this dialect wants none.
    pub(super) fn response(&self, asked: &Asked, response: &Response) -> Option<(String, Vec<u8>)> {
        let id = asked.request.as_deref()?;
        let (kind, data, attachments) = match response {
            Response::Fetched(sockets) => {
                let sockets: Vec<_> = sockets.iter().map(responses::fetched).collect();
                (kind::FETCHED, json!({ "requestId": id, "sockets": sockets }), &[][..])
            }
            Response::NoListener => {
                (kind::SERVER_SIDE_ANSWER, json!({ "requestId": id, "packet": null }), &[][..])
            }
            Response::ClientCount(count) => {
                (kind::CLIENT_COUNT, json!({ "requestId": id, "clientCount": count }), &[][..])
            }
            Response::Acknowledged(argument, attachments) => {
                let argument: Json = serde_json::from_str(argument).unwrap_or(Json::Null);
                (kind::ACKNOWLEDGED, json!({ "requestId": id, "packet": argument }), &attachments[..])
            }
            Response::Sockets(_) | Response::Rooms(_) | Response::Done => return None,
        };
        let channel = format!("{}{}#", self.main, asked.uid.as_ref()?);
        Some((channel, self.write(kind, &data, attachments)))
    }

    fn write(&self, kind: u64, data: &Json, attachments: &[Bytes]) -> Vec<u8> {
        let message = json!({ "type": kind, "data": data, "uid": self.uid, "nsp": "/" });
        if attachments.is_empty() {
            return message.to_string().into_bytes();
        }
        notepack::write(&notepack::from_json(message, attachments))
    }
}

/// The message as JSON, and the binary data that it refers to.
fn parse(payload: &[u8]) -> Option<(Json, Vec<Bytes>)> {
    let mut attachments = Vec::new();
    if payload.first() == Some(&b'{') {
        let message: Json = serde_json::from_slice(payload).ok()?;
        return (!notepack::has_placeholder(&message)).then_some((message, attachments));
    }
    let message = notepack::to_json(notepack::read(payload)?, &mut attachments)?;
    Some((message, attachments))
}

/// `None` for what cannot be understood; nothing for what our own nodes said.
fn heard(kind: u64, data: Data, uid: Option<String>, attachments: Vec<Bytes>) -> Option<Option<Heard>> {
    let Data { packet, opts, request, rooms, close } = data;
    let asked = Asked { uid, request };
    let to = |opts: Json| Selection::deserialize(opts).ok();
    let wanted = match kind {
        kind::BROADCAST => {
            let Some((broadcast, timeout_ms)) = messages::emit_in(packet, attachments, opts)? else {
                return Some(None);
            };
            return Some(Some(emitted(asked, broadcast, timeout_ms)));
        }
        kind::JOIN => Request::Join(to(opts)?, rooms),
        kind::LEAVE => Request::Leave(to(opts)?, rooms),
        kind::DISCONNECT => Request::Disconnect(to(opts)?, close),
        kind::FETCH => Request::Fetch(to(opts)?),
        kind::SERVER_SIDE_EMIT => Request::ServerSideEmit,
        _ => return None,
    };
    Some(Some(Heard::Request(asked, wanted)))
}

/// One that is answered wants to know what clients acknowledge.
fn emitted(asked: Asked, broadcast: Broadcast, timeout_ms: u64) -> Heard {
    match asked.request {
        None => Heard::Broadcast(broadcast),
        Some(_) => Heard::Request(asked, Request::BroadcastWithAck(broadcast, timeout_ms)),
    }
}
