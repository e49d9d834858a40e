//! The schema goes forward, once, and never under a program that is too old for it.

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Engine, OpenError, sql};

crate::on_both_engines!(
    a_second_migration_finds_nothing_to_do,
    migrations_at_the_same_time_are_one,
    a_newer_schema_is_refused,
    a_changed_step_is_refused,
);

/// A file that no step names would be missed by nobody until a statement needs its table.
#[test]
fn every_file_is_a_step() {
    let steps = include_str!("../../src/migrate.rs");
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("the directory");
    for file in files {
        let name = file.expect("a file").file_name().into_string().expect("a plain name");
        assert!(steps.contains(&format!("migrations/{name}")), "{name} is in no step");
    }
}

async fn a_second_migration_finds_nothing_to_do(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = Db::open(&database.options()).await.expect("it opens");
    // The PostgreSQL template is migrated already.
    let first = db.migrate().await.expect("it migrates");
    let second = db.migrate().await.expect("it migrates again");
    assert_eq!((second.from, second.steps), (Some(first.to), 0));
}

async fn migrations_at_the_same_time_are_one(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = Db::open(&database.options()).await.expect("it opens");
    if engine == Engine::Postgres {
        for table in [
            "_sqlx_migrations",
            "users",
            "credentials",
            "sessions",
            "refresh_tokens",
            "invites",
            "settings",
            "rooms",
            "members",
            "messages",
            "room_events",
            "idempotency",
            "mentions",
            "user_streams",
            "user_changes",
            "nodes",
        ] {
            let drop = fireside_db::Statement::generated(format!("DROP TABLE {table} CASCADE"));
            db.run(drop).await.expect("an empty database");
        }
    }
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { db.migrate().await })
        })
        .collect();
    let mut steps = Vec::new();
    for node in nodes {
        steps.push(node.await.expect("no panic").expect("it migrates").steps);
    }
    steps.sort_unstable();
    assert_eq!(steps[..3], [0, 0, 0], "one does the work");
    assert!(steps[3] > 0);
    db.run(sql("INSERT INTO settings (key, value) VALUES ('k', 'v')")).await.expect("the schema is there");
}

async fn a_newer_schema_is_refused(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    let newer = match engine {
        Engine::Sqlite => {
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'from the future', TRUE, x'00', 0)"
        }
        Engine::Postgres => {
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'from the future', TRUE, '\\x00', 0)"
        }
    };
    db.run(sql(newer)).await.expect("a step of a newer program");
    let error = db.migrate().await.expect_err("it is too new");
    assert!(matches!(error, OpenError::NewerSchema { found: 9999, .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("9999") && message.contains("newer program"), "{message}");
}

async fn a_changed_step_is_refused(engine: Engine) {
    let database = TestDatabase::on(engine).await;
    let db = database.open().await;
    let change = match engine {
        Engine::Sqlite => "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
        Engine::Postgres => "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1",
    };
    assert_eq!(db.run(sql(change)).await, Ok(1));
    let error = db.migrate().await.expect_err("it is another schema");
    assert!(matches!(error, OpenError::Migration(_)), "{error}");
}
