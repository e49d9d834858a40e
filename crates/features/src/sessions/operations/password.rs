//! `sessions.password`: changes one's password, and ends every other session.

use std::sync::Arc;
use std::time::Instant;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::UserId;
use fireside_protocol::request::Done;
use fireside_protocol::sessions::{ChangePassword, TypedPassword};

use crate::sessions::sign_in::attempt;
use crate::sessions::{Sessions, sql};

pub(in crate::sessions) async fn password(
    sessions: Arc<Sessions>,
    ctx: Ctx,
    request: ChangePassword,
) -> Result<Done> {
    let identity = ctx.identity()?;
    check_current(&sessions, &ctx, &identity.user, &request.current_password).await?;
    let hash = sessions.hash(&request.new_password).await?;
    sessions.replace_password(&identity.user, &hash, identity.session.as_ref()).await?;
    Ok(Done {})
}

/// Whoever has got hold of an open device must not get hold of the account. Counted apart from sign-ins, so that
/// who guesses there cannot keep the owner from changing the password here.
async fn check_current(
    sessions: &Sessions,
    ctx: &Ctx,
    user: &UserId,
    password: &TypedPassword,
) -> Result<()> {
    let Some(stored) = sql::credentials::find(&sessions.kernel.db, user).await? else {
        return Err(Error::conflict("This account has no password here"));
    };
    let attempt = attempt(ctx, Some(format!("change {user}")));
    sessions.throttle.admit(&attempt, Instant::now())?;
    let place = sessions.passwords.enter()?;
    let _turn = sessions.turns.take(&attempt).await;
    sessions.throttle.admit(&attempt, Instant::now())?;
    if sessions.passwords.check(place, &password.0, Some(&stored)).await?.matches {
        sessions.throttle.succeeded(&attempt);
        return Ok(());
    }
    sessions.throttle.failed(&attempt, Instant::now())?;
    Err(Error {
        field: Some("currentPassword".into()),
        ..Error::forbidden("This is not your password so far")
    })
}
