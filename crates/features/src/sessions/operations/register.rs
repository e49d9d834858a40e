//! `sessions.register`: makes an account and signs in.

use std::sync::Arc;
use std::time::Instant;

use fireside_kernel::{Ctx, Error, Result, user_changes};
use fireside_protocol::sessions::{Register, SignedIn};
use fireside_protocol::{Reason, Time};

use crate::sessions::new_account::NewAccount;
use crate::sessions::sign_in::{attempt, count};
use crate::sessions::tokens::digest;
use crate::sessions::{Sessions, Signup, rules, sql};
use crate::users::ServerRole;

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
    let invite = match (sessions.settings.signup, request.invite) {
        (Signup::Open, _) => None,
        (Signup::Invite, Some(code)) => Some(digest(&code)),
        (Signup::Invite, None) => return Err(Error::forbidden("Signing up here needs an invite")),
        (Signup::Closed, _) => return Err(Error::forbidden("Nobody can sign up here")),
    };
    if let Some(code_hash) = &invite {
        check_invite(sessions, ctx, code_hash).await?;
    }
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
    let mut tx = sessions.kernel.db.begin().await?;
    if let Some(code_hash) = &invite
        && !sql::invites::take(&mut tx, code_hash, sessions.now()).await?
    {
        return Err(used_up());
    }
    let user = sessions.insert_account(&mut tx, account).await?;
    let opened = sessions.open(&mut tx, &user.id, &ctx.peer).await?;
    user_changes::commit(tx, &sessions.kernel.relay, &opened.changes).await?;
    drop(held);
    sessions.answer(opened, sessions.oneself(&user))
}

/// Refuses a code that cannot be used before a password is hashed for it. Codes are counted like passwords: who
/// tries many has to wait.
async fn check_invite(sessions: &Sessions, ctx: &Ctx, code_hash: &str) -> Result<()> {
    let attempt = attempt(ctx, None);
    sessions.throttle.admit(&attempt, Instant::now())?;
    match sql::invites::find(&sessions.kernel.db, code_hash).await? {
        Some(invite) if invite.uses_left > 0 && Time::from_micros(invite.expires_at) > sessions.now() => {
            Ok(())
        }
        Some(_) => Err(used_up()),
        None => {
            sessions.throttle.failed(&attempt, Instant::now())?;
            Err(Error::not_found("Invite"))
        }
    }
}

fn used_up() -> Error {
    Error::new(Reason::Gone, "This invite was used or has ended")
}
