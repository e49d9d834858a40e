//! The import of the tutorial's database, into both engines, with what real databases hold: people who
//! joined twice, messages of the same instant, senders and rooms that are gone.

use std::collections::BTreeMap;

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Engine, Statement, sql};
use fireside_kernel::room_log::read::events_after;
use fireside_kernel::{Clock, Names};
use fireside_protocol::RoomId;
use fireside_server::import::report::{Note, Tally};
use fireside_server::import::{ImportError, Mode, Report, tutorial};

/// The tutorial's tables, as its models make them.
const TABLES: &[&str] = &[
    r#"CREATE TABLE "User" (id text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(),
       modified_at timestamptz NOT NULL DEFAULT now(), username varchar(50) NOT NULL UNIQUE,
       display_name varchar(100), avatar text, is_online boolean NOT NULL DEFAULT false, last_seen_at timestamp)"#,
    r#"CREATE TABLE "Room" (id text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(),
       modified_at timestamptz NOT NULL DEFAULT now(), name varchar(100) NOT NULL, description text,
       is_private boolean NOT NULL DEFAULT false, created_by text NOT NULL)"#,
    r#"CREATE TABLE "RoomMember" (id text PRIMARY KEY, room_id text NOT NULL, user_id text NOT NULL,
       role varchar(20) NOT NULL DEFAULT 'member', joined_at timestamp NOT NULL DEFAULT now(),
       last_read_at timestamp)"#,
    r#"CREATE TABLE "Message" (id text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(),
       modified_at timestamptz NOT NULL DEFAULT now(), room_id text NOT NULL, sender_id text NOT NULL,
       content text NOT NULL, type varchar(20) NOT NULL DEFAULT 'text', metadata text, edited_at timestamp,
       deleted_at timestamp)"#,
    r#"CREATE TABLE "DirectMessage" (id text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(),
       modified_at timestamptz NOT NULL DEFAULT now(), sender_id text NOT NULL, receiver_id text NOT NULL,
       content text NOT NULL, type varchar(20) NOT NULL DEFAULT 'text', metadata text, read_at timestamp,
       deleted_at timestamp)"#,
];

