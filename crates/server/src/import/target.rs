//! The statements that look at our own database and write to it. Whatever is written to a room is written
//! with the room locked, as the room log itself does it, so that a server may be running on the same
//! PostgreSQL meanwhile.

use std::collections::{HashMap, HashSet};

use fireside_db::{Db, Engine, Error, Row, Statement, Tx, Value, batches, sql, values_list};

use fireside_kernel::{Names, user_changes};
use fireside_protocol::mentions::mentioned;

use super::{ImportError, Mode};

/// How often a transaction is repeated that lost against another one, or of which it is not known whether
/// it was committed: what it had written is found and skipped.
const ATTEMPTS: usize = 5;
/// Users that are read at a time.
const PAGE: i64 = 5000;

/// Our own database.
pub(super) struct Target {
    db: Db,
    mode: Mode,
}

/// Where the log of a room stands.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) room: String,
    pub(super) seq: i64,
    pub(super) members: i64,
    pub(super) last_at: i64,
    pub(super) is_deleted: bool,
}

impl Head {
    /// Of a room that has no log yet.
    pub(super) fn new(room: String, at: i64) -> Head {
        Head { room, seq: 0, members: 0, last_at: at, is_deleted: false }
    }

    /// Takes the next place, for something that happened at `at`. The log's own time never goes back.
    pub(super) fn next(&mut self, at: i64) -> (i64, i64) {
        self.seq += 1;
        self.last_at = self.last_at.max(at);
        (self.seq, self.last_at)
    }
}

/// An event of a room's log.
#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) room: &'a str,
    /// Place, and time, in the log.
    pub(super) place: (i64, i64),
    pub(super) kind: &'static str,
    pub(super) actor: &'a str,
    pub(super) subject: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    pub(super) data: Option<&'static str>,
}

/// How far someone has read.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) room: String,
    pub(super) user: String,
    pub(super) seq: i64,
    /// When, where it is known.
    pub(super) at: Option<i64>,
}

impl Target {
    pub(super) fn new(db: Db, mode: Mode) -> Target {
        Target { db, mode }
    }

    /// Whether anything is to be written.
    pub(super) fn writes(&self) -> bool {
        self.mode == Mode::Write
    }

    /// Runs `work` in a transaction, again if that may help. A dry run's transaction is rolled back.
    pub(super) async fn transact<T>(
        &self,
        mut work: impl AsyncFnMut(&mut Tx) -> Result<T, Error>,
    ) -> Result<T, ImportError> {
        let mut attempt = 1;
        loop {
            match self.attempt(&mut work).await {
                Err(Error::Retry | Error::Indeterminate | Error::Unavailable) if attempt < ATTEMPTS => {
                    attempt += 1
                }
                outcome => return outcome.map_err(ImportError::Target),
            }
        }
    }

    async fn attempt<T>(&self, work: &mut impl AsyncFnMut(&mut Tx) -> Result<T, Error>) -> Result<T, Error> {
        let mut tx = self.db.begin().await?;
        let done = work(&mut tx).await?;
        if self.writes() {
            tx.commit().await?;
        } else {
            tx.rollback().await;
        }
        Ok(done)
    }

    /// Makes everyone who is connected or comes back fetch their rooms afresh: no stream tells of an import.
    pub(super) async fn renew_streams(&self, names: &Names) -> Result<(), ImportError> {
        user_changes::read::renew_epochs(&self.db, names).await.map_err(ImportError::Target)
    }

    /// Ids and usernames of everyone.
    pub(super) async fn users(&self) -> Result<Vec<(String, String)>, ImportError> {
        let mut users: Vec<(String, String)> = Vec::new();
        loop {
            let after = users.last().map_or("", |(id, _)| id);
            let text = "SELECT id, username FROM users WHERE id > $1 ORDER BY id LIMIT $2";
            let page: Vec<(String, String)> =
                self.db.all(sql(text).bind(after).bind(PAGE)).await.map_err(ImportError::Target)?;
            if page.is_empty() {
                return Ok(users);
            }
            users.extend(page);
        }
    }

    /// Every slug that is taken.
    pub(super) async fn slugs(&self) -> Result<HashSet<String>, ImportError> {
        let text = "SELECT slug FROM rooms WHERE slug IS NOT NULL";
        let rows: Vec<(String,)> = self.db.all(sql(text)).await.map_err(ImportError::Target)?;
        Ok(rows.into_iter().map(|(slug,)| slug).collect())
    }
}

