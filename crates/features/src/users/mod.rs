//! Users: people and services, their profiles, and the one place that knows the table `users`.
//!
//! - A username is stored folded and is unique; an id never changes. Where a client names a user, an id
//!   wins over another user's username of the same text.
//! - Profiles are a directory of the whole server; whether someone is online and when they were last
//!   seen is told only to who shares a room or conversation with them (`rules`).
//! - A disabled user keeps their profile, so that what they said keeps its author. Their sessions end and
//!   their sockets are closed at once.
//!
//! Registers `users.search`, `users.get`, `users.update`, `users.disable`.

mod account;
mod operations;
mod rules;
mod sql;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use fireside_db::Db;
use fireside_kernel::{Error, Kernel, Registry, Result};
use fireside_protocol::UserId;
use fireside_protocol::ids::UserRef;

use crate::presence::Presence;
use crate::sessions::Sessions;

pub(crate) use account::{HostProfile, Kind, NewUser, Origin, ServerRole, UserRow};
pub(crate) use rules::{capitalized, check_query, to_wire};
pub(crate) use sql::{
    find, find_by_username, find_many, has_admin, has_company, insert, set_last_seen, set_profile,
};

/// Registers the operations.
pub fn register(
    kernel: &Kernel,
    registry: &mut Registry,
    presence: &Arc<Presence>,
    sessions: &Arc<Sessions>,
) {
    let (hall, online) = (kernel.clone(), presence.clone());
    registry.add(move |ctx, request| operations::search(hall.clone(), online.clone(), ctx, request));
    let (hall, online) = (kernel.clone(), presence.clone());
    registry.add(move |ctx, request| operations::get(hall.clone(), online.clone(), ctx, request));
    let (hall, online) = (kernel.clone(), presence.clone());
    registry.add(move |ctx, request| operations::update(hall.clone(), online.clone(), ctx, request));
    let (hall, sessions) = (kernel.clone(), sessions.clone());
    registry.add(move |ctx, request| operations::disable(hall.clone(), sessions.clone(), ctx, request));
}

/// The users who were shut out since then, and still are: on whatever node, and with whosever tokens.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn list_disabled_since(
    db: &Db,
    since: fireside_protocol::Time,
) -> Result<Vec<UserId>, fireside_db::Error> {
    sql::list_disabled_since(db, since).await
}

/// The user that a client named; `me` is whoever asks.
///
/// # Errors
/// `not_found` if there is none. A disabled user is found.
pub(crate) async fn resolve(db: &Db, user: &UserRef, me: &UserId) -> Result<UserRow> {
    let name = if user.as_str() == "me" { me.as_str() } else { user.as_str() };
    find(db, name).await?.ok_or_else(|| Error::not_found("User"))
}
