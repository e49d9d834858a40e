//! A Redis in trouble: the bus says so in plain words, and comes back by itself.

mod listener;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fireside_bus::testing::RedisServer;
use fireside_bus::{Bus, RedisOptions};
use listener::{Listener, options, until};

/// Two nodes in a Redis, the first of which listens to the second.
async fn pair(server: &RedisServer) -> (Listener, Bus) {
    let mut alice = Listener::new(Bus::redis(options(server, "troubles")).await);
    let bob = Bus::redis(options(server, "troubles")).await;
    alice.subscribes("room", &bob).await;
    (alice, bob)
}

async fn server() -> RedisServer {
    RedisServer::start().await.expect("a Redis")
}

#[tokio::test]
async fn killed_and_back_and_empty() {
    let server = server().await;
    let (mut alice, bob) = pair(&server).await;
    server.kill().expect("it is killed");
    until(&alice.bus, false).await;
    until(&bob, false).await;
    bob.publish("room", Bytes::from_static(b"to nobody"));
    // Subscribed to while it is away: in place as soon as it is back.
    alice.bus.subscribe("other");
    server.start_again().await.expect("it is back");
    let began = Instant::now();
    until(&alice.bus, true).await;
    until(&bob, true).await;
    assert!(began.elapsed() < Duration::from_secs(5), "back after {:?}", began.elapsed());
    bob.publish("other", Bytes::from_static(b"one"));
    bob.publish("room", Bytes::from_static(b"two"));
    assert_eq!((alice.next().await.1, alice.next().await.1), ("one".into(), "two".into()));
}

#[tokio::test]
async fn away_at_the_start() {
    let server = server().await;
    server.kill().expect("it is killed");
    let mut alice = Listener::new(Bus::redis(options(&server, "troubles")).await);
    let reason = until(&alice.bus, false).await.expect("a reason");
    assert!(reason.contains("nothing takes connections"), "{reason}");
    alice.bus.subscribe("room");
    server.start_again().await.expect("it is there");
    until(&alice.bus, true).await;
    let bob = Bus::redis(options(&server, "troubles")).await;
    bob.publish("room", Bytes::from_static(b"hello"));
    assert_eq!(alice.next().await.1, "hello");
}

#[tokio::test]
async fn frozen() {
    let server = server().await;
    let (mut alice, bob) = pair(&server).await;
    server.freeze().expect("it is frozen");
    let began = Instant::now();
    let reason = until(&alice.bus, false).await.expect("a reason");
    assert!(began.elapsed() < Duration::from_secs(10), "noticed after {:?}", began.elapsed());
    assert_eq!(reason, "Redis does not answer");
    server.thaw().expect("it goes on");
    until(&alice.bus, true).await;
    until(&bob, true).await;
    alice.hears("room", &bob).await;
}

