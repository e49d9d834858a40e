//! `sessions.end`: signs one of one's devices out.

use std::sync::Arc;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::request::Done;
use fireside_protocol::sessions::EndSession;

use crate::sessions::Sessions;

pub(in crate::sessions) async fn end(sessions: Arc<Sessions>, ctx: Ctx, request: EndSession) -> Result<Done> {
    let was_live = sessions.end_session(&request.session_id, ctx.user()?, "revoked").await?;
    if was_live { Ok(Done {}) } else { Err(Error::not_found("Session")) }
}
