//! Clients that do not read.

use std::time::Duration;

use fireside_socketio::{Config, Frame};
use tokio::io::AsyncReadExt;

use crate::support::{World, config, masked, soon};

/// More than the kernel buffers of a connection on loopback hold.
const MUCH: usize = 20_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_reading_is_closed_and_nobody_else_suffers() {
    let world = World::new().await;
    let mut bystander = world.join("bob").await;
    let mut raw = world.raw().await;
    raw.send(&masked(0x81, b"40{\"name\":\"stuck\"}")).await;
    world.reports("connected stuck").await;
    let text = "x".repeat(50_000);
    for number in 0..MUCH / text.len() {
        let frame = Frame::event("water", &(number, &text)).unwrap();
        world.namespace().everyone().emit(&frame);
        assert!(
            bystander.receive().await.starts_with(&format!("42[\"water\",{number},")),
            "whole and in order"
        );
    }
    world.reports("disconnected stuck: slow consumer").await;
    let mut rest = Vec::new();
    soon("the end", raw.stream.read_to_end(&mut rest)).await.expect_err("the connection is reset");
    soon("the session gone", async {
        while world.server.sessions() > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let closed = world.server.stats().closed_by_reason;
    assert!(closed.contains(&(fireside_socketio::DisconnectReason::SlowConsumer, 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_late_gets_everything() {
    let world =
        World::with(Config { queue_limit_bytes: 2 * MUCH, queue_limit_packets: 1 << 20, ..config() }).await;
    let mut raw = world.raw().await;
    raw.send(&masked(0x81, b"40{\"name\":\"late\"}")).await;
    world.reports("connected late").await;
    raw.frame().await;
    let socket = world.namespace().sockets().remove(0);
    // Sizes from one byte to more than any buffer, so that writes end in every possible place.
    let sizes: Vec<usize> = (0..).map(|number: usize| number * number % 60_013).take(700).collect();
    for (number, size) in sizes.iter().enumerate() {
        assert!(socket.emit(&Frame::event("water", &(number, "x".repeat(*size))).unwrap()));
    }
    for (number, size) in sizes.iter().enumerate() {
        let (_, content) = raw.frame().await.unwrap();
        assert_eq!(content.len(), format!("42[\"water\",{number},\"\"]").len() + size);
        assert!(content.starts_with(format!("42[\"water\",{number},").as_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_packets_is_limited_too() {
    let world = World::with(Config { queue_limit_packets: 10, ..config() }).await;
    let sid = world.open_polling().await;
    world.post(&sid, "40").await;
    world.reports("connected anybody").await;
    world.post(&sid, "42[\"flood\",100,1]").await;
    world.reports("flooded 9").await;
    world.reports("disconnected anybody: slow consumer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn volatile_events_are_dropped_when_the_client_is_behind() {
    let world = World::new().await;
    let mut raw = world.raw().await;
    raw.send(&masked(0x81, b"40{\"name\":\"stuck\"}")).await;
    world.reports("connected stuck").await;
    let socket = world.namespace().sockets().remove(0);
    let frame = Frame::event("water", &["x".repeat(50_000)]).unwrap();
    let mut dropped = false;
    for _ in 0..MUCH / 50_000 {
        dropped |= !socket.emit_volatile(&frame);
        tokio::task::yield_now().await;
    }
    assert!(dropped, "some must have been dropped");
    assert!(socket.is_connected(), "and that is no reason to close");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_large_packet_is_no_backlog() {
    let world = World::with(Config { queue_limit_bytes: 1000, ..config() }).await;
    let mut client = world.join("alice").await;
    client.send("42[\"flood\",1,500000]").await;
    world.reports("flooded 1").await;
    assert_eq!(client.receive().await.len(), 500_000 + "42[\"water\",\"\"]".len());
}
