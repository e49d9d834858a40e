//! The statements on `users`, on both engines.

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Engine, Error, Statement};
use fireside_protocol::{Time, UserId};

use super::*;
use crate::presence;
use crate::presence::tests::stage::{Stage, socket};

const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

fn id(text: &str) -> UserId {
    UserId::trusted(text)
}

fn at(micros: i64) -> Time {
    Time::from_micros(micros)
}

fn user(id: &str, username: &str, display_name: Option<&str>) -> NewUser {
    NewUser {
        id: UserId::trusted(id),
        username: username.to_owned(),
        display_name: display_name.map(str::to_owned),
        avatar: None,
        kind: Kind::Person,
        role: ServerRole::Member,
        origin: Origin::Local,
        at: at(1_000),
    }
}

async fn add(db: &Db, user: &NewUser) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    insert(&mut tx, user).await?;
    tx.commit().await
}

async fn found(db: &Db, query: &str) -> Vec<String> {
    let rows = sql::search(db, query, 50).await.unwrap();
    rows.into_iter().map(|row| row.username).collect()
}

#[tokio::test]
async fn a_user_is_found_by_id_before_username() {
    for engine in ENGINES {
        let database = TestDatabase::on(engine).await;
        let db = database.open().await;
        add(&db, &user("u1", "alice", Some("Alice"))).await.unwrap();
        add(&db, &user("alice", "bob", None)).await.unwrap();
        let by_name = |name: &'static str| {
            let db = db.clone();
            async move { find(&db, name).await.unwrap().map(|row| row.username) }
        };
        assert_eq!(by_name("u1").await.as_deref(), Some("alice"), "{engine:?}");
        assert_eq!(by_name("alice").await.as_deref(), Some("bob"), "an id wins, {engine:?}");
        assert_eq!(by_name("ALICE").await.as_deref(), Some("alice"), "usernames have no case, {engine:?}");
        assert_eq!(by_name("auth0|nobody").await, None, "{engine:?}");
        let named_me = resolve(&db, &UserRef::trusted("me"), &id("u1")).await.unwrap();
        assert_eq!(named_me.username, "alice", "{engine:?}");
        let nobody = resolve(&db, &UserRef::trusted("nobody"), &id("u1")).await.unwrap_err();
        assert_eq!(nobody.message, "User not found", "{engine:?}");
    }
}

#[tokio::test]
async fn taken_names_and_ids_are_told_apart() {
    for engine in ENGINES {
        let database = TestDatabase::on(engine).await;
        let db = database.open().await;
        add(&db, &user("u1", "alice", None)).await.unwrap();
        let taken = |constraint: &str| Err(Error::Unique { constraint: constraint.to_owned() });
        assert_eq!(add(&db, &user("u2", "alice", None)).await, taken("users_username_key"), "{engine:?}");
        assert_eq!(add(&db, &user("u1", "bob", None)).await, taken("users_pkey"), "{engine:?}");
    }
}

