//! All or nothing, whatever becomes of the caller.

use std::time::Duration;

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Engine, Error, sql};

crate::on_both_engines!(
    committed_is_there,
    dropped_is_undone,
    rolled_back_is_undone,
    after_an_error_nothing_is_committed,
    an_abandoned_call_gives_the_connection_up,
    an_abandoned_transaction_waits_for_nobody,
    closed_means_closed,
);

async fn put(db: &Db, key: &str) -> Result<u64, Error> {
    db.run(sql("INSERT INTO settings (key, value) VALUES ($1, 'v')").bind(key)).await
}

async fn keys(db: &Db) -> Vec<String> {
    let rows: Vec<(String,)> = db.all(sql("SELECT key FROM settings ORDER BY key")).await.expect("keys");
    rows.into_iter().map(|(key,)| key).collect()
}

async fn committed_is_there(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    let mut tx = db.begin().await.expect("a transaction");
    assert_eq!(tx.engine(), engine);
    for key in ["a", "b"] {
        tx.run(sql("INSERT INTO settings (key, value) VALUES ($1, 'v')").bind(key)).await.expect("a row");
    }
    let seen: Vec<(String,)> = tx.all(sql("SELECT key FROM settings ORDER BY key")).await.expect("own rows");
    assert_eq!(seen.len(), 2, "it sees its own writes");
    assert!(keys(&db).await.is_empty(), "nobody else does");
    tx.commit().await.expect("a commit");
    assert_eq!(keys(&db).await, ["a", "b"]);
}

async fn dropped_is_undone(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    for _ in 0..20 {
        let mut tx = db.begin().await.expect("a transaction");
        tx.run(sql("INSERT INTO settings (key, value) VALUES ('k', 'v')")).await.expect("a row");
        drop(tx);
    }
    assert_eq!(put(&db, "k").await, Ok(1));
    let stats = db.stats().write;
    assert_eq!((stats.in_use, stats.discarded), (0, 0), "the connections came back: {stats:?}");
}

async fn rolled_back_is_undone(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    let mut tx = db.begin().await.expect("a transaction");
    tx.run(sql("INSERT INTO settings (key, value) VALUES ('k', 'v')")).await.expect("a row");
    tx.rollback().await;
    assert!(keys(&db).await.is_empty());
    assert_eq!(db.stats().write.in_use, 0, "the connection is back when the call returns");
}

async fn after_an_error_nothing_is_committed(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    put(&db, "taken").await.expect("a row");
    let insert = |key: &str| sql("INSERT INTO settings (key, value) VALUES ($1, 'v')").bind(key);
    let mut tx = db.begin().await.expect("a transaction");
    tx.run(insert("new")).await.expect("a row");
    assert!(matches!(tx.run(insert("taken")).await, Err(Error::Unique { .. })));
    assert!(tx.run(insert("other")).await.is_err(), "not usable any more");
    assert!(matches!(tx.commit().await, Err(Error::Internal(_))), "PostgreSQL alone would have said yes");
    assert_eq!(keys(&db).await, ["taken"]);
    assert_eq!(put(&db, "new").await, Ok(1));
}

/// A statement that takes longer than anyone waits here.
fn long(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000000) SELECT COUNT(*) FROM n"
        }
        Engine::Postgres => "SELECT CAST(1 AS BIGINT) FROM pg_sleep(60)",
    }
}

async fn an_abandoned_call_gives_the_connection_up(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let mut options = database.options();
    options.read_connections = 1;
    let db = database.open_with(&options).await;
    // Opened before the first call is abandoned: an abandoned opening is not what is counted here.
    db.ping().await.expect("there is a connection");
    for _ in 0..3 {
        let call = tokio::spawn({
            let db = db.clone();
            async move { db.all::<(i64,)>(sql(long(engine))).await }
        });
        // Abandoned while it has the connection, not while it waits for one.
        while db.stats().read.in_use == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        call.abort();
        call.await.expect_err("it takes longer");
        let (one,): (i64,) = db.one(sql("SELECT CAST(1 AS BIGINT)")).await.expect("there is a connection");
        assert_eq!(one, 1, "and the answer is to this question");
    }
    assert_eq!(db.stats().read.discarded, 3);
}

async fn an_abandoned_transaction_waits_for_nobody(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let mut options = database.options();
    options.write_connections = 1;
    let db = database.open_with(&options).await;
    let mut tx = db.begin().await.expect("a transaction");
    tx.run(sql("INSERT INTO settings (key, value) VALUES ('k', 'v')")).await.expect("a row");
    let waiting = tokio::spawn({
        let db = db.clone();
        async move { put(&db, "k").await }
    });
    while db.stats().write.waiting == 0 {
        tokio::task::yield_now().await;
    }
    drop(tx);
    assert_eq!(waiting.await.expect("no panic"), Ok(1));
}

async fn closed_means_closed(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    put(&db, "k").await.expect("a row");
    let tx = db.begin().await.expect("a transaction");
    let closing = tokio::spawn({
        let db = db.clone();
        async move { db.close().await }
    });
    tokio::task::yield_now().await;
    tx.commit().await.expect("what is running may end");
    closing.await.expect("no panic");
    assert_eq!(put(&db, "l").await, Err(Error::Unavailable));
    assert_eq!(db.ping().await, Err(Error::Unavailable));
    let again = database.open().await;
    assert_eq!(keys(&again).await, ["k"], "opened anew while the closed one is still around");
    db.close().await;
}
