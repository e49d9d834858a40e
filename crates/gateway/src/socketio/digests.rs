//! Digests told now and then: rooms in which something happened since the last time are summed up for whoever
//! asked for it. An idle room costs nothing; a busy one a short query each time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::Deserialize;

use fireside_kernel::Error;
use fireside_kernel::room_log::digest;
use fireside_protocol::digests::{Digest, RoomDigest};
use fireside_protocol::{Rate, RoomId, Signal};
use fireside_socketio::{Event, Frame, Socket};

use super::chat::Chat;
use super::delivery::{Delivery, digest_name, room_name};
use super::operations::{self, answer, fail};
use super::session::Session;

/// How often a digest is made again when the room's delivery was not where the database was.
const ATTEMPTS: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Watch {
    watch: bool,
}

/// `digest:watch {watch}`: begins to tell this socket the digests of the rooms it hears, or ends it.
pub(super) fn watch(chat: &Chat, socket: &Socket<Session>, event: Event) {
    if let Err(error) = operations::charge(chat, socket, Rate::Any) {
        return fail(event.ack, None, socket, &error);
    }
    let Ok(Watch { watch }) = event.args.decode(0) else {
        return fail(event.ack, None, socket, &Error::validation("watch", "expected true or false"));
    };
    chat.delivery.watch(socket, watch);
    answer(event.ack, "{\"ok\":true}");
}

impl Delivery {
    /// Whether a socket hears of digests, from now on.
    fn watch(&self, socket: &Socket<Session>, watch: bool) {
        // Nobody enters or leaves a room meanwhile.
        let _state = self.state.lock();
        socket.state().watches_digests.store(watch, Ordering::Relaxed);
        for name in socket.rooms() {
            if let Some(room) = name.strip_prefix("room:").filter(|_| watch) {
                socket.join(&digest_name(&RoomId::trusted(room)));
            } else if name.starts_with("digest:") && !watch {
                socket.leave(&name);
            }
        }
    }

    /// Tells the digests of rooms that have changed since they were last told.
    pub(super) async fn tell_digests(self: Arc<Self>) {
        for room in self.watched() {
            for _ in 0..ATTEMPTS {
                match digest::digest(&self.kernel.db, &room, None, None).await {
                    Ok(Some(digest)) if self.tell(&digest) => break,
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    // The database has other troubles now; there is always a next time.
                    Err(_) => return,
                }
            }
        }
    }

    /// Rooms that somebody watches here and that have changed.
    fn watched(&self) -> Vec<RoomId> {
        let names = self.namespace.rooms();
        let watched = names.iter().filter_map(|(name, _)| name.strip_prefix("digest:"));
        let state = self.state.lock();
        let has_changed =
            |room: &RoomId| state.feeds.get(room).is_some_and(|feed| feed.delivered() > feed.digested);
        watched.map(RoomId::trusted).filter(has_changed).collect()
    }

    /// Tells a digest; false if delivery is not exactly where it is true.
    fn tell(&self, digest: &Digest) -> bool {
        let mut state = self.state.lock();
        let Some(feed) = state.feeds.get_mut(&digest.room_id) else { return true };
        if feed.delivered() != digest.seq {
            return false;
        }
        feed.digested = digest.seq;
        let name = digest_name(&digest.room_id);
        let told = RoomDigest(digest.room_id.clone(), digest.seq, digest.whole.digest.clone());
        let signal = Signal::RoomDigested(told);
        if let Ok(frame) = Frame::event(signal.name(), &[&signal]) {
            self.namespace.to(name).local().volatile().emit(&frame);
        }
        true
    }
}

/// Lets a socket hear a room, and of its digests if it wants to.
pub(super) fn join(socket: &Socket<Session>, room: &RoomId) {
    socket.join(&room_name(room));
    if socket.state().watches_digests.load(Ordering::Relaxed) {
        socket.join(&digest_name(room));
    }
}

/// Lets a socket hear nothing more of a room.
pub(super) fn leave(socket: &Socket<Session>, room: &RoomId) {
    socket.leave(&room_name(room));
    if socket.state().watches_digests.load(Ordering::Relaxed) {
        socket.leave(&digest_name(room));
    }
}