/// What the tutorial's app left behind. `$T` stands for the day all of it happened on.
const ROWS: &[&str] = &[
    r#"INSERT INTO "User" (id, username, display_name, avatar, last_seen_at, created_at) VALUES
       ('u-ada', 'ada', 'Ada Lovelace', 'https://x.example/ada.png', '$T 10:00:00.123456', '$T 08:00+00'),
       ('u-ben', 'Ben Böck', NULL, 'data:image/png;base64,AAAA', NULL, '$T 08:01+00'),
       ('u-cyd', 'ADA', NULL, NULL, 'infinity', '$T 08:02+00'),
       ('u dan', 'dan', NULL, NULL, NULL, '$T 08:03+00')"#,
    r#"INSERT INTO "Room" (id, name, description, is_private, created_by, created_at) VALUES
       ('r-general', 'General', 'Everything 🔥', false, 'u-ada', '$T 08:10+00'),
       ('r-general-b', 'general', NULL, true, 'u-ben', '$T 08:11+00'),
       ('r-orphan', 'Orphan', NULL, false, 'u-gone', '$T 08:12+00')"#,
    r#"INSERT INTO "RoomMember" (id, room_id, user_id, role, joined_at, last_read_at) VALUES
       ('m1', 'r-general', 'u-ada', 'admin', '$T 08:10', '$T 09:00:01'),
       ('m2', 'r-general', 'u-ben', 'member', '$T 08:20', NULL),
       ('m3', 'r-general', 'u-ben', 'admin', '$T 08:21', '$T 09:00:02'),
       ('m4', 'r-general', 'u-gone', 'member', '$T 08:22', NULL),
       ('m5', 'r-general', 'u-cyd', 'member', '$T 08:23', NULL),
       ('m6', 'r-nowhere', 'u-ada', 'member', '$T 08:24', NULL),
       ('m7', 'r-general-b', 'u-ben', 'member', '$T 08:25', NULL),
       ('m8', 'r-orphan', 'u-cyd', 'member', '$T 08:26', NULL)"#,
    r#"INSERT INTO "Message" (id, room_id, sender_id, content, type, metadata, edited_at, deleted_at, created_at)
       VALUES
       ('x-1', 'r-general', 'u-ada', 'first', 'text', NULL, NULL, NULL, '$T 09:00:00.5+00'),
       ('x-3', 'r-general', 'u-ben', 'same instant, later id', 'text', '{"a":1}', NULL, NULL, '$T 09:00:02+00'),
       ('x-2', 'r-general', 'u-ada', 'same instant, earlier id', 'text', '[1,2]', '$T 09:05', NULL, '$T 09:00:02+00'),
       ('x-4', 'r-general', 'u-ben', 'secret', 'text', '{"s":1}', NULL, '$T 09:06', '$T 09:00:03+00'),
       ('x-5', 'r-general', 'u-gone', 'from nobody', 'text', NULL, NULL, NULL, '$T 09:00:04+00'),
       ('x-6', 'r-general', 'u-cyd', '日本 👩‍🚀 é', 'system', 'null', NULL, NULL, '$T 09:00:05+00'),
       ('x-7', 'r-nowhere', 'u-ada', 'to nowhere', 'text', NULL, NULL, NULL, '$T 09:00:06+00'),
       ('x 8', 'r-general', 'u-ada', 'bad id', 'text', NULL, NULL, NULL, '$T 09:00:07+00'),
       ('x-9', 'r-general-b', 'u-ben', 'older than its room', 'text', NULL, NULL, NULL, '$T 08:00+00')"#,
    r#"INSERT INTO "DirectMessage" (id, sender_id, receiver_id, content, read_at, deleted_at, created_at) VALUES
       ('d-1', 'u-ada', 'u-ben', 'hi', '$T 09:10:30', NULL, '$T 09:10+00'),
       ('d-2', 'u-ben', 'u-ada', 'hello', NULL, NULL, '$T 09:11+00'),
       ('d-3', 'u-ada', 'u-ben', 'gone', NULL, '$T 09:13', '$T 09:12+00'),
       ('d-4', 'u-cyd', 'u-cyd', 'note to self', '$T 09:14', NULL, '$T 09:14+00'),
       ('d-5', 'u-ada', 'room:r-general', 'abuse', NULL, NULL, '$T 09:15+00')"#,
];

const DAY: &str = "2025-03-01";
/// `DAY` at 00:00 UTC, in microseconds since the epoch.
const MIDNIGHT: i64 = 1_740_787_200_000_000;

/// Microseconds since the epoch, at a time of `DAY`.
fn at(hours: i64, minutes: i64, seconds: i64) -> i64 {
    MIDNIGHT + ((hours * 60 + minutes) * 60 + seconds) * 1_000_000
}

async fn tutorial_database() -> TestDatabase {
    let source = TestDatabase::postgres().await;
    let db = Db::open(&source.options()).await.expect("the source opens");
    for text in TABLES.iter().chain(ROWS) {
        let text = text.replace("$T", DAY);
        db.run(Statement::generated(text.clone())).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    }
    db.close().await;
    source
}

async fn run(source: &TestDatabase, target: &Db, mode: Mode) -> Report {
    let from = source.url().parse().expect("a URL");
    tutorial(&from, target, &Names::random(), &Clock::default(), mode).await.expect("the import runs")
}

