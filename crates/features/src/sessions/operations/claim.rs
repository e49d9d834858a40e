//! `sessions.claim`: makes the first administrator of a new server, with the token it printed.

use std::sync::Arc;
use std::time::Instant;

use fireside_db::retried;
use fireside_kernel::{Ctx, Error, Result, user_changes};
use fireside_protocol::Reason;
use fireside_protocol::sessions::{Claim, SignedIn, Signup};

use crate::rooms::FirstRooms;
use crate::sessions::Sessions;
use crate::sessions::new_account::NewAccount;
use crate::sessions::sign_in::{Opened, attempt, count};
use crate::users::{ServerRole, UserRow};

pub(in crate::sessions) async fn claim(
    sessions: Arc<Sessions>,
    ctx: Ctx,
    request: Claim,
) -> Result<SignedIn> {
    let outcome = take_over(&sessions, &ctx, request).await;
    count(&outcome);
    outcome
}

async fn take_over(sessions: &Sessions, ctx: &Ctx, request: Claim) -> Result<SignedIn> {
    let attempt = attempt(ctx, None);
    sessions.throttle.admit(&attempt, Instant::now())?;
    if sessions.is_claimed().await? {
        return Err(claimed());
    }
    sessions.check_choice(request.signup)?;
    if let Err(error) = sessions.check_setup_token(&request.token).await {
        sessions.throttle.failed(&attempt, Instant::now())?;
        return Err(error);
    }
    let held = sessions.hold(&request.username).await?;
    let account = NewAccount {
        username: request.username,
        display_name: request.display_name,
        role: ServerRole::Admin,
        password_hash: sessions.hash(&request.password).await?,
    };
    let (user, opened) = retried(|| make(sessions, ctx, request.signup, &account)).await?;
    drop(held);
    tracing::info!(user = %user.id, "the server has its first administrator");
    let rooms = if request.sample_rooms { FirstRooms::Samples } else { FirstRooms::Two };
    sessions.open_first_rooms(&user.id, rooms).await;
    sessions.answer_with_cookie(opened, &user)
}

/// Takes the server, makes the account and opens a session, all or nothing.
async fn make(
    sessions: &Sessions,
    ctx: &Ctx,
    signup: Option<Signup>,
    account: &NewAccount,
) -> Result<(UserRow, Opened)> {
    let mut tx = sessions.kernel.db.begin().await?;
    if !sessions.mark_claimed(&mut tx).await? {
        return Err(claimed());
    }
    if let Some(chosen) = signup {
        sessions.choose_signup(&mut tx, chosen).await?;
    }
    let user = sessions.insert_account(&mut tx, account).await?;
    let opened = sessions.open(&mut tx, &user.id, &ctx.peer).await?;
    user_changes::commit(tx, &sessions.kernel.relay, &opened.changes).await?;
    Ok((user, opened))
}

fn claimed() -> Error {
    Error::new(Reason::Gone, "This server has its administrator")
}