/// Runs `text` with its `{}` replaced by a list of rows of `columns` values. The list is filled up to a power
/// of two with repeats, so that there are few different statements for the connection to remember.
async fn in_list<T: Row>(
    tx: &mut Tx,
    text: &str,
    columns: usize,
    keys: &[Vec<Value>],
) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    for chunk in keys.chunks(256) {
        let rows = chunk.len().next_power_of_two();
        let last = chunk.last().cloned().unwrap_or_default();
        let values = chunk.iter().cloned().chain(std::iter::repeat_n(last, rows - chunk.len())).flatten();
        let statement =
            Statement::generated(text.replace("{}", &values_list(rows, columns, 1))).bind_all(values);
        found.extend(tx.all::<T>(statement).await?);
    }
    Ok(found)
}

/// Keys for [`in_list`], sorted, so that everyone locks in the same order.
fn keys<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Vec<Value>> {
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort_unstable();
    texts.dedup();
    texts.into_iter().map(|text| vec![Value::from(text)]).collect()
}

fireside_db::row! {
    struct HeadRow {
        key: String,
        id: String,
        head_seq: i64,
        member_count: i64,
        last_at: i64,
        deleted_at: Option<i64>,
    }
}

/// The heads of rooms by id, locked until the transaction ends.
pub(super) async fn heads(
    tx: &mut Tx,
    rooms: impl IntoIterator<Item = &str>,
) -> Result<HashMap<String, Head>, Error> {
    locked(tx, "id", keys(rooms)).await
}

/// The heads of direct conversations by pair key, locked until the transaction ends.
pub(super) async fn direct_heads(
    tx: &mut Tx,
    pairs: impl IntoIterator<Item = &str>,
) -> Result<HashMap<String, Head>, Error> {
    locked(tx, "pair_key", keys(pairs)).await
}

async fn locked(tx: &mut Tx, column: &str, keys: Vec<Vec<Value>>) -> Result<HashMap<String, Head>, Error> {
    // SQLite's one writer needs no lock.
    let lock = if tx.engine() == Engine::Postgres { " ORDER BY id FOR UPDATE" } else { "" };
    let text = format!(
        "SELECT {column} AS key, id, head_seq, member_count, last_at, deleted_at FROM rooms \
         WHERE {column} IN (VALUES {{}}){lock}"
    );
    let rows: Vec<HeadRow> = in_list(tx, &text, 1, &keys).await?;
    let head = |row: HeadRow| {
        let head = Head {
            room: row.id,
            seq: row.head_seq,
            members: row.member_count,
            last_at: row.last_at,
            is_deleted: row.deleted_at.is_some(),
        };
        (row.key, head)
    };
    Ok(rows.into_iter().map(head).collect())
}

/// Which of these messages are here, with their room and place.
pub(super) async fn messages(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = &str>,
) -> Result<HashMap<String, (String, i64)>, Error> {
    let text = "SELECT id, room_id, seq FROM messages WHERE id IN (VALUES {})";
    let rows: Vec<(String, String, i64)> = in_list(tx, text, 1, &keys(ids)).await?;
    Ok(rows.into_iter().map(|(id, room, seq)| (id, (room, seq))).collect())
}

/// Members of these rooms, as `(room, user)`.
pub(super) async fn members(
    tx: &mut Tx,
    rooms: impl IntoIterator<Item = &str>,
) -> Result<HashSet<(String, String)>, Error> {
    let text = "SELECT room_id, user_id FROM members WHERE room_id IN (VALUES {})";
    Ok(in_list(tx, text, 1, &keys(rooms)).await?.into_iter().collect())
}

/// Who has ever left one of these rooms, or was removed, as `(room, user)`.
pub(super) async fn leavers(
    tx: &mut Tx,
    rooms: impl IntoIterator<Item = &str>,
) -> Result<HashSet<(String, String)>, Error> {
    let text = "SELECT room_id, subject_id FROM room_events \
                WHERE room_id IN (VALUES {}) AND kind = 'room:user-left' AND subject_id IS NOT NULL";
    Ok(in_list(tx, text, 1, &keys(rooms)).await?.into_iter().collect())
}

/// Runs `INSERT` statements that begin with `head`, for rows of `columns` values.
async fn insert(tx: &mut Tx, head: &str, columns: usize, rows: Vec<Value>, tail: &str) -> Result<(), Error> {
    let mut values = rows.into_iter();
    for size in batches(values.len() / columns) {
        let text = format!("{head} VALUES {} {tail}", values_list(size, columns, 1));
        tx.run(Statement::generated(text).bind_all(values.by_ref().take(size * columns))).await?;
    }
    Ok(())
}

/// Adds users: rows of id, username, display name, avatar, created, modified, last seen.
pub(super) async fn insert_users(tx: &mut Tx, rows: &[[Value; 7]]) -> Result<(), Error> {
    let origin = ["person", "member", "import"].map(Value::from);
    let values = rows.iter().flat_map(|row| origin.iter().chain(row)).cloned().collect();
    let head = "INSERT INTO users (kind, role, origin, id, username, display_name, avatar, created_at, modified_at, \
                last_seen_at)";
    insert(tx, head, 10, values, "ON CONFLICT (id) DO NOTHING").await
}

