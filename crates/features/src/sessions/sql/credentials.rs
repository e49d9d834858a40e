//! Statements on `credentials`: the password hashes.

use fireside_db::{Db, Error, Tx, sql};
use fireside_protocol::{Time, UserId};

/// The password hash of a user, if they have a password.
pub(in crate::sessions) async fn find(db: &Db, user: &UserId) -> Result<Option<String>, Error> {
    let row: Option<(String,)> = db
        .optional(sql("SELECT password_hash FROM credentials WHERE user_id = $1").bind(user.as_str()))
        .await?;
    Ok(row.map(|(hash,)| hash))
}

/// Sets the password hash of a user.
pub(in crate::sessions) async fn upsert(
    tx: &mut Tx,
    user: &UserId,
    hash: &str,
    at: Time,
) -> Result<(), Error> {
    let statement = sql("INSERT INTO credentials (user_id, password_hash, changed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET password_hash = EXCLUDED.password_hash, changed_at = EXCLUDED.changed_at");
    tx.run(statement.bind(user.as_str()).bind(hash).bind(at.as_micros())).await.map(drop)
}

/// Makes sure that the password is still the one that was checked, and keeps it so until the transaction ends: a
/// password that is changed at this moment ends the session that is being made, or keeps it from being made. `hash`
/// is of the same password as `checked`, made with the parameters of today.
pub(in crate::sessions) async fn confirm(
    tx: &mut Tx,
    user: &UserId,
    checked: &str,
    hash: &str,
) -> Result<bool, Error> {
    let statement =
        sql("UPDATE credentials SET password_hash = $3 WHERE user_id = $1 AND password_hash = $2");
    Ok(tx.run(statement.bind(user.as_str()).bind(checked).bind(hash)).await? == 1)
}
