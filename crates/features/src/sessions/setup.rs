//! A server without an administrator: the token that claims it.

use fireside_db::Tx;
use fireside_kernel::{Error, Result};
use fireside_protocol::{Reason, Time, UserId};

use super::Sessions;
use super::sql::settings::{self, CLAIMED, SETUP_TOKEN};
use super::tokens::digest;
use crate::rooms::{self, FirstRooms};
use crate::users;

/// How long a setup token can be used.
const SETUP_TTL_MS: i64 = 60 * 60 * 1000;

impl Sessions {
    /// A new token to claim this server with, if it has no administrator yet. It is good for an hour, or until the
    /// server is claimed: each node that starts has one, and whichever link is opened first wins. It is shown
    /// nowhere else. None also if the database does not answer.
    pub async fn setup_token(&self) -> Option<String> {
        match self.make_setup_token().await {
            Ok(token) => token,
            Err(error) => {
                tracing::warn!(%error, "no setup token could be made");
                None
            }
        }
    }

    async fn make_setup_token(&self) -> Result<Option<String>> {
        if self.is_claimed().await? {
            return Ok(None);
        }
        let token = self.kernel.names.secret();
        let ends_at = self.now().plus_ms(SETUP_TTL_MS).as_micros();
        settings::upsert(&self.kernel.db, &setup_key(&token), &ends_at.to_string()).await?;
        Ok(Some(token))
    }

    /// Whether the server has, or once had, an administrator.
    pub(super) async fn is_claimed(&self) -> Result<bool> {
        let db = &self.kernel.db;
        Ok(settings::find(db, CLAIMED).await?.is_some() || users::has_admin(db).await?)
    }

    /// Whether `token` is a setup token of one of the nodes.
    ///
    /// # Errors
    /// `not_found` if it is not; `gone` if it has ended.
    pub(super) async fn check_setup_token(&self, token: &str) -> Result<()> {
        // Found by its hash: the time that takes tells nothing about other tokens.
        let Some(ends_at) = settings::find(&self.kernel.db, &setup_key(token)).await? else {
            return Err(Error::new(Reason::NotFound, "This setup link is not valid; use the newest one"));
        };
        let ends_at = Time::from_micros(ends_at.parse().unwrap_or(0));
        if ends_at <= self.now() {
            return Err(Error::new(
                Reason::Gone,
                "This setup link has ended; restart the server for a new one",
            ));
        }
        Ok(())
    }

    /// Gives the first administrator rooms to meet the next person in. They can make some themselves, so
    /// that it fails is no reason to fail.
    pub(super) async fn open_first_rooms(&self, owner: &UserId, set: FirstRooms) {
        if let Err(error) = rooms::open_first(&self.kernel, owner, set).await {
            tracing::warn!(%error, "the first rooms could not be made");
        }
    }

    /// Makes the transaction the one in which the server gets its first administrator; whether it is the first.
    pub(super) async fn mark_claimed(&self, tx: &mut Tx) -> Result<bool> {
        let is_first = settings::claim(tx, CLAIMED, &self.now().to_string()).await?;
        settings::delete_setup_tokens(tx).await?;
        Ok(is_first)
    }
}

fn setup_key(token: &str) -> String {
    format!("{SETUP_TOKEN}{}", digest(token))
}
