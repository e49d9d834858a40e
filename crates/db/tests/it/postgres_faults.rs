//! PostgreSQL frozen, killed, restarted, cut off: every call ends in time and says the truth, and
//! service returns by itself.

use std::time::{Duration, Instant};

use fireside_db::testing::{PostgresServer, TestDatabase};
use fireside_db::{Db, Error, Options, Statement, sql};
use tokio::time::timeout;

use crate::proxy::Proxy;

const DEADLINE: Duration = Duration::from_secs(1);
/// For what is not the database's doing, on a busy machine.
const SLACK: Duration = Duration::from_secs(1);
/// Service is back this long after the server is. Two seconds, and the slack of a busy machine.
const BACK: Duration = Duration::from_secs(3);

fn put(key: &str) -> Statement {
    sql("INSERT INTO settings (key, value) VALUES ($1, 'v')").bind(key)
}

/// A server of its own and a migrated database on it.
async fn own_server() -> (PostgresServer, Options, Db) {
    let server = PostgresServer::start().await.expect("a PostgreSQL server");
    let mut options = Options::new(server.url("postgres").parse().expect("a URL"));
    options.deadline = DEADLINE;
    let db = Db::open(&options).await.expect("it opens");
    db.migrate().await.expect("it migrates");
    (server, options, db)
}

/// Repeats a write until it succeeds, and returns how long that took.
async fn until_it_works(db: &Db, key: &str) -> Duration {
    let start = Instant::now();
    loop {
        match db.run(put(key)).await {
            Ok(_) => return start.elapsed(),
            // A try before may have been written without our getting to know.
            Err(Error::Unique { .. }) => return start.elapsed(),
            Err(error) => {
                assert!(start.elapsed() < Duration::from_secs(20), "it does not come back: {error}")
            }
        }
    }
}

#[tokio::test]
async fn a_frozen_server_costs_no_more_than_the_deadline() {
    let (server, _, db) = own_server().await;
    let mut held = db.begin().await.expect("a transaction");
    held.run(put("held")).await.expect("a row");
    server.freeze().expect("it is running");
    let calls: Vec<_> = (0..40)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                let start = Instant::now();
                let error = match number % 3 {
                    0 => db.ping().await.expect_err("it is frozen"),
                    1 => db.run(put(&number.to_string())).await.expect_err("it is frozen"),
                    _ => db.begin().await.err().expect("it is frozen"),
                };
                (start.elapsed(), error)
            })
        })
        .collect();
    let start = Instant::now();
    let error = held.commit().await.expect_err("it is frozen");
    assert_eq!(error, Error::Indeterminate, "COMMIT was sent");
    assert!(start.elapsed() < DEADLINE + SLACK, "{:?}", start.elapsed());
    for call in calls {
        let (took, error) = call.await.expect("no panic");
        assert!(took < DEADLINE + SLACK, "{took:?}");
        assert!(matches!(error, Error::Timeout | Error::Indeterminate), "{error:?}");
    }
    server.thaw().expect("it is running");
    let back = until_it_works(&db, "after").await;
    assert!(back < BACK, "{back:?}");
    assert_eq!(db.ping().await, Ok(()));
    let stats = db.stats();
    assert_eq!((stats.read.in_use, stats.write.in_use), (0, 0), "no connection is lost: {stats:?}");
}

#[tokio::test]
async fn a_restart_heals_without_ours() {
    let (server, _, db) = own_server().await;
    db.run(put("before")).await.expect("a row");
    server.stop().await.expect("it stops");
    // The first goes out on a connection that was in order a moment ago.
    assert!(matches!(db.run(put("during")).await, Err(Error::Indeterminate | Error::Unavailable)));
    let start = Instant::now();
    assert_eq!(db.run(put("during")).await, Err(Error::Unavailable), "definite: it was never sent");
    assert!(start.elapsed() < DEADLINE + SLACK, "{:?}", start.elapsed());
    server.start_again().await.expect("it starts");
    let back = until_it_works(&db, "after").await;
    assert!(back < BACK, "{back:?}");

    let mut tx = db.begin().await.expect("a transaction");
    tx.run(put("lost")).await.expect("a row");
    server.kill().await.expect("it is killed");
    assert_eq!(tx.commit().await, Err(Error::Indeterminate));
    server.start_again().await.expect("it starts");
    let back = until_it_works(&db, "again").await;
    assert!(back < BACK, "{back:?}");
    let keys: Vec<(String,)> = db.all(sql("SELECT key FROM settings ORDER BY key")).await.expect("keys");
    let keys: Vec<&str> = keys.iter().map(|(key,)| key.as_str()).collect();
    assert_eq!(keys, ["after", "again", "before"], "acknowledged rows are there, the others are not");
}

