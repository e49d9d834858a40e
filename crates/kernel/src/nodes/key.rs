//! The key that tells this cluster's nodes from anybody else on the same bus.

use fireside_db::{Db, Error, sql};

use crate::names::Names;

/// Where it is kept: whoever can read the database is one of the nodes.
const BUS_KEY: &str = "nodes.bus_key";

/// The key; the same for every node, made by the first.
///
/// # Errors
/// When the database does not answer.
pub async fn bus_key(db: &Db, names: &Names) -> Result<String, Error> {
    // An update without effect makes the statement return the row that was there.
    let statement = sql("INSERT INTO settings (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = settings.value RETURNING value");
    let row: Option<(String,)> = db.write_optional(statement.bind(BUS_KEY).bind(names.secret())).await?;
    row.map(|(key,)| key)
        .ok_or_else(|| Error::Internal("the key of the bus was written and is not there".to_owned()))
}
