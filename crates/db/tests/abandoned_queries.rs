//! A query that no one waits for stops. In a process of its own, because it counts threads.
#![cfg(target_os = "linux")]

use std::fs;
use std::time::{Duration, Instant};

use fireside_db::testing::TestDatabase;
use fireside_db::{Error, sql};

/// Threads that serve SQLite readers.
fn reader_threads() -> usize {
    let threads = fs::read_dir("/proc/self/task").expect("our threads");
    let name = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
    threads.flatten().map(name).filter(|name| name.starts_with("sqlite-reader")).count()
}

#[tokio::test]
async fn an_abandoned_query_stops() {
    let database = TestDatabase::sqlite();
    let mut options = database.options();
    options.deadline = Duration::from_millis(80);
    let db = database.open_with(&options).await;
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n";
    for _ in 0..5 {
        assert_eq!(db.all::<(i64,)>(sql(endless)).await, Err(Error::Timeout));
    }
    let since = Instant::now();
    while reader_threads() > 0 {
        assert!(since.elapsed() < Duration::from_secs(5), "{} readers go on", reader_threads());
        tokio::task::yield_now().await;
    }
    assert_eq!(db.ping().await, Ok(()));
}
