//! Durability: what was acknowledged is there after `kill -9`, and an orderly stop loses nobody's words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fireside_db::testing::TestDatabase;
use fireside_kernel::{Clock, Names};
use fireside_stories::actor::House;
use fireside_stories::client::{Call, Profile, Transport};
use fireside_stories::process::{ServerProcess, serve_if_asked};
use fireside_stories::verbs::Sent;
use fireside_stories::{Actor, Answer, Door, Engine, Room, World, engines};
use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::{Value, json};

engines!(what_was_acknowledged_survives_kill_9, a_stop_answers_everyone_and_says_when_to_come_back);

/// How often the server is killed.
const KILLS: usize = 3;
/// How many messages are on their way at the same time.
const WRITERS: usize = 8;

async fn what_was_acknowledged_survives_kill_9(engine: Engine) {
    serve_if_asked().await;
    let test = match engine {
        Engine::Sqlite => "durability::what_was_acknowledged_survives_kill_9::sqlite",
        Engine::Postgres => "durability::what_was_acknowledged_survives_kill_9::postgres",
    };
    let database = TestDatabase::on(engine).await;
    let files = tempfile::tempdir().expect("a temporary directory");
    let mut server = ServerProcess::start(test, database.url(), files.path()).await;
    let house = Arc::new(House {
        address: Mutex::new(server.address),
        rooms: Mutex::default(),
        den: Mutex::default(),
        clock: Mutex::new(Clock::default()),
        names: Names::random(),
    });
    let alice = Actor::guest(&house, "alice", Door::Socket, (Profile::Idiomatic, Transport::WebSocket));
    alice.comes_back().await;
    let room = alice.creates("bunker", true).await;
    let mut acknowledged = BTreeMap::new();
    let mut unknown = 0;
    for round in 0..KILLS {
        // Killed in the middle of things: when a certain number has been acknowledged.
        let enough = acknowledged.len() + 40;
        let writers = join_all((0..WRITERS).map(|writer| writes_until_the_end(&alice, &room, round, writer)));
        let kill = async {
            while house_count(&alice) < enough {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            server.kill().await;
        };
        let (written, ()) = tokio::join!(writers, kill);
        for written in written {
            acknowledged.extend(written.acknowledged);
            unknown += written.unknown.len();
            // Whether these were stored is not known; sending them again tells, and does not store them twice.
            acknowledged.extend(written.unknown.into_iter().map(|name| (name, None)));
        }
        server = ServerProcess::start(test, database.url(), files.path()).await;
        *house.address.lock() = server.address;
        alice.comes_back().await;
        settle(&alice, &room, &mut acknowledged).await;
    }
    let stored = stored(&alice, &room).await;
    for (name, seq) in &acknowledged {
        assert_eq!(stored.get(name), seq.as_ref(), "{name} was acknowledged and is not there");
    }
    assert_eq!(stored.len(), acknowledged.len(), "something is there that nobody has sent");
    assert!(unknown > 0, "the server was never killed in the middle of anything");
    server.kill().await;
}
