//! `sessions.register`: makes an account and signs in.

use std::sync::Arc;
use std::time::Instant;

use fireside_db::retried;
use fireside_kernel::{Ctx, Error, Result, user_changes};
use fireside_protocol::sessions::{Register, SignedIn};
use fireside_protocol::{Reason, RoomRef, Time, UserId};

use crate::members;
use crate::sessions::new_account::NewAccount;
use crate::sessions::sign_in::{Opened, attempt, count};
use crate::sessions::sql::invites::InviteRow;
use crate::sessions::tokens::digest;
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
        (Signup::Invite, Some(code)) => Some(find_invite(sessions, ctx, code).await?),
        // Nobody needs it to get in, but it may say where to begin.
        (Signup::Open, Some(code)) => find_invite(sessions, ctx, code).await.ok(),
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
    if let Some((room, maker)) = invite.and_then(Invite::into_room)
        && let Err(error) = members::admit(&sessions.kernel, room, &maker, &user.id).await
    {
        // The room or the rights of who made the invite are gone; the account stands all the same.
        tracing::warn!(%error, "an invite's room could not be joined");
    }
    sessions.answer_with_cookie(opened, &user)
}

/// Makes the account, spends the invite and opens a session, all or nothing.
async fn make(
    sessions: &Sessions,
    ctx: &Ctx,
    invite: Option<&Invite>,
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

/// An invite that can be used, and the hash of its code.
struct Invite {
    code_hash: String,
    row: InviteRow,
}

impl Invite {
    /// The room that it leads to, and who says so.
    fn into_room(self) -> Option<(RoomRef, UserId)> {
        Some((RoomRef::trusted(self.row.room_id?), UserId::trusted(self.row.created_by)))
    }
}

/// Finds the invite, so that no password is hashed for a code that cannot be used. Codes are counted like passwords:
/// who tries many has to wait.
async fn find_invite(sessions: &Sessions, ctx: &Ctx, code: String) -> Result<Invite> {
    let code_hash = digest(&code);
    let attempt = attempt(ctx, None);
    sessions.throttle.admit(&attempt, Instant::now())?;
    match sql::invites::find(&sessions.kernel.db, &code_hash).await? {
        Some(row) if row.uses_left > 0 && Time::from_micros(row.expires_at) > sessions.now() => {
            Ok(Invite { code_hash, row })
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
