//! `sessions.me`: one's own profile.

use std::sync::Arc;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::UserId;
use fireside_protocol::sessions::GetMe;
use fireside_protocol::users::User;

use crate::sessions::Sessions;

pub(in crate::sessions) async fn me(sessions: Arc<Sessions>, ctx: Ctx, _: GetMe) -> Result<User> {
    sessions.me(ctx.user()?).await
}

impl Sessions {
    /// Somebody's own profile.
    ///
    /// # Errors
    /// `unauthenticated` where the account is gone or shut out.
    pub(crate) async fn me(&self, user: &UserId) -> Result<User> {
        let row = self.enabled_user(user).await?;
        let row = row.ok_or_else(|| Error::unauthenticated("This account is not there any more"))?;
        Ok(self.oneself(&row))
    }
}
