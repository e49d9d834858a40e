//! The SQLite file: private, ours alone, and noticed when it is not what it was.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Error, OpenError, Options, sql};

fn put(key: &str) -> fireside_db::Statement {
    sql("INSERT INTO settings (key, value) VALUES ($1, 'v')").bind(key)
}

#[tokio::test]
async fn settings_are_the_safe_ones() {
    let database = TestDatabase::sqlite();
    let db = database.open().await;
    let mut tx = db.begin().await.expect("a transaction");
    let (synchronous,): (i64,) = tx.one(sql("PRAGMA synchronous")).await.expect("a setting");
    assert_eq!(synchronous, 2, "FULL");
    let (foreign_keys,): (i64,) = tx.one(sql("PRAGMA foreign_keys")).await.expect("a setting");
    assert_eq!(foreign_keys, 1);
    drop(tx);
    let (journal,): (String,) = db.one(sql("PRAGMA journal_mode")).await.expect("a setting");
    assert_eq!(journal, "wal");
    let (version,): (String,) = db.one(sql("SELECT sqlite_version()")).await.expect("a version");
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().expect("a number")).collect();
    assert!(parts >= vec![3, 51, 3], "the WAL-reset bug is fixed in 3.51.3, this is {version}");
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let database = TestDatabase::sqlite();
    let db = database.open().await;
    let error = Db::open(&database.options()).await.err().expect("the first has the lock");
    // The lock belongs to the open file, so this process stands in for another.
    assert!(
        matches!(&error, OpenError::InUse { holder: Some(pid), .. } if *pid == std::process::id()),
        "{error}"
    );
    assert!(error.to_string().contains("in use by another process"), "{error}");
    db.close().await;
    drop(database.open().await);
    database.open().await.close().await;
}

