//! Every statement on the table `users`.

use std::collections::HashMap;

use fireside_db::{Db, Error, LARGEST_BATCH, Statement, Tx, Value, batches, retried, sql, values_list};
use fireside_protocol::text::fold_username;
use fireside_protocol::{Time, UserId};

use super::account::{HostProfile, Kind, NewUser, Origin, ServerRole, UserRow};

macro_rules! columns {
    () => {
        "id, username, display_name, avatar, kind, role, origin, created_at, modified_at, last_seen_at, disabled_at"
    };
}

fireside_db::row! {
    struct Stored {
        id: String,
        username: String,
        display_name: Option<String>,
        avatar: Option<String>,
        kind: String,
        role: String,
        origin: String,
        created_at: i64,
        modified_at: i64,
        last_seen_at: Option<i64>,
        disabled_at: Option<i64>,
    }
}

impl Stored {
    /// The table's CHECKs allow only known words; one that is not known gets the least of rights.
    fn into_row(self) -> UserRow {
        UserRow {
            id: UserId::trusted(self.id),
            username: self.username,
            display_name: self.display_name,
            avatar: self.avatar,
            kind: Kind::parse(&self.kind).unwrap_or(Kind::Person),
            role: ServerRole::parse(&self.role).unwrap_or(ServerRole::Member),
            origin: Origin::parse(&self.origin).unwrap_or(Origin::Import),
            created_at: Time::from_micros(self.created_at),
            modified_at: Time::from_micros(self.modified_at),
            last_seen_at: self.last_seen_at.map(Time::from_micros),
            disabled_at: self.disabled_at.map(Time::from_micros),
        }
    }
}

/// Makes an account.
///
/// # Errors
/// `Unique` with the constraint `users_pkey` or `users_username_key` if the id or the name is taken.
pub(crate) async fn insert(tx: &mut Tx, user: &NewUser) -> Result<(), Error> {
    let text = "INSERT INTO users (id, username, display_name, avatar, kind, role, origin, created_at, modified_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
    let statement = sql(text)
        .bind(user.id.as_str())
        .bind(user.username.as_str())
        .bind(user.display_name.as_deref())
        .bind(user.avatar.as_deref())
        .bind(user.kind.as_str())
        .bind(user.role.as_str())
        .bind(user.origin.as_str())
        .bind(user.at.as_micros());
    tx.run(statement).await.map(drop)
}

/// A user by id, else by username in any case.
pub(crate) async fn find(db: &Db, user: &str) -> Result<Option<UserRow>, Error> {
    const TEXT: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM users WHERE id = $1 OR username = $2 ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1"
    );
    // What cannot be a username can still be an id of a host application.
    let username = fold_username(user).ok();
    let found: Option<Stored> = db.optional(sql(TEXT).bind(user).bind(username)).await?;
    Ok(found.map(Stored::into_row))
}

/// A user by folded username only: for signing in, where another user's id of the same text must not get in
/// the way.
pub(crate) async fn find_by_username(db: &Db, username: &str) -> Result<Option<UserRow>, Error> {
    const TEXT: &str = concat!("SELECT ", columns!(), " FROM users WHERE username = $1");
    let found: Option<Stored> = db.optional(sql(TEXT).bind(username)).await?;
    Ok(found.map(Stored::into_row))
}

/// The users of these ids, in the order of the ids; those that do not exist are left out.
pub(crate) async fn find_many(db: &Db, ids: &[UserId]) -> Result<Vec<UserRow>, Error> {
    let mut found: HashMap<UserId, UserRow> = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(LARGEST_BATCH) {
        let rows: Vec<Stored> = db.all(select_many(chunk)).await?;
        found.extend(rows.into_iter().map(Stored::into_row).map(|row| (row.id.clone(), row)));
    }
    Ok(ids.iter().filter_map(|id| found.get(id).cloned()).collect())
}

/// Filled up to a power of two with repeats, so that there are few different texts to prepare.
fn select_many(ids: &[UserId]) -> Statement {
    let rows = ids.len().next_power_of_two();
    let list = values_list(rows, 1, 1);
    let text = format!(concat!("SELECT ", columns!(), " FROM users WHERE id IN (VALUES {})"), list);
    let last = ids.last().into_iter().cycle();
    let filled = ids.iter().chain(last).take(rows);
    Statement::generated(text).bind_all(filled.map(|id| Value::from(id.as_str())))
}

/// Lists of their own, so that each is read from its own index in order and stops at the limit.
pub(super) const SEARCH: &str = concat!(
    "WITH by_username AS (SELECT id FROM users \
     WHERE username >= lower($1) AND username < lower($1) || $2 \
     AND disabled_at IS NULL AND kind <> 'system' ORDER BY username LIMIT $3), \
     by_display_name AS (SELECT id FROM users \
     WHERE lower(display_name) COLLATE \"binary\" >= lower($1) \
     AND lower(display_name) COLLATE \"binary\" < lower($1) || $2 \
     AND disabled_at IS NULL AND kind <> 'system' ORDER BY lower(display_name) COLLATE \"binary\" LIMIT $3), \
     by_capitalized AS (SELECT id FROM users \
     WHERE lower(display_name) COLLATE \"binary\" >= lower($4) \
     AND lower(display_name) COLLATE \"binary\" < lower($4) || $2 \
     AND disabled_at IS NULL AND kind <> 'system' ORDER BY lower(display_name) COLLATE \"binary\" LIMIT $3) \
     SELECT ",
    columns!(),
    " FROM users WHERE id IN (SELECT id FROM by_username UNION SELECT id FROM by_display_name \
     UNION SELECT id FROM by_capitalized) ORDER BY username LIMIT $3"
);

