//! Pings, pongs and the clock.

use std::time::Duration;

use fireside_socketio::Config;

use crate::support::{World, config};

fn quick() -> Config {
    Config { ping_interval: Duration::from_millis(200), ping_timeout: Duration::from_millis(150), ..config() }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_pings_stays() {
    let world = World::with(quick()).await;
    let mut client = world.join("alice").await;
    // `ask` answers pings on the way.
    for id in 0..8 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.ask(id, "[\"join\",\"r\"]").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_answer_is_closed() {
    let world = World::with(quick()).await;
    let mut raw = world.raw().await;
    raw.send(&crate::support::masked(0x81, b"40{\"name\":\"alice\"}")).await;
    world.reports("connected alice").await;
    assert_eq!(raw.frame().await.unwrap().1[..2], *b"40");
    assert_eq!(raw.frame().await.unwrap().1, b"2");
    assert_eq!(raw.close_code().await, 1000);
    world.reports("disconnected alice: ping timeout").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_has_the_same_heartbeat() {
    let world = World::with(quick()).await;
    let sid = world.open_polling().await;
    for _ in 0..3 {
        assert_eq!(world.poll(&sid).await.body, "2");
        assert_eq!(world.post(&sid, "3").await.body, "ok");
    }
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(world.poll(&sid).await.status, 400, "to the millisecond");
    world.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pongs_that_nobody_asked_for_are_ignored_up_to_a_limit() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    for _ in 0..500 {
        client.send("3").await;
    }
    client.send(&format!("3{}", "x".repeat(100_000))).await;
    client.ask(1, "[\"join\",\"r\"]").await;
    for _ in 0..600 {
        client.send("3").await;
    }
    assert_eq!(client.closed().await, Some(1008));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_joins_no_namespace_is_closed() {
    let world = World::with(Config { connect_timeout: Duration::from_millis(200), ..config() }).await;
    let mut silent = world.open().await;
    let sid = world.open_polling().await;
    let mut refused = world.open().await;
    refused.send("40{\"refuse\":true}").await;
    refused.receives("44{\"message\":\"not you\",\"data\":{\"code\":7}}").await;
    let mut joined = world.join("alice").await;
    silent.closed().await;
    refused.closed().await;
    assert_eq!(world.poll(&sid).await.status, 400);
    joined.ask(1, "[\"join\",\"r\"]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_takes_long_is_not_held_against_the_client() {
    let world = World::with(Config { max_in_flight: 1, ..quick() }).await;
    let mut client = world.join("alice").await;
    client.send("42[\"wait\",1]").await;
    world.reports("waiting 1").await;
    // Longer than interval and timeout together: the pong lies unread behind the event.
    tokio::time::sleep(Duration::from_millis(600)).await;
    world.server.handler().gate.add_permits(1);
    client.ask(2, "[\"join\",\"r\"]").await;
}
