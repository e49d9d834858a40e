//! Databases for tests: a fresh one for each test, on either engine, gone when the test ends.
//!
//! PostgreSQL databases are made on the server named by `FIRESIDE_TEST_POSTGRES_URL`. Without
//! that variable a throw-away server is started once for the process.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::{Db, Engine, Options, migrate};

mod postgres_server;
pub(crate) mod trouble;

pub use postgres_server::PostgresServer;
pub use trouble::{Fate, Trouble, answer_reads_late, trouble_commits};

/// Names the server on which tests create their databases. Its user must be allowed to.
pub const POSTGRES_URL_VARIABLE: &str = "FIRESIDE_TEST_POSTGRES_URL";

/// An empty, migrated database that is removed with this value.
pub struct TestDatabase {
    url: String,
    place: Place,
}

enum Place {
    Directory(TempDir),
    Server { maintenance: Box<PgConnectOptions>, name: String },
}

impl TestDatabase {
    /// A database on the given engine.
    pub async fn on(engine: Engine) -> TestDatabase {
        match engine {
            Engine::Sqlite => TestDatabase::sqlite(),
            Engine::Postgres => TestDatabase::postgres().await,
        }
    }

    /// A place for a SQLite file; [`TestDatabase::open`] or a server under test fills it.
    pub fn sqlite() -> TestDatabase {
        let directory =
            tempfile::Builder::new().prefix("fireside-db-").tempdir().expect("a temporary directory");
        let url = format!("sqlite:{}", directory.path().join("fireside.db").display());
        TestDatabase { url, place: Place::Directory(directory) }
    }

    /// A database on the test server, copied from a template that was migrated once.
    pub async fn postgres() -> TestDatabase {
        let server = server_url().await;
        let maintenance: Box<PgConnectOptions> =
            Box::new(server.parse().expect("the URL of the test server"));
        let template = ensure_template(&maintenance).await;
        let name = unique_name();
        // The template is locked against use while it is copied; a wait, not a failure.
        let mut connection = maintenance.connect().await.expect("the test server");
        execute(&mut connection, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        connection.close().await.expect("the test server says goodbye");
        let url = with_database(&server, &name);
        TestDatabase { url, place: Place::Server { maintenance, name } }
    }

    /// Its address, as a server would be given it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Default options for it.
    pub fn options(&self) -> Options {
        Options::new(self.url.parse().expect("a database URL of our own making"))
    }

    /// The directory of a SQLite database.
    pub fn directory(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Directory(directory) => Some(directory.path()),
            Place::Server { .. } => None,
        }
    }

    /// Opens and migrates it with default options.
    pub async fn open(&self) -> Db {
        self.open_with(&self.options()).await
    }

    /// Opens and migrates it.
    pub async fn open_with(&self, options: &Options) -> Db {
        let db = Db::open(options).await.expect("a fresh database opens");
        db.migrate().await.expect("a fresh database migrates");
        db
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Place::Server { maintenance, name } = &self.place else { return };
        let (maintenance, name) = (maintenance.clone(), name.clone());
        // A runtime of its own, on a thread of its own: the test's may be ending.
        let dropping = std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            runtime.block_on(async {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                if let Ok(mut connection) = maintenance.connect().await {
                    // A server that is stopped or frozen by the test takes the database with it.
                    let limit = std::time::Duration::from_secs(5);
                    let execution = sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection);
                    let _dropped = tokio::time::timeout(limit, execution).await;
                }
            });
        });
        let _ended = dropping.join();
    }
}

/// The test server of this process.
async fn server_url() -> String {
    static STARTED: OnceCell<PostgresServer> = OnceCell::const_new();
    match std::env::var(POSTGRES_URL_VARIABLE) {
        Ok(url) if !url.is_empty() => url,
        _ => {
            let start = || async { PostgresServer::start().await.expect("a throw-away PostgreSQL server") };
            STARTED.get_or_init(start).await.url("postgres")
        }
    }
}

/// Makes sure that the migrated template exists, and returns its name. The name tells schemas
/// apart, so that a server that outlives a change of the schema is no trap.
async fn ensure_template(maintenance: &PgConnectOptions) -> String {
    let mut hasher = DefaultHasher::new();
    migrate::texts(Engine::Postgres).hash(&mut hasher);
    let template = format!("fireside_template_{:016x}", hasher.finish());
    let mut connection = maintenance.clone().database("postgres").connect().await.expect("the test server");
    // Test processes run side by side; one of them makes it.
    execute(&mut connection, "SELECT pg_advisory_lock(7305808869231650916)").await;
    let exists: (bool,) = sqlx::query_as("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&template)
        .fetch_one(&mut connection)
        .await
        .expect("the list of databases");
    if !exists.0 {
        let unfinished = unique_name();
        execute(&mut connection, &format!("CREATE DATABASE {unfinished} TEMPLATE template0 ENCODING 'UTF8'"))
            .await;
        let options =
            Options::new(crate::DatabaseUrl::Postgres(Box::new(maintenance.clone().database(&unfinished))));
        migrate::postgres(&options, &Default::default()).await.expect("the schema migrates");
        execute(&mut connection, &format!("ALTER DATABASE {unfinished} RENAME TO {template}")).await;
    }
    // Ends the session, and with it the lock.
    connection.close().await.expect("the test server says goodbye");
    template
}

async fn execute(connection: &mut PgConnection, sql: &str) {
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await {
        panic!("{sql}: {error}");
    }
}

fn unique_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    format!("fireside_test_{random:016x}_{}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// The same server, another database: replaces the path of the URL.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &address[..end])
}