/// Enabled users whose username or display name begins with `prefix`, in any case, by username.
///
/// A range instead of LIKE: it needs no escaping, and an index can serve it. Its upper end is the prefix
/// with the last code point there is behind it, which no name that begins with the prefix passes. Case is
/// folded by the database on both sides; SQLite folds A–Z only, so a capitalized prefix is looked for, too.
pub(crate) async fn search(db: &Db, prefix: &str, limit: i64) -> Result<Vec<UserRow>, Error> {
    let statement =
        sql(SEARCH).bind(prefix).bind("\u{10FFFF}").bind(limit).bind(super::rules::capitalized(prefix));
    let found: Vec<Stored> = db.all(statement).await?;
    Ok(found.into_iter().map(Stored::into_row).collect())
}

/// Whether the server has ever had an administrator; one who is shut out counts, so that shutting out the
/// last one does not hand the server to the next who signs up.
pub(crate) async fn has_admin(db: &Db) -> Result<bool, Error> {
    let text = "SELECT id FROM users WHERE role = 'admin' LIMIT 1";
    Ok(db.optional::<(String,)>(sql(text)).await?.is_some())
}

/// Whether more than one person is here.
pub(crate) async fn has_company(db: &Db) -> Result<bool, Error> {
    let text = "SELECT id FROM users WHERE kind = 'person' LIMIT 2";
    Ok(db.all::<(String,)>(sql(text)).await?.len() > 1)
}

/// Takes over what the host application says of a user. Writes nothing where nothing is new.
pub(crate) async fn set_profile(
    db: &Db,
    user: &UserId,
    profile: &HostProfile,
    at: Time,
) -> Result<(), Error> {
    let text = "UPDATE users SET display_name = COALESCE($2, display_name), avatar = COALESCE($3, avatar), \
                modified_at = $4 \
                WHERE id = $1 AND (COALESCE($2, display_name) IS DISTINCT FROM display_name \
                OR COALESCE($3, avatar) IS DISTINCT FROM avatar)";
    let statement = sql(text)
        .bind(user.as_str())
        .bind(profile.display_name.as_deref())
        .bind(profile.avatar.as_deref())
        .bind(at.as_micros());
    db.run(statement).await.map(drop)
}

/// Gives a user another display name; the user as they are then.
pub(crate) async fn set_display_name(
    db: &Db,
    user: &UserId,
    name: &str,
    at: Time,
) -> Result<Option<UserRow>, Error> {
    const TEXT: &str =
        concat!("UPDATE users SET display_name = $2, modified_at = $3 WHERE id = $1 RETURNING ", columns!());
    let changed = db.write_optional(sql(TEXT).bind(user.as_str()).bind(name).bind(at.as_micros())).await?;
    Ok(changed.map(Stored::into_row))
}

/// Shuts a user out since `at`, or lets them in again; the user as they are then. Whoever is shut out
/// already stays so since the first time.
pub(crate) async fn set_disabled(
    db: &Db,
    user: &UserId,
    disabled: bool,
    at: Time,
) -> Result<Option<UserRow>, Error> {
    const TEXT: &str = concat!(
        "UPDATE users SET disabled_at = CASE WHEN $2 THEN COALESCE(disabled_at, $3) END \
         WHERE id = $1 RETURNING ",
        columns!()
    );
    let changed =
        db.write_optional(sql(TEXT).bind(user.as_str()).bind(disabled).bind(at.as_micros())).await?;
    Ok(changed.map(Stored::into_row))
}

/// The users who were shut out since then, and still are.
pub(crate) async fn list_disabled_since(db: &Db, since: Time) -> Result<Vec<UserId>, Error> {
    let rows: Vec<(String,)> =
        db.all(sql("SELECT id FROM users WHERE disabled_at >= $1").bind(since.as_micros())).await?;
    Ok(rows.into_iter().map(|(id,)| UserId::trusted(id)).collect())
}

/// Writes down when users were last seen, never moving it backwards; all of them or none.
pub(crate) async fn set_last_seen(db: &Db, seen: &[(UserId, Time)]) -> Result<(), Error> {
    // Two nodes may write down the same users, each in an order of its own.
    retried(|| set_last_seen_once(db, seen)).await
}

async fn set_last_seen_once(db: &Db, seen: &[(UserId, Time)]) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let mut left = seen;
    for size in batches(seen.len()) {
        let (chunk, rest) = left.split_at(size);
        let text = format!(
            "WITH seen (id, at) AS (VALUES {}) UPDATE users SET last_seen_at = seen.at FROM seen \
             WHERE users.id = seen.id AND (users.last_seen_at IS NULL OR users.last_seen_at < seen.at)",
            values_list(size, 2, 1)
        );
        let values =
            chunk.iter().flat_map(|(id, at)| [Value::from(id.as_str()), Value::from(at.as_micros())]);
        tx.run(Statement::generated(text).bind_all(values)).await?;
        left = rest;
    }
    tx.commit().await
}
