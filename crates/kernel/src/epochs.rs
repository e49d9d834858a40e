//! Epochs: which past a position belongs to. Once another past has taken its place, such as that of a backup, the same
//! positions are given out again for other things; a client must not mistake one for the other.

use fireside_db::{Db, Error, Tx, sql};

use crate::names::Names;
use crate::room_log::heads;
use crate::user_changes::read;

/// Where it is kept which past of the database the epochs belong to: see [`Db::lineage`].
const LINEAGE: &str = "database.lineage";

/// How much was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// Rooms and conversations.
    pub rooms: u64,
    /// Streams of users.
    pub streams: u64,
}

/// Gives every room and every user's stream a new epoch, all of them or none: whoever knows a position in an older one
/// is told so, and fetches afresh. No server may be running: it would go on telling the epochs that it knows.
///
/// # Errors
/// When the database does not answer.
pub async fn renew(db: &Db, names: &Names) -> Result<Renewed, Error> {
    let mut tx = db.begin().await?;
    if let Some(lineage) = db.lineage() {
        adopt(&mut tx, lineage).await?;
    }
    let renewed = renew_in(&mut tx, names).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// The same, if the database's server continues another past than the one its epochs belong to: a replica was promoted,
/// or the data was put back on another server. To be called before anything is done with rooms. Of several nodes the
/// first one does it; what others still do elsewhere cannot reach this database, see [`Db::superseded`].
///
/// # Errors
/// When the database does not answer.
pub async fn follow(db: &Db, names: &Names) -> Result<Option<Renewed>, Error> {
    let Some(lineage) = db.lineage() else { return Ok(None) };
    let known = sql("SELECT value FROM settings WHERE key = $1").bind(LINEAGE);
    if db.optional::<(String,)>(known).await?.is_some_and(|(known,)| known == lineage) {
        return Ok(None);
    }
    let mut tx = db.begin().await?;
    // It is the first to be told in an old database, whose epochs it then has; whoever waits for the row finds it done.
    let was = match adopt(&mut tx, lineage).await? {
        Some(was) if was != lineage => was,
        _ => {
            tx.commit().await?;
            return Ok(None);
        }
    };
    let renewed = renew_in(&mut tx, names).await?;
    tx.commit().await?;
    tracing::warn!(
        was,
        now = lineage,
        rooms = renewed.rooms,
        "the database's server continues another past: all clients will fetch afresh"
    );
    Ok(Some(renewed))
}

async fn renew_in(tx: &mut Tx, names: &Names) -> Result<Renewed, Error> {
    // One word for all: a position is in a room as well as in an epoch.
    let epoch = names.word();
    let rooms = heads::set_epochs(tx, &epoch).await?;
    let streams = read::set_epochs(tx, &epoch).await?;
    Ok(Renewed { rooms, streams })
}

/// Notes that the epochs belong to this past; which one they belonged to, if any.
async fn adopt(tx: &mut Tx, lineage: &str) -> Result<Option<String>, Error> {
    // The row is locked by the first statement, so that what it says is still so in the second.
    let statement = sql("INSERT INTO settings (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = settings.value RETURNING value");
    let was: Option<(String,)> = tx.optional(statement.bind(LINEAGE).bind(lineage)).await?;
    let update = sql("UPDATE settings SET value = $2 WHERE key = $1 AND value <> $2");
    tx.run(update.bind(LINEAGE).bind(lineage)).await?;
    Ok(was.map(|(value,)| value))
}
