//! Identity: accounts, sign-in, sessions, invites, and claiming a new server.
//!
//! - There is one way to tell who someone is: [`Sessions`], the authenticator of both doors. A token is read by
//!   the rules of the key that has signed it: the server's own ([`tokens`]) or the host application's ([`host`]).
//!   Rights are never read from a token; they are those of the stored user.
//! - A session that has ended opens nothing any more: at once on this node, within two seconds on others.
//! - A refresh token works once. One that is used again has been copied, and ends its session; only within ten
//!   seconds it gets the same answer again, because answers get lost.
//! - Passwords are hashed two at a time, and guessing them takes longer each time; a device from which its owner
//!   has signed in is counted by itself. An answer, its text and its time do not tell whether an account exists.
//!   (To sign up does: names are unique.)
//! - Of passwords, refresh tokens, invites and the setup token only hashes are stored.
//! - A server without an administrator is claimed once, with the token that it printed at its start.
//!
//! Registers `sessions.register`, `claim`, `login`, `refresh`, `logout`, `me`, `list`, `end`, `password`, `invite`,
//! `check_invite`, `accept_invite`, `check_setup`, `first_steps`, `dismiss_first_steps`.

mod accounts;
mod authenticate;
mod command_line;
mod devices;
mod ended;
mod host;
mod invites;
mod jwt;
mod last_used;
mod new_account;
mod operations;
mod passwords;
mod recent;
mod rules;
mod settings;
mod setup;
mod sign_in;
mod sql;
mod standings;
#[cfg(test)]
mod tests;
mod throttle;
mod tokens;
mod upkeep;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use fireside_db::retried;
use fireside_kernel::relay::Closing;
use fireside_kernel::{Ctx, Error, Kernel, Registry, Result, user_changes};
use fireside_protocol::{Request, SessionId, Time, UserId};
use parking_lot::Mutex;

use crate::presence::Presence;
use sql::sessions::Ended;

pub use settings::{SECRET_MIN_BYTES, Secret, Settings, Signup, StartError};

/// Who is signed in, and everything that has to do with it.
pub struct Sessions {
    kernel: Kernel,
    presence: Arc<Presence>,
    settings: Settings,
    tokens: tokens::Tokens,
    host: host::HostTokens,
    passwords: passwords::Passwords,
    throttle: throttle::Throttle,
    ended: ended::EndedSessions,
    accounts: accounts::Accounts,
    last_used: last_used::LastUsed,
    turns: throttle::Turns,
    /// Usernames that are being registered at this moment.
    being_registered: Mutex<HashSet<String>>,
}

/// Registers the operations, and starts looking for sessions that have ended elsewhere.
///
/// # Errors
/// When the settings are wrong or the database does not answer.
pub async fn register(
    kernel: &Kernel,
    registry: &mut Registry,
    presence: &Arc<Presence>,
    settings: Settings,
) -> Result<Arc<Sessions>, StartError> {
    let sessions = Arc::new(Sessions::start(kernel, presence, settings).await?);
    tokio::spawn(upkeep::watch(Arc::downgrade(&sessions)));
    tokio::spawn(upkeep::clean(Arc::downgrade(&sessions)));
    add(registry, &sessions, operations::register::register);
    add(registry, &sessions, operations::claim::claim);
    add(registry, &sessions, operations::login::login);
    add(registry, &sessions, operations::refresh::refresh);
    add(registry, &sessions, operations::logout::logout);
    add(registry, &sessions, operations::me::me);
    add(registry, &sessions, operations::list::list);
    add(registry, &sessions, operations::end::end);
    add(registry, &sessions, operations::password::password);
    add(registry, &sessions, operations::invite::invite);
    add(registry, &sessions, operations::check_invite::check_invite);
    add(registry, &sessions, operations::accept_invite::accept_invite);
    add(registry, &sessions, operations::signup::check_setup);
    add(registry, &sessions, operations::first_steps::first_steps);
    add(registry, &sessions, operations::first_steps::dismiss);
    Ok(sessions)
}

