//! What is answered to other servers' questions.

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::channels::Channels;
use super::messages::{Asked, map};
use super::notepack;

/// What a server may know of a socket: not its headers, not its address, not who it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The socket's id.
    pub id: String,
    /// The rooms it is in.
    pub rooms: Vec<String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// Ids of sockets.
    Sockets(Vec<String>),
    /// Names of rooms.
    Rooms(Vec<String>),
    /// Sockets.
    Fetched(Vec<Seen>),
    /// An order was carried out, for versions that wait for it.
    Done,
    /// Nobody here listens to events between servers.
    NoListener,
    /// How many clients will acknowledge.
    ClientCount(usize),
    /// A client's acknowledgement: its first argument as JSON, and the attachments that it refers to.
    Acknowledged(String, Vec<Bytes>),
}

impl Response {
    /// Where it goes, and in which bytes.
    pub(super) fn written(&self, channels: &Channels, asked: &Asked) -> (String, Vec<u8>) {
        let channel = match (&asked.uid, self) {
            // Looked for in the channel of all.
            (_, Response::NoListener) | (None, _) => channels.response(),
            (Some(uid), _) => channels.response_to(uid),
        };
        (channel, self.bytes(asked.request.as_deref().unwrap_or_default()))
    }

    fn bytes(&self, request: &str) -> Vec<u8> {
        let json = match self {
            Response::Sockets(ids) => json!({ "requestId": request, "sockets": ids }),
            Response::Rooms(names) => json!({ "requestId": request, "rooms": names }),
            Response::Fetched(sockets) => {
                let sockets: Vec<_> = sockets.iter().map(fetched).collect();
                json!({ "requestId": request, "sockets": sockets })
            }
            Response::Done => json!({ "requestId": request }),
            Response::NoListener => json!({ "type": 6, "requestId": request, "data": null }),
            Response::ClientCount(count) => {
                json!({ "type": 8, "requestId": request, "clientCount": count })
            }
            Response::Acknowledged(argument, attachments) => {
                let argument = serde_json::from_str(argument).unwrap_or(Json::Null);
                let packet = notepack::from_json(argument, attachments);
                let answer = map([("type", 9.into()), ("requestId", request.into()), ("packet", packet)]);
                return notepack::write(&answer);
            }
        };
        json.to_string().into_bytes()
    }
}

/// The shape that servers expect; what they must not know is empty.
pub(super) fn fetched(socket: &Seen) -> Json {
    json!({
        "id": socket.id,
        "handshake": {
            "headers": {}, "time": "", "address": "", "xdomain": false, "secure": false,
            "issued": 0, "url": "", "query": {}, "auth": {},
        },
        "rooms": socket.rooms,
        "data": {},
    })
}
