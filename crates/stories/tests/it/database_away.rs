//! The database goes away: every call is answered, nobody is disconnected, and it heals by itself.

use std::time::{Duration, Instant};

use fireside_db::sql;
use fireside_db::testing::PostgresServer;
use fireside_stories::client::Call;
use fireside_stories::story::on_engine;
use fireside_stories::{Answer, Door, Engine, World};
use futures_util::future::join_all;
use serde_json::json;

/// How long a call may take (`GUARANTEES.md` F22).
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// SQLite is a file beside us; it cannot be frozen without freezing the server.
#[test]
fn a_frozen_database_is_told_of_and_forgotten() {
    on_engine(Engine::Postgres, async |_| Box::pin(a_frozen_database()).await);
}

/// SQLite locks no rows.
#[test]
fn a_locked_room_holds_up_nobody_else() {
    on_engine(Engine::Postgres, async |engine| Box::pin(a_locked_room(engine)).await);
}

async fn a_locked_room(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, square, .. } = &world;
    let mine = alice.sends("before").await;
    let db = world.kernel().db;
    let mut somebody = db.begin().await.expect("a transaction");
    let lock = sql("SELECT id FROM rooms WHERE id = $1 FOR UPDATE").bind(&den.id);
    let _: (String,) = somebody.one(lock).await.expect("the lock");
    let socket = alice.socket();
    let mut pending = Vec::new();
    for number in 0..20 {
        let payload = json!({ "roomId": den.id, "content": den.spoken(&format!("held {number}")) });
        pending.push(socket.submit("message:send", &payload).await);
        // What follows on the same socket is for another room, and does not wait.
        alice.sends_to(square, &format!("free {number}")).await;
    }
    let edit = json!({ "messageId": mine.id, "content": den.spoken("edited") });
    let edit = socket.submit("message:edit", &edit).await;
    alice.sends_to(square, "free after the edit").await;
    somebody.rollback().await;
    let mut last = mine.seq;
    for answer in join_all(pending.into_iter().map(|pending| pending.answer())).await {
        let sent =
            Answer::of_ack(answer.expect("an answer")).expect("it is stored as soon as the room is free");
        let seq = sent.body["seq"].as_i64().expect("a position");
        assert_eq!(seq, last + 1, "the order is that in which they were sent");
        last = seq;
    }
    let edited = Answer::of_ack(edit.answer().await.expect("an answer")).expect("the edit is stored");
    assert_eq!(edited.body["seq"], last + 1, "an edit waits in line: {}", edited.body);
    bob.sees("held 19").await;
    alice.sends("after").await;
    world.close().await;
}

/// Whoever keeps the room for long makes its senders hear so, in time and for certain.
#[test]
fn a_room_that_stays_locked_is_overloaded() {
    on_engine(Engine::Postgres, async |engine| Box::pin(a_room_that_stays_locked(engine)).await);
}

async fn a_room_that_stays_locked(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, den, .. } = &world;
    let mut somebody = world.kernel().db.begin().await.expect("a transaction");
    let lock = sql("SELECT id FROM rooms WHERE id = $1 FOR UPDATE").bind(&den.id);
    let _: (String,) = somebody.one(lock).await.expect("the lock");
    let sends = join_all((0..3).map(|number| async move {
        timed(async { alice.tries_to_send(den, &format!("in vain {number}")).await }).await
    }));
    for (outcome, took) in sends.await {
        let refusal = outcome.expect_err("the room is locked");
        assert_eq!(refusal.reason, "overloaded", "{refusal:?}");
        assert!(took <= ANSWERED_WITHIN, "answered after {took:?}");
    }
    somebody.rollback().await;
    alice.sends("after").await;
    world.close().await;
}

async fn a_frozen_database() {
    let postgres = PostgresServer::start().await.expect("a PostgreSQL server");
    let world = World::at(&postgres.url("postgres"), Door::Socket, |_| {}).await;
    let World { alice, bob, carol, den, .. } = &world;
    alice.sends("before").await;
    carol.sees("before").await;
    postgres.freeze().expect("the server can be frozen");
    let since = Instant::now();
    let payload = |number: usize| json!({ "roomId": den.id, "content": den.spoken(&format!("frozen {number}")), "clientId": format!("f-{number}") });
    let sockets = [alice.socket(), bob.socket(), carol.socket()];
    let sends = join_all((0..12).map(|number| {
        let (socket, payload) = (&sockets[number % 3], payload(number));
        async move { timed(async { socket.call("message:send", &payload).await }).await }
    }));
    let reads = join_all((0..3).map(|number| {
        let socket = &sockets[number];
        let payload = json!({ "roomId": den.id });
        async move { timed(async { socket.call("message:list", &payload).await }).await }
    }));
    let rest = timed(alice.calls(Call { method: "GET", path: "/chat/rooms", ..Call::default() }));
    let ready = timed(alice.calls(Call { method: "GET", path: "/readyz", ..Call::default() }));
    let (sends, reads, (rest, rest_took), (ready, ready_took)) = tokio::join!(sends, reads, rest, ready);
    for (answer, took) in sends.iter().chain(&reads) {
        let refusal = Answer::of_ack(answer.clone()).expect_err("a frozen database has answered");
        assert!(["overloaded", "indeterminate"].contains(&refusal.reason.as_str()), "{refusal:?}");
        assert!(*took <= ANSWERED_WITHIN, "{refusal:?} after {took:?}");
    }
    assert_eq!(rest.status, 503, "{}", rest.text);
    assert_eq!(ready.status, 503, "{}", ready.text);
    for took in [rest_took, ready_took] {
        assert!(took <= ANSWERED_WITHIN, "answered after {took:?}");
    }
    assert!(sockets.iter().all(|socket| !socket.heard().is_over()), "a socket was closed");
    // Nothing that needs no database is affected.
    let (alive, took) = timed(alice.calls(Call { method: "GET", path: "/healthz", ..Call::default() })).await;
    assert!(alive.status == 200 && took < Duration::from_secs(1), "{} after {took:?}", alive.status);
    tokio::time::sleep(Duration::from_secs(3).saturating_sub(since.elapsed())).await;
    postgres.thaw().expect("the server goes on");
    // It heals by itself: what is sent again under the same name is there once.
    let thawed = Instant::now();
    for (number, _) in sends.iter().enumerate() {
        let socket = &sockets[number % 3];
        loop {
            match Answer::of_ack(socket.call("message:send", &payload(number)).await) {
                Ok(_) => break,
                Err(refusal) => {
                    assert!(
                        ["overloaded", "indeterminate"].contains(&refusal.reason.as_str()),
                        "{refusal:?}"
                    );
                    assert!(thawed.elapsed() < Duration::from_secs(5), "it does not heal: {refusal:?}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
    let page = bob.reads_page(den, json!({ "limit": 50 })).await;
    let frozen = page
        .items()
        .iter()
        .filter(|message| message["clientId"].as_str().is_some_and(|name| name.starts_with("f-")));
    assert_eq!(frozen.count(), sends.len());
    world.close().await;
    postgres.stop().await.expect("the server stops");
}

/// What comes of it, and how long it took.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let since = Instant::now();
    let outcome = work.await;
    (outcome, since.elapsed())
}
