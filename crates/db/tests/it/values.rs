//! What is written is what is read, and what cannot be written is refused alike.

use fireside_db::testing::TestDatabase;
use fireside_db::{Engine, Error, Statement, Value, batches, row, sql, values_list};

crate::on_both_engines!(
    every_kind_of_value_comes_back,
    null_keeps_its_type,
    text_with_nul_is_refused,
    a_taken_value_names_its_constraint,
    names_sort_by_bytes,
    many_rows_go_in_at_once,
    a_statement_without_its_row_is_a_mistake,
    a_wrong_statement_tells_the_log_and_not_the_caller,
    likely_sql_means_the_same,
);

row! {
    /// Every kind of column.
    #[derive(Debug, PartialEq)]
    struct Room {
        id: String,
        name: String,
        description: Option<String>,
        is_private: bool,
        head_seq: i64,
        deleted_at: Option<i64>,
    }
}

const ROOM: &str =
    "INSERT INTO rooms (id, kind, name, description, is_private, created_by, created_at, modified_at,
        deleted_at, epoch, head_seq, member_count, last_at)
    VALUES ($1, 'room', $2, $3, $4, 'u', 1, 1, $5, 'e', $6, 0, 1)";

fn room(id: &str, name: &str) -> Statement {
    let none: Option<&str> = None;
    sql(ROOM).bind(id).bind(name).bind(none).bind(false).bind(None::<i64>).bind(0)
}

fn read_room(id: &str) -> Statement {
    sql("SELECT id, name, description, is_private, head_seq, deleted_at FROM rooms WHERE id = $1").bind(id)
}

async fn every_kind_of_value_comes_back(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    let name = "Füße, 日本語, 👩‍👩‍👧, عربى, e\u{301}, '\"\\ \u{1}\u{fffd}\u{10ffff}";
    for (id, is_private, number) in [("a", true, i64::MAX), ("b", false, i64::MIN), ("c", true, 0)] {
        let statement = sql(ROOM)
            .bind(id)
            .bind(name.to_owned())
            .bind(Some(name.to_owned()))
            .bind(is_private)
            .bind(Some(number))
            .bind(number);
        assert_eq!(db.run(statement).await, Ok(1));
        let expected = Room {
            id: id.to_owned(),
            name: name.to_owned(),
            description: Some(name.to_owned()),
            is_private,
            head_seq: number,
            deleted_at: Some(number),
        };
        assert_eq!(db.one::<Room>(read_room(id)).await, Ok(expected));
    }
    let private = sql("SELECT id FROM rooms WHERE is_private = $1 ORDER BY id").bind(true);
    assert_eq!(db.all::<(String,)>(private).await, Ok(vec![("a".to_owned(),), ("c".to_owned(),)]));
}

async fn null_keeps_its_type(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    // NULL first, a value afterwards: the same prepared statement must serve both.
    let none: Option<String> = None;
    let first = sql(ROOM).bind("a").bind("n").bind(none).bind(false).bind(None::<i64>).bind(1);
    let second = sql(ROOM).bind("b").bind("n").bind(Some("d")).bind(false).bind(Some(7)).bind(2);
    db.run(first).await.expect("NULLs");
    db.run(second).await.expect("values");
    let a: Room = db.one(read_room("a")).await.expect("the first");
    assert_eq!((a.description, a.deleted_at), (None, None));
    let b: Room = db.one(read_room("b")).await.expect("the second");
    assert_eq!((b.description.as_deref(), b.deleted_at), (Some("d"), Some(7)));
    let missing = db.optional::<Room>(read_room("nobody")).await;
    assert_eq!(missing, Ok(None));
}

async fn text_with_nul_is_refused(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    assert_eq!(db.run(room("a", "before\0after")).await, Err(Error::NulInText));
    assert_eq!(db.optional::<Room>(read_room("a\0")).await, Err(Error::NulInText));
    let mut tx = db.begin().await.expect("a transaction");
    assert_eq!(tx.run(room("a", "before\0after")).await, Err(Error::NulInText));
    drop(tx);
    assert_eq!(db.run(room("a", "whole")).await, Ok(1), "the connections are in order");
}