#[tokio::test]
async fn terminated_connections_are_replaced_unnoticed() {
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    let terminate = || {
        sql("SELECT CAST(COUNT(pg_terminate_backend(pid)) AS BIGINT) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
    };
    // Several of each kind.
    let begun = [db.begin().await, db.begin().await, db.begin().await];
    drop(begun);
    let reads: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let db = db.clone();
                async move { db.ping().await }
            })
        })
        .collect();
    for read in reads {
        assert_eq!(read.await.expect("no panic"), Ok(()));
    }
    let other = Db::open(&database.options()).await.expect("another node");
    let (ended,): (i64,) = other.one(terminate()).await.expect("an administrator");
    assert!(ended >= 4, "{ended}");
    for _ in 0..4 {
        assert_eq!(db.ping().await, Ok(()), "a read is repeated");
        let mut tx = db.begin().await.expect("a transaction begins on a new connection");
        tx.run(sql("UPDATE settings SET value = 'x'")).await.expect("and works");
        tx.commit().await.expect("to the end");
    }
    let stats = db.stats();
    assert!(stats.write.discarded >= 1 && stats.read.discarded >= 1, "{stats:?}");
    assert_eq!((stats.read.in_use, stats.write.in_use), (0, 0), "{stats:?}");
}

#[tokio::test]
async fn an_answer_to_commit_that_is_lost_is_told_as_such() {
    let (server, _, _) = own_server().await;
    let proxy = Proxy::to(server.port()).await;
    let url = format!("postgres://fireside@127.0.0.1:{}/postgres", proxy.port);
    let mut options = Options::new(url.parse().expect("a URL"));
    options.deadline = DEADLINE;
    let db = Db::open(&options).await.expect("it opens");
    let mut tx = db.begin().await.expect("a transaction");
    tx.run(put("committed")).await.expect("a row");
    proxy.swallow_answers(true);
    assert_eq!(tx.commit().await, Err(Error::Indeterminate));
    proxy.swallow_answers(false);

    db.ping().await.expect("a new connection");
    let mut tx = db.begin().await.expect("a transaction");
    proxy.swallow_answers(true);
    assert_eq!(tx.run(put("uncommitted")).await, Err(Error::Timeout), "definite: COMMIT was never sent");
    drop(tx);
    assert_eq!(
        db.run(put("single")).await,
        Err(Error::Timeout),
        "definite: there was no connection to send it on"
    );
    proxy.swallow_answers(false);

    let keys: Vec<(String,)> = db.all(sql("SELECT key FROM settings ORDER BY key")).await.expect("keys");
    assert_eq!(keys, [("committed".to_owned(),)]);
}

#[tokio::test]
async fn waiting_behind_a_lock_ends_in_time_and_keeps_the_connection() {
    let database = TestDatabase::postgres().await;
    let mut options = database.options();
    options.deadline = 3 * DEADLINE;
    let db = database.open_with(&options).await;
    db.run(put("row")).await.expect("a row");
    let update = || sql("UPDATE settings SET value = 'x' WHERE key = 'row'");
    let mut holder = db.begin().await.expect("a transaction");
    holder.run(update()).await.expect("the lock");
    let start = Instant::now();
    let mut waiter = db.begin().await.expect("a transaction");
    assert_eq!(waiter.run(update()).await, Err(Error::Locked));
    assert!(start.elapsed() < 3 * DEADLINE, "{:?}", start.elapsed());
    waiter.rollback().await;
    assert_eq!(db.stats().write.discarded, 0, "the server gave up before we did");
    holder.commit().await.expect("the holder is not affected");
}

#[tokio::test]
async fn a_transaction_says_how_long_it_waits_for_a_lock() {
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    db.run(put("row")).await.expect("a row");
    let update = || sql("UPDATE settings SET value = 'x' WHERE key = 'row'");
    let mut holder = db.begin().await.expect("a transaction");
    holder.run(update()).await.expect("the lock");
    let mut waiter = db.begin_waiting(Duration::from_millis(10)).await.expect("a transaction");
    assert_eq!(waiter.run(update()).await, Err(Error::Locked));
    waiter.rollback().await;
    let limit = sql("SELECT current_setting('lock_timeout')");
    let mut next = db.begin().await.expect("a transaction");
    let (limit,): (String,) = next.one(limit).await.expect("the setting");
    assert_ne!(limit, "10ms", "it was only for that transaction");
    holder.commit().await.expect("the holder is not affected");
}

