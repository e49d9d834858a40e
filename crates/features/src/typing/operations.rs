//! Saying that one is writing, and that one has stopped. Neither ever fails for who is signed in: an error
//! would tell whether there is such a room.

use std::sync::Arc;

use fireside_kernel::permission::{self, Permission};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::request::Done;
use fireside_protocol::typing::{StartTyping, StopTyping};

use super::Typing;

/// `typing.start`. Membership and board are looked at under one lock, so that nobody writes who has just
/// left.
pub(super) async fn start(
    kernel: Kernel,
    typing: Arc<Typing>,
    ctx: Ctx,
    request: StartTyping,
) -> Result<Done> {
    let (user, name) = (ctx.user()?, &request.room_id);
    let mut unknown = None;
    typing.change(|board, now| match board.room(user, name, now) {
        Ok(room) => board.start(user, &room, now),
        Err(exits) => {
            unknown = Some(exits);
            None
        }
    });
    if let Some(exits) = unknown {
        match permission::enter(&kernel.db, name, user, Permission::Post).await {
            Ok(pass) => typing.change(|board, now| {
                let is_member = board.admit(user, name, pass.room(), exits, now);
                if is_member { board.start(user, pass.room(), now) } else { None }
            }),
            // Also when the database does not answer: typing is the first thing to do without.
            Err(_) => metrics::counter!("fireside_typing_dropped_total").increment(1),
        }
    }
    typing.wake.notify_one();
    Ok(Done {})
}

/// `typing.stop`.
pub(super) async fn stop(typing: Arc<Typing>, ctx: Ctx, request: StopTyping) -> Result<Done> {
    let user = ctx.user()?;
    typing.change(|board, _| board.stop(user, &request.room_id));
    Ok(Done {})
}
