//! Durability: what was acknowledged is there after `kill -9`, and an orderly stop loses nobody's words.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fireside_db::testing::TestDatabase;
use fireside_kernel::Clock;
use fireside_protocol::Request as _;
use fireside_protocol::messages::SendMessage;
use fireside_stories::actor::House;
use fireside_stories::client::{Profile, Socket, Transport};
use fireside_stories::process::{ServerProcess, serve_if_asked};
use fireside_stories::verbs::Sent;
use fireside_stories::{Actor, Answer, Door, Engine, Room, World, engines};
use futures_util::future::join_all;
use serde_json::{Value, json};

engines!(an_orderly_stop_loses_nothing_and_says_when_to_come_back);
engines!(alone what_was_acknowledged_survives_kill_9);

/// How often the server is killed.
const KILLS: usize = 3;
/// How many messages are on their way at the same time.
const WRITERS: usize = 8;
/// How many messages are acknowledged before the server is killed.
const ENOUGH: usize = 60;

/// What was sent: by the client's name for it, its position where it was acknowledged.
type Written = BTreeMap<String, Option<i64>>;

async fn what_was_acknowledged_survives_kill_9(engine: Engine) {
    serve_if_asked().await;
    let test = match engine {
        Engine::Sqlite => "durability::what_was_acknowledged_survives_kill_9::sqlite",
        Engine::Postgres => "durability::what_was_acknowledged_survives_kill_9::postgres",
    };
    let database = TestDatabase::on(engine).await;
    let files = tempfile::tempdir().expect("a temporary directory");
    let mut server = ServerProcess::start(test, database.url(), files.path()).await;
    let house = House::at(server.address, Clock::default());
    let alice = Actor::guest(&house, "alice", Door::Socket, (Profile::Idiomatic, Transport::WebSocket));
    alice.connects().await;
    let room = alice.creates("bunker", true).await;
    let mut written = Written::new();
    for round in 0..KILLS {
        let acknowledged = AtomicUsize::new(0);
        let socket = alice.socket();
        let names = |writer| (0..).map(move |number| format!("{round}-{writer}-{number}"));
        let writers = (0..WRITERS).map(|writer| writes(&socket, &room, names(writer), &acknowledged));
        let kill = async {
            while acknowledged.load(Ordering::Relaxed) < ENOUGH {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            server.kill().await;
        };
        let (fresh, ()) = tokio::join!(join_all(writers), kill);
        written.extend(fresh.into_iter().flatten());
        server = ServerProcess::start(test, database.url(), files.path()).await;
        *house.address.lock() = server.address;
        alice.comes_back().await;
        is_kept(&alice, &room, &written).await;
        settle(&alice, &room, &mut written).await;
    }
    let stored = is_kept(&alice, &room, &written).await;
    assert_eq!(stored, written, "something is there that was not sent, or twice");
    server.kill().await;
}

async fn an_orderly_stop_loses_nothing_and_says_when_to_come_back(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, dave, mallory, den, .. } = &world;
    let acknowledged = AtomicUsize::new(0);
    let sockets = [alice.socket(), bob.socket(), carol.socket()];
    let names = |writer: usize| (0..).map(move |number| format!("{writer}-{number}"));
    let writers = (0..WRITERS).map(|writer| writes(&sockets[writer % 3], den, names(writer), &acknowledged));
    let restart = async {
        while acknowledged.load(Ordering::Relaxed) < ENOUGH {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        world.restart().await;
    };
    let (written, ()) = tokio::join!(join_all(writers), restart);
    for actor in [alice, bob, carol, dave, mallory] {
        let told = actor.sockets()[0].heard().since(0);
        let draining = told.iter().find(|event| event.name == "server:draining");
        let after_ms = draining.and_then(|event| event.payload["reconnectAfterMs"].as_u64());
        assert!(after_ms.is_some_and(|ms| ms <= 20_000), "{} was told {after_ms:?}", actor.name());
        actor.comes_back().await;
    }
    let written: Written = written.into_iter().flatten().collect();
    is_kept(bob, den, &written).await;
    world.close().await;
}

/// Sends one message after the other under these names, until the connection or the server ends.
async fn writes(
    socket: &Socket,
    room: &Room,
    names: impl Iterator<Item = String>,
    acknowledged: &AtomicUsize,
) -> Written {
    let mut written = Written::new();
    for name in names {
        let payload = json!({ "roomId": room.id, "content": room.spoken(&name), "clientId": name });
        let answer = socket.submit("message:send", &payload).await.answer().await;
        match answer.map(Answer::of_ack) {
            Some(Ok(answer)) => {
                acknowledged.fetch_add(1, Ordering::Relaxed);
                written.insert(name, Some(Sent::of(&answer).seq));
            }
            // Refused for good: the server stops, and nothing was done.
            Some(Err(refusal)) => {
                assert!(["draining", "overloaded"].contains(&refusal.reason.as_str()), "{refusal:?}");
                break;
            }
            // Whether it was stored is not known.
            None => {
                written.insert(name, None);
                break;
            }
        }
    }
    written
}

/// Sends again what was not acknowledged, under the same names: each is stored once then.
async fn settle(who: &Actor, room: &Room, written: &mut Written) {
    for (name, seq) in written.iter_mut().filter(|(_, seq)| seq.is_none()) {
        let payload = json!({ "roomId": room.id, "content": room.spoken(name), "clientId": name });
        *seq = Some(Sent::of(&who.does(&SendMessage::OPERATION, &payload).await).seq);
    }
}

/// Everything that was acknowledged is there, in its place; what is there, by the client's names.
async fn is_kept(who: &Actor, room: &Room, written: &Written) -> Written {
    let mut stored = Written::new();
    let mut after = 0;
    loop {
        let page = who.reads_page(room, json!({ "after": after, "limit": 200 })).await;
        let Some(newest) = page.items().first().and_then(|message| message["seq"].as_i64()) else { break };
        after = newest;
        let name =
            |message: &Value| Some((message["clientId"].as_str()?.to_owned(), message["seq"].as_i64()));
        stored.extend(page.items().iter().filter_map(name));
    }
    for (name, seq) in written.iter().filter(|(_, seq)| seq.is_some()) {
        assert_eq!(stored.get(name), Some(seq), "{name} was acknowledged, and this is what is there");
    }
    stored
}