/// Everything in the target that an import writes, as text, for comparing before and after.
async fn dump(db: &Db) -> Vec<String> {
    let mut lines = Vec::new();
    for text in [
        "SELECT 'user ' || id || ' ' || username || ' ' || COALESCE(display_name, '-') || ' ' || \
         COALESCE(avatar, '-') || ' ' || kind || ' ' || role || ' ' || origin || ' ' || \
         CAST(COALESCE(last_seen_at, 0) AS TEXT) FROM users ORDER BY id",
        "SELECT 'room ' || id || ' ' || kind || ' ' || COALESCE(slug, pair_key) || ' ' || epoch || ' ' || \
         CAST(head_seq AS TEXT) || ' ' || CAST(member_count AS TEXT) || ' ' || CAST(last_at AS TEXT) \
         FROM rooms ORDER BY id",
        "SELECT 'member ' || room_id || ' ' || user_id || ' ' || id || ' ' || role || ' ' || CAST(joined_at AS TEXT) || \
         ' ' || CAST(joined_seq AS TEXT) || ' ' || CAST(read_seq AS TEXT) || ' ' || \
         CAST(COALESCE(last_read_at, 0) AS TEXT) FROM members ORDER BY room_id, user_id",
        "SELECT 'message ' || room_id || ' ' || CAST(seq AS TEXT) || ' ' || id || ' ' || sender_id || ' ' || type || ' ' \
         || content || ' ' || COALESCE(metadata, '-') || ' ' || CAST(created_at AS TEXT) || ' ' || \
         CAST(COALESCE(edited_at, 0) AS TEXT) || ' ' || CAST(COALESCE(deleted_at, 0) AS TEXT) || ' ' || \
         COALESCE(deleted_by, '-') FROM messages ORDER BY room_id, seq",
        "SELECT 'event ' || room_id || ' ' || CAST(seq AS TEXT) || ' ' || kind || ' ' || actor_id || ' ' || \
         COALESCE(subject_id, '-') || ' ' || COALESCE(message_id, '-') || ' ' || COALESCE(data, '-') || ' ' || \
         CAST(at AS TEXT) FROM room_events ORDER BY room_id, seq",
    ] {
        let rows: Vec<(String,)> = db.all(sql(text)).await.expect("the target answers");
        lines.extend(rows.into_iter().map(|(line,)| line));
    }
    lines
}

async fn lines(db: &Db, text: &'static str) -> Vec<String> {
    db.all::<(String,)>(sql(text)).await.expect(text).into_iter().map(|(line,)| line).collect()
}

/// Every room's log is dense, never goes back in time, ends at the head, and can be read back.
async fn assert_logs_are_whole(db: &Db) {
    let rooms: Vec<(String, i64, i64, i64)> = db
        .all(sql("SELECT id, head_seq, member_count, last_at FROM rooms"))
        .await
        .expect("the target answers");
    for (room, head, member_count, last_at) in rooms {
        let text = "SELECT seq, at FROM room_events WHERE room_id = $1 ORDER BY seq";
        let places: Vec<(i64, i64)> = db.all(sql(text).bind(&room)).await.expect("the target answers");
        let dense = places.iter().zip(1..).all(|((seq, _), expected)| *seq == expected);
        assert!(dense, "the log of {room} has holes: {places:?}");
        assert!(places.is_sorted_by_key(|(_, at)| *at), "the log of {room} goes back in time");
        assert_eq!(places.last().map_or(0, |(seq, _)| *seq), head, "the head of {room}");
        assert!(places.iter().all(|(_, at)| *at <= last_at), "{room} has events after its last");
        let id = RoomId::trusted(room.as_str());
        let mut read = 0;
        while read < head {
            let events = events_after(db, &id, read, 1000).await.expect("the log reads back");
            assert!(!events.is_empty(), "the log of {room} reads back only to {read}");
            read += i64::try_from(events.len()).expect("few events");
        }
        assert_eq!(read, head, "{room} reads back whole");
        let text = "SELECT COUNT(*) FROM members WHERE room_id = $1";
        assert_eq!(
            db.one::<(i64,)>(sql(text).bind(&room)).await.expect("the target answers").0,
            member_count,
            "members of {room}"
        );
    }
}

#[tokio::test]
async fn everything_comes_over_once_and_twice_changes_nothing() {
    let source = tutorial_database().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let place = TestDatabase::on(engine).await;
        let db = place.open().await;
        let dry = run(&source, &db, Mode::DryRun).await;
        assert_eq!(dump(&db).await, Vec::<String>::new(), "a dry run writes nothing on {engine:?}");
        let first = run(&source, &db, Mode::Write).await;
        assert_eq!(dry.notes, first.notes, "a dry run tells what will be on {engine:?}");
        assert_tallies(&dry);
        assert_tallies(&first);
        assert_notes(&first);
        assert_logs_are_whole(&db).await;
        let after_first = dump(&db).await;
        let again = run(&source, &db, Mode::Write).await;
        assert_eq!(dump(&db).await, after_first, "the second run changes nothing on {engine:?}");
        assert_eq!(again.users, Tally { found: 4, imported: 0, present: 3, merged: 0, skipped: 1 });
        assert_eq!(again.messages, Tally { found: 9, imported: 0, present: 6, merged: 0, skipped: 3 });
        assert_eq!(again.conversations, Tally { found: 3, imported: 0, present: 2, merged: 0, skipped: 1 });
        db.close().await;
    }
}

