//! What servers say to each other: broadcasts, questions and orders.
//!
//! Facts from the published sources of `@socket.io/redis-adapter` 8.3 and `@socket.io/redis-emitter` 5.1; the
//! bytes in `golden.json` are recordings of them.

use bytes::Bytes;
use rmpv::Value as Packed;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Delivery;
use super::channels::Channels;
use super::notepack;

/// An event with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The event's name.
    pub name: String,
    /// Its arguments as JSON. Where an attachment belongs, they have `{"_placeholder":true,"num":N}`.
    pub args: Vec<String>,
    /// Binary data.
    pub attachments: Vec<Bytes>,
}

/// Which sockets: those in any of the rooms (all when there are none), but those in any of `except`. Every
/// socket is in the room of its own id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Rooms to reach.
    #[serde(deserialize_with = "names")]
    pub rooms: Vec<String>,
    /// Rooms to leave out.
    #[serde(deserialize_with = "names")]
    pub except: Vec<String>,
}

/// An event for sockets of every server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// What is sent.
    pub packet: Packet,
    /// To whom.
    pub to: Selection,
    /// Whether it may be dropped for a client that is behind.
    pub is_volatile: bool,
}

/// Who asks for an answer, and to what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The asking server.
    pub uid: Option<String>,
    /// The question. Without, no answer is wanted.
    pub request: Option<String>,
}

/// What a server wants of all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The ids of sockets.
    Sockets(Selection),
    /// The names of all rooms.
    AllRooms,
    /// Put sockets into rooms.
    Join(Selection, Vec<String>),
    /// Take sockets out of rooms.
    Leave(Selection, Vec<String>),
    /// Disconnect sockets; with `true` their connections too.
    Disconnect(Selection, bool),
    /// All about sockets.
    Fetch(Selection),
    /// An event for the servers themselves.
    ServerSideEmit,
    /// An event that clients acknowledge, within so many milliseconds.
    BroadcastWithAck(Broadcast, u64),
}

/// What another server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An event for our sockets.
    Broadcast(Broadcast),
    /// A question or an order.
    Request(Asked, Request),
    /// Something that is not the adapter's protocol, or that we do not know.
    Unreadable,
}

/// What was said, unless we said it ourselves, or to sockets of another namespace.
pub(super) fn read(channels: &Channels, own_uid: &str, delivery: &Delivery) -> Option<Heard> {
    let said = if channels.is_broadcast(&delivery.channel) {
        notepack::read(&delivery.payload).and_then(read_broadcast).map(|(uid, broadcast)| {
            let heard = broadcast.map(Heard::Broadcast);
            (Some(uid), heard)
        })
    } else if delivery.channel == channels.request {
        read_request(&delivery.payload).map(|(asked, request)| {
            (asked.uid.clone(), request.map(|request| Heard::Request(asked, request)))
        })
    } else {
        return None;
    };
    match said {
        None => Some(Heard::Unreadable),
        Some((Some(uid), _)) if uid == own_uid => None,
        Some((_, heard)) => heard,
    }
}

/// Who says it, and what: `None` when it is for another namespace, or from one of our own nodes.
type Said<T> = (String, Option<T>);

/// `[uid, packet, opts]`
fn read_broadcast(message: Packed) -> Option<Said<Broadcast>> {
    let Packed::Array(parts) = message else { return None };
    let [Packed::String(uid), packet, opts] = <[Packed; 3]>::try_from(parts).ok()? else { return None };
    Some((uid.into_str()?, read_emit(packet, opts)?.map(|(broadcast, _)| broadcast)))
}

/// The broadcast, and after how long the sender gives up on acknowledgements.
fn read_emit(packet: Packed, opts: Packed) -> Option<Option<(Broadcast, u64)>> {
    let mut attachments = Vec::new();
    let packet = notepack::to_json(packet, &mut attachments)?;
    emit_in(packet, attachments, notepack::to_json(opts, &mut Vec::new())?)
}

/// The same of what is JSON by now.
pub(super) fn emit_in(packet: Json, attachments: Vec<Bytes>, opts: Json) -> Option<Option<(Broadcast, u64)>> {
    let Some(packet) = packet_in(packet, attachments)? else { return Some(None) };
    let flags = opts.get("flags").cloned().unwrap_or_default();
    if flags.get(OURS) == Some(&Json::Bool(true)) {
        return Some(None);
    }
    let is_volatile = flags.get("volatile").and_then(Json::as_bool).unwrap_or(false);
    let timeout_ms = flags.get("timeout").and_then(Json::as_u64).unwrap_or(0);
    let to = Selection::deserialize(opts).ok()?;
    Some(Some((Broadcast { packet, to, is_volatile }, timeout_ms)))
}

