//! The tutorial's tables, read through cursors: one pass and one sort for each table, whatever its size.
//!
//! Times may have been declared with or without a time zone; without, they are UTC, as the tutorial's
//! driver writes them. Identifiers are read as text whatever they are.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::marker::PhantomData;
use std::time::Duration;

use fireside_db::{Db, Engine, Options, Row, Statement, Tx, sql};

use super::ImportError;

/// Rows that are read, and written, at a time.
const CHUNK: usize = 1000;

/// How long the whole import may take: the transaction that reads stays open as long.
const DEADLINE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Tables and columns that must be there.
const COLUMNS: &[(&str, &[&str])] = &[
    ("User", &["id", "created_at", "modified_at", "username", "display_name", "avatar", "last_seen_at"]),
    ("Room", &["id", "created_at", "modified_at", "name", "description", "is_private", "created_by"]),
    ("RoomMember", &["id", "room_id", "user_id", "role", "joined_at", "last_read_at"]),
    (
        "Message",
        &[
            "id",
            "created_at",
            "modified_at",
            "room_id",
            "sender_id",
            "content",
            "type",
            "metadata",
            "edited_at",
            "deleted_at",
        ],
    ),
    (
        "DirectMessage",
        &[
            "id",
            "created_at",
            "modified_at",
            "sender_id",
            "receiver_id",
            "content",
            "type",
            "metadata",
            "read_at",
            "deleted_at",
        ],
    ),
];

fireside_db::row! {
    /// A row of `"User"`.
    #[derive(Debug, Clone)]
    pub(super) struct UserRow {
        pub(super) id: String,
        pub(super) created_at: Option<i64>,
        pub(super) modified_at: Option<i64>,
        pub(super) username: String,
        pub(super) display_name: Option<String>,
        pub(super) avatar: Option<String>,
        pub(super) last_seen_at: Option<i64>,
    }
}

fireside_db::row! {
    /// A row of `"Room"`.
    #[derive(Debug, Clone)]
    pub(super) struct RoomRow {
        pub(super) id: String,
        pub(super) created_at: Option<i64>,
        pub(super) modified_at: Option<i64>,
        pub(super) name: String,
        pub(super) description: Option<String>,
        pub(super) is_private: bool,
        pub(super) created_by: String,
    }
}

fireside_db::row! {
    /// A row of `"RoomMember"`.
    #[derive(Debug, Clone)]
    pub(super) struct MemberRow {
        pub(super) id: String,
        pub(super) room_id: String,
        pub(super) user_id: String,
        pub(super) role: String,
        pub(super) joined_at: Option<i64>,
        pub(super) last_read_at: Option<i64>,
    }
}

fireside_db::row! {
    /// A row of `"Message"`.
    #[derive(Debug, Clone)]
    pub(super) struct MessageRow {
        pub(super) id: String,
        pub(super) created_at: Option<i64>,
        pub(super) modified_at: Option<i64>,
        pub(super) room_id: String,
        pub(super) sender_id: String,
        pub(super) content: String,
        pub(super) kind: String,
        pub(super) metadata: Option<String>,
        pub(super) edited_at: Option<i64>,
        pub(super) deleted_at: Option<i64>,
    }
}

fireside_db::row! {
    /// A row of `"DirectMessage"`.
    #[derive(Debug, Clone)]
    pub(super) struct DirectRow {
        pub(super) id: String,
        pub(super) created_at: Option<i64>,
        pub(super) modified_at: Option<i64>,
        pub(super) sender_id: String,
        pub(super) receiver_id: String,
        pub(super) content: String,
        pub(super) kind: String,
        pub(super) metadata: Option<String>,
        pub(super) read_at: Option<i64>,
        pub(super) deleted_at: Option<i64>,
    }
}

/// The tutorial's database, open for reading.
pub(super) struct Source {
    db: Db,
    tx: Tx,
}

/// Rows that are being read.
pub(super) struct Cursor<T> {
    name: &'static str,
    row: PhantomData<T>,
}

impl Source {
    /// Opens the database and makes sure that it is the tutorial's.
    pub(super) async fn open(url: &fireside_db::DatabaseUrl) -> Result<Source, ImportError> {
        if url.engine() != Engine::Postgres {
            return Err(ImportError::NotPostgres);
        }
        let options = Options {
            read_connections: 1,
            write_connections: 1,
            deadline: DEADLINE,
            ..Options::new(url.clone())
        };
        let db = Db::open(&options).await?;
        let mut tx = db.begin().await.map_err(ImportError::Source)?;
        let only_read = sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
        tx.run(only_read).await.map_err(ImportError::Source)?;
        let mut source = Source { db, tx };
        source.recognise().await?;
        Ok(source)
    }

    /// Lets go of the database.
    pub(super) async fn close(self) {
        self.tx.rollback().await;
        self.db.close().await;
    }