fn assert_tallies(report: &Report) {
    assert_eq!(report.users, Tally { found: 4, imported: 3, present: 0, merged: 0, skipped: 1 });
    assert_eq!(report.rooms, Tally { found: 3, imported: 3, present: 0, merged: 0, skipped: 0 });
    assert_eq!(report.members, Tally { found: 8, imported: 5, present: 0, merged: 1, skipped: 2 });
    assert_eq!(report.messages, Tally { found: 9, imported: 6, present: 0, merged: 0, skipped: 3 });
    assert_eq!(report.conversations, Tally { found: 3, imported: 2, present: 0, merged: 0, skipped: 1 });
    assert_eq!(report.direct_messages, Tally { found: 5, imported: 4, present: 0, merged: 0, skipped: 1 });
}

fn assert_notes(report: &Report) {
    let counts: BTreeMap<_, _> = report.notes.iter().map(|(note, noted)| (*note, noted.count)).collect();
    let expected = [
        (Note::UnusableId, 2),
        (Note::UnknownRoom, 2),
        (Note::UnknownPerson, 1),
        (Note::UnknownSender, 1),
        (Note::UnknownReceiver, 1),
        (Note::MembershipsMerged, 1),
        (Note::CreatorUnknown, 1),
        (Note::Renamed, 2),
        (Note::AvatarDropped, 1),
        (Note::SlugNumbered, 1),
        (Note::TypeReplaced, 1),
        (Note::MetadataWrapped, 1),
        (Note::Tombstone, 2),
    ];
    assert_eq!(counts, expected.into());
    assert_eq!(report.notes[&Note::Renamed].examples, ["\"Ben Böck\" is ben-bock", "\"ADA\" is ada-2"]);
}

#[tokio::test]
async fn what_comes_over_is_what_was_there() {
    let source = tutorial_database().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let place = TestDatabase::on(engine).await;
        let db = place.open().await;
        run(&source, &db, Mode::Write).await;
        let users = "SELECT id || ' ' || username || ' ' || COALESCE(display_name, '-') || ' ' || COALESCE(avatar, '-') \
                     || ' ' || origin || ' ' || CAST(COALESCE(last_seen_at, 0) AS TEXT) FROM users ORDER BY id";
        let seen = at(10, 0, 0) + 123_456;
        let expected = [
            format!("u-ada ada Ada Lovelace https://x.example/ada.png import {seen}"),
            "u-ben ben-bock Ben Böck - import 0".to_owned(),
            "u-cyd ada-2 ADA - import 0".to_owned(),
        ];
        assert_eq!(lines(&db, users).await, expected, "{engine:?}");
        let messages = "SELECT CAST(seq AS TEXT) || ' ' || id || ' ' || type || ' ' || content || ' ' || \
                        COALESCE(metadata, '-') || ' ' || COALESCE(deleted_by, '-') || ' ' || CAST(created_at AS TEXT) \
                        FROM messages WHERE room_id = 'r-general' ORDER BY seq";
        let expected = [
            format!("4 x-1 text first - - {}", at(9, 0, 0) + 500_000),
            format!("5 x-2 text same instant, earlier id {{\"value\":\"[1,2]\"}} - {}", at(9, 0, 2)),
            format!("6 x-3 text same instant, later id {{\"a\":1}} - {}", at(9, 0, 2)),
            format!("7 x-4 text  - u-ben {}", at(9, 0, 3)),
            format!("8 x-6 text 日本 👩‍🚀 é - - {}", at(9, 0, 5)),
        ];
        assert_eq!(lines(&db, messages).await, expected, "{engine:?}");
        let members = "SELECT room_id || ' ' || user_id || ' ' || id || ' ' || role || ' ' || CAST(joined_seq AS TEXT) || \
                       ' ' || CAST(read_seq AS TEXT) FROM members WHERE room_id LIKE 'r-%' ORDER BY room_id, user_id";
        // u-ada has read up to 09:00:01, u-ben (two rows, one membership) up to 09:00:02, who has no time all.
        let expected = [
            "r-general u-ada m1 admin 1 4",
            "r-general u-ben m2 admin 2 6",
            "r-general u-cyd m5 member 3 8",
            "r-general-b u-ben m7 admin 1 2",
            "r-orphan u-cyd m8 member 3 3",
        ];
        assert_eq!(lines(&db, members).await, expected, "{engine:?}");
        assert_conversations(&db, engine).await;
        let slugs = "SELECT id || ' ' || slug FROM rooms WHERE kind = 'room' ORDER BY id";
        let expected = ["r-general general", "r-general-b general-2", "r-orphan orphan"];
        assert_eq!(lines(&db, slugs).await, expected, "{engine:?}");
        let orphan =
            "SELECT kind || ' ' || actor_id FROM room_events WHERE room_id = 'r-orphan' ORDER BY seq";
        let expected = ["room:created u-gone", "room:user-left u-gone", "room:user-joined u-cyd"];
        assert_eq!(lines(&db, orphan).await, expected, "whoever is no member has left, on {engine:?}");
        db.close().await;
    }
}

