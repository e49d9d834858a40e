//! What a token's user may do, as the database has it: looked up again after a second, so that a role that was
//! taken away and a user who was shut out are noticed on every node.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use fireside_db::Db;
use fireside_kernel::Result;
use fireside_protocol::UserId;
use parking_lot::Mutex;

use super::recent::Recent;
use crate::users::{self, HostProfile, Kind, UserRow};

/// How long what was looked up is believed. With the look for ended sessions it keeps the promise that nobody
/// acts two seconds after they were shut out.
const BELIEVED_FOR: Duration = Duration::from_secs(1);
/// Time between two changes of a profile by tokens.
const PROFILE_CHANGES_EVERY: Duration = Duration::from_secs(60);
/// Accounts remembered at least.
const REMEMBERED: usize = 20_000;

/// What a token's user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    /// May act at all.
    pub(super) is_enabled: bool,
    /// Administers the server.
    pub(super) is_admin: bool,
}

impl From<&UserRow> for Account {
    fn from(row: &UserRow) -> Self {
        // Nobody signs in as the server itself.
        let is_enabled = row.disabled_at.is_none() && row.kind != Kind::System;
        Self { is_enabled, is_admin: is_enabled && row.is_admin() }
    }
}

/// A user who was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// What they may do.
    pub(super) account: Account,
    /// All of them, if they were looked up just now.
    pub(super) row: Option<UserRow>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Accounts {
    known: Mutex<Recent<UserId, (Account, Instant)>>,
    /// What the host application's tokens said last, as a hash, and since when.
    profiles: Mutex<Recent<UserId, (u64, Instant)>>,
    hasher: RandomState,
}

impl Accounts {
    /// Knows nobody yet.
    pub(super) fn new() -> Self {
        let (known, profiles) = (Recent::new(REMEMBERED), Recent::new(REMEMBERED));
        Self { known: Mutex::new(known), profiles: Mutex::new(profiles), hasher: RandomState::new() }
    }

    /// The account of an id; none if there is no such user.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn find(&self, db: &Db, user: &UserId) -> Result<Option<Found>> {
        if let Some((account, at)) = self.known.lock().get(user)
            && at.elapsed() < BELIEVED_FOR
        {
            return Ok(Some(Found { account: *account, row: None }));
        }
        // Taken before the question: an answer is as old as that.
        let asked_at = Instant::now();
        let row = users::find_many(db, std::slice::from_ref(user)).await?.pop();
        Ok(row.map(|row| {
            let account = Account::from(&row);
            self.known.lock().insert(user.clone(), (account, asked_at));
            Found { account, row: Some(row) }
        }))
    }

    /// Forgets a user, to be looked up at the next use.
    pub(super) fn forget(&self, user: &UserId) {
        self.known.lock().remove(user);
    }

    /// Whether a profile that a token carries may have to be written down: it is not the one of the last token,
    /// and that one came more than a minute ago.
    pub(super) fn is_news(&self, user: &UserId, profile: &HostProfile) -> bool {
        let hash = self.hasher.hash_one((&profile.display_name, &profile.avatar));
        let mut profiles = self.profiles.lock();
        if let Some((last, at)) = profiles.get(user)
            && (*last == hash || at.elapsed() < PROFILE_CHANGES_EVERY)
        {
            return false;
        }
        profiles.insert(user.clone(), (hash, Instant::now()));
        true
    }

    /// Makes the next profile of a user news.
    pub(super) fn forget_profile(&self, user: &UserId) {
        self.profiles.lock().remove(user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_news_once_and_not_again_within_a_minute() {
        let accounts = Accounts::new();
        let alice = UserId::trusted("alice");
        let named = |name: &str| HostProfile { display_name: Some(name.to_owned()), avatar: None };
        assert!(accounts.is_news(&alice, &named("A")));
        assert!(!accounts.is_news(&alice, &named("A")));
        assert!(!accounts.is_news(&alice, &named("B")));
        assert!(accounts.is_news(&UserId::trusted("bob"), &named("B")));
    }
}