#[tokio::test]
async fn many_are_found_in_the_order_asked_for() {
    for engine in ENGINES {
        let database = TestDatabase::on(engine).await;
        let db = database.open().await;
        let mut tx = db.begin().await.unwrap();
        for number in 0..300 {
            insert(&mut tx, &user(&format!("u{number}"), &format!("name{number}"), None)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut wanted: Vec<UserId> = (0..300).rev().map(|number| id(&format!("u{number}"))).collect();
        wanted.insert(150, id("nobody"));
        let rows = find_many(&db, &wanted).await.unwrap();
        wanted.remove(150);
        let got: Vec<UserId> = rows.into_iter().map(|row| row.id).collect();
        assert_eq!(got, wanted, "{engine:?}");
        assert!(find_many(&db, &[]).await.unwrap().is_empty(), "{engine:?}");
    }
}

#[tokio::test]
async fn search_takes_every_character_as_itself() {
    for engine in ENGINES {
        let database = TestDatabase::on(engine).await;
        let db = database.open().await;
        for (number, (username, name)) in [
            ("alice", Some("Zoe")),
            ("al_ice", None),
            ("bob", Some("Alan 100%")),
            ("carol", Some("100% Carol")),
            ("dave", Some("日本 語")),
        ]
        .into_iter()
        .enumerate()
        {
            add(&db, &user(&format!("u{number}"), username, name)).await.unwrap();
        }
        let system = NewUser { kind: Kind::System, ..user("sys", "alarm", None) };
        add(&db, &system).await.unwrap();
        add(&db, &user("gone", "albert", None)).await.unwrap();
        sql::set_disabled(&db, &id("gone"), true, at(5)).await.unwrap();

        assert_eq!(found(&db, "AL").await, ["al_ice", "alice", "bob"], "{engine:?}");
        assert_eq!(found(&db, "al_").await, ["al_ice"], "{engine:?}");
        assert_eq!(found(&db, "%").await, [""; 0], "{engine:?}");
        assert_eq!(found(&db, "100%").await, ["carol"], "{engine:?}");
        assert_eq!(found(&db, "日").await, ["dave"], "{engine:?}");
        assert_eq!(found(&db, "' OR 1=1 --").await, [""; 0], "{engine:?}");
        assert_eq!(found(&db, "").await.len(), 5, "{engine:?}");
        assert_eq!(sql::search(&db, "", 2).await.unwrap().len(), 2, "{engine:?}");
    }
}

#[tokio::test]
async fn profiles_change_only_where_something_is_new() {
    for engine in ENGINES {
        let database = TestDatabase::on(engine).await;
        let db = database.open().await;
        add(&db, &user("u1", "alice", Some("Alice"))).await.unwrap();
        let same = HostProfile { display_name: Some("Alice".into()), avatar: None };
        set_profile(&db, &id("u1"), &same, at(2_000)).await.unwrap();
        let row = find(&db, "u1").await.unwrap().unwrap();
        assert_eq!(row.modified_at, at(1_000), "nothing was new, {engine:?}");
        let picture = HostProfile { display_name: None, avatar: Some("https://x/a.png".into()) };
        set_profile(&db, &id("u1"), &picture, at(3_000)).await.unwrap();
        let row = sql::set_display_name(&db, &id("u1"), "Al", at(4_000)).await.unwrap().unwrap();
        assert_eq!(row.display_name.as_deref(), Some("Al"), "{engine:?}");
        assert_eq!(row.avatar.as_deref(), Some("https://x/a.png"), "{engine:?}");
        assert_eq!(row.modified_at, at(4_000), "{engine:?}");
    }
}

#[tokio::test]
async fn shutting_out_twice_keeps_the_first_time() {
    for engine in ENGINES {
        let database = TestDatabase::on(engine).await;
        let db = database.open().await;
        assert!(!has_admin(&db).await.unwrap(), "{engine:?}");
        add(&db, &NewUser { role: ServerRole::Admin, ..user("u1", "root", None) }).await.unwrap();
        sql::set_disabled(&db, &id("u1"), true, at(5)).await.unwrap();
        let row = sql::set_disabled(&db, &id("u1"), true, at(9)).await.unwrap().unwrap();
        assert_eq!(row.disabled_at, Some(at(5)), "{engine:?}");
        assert!(row.is_admin() && has_admin(&db).await.unwrap(), "an admin shut out counts, {engine:?}");
        let row = sql::set_disabled(&db, &id("u1"), false, at(9)).await.unwrap().unwrap();
        assert_eq!(row.disabled_at, None, "{engine:?}");
        assert!(sql::set_disabled(&db, &id("u2"), true, at(9)).await.unwrap().is_none(), "{engine:?}");
    }
}

#[tokio::test]
async fn last_seen_only_moves_forward() {
    for engine in ENGINES {
        let database = TestDatabase::on(engine).await;
        let db = database.open().await;
        let mut tx = db.begin().await.unwrap();
        for number in 0..200 {
            insert(&mut tx, &user(&format!("u{number}"), &format!("name{number}"), None)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let all = |time| (0..200).map(|number| (id(&format!("u{number}")), at(time))).collect::<Vec<_>>();
        set_last_seen(&db, &all(7_000)).await.unwrap();
        set_last_seen(&db, &all(6_000)).await.unwrap();
        set_last_seen(&db, &[(id("u0"), at(8_000)), (id("nobody"), at(1))]).await.unwrap();
        let rows = find_many(&db, &all(0).into_iter().map(|(id, _)| id).collect::<Vec<_>>()).await.unwrap();
        assert_eq!(rows[0].last_seen_at, Some(at(8_000)), "{engine:?}");
        assert!(rows[1..].iter().all(|row| row.last_seen_at == Some(at(7_000))), "{engine:?}");
    }
}

#[tokio::test]
async fn a_name_is_found_by_its_beginning_in_small_letters() {
    for engine in ENGINES {
        let database = TestDatabase::on(engine).await;
        let db = database.open().await;
        add(&db, &user("u1", "emile", Some("Émile Çelik"))).await.unwrap();
        add(&db, &user("u2", "kirill", Some("Кирилл"))).await.unwrap();
        for (query, username) in [("ém", "emile"), ("émile ç", "emile"), ("ÉM", "emile"), ("кир", "kirill")]
        {
            assert_eq!(found(&db, query).await, [username], "{query} {engine:?}");
        }
    }
}

#[tokio::test]
async fn search_by_username_reads_its_index() {
    let database = TestDatabase::sqlite();
    let db = database.open().await;
    let explain = Statement::generated(format!("EXPLAIN QUERY PLAN {}", sql::SEARCH));
    let plan: Vec<(i64, i64, i64, String)> =
        db.all(explain.bind("al").bind("\u{10FFFF}").bind(50).bind("Al")).await.unwrap();
    assert!(plan.iter().any(|row| row.3.contains("username>? AND username<?")), "{plan:?}");
}

#[tokio::test]
async fn who_shares_no_room_sees_the_profile_and_no_more() {
    for engine in ENGINES {
        let mut stage = Stage::on(engine).await;
        let db = stage.kernel.db.clone();
        for name in ["ann", "bob", "eve"] {
            add(&db, &user(name, name, None)).await.unwrap();
        }
        set_last_seen(&db, &[(id("ann"), at(5_000))]).await.unwrap();
        stage.room("hall", &["ann", "bob"]).await;
        let online = presence::register(&stage.kernel, &mut stage.registry);
        let settings = crate::sessions::Settings::default();
        let sessions = crate::sessions::register(&stage.kernel, &mut stage.registry, &online, settings);
        let sessions = sessions.await.unwrap();
        register(&stage.kernel, &mut stage.registry, &online, &sessions);
        fireside_kernel::connections::Observer::opened(&*online, &socket("ann", 1), &[]);

        for (name, sees) in [("bob", true), ("ann", true), ("eve", false)] {
            let got = stage.call(name, "user:get", r#"{"userId":"ann"}"#).await.unwrap();
            assert_eq!(got["isOnline"], sees, "{name} {engine:?}");
            assert_eq!(!got["lastSeenAt"].is_null(), sees, "{name} {engine:?}");
            let found = stage.call(name, "user:search", r#"{"query":"AN"}"#).await.unwrap();
            assert_eq!(found["items"][0]["isOnline"], sees, "{name} {engine:?}");
        }
        let changed = stage.call("bob", "user:update", r#"{"displayName":"Bob"}"#).await.unwrap();
        assert_eq!(
            (&changed["displayName"], &changed["isOnline"]),
            (&"Bob".into(), &false.into()),
            "{engine:?}"
        );
        let refused =
            stage.call("bob", "user:disable", r#"{"userId":"ann","disabled":true}"#).await.unwrap_err();
        assert_eq!(refused.reason, fireside_protocol::Reason::Forbidden, "{engine:?}");
    }
}
