//! What a batch needs to know, read at the beginning of its transaction with the rooms locked.

use std::collections::HashSet;
use std::sync::Arc;

use fireside_db::{Engine, Error, Row, Statement, Tx, Value, values_list};
use fireside_protocol::messages::Sender;
use fireside_protocol::{ClientId, MessageId, RoomId, UserId};

use super::batch::{Batch, Done};
use super::change::{MessageRoom, Needs};
use super::state::UserState;
use crate::rows::{MEMBER_COLUMNS, MESSAGE_COLUMNS, MemberRow, MessageRow, ROOM_COLUMNS, RoomRow};

/// Reads what is needed. The rooms come first and stay locked to the end of the transaction, so that
/// nothing read after them can change under it.
pub(super) async fn load(tx: &mut Tx, needs: &Needs, batch: &mut Batch) -> Result<(), Error> {
    users(tx, needs, batch).await?;
    let homes = message_rooms(tx, needs).await?;
    rooms(tx, needs, &homes, batch).await?;
    slugs(tx, needs, batch).await?;
    members(tx, needs, &homes, batch).await?;
    memberships(tx, needs, batch).await?;
    messages(tx, needs, batch).await?;
    sent(tx, needs, batch).await?;
    repeats(tx, needs, batch).await
}

/// Runs `text` with its `{}` replaced by a list of `columns`-wide rows. The list is filled up to a power
/// of two with repeats, so that there are few different statements for the connection to remember.
pub(super) async fn in_list<T: Row>(
    tx: &mut Tx,
    text: &str,
    columns: usize,
    keys: Vec<Vec<Value>>,
) -> Result<Vec<T>, Error> {
    const CHUNK: usize = 256;
    let mut found = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        let rows = chunk.len().next_power_of_two();
        let list = values_list(rows, columns, 1);
        let last = chunk.last().cloned().unwrap_or_default();
        let values = chunk.iter().cloned().chain(std::iter::repeat_n(last, rows - chunk.len())).flatten();
        let statement = Statement::generated(text.replace("{}", &list)).bind_all(values);
        found.extend(tx.all::<T>(statement).await?);
    }
    Ok(found)
}

fn texts<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<Vec<Value>> {
    keys.into_iter().map(|key| vec![Value::from(key)]).collect()
}

fireside_db::row! {
    struct UserRow {
        id: String,
        username: String,
        display_name: Option<String>,
        avatar: Option<String>,
        disabled_at: Option<i64>,
    }
}

async fn users(tx: &mut Tx, needs: &Needs, batch: &mut Batch) -> Result<(), Error> {
    const COLUMNS: &str = "id, username, display_name, avatar, disabled_at";
    let text = format!(
        "SELECT {COLUMNS} FROM users WHERE id IN (VALUES {{}}) \
         UNION SELECT {COLUMNS} FROM users WHERE username IN (VALUES {{}})"
    );
    for row in in_list::<UserRow>(tx, &text, 1, texts(needs.users.iter().map(String::as_str))).await? {
        let id = UserId::trusted(row.id);
        batch.usernames.insert(row.username.clone(), id.clone());
        let profile = Sender {
            id: id.clone(),
            username: row.username,
            display_name: row.display_name,
            avatar: row.avatar,
        };
        batch
            .users
            .insert(id, UserState { profile: Arc::new(profile), is_disabled: row.disabled_at.is_some() });
    }
    Ok(())
}

/// Where the messages live that are asked for.
pub(super) async fn message_rooms(tx: &mut Tx, needs: &Needs) -> Result<HashSet<MessageRoom>, Error> {
    let text = "SELECT id, room_id FROM messages WHERE id IN (VALUES {})";
    let keys = texts(needs.messages.iter().map(MessageId::as_str));
    let rows = in_list::<(String, String)>(tx, text, 1, keys).await?;
    let home = |(message, room): (String, String)| MessageRoom {
        message: MessageId::trusted(message),
        room: RoomId::trusted(room),
    };
    Ok(rows.into_iter().map(home).collect())
}

