//! PostgreSQL servers that could lose what we acknowledge are refused, in words.

use std::time::Duration;

use fireside_db::testing::{PostgresServer, TestDatabase};
use fireside_db::{Db, OpenError, Options, Statement, sql};

fn options(url: &str) -> Options {
    let mut options = Options::new(url.parse().expect("a URL"));
    options.startup_wait = Duration::from_millis(500);
    options
}

async fn refusal(options: &Options) -> OpenError {
    Db::open(options).await.err().expect("it is refused")
}

#[tokio::test]
async fn unsafe_servers_are_refused() {
    let server = PostgresServer::start_with(&[("fsync", "off")]).await.expect("a PostgreSQL server");
    let error = refusal(&options(&server.url("postgres"))).await;
    assert!(matches!(&error, OpenError::Unsafe(text) if text.contains("fsync=off")), "{error}");

    let server =
        PostgresServer::start_with(&[("full_page_writes", "off")]).await.expect("a PostgreSQL server");
    let error = refusal(&options(&server.url("postgres"))).await;
    assert!(matches!(&error, OpenError::Unsafe(text) if text.contains("full_page_writes=off")), "{error}");
}

#[tokio::test]
async fn synchronous_commit_is_switched_on() {
    let server =
        PostgresServer::start_with(&[("synchronous_commit", "off")]).await.expect("a PostgreSQL server");
    let db = Db::open(&options(&server.url("postgres"))).await.expect("what can be overridden is");
    let mut tx = db.begin().await.expect("a transaction");
    let (value,): (String,) =
        tx.one(sql("SELECT current_setting('synchronous_commit')")).await.expect("a setting");
    assert_eq!(value, "on");
}

#[tokio::test]
async fn sessions_have_limits_and_a_name() {
    let database = TestDatabase::postgres().await;
    let db = database.open().await;
    let (name, statement, lock, idle): (String, String, String, String) = db
        .one(sql("SELECT current_setting('application_name'), current_setting('statement_timeout'),
                 current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')"))
        .await
        .expect("settings");
    assert_eq!(
        (name.as_str(), statement.as_str(), lock.as_str(), idle.as_str()),
        ("fireside", "5s", "2500ms", "5s")
    );
}

#[tokio::test]
async fn another_encoding_is_refused_and_another_order_is_not() {
    let server = PostgresServer::start().await.expect("a PostgreSQL server");
    let maintenance = Db::open(&options(&server.url("postgres"))).await.expect("it opens");
    let create = |rest: &str| Statement::generated(format!("CREATE DATABASE {rest} TEMPLATE template0"));
    maintenance.run(create("latin ENCODING 'LATIN1'")).await.expect("a database");
    let error = refusal(&options(&server.url("latin"))).await;
    assert!(matches!(&error, OpenError::Unsafe(text) if text.contains("UTF8")), "{error}");

    // A collation by which "a" < "B" < "c": our names are sorted by bytes nevertheless.
    let (version,): (i64,) = maintenance
        .one(sql("SELECT CAST(current_setting('server_version_num') AS BIGINT)"))
        .await
        .expect("a version");
    assert!(version >= 150_000, "this test needs the ICU databases of PostgreSQL 15");
    maintenance
        .run(create("german LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C'"))
        .await
        .expect("a database");
    let db = Db::open(&options(&server.url("german"))).await.expect("it opens");
    db.migrate().await.expect("it migrates");
    for name in ["a", "B", "c", "_"] {
        let insert = "INSERT INTO users (id, username, kind, role, origin, created_at, modified_at)
            VALUES ($1, $1, 'person', 'member', 'local', 1, 1)";
        db.run(sql(insert).bind(name)).await.expect("a user");
    }
    let names: Vec<(String,)> =
        db.all(sql("SELECT username FROM users ORDER BY username")).await.expect("names");
    let names: Vec<&str> = names.iter().map(|(name,)| name.as_str()).collect();
    assert_eq!(names, ["B", "_", "a", "c"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    // Nothing listens on a port that was free a moment ago.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .expect("a port")
        .local_addr()
        .expect("an address")
        .port();
    let options = options(&format!("postgres://ann:pass-word@127.0.0.1:{port}/chat"));
    let error = refusal(&options).await;
    assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
    let shown = format!("{error} {error:?} {} {options:?}", options.url);
    assert!(!shown.contains("pass-word"), "{shown}");
    assert!(options.url.to_string().contains("ann@127.0.0.1"), "{}", options.url);
}

#[tokio::test]
async fn a_server_that_is_still_starting_is_waited_for() {
    let server = PostgresServer::start().await.expect("a PostgreSQL server");
    server.stop().await.expect("it stops");
    let mut options = options(&server.url("postgres"));
    options.startup_wait = Duration::from_secs(20);
    let (opened, started) = tokio::join!(Db::open(&options), server.start_again());
    started.expect("it starts");
    opened.expect("it was waited for").ping().await.expect("it answers");
}
