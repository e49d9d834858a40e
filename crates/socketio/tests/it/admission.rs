//! Limits before a client is admitted.

use fireside_socketio::Config;

use crate::support::{World, config, masked};

#[tokio::test(flavor = "multi_thread")]
async fn little_is_taken_from_whoever_is_not_admitted() {
    let world = World::with(Config { max_payload_before_admission: Some(1000), ..config() }).await;
    let mut stranger = world.open().await;
    stranger.send(&format!("40{{\"token\":\"{}\"}}", "x".repeat(1000))).await;
    assert_eq!(stranger.closed().await, Some(1009));

    let sid = world.open_polling().await;
    assert_eq!(world.post(&sid, &format!("40{{\"token\":\"{}\"}}", "x".repeat(1000))).await.status, 413);
    assert_eq!(world.poll(&sid).await.status, 400);

    let mut raw = world.raw().await;
    let announced = masked(0x81, &[b'4'; 1001]);
    raw.send(&announced[..4]).await;
    assert_eq!(raw.close_code().await, 1009, "at the header");

    let mut client = world.join("alice").await;
    client.send(&format!("421[\"echo\",\"{}\"]", "x".repeat(5000))).await;
    assert!(client.receive().await.starts_with("42[\"echoed\""), "joining has admitted it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_can_admit_later() {
    let limits = Config { max_payload_before_admission: Some(1000), admit_on_connect: false, ..config() };
    let world = World::with(limits).await;
    let large = format!("421[\"echo\",\"{}\"]", "x".repeat(5000));
    let mut client = world.join("alice").await;
    client.send(&large).await;
    assert_eq!(client.closed().await, Some(1009));
    world.reports("disconnected alice: parse error").await;

    let mut client = world.join("bob").await;
    client.ask(0, "[\"admit\"]").await;
    client.send(&large).await;
    assert!(client.receive().await.starts_with("42[\"echoed\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_can_be_forgotten() {
    let world = World::new().await;
    let _client = world.join("alice").await;
    let socket = world.namespace().sockets().remove(0);
    let handshake = socket.handshake();
    assert_eq!(handshake.query_parameter("transport").as_deref(), Some("websocket"));
    assert_eq!(handshake.transport(), fireside_socketio::Transport::WebSocket);
    assert!(handshake.peer().addr.ip().is_loopback());
    assert_eq!(handshake.header(&http::header::AUTHORIZATION), None);
    handshake.forget_headers();
    assert_eq!(handshake.header(&http::header::USER_AGENT), None);
}