#[tokio::test]
async fn listeners_cut_off() {
    let server = server().await;
    let (mut alice, bob) = pair(&server).await;
    let state = alice.bus.state();
    server.command::<i64>(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.expect("they are cut off");
    let mut noticed = state.clone();
    noticed.changed().await.expect("the bus is there");
    until(&alice.bus, true).await;
    until(&bob, true).await;
    alice.hears("room", &bob).await;
}

#[tokio::test]
async fn emptied() {
    let server = server().await;
    let (mut alice, bob) = pair(&server).await;
    server.command::<()>(&["FLUSHALL"]).await.expect("it is emptied");
    bob.publish("room", Bytes::from_static(b"hello"));
    assert_eq!(alice.next().await.1, "hello", "there was nothing of ours in it");
}

#[tokio::test]
async fn another_password() {
    let server = server().await;
    let (mut alice, bob) = pair(&server).await;
    server.set_password("new").await.expect("it takes another password");
    server.command::<i64>(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.expect("they are cut off");
    let mut state = alice.bus.state();
    let refused = state.wait_for(|state| format!("{state:?}").contains("refuses the user or the password"));
    drop(tokio::time::timeout(listener::PATIENCE, refused).await.expect("the reason is told in time"));
    server.set_password("").await.expect("it takes none again");
    until(&alice.bus, true).await;
    until(&bob, true).await;
    alice.hears("room", &bob).await;
}

#[tokio::test]
async fn too_many_clients() {
    let server = server().await;
    let (mut alice, bob) = pair(&server).await;
    // Each has two connections.
    server.command::<()>(&["CONFIG", "SET", "maxclients", "4"]).await.expect("it takes four");
    let carol = Bus::redis(options(&server, "troubles")).await;
    let reason = until(&carol, false).await.expect("a reason");
    assert!(reason.contains("maxclients"), "{reason}");
    bob.publish("room", Bytes::from_static(b"hello"));
    assert_eq!(alice.next().await.1, "hello", "who is in stays in");
    drop(bob);
    until(&carol, true).await;
    alice.hears("room", &carol).await;
}

#[tokio::test]
async fn out_of_memory() {
    let server = server().await;
    let (mut alice, bob) = pair(&server).await;
    server.command::<()>(&["CONFIG", "SET", "maxmemory", "1"]).await.expect("it has no memory");
    server.command::<()>(&["SET", "key", "value"]).await.expect_err("it takes no data");
    bob.publish("room", Bytes::from_static(b"hello"));
    assert_eq!(alice.next().await.1, "hello", "messages are not kept, and need no memory");
}

#[tokio::test]
async fn forged_messages() {
    let server = server().await;
    let (mut alice, bob) = pair(&server).await;
    for number in 0..1000 {
        let forged = format!("\u{1}forged message number {number}, long enough for an envelope");
        server.publish("fireside:troubles:topic:room", forged.as_bytes()).await.expect("anybody may publish");
    }
    let stranger = RedisOptions { key: [8; 32], ..options(&server, "troubles") };
    Bus::redis(stranger).await.publish("room", Bytes::from_static(b"with another key"));
    let neighbour = Bus::redis(options(&server, "neighbours")).await;
    neighbour.publish("room", Bytes::from_static(b"of another chat"));
    bob.publish("room", Bytes::from_static(b"hello"));
    assert_eq!(alice.next().await.1, "hello", "the first that arrives is genuine");
}

/// How the nodes of a test meet in the master that a sentinel knows.
fn watched(sentinel: &RedisServer, credentials: &str) -> RedisOptions {
    let url = format!("redis+sentinel://:of-the-master@127.0.0.1:{}/main{credentials}", sentinel.port());
    RedisOptions { url: url.parse().expect("an address"), namespace: "troubles".to_owned(), key: [7; 32] }
}

#[tokio::test]
async fn master_lost_and_replica_promoted_by_a_sentinel() {
    let master = RedisServer::start_guarded("of-the-master", None).await.expect("a Redis");
    let replica = RedisServer::start_guarded("of-the-master", Some(&master)).await.expect("a replica");
    let sentinel = RedisServer::start_sentinel("of-the-sentinel", &master).await.expect("a sentinel");
    let options = watched(&sentinel, "?sentinel_password=of-the-sentinel");
    // Before that a master that is lost has nobody to take its place.
    let knows_replica = async {
        loop {
            let known: Vec<HashMap<String, String>> =
                sentinel.command(&["SENTINEL", "REPLICAS", "main"]).await.expect("it answers");
            if known.first().is_some_and(|replica| replica["master-link-status"] == "ok") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(listener::PATIENCE, knows_replica).await.expect("the sentinel knows the replica");
    let mut alice = Listener::new(Bus::redis(options.clone()).await);
    let bob = Bus::redis(options).await;
    alice.subscribes("room", &bob).await;

    master.kill().expect("it is killed");
    until(&alice.bus, false).await;
    until(&alice.bus, true).await;
    until(&bob, true).await;
    alice.hears("room", &bob).await;
    let role: Vec<redis::Value> = replica.command(&["ROLE"]).await.expect("it answers");
    assert_eq!(role.first(), Some(&redis::Value::BulkString(b"master".to_vec())));
}

#[tokio::test]
async fn a_sentinel_that_wants_another_password() {
    let master = RedisServer::start_guarded("of-the-master", None).await.expect("a Redis");
    let sentinel = RedisServer::start_sentinel("of-the-sentinel", &master).await.expect("a sentinel");
    for credentials in ["", "?sentinel_password=wrong"] {
        let bus = Bus::redis(watched(&sentinel, credentials)).await;
        let reason = until(&bus, false).await.expect("a reason");
        assert_eq!(reason, "Redis refuses the user or the password", "{credentials}");
    }
}
