//! `sessions.end`: signs one of one's devices out.

use std::sync::Arc;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::request::Done;
use fireside_protocol::sessions::EndSession;

use crate::sessions::{Sessions, sql};

pub(in crate::sessions) async fn end(sessions: Arc<Sessions>, ctx: Ctx, request: EndSession) -> Result<Done> {
    let ended =
        sql::sessions::end(&sessions.kernel.db, &request.session_id, ctx.user()?, sessions.now()).await?;
    let ended = ended.ok_or_else(|| Error::not_found("Session"))?;
    sessions.forget_sessions(&[ended], "revoked");
    Ok(Done {})
}
