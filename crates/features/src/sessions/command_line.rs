//! What the command line can do about accounts. Whoever runs it owns the server: names that are kept back are
//! theirs to give, and nothing has to be guessed.

use std::ops::RangeInclusive;

use fireside_kernel::ctx::Peer;
use fireside_kernel::{Error, Result, user_changes};
use fireside_protocol::text::{DisplayName, Password, Username};
use fireside_protocol::{SessionId, Time, UserId};

use super::new_account::NewAccount;
use super::sql::sessions::{Kind as SessionKind, NewSession};
use super::tokens::Access;
use super::{Sessions, sql};
use crate::rooms::FirstRooms;
use crate::users::{self, Kind, NewUser, Origin, ServerRole, UserRow};

/// How long a service token may live, in days.
const TTL_DAYS: RangeInclusive<u32> = 1..=3650;
/// Longest name of a service token, in characters.
const LABEL_MAX_CHARS: usize = 100;

impl Sessions {
    /// Makes an administrator; the setup token of a new server ends. Their id.
    ///
    /// # Errors
    /// `conflict` if the name is taken.
    pub async fn create_admin(
        &self,
        username: Username,
        display_name: Option<DisplayName>,
        password: &Password,
    ) -> Result<UserId> {
        self.create_account(username, display_name, password, ServerRole::Admin).await
    }

    /// Makes a member, whether people may sign up or not. Their id.
    ///
    /// # Errors
    /// `conflict` if the name is taken.
    pub async fn create_user(
        &self,
        username: Username,
        display_name: Option<DisplayName>,
        password: &Password,
    ) -> Result<UserId> {
        self.create_account(username, display_name, password, ServerRole::Member).await
    }

    /// Makes members who share one password, hashed once: for a demo, where everyone knows it. Their ids, in
    /// the order of the names.
    ///
    /// # Errors
    /// `conflict` if a name is taken; nobody is made then.
    pub async fn create_crowd(
        &self,
        people: Vec<(Username, DisplayName)>,
        password: &Password,
    ) -> Result<Vec<UserId>> {
        let password_hash = self.hash(password).await?;
        let mut ids = Vec::with_capacity(people.len());
        let mut tx = self.kernel.db.begin().await?;
        for (username, display_name) in people {
            let (display_name, password_hash) = (Some(display_name), password_hash.clone());
            let account = NewAccount { username, display_name, role: ServerRole::Member, password_hash };
            ids.push(self.insert_account(&mut tx, &account).await?.id);
        }
        tx.commit().await?;
        Ok(ids)
    }

    /// Signs a user (by id or username) in, and answers the refresh token of the new session: whoever exchanges
    /// it first has the session. Used twice, it ends it, as every refresh token does.
    ///
    /// # Errors
    /// `not_found` if there is no such user, `conflict` if they are shut out.
    pub async fn hand_out_session(&self, user: &str) -> Result<String> {
        let row = users::find(&self.kernel.db, user).await?.ok_or_else(|| Error::not_found("User"))?;
        let user = enabled(&row)?;
        let mut tx = self.kernel.db.begin().await?;
        let opened = self.open(&mut tx, &user, &Peer::default()).await?;
        user_changes::commit(tx, &self.kernel.relay, &opened.changes).await?;
        let token = opened.refresh_token.clone();
        self.answer(opened, self.oneself(&row))?;
        Ok(token)
    }

    async fn create_account(
        &self,
        username: Username,
        display_name: Option<DisplayName>,
        password: &Password,
        role: ServerRole,
    ) -> Result<UserId> {
        let _held = self.hold(&username).await?;
        let password_hash = self.hash(password).await?;
        let mut tx = self.kernel.db.begin().await?;
        if role == ServerRole::Admin {
            // First, as whoever claims the server does: two transactions that lock in one order do not deadlock.
            self.mark_claimed(&mut tx).await?;
        }
        let account = NewAccount { username, display_name, role, password_hash };
        let user = self.insert_account(&mut tx, &account).await?;
        tx.commit().await?;
        if role == ServerRole::Admin {
            self.open_first_rooms(&user.id, FirstRooms::One).await;
        }
        Ok(user.id)
    }

    /// Gives a user, by id or username, another password, and ends all their sessions.
    ///
    /// # Errors
    /// `not_found` if there is no such person.
    pub async fn set_password(&self, user: &str, password: &Password) -> Result<()> {
        let user = users::find(&self.kernel.db, user).await?.filter(|user| user.kind == Kind::Person);
        let user = user.ok_or_else(|| Error::not_found("User"))?;
        let hash = self.hash(password).await?;
        self.replace_password(&user.id, &hash, None).await
    }

    /// Makes a token for a bot or a back end, to be used as any bearer token: good for `ttl_days`, or until its
    /// session is ended. `user` is an id or a username; who does not exist is made, as a service.
    ///
    /// # Errors
    /// `validation` for a name that cannot be one, `conflict` for a user who is shut out.
    pub async fn create_service_token(&self, user: &str, label: &str, ttl_days: u32) -> Result<String> {
        if !TTL_DAYS.contains(&ttl_days) {
            return Err(Error::validation(
                "ttl",
                format!("must be {} to {} days", TTL_DAYS.start(), TTL_DAYS.end()),
            ));
        }
        if label.chars().count() > LABEL_MAX_CHARS || label.chars().any(char::is_control) {
            return Err(Error::validation(
                "label",
                format!("must be one line of at most {LABEL_MAX_CHARS} characters"),
            ));
        }
        let user = match users::find(&self.kernel.db, user).await? {
            Some(row) => enabled(&row)?,
            None => self.create_service(user).await?,
        };
        let now = self.now();
        let expires_at = now.plus_ms(i64::from(ttl_days) * 24 * 60 * 60 * 1000);
        let session = NewSession {
            id: SessionId::trusted(self.kernel.names.id(now)),
            user: user.clone(),
            kind: SessionKind::Service,
            name: Some(label.to_owned()),
            at: now,
            expires_at,
            user_agent: None,
            address: None,
        };
        let mut tx = self.kernel.db.begin().await?;
        sql::sessions::insert(&mut tx, &session).await?;
        let changes = self.note_made(&mut tx, &session, &[]).await?;
        user_changes::commit(tx, &self.kernel.relay, &changes).await?;
        self.tokens.issue(&Access { user, session: session.id, expires_at }, now)
    }

    async fn create_service(&self, name: &str) -> Result<UserId> {
        let username = Username::parse(name).map_err(|wrong| Error::validation("user", wrong))?;
        let at: Time = self.now();
        let user = NewUser {
            id: UserId::trusted(self.kernel.names.id(at)),
            username: username.as_str().to_owned(),
            display_name: None,
            avatar: None,
            kind: Kind::Service,
            role: ServerRole::Member,
            origin: Origin::Local,
            at,
        };
        let mut tx = self.kernel.db.begin().await?;
        users::insert(&mut tx, &user).await?;
        tx.commit().await?;
        Ok(user.id)
    }
}

fn enabled(row: &UserRow) -> Result<UserId> {
    if row.disabled_at.is_some() || row.kind == Kind::System {
        return Err(Error::conflict("This user is shut out"));
    }
    Ok(row.id.clone())
}