async fn assert_conversations(db: &Db, engine: Engine) {
    let messages = "SELECT r.pair_key || ': ' || CAST(m.seq AS TEXT) || ' ' || m.id || ' ' || m.content FROM messages m \
                    JOIN rooms r ON r.id = m.room_id WHERE r.kind = 'direct' ORDER BY r.pair_key, m.seq";
    let expected = [
        "u-ada u-ben: 1 d-1 hi",
        "u-ada u-ben: 2 d-2 hello",
        "u-ada u-ben: 3 d-3 ",
        "u-cyd u-cyd: 1 d-4 note to self",
    ];
    assert_eq!(lines(db, messages).await, expected, "{engine:?}");
    let reads = "SELECT r.pair_key || ': ' || m.user_id || ' ' || CAST(m.read_seq AS TEXT) || ' ' || \
                 CAST(COALESCE(m.last_read_at, 0) AS TEXT) FROM members m JOIN rooms r ON r.id = m.room_id \
                 WHERE r.kind = 'direct' ORDER BY r.pair_key, m.user_id";
    let expected = [
        "u-ada u-ben: u-ada 0 0".to_owned(),
        format!("u-ada u-ben: u-ben 1 {}", at(9, 10, 30)),
        format!("u-cyd u-cyd: u-cyd 1 {}", at(9, 14, 0)),
    ];
    assert_eq!(lines(db, reads).await, expected, "{engine:?}");
}

#[tokio::test]
async fn what_happened_here_since_is_respected() {
    let source = tutorial_database().await;
    let place = TestDatabase::sqlite();
    let db = place.open().await;
    run(&source, &db, Mode::Write).await;
    // Here, someone was removed from a room, a room was deleted, and there was talk.
    for text in [
        "DELETE FROM members WHERE room_id = 'r-general' AND user_id = 'u-cyd'",
        "INSERT INTO room_events VALUES ('r-general', 9, 'room:user-left', 'u-ada', 'u-cyd', NULL, NULL, 1800000000000000)",
        "UPDATE rooms SET head_seq = 9, member_count = 2, last_at = 1800000000000000 WHERE id = 'r-general'",
        "UPDATE rooms SET deleted_at = 1800000000000000, slug = NULL, member_count = 0 WHERE id = 'r-orphan'",
        "DELETE FROM members WHERE room_id = 'r-orphan'",
    ] {
        db.run(sql(text)).await.expect(text);
    }
    // There, the tutorial's app went on.
    let there = Db::open(&source.options()).await.unwrap();
    for text in [
        r#"INSERT INTO "User" (id, username) VALUES ('u-eve', 'eve')"#,
        r#"INSERT INTO "RoomMember" (id, room_id, user_id, joined_at) VALUES ('m9', 'r-general', 'u-eve', '2025-03-02')"#,
        r#"INSERT INTO "Message" (id, room_id, sender_id, content, created_at) VALUES
           ('y-1', 'r-general', 'u-eve', 'late', '2025-03-02 00:00+00'),
           ('y-2', 'r-orphan', 'u-cyd', 'lost', '2025-03-02 00:00+00')"#,
        r#"INSERT INTO "DirectMessage" (id, sender_id, receiver_id, content, created_at) VALUES
           ('d-9', 'u-ben', 'u-ada', 'more', '2025-03-02 00:00+00')"#,
    ] {
        there.run(Statement::generated(text)).await.expect(text);
    }
    there.close().await;
    let report = run(&source, &db, Mode::Write).await;
    assert_eq!((report.count(Note::LeftSince), report.count(Note::RoomDeleted)), (1, 2));
    assert_eq!((report.users.imported, report.members.imported, report.messages.imported), (1, 1, 1));
    assert_eq!((report.conversations.imported, report.direct_messages.imported), (0, 1));
    assert_logs_are_whole(&db).await;
    let late = "SELECT CAST(seq AS TEXT) || ' ' || kind || ' ' || actor_id FROM room_events \
                WHERE room_id = 'r-general' AND seq > 9 ORDER BY seq";
    assert_eq!(lines(&db, late).await, ["10 room:user-joined u-eve", "11 message:new u-eve"]);
    db.close().await;
}