async fn a_taken_value_names_its_constraint(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    let user = |id: &str, name: &str| {
        sql("INSERT INTO users (id, username, kind, role, origin, created_at, modified_at)
             VALUES ($1, $2, 'person', 'member', 'local', 1, 1)")
        .bind(id)
        .bind(name)
    };
    let message = |id: &str, seq: i64, client: &str| {
        sql("INSERT INTO messages (id, room_id, seq, rev, sender_id, content, type, client_id, created_at, modified_at)
             VALUES ($1, 'r', $2, $2, 's', '', 'text', $3, 1, 1)")
        .bind(id)
        .bind(seq)
        .bind(client)
    };
    let taken = |constraint: &str| Err(Error::Unique { constraint: constraint.to_owned() });
    assert_eq!(db.run(user("1", "ann")).await, Ok(1));
    assert_eq!(db.run(user("1", "bob")).await, taken("users_pkey"));
    assert_eq!(db.run(user("2", "ann")).await, taken("users_username_key"));
    assert_eq!(db.run(message("1", 1, "c1")).await, Ok(1));
    assert_eq!(db.run(message("2", 1, "c2")).await, taken("messages_room_id_seq_key"));
    assert_eq!(db.run(message("2", 2, "c1")).await, taken("messages_sender_id_room_id_client_id_key"));
    let event =
        || sql("INSERT INTO room_events (room_id, seq, kind, actor_id, at) VALUES ('r', 1, 'k', 'a', 1)");
    assert_eq!(db.run(event()).await, Ok(1));
    assert_eq!(db.run(event()).await, taken("room_events_pkey"));
    // A rule that is not about uniqueness is our mistake, not a taken value.
    let orphan =
        sql("INSERT INTO credentials (user_id, password_hash, changed_at) VALUES ('nobody', 'h', 1)");
    assert!(matches!(db.run(orphan).await, Err(Error::Internal(_))), "a foreign key is enforced");
    let badly = sql("INSERT INTO users (id, username, kind, role, origin, created_at, modified_at)
        VALUES ('3', 'eve', 'alien', 'member', 'local', 1, 1)");
    assert!(matches!(db.run(badly).await, Err(Error::Internal(_))), "a CHECK is enforced");
}

async fn names_sort_by_bytes(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    for (id, name) in ["é", "b", "_", "a1", "B", "a", "z", "a_", "ab"].iter().enumerate() {
        let statement = "INSERT INTO users (id, username, kind, role, origin, created_at, modified_at)
            VALUES ($1, $2, 'person', 'member', 'local', 1, 1)";
        db.run(sql(statement).bind(id.to_string()).bind(*name)).await.expect("a user");
    }
    let names = |statement| async {
        let rows: Vec<(String,)> = db.all(statement).await.expect("names");
        rows.into_iter().map(|(name,)| name).collect::<Vec<_>>()
    };
    let all = names(sql("SELECT username FROM users ORDER BY username")).await;
    assert_eq!(all, ["B", "_", "a", "a1", "a_", "ab", "b", "z", "é"]);
    let prefix = sql("SELECT username FROM users WHERE username >= $1 AND username < $2 ORDER BY username");
    assert_eq!(names(prefix.bind("a").bind("b")).await, ["a", "a1", "a_", "ab"]);
}

async fn many_rows_go_in_at_once(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    let mut expected = 0;
    for (round, size) in [0, 1, 2, 3, 20, 127, 128, 129, 300].into_iter().enumerate() {
        let mut keys = 0..size;
        let mut tx = db.begin().await.expect("a transaction");
        for rows in batches(size) {
            let list = values_list(rows, 2, 1);
            let text =
                format!("INSERT INTO settings (key, value) VALUES {list} ON CONFLICT (key) DO NOTHING");
            let values =
                keys.by_ref().take(rows).flat_map(|key| [format!("{round}-{key:04}"), format!("'{key}'")]);
            let statement = Statement::generated(text).bind_all(values.map(Value::from));
            assert_eq!(tx.run(statement).await, Ok(rows as u64));
        }
        tx.commit().await.expect("a commit");
        expected += i64::try_from(size).expect("a small number");
    }
    let value = sql("SELECT value FROM settings WHERE key = $1").bind("8-0299");
    assert_eq!(db.one::<(String,)>(value).await, Ok(("'299'".to_owned(),)), "each row has its own values");
    let (count,): (i64,) = db.one(sql("SELECT COUNT(*) FROM settings")).await.expect("a count");
    assert_eq!(count, expected);
    // The list inside another statement, with a placeholder after it.
    let list = format!(
        "WITH given (key, value) AS (VALUES {}) UPDATE settings SET value = given.value FROM given
         WHERE settings.key = given.key AND settings.key <> $5 RETURNING settings.key, settings.value",
        values_list(2, 2, 1)
    );
    let mut tx = db.begin().await.expect("a transaction");
    let statement = Statement::generated(list).bind("1-0000").bind("x").bind("3-0001").bind("y").bind("no");
    let mut rows: Vec<(String, String)> = tx.all(statement).await.expect("updated rows");
    rows.sort();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(rows, [pair("1-0000", "x"), pair("3-0001", "y")]);
    tx.commit().await.expect("a commit");
}

async fn a_statement_without_its_row_is_a_mistake(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    assert!(matches!(db.one::<Room>(read_room("nobody")).await, Err(Error::Internal(_))));
    let returning = |key: &str| {
        sql("INSERT INTO settings (key, value) VALUES ($1, '1') ON CONFLICT (key) DO NOTHING RETURNING value")
            .bind(key)
    };
    assert_eq!(db.write_optional::<(String,)>(returning("k")).await, Ok(Some(("1".to_owned(),))));
    assert_eq!(db.write_optional::<(String,)>(returning("k")).await, Ok(None));
}

async fn a_wrong_statement_tells_the_log_and_not_the_caller(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    for error in [
        db.run(sql("UPDATE no_such_table SET secret = 1")).await.expect_err("no such table"),
        db.all::<(i64,)>(sql("SELECT key FROM settings WHERE 1 = 1 UNION ALL SELECT 'text'"))
            .await
            .expect_err("a text is not a number"),
    ] {
        assert_ne!(error, Error::Unavailable);
        let shown = error.to_string();
        assert!(!shown.contains("no_such_table") && !shown.contains("key"), "{shown}");
    }
    let written =
        db.all::<(i64,)>(sql("INSERT INTO settings (key, value) VALUES ('k', 'v') RETURNING 1")).await;
    assert!(written.is_err(), "a read does not write");
    let (count,): (i64,) = db.one(sql("SELECT COUNT(*) FROM settings")).await.expect("a count");
    assert_eq!(count, 0);
}

async fn likely_sql_means_the_same(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    let upsert = "INSERT INTO settings (key, value) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value RETURNING value";
    for value in ["1", "2"] {
        let got: Option<(String,)> =
            db.write_optional(sql(upsert).bind("k").bind(value)).await.expect("an upsert");
        assert_eq!(got, Some((value.to_owned(),)));
    }
    let (sum, any, both): (i64, bool, String) = db
        .one(
            sql("SELECT CAST(COALESCE(SUM(LENGTH(value)), 0) AS BIGINT), EXISTS (SELECT 1 FROM settings), $1 || $2
                 FROM settings")
            .bind("a")
            .bind("b"),
        )
        .await
        .expect("expressions");
    assert_eq!((sum, any, both.as_str()), (1, true, "ab"));
    for key in ["100%", "100x"] {
        db.run(sql("INSERT INTO settings (key, value) VALUES ($1, 'v')").bind(key)).await.expect("a row");
    }
    let like = |pattern: &str| {
        sql("SELECT key FROM settings WHERE key LIKE $1 ESCAPE '!' LIMIT $2").bind(pattern).bind(10)
    };
    assert_eq!(db.all::<(String,)>(like("100!%")).await, Ok(vec![("100%".to_owned(),)]));
    assert_eq!(db.all::<(String,)>(like("100%")).await.map(|rows| rows.len()), Ok(2));
}

#[test]
fn batches_add_up_and_have_few_sizes() {
    for rows in 0..1000 {
        let sizes: Vec<usize> = batches(rows).collect();
        assert_eq!(sizes.iter().sum::<usize>(), rows);
        assert!(sizes.iter().all(|size| size.is_power_of_two() && *size <= 128), "{sizes:?}");
    }
    assert_eq!(batches(300).collect::<Vec<_>>(), [128, 128, 32, 8, 4]);
    assert_eq!(values_list(2, 2, 3), "($3,$4),($5,$6)");
}
