//! `sessions.me`: one's own profile.

use std::sync::Arc;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::sessions::GetMe;
use fireside_protocol::users::User;

use crate::sessions::Sessions;

pub(in crate::sessions) async fn me(sessions: Arc<Sessions>, ctx: Ctx, _: GetMe) -> Result<User> {
    let row = sessions.enabled_user(ctx.user()?).await?;
    let row = row.ok_or_else(|| Error::unauthenticated("This account is not there any more"))?;
    Ok(sessions.oneself(&row))
}
