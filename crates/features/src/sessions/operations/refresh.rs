//! `sessions.refresh`: exchanges a refresh token for new tokens.

use std::sync::Arc;

use fireside_db::{Tx, retried};
use fireside_kernel::{Ctx, Error, Result, user_changes};
use fireside_protocol::sessions::{Refresh, SignedIn};
use fireside_protocol::{SessionId, Time};

use crate::sessions::rules::{Verdict, judge};
use crate::sessions::sign_in::Opened;
use crate::sessions::tokens::digest;
use crate::sessions::{Sessions, sql};
use crate::users::UserRow;

pub(in crate::sessions) async fn refresh(
    sessions: Arc<Sessions>,
    _: Ctx,
    request: Refresh,
) -> Result<SignedIn> {
    let (opened, user) = retried(|| exchange(&sessions, &request.refresh_token)).await?;
    sessions.answer(opened, sessions.oneself(&user))
}

async fn exchange(sessions: &Sessions, token: &str) -> Result<(Opened, UserRow)> {
    let now = sessions.now();
    let (hash, successor) = (digest(token), sessions.tokens.successor(token)?);
    let successor_hash = digest(&successor);
    let mut tx = sessions.kernel.db.begin().await?;
    let Some(session) = sql::refresh_tokens::spend(&mut tx, &hash, &successor_hash, now).await? else {
        return exchange_again(sessions, tx, &hash, successor, now).await;
    };
    let (opened, user) = reopen(sessions, &mut tx, session, successor, now).await?;
    let ends_at = sessions.refresh_token_end(opened.ends_at, now);
    sql::refresh_tokens::insert(&mut tx, &successor_hash, &opened.session, now, ends_at).await?;
    tx.commit().await?;
    Ok((opened, user))
}

/// For a token that was used before, has ended, or never was.
async fn exchange_again(
    sessions: &Sessions,
    mut tx: Tx,
    hash: &str,
    successor: String,
    now: Time,
) -> Result<(Opened, UserRow)> {
    let Some((session, presented)) = sql::refresh_tokens::find(&mut tx, hash).await? else {
        return Err(not_valid());
    };
    match judge(presented, now) {
        Verdict::Refuse => Err(not_valid()),
        Verdict::Repeat => reopen(sessions, &mut tx, session, successor, now).await,
        Verdict::Stolen => {
            let ended = sql::sessions::end_in(&mut tx, &session, now).await?;
            let changes = sessions.note_ended(&mut tx, ended.as_slice()).await?;
            user_changes::commit(tx, &sessions.kernel.relay, &changes).await?;
            tracing::warn!(%session, "a refresh token was used twice; its session is over");
            sessions.forget_sessions(ended.as_slice(), "revoked");
            Err(not_valid())
        }
    }
}

/// The session with its next token, if it is live and its user may act.
async fn reopen(
    sessions: &Sessions,
    tx: &mut Tx,
    session: SessionId,
    refresh_token: String,
    now: Time,
) -> Result<(Opened, UserRow)> {
    let (user, ends_at) = sql::sessions::find_live(tx, &session, now).await?.ok_or_else(not_valid)?;
    let row = sessions.enabled_user(&user).await?.ok_or_else(not_valid)?;
    Ok((Opened { user, session, refresh_token, ends_at, displaced: Vec::new(), changes: Vec::new() }, row))
}

fn not_valid() -> Error {
    Error::unauthenticated("This refresh token is not valid, or not any more; sign in again")
}
