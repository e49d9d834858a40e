//! Making an account with a password: the same for who signs up, who claims the server, and the command line.

use fireside_db::Tx;
use fireside_kernel::{Error, Result};
use fireside_protocol::UserId;
use fireside_protocol::text::{DisplayName, Password, Username};

use super::{Sessions, sql};
use crate::users::{self, Kind, NewUser, Origin, ServerRole, UserRow};

/// An account to be made.
#[derive(Debug)]
pub(super) struct NewAccount {
    pub(super) username: Username,
    pub(super) display_name: Option<DisplayName>,
    pub(super) role: ServerRole,
    /// From [`Sessions::hash`].
    pub(super) password_hash: String,
}

/// Keeps a username for whoever is registering it at this moment.
pub(super) struct Held<'a> {
    sessions: &'a Sessions,
    username: String,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.sessions.being_registered.lock().remove(&self.username);
    }
}

impl Sessions {
    /// Keeps a free username until the guard is dropped, so that of fifty who want it at once one has a password
    /// hashed, and not fifty. An id of another user is not free either: a client that names it means that user.
    ///
    /// # Errors
    /// `conflict` if the name is taken, or being taken.
    pub(super) async fn hold(&self, username: &Username) -> Result<Held<'_>> {
        if !self.being_registered.lock().insert(username.as_str().to_owned()) {
            return Err(taken());
        }
        let held = Held { sessions: self, username: username.as_str().to_owned() };
        match users::find(&self.kernel.db, username.as_str()).await? {
            None => Ok(held),
            Some(_) => Err(taken()),
        }
    }

    /// The hash to store for a new password.
    ///
    /// # Errors
    /// `overloaded` if too many wait for theirs.
    pub(super) async fn hash(&self, password: &Password) -> Result<String> {
        self.passwords.hash(self.passwords.enter()?, password.expose()).await
    }

    /// Writes the account and its password; the user as they are then.
    ///
    /// # Errors
    /// `conflict` if the name was taken meanwhile.
    pub(super) async fn insert_account(&self, tx: &mut Tx, account: &NewAccount) -> Result<UserRow> {
        let now = self.now();
        let user = NewUser {
            id: UserId::trusted(self.kernel.names.id(now)),
            username: account.username.as_str().to_owned(),
            display_name: account.display_name.clone().map(DisplayName::into_string),
            avatar: None,
            kind: Kind::Person,
            role: account.role,
            origin: Origin::Local,
            at: now,
        };
        users::insert(tx, &user).await.map_err(|error| match error {
            fireside_db::Error::Unique { .. } => taken(),
            other => other.into(),
        })?;
        sql::credentials::upsert(tx, &user.id, &account.password_hash, now).await?;
        Ok(UserRow {
            id: user.id,
            username: user.username,
            display_name: user.display_name,
            avatar: user.avatar,
            kind: user.kind,
            role: user.role,
            origin: user.origin,
            created_at: now,
            modified_at: now,
            last_seen_at: None,
            disabled_at: None,
        })
    }
}

fn taken() -> Error {
    Error { field: Some("username".into()), ..Error::conflict("This username is taken") }
}
