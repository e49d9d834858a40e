//! Many at once: nothing lost, nothing leaked, no one waits for ever.

use std::time::{Duration, Instant};

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Engine, Error, sql};

crate::on_both_engines!(
    counting_loses_nothing,
    readers_do_not_wait_for_the_writer,
    the_deadline_holds_when_connections_run_out,
);

async fn counting_loses_nothing(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    db.run(sql("INSERT INTO invites (code_hash, created_by, created_at, expires_at, uses_left) VALUES ('c', 'u', 1, 1, 0)"))
        .await
        .expect("a row");
    let increment = |db: Db| async move {
        for round in 0..20 {
            let mut tx = db.begin().await?;
            let update =
                "UPDATE invites SET uses_left = uses_left + 1 WHERE code_hash = $1 RETURNING uses_left";
            let _count: (i64,) = tx.one(sql(update).bind("c")).await?;
            // Every fifth changes its mind.
            if round % 5 == 4 { tx.rollback().await } else { tx.commit().await? }
        }
        Ok::<_, Error>(())
    };
    let tasks: Vec<_> = (0..32).map(|_| tokio::spawn(increment(db.clone()))).collect();
    for task in tasks {
        task.await.expect("no panic").expect("no error");
    }
    let (count,): (i64,) = db.one(sql("SELECT uses_left FROM invites")).await.expect("the count");
    assert_eq!(count, 32 * 16);
    let stats = db.stats();
    assert_eq!((stats.write.in_use, stats.write.waiting, stats.write.discarded), (0, 0, 0), "{stats:?}");
    assert!(stats.write.idle <= stats.write.limit);
}

async fn readers_do_not_wait_for_the_writer(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    let mut tx = db.begin().await.expect("a transaction");
    tx.run(sql("INSERT INTO settings (key, value) VALUES ('k', 'v')")).await.expect("a row");
    let reads = (0..40).map(|_| {
        let db = db.clone();
        tokio::spawn(async move { db.one::<(i64,)>(sql("SELECT COUNT(*) FROM settings")).await })
    });
    for read in reads.collect::<Vec<_>>() {
        assert_eq!(read.await.expect("no panic"), Ok((0,)));
    }
    tx.commit().await.expect("a commit");
    assert_eq!(db.one(sql("SELECT COUNT(*) FROM settings")).await, Ok((1_i64,)));
}

async fn the_deadline_holds_when_connections_run_out(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let mut options = database.options();
    options.write_connections = 1;
    options.deadline = Duration::from_millis(400);
    let db = database.open_with(&options).await;
    let tx = db.begin().await.expect("a transaction");
    let start = Instant::now();
    let refused = db.run(sql("INSERT INTO settings (key, value) VALUES ('k', 'v')")).await;
    assert_eq!(refused, Err(Error::Timeout), "definite: it was never sent");
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    drop(tx);
    let kept = db.run(sql("INSERT INTO settings (key, value) VALUES ('k', 'v')")).await;
    assert_eq!(kept, Ok(1));
}