#[tokio::test]
async fn deadlocks_may_be_tried_again() {
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    for key in ["a", "b"] {
        db.run(put(key)).await.expect("a row");
    }
    let update = |key: &str| sql("UPDATE settings SET value = 'x' WHERE key = $1").bind(key);
    let mut first = db.begin().await.expect("a transaction");
    let mut second = db.begin().await.expect("a transaction");
    first.run(update("a")).await.expect("a lock");
    second.run(update("b")).await.expect("a lock");
    let (one, other) = tokio::join!(first.run(update("b")), second.run(update("a")));
    let outcomes = [one, other];
    assert!(outcomes.contains(&Err(Error::Retry)) && outcomes.contains(&Ok(1)), "{outcomes:?}");
}

#[tokio::test]
async fn what_loses_is_done_again_three_times_at_most() {
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    db.run(sql("CREATE SEQUENCE tries")).await.expect("a sequence");
    // What a sequence has counted stays counted when the transaction is rolled back.
    let loses = |until: i64| {
        Statement::generated(format!(
            "DO $$ BEGIN IF nextval('tries') < {until} THEN \
             RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END IF; END $$"
        ))
    };
    let transact = |statement: Statement| {
        let db = db.clone();
        async move {
            let mut tx = db.begin().await?;
            tx.run(statement).await?;
            tx.commit().await
        }
    };
    db.run(loses(4)).await.expect("the fourth time it does not lose");
    fireside_db::retried(|| transact(loses(8))).await.expect("the fourth time it does not lose");
    assert_eq!(fireside_db::retried(|| transact(loses(100))).await, Err(Error::Retry));
    let (tries,): (i64,) = db.one(sql("SELECT last_value FROM tries")).await.expect("a count");
    assert_eq!((tries, db.stats().write.lost_races), (12, 10));
}

#[tokio::test]
async fn what_the_server_says_is_understood() {
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    let raise = |code: &str| {
        Statement::generated(format!(
            "DO $$ BEGIN RAISE EXCEPTION 'secret text' USING ERRCODE = '{code}'; END $$"
        ))
    };
    for (code, expected) in [
        ("40001", Error::Retry),
        ("40P01", Error::Retry),
        ("55P03", Error::Locked),
        ("57014", Error::Timeout),
        ("53100", Error::Full),
        ("53200", Error::Unavailable),
        ("57P03", Error::Unavailable),
        ("58030", Error::Unavailable),
        ("25006", Error::Unavailable),
        ("40003", Error::Indeterminate),
    ] {
        let error = db.run(raise(code)).await.expect_err("it was raised");
        assert_eq!(error, expected, "{code}");
        assert!(!error.to_string().contains("secret"));
    }
    let error = db.run(raise("22012")).await.expect_err("it was raised");
    assert!(matches!(&error, Error::Internal(text) if text.contains("22012")), "{error:?}");
    assert!(!error.to_string().contains("secret"), "not for the caller");
}

#[tokio::test]
async fn a_promoted_replica_is_another_past_and_a_restart_is_not() {
    let (server, _, direct) = own_server().await;
    let replica = server.replica(server.port()).await.expect("a replica");
    let proxy = Proxy::to(server.port()).await;
    let url = format!("postgres://fireside@127.0.0.1:{}/postgres", proxy.port);
    let mut options = Options::new(url.parse().expect("a URL"));
    options.deadline = DEADLINE;
    let db = Db::open(&options).await.expect("it opens");
    assert_eq!((db.lineage(), db.lineage().is_some()), (direct.lineage(), true));

    server.kill().await.expect("it was running");
    server.start_again().await.expect("it starts");
    until_it_works(&db, "after a restart").await;
    assert!(timeout(Duration::ZERO, db.superseded()).await.is_err(), "the same past");

    server.kill().await.expect("it was running");
    replica.promote().await.expect("it follows no more");
    proxy.lead_to(replica.port());
    let superseded = async {
        while db.run(put("never")).await != Err(Error::Unavailable) {}
        db.superseded().await;
    };
    timeout(BACK, superseded).await.expect("it is noticed");
    assert_eq!(db.run(put("never")).await, Err(Error::Unavailable), "nothing is written there");
    assert_eq!(db.ping().await, Err(Error::Unavailable), "nor read");
    let anew = Db::open(&options).await.expect("who begins anew may use it");
    assert_ne!(anew.lineage(), db.lineage());
    anew.run(put("anew")).await.expect("a row");
    let rows: Vec<(String,)> =
        anew.all(sql("SELECT key FROM settings WHERE key = 'never'")).await.expect("rows");
    assert!(rows.is_empty());
}