/// Adds rooms: rows of id, kind, slug, pair key, name, description, private, creator, created, modified,
/// epoch; where their logs stand comes from the heads.
pub(super) async fn insert_rooms(tx: &mut Tx, rows: Vec<([Value; 11], &Head)>) -> Result<(), Error> {
    let whole = |(row, head): ([Value; 11], &Head)| {
        row.into_iter().chain([head.seq.into(), head.members.into(), head.last_at.into()])
    };
    let values = rows.into_iter().flat_map(whole).collect();
    let head = "INSERT INTO rooms (id, kind, slug, pair_key, name, description, is_private, created_by, created_at, \
                modified_at, epoch, head_seq, member_count, last_at)";
    insert(tx, head, 14, values, "").await
}

/// Says where the logs of rooms stand now.
pub(super) async fn move_heads(tx: &mut Tx, heads: impl IntoIterator<Item = &Head>) -> Result<(), Error> {
    for head in heads {
        let text = "UPDATE rooms SET head_seq = $2, member_count = $3, last_at = $4 WHERE id = $1";
        let statement = sql(text).bind(&head.room).bind(head.seq).bind(head.members).bind(head.last_at);
        tx.run(statement).await?;
    }
    Ok(())
}

/// Adds members: rows of room, user, id, role, joined, joined at place, last read.
pub(super) async fn insert_members(tx: &mut Tx, rows: Vec<[Value; 7]>) -> Result<(), Error> {
    let whole = |row: [Value; 7]| {
        let [room, user, id, role, joined, place, read] = row;
        // Nothing from before one came is unread.
        [room, user, id, role, joined.clone(), joined.clone(), joined, place.clone(), read, place]
    };
    let values = rows.into_iter().flat_map(whole).collect();
    let head = "INSERT INTO members (room_id, user_id, id, role, created_at, modified_at, joined_at, joined_seq, \
                last_read_at, read_seq)";
    insert(tx, head, 10, values, "").await
}

/// Adds messages: rows of id, room, place, sender, content, type, metadata, created, modified, edited,
/// deleted, deleted by.
pub(super) async fn insert_messages(tx: &mut Tx, rows: Vec<[Value; 12]>) -> Result<(), Error> {
    let whole = |row: [Value; 12]| {
        // Nothing has changed it since its place was taken.
        let rev = row[2].clone();
        row.into_iter().chain([rev])
    };
    insert_mentions(tx, &rows).await?;
    let values = rows.into_iter().flat_map(whole).collect();
    let head = "INSERT INTO messages (id, room_id, seq, sender_id, content, type, metadata, created_at, modified_at, \
                edited_at, deleted_at, deleted_by, rev)";
    insert(tx, head, 13, values, "").await
}

/// Adds who is named in messages, as the log does with what is sent here.
async fn insert_mentions(tx: &mut Tx, rows: &[[Value; 12]]) -> Result<(), Error> {
    let mentions = rows.iter().flat_map(|[_, room, seq, sender, content, ..]| {
        let Value::Text(Some(content)) = content else { return Vec::new() };
        let row = |name: String| [room.clone(), seq.clone(), sender.clone(), name.into()];
        mentioned(content).into_iter().flat_map(row).collect()
    });
    let head = "WITH said (room_id, seq, sender_id, username) AS (";
    let tail = ") INSERT INTO mentions (room_id, seq, username) SELECT room_id, seq, username FROM said \
                WHERE username <> (SELECT username FROM users WHERE id = said.sender_id)";
    insert(tx, head, 4, mentions.collect(), tail).await
}

/// Adds events to the logs of rooms.
pub(super) async fn insert_events(tx: &mut Tx, events: &[Event<'_>]) -> Result<(), Error> {
    let row = |event: &Event<'_>| {
        let (seq, at) = event.place;
        [
            event.room.into(),
            seq.into(),
            event.kind.into(),
            event.actor.into(),
            event.subject.into(),
            event.message.into(),
            event.data.into(),
            Value::from(at),
        ]
    };
    let head = "INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, message_id, data, at)";
    insert(tx, head, 8, events.iter().flat_map(row).collect(), "").await
}

/// Moves read positions forward, never back.
pub(super) async fn raise_reads(tx: &mut Tx, reads: &[Read]) -> Result<(), Error> {
    for read in reads {
        let text = "UPDATE members SET read_seq = $3, last_read_at = COALESCE($4, last_read_at) \
                    WHERE room_id = $1 AND user_id = $2 AND read_seq < $3";
        let statement = sql(text).bind(&read.room).bind(&read.user).bind(read.seq).bind(read.at);
        tx.run(statement).await?;
    }
    Ok(())
}
