//! Taking positions in users' streams, inside the transaction of what changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fireside_db::{Error, Statement, Tx, Value, batches, values_list};
use fireside_protocol::user_changes::SessionStanding;
use fireside_protocol::{RoomId, UserId};

use super::{Changed, Standing};
use crate::names::Names;

/// What of a user's has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// How they stand in a room or conversation.
    Room(RoomId),
    /// One of their sessions, and how it is now.
    Session(SessionStanding),
}

/// Takes positions for what changed, in the order given for each user. Call it last in a transaction, and once.
pub async fn record(
    tx: &mut Tx,
    names: &Names,
    changes: Vec<(UserId, Standing)>,
) -> Result<Vec<Changed>, Error> {
    let subjects = changes.iter().map(|(user, standing)| {
        let subject = match standing {
            Standing::Room(room) => Subject::Room(room.room_id.clone()),
            Standing::Session(session) => Subject::Session(session.clone()),
        };
        (user.clone(), subject)
    });
    let places = touch(tx, names, subjects.collect()).await?;
    let told = changes.into_iter().zip(places);
    Ok(told
        .map(|((user, standing), (epoch, seq))| Changed { user, epoch, change: standing.at(seq) })
        .collect())
}

/// As [`record`], for what nobody is told of at once: epoch and position of each.
pub async fn touch(
    tx: &mut Tx,
    names: &Names,
    subjects: Vec<(UserId, Subject)>,
) -> Result<Vec<(Arc<str>, i64)>, Error> {
    let mut next = advance(tx, names, &subjects).await?;
    let mut places = Vec::with_capacity(subjects.len());
    for (user, _) in &subjects {
        let (epoch, seq) = next.get_mut(user).ok_or_else(|| missing(user))?;
        *seq += 1;
        places.push((epoch.clone(), *seq));
    }
    let rows = subjects.iter().zip(&places).flat_map(|((user, subject), (_, seq))| row(user, subject, *seq));
    let text = "INSERT INTO user_changes (user_id, kind, subject_id, seq, ended, expires_at) VALUES {} \
                ON CONFLICT (user_id, kind, subject_id) DO UPDATE SET seq = excluded.seq, \
                ended = excluded.ended, expires_at = excluded.expires_at";
    let mut rows = rows.collect::<Vec<_>>().into_iter();
    for size in batches(subjects.len()) {
        let statement = Statement::generated(text.replace("{}", &values_list(size, COLUMNS, 1)));
        tx.run(statement.bind_all(rows.by_ref().take(size * COLUMNS))).await?;
    }
    Ok(places)
}

const COLUMNS: usize = 6;

fn row(user: &UserId, subject: &Subject, seq: i64) -> [Value; COLUMNS] {
    let (kind, id, ended, expires_at) = match subject {
        Subject::Room(room) => ("room", room.as_str(), None, None),
        Subject::Session(session) => {
            ("session", session.id.as_str(), Some(session.ended), Some(session.expires_at.as_micros()))
        }
    };
    [user.as_str().into(), kind.into(), id.into(), seq.into(), ended.into(), expires_at.into()]
}

/// Moves the heads of streams, in the order of their users; each epoch, and the head as it was before.
async fn advance(
    tx: &mut Tx,
    names: &Names,
    subjects: &[(UserId, Subject)],
) -> Result<HashMap<UserId, (Arc<str>, i64)>, Error> {
    let mut counts: BTreeMap<&UserId, i64> = BTreeMap::new();
    for (user, _) in subjects {
        *counts.entry(user).or_default() += 1;
    }
    let text = "INSERT INTO user_streams (user_id, epoch, head_seq) VALUES {} \
                ON CONFLICT (user_id) DO UPDATE SET head_seq = user_streams.head_seq + excluded.head_seq \
                RETURNING user_id, epoch, head_seq";
    let mut before = HashMap::new();
    let mut rows = counts
        .iter()
        .map(|(user, count)| [Value::from(user.as_str()), Value::from(names.word()), Value::from(*count)]);
    for size in batches(counts.len()) {
        let statement = Statement::generated(text.replace("{}", &values_list(size, 3, 1)));
        let statement = statement.bind_all(rows.by_ref().take(size).flatten());
        for (user, epoch, head) in tx.all::<(String, String, i64)>(statement).await? {
            let user = UserId::trusted(user);
            let count = counts.get(&user).copied().unwrap_or_default();
            before.insert(user, (Arc::from(epoch), head - count));
        }
    }
    Ok(before)
}

fn missing(user: &UserId) -> Error {
    Error::Internal(format!("the stream of user {user} did not move"))
}
