//! How the server ends sockets and connections.

use std::time::Duration;

use fireside_socketio::{Config, DisconnectReason};

use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{World, config};

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_socket_hears_so_and_may_come_back() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    client.send("42[\"leave me\"]").await;
    client.receives("41").await;
    world.reports("disconnected alice: server namespace disconnect").await;
    client.send("42[\"note\",\"was under way\"]").await;
    client.send("40{\"name\":\"again\"}").await;
    assert!(client.receive().await.starts_with("40{"));
    world.reports("connected again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_queued_goes_out_before_the_end() {
    let world = World::with(Config { queue_limit_bytes: 50_000_000, ..config() }).await;
    for (last, words) in [("close me", Some("41")), ("drain me", None)] {
        let mut client = world.join("alice").await;
        client.send("42[\"flood\",100,100000]").await;
        client.send(&format!("42[\"{last}\"]")).await;
        world.reports("flooded 100").await;
        for _ in 0..100 {
            assert_eq!(client.receive().await.len(), 100_000 + "42[\"water\",\"\"]".len());
        }
        if let Some(words) = words {
            client.receives(words).await;
        }
        assert_eq!(client.closed().await, Some(1000));
        let reason = if words.is_some() { "server namespace disconnect" } else { "server shutting down" };
        world.reports(&format!("disconnected alice: {reason}")).await;
        drop(client);
        world.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_lets_events_come_to_their_end() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    // In one piece, so that both have been read when the first is reported.
    client.stream.feed(Message::text("421[\"wait\",1]")).await.unwrap();
    client.stream.feed(Message::text("422[\"note\",2]")).await.unwrap();
    client.stream.flush().await.unwrap();
    world.reports("waiting 1").await;
    world.server.refuse_new();
    world.server.close_all(DisconnectReason::ServerShuttingDown);
    world.server.handler().gate.add_permits(1);
    client.receives("431[1]").await;
    world.reports("note 2").await;
    client.receives("432[2]").await;
    assert_eq!(client.closed().await, Some(1000));
    world.reports("disconnected alice: server shutting down").await;
    drop(client);
    world.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_does_not_wait_for_ever() {
    let world = World::with(Config { close_timeout: Duration::from_millis(200), ..config() }).await;
    let mut client = world.join("alice").await;
    client.send("42[\"wait\",1]").await;
    world.reports("waiting 1").await;
    world.server.close_all(DisconnectReason::ServerShuttingDown);
    assert_eq!(client.closed().await, Some(1000));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_dismissed_is_not_heard_any_more() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    client.send("42[\"wait\",1]").await;
    client.send("42[\"note\",2]").await;
    world.reports("waiting 1").await;
    world.namespace().disconnect_all(false);
    client.receives("41").await;
    world.server.handler().gate.add_permits(1);
    world.reports("disconnected alice: server namespace disconnect").await;
    world.reports_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_waits_is_answered_when_the_server_closes() {
    let world = World::new().await;
    let sid = world.open_polling().await;
    world.post(&sid, "40").await;
    world.reports("connected anybody").await;
    assert!(world.poll(&sid).await.body.starts_with("40"));
    let (answer, ()) = tokio::join!(world.poll(&sid), async {
        world.server.close_all(DisconnectReason::ServerShuttingDown);
    });
    assert_eq!((answer.status, &*answer.body), (200, "1"));
    world.reports("disconnected anybody: server shutting down").await;
    world.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_never_ends_does_not_hide_the_end() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    client.send("42[\"wait\",1]").await;
    client.send("42[\"note\",2]").await;
    world.reports("waiting 1").await;
    drop(client);
    world.reports("disconnected alice: transport close").await;
    world.reports_nothing().await;
}
