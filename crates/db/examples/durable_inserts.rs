//! Measures durable messages per second through this crate's interface: each transaction takes
//! the room's next positions, writes the messages and their events, and commits.
//!
//! `cargo run --release -p fireside-db --features testing --example durable_inserts`
//! The PostgreSQL server is `FIRESIDE_TEST_POSTGRES_URL`, or a throw-away one. An argument `sqlite`
//! or `postgres` measures that engine only.

use std::time::{Duration, Instant};

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Engine, Error, Statement, Tx, Value, batches, sql, values_list};

/// How long each case runs.
const CASE: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let only = std::env::args().nth(1);
    for (engine, name) in [(Engine::Sqlite, "sqlite"), (Engine::Postgres, "postgres")] {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let database = TestDatabase::on(engine).await;
        let db = database.open().await;
        for room in 0..8 {
            create_room(&db, room).await?;
        }
        for batch in [1, 10, 20, 128] {
            for writers in [1, 4] {
                measure(&db, batch, writers).await?;
            }
        }
        measure_reads(&db).await?;
        db.close().await;
    }
    Ok(())
}

async fn create_room(db: &Db, room: usize) -> Result<(), Error> {
    let insert = "INSERT INTO rooms (id, kind, name, is_private, created_by, created_at, modified_at, epoch,
            head_seq, member_count, last_at)
        VALUES ($1, 'room', $1, FALSE, 'nobody', 0, 0, 'epoch', 0, 0, 0)";
    db.run(sql(insert).bind(room_id(room))).await.map(drop)
}

fn room_id(room: usize) -> String {
    format!("01930000-0000-7000-8000-{room:012}")
}

/// Runs `writers` writers, each in a room of its own, committing `batch` messages at a time.
async fn measure(db: &Db, batch: usize, writers: usize) -> Result<(), Error> {
    let until = Instant::now() + CASE;
    let tasks: Vec<_> = (0..writers)
        .map(|room| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < until {
                    let start = Instant::now();
                    append(&db, &room_id(room), batch).await?;
                    times.push(start.elapsed());
                }
                Ok::<_, Error>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a writer does not panic")?);
    }
    times.sort();
    let per_second = (times.len() * batch) as f64 / CASE.as_secs_f64();
    println!(
        "{:?}: {batch:>3} messages a commit, {writers} writer(s): {per_second:>7.0} messages/s, p50 {:?}, p99 {:?}",
        db.engine(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
    );
    Ok(())
}

/// Appends a batch to a room, as the writer of its log does.
async fn append(db: &Db, room: &str, batch: usize) -> Result<(), Error> {
    let count = i64::try_from(batch).expect("a small number");
    let mut tx = db.begin().await?;
    let reserve = "UPDATE rooms SET head_seq = head_seq + $2, last_at = $3 WHERE id = $1 RETURNING head_seq";
    let (head,): (i64,) = tx.one(sql(reserve).bind(room).bind(count).bind(1_763_800_000_000_000)).await?;
    let mut messages = Vec::with_capacity(batch * 12);
    let mut events = Vec::with_capacity(batch * 6);
    for seq in head - count + 1..=head {
        let id = format!("{room}/{seq:012}");
        let sender = "01930000-0000-7000-9000-000000000001";
        let text =
            "A message of about a hundred characters, which is what people write when they write to others.";
        messages.extend([
            Value::from(id.as_str()),
            room.into(),
            seq.into(),
            seq.into(),
            sender.into(),
            text.into(),
            "text".into(),
            Value::Text(None),
            Value::from(format!("client-{seq:020}")),
            Value::from(seq),
            Value::from(1_763_800_000_000_000),
            Value::from(1_763_800_000_000_000),
        ]);
        events.extend([
            Value::from(room),
            seq.into(),
            "message:new".into(),
            sender.into(),
            id.into(),
            1_763_800_000_000_000.into(),
        ]);
    }
    let into_messages =
        "INSERT INTO messages (id, room_id, seq, rev, sender_id, content, type, metadata, client_id,
        client_digest, created_at, modified_at)";
    let into_events = "INSERT INTO room_events (room_id, seq, kind, actor_id, message_id, at)";
    insert(&mut tx, into_messages, 12, messages).await?;
    insert(&mut tx, into_events, 6, events).await?;
    tx.commit().await
}

async fn insert(tx: &mut Tx, into: &str, columns: usize, values: Vec<Value>) -> Result<(), Error> {
    let mut values = values.into_iter();
    for rows in batches(values.len() / columns) {
        let text = format!("{into} VALUES {}", values_list(rows, columns, 1));
        tx.run(Statement::generated(text).bind_all(values.by_ref().take(rows * columns))).await?;
    }
    Ok(())
}

/// Reads pages of history, four at a time.
async fn measure_reads(db: &Db) -> Result<(), Error> {
    let page = "SELECT id, seq, sender_id, content, type, created_at FROM messages
        WHERE room_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT 50";
    let until = Instant::now() + CASE;
    let tasks: Vec<_> = (0..4)
        .map(|reader: i64| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut pages = 0;
                while Instant::now() < until {
                    let before = 100 + (pages * 37 + reader * 11) % 10_000;
                    let rows: Vec<(String, i64, String, String, String, i64)> =
                        db.all(sql(page).bind(room_id(0)).bind(before)).await?;
                    assert_eq!(rows.len(), 50, "a full page");
                    pages += 1;
                }
                Ok::<_, Error>(pages)
            })
        })
        .collect();
    let mut pages = 0;
    for task in tasks {
        pages += task.await.expect("a reader does not panic")?;
    }
    println!("{:?}: {:.0} pages of 50/s", db.engine(), pages as f64 / CASE.as_secs_f64());
    Ok(())
}
