//! `sessions.logout`: ends the session that asks.

use std::sync::Arc;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::request::Done;
use fireside_protocol::sessions::Logout;

use crate::sessions::{Sessions, sql};

pub(in crate::sessions) async fn logout(sessions: Arc<Sessions>, ctx: Ctx, _: Logout) -> Result<Done> {
    let identity = ctx.identity()?;
    let Some(session) = &identity.session else {
        return Err(Error::conflict("This token belongs to another application; sign out there"));
    };
    let ended = sql::sessions::end(&sessions.kernel.db, session, &identity.user, sessions.now()).await?;
    sessions.forget_sessions(ended.as_slice(), "logout");
    Ok(Done {})
}
