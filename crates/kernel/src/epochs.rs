//! Epochs: which past a position belongs to. Once another past has taken its place, such as that of a backup, the same
//! positions are given out again for other things; a client must not mistake one for the other.

use fireside_db::{Db, Error};

use crate::names::Names;
use crate::room_log::heads;
use crate::user_changes::read;

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
    // One word for all: a position is in a room as well as in an epoch.
    let epoch = names.word();
    let rooms = heads::set_epochs(&mut tx, &epoch).await?;
    let streams = read::set_epochs(&mut tx, &epoch).await?;
    tx.commit().await?;
    Ok(Renewed { rooms, streams })
}
