//! What a batch decided, written at the end of its transaction: few statements, many rows.

use fireside_db::{Error, Statement, Tx, Value, batches, sql, values_list};
use fireside_protocol::{MessageId, RoomId, UserId};

use super::batch::Batch;
use super::standings;
use super::state::{MessageState, RoomState};
use crate::user_changes::{self, Changed};

/// Writes what was decided; what changed for users by it. Rooms before what is in them, so that a half-read log
/// always has its room; users' streams last, as everywhere.
pub(super) async fn store(tx: &mut Tx, batch: &Batch) -> Result<Vec<Changed>, Error> {
    let standings = standings::of(tx, batch).await?;
    new_rooms(tx, batch).await?;
    changed_rooms(tx, batch).await?;
    moved_rooms(tx, batch).await?;
    members(tx, batch).await?;
    messages(tx, batch).await?;
    mentions(tx, batch).await?;
    events(tx, batch).await?;
    for (repeat, reference) in &batch.writes.repeats {
        let text = "INSERT INTO idempotency (user_id, operation, key, digest, response, created_at) \
                    VALUES ($1, $2, $3, $4, $5, $6)";
        let statement = sql(text)
            .bind(repeat.user.as_str())
            .bind(repeat.operation)
            .bind(repeat.key.as_str())
            .bind(repeat.digest)
            .bind(reference)
            .bind(batch.now.as_micros());
        tx.run(statement).await?;
    }
    for write in &batch.writes.extra {
        write.run(tx).await?;
    }
    user_changes::record(tx, &batch.names, standings).await
}

/// Runs `text` with its `{}` replaced by rows of values, in few different sizes of statements.
async fn run_with_rows(tx: &mut Tx, text: &str, rows: Vec<Vec<Value>>) -> Result<(), Error> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut rows = rows.into_iter();
    for size in batches(rows.len()) {
        let list = values_list(size, columns, 1);
        let values = rows.by_ref().take(size).flatten();
        tx.run(Statement::generated(text.replace("{}", &list)).bind_all(values)).await?;
    }
    Ok(())
}

async fn new_rooms(tx: &mut Tx, batch: &Batch) -> Result<(), Error> {
    let rows = batch.writes.new_rooms.iter().filter_map(|id| batch.rooms.get(id)).map(|room| room_row(room));
    let text = "INSERT INTO rooms (id, kind, slug, pair_key, name, description, is_private, created_by, \
                created_at, modified_at, epoch, head_seq, member_count, last_at) VALUES {}";
    run_with_rows(tx, text, rows.collect()).await
}

fn room_row(room: &RoomState) -> Vec<Value> {
    vec![
        room.id.as_str().into(),
        room.kind.as_str().into(),
        room.slug.as_deref().into(),
        room.pair_key.as_deref().into(),
        room.name.as_str().into(),
        room.description.as_deref().into(),
        room.is_private.into(),
        room.created_by.as_str().into(),
        room.created_at.as_micros().into(),
        room.modified_at.as_micros().into(),
        Value::from(&*room.epoch),
        room.head_seq.into(),
        room.member_count.into(),
        room.last_at.as_micros().into(),
    ]
}

/// Renames, privacy, deletion: rare, so one by one.
async fn changed_rooms(tx: &mut Tx, batch: &Batch) -> Result<(), Error> {
    for room in batch.writes.changed_rooms.iter().filter_map(|id| batch.rooms.get(id)) {
        let text =
            "UPDATE rooms SET name = $2, description = $3, is_private = $4, modified_at = $5 WHERE id = $1";
        let statement = sql(text)
            .bind(room.id.as_str())
            .bind(room.name.as_str())
            .bind(room.description.as_deref())
            .bind(room.is_private)
            .bind(room.modified_at.as_micros());
        tx.run(statement).await?;
    }
    for room in &batch.writes.deleted_rooms {
        // The slug becomes free, the members are gone; the log and the messages stay for the record.
        let text = "UPDATE rooms SET deleted_at = $2, slug = NULL, member_count = 0 WHERE id = $1";
        tx.run(sql(text).bind(room.as_str()).bind(batch.now.as_micros())).await?;
        tx.run(sql("DELETE FROM members WHERE room_id = $1").bind(room.as_str())).await?;
    }
    Ok(())
}

async fn moved_rooms(tx: &mut Tx, batch: &Batch) -> Result<(), Error> {
    let is_new = |id: &RoomId| batch.writes.new_rooms.contains(id);
    let rows = batch.writes.moved_rooms.iter().filter(|id| !is_new(id)).filter_map(|id| batch.rooms.get(id));
    let rows = rows.map(|room| {
        let deleted = batch.writes.deleted_rooms.contains(&room.id);
        let members = if deleted { 0 } else { room.member_count };
        vec![room.id.as_str().into(), room.head_seq.into(), members.into(), room.last_at.as_micros().into()]
    });
    let text = "WITH moved (id, head_seq, member_count, last_at) AS (VALUES {}) \
                UPDATE rooms SET head_seq = moved.head_seq, member_count = moved.member_count, \
                last_at = moved.last_at FROM moved WHERE rooms.id = moved.id";
    run_with_rows(tx, text, rows.collect()).await
}

