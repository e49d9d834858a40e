//! Telling who a bearer token belongs to.

use std::time::Instant;

use fireside_db::retried;
use fireside_kernel::{Authenticator, Error, Identity, Result};
use fireside_protocol::{Reason, SessionId};

use super::Sessions;
use super::host::{Guest, usernames};
use super::jwt::{Refusal, Unverified};
use super::tokens::Access;
use crate::users::{self, Kind, NewUser, Origin, ServerRole};

#[async_trait::async_trait]
impl Authenticator for Sessions {
    async fn authenticate(&self, token: &str) -> Result<Identity> {
        let now = self.now();
        let token = Unverified::parse(token).map_err(refuse)?;
        match self.tokens.read(&token, now).map_err(refuse)? {
            Some(access) => self.member(access).await,
            None => self.guest(self.host.read(&token, now).await.map_err(refuse)?).await,
        }
    }

    fn is_over(&self, session: &SessionId) -> bool {
        self.ended.contains(session)
    }
}

/// One answer for all that can be wrong with a token: whoever has a real one learns what they need from it.
fn refuse(refusal: Refusal) -> Error {
    tracing::debug!(%refusal, "a token was refused");
    match refusal {
        // The token may be good: whoever has it should come again, and not sign in anew.
        Refusal::NoKeysYet => {
            let overloaded = Error::new(Reason::Overloaded, "Tokens cannot be checked just now");
            Error { retry_after_ms: Some(1_000), ..overloaded }
        }
        _ => not_valid(),
    }
}

fn not_valid() -> Error {
    Error::unauthenticated("This token is not valid, or not any more")
}

impl Sessions {
    /// The user of a token of our own.
    async fn member(&self, access: Access) -> Result<Identity> {
        if self.ended.contains(&access.session) {
            return Err(not_valid());
        }
        let found = self.accounts.find(&self.kernel.db, &access.user).await?;
        let account =
            found.map(|found| found.account).filter(|account| account.is_enabled).ok_or_else(not_valid)?;
        self.last_used.note(&access.session, Instant::now());
        Ok(Identity {
            user: access.user,
            session: Some(access.session),
            is_admin: account.is_admin,
            expires_at: access.expires_at,
        })
    }

    /// The user of a token of the host application, who exists from the first token on.
    async fn guest(&self, guest: Guest) -> Result<Identity> {
        let db = &self.kernel.db;
        let found = match self.accounts.find(db, &guest.user).await? {
            Some(found) => Some(found),
            None => {
                self.welcome(&guest).await?;
                self.accounts.find(db, &guest.user).await?
            }
        };
        let found = found.filter(|found| found.account.is_enabled).ok_or_else(not_valid)?;
        let profile = &guest.claimed.profile;
        if self.accounts.is_news(&guest.user, profile) {
            let is_stored = found.row.is_some_and(|row| {
                let same = |claimed: &Option<String>, stored| claimed.is_none() || *claimed == stored;
                same(&profile.display_name, row.display_name) && same(&profile.avatar, row.avatar)
            });
            // A profile is no reason to shut anyone out: the next token tries again.
            if !is_stored && let Err(error) = users::set_profile(db, &guest.user, profile, self.now()).await {
                tracing::warn!(%error, "a profile of the host application was not written down");
                self.accounts.forget_profile(&guest.user);
            }
        }
        Ok(Identity {
            user: guest.user,
            session: None,
            is_admin: found.account.is_admin,
            expires_at: guest.expires_at,
        })
    }

    /// Makes the user of a first token. Of several at once one does it, and the others find it done.
    async fn welcome(&self, guest: &Guest) -> Result<()> {
        for username in usernames(&guest.claimed, &guest.user) {
            let user = NewUser {
                id: guest.user.clone(),
                username,
                display_name: guest.claimed.profile.display_name.clone(),
                avatar: guest.claimed.profile.avatar.clone(),
                kind: Kind::Person,
                role: ServerRole::Member,
                origin: Origin::Host,
                at: self.now(),
            };
            match retried(|| self.insert(&user)).await {
                Ok(()) => return Ok(()),
                Err(fireside_db::Error::Unique { constraint }) if constraint == "users_username_key" => {}
                Err(fireside_db::Error::Unique { .. }) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::internal("no username is left for a user of the host application"))
    }

    async fn insert(&self, user: &NewUser) -> std::result::Result<(), fireside_db::Error> {
        let mut tx = self.kernel.db.begin().await?;
        match users::insert(&mut tx, user).await {
            Ok(()) => tx.commit().await,
            Err(error) => {
                tx.rollback().await;
                Err(error)
            }
        }
    }
}
