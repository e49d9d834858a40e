//! The event `resume`: what a socket missed, and without a seam behind it what is live.
//!
//! While the log is being read, live events of the rooms asked for are kept back from this socket. Then,
//! under the lock of delivery, the answer is queued, what was kept back behind it, and the socket hears the
//! rooms again (`GUARANTEES.md` G5). Where nothing was missed there is nothing to read.

use std::collections::HashMap;
use std::sync::Arc;

use fireside_kernel::Error;
use fireside_kernel::registry::{Answer, decode};
use fireside_kernel::room_log::resume;
use fireside_protocol::resume::{Recovered, Resume, Resumed, ResumedRoom, RoomPosition};
use fireside_protocol::user_changes::{RecoveredUser, ResumedUser};
use fireside_protocol::{RoomId, UserId};
use fireside_socketio::{Event, Socket};
use serde_json::value::RawValue;

use super::chat::Chat;
use super::operations;
use super::session::Session;

/// `resume {rooms: [{roomId, epoch, seq}, …]}`.
pub(super) async fn run(chat: &Arc<Chat>, socket: &Socket<Session>, mut event: Event) {
    let Some((identity, entry)) = operations::admit(chat, socket, &mut event) else { return };
    let operation = &entry.operation;
    let request_id = chat.gateway.names.word();
    let request: Resume = match decode(operations::payload(&event)) {
        Ok(request) => request,
        Err(error) => return operations::conclude(socket, event.ack, operation, &request_id, Err(error)),
    };
    let mut ack = event.ack;
    if has_missed_nothing(chat, socket, &identity.user, &request, |reply| {
        operations::conclude(socket, ack.take(), operation, &request_id, reply);
    }) {
        return;
    }
    let rooms = request.rooms.iter().map(|position| position.room_id.clone());
    let hold = chat.delivery.hold(socket, rooms);
    let outcome = match resume::resume(&chat.kernel.db, &identity.user, &request).await {
        Ok(mut resumed) => {
            chat.delivery.catch_up(&mut resumed).await;
            Ok(resumed)
        }
        Err(error) => Err(error),
    };
    let heads = outcome.as_ref().map(heads).unwrap_or_default();
    let reply = outcome.and_then(|resumed| resumed.ack());
    // Queued under the lock of delivery, so that nothing live can come before it.
    hold.release(&heads, || operations::conclude(socket, ack, operation, &request_id, reply));
}

/// Answers at once where this node has told exactly what the client knows: what comes is live. Most who come back
/// after a moment are there, and thousands of them cost the database nothing.
fn has_missed_nothing(
    chat: &Chat,
    socket: &Socket<Session>,
    user: &UserId,
    request: &Resume,
    answer: impl FnOnce(Result<Box<RawValue>, Error>),
) -> bool {
    // Of what cannot be answered the long way says why.
    if resume::check(request).is_err() {
        return false;
    }
    let answer = || answer(level(request).ack());
    chat.users
        .if_level(user, request.user.as_ref(), || chat.delivery.if_level(socket, &request.rooms, answer))
}

/// Everything goes on where the client is.
fn level(request: &Resume) -> Resumed {
    let room = |at: &RoomPosition| {
        let epoch = at.epoch.as_str().into();
        ResumedRoom::Recovered(Recovered::new(at.room_id.clone(), epoch, at.seq, Vec::new()))
    };
    let user = request.user.as_ref();
    Resumed {
        rooms: request.rooms.iter().map(room).collect(),
        user: user.map(|at| ResumedUser::Recovered(RecoveredUser::new(at.clone(), Vec::new()))),
    }
}

/// Where the socket stands in each room that goes on.
fn heads(resumed: &Resumed) -> HashMap<RoomId, i64> {
    let recovered = resumed.rooms.iter().filter_map(|room| match room {
        ResumedRoom::Recovered(room) => Some((room.room_id.clone(), room.seq)),
        ResumedRoom::NotRecovered(_) => None,
    });
    recovered.collect()
}
