//! What every way of signing in has in common: a new session, its tokens, and the answer.

use std::time::Instant;

use fireside_db::Tx;
use fireside_kernel::ctx::Peer;
use fireside_kernel::user_changes::Changed;
use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::sessions::SignedIn;
use fireside_protocol::users::User;
use fireside_protocol::{Reason, SessionId, Time, UserId};

use super::sql::{self, sessions::Ended, sessions::Kind, sessions::NewSession};
use super::throttle::Attempt;
use super::tokens::{Access, digest};
use super::{Sessions, millis, rules};
use crate::users::{self, UserRow};

/// Devices that one user may be signed in on; the next one signs the oldest out.
const DEVICES_MAX: i64 = 100;

/// A session that is being made, or refreshed: not to be answered before its transaction is committed.
pub(super) struct Opened {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) refresh_token: String,
    /// When the session ends, however often it is refreshed.
    pub(super) ends_at: Time,
    /// Sessions that had to make room.
    pub(super) displaced: Vec<Ended>,
    /// What is new in the user's stream.
    pub(super) changes: Vec<Changed>,
}

impl Sessions {
    /// Writes a new session of `user` with its first refresh token.
    pub(super) async fn open(&self, tx: &mut Tx, user: &UserId, peer: &Peer) -> Result<Opened> {
        let now = self.now();
        let session = NewSession {
            id: SessionId::trusted(self.kernel.names.id(now)),
            user: user.clone(),
            kind: Kind::Login,
            name: None,
            at: now,
            expires_at: now.plus_ms(millis(self.settings.session_ttl)),
            user_agent: peer.user_agent.as_deref().map(rules::shorten_user_agent),
            address: peer.address.map(|address| address.to_canonical().to_string()),
        };
        sql::sessions::insert(tx, &session).await?;
        let displaced = sql::sessions::end_oldest(tx, user, DEVICES_MAX, now).await?;
        let refresh_token = self.tokens.refresh_token();
        let ends_at = self.refresh_token_end(session.expires_at, now);
        sql::refresh_tokens::insert(tx, &digest(&refresh_token), &session.id, now, ends_at).await?;
        let changes = self.note_made(tx, &session, &displaced).await?;
        Ok(Opened {
            user: user.clone(),
            session: session.id,
            refresh_token,
            ends_at: session.expires_at,
            displaced,
            changes,
        })
    }

    /// When a refresh token that is made now ends.
    pub(super) fn refresh_token_end(&self, session_ends_at: Time, now: Time) -> Time {
        session_ends_at.min(now.plus_ms(millis(self.settings.refresh_ttl)))
    }

    /// The answer to whoever has signed in, once the session is committed.
    pub(super) fn answer(&self, opened: Opened, user: User) -> Result<SignedIn> {
        self.forget_sessions(&opened.displaced, "too_many_devices");
        self.last_used.note(&opened.session, Instant::now());
        let now = self.now();
        let expires_at = opened.ends_at.min(now.plus_ms(millis(self.settings.access_ttl)));
        let access = Access { user: opened.user, session: opened.session, expires_at };
        Ok(SignedIn {
            user,
            access_token: self.tokens.issue(&access, now)?,
            refresh_token: opened.refresh_token,
            expires_in: u64::try_from(expires_at.as_seconds() - now.as_seconds()).unwrap_or(0),
            device_cookie: None,
        })
    }

    /// The same to whoever has proved who they are with more than a token: their device is known from now on.
    pub(super) fn answer_with_cookie(&self, opened: Opened, user: &UserRow) -> Result<SignedIn> {
        let device_cookie = Some(self.device_cookie(&user.username)?);
        Ok(SignedIn { device_cookie, ..self.answer(opened, self.oneself(user))? })
    }

    /// A user as they see themselves.
    pub(super) fn oneself(&self, row: &UserRow) -> User {
        users::to_wire(row, self.presence.seen(&row.id))
    }

    /// A user by id, if they may act.
    pub(super) async fn enabled_user(&self, user: &UserId) -> Result<Option<UserRow>> {
        let found = users::find_many(&self.kernel.db, std::slice::from_ref(user)).await?.pop();
        Ok(found.filter(|row| super::accounts::Account::from(row).is_enabled))
    }
}

/// An attempt by whoever asks, on `account` where there is one.
pub(super) fn attempt(ctx: &Ctx, account: Option<String>) -> Attempt {
    Attempt::new(account, ctx.peer.address)
}

/// Counts how attempts to sign in end.
pub(super) fn count<T>(outcome: &Result<T>) {
    let result = match outcome {
        Ok(_) => "ok",
        Err(Error { reason: Reason::RateLimited, .. }) => "throttled",
        Err(error) if error.reason.status() >= 500 => "failed",
        Err(_) => "refused",
    };
    metrics::counter!("fireside_sign_ins_total", "result" => result).increment(1);
}