fn add<R, Fut>(registry: &mut Registry, sessions: &Arc<Sessions>, run: fn(Arc<Sessions>, Ctx, R) -> Fut)
where
    R: Request,
    Fut: Future<Output = Result<R::Response>> + Send + 'static,
{
    let sessions = sessions.clone();
    registry.add(move |ctx, request| run(sessions.clone(), ctx, request));
}

impl Sessions {
    async fn start(
        kernel: &Kernel,
        presence: &Arc<Presence>,
        settings: Settings,
    ) -> Result<Self, StartError> {
        settings.check()?;
        let names = &kernel.names;
        let key = sql::settings::find_or_insert(&kernel.db, sql::settings::ACCESS_TOKEN_KEY, &names.secret())
            .await?;
        let sessions = Self {
            tokens: tokens::Tokens::new(&key, names.clone()),
            host: host::HostTokens::new(&settings).await?,
            passwords: passwords::Passwords::new(names.clone()).await?,
            throttle: throttle::Throttle::new(settings.throttle),
            ended: ended::EndedSessions::new(millis(settings.access_ttl)),
            accounts: accounts::Accounts::new(),
            last_used: last_used::LastUsed::new(),
            turns: throttle::Turns::new(),
            being_registered: Mutex::default(),
            kernel: kernel.clone(),
            presence: presence.clone(),
            settings,
        };
        let now = kernel.clock.now();
        let horizon = sessions.ended.horizon(now);
        sessions.ended.add(&sql::sessions::list_ended_since(&kernel.db, horizon).await?);
        sessions.ended.add(&sql::sessions::list_ended_services(&kernel.db, now).await?);
        Ok(sessions)
    }

    fn now(&self) -> Time {
        self.kernel.clock.now()
    }

    /// Ends the sessions of a user, but for one: their tokens open nothing any more, and their sockets close
    /// with `reason`. Also those of a user who came with tokens of the host application and has no sessions.
    ///
    /// # Errors
    /// When the database does not answer; nothing has ended then.
    pub async fn end_user_sessions(
        &self,
        user: &UserId,
        except: Option<&SessionId>,
        reason: &'static str,
    ) -> Result<()> {
        let ended = retried(|| async move {
            let mut tx = self.kernel.db.begin().await?;
            let ended = sql::sessions::end_all(&mut tx, user, except, self.now()).await?;
            let changes = self.note_ended(&mut tx, &ended).await?;
            user_changes::commit(tx, &self.kernel.relay, &changes).await?;
            Ok::<_, Error>(ended)
        });
        self.close_user(user, except, &ended.await?, reason);
        Ok(())
    }

    /// Stores another password of a user, and ends their sessions but for one: at once, or not at all.
    async fn replace_password(&self, user: &UserId, hash: &str, except: Option<&SessionId>) -> Result<()> {
        let now = self.now();
        let ended = retried(|| async move {
            let mut tx = self.kernel.db.begin().await?;
            sql::credentials::upsert(&mut tx, user, hash, now).await?;
            let ended = sql::sessions::end_all(&mut tx, user, except, now).await?;
            let changes = self.note_ended(&mut tx, &ended).await?;
            user_changes::commit(tx, &self.kernel.relay, &changes).await?;
            Ok::<_, Error>(ended)
        });
        self.close_user(user, except, &ended.await?, "password_changed");
        Ok(())
    }

    fn close_user(&self, user: &UserId, except: Option<&SessionId>, ended: &[Ended], reason: &'static str) {
        self.ended.add(ended);
        self.accounts.forget(user);
        let closing = match except {
            Some(session) => Closing::UserExcept(user.clone(), session.clone()),
            None => Closing::User(user.clone()),
        };
        self.kernel.relay.close(&closing, reason);
    }

    /// Makes sessions that have just ended known on this node, and closes their sockets.
    fn forget_sessions(&self, ended: &[Ended], reason: &'static str) {
        for session in self.ended.add(ended) {
            self.kernel.relay.close(&Closing::Session(session), reason);
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("settings", &self.settings).finish_non_exhaustive()
    }
}