/// All of a membership: it may have ended and begun anew in one batch.
async fn members(tx: &mut Tx, batch: &Batch) -> Result<(), Error> {
    let mut rows = Vec::new();
    for key in batch.writes.members.iter().filter(|(room, _)| !batch.writes.deleted_rooms.contains(room)) {
        let (room, user): (&RoomId, &UserId) = (&key.0, &key.1);
        let Some(member) = batch.members.get(key) else {
            let text = "DELETE FROM members WHERE room_id = $1 AND user_id = $2";
            tx.run(sql(text).bind(room.as_str()).bind(user.as_str())).await?;
            continue;
        };
        rows.push(vec![
            room.as_str().into(),
            user.as_str().into(),
            member.id.as_str().into(),
            member.role.as_str().into(),
            member.created_at.as_micros().into(),
            member.modified_at.as_micros().into(),
            member.joined_at.as_micros().into(),
            member.joined_seq.into(),
            member.read_seq.into(),
            member.last_read_at.map(|time| time.as_micros()).into(),
            member.muted.into(),
        ]);
    }
    let text = "INSERT INTO members (room_id, user_id, id, role, created_at, modified_at, joined_at, \
                joined_seq, read_seq, last_read_at, muted) VALUES {} \
                ON CONFLICT (room_id, user_id) DO UPDATE SET id = excluded.id, role = excluded.role, \
                created_at = excluded.created_at, modified_at = excluded.modified_at, \
                joined_at = excluded.joined_at, joined_seq = excluded.joined_seq, read_seq = excluded.read_seq, \
                last_read_at = excluded.last_read_at, muted = excluded.muted";
    run_with_rows(tx, text, rows).await
}

async fn messages(tx: &mut Tx, batch: &Batch) -> Result<(), Error> {
    let new = batch.writes.new_messages.iter().filter_map(|id| batch.messages.get(id)).map(message_row);
    let text = "INSERT INTO messages (id, room_id, seq, rev, sender_id, content, type, metadata, client_id, \
                client_digest, created_at, modified_at, edited_at, deleted_at, deleted_by) VALUES {}";
    run_with_rows(tx, text, new.collect()).await?;
    let is_new = |id: &MessageId| batch.writes.new_messages.contains(id);
    let changed = batch.writes.changed_messages.iter().filter(|id| !is_new(id));
    for message in changed.filter_map(|id| batch.messages.get(id)) {
        let text = "UPDATE messages SET rev = $2, content = $3, metadata = $4, modified_at = $5, edited_at = $6, \
                    deleted_at = $7, deleted_by = $8 WHERE id = $1";
        let statement = sql(text)
            .bind(message.id.as_str())
            .bind(message.rev)
            .bind(message.content.as_str())
            .bind(message.metadata.as_ref().map(|metadata| metadata.as_str()))
            .bind(message.modified_at.as_micros())
            .bind(message.edited_at.map(|time| time.as_micros()))
            .bind(message.deleted_at.map(|time| time.as_micros()))
            .bind(message.deleted_by.as_ref().map(UserId::as_str));
        tx.run(statement).await?;
    }
    Ok(())
}

fn message_row(message: &MessageState) -> Vec<Value> {
    vec![
        message.id.as_str().into(),
        message.room_id.as_str().into(),
        message.seq.into(),
        message.rev.into(),
        message.sender.id.as_str().into(),
        message.content.as_str().into(),
        message.kind.as_str().into(),
        message.metadata.as_ref().map(|metadata| metadata.as_str()).into(),
        message.client_id.as_ref().map(|id| id.as_str()).into(),
        message.client_digest.into(),
        message.created_at.as_micros().into(),
        message.modified_at.as_micros().into(),
        message.edited_at.map(|time| time.as_micros()).into(),
        message.deleted_at.map(|time| time.as_micros()).into(),
        message.deleted_by.as_ref().map(UserId::as_str).into(),
    ]
}

async fn mentions(tx: &mut Tx, batch: &Batch) -> Result<(), Error> {
    let rows = |wanted: bool| {
        let of_kind = batch.writes.mentions.iter().filter(move |(_, is_there)| **is_there == wanted);
        of_kind.map(|(mention, _)| {
            vec![mention.room.as_str().into(), Value::from(&mention.username), mention.seq.into()]
        })
    };
    let text = "DELETE FROM mentions WHERE (room_id, username, seq) IN (VALUES {})";
    run_with_rows(tx, text, rows(false).collect()).await?;
    let text = "INSERT INTO mentions (room_id, username, seq) VALUES {} ON CONFLICT DO NOTHING";
    run_with_rows(tx, text, rows(true).collect()).await
}

async fn events(tx: &mut Tx, batch: &Batch) -> Result<(), Error> {
    let rows = batch.writes.events.iter().map(|event| {
        vec![
            event.room.as_str().into(),
            event.seq.into(),
            event.kind.into(),
            event.actor.as_str().into(),
            event.subject.as_ref().map(UserId::as_str).into(),
            event.message.as_ref().map(MessageId::as_str).into(),
            event.data.as_deref().into(),
            event.at.as_micros().into(),
        ]
    });
    let text =
        "INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, message_id, data, at) VALUES {}";
    run_with_rows(tx, text, rows.collect()).await
}