/// The conditions that find the rooms asked for, each with the rows that go into its lists.
pub(super) fn room_lookups(
    needs: &Needs,
    homes: &HashSet<MessageRoom>,
) -> [(&'static str, Vec<Vec<Value>>); 2] {
    let names: HashSet<&str> =
        needs.rooms.iter().map(String::as_str).chain(homes.iter().map(|home| home.room.as_str())).collect();
    [
        ("(id IN (VALUES {}) OR slug IN (VALUES {}))", texts(names)),
        ("pair_key IN (VALUES {})", texts(needs.pair_keys.iter().map(String::as_str))),
    ]
}

async fn rooms(
    tx: &mut Tx,
    needs: &Needs,
    homes: &HashSet<MessageRoom>,
    batch: &mut Batch,
) -> Result<(), Error> {
    // Ordered, so that two nodes lock in the same order. SQLite's one writer needs no lock.
    let lock = match tx.engine() {
        Engine::Postgres => " ORDER BY id FOR UPDATE",
        Engine::Sqlite => "",
    };
    for (condition, keys) in room_lookups(needs, homes) {
        let text = format!("SELECT {ROOM_COLUMNS} FROM rooms WHERE {condition} AND deleted_at IS NULL{lock}");
        for row in in_list::<RoomRow>(tx, &text, 1, keys).await? {
            let room = row.into_state();
            // An id wins over another room's slug of the same text.
            batch.room_names.insert(room.id.to_string(), room.id.clone());
            for name in [&room.slug, &room.pair_key].into_iter().flatten() {
                batch.room_names.entry(name.clone()).or_insert_with(|| room.id.clone());
            }
            batch.rooms.insert(room.id.clone(), Arc::new(room));
        }
    }
    Ok(())
}

async fn slugs(tx: &mut Tx, needs: &Needs, batch: &mut Batch) -> Result<(), Error> {
    for slug in &needs.slugs_like {
        let text = "SELECT slug FROM rooms WHERE slug = $1 OR (slug >= $2 AND slug < $3)";
        // `.` is the character after `-`, so this is the range of everything that begins with `slug-`.
        let range = (format!("{slug}-"), format!("{slug}."));
        let statement = fireside_db::sql(text).bind(slug).bind(range.0).bind(range.1);
        batch.slugs.extend(tx.all::<(String,)>(statement).await?.into_iter().map(|(slug,)| slug));
    }
    Ok(())
}

async fn members(
    tx: &mut Tx,
    needs: &Needs,
    homes: &HashSet<MessageRoom>,
    batch: &mut Batch,
) -> Result<(), Error> {
    let by_name = needs.members.iter().filter_map(|(room, user)| {
        let room = batch.room_names.get(room)?;
        let user = batch.user(user).map(|user| user.profile.id.to_string()).unwrap_or_else(|| user.clone());
        Some((room.to_string(), user))
    });
    let of_messages = needs.message_readers.iter().filter_map(|(message, user)| {
        let home = homes.iter().find(|home| home.message == *message)?;
        Some((home.room.to_string(), user.to_string()))
    });
    // Both people of a conversation: how far each has read is part of its messages.
    let of_pairs = batch.rooms.values().filter_map(|room| {
        let (one, other) = room.pair_key.as_deref()?.split_once(' ')?;
        Some([(room.id.to_string(), one.to_owned()), (room.id.to_string(), other.to_owned())])
    });
    let wanted: HashSet<_> = by_name.chain(of_messages).chain(of_pairs.flatten()).collect();
    let keys = wanted.into_iter().map(|(room, user)| vec![Value::from(room), Value::from(user)]).collect();
    let text = format!("SELECT {MEMBER_COLUMNS} FROM members WHERE (room_id, user_id) IN (VALUES {{}})");
    for row in in_list::<MemberRow>(tx, &text, 2, keys).await? {
        let key = (RoomId::trusted(row.room_id.as_str()), UserId::trusted(row.user_id.as_str()));
        batch.members.insert(key, row.into_state());
    }
    Ok(())
}

async fn memberships(tx: &mut Tx, needs: &Needs, batch: &mut Batch) -> Result<(), Error> {
    for name in &needs.memberships {
        let Some(user) = batch.user(name).map(|user| user.profile.id.clone()) else { continue };
        let text = "SELECT COUNT(*) FROM members m JOIN rooms r ON r.id = m.room_id \
                    WHERE m.user_id = $1 AND r.kind = 'room' AND r.deleted_at IS NULL";
        let (count,) = tx.one::<(i64,)>(fireside_db::sql(text).bind(user.as_str())).await?;
        batch.memberships.insert(user, count);
    }
    Ok(())
}

async fn messages(tx: &mut Tx, needs: &Needs, batch: &mut Batch) -> Result<(), Error> {
    let text = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages m LEFT JOIN users u ON u.id = m.sender_id WHERE m.id IN (VALUES {{}})"
    );
    let keys = texts(needs.messages.iter().map(MessageId::as_str));
    for row in in_list::<MessageRow>(tx, &text, 1, keys).await? {
        let message = row.into_state();
        batch.messages.insert(message.id.clone(), message);
    }
    Ok(())
}

async fn sent(tx: &mut Tx, needs: &Needs, batch: &mut Batch) -> Result<(), Error> {
    let keys = needs.sent.iter().filter_map(|(user, room, client_id)| {
        let room = batch.room_names.get(room)?;
        Some(vec![Value::from(user.as_str()), Value::from(room.as_str()), Value::from(client_id.as_str())])
    });
    let keys = keys.collect();
    let text = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages m LEFT JOIN users u ON u.id = m.sender_id \
         WHERE (m.sender_id, m.room_id, m.client_id) IN (VALUES {{}})"
    );
    for row in in_list::<MessageRow>(tx, &text, 3, keys).await? {
        let message = row.into_state();
        if let Some(client_id) = message.client_id.clone() {
            let key = (message.sender.id.clone(), message.room_id.clone(), client_id);
            batch.sent.insert(key, message.id.clone());
        }
        batch.messages.insert(message.id.clone(), message);
    }
    Ok(())
}

async fn repeats(tx: &mut Tx, needs: &Needs, batch: &mut Batch) -> Result<(), Error> {
    for repeat in &needs.repeats {
        let text =
            "SELECT digest, response FROM idempotency WHERE user_id = $1 AND operation = $2 AND key = $3";
        let statement = fireside_db::sql(text)
            .bind(repeat.user.as_str())
            .bind(repeat.operation)
            .bind(repeat.key.as_str());
        if let Some((digest, reference)) = tx.optional::<(i64, String)>(statement).await? {
            let key: (UserId, &'static str, ClientId) =
                (repeat.user.clone(), repeat.operation, repeat.key.clone());
            batch.repeats.insert(key, Done { digest, reference });
        }
    }
    Ok(())
}
