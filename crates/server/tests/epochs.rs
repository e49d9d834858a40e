//! Epochs follow the database: they are new when its server continues another past, and only then.

use std::time::Duration;

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Engine, sql};
use fireside_kernel::{Names, epochs};
use tokio::join;
use tokio::time::timeout;

const LINEAGE: &str = "database.lineage";

/// A user's stream, which has an epoch as rooms do.
async fn begin_stream(db: &Db) {
    db.run(sql("INSERT INTO user_streams (user_id, epoch, head_seq) VALUES ('ada', 'old', 7)"))
        .await
        .expect("a row");
}

async fn epoch(db: &Db) -> String {
    db.one::<(String,)>(sql("SELECT epoch FROM user_streams")).await.expect("the row").0
}

async fn noted(db: &Db) -> Option<String> {
    let statement = sql("SELECT value FROM settings WHERE key = $1").bind(LINEAGE);
    db.optional::<(String,)>(statement).await.expect("an answer").map(|(value,)| value)
}

/// As if another server had been there before.
async fn came_from_elsewhere(db: &Db) {
    let update = sql("UPDATE settings SET value = '6900000000000000000/00000001' WHERE key = $1");
    assert_eq!(db.run(update.bind(LINEAGE)).await, Ok(1));
}

#[tokio::test]
async fn what_another_server_wrote_gets_new_epochs_once() {
    let place = TestDatabase::on(Engine::Postgres).await;
    let (db, names) = (place.open().await, Names::random());
    begin_stream(&db).await;
    assert_eq!(epochs::follow(&db, &names).await, Ok(None), "an older version noted nothing");
    assert_eq!(epoch(&db).await, "old");
    assert_eq!(noted(&db).await.as_deref(), db.lineage());

    came_from_elsewhere(&db).await;
    // Two nodes at once, which begin anew: one of them does it.
    let nodes = [place.open().await, place.open().await];
    let (one, other) = join!(epochs::follow(&nodes[0], &names), epochs::follow(&nodes[1], &names));
    let renewed = [one.expect("an answer"), other.expect("an answer")];
    assert_eq!(
        renewed.iter().flatten().map(|renewed| renewed.streams).collect::<Vec<_>>(),
        [1],
        "{renewed:?}"
    );
    let new = epoch(&db).await;
    assert_ne!(new, "old");
    assert_eq!(epochs::follow(&place.open().await, &names).await, Ok(None));
    assert_eq!(epoch(&db).await, new);
    for node in nodes {
        assert!(still_belongs(&node).await, "both found the same past");
    }
    assert!(!still_belongs(&db).await, "the first one knows another past");
}

/// Whether a new connection is let in, or the process has to begin anew.
async fn still_belongs(db: &Db) -> bool {
    // It is on a connection of its own.
    match db.begin_long().await {
        Ok(tx) => {
            tx.rollback().await;
            true
        }
        Err(_) => {
            timeout(Duration::from_secs(5), db.superseded())
                .await
                .expect("it is said that it is another past");
            false
        }
    }
}

/// Two replicas of one server, each promoted without having seen the other: both are on the second timeline.
#[tokio::test]
async fn the_same_timeline_of_another_replica_is_another_past() {
    let place = TestDatabase::on(Engine::Postgres).await;
    let (db, names) = (place.open().await, Names::random());
    assert_eq!(epochs::follow(&db, &names).await, Ok(None));
    assert!(still_belongs(&db).await);
    let elsewhere = sql("UPDATE settings SET value = 'of the other replica' WHERE key = 'database.past'");
    assert_eq!(place.open().await.run(elsewhere).await, Ok(1));
    assert!(!still_belongs(&db).await);
}

#[tokio::test]
async fn what_an_operator_said_already_is_not_done_again() {
    let place = TestDatabase::on(Engine::Postgres).await;
    let (db, names) = (place.open().await, Names::random());
    epochs::follow(&db, &names).await.expect("an answer");
    came_from_elsewhere(&db).await;
    epochs::renew(&place.open().await, &names).await.expect("an answer");
    assert_eq!(epochs::follow(&place.open().await, &names).await, Ok(None));
    assert!(!still_belongs(&db).await, "whoever still runs begins anew");
}

#[tokio::test]
async fn a_file_is_its_own_past() {
    let place = TestDatabase::sqlite();
    let db = place.open().await;
    begin_stream(&db).await;
    assert_eq!(epochs::follow(&db, &Names::random()).await, Ok(None));
    assert_eq!((epoch(&db).await.as_str(), noted(&db).await), ("old", None));
}
