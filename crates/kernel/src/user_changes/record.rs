//! Taking positions in users' streams, inside the transaction of what changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fireside_db::{Error, Statement, Tx, Value, batches, values_list};
use fireside_protocol::UserId;

use super::{Changed, Standing};
use crate::names::Names;

/// Takes positions for what changed, in the order given for each user. Call it last in a transaction, and once.
pub async fn record(
    tx: &mut Tx,
    names: &Names,
    standings: Vec<(UserId, Standing)>,
) -> Result<Vec<Changed>, Error> {
    let mut heads = advance(tx, names, &standings).await?;
    let (mut rows, mut changes) = (Vec::new(), Vec::with_capacity(standings.len()));
    for (user, standing) in standings {
        let (epoch, seq) = heads
            .get_mut(&user)
            .ok_or_else(|| Error::Internal(format!("the stream of user {user} did not move")))?;
        *seq += 1;
        rows.extend(row(&user, &standing, *seq));
        changes.push(Changed { user, epoch: epoch.clone(), change: standing.at(*seq) });
    }
    let text = "INSERT INTO user_changes (user_id, kind, subject_id, seq, ended, expires_at) VALUES {} \
                ON CONFLICT (user_id, kind, subject_id) DO UPDATE SET seq = excluded.seq, \
                ended = excluded.ended, expires_at = excluded.expires_at";
    let mut rows = rows.into_iter();
    for size in batches(changes.len()) {
        let statement = Statement::generated(text.replace("{}", &values_list(size, COLUMNS, 1)));
        tx.run(statement.bind_all(rows.by_ref().take(size * COLUMNS))).await?;
    }
    Ok(changes)
}

/// Columns of a row of `user_changes`.
const COLUMNS: usize = 6;

fn row(user: &UserId, standing: &Standing, seq: i64) -> [Value; COLUMNS] {
    let (kind, subject, ended, expires_at) = match standing {
        Standing::Room(room) => ("room", room.room_id.as_str(), None, None),
        Standing::Session(session) => {
            ("session", session.id.as_str(), Some(session.ended), Some(session.expires_at.as_micros()))
        }
    };
    [user.as_str().into(), kind.into(), subject.into(), seq.into(), ended.into(), expires_at.into()]
}

/// Moves the heads of streams, in the order of their users; each epoch, and the head as it was before.
async fn advance(
    tx: &mut Tx,
    names: &Names,
    standings: &[(UserId, Standing)],
) -> Result<HashMap<UserId, (Arc<str>, i64)>, Error> {
    let mut counts: BTreeMap<&UserId, i64> = BTreeMap::new();
    for (user, _) in standings {
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
