//! Statements on `settings`: what the server must remember about itself.

use fireside_db::{Db, Error, Tx, sql};

/// Key of our own access tokens; the value is the secret itself.
pub(in crate::sessions) const ACCESS_TOKEN_KEY: &str = "sessions.access_token_key";
/// Before the hash of a setup token; the value is its end in microseconds. Each node of a server has one.
pub(in crate::sessions) const SETUP_TOKEN: &str = "sessions.setup_token:";
/// There once for ever when the server has got its first administrator.
pub(in crate::sessions) const CLAIMED: &str = "sessions.claimed";
/// Who may make an account, as the administrator has chosen it: a word of the protocol, as JSON.
pub(in crate::sessions) const SIGNUP: &str = "sessions.signup";
/// There once for ever when an administrator has put the first steps away.
pub(in crate::sessions) const FIRST_STEPS_DISMISSED: &str = "sessions.first_steps_dismissed";

/// The value of a key.
pub(in crate::sessions) async fn find(db: &Db, key: &str) -> Result<Option<String>, Error> {
    let row: Option<(String,)> =
        db.optional(sql("SELECT value FROM settings WHERE key = $1").bind(key)).await?;
    Ok(row.map(|(value,)| value))
}

/// Sets a key that has no value yet, and says what its value is then: the same on every node, whoever was first.
pub(in crate::sessions) async fn find_or_insert(db: &Db, key: &str, value: &str) -> Result<String, Error> {
    // An update without effect makes the statement return the row that was there.
    let statement = sql("INSERT INTO settings (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = settings.value RETURNING value");
    let row: Option<(String,)> = db.write_optional(statement.bind(key).bind(value)).await?;
    row.map(|(value,)| value)
        .ok_or_else(|| Error::Internal("a setting was written and is not there".to_owned()))
}

const UPSERT: &str = "INSERT INTO settings (key, value) VALUES ($1, $2) \
     ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value";

/// Sets a key.
pub(in crate::sessions) async fn upsert(db: &Db, key: &str, value: &str) -> Result<(), Error> {
    db.run(sql(UPSERT).bind(key).bind(value)).await.map(drop)
}

/// Sets a key together with what else a transaction does.
pub(in crate::sessions) async fn upsert_in(tx: &mut Tx, key: &str, value: &str) -> Result<(), Error> {
    tx.run(sql(UPSERT).bind(key).bind(value)).await.map(drop)
}

/// Sets a key that has no value yet; whether it had none. Of two transactions at once the second one waits for
/// the end of the first.
pub(in crate::sessions) async fn claim(tx: &mut Tx, key: &str, value: &str) -> Result<bool, Error> {
    let statement = sql("INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING");
    Ok(tx.run(statement.bind(key).bind(value)).await? == 1)
}

/// Removes every setup token.
pub(in crate::sessions) async fn delete_setup_tokens(tx: &mut Tx) -> Result<(), Error> {
    tx.run(sql("DELETE FROM settings WHERE key LIKE 'sessions.setup_token%'")).await.map(drop)
}