/// `{type: 2, data: [event, ...args], nsp}`
fn packet_in(mut packet: Json, attachments: Vec<Bytes>) -> Option<Option<Packet>> {
    if packet.get("nsp").is_some_and(|namespace| namespace != "/") {
        return Some(None);
    }
    if packet.get("type") != Some(&json!(2)) {
        return None;
    }
    let Json::Array(data) = packet.get_mut("data")?.take() else { return None };
    let mut data = data.into_iter();
    let Some(Json::String(name)) = data.next() else { return None };
    let args = data.map(|argument| argument.to_string()).collect();
    Some(Some(Packet { name, args, attachments }))
}

/// A request as it is written in JSON.
#[derive(Deserialize)]
struct Written {
    uid: Option<String>,
    #[serde(rename = "requestId")]
    request: Option<String>,
    #[serde(rename = "type")]
    kind: u64,
    opts: Option<Selection>,
    #[serde(default, deserialize_with = "names")]
    rooms: Vec<String>,
    close: Option<bool>,
    /// Of versions before 7: one socket, and one room.
    sid: Option<String>,
    room: Option<Name>,
}

fn read_request(bytes: &[u8]) -> Option<(Asked, Option<Request>)> {
    if bytes.first() != Some(&b'{') {
        return read_packed_request(bytes);
    }
    let written: Written = serde_json::from_slice(bytes).ok()?;
    let asked = Asked { uid: written.uid, request: written.request };
    let one = written.sid.map(|id| Selection { rooms: vec![id], except: Vec::new() });
    let to = written.opts.or(one);
    let rooms = written.room.map_or(written.rooms, |room| vec![room.into()]);
    let request = match written.kind {
        0 => Request::Sockets(Selection { rooms, except: Vec::new() }),
        1 => Request::AllRooms,
        2 => Request::Join(to?, rooms),
        3 => Request::Leave(to?, rooms),
        4 => Request::Disconnect(to?, written.close.unwrap_or(false)),
        5 => Request::Fetch(to?),
        6 => Request::ServerSideEmit,
        _ => return None,
    };
    Some((asked, Some(request)))
}

/// The one request that may hold binary data.
fn read_packed_request(bytes: &[u8]) -> Option<(Asked, Option<Request>)> {
    let Packed::Map(entries) = notepack::read(bytes)? else { return None };
    let (mut asked, mut kind, mut packet, mut opts) = (Asked::default(), None, None, None);
    for (key, value) in entries {
        match key.as_str()? {
            "uid" => asked.uid = Some(value.as_str()?.to_owned()),
            "requestId" => asked.request = Some(value.as_str()?.to_owned()),
            "type" => kind = value.as_u64(),
            "packet" => packet = Some(value),
            "opts" => opts = Some(value),
            _ => {}
        }
    }
    if kind != Some(7) {
        return None;
    }
    let emit = read_emit(packet?, opts?)?;
    Some((asked, emit.map(|(broadcast, timeout_ms)| Request::BroadcastWithAck(broadcast, timeout_ms))))
}

/// The flag of what our own nodes say: they tell each other by the bus. Node's servers do not look at it.
pub(super) const OURS: &str = "fireside";

/// `None` when the arguments are no JSON.
pub(super) fn write_broadcast(uid: &str, packet: &Packet, to: &Selection, flags: &[&str]) -> Option<Vec<u8>> {
    let mut data = vec![Packed::from(packet.name.as_str())];
    for argument in &packet.args {
        data.push(notepack::from_json(serde_json::from_str(argument).ok()?, &packet.attachments));
    }
    let rooms = |names: &[String]| Packed::Array(names.iter().map(|name| name.as_str().into()).collect());
    let flags = flags.iter().map(|flag| (Packed::from(*flag), true.into())).collect();
    let message = Packed::Array(vec![
        uid.into(),
        map([("type", 2.into()), ("data", Packed::Array(data)), ("nsp", "/".into())]),
        map([("rooms", rooms(&to.rooms)), ("except", rooms(&to.except)), ("flags", Packed::Map(flags))]),
    ]);
    Some(notepack::write(&message))
}

/// A map with these keys.
pub(super) fn map<const COUNT: usize>(entries: [(&str, Packed); COUNT]) -> Packed {
    Packed::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// A room's name: JavaScript's rooms may be numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(serde_json::Number),
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        match name {
            Name::Text(text) => text,
            Name::Number(number) => number.to_string(),
        }
    }
}

pub(super) fn names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Option::<Vec<Name>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(names.into_iter().map(String::from).collect())
}
