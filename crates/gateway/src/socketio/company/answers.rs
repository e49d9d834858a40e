//! What other servers are answered. A server that listens and does not answer lets every call of the others
//! wait until it times out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use fireside_bus::socketio_adapter::{Adapter, Asked, Packet, Response, Seen};
use fireside_socketio::Socket;

use super::super::session::Session;
use super::rooms;

/// Longest that clients have for an acknowledgement, whatever a server says.
const LONGEST_ACK: Duration = Duration::from_secs(60);
/// Most broadcasts whose acknowledgements are waited for at the same time; further ones reach nobody.
static WAITING: Semaphore = Semaphore::const_new(64);

/// An order was carried out. Only servers before version 7 ask for this.
pub(super) fn done(adapter: &Adapter, asked: &Asked) {
    answer(adapter, asked, &Response::Done);
}

/// Nobody here listens to events between servers.
pub(super) fn no_listener(adapter: &Adapter, asked: &Asked) {
    answer(adapter, asked, &Response::NoListener);
}

/// The ids of sockets.
pub(super) fn ids(adapter: &Adapter, asked: &Asked, sockets: Vec<Socket<Session>>) {
    let ids = sockets.iter().map(|socket| socket.id().to_string()).collect();
    answer(adapter, asked, &Response::Sockets(ids));
}

/// Sockets with the rooms that others may know, and nothing of who they belong to.
pub(super) fn fetched(adapter: &Adapter, asked: &Asked, sockets: Vec<Socket<Session>>) {
    let seen = sockets.iter().map(|socket| Seen { id: socket.id().to_string(), rooms: rooms_of(socket) });
    answer(adapter, asked, &Response::Fetched(seen.collect()));
}

/// The rooms of all these sockets.
pub(super) fn rooms(adapter: &Adapter, asked: &Asked, sockets: Vec<Socket<Session>>) {
    let names: BTreeSet<_> = sockets.iter().flat_map(rooms_of).collect();
    answer(adapter, asked, &Response::Rooms(names.into_iter().collect()));
}

/// A socket is in the room of its own id.
fn rooms_of(socket: &Socket<Session>) -> Vec<String> {
    let joined = socket.rooms();
    let shown = joined.iter().filter_map(|room| rooms::shown(room));
    std::iter::once(socket.id().to_string()).chain(shown).collect()
}

/// Sends an event to sockets, says to how many, and passes their acknowledgements back as they come. Binary
/// data is not sent this way: such an event reaches nobody here.
pub(super) fn acknowledge(
    adapter: Arc<Adapter>,
    asked: Asked,
    packet: Packet,
    sockets: Vec<Socket<Session>>,
    timeout_ms: u64,
) {
    let permit = WAITING.try_acquire().ok().filter(|_| packet.attachments.is_empty());
    let args: Result<Vec<_>, _> = packet.args.into_iter().map(RawValue::from_string).collect();
    let (Some(permit), Ok(args)) = (permit, args) else {
        return answer(&adapter, &asked, &Response::ClientCount(0));
    };
    let timeout = Duration::from_millis(timeout_ms).min(LONGEST_ACK);
    let mut pending: FuturesUnordered<_> =
        sockets.iter().map(|socket| socket.emit_with_ack(&packet.name, &args, timeout)).collect();
    answer(&adapter, &asked, &Response::ClientCount(pending.len()));
    tokio::spawn(async move {
        let _permit = permit;
        while let Some(outcome) = pending.next().await {
            let Ok(acknowledgement) = outcome else { continue };
            let first = acknowledgement.get(0).map_or("null", |argument| argument.as_str()).to_owned();
            let attachments = acknowledgement.attachments().to_vec();
            answer(&adapter, &asked, &Response::Acknowledged(first, attachments));
        }
    });
}

fn answer(adapter: &Adapter, asked: &Asked, response: &Response) {
    if asked.request.is_some() {
        adapter.respond(asked, response);
    }
}
