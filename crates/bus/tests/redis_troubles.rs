//! A Redis in trouble: the bus says so in plain words, and comes back by itself.

mod listener;

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
