//! `sessions.login`: signs in with a password.

use std::sync::Arc;
use std::time::Instant;

use fireside_db::retried;
use fireside_kernel::{Ctx, Error, Result, user_changes};
use fireside_protocol::UserId;
use fireside_protocol::sessions::{Login, SignedIn, TypedPassword};
use fireside_protocol::text::fold_username;

use crate::sessions::accounts::Account;
use crate::sessions::sign_in::{Opened, attempt, count};
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
    let proof = prove(sessions, ctx, &request).await?;
    let fresh = if proof.is_outdated { rehash(sessions, &request.password).await } else { None };
    let hash = fresh.as_ref().unwrap_or(&proof.hash);
    let opened = retried(|| open(sessions, ctx, &proof, hash)).await?;
    sessions.answer_with_cookie(opened, &proof.user)
}

/// Opens a session, if the password is still the one that was checked.
async fn open(sessions: &Sessions, ctx: &Ctx, proof: &Proof, hash: &str) -> Result<Opened> {
    let mut tx = sessions.kernel.db.begin().await?;
    if !sql::credentials::confirm(&mut tx, &proof.user.id, &proof.hash, hash).await? {
        return Err(wrong());
    }
    let opened = sessions.open(&mut tx, &proof.user.id, &ctx.peer).await?;
    user_changes::commit(tx, &sessions.kernel.relay, &opened.changes).await?;
    Ok(opened)
}

/// A user, and the hash that their password was checked against.
struct Proof {
    user: UserRow,
    hash: String,
    is_outdated: bool,
}

/// Checks name and password. Who does not exist, has no password or is shut out costs the same look-ups and the
/// same hash as who does, and gets the same answer.
async fn prove(sessions: &Sessions, ctx: &Ctx, request: &Login) -> Result<Proof> {
    let db = &sessions.kernel.db;
    let username = fold_username(&request.username).ok();
    let device = username.as_deref().zip(ctx.peer.device.as_deref());
    let device = device.and_then(|(username, cookie)| sessions.known_device(username, cookie));
    let attempt = attempt(ctx, device.or_else(|| username.clone()));
    sessions.throttle.admit(&attempt, Instant::now())?;
    let place = sessions.passwords.enter()?;
    let _turn = sessions.turns.take(&attempt).await;
    sessions.throttle.admit(&attempt, Instant::now())?;
    let user = users::find_by_username(db, username.as_deref().unwrap_or_default()).await?;
    let id = user.as_ref().map_or_else(|| UserId::trusted(""), |user| user.id.clone());
    let stored = sql::credentials::find(db, &id).await?;
    let check = sessions.passwords.check(place, &request.password.0, stored.as_deref()).await?;
    let user = user.filter(|user| check.matches && Account::from(user).is_enabled);
    let (Some(user), Some(hash)) = (user, stored) else {
        sessions.throttle.failed(&attempt, Instant::now())?;
        return Err(wrong());
    };
    sessions.throttle.succeeded(&attempt);
    Ok(Proof { user, hash, is_outdated: check.outdated })
}

/// The hash that we would store today. If it cannot be made now, the next sign-in tries again.
async fn rehash(sessions: &Sessions, password: &TypedPassword) -> Option<String> {
    sessions.passwords.hash(sessions.passwords.enter().ok()?, &password.0).await.ok()
}

fn wrong() -> Error {
    Error::unauthenticated("Wrong username or password")
}
