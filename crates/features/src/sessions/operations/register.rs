//! `sessions.register`: makes an account and signs in.

use std::sync::Arc;
use std::time::Instant;

use fireside_db::retried;
use fireside_kernel::{Ctx, Error, Result, user_changes};
use fireside_protocol::Reason;
use fireside_protocol::sessions::{Register, SignedIn};

use crate::members;
use crate::sessions::invites::{Usable, used_up};
use crate::sessions::new_account::NewAccount;
use crate::sessions::sign_in::{Opened, attempt, count};
use crate::sessions::{Sessions, Signup, rules, sql};
use crate::users::{ServerRole, UserRow};

pub(in crate::sessions) async fn register(
    sessions: Arc<Sessions>,
    ctx: Ctx,
    request: Register,
) -> Result<SignedIn> {
    let outcome = sign_up(&sessions, &ctx, request).await;
    count(&outcome);
    outcome
}

async fn sign_up(sessions: &Sessions, ctx: &Ctx, request: Register) -> Result<SignedIn> {
    let invite = match (sessions.signup().await?, request.invite) {
        (Signup::Closed, _) => return Err(Error::forbidden("Nobody can sign up here")),
        (Signup::Invite, None) => return Err(Error::forbidden("Signing up here needs an invite")),
        (Signup::Invite, Some(code)) => Some(counted(sessions, ctx, &code).await?),
        // Nobody needs it to get in, but it may say where to begin.
        (Signup::Open, Some(code)) => counted(sessions, ctx, &code).await.ok(),
        (Signup::Open, None) => None,
    };
    if rules::is_reserved(request.username.as_str()) {
        return Err(Error { field: Some("username".into()), ..Error::conflict("This username is reserved") });
    }
    let held = sessions.hold(&request.username).await?;
    let account = NewAccount {
        username: request.username,
        display_name: request.display_name,
        role: ServerRole::Member,
        password_hash: sessions.hash(&request.password).await?,
    };
    let (user, opened) = retried(|| make(sessions, ctx, invite.as_ref(), &account)).await?;
    drop(held);
    if let Some((room, maker)) = invite.as_ref().and_then(Usable::room)
        && let Err(error) = members::admit(&sessions.kernel, room, &maker, &user.id).await
    {
        // The room or the rights of who made the invite are gone; the account stands all the same.
        tracing::warn!(%error, "an invite's room could not be joined");
    }
    sessions.answer_with_cookie(opened, &user)
}

/// Finds the invite, so that no password is hashed for a code that cannot be used. Who tries many has to wait.
async fn counted(sessions: &Sessions, ctx: &Ctx, code: &str) -> Result<Usable> {
    let attempt = attempt(ctx, None);
    sessions.throttle.admit(&attempt, Instant::now())?;
    let found = sessions.find_invite(code).await;
    if found.as_ref().is_err_and(|error| error.reason == Reason::NotFound) {
        sessions.throttle.failed(&attempt, Instant::now())?;
    }
    found
}

/// Makes the account, spends the invite and opens a session, all or nothing.
async fn make(
    sessions: &Sessions,
    ctx: &Ctx,
    invite: Option<&Usable>,
    account: &NewAccount,
) -> Result<(UserRow, Opened)> {
    let mut tx = sessions.kernel.db.begin().await?;
    if let Some(invite) = invite
        && !sql::invites::take(&mut tx, &invite.code_hash, sessions.now()).await?
    {
        return Err(used_up());
    }
    let user = sessions.insert_account(&mut tx, account).await?;
    let opened = sessions.open(&mut tx, &user.id, &ctx.peer).await?;
    user_changes::commit(tx, &sessions.kernel.relay, &opened.changes).await?;
    Ok((user, opened))
}
