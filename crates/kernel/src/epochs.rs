//! Epochs: which past a position belongs to. Once another past has taken its place, such as that of a backup, the same
//! positions are given out again for other things; a client must not mistake one for the other.

use fireside_db::{Db, Error, Tx, sql};

use crate::names::Names;
use crate::room_log::heads;
use crate::user_changes::read;

/// Where it is kept which past of the database the epochs belong to: see [`Db::lineage`].
const LINEAGE: &str = "database.lineage";
/// Where a word stands that is new with every past: see [`Db::recognise`].
const PAST: &str = "database.past";

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
    let mut tx = db.begin_long().await?;
    if let Some(lineage) = db.lineage() {
        set(&mut tx, LINEAGE, lineage).await?;
    }
    set(&mut tx, PAST, &names.word()).await?;
    let renewed = renew_in(&mut tx, names).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// The same, if the database's server continues another past than the one its epochs belong to: a replica was promoted,
/// or the data was put back on another server. To be called before anything is done with rooms. Of several nodes the
/// first one does it; what others still do elsewhere cannot reach this database, see [`Db::superseded`]. From then on
/// this process keeps to this past.
///
/// # Errors
/// When the database does not answer.
pub async fn follow(db: &Db, names: &Names) -> Result<Option<Renewed>, Error> {
    let Some(lineage) = db.lineage() else { return Ok(None) };
    let known = sql("SELECT l.value, p.value FROM settings l JOIN settings p ON p.key = $2 WHERE l.key = $1");
    let known: Option<(String, String)> = db.optional(known.bind(LINEAGE).bind(PAST)).await?;
    if let Some((_, past)) = known.filter(|(known, _)| known == lineage) {
        db.recognise(&past);
        return Ok(None);
    }
    let mut tx = db.begin_long().await?;
    // The row is locked by its claim, so that whoever waits for it finds everything done. An old database is told for the
    // first time, and has its epochs already.
    let was = claim(&mut tx, LINEAGE, lineage).await?;
    let is_another = was != lineage;
    let past = if is_another {
        let past = names.word();
        set(&mut tx, LINEAGE, lineage).await?;
        set(&mut tx, PAST, &past).await?;
        past
    } else {
        claim(&mut tx, PAST, &names.word()).await?
    };
    let renewed = if is_another { Some(renew_in(&mut tx, names).await?) } else { None };
    tx.commit().await?;
    db.recognise(&past);
    if let Some(Renewed { rooms, .. }) = renewed {
        tracing::warn!(
            was,
            now = lineage,
            rooms,
            "the database's server continues another past: all clients will fetch afresh"
        );
    }
    Ok(renewed)
}

async fn renew_in(tx: &mut Tx, names: &Names) -> Result<Renewed, Error> {
    // One word for all: a position is in a room as well as in an epoch.
    let epoch = names.word();
    let rooms = heads::set_epochs(tx, &epoch).await?;
    let streams = read::set_epochs(tx, &epoch).await?;
    Ok(Renewed { rooms, streams })
}

/// Writes what is not there yet and locks it; what is there then.
async fn claim(tx: &mut Tx, key: &'static str, value: &str) -> Result<String, Error> {
    let statement = sql("INSERT INTO settings (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = settings.value RETURNING value");
    tx.one::<(String,)>(statement.bind(key).bind(value)).await.map(|(value,)| value)
}

async fn set(tx: &mut Tx, key: &'static str, value: &str) -> Result<(), Error> {
    let statement = sql("INSERT INTO settings (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    tx.run(statement.bind(key).bind(value)).await.map(drop)
}
