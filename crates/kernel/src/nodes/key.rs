//! The key that tells this cluster's nodes from anybody else on the same bus.

use fireside_db::{Db, Error, sql};
use sha2::{Digest as _, Sha256};

use crate::names::Names;

/// Where it is kept: whoever can read the database is one of the nodes.
const BUS_KEY: &str = "nodes.bus_key";

/// What the nodes of one database have in common, and nobody else.
pub struct BusKey {
    /// Seals what they tell each other.
    pub key: [u8; 32],
    /// Keeps them apart from others on the same bus. No secret.
    pub namespace: String,
}

impl std::fmt::Debug for BusKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BusKey").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// The key; the same for every node, made by the first.
///
/// # Errors
/// When the database does not answer.
pub async fn bus_key(db: &Db, names: &Names) -> Result<BusKey, Error> {
    // An update without effect makes the statement return the row that was there.
    let statement = sql("INSERT INTO settings (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = settings.value RETURNING value");
    let row: Option<(String,)> = db.write_optional(statement.bind(BUS_KEY).bind(names.secret())).await?;
    let (secret,) =
        row.ok_or_else(|| Error::Internal("the key of the bus was written and is not there".to_owned()))?;
    let digest =
        |what: &str| <[u8; 32]>::from(Sha256::new().chain_update(what).chain_update(&secret).finalize());
    let namespace = digest("namespace")[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(BusKey { key: digest("key"), namespace })
}
