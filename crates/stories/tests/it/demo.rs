//! The demo's workspace: the same at every run and on both databases, and nobody sees more of it than they may.

use std::sync::Arc;

use fireside_db::testing::TestDatabase;
use fireside_db::{Options, sql};
use fireside_protocol::Request as _;
use fireside_protocol::Time;
use fireside_protocol::sessions::Login;
use fireside_server::config::{Config, Signup};
use fireside_server::demo::{self, PASSWORD, Settings};
use fireside_server::wiring::{self, Running};
use fireside_stories::actor::House;
use fireside_stories::client::{Profile, Transport};
use fireside_stories::story::on_engine;
use fireside_stories::{Actor, Door, Engine};
use serde_json::{Value, json};

/// 2026-11-20, ten past eleven.
const NOW: Time = Time::from_micros(1_795_173_000_000_000);
const LONG_ROOM_MESSAGES: u32 = 250;
const WAY: (Profile, Transport) = (Profile::Idiomatic, Transport::WebSocket);

/// A server with the demo's data.
struct Workspace {
    house: Arc<House>,
    _server: Running,
    _database: TestDatabase,
    _files: tempfile::TempDir,
}

impl Workspace {
    async fn open(engine: Engine) -> Workspace {
        let (database, files) = (TestDatabase::on(engine).await, tempfile::tempdir().expect("a folder"));
        let config = Config {
            listen: "127.0.0.1:0".parse().expect("an address"),
            data_dir: files.path().to_owned(),
            database_url: Some(database.url().parse().expect("the address of a test database")),
            signup: Some(Signup::Open),
            rate_limits: false,
            ..Config::default()
        };
        let (db, _) = wiring::open(&Options::new(config.database()), true).await.expect("it opens");
        let settings = Settings { now: NOW, long_room_messages: LONG_ROOM_MESSAGES };
        demo::fill(&db, settings).await.expect("it is filled");
        let (sent,): (i64,) = db.one(sql("SELECT COUNT(*) FROM messages")).await.expect("it is counted");
        assert!(sent > i64::from(LONG_ROOM_MESSAGES) + 100, "only {sent} messages");
        db.close().await;
        let server = wiring::start(&config, true).await.expect("the server starts");
        let house = House::at(server.address, server.kernel.clock.clone());
        Workspace { house, _server: server, _database: database, _files: files }
    }

    async fn enter(&self, name: &str) -> Actor {
        let stranger = Actor::with_token(&self.house, "a stranger", "nobody", None, Door::Rest, WAY);
        let payload = json!({ "username": name, "password": PASSWORD });
        let answer = stranger.does(&Login::OPERATION, &payload).await.body;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let id = text(&answer["user"]["id"]).expect("a sign-in has a user");
        Actor::with_token(&self.house, name, &id, text(&answer["accessToken"]), Door::Rest, WAY)
    }
}

/// All that somebody can read.
async fn all_that_is_told_to(actor: &Actor) -> Value {
    let (rooms, people) = (actor.gets("/chat/rooms").await, actor.gets("/chat/conversations").await);
    let mut told = vec![actor.gets("/chat/unread").await];
    for room in rooms.as_array().into_iter().flatten() {
        let id = room["id"].as_str().expect("a room has an id");
        for what in ["messages?limit=100", "members"] {
            told.push(actor.gets(&format!("/chat/rooms/{id}/{what}")).await);
        }
    }
    for person in people.as_array().into_iter().flatten() {
        let id = person["id"].as_str().expect("a conversation is with somebody");
        told.push(actor.gets(&format!("/chat/dm/{id}?limit=100")).await);
    }
    json!([rooms, people, told])
}

fn two_runs_tell_the_same(engine: Engine) {
    on_engine(engine, async |engine| {
        let (one, other) = (Workspace::open(Engine::Sqlite).await, Workspace::open(engine).await);
        for name in ["ada", "bjorn", "layla", "dana"] {
            let told = all_that_is_told_to(&one.enter(name).await).await;
            let again = all_that_is_told_to(&other.enter(name).await).await;
            assert_eq!(told, again, "{name} is told something else");
        }
    });
}

#[test]
fn two_runs_tell_the_same_on_sqlite() {
    two_runs_tell_the_same(Engine::Sqlite);
}

#[test]
fn two_runs_tell_the_same_on_sqlite_and_postgres() {
    two_runs_tell_the_same(Engine::Postgres);
}

#[test]
fn nobody_sees_what_is_not_for_them_and_ada_has_much_to_read() {
    on_engine(Engine::Sqlite, async |engine| {
        let workspace = Workspace::open(engine).await;
        let ada = workspace.enter("ada").await;
        let told = all_that_is_told_to(&ada).await.to_string();
        let (in_hiring, between_others) = ("Offer is out", "in the shape of a boat");
        assert!(!told.contains(in_hiring) && !told.contains(between_others), "Ada sees what others say");
        assert!(!told.contains("the key for the test gate"), "a deleted message still says something");
        for (name, what) in [("dana", in_hiring), ("bjorn", between_others)] {
            let told = all_that_is_told_to(&workspace.enter(name).await).await.to_string();
            assert!(told.contains(what), "{name} does not see {what:?}");
        }
        let sum = async |name: &str, field: &str| {
            let unread = workspace.enter(name).await.gets("/chat/unread").await;
            unread.as_array().into_iter().flatten().filter_map(|row| row[field].as_i64()).sum::<i64>()
        };
        assert!(sum("ada", "unreadCount").await >= 10, "Ada has little to read");
        assert_eq!(sum("ada", "mentionCount").await, 4, "in Harbour, Deploys, Languages and On call");
        assert_eq!(sum("dana", "unreadCount").await, 0, "Dana was there all the time");
    });
}