#[tokio::test]
async fn many_messages_come_in_chunks() {
    let source = tutorial_database().await;
    let there = Db::open(&source.options()).await.unwrap();
    for text in [
        r#"INSERT INTO "Message" (id, room_id, sender_id, content, created_at)
           SELECT 'z-' || lpad(n::text, 5, '0'), 'r-general', 'u-ada', 'm' || n,
                  timestamptz '2025-03-02 00:00+00' + (n / 10) * interval '1 second' FROM generate_series(1, 2500) n"#,
        r#"INSERT INTO "DirectMessage" (id, sender_id, receiver_id, content, created_at)
           SELECT 'e-' || lpad(n::text, 5, '0'), 'u-ben', 'u-ada', 'd' || n,
                  timestamptz '2025-03-02 00:00+00' + (n / 10) * interval '1 second' FROM generate_series(1, 1500) n"#,
    ] {
        there.run(Statement::generated(text)).await.expect(text);
    }
    there.close().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let place = TestDatabase::on(engine).await;
        let db = place.open().await;
        let dry = run(&source, &db, Mode::DryRun).await;
        let report = run(&source, &db, Mode::Write).await;
        assert_eq!((report.messages.imported, report.direct_messages.imported), (2506, 1504));
        assert_eq!((dry.conversations, dry.messages), (report.conversations, report.messages));
        assert_logs_are_whole(&db).await;
        let order = "SELECT id FROM messages WHERE room_id = 'r-general' AND seq > 8 ORDER BY seq";
        let expected: Vec<_> = (1..=2500).map(|n| format!("z-{n:05}")).collect();
        assert_eq!(lines(&db, order).await, expected, "{engine:?}");
        db.close().await;
    }
}

#[tokio::test]
async fn the_source_may_be_our_own_database() {
    let source = tutorial_database().await;
    let db = source.open().await;
    let report = run(&source, &db, Mode::Write).await;
    assert_eq!(report.messages.imported, 6);
    let left: (i64,) = db.one(sql(r#"SELECT COUNT(*) FROM "Message""#)).await.unwrap();
    assert_eq!(left.0, 9, "the tutorial's tables are as they were");
    db.close().await;
}

#[tokio::test]
async fn another_database_is_recognised() {
    let place = TestDatabase::sqlite();
    let db = place.open().await;
    let run = async |url: &str| {
        let from = url.parse().expect("a URL");
        tutorial(&from, &db, &Names::random(), &Clock::default(), Mode::Write)
            .await
            .expect_err("it was imported")
    };
    assert!(matches!(run("sqlite:/nowhere/x.db").await, ImportError::NotPostgres));
    let other = TestDatabase::postgres().await;
    let error = run(other.url()).await;
    assert_eq!(error.to_string(), "this is not the tutorial's database, it has no table \"User\"");
    let older = tutorial_database().await;
    let there = Db::open(&older.options()).await.unwrap();
    there.run(sql(r#"ALTER TABLE "RoomMember" DROP COLUMN last_read_at"#)).await.unwrap();
    there.close().await;
    let error = run(older.url()).await.to_string();
    assert_eq!(
        error,
        "this is not the tutorial's database, it has no column \"last_read_at\" in its table \"RoomMember\""
    );
    db.close().await;
}
