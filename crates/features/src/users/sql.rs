//! Every statement on the table `users`.

use std::collections::HashMap;

use fireside_db::{Db, Error, LARGEST_BATCH, Statement, Tx, Value, batches, sql, values_list};
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

/// Enabled users whose username or display name begins with `prefix`, by username. The username is
/// compared folded, the display name in lower case as the database makes it.
///
/// A range instead of LIKE: it needs no escaping, and an index can serve it. The upper end is the prefix
/// with the last code point there is behind it, which no longer name that begins with the prefix passes.
pub(crate) async fn search(db: &Db, prefix: &Prefix<'_>, limit: i64) -> Result<Vec<UserRow>, Error> {
    // A union, so that each half has its own index and stops at the limit.
    const TEXT: &str = concat!(
        "WITH by_username AS (SELECT id FROM users WHERE username >= $1 AND username < $1 || $3 \
         AND disabled_at IS NULL AND kind <> 'system' ORDER BY username LIMIT $4), \
         by_display_name AS (SELECT id FROM users \
         WHERE lower(display_name) COLLATE \"binary\" >= lower($2) AND lower(display_name) COLLATE \"binary\" < lower($2) || $3 \
         AND disabled_at IS NULL AND kind <> 'system' ORDER BY lower(display_name) COLLATE \"binary\" LIMIT $4) \
         SELECT ",
        columns!(),
        " FROM users WHERE id IN (SELECT id FROM by_username UNION SELECT id FROM by_display_name) \
         ORDER BY username LIMIT $4"
    );
    let statement = sql(TEXT).bind(prefix.username).bind(prefix.display_name).bind("\u{10FFFF}").bind(limit);
    let found: Vec<Stored> = db.all(statement).await?;
    Ok(found.into_iter().map(Stored::into_row).collect())
}