    async fn recognise(&mut self) -> Result<(), ImportError> {
        let text = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns \
                    WHERE CAST(table_schema AS TEXT) = CAST(current_schema() AS TEXT)";
        let found: Vec<(String, String)> = self.tx.all(sql(text)).await.map_err(ImportError::Source)?;
        let found: BTreeSet<(&str, &str)> =
            found.iter().map(|(table, column)| (table.as_str(), column.as_str())).collect();
        let wanted =
            COLUMNS.iter().flat_map(|(table, columns)| columns.iter().map(move |column| (*table, *column)));
        let missing: Vec<_> = wanted.filter(|place| !found.contains(place)).collect();
        let Some((table, column)) = missing.first() else { return Ok(()) };
        let has_table = found.iter().any(|(known, _)| known == table);
        let what = if has_table {
            format!("column {column:?} in its table {table:?}")
        } else {
            format!("table {table:?}")
        };
        Err(ImportError::NotTheTutorial(what))
    }

    /// Users, the oldest first: the first to have a name keeps it.
    pub(super) async fn users(&mut self) -> Result<Cursor<UserRow>, ImportError> {
        let columns = select(
            &["id"],
            &["created_at", "modified_at", "last_seen_at"],
            &["username", "display_name", "avatar"],
        );
        self.declare(
            "import_users",
            format!("SELECT {columns} FROM \"User\" ORDER BY \"created_at\", \"id\""),
        )
        .await
    }

    /// Rooms, the oldest first: the first to have a name gets its plain slug.
    pub(super) async fn rooms(&mut self) -> Result<Cursor<RoomRow>, ImportError> {
        let columns = select(
            &["id", "created_by"],
            &["created_at", "modified_at"],
            &["name", "description", "is_private"],
        );
        self.declare(
            "import_rooms",
            format!("SELECT {columns} FROM \"Room\" ORDER BY \"created_at\", \"id\""),
        )
        .await
    }

    /// Memberships, in the order of joining.
    pub(super) async fn members(&mut self) -> Result<Cursor<MemberRow>, ImportError> {
        let columns = select(&["id", "room_id", "user_id"], &["joined_at", "last_read_at"], &["role"]);
        let text = format!("SELECT {columns} FROM \"RoomMember\" ORDER BY \"joined_at\", \"id\"");
        self.declare("import_members", text).await
    }

    /// Messages, room by room, in the order of their time.
    pub(super) async fn messages(&mut self) -> Result<Cursor<MessageRow>, ImportError> {
        let columns = select(
            &["id", "room_id", "sender_id"],
            &["created_at", "modified_at", "edited_at", "deleted_at"],
            &["content"],
        );
        let text = format!(
            "SELECT {columns}, CAST(\"type\" AS TEXT) AS kind, CAST(\"metadata\" AS TEXT) AS metadata FROM \"Message\" \
             ORDER BY CAST(\"room_id\" AS TEXT) COLLATE \"C\", \"created_at\" NULLS FIRST, \
             CAST(\"id\" AS TEXT) COLLATE \"C\""
        );
        self.declare("import_messages", text).await
    }

    /// Direct messages, conversation by conversation, in the order of their time.
    pub(super) async fn direct_messages(&mut self) -> Result<Cursor<DirectRow>, ImportError> {
        let columns = select(
            &["id", "sender_id", "receiver_id"],
            &["created_at", "modified_at", "read_at", "deleted_at"],
            &["content"],
        );
        let person = |name: &str| format!("CAST(\"{name}\" AS TEXT) COLLATE \"C\"");
        let (sender, receiver) = (person("sender_id"), person("receiver_id"));
        let text = format!(
            "SELECT {columns}, CAST(\"type\" AS TEXT) AS kind, CAST(\"metadata\" AS TEXT) AS metadata \
             FROM \"DirectMessage\" ORDER BY LEAST({sender}, {receiver}), GREATEST({sender}, {receiver}), \
             \"created_at\" NULLS FIRST, {}",
            person("id")
        );
        self.declare("import_direct_messages", text).await
    }

    async fn declare<T>(&mut self, name: &'static str, select: String) -> Result<Cursor<T>, ImportError> {
        let text = format!("DECLARE {name} NO SCROLL CURSOR FOR {select}");
        self.tx.run(Statement::generated(text)).await.map_err(ImportError::Source)?;
        Ok(Cursor { name, row: PhantomData })
    }

    /// The next rows; none when all have been read.
    pub(super) async fn next<T: Row>(&mut self, cursor: &Cursor<T>) -> Result<Vec<T>, ImportError> {
        let text = format!("FETCH {CHUNK} FROM {}", cursor.name);
        self.tx.all(Statement::generated(text)).await.map_err(ImportError::Source)
    }
}

/// A list of columns: identifiers as text, times in microseconds, the rest as it is.
fn select(ids: &[&str], times: &[&str], others: &[&str]) -> String {
    let mut list = String::new();
    for id in ids {
        write!(list, "CAST(\"{id}\" AS TEXT) AS {id}, ").expect("writing to a String cannot fail");
    }
    for time in times {
        // `infinity` is a time to PostgreSQL and to nobody else.
        let micros = format!("CAST(EXTRACT(EPOCH FROM \"{time}\") * 1000000 AS BIGINT)");
        write!(list, "CASE WHEN isfinite(\"{time}\") THEN {micros} END AS {time}, ")
            .expect("writing to a String cannot fail");
    }
    let others: Vec<_> = others.iter().map(|name| format!("\"{name}\"")).collect();
    list + &others.join(", ")
}