#[tokio::test]
async fn nobody_else_can_read_it() {
    let database = TestDatabase::sqlite();
    let place = database.directory().expect("a directory").join("new/data");
    let options =
        Options::new(format!("sqlite:{}", place.join("chat.db").display()).parse().expect("a path"));
    let db = Db::open(&options).await.expect("directories are made");
    db.migrate().await.expect("it migrates");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    for file in fs::read_dir(&place).expect("the directory") {
        let path = file.expect("an entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    db.close().await;
    fs::set_permissions(place.join("chat.db"), fs::Permissions::from_mode(0o644)).expect("our file");
    let db = Db::open(&options).await.expect("it opens");
    assert_eq!(mode(&place.join("chat.db")), 0o600, "what was opened up is closed again");
    db.close().await;
}

#[tokio::test]
async fn closing_leaves_one_complete_file() {
    let database = TestDatabase::sqlite();
    let db = database.open().await;
    db.run(put("k")).await.expect("a row");
    db.close().await;
    let names: Vec<_> = fs::read_dir(database.directory().expect("a directory"))
        .expect("the directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
        .filter(|name| name.ends_with("-wal") || name.ends_with("-shm"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
}

#[tokio::test]
async fn a_deleted_file_is_not_written_any_more() {
    let database = TestDatabase::sqlite();
    let db = database.open().await;
    db.run(put("before")).await.expect("a row");
    let path = database.directory().expect("a directory").join("fireside.db");
    fs::remove_file(&path).expect("it is there");
    assert_eq!(db.run(put("after")).await, Err(Error::Unavailable), "it would be gone at the next start");
    assert_eq!(db.ping().await, Err(Error::Unavailable));
    fs::write(&path, b"another file").expect("a file");
    assert_eq!(db.run(put("after")).await, Err(Error::Unavailable), "nor is one that was put in its place");
}

async fn refusal(options: &Options) -> String {
    Db::open(options).await.err().expect("it is refused").to_string()
}

#[tokio::test]
async fn what_is_not_our_database_is_left_alone() {
    let database = TestDatabase::sqlite();
    let options = database.options();
    let path = database.directory().expect("a directory").join("fireside.db");

    let text = "This is a text and not a database at all. ".repeat(100);
    fs::write(&path, &text).expect("a file");
    assert!(refusal(&options).await.contains("not a SQLite database"));
    assert_eq!(fs::read_to_string(&path).expect("a file"), text, "untouched");

    fs::remove_file(&path).expect("a file");
    database.open().await.close().await;
    let mut bytes = fs::read(&path).expect("a file");
    // Bytes 68 to 71 of the header hold the application id (sqlite.org/fileformat.html).
    bytes[68..72].copy_from_slice(&7_u32.to_be_bytes());
    fs::write(&path, &bytes).expect("a file");
    assert!(refusal(&options).await.contains("another program"));
    assert_eq!(fs::read(&path).expect("a file"), bytes, "untouched");
    bytes[68..72].fill(0);
    fs::write(&path, &bytes).expect("a file");
    assert!(refusal(&options).await.contains("another program"), "it has tables");
}

#[tokio::test]
async fn text_in_utf_16_is_refused() {
    let database = TestDatabase::sqlite();
    let path = database.directory().expect("a directory").join("fireside.db");
    // A database of one page without a table (sqlite.org/fileformat.html); at 56 is the encoding:
    // 2 is UTF-16, little end first.
    let mut page = vec![0; 4096];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    page[16..24].copy_from_slice(&[0x10, 0, 1, 1, 0, 64, 32, 32]);
    for (at, number) in [(24, 1_u32), (28, 1), (44, 4), (56, 2), (92, 1)] {
        page[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    page[100..108].copy_from_slice(&[13, 0, 0, 0, 0, 0x10, 0, 0]);
    fs::write(&path, &page).expect("a file");
    let refusal = refusal(&database.options()).await;
    assert!(refusal.contains("UTF-16le"), "{refusal}");
}

/// A first start that was killed while SQLite wrote the first page leaves that page, and a journal
/// which says that the file was empty before.
#[tokio::test]
async fn a_first_start_broken_off_in_its_first_write_is_taken_up() {
    let database = TestDatabase::sqlite();
    database.open().await.close().await;
    let directory = database.directory().expect("a directory");
    let path = directory.join("fireside.db");
    let mut page = fs::read(&path).expect("a file");
    page.truncate(4096);
    fs::write(&path, &page).expect("a file");
    // The header of a journal (sqlite.org/fileformat.html#the_rollback_journal): magic, number of
    // pages in it, nonce, pages of the file before, size of a sector and of a page in bytes.
    let mut journal = vec![0; 512];
    journal[..8].copy_from_slice(&[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    for (at, number) in [(8, 0_u32), (12, 0xa3bb_34c0), (16, 0), (20, 512), (24, 4096)] {
        journal[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    fs::write(directory.join("fireside.db-journal"), journal).expect("a file");
    let db = database.open().await;
    db.run(put("after")).await.expect("a row");
}

#[tokio::test]
async fn damage_is_found_at_the_start() {
    let database = TestDatabase::sqlite();
    let path = database.directory().expect("a directory").join("fireside.db");
    let db = database.open().await;
    for key in 0..500 {
        db.run(put(&format!("{key:0100}"))).await.expect("a row");
    }
    db.close().await;
    let mut bytes = fs::read(&path).expect("a file");
    let middle = bytes.len() - 3 * 4096;
    bytes[middle..middle + 2 * 4096].fill(0xA5);
    fs::write(&path, &bytes).expect("a file");
    let refusal = refusal(&database.options()).await;
    assert!(refusal.contains("is damaged"), "{refusal}");
}

#[tokio::test]
async fn places_that_cannot_be_written_say_why() {
    let database = TestDatabase::sqlite();
    let directory = database.directory().expect("a directory");
    let at = |path: &str| {
        Options::new(format!("sqlite:{}", directory.join(path).display()).parse().expect("a path"))
    };
    fs::write(directory.join("file"), b"x").expect("a file");
    let inside_a_file = refusal(&at("file/chat.db")).await;
    assert!(inside_a_file.contains("file"), "{inside_a_file}");
    fs::create_dir(directory.join("folder")).expect("a directory");
    let a_directory = refusal(&at("folder")).await;
    assert!(a_directory.contains("folder"), "{a_directory}");
    let proc = Options::new("sqlite:/proc/fireside/chat.db".parse().expect("a path"));
    assert!(refusal(&proc).await.contains("/proc/fireside"));
}

#[tokio::test]
async fn a_full_disk_is_told_and_passes() {
    let database = TestDatabase::sqlite();
    let db = database.open().await;
    // SQLite treats its own limit as it does a full disk.
    db.one::<(i64,)>(sql("SELECT 1")).await.expect("it works");
    let limit: Option<(i64,)> = db.write_optional(sql("PRAGMA max_page_count = 60")).await.expect("a limit");
    assert!(limit.is_some());
    let big = "x".repeat(4000);
    let insert = |key: i64| {
        sql("INSERT INTO settings (key, value) VALUES ($1, $2)").bind(key.to_string()).bind(big.as_str())
    };
    let mut written = 0;
    let error = loop {
        match db.run(insert(written)).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 100, "the limit is never met");
    };
    assert_eq!(error, Error::Full);
    let mut tx = db.begin().await.expect("a transaction");
    assert_eq!(tx.run(insert(1000)).await, Err(Error::Full));
    drop(tx);
    let (count,): (i64,) = db.one(sql("SELECT COUNT(*) FROM settings")).await.expect("reads work");
    assert_eq!(count, written, "and show what was acknowledged");
    db.write_optional::<(i64,)>(sql("PRAGMA max_page_count = 100000")).await.expect("room again");
    assert_eq!(db.run(insert(1000)).await, Ok(1));
}

#[tokio::test]
async fn a_dropped_database_lets_go_of_the_file() {
    let database = TestDatabase::sqlite();
    let db = database.open().await;
    db.run(put("k")).await.expect("a row");
    drop(db);
    let again = database.open().await;
    let (count,): (i64,) = again.one(sql("SELECT COUNT(*) FROM settings")).await.expect("a count");
    assert_eq!(count, 1);
}
