//! `sessions.login`: signs in with a password.

use std::sync::Arc;
use std::time::Instant;

use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::UserId;
use fireside_protocol::sessions::{Login, SignedIn};
use fireside_protocol::text::fold_username;

use crate::sessions::accounts::Account;
use crate::sessions::sign_in::{attempt, count};
use crate::sessions::{Sessions, sql};
use crate::users::{self, UserRow};

pub(in crate::sessions) async fn login(
    sessions: Arc<Sessions>,
    ctx: Ctx,
    request: Login,
) -> Result<SignedIn> {
    let outcome = log_in(&sessions, &ctx, request).await;
    count(&outcome);
    outcome
}

async fn log_in(sessions: &Sessions, ctx: &Ctx, request: Login) -> Result<SignedIn> {
    let user = identify(sessions, ctx, request).await?;
    let mut tx = sessions.kernel.db.begin().await?;
    let opened = sessions.open(&mut tx, &user.id, &ctx.peer).await?;
    tx.commit().await?;
    sessions.answer(opened, sessions.oneself(&user))
}

/// The user whose name and password these are. Who does not exist, has no password or is shut out costs the same
/// look-ups and the same hash as who does, and gets the same answer.
async fn identify(sessions: &Sessions, ctx: &Ctx, request: Login) -> Result<UserRow> {
    let db = &sessions.kernel.db;
    let username = fold_username(&request.username).ok();
    let attempt = attempt(ctx, username.clone());
    sessions.throttle.admit(&attempt, Instant::now())?;
    let place = sessions.passwords.enter()?;
    let turn = sessions.turns.take(&attempt).await;
    sessions.throttle.admit(&attempt, Instant::now())?;
    let user = users::find(db, username.as_deref().unwrap_or_default()).await?;
    let user = user.filter(|user| Some(&user.username) == username.as_ref());
    let id = user.as_ref().map_or_else(|| UserId::trusted(""), |user| user.id.clone());
    let stored = sql::credentials::find(db, &id).await?;
    let check = sessions.passwords.check(place, &request.password.0, stored.as_deref()).await?;
    let user = user.filter(|user| check.matches && Account::from(user).is_enabled);
    let Some(user) = user else {
        sessions.throttle.failed(&attempt, Instant::now())?;
        return Err(Error::unauthenticated("Wrong username or password"));
    };
    sessions.throttle.succeeded(&attempt);
    drop(turn);
    if let Some(stored) = stored.filter(|_| check.outdated) {
        rehash(sessions, &user.id, &stored, &request.password.0).await;
    }
    Ok(user)
}

/// Stores the password as we would store it today. If that cannot be done now, the next sign-in tries again.
async fn rehash(sessions: &Sessions, user: &UserId, stored: &str, password: &str) {
    let Ok(place) = sessions.passwords.enter() else { return };
    let Ok(hash) = sessions.passwords.hash(place, password).await else { return };
    if let Err(error) = sql::credentials::rehash(&sessions.kernel.db, user, stored, &hash).await {
        tracing::warn!(%error, "a password hash stays as it was");
    }
}
