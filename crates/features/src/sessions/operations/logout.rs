//! `sessions.logout`: ends the session that asks.

use std::sync::Arc;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::request::Done;
use fireside_protocol::sessions::Logout;

use crate::sessions::Sessions;

pub(in crate::sessions) async fn logout(sessions: Arc<Sessions>, ctx: Ctx, _: Logout) -> Result<Done> {
    let identity = ctx.identity()?;
    let Some(session) = &identity.session else {
        return Err(Error::conflict("This token belongs to another application; sign out there"));
    };
    sessions.end_session(session, &identity.user, "logout").await?;
    Ok(Done {})
}
