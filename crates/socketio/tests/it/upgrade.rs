//! The move from polling to WebSocket.

use std::time::Duration;

use fireside_socketio::Config;
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, World, config, soon};

async fn websocket(world: &World, sid: &str) -> Client {
    world.websocket(&format!("/socket.io/?EIO=4&transport=websocket&sid={sid}")).await
}

async fn join(world: &World) -> String {
    let sid = world.open_polling().await;
    world.post(&sid, "40").await;
    assert!(world.poll(&sid).await.body.starts_with("40"));
    world.reports("connected anybody").await;
    sid
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_moves_with_everything_that_is_queued() {
    let world = World::new().await;
    let sid = join(&world).await;
    let mut client = websocket(&world, &sid).await;
    client.send("2probe").await;
    client.receives("3probe").await;
    assert_eq!(world.poll(&sid).await.body, "6", "the last poll is let go");
    world.namespace().everyone().emit(&fireside_socketio::Frame::event("between", &[1]).unwrap());
    // All of this may arrive in one piece; nothing of it may be lost.
    client.stream.feed(Message::text("5")).await.unwrap();
    client.stream.feed(Message::text("42[\"echo\",2]")).await.unwrap();
    client.stream.flush().await.unwrap();
    client.receives("42[\"between\",1]").await;
    client.receives("42[\"echoed\",2]").await;
    let stats = world.server.stats();
    assert_eq!((stats.upgraded, stats.open_polling, stats.open_websocket), (1, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_after_the_upgrade_finds_it_made() {
    let world = World::new().await;
    for _ in 0..50 {
        let sid = join(&world).await;
        let mut client = websocket(&world, &sid).await;
        client.send("2probe").await;
        client.receives("3probe").await;
        client.send("5").await;
        assert_eq!(world.poll(&sid).await.status, 400);
        assert_eq!(world.post(&sid, "42[\"note\",1]").await.status, 400);
        let mut other = websocket(&world, &sid).await;
        other.closed().await;
        client.send("42[\"echo\",1]").await;
        client.receives("42[\"echoed\",1]").await;
        drop(client);
        world.reports("disconnected anybody: transport close").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_probe_is_dropped_and_polling_goes_on() {
    let world = World::new().await;
    let sid = join(&world).await;
    for first in ["2x", "3probe", "5", "4hello", "42[\"note\",1]"] {
        let mut client = websocket(&world, &sid).await;
        client.send(first).await;
        client.closed().await;
    }
    let mut client = websocket(&world, &sid).await;
    client.send_binary(b"2probe").await;
    client.closed().await;
    world.post(&sid, "42[\"echo\",1]").await;
    assert_eq!(world.poll(&sid).await.body, "42[\"echoed\",1]");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_of_several_upgrades_wins() {
    let world = World::new().await;
    let sid = join(&world).await;
    let mut first = websocket(&world, &sid).await;
    let mut second = websocket(&world, &sid).await;
    second.closed().await;
    first.send("2probe").await;
    first.receives("3probe").await;
    first.send("5").await;
    first.send("42[\"echo\",1]").await;
    first.receives("42[\"echoed\",1]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_not_completed_in_time_is_given_up() {
    let world = World::with(Config { upgrade_timeout: Duration::from_millis(100), ..config() }).await;
    let sid = join(&world).await;
    let mut client = websocket(&world, &sid).await;
    client.send("2probe").await;
    client.receives("3probe").await;
    client.closed().await;
    world.post(&sid, "42[\"echo\",1]").await;
    assert_eq!(world.poll(&sid).await.body, "42[\"echoed\",1]");
    let mut again = websocket(&world, &sid).await;
    again.send("2probe").await;
    again.receives("3probe").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_of_another_version_or_of_no_session_is_refused() {
    let world = World::new().await;
    let sid = join(&world).await;
    for path in [
        format!("/socket.io/?EIO=3&transport=websocket&sid={sid}"),
        format!("/socket.io/?transport=websocket&sid={sid}"),
        "/socket.io/?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAA".to_owned(),
    ] {
        let stream = tokio::net::TcpStream::connect(world.addr).await.unwrap();
        let url = format!("ws://{}{path}", world.addr);
        let refused = soon("an answer", tokio_tungstenite::client_async(url, stream)).await;
        assert!(refused.is_err(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_in_the_middle_of_the_move_is_told_where_the_client_listens() {
    let world = World::new().await;
    for moves_first in [true, false] {
        let sid = join(&world).await;
        let mut client = websocket(&world, &sid).await;
        client.send("2probe").await;
        client.receives("3probe").await;
        assert_eq!(world.poll(&sid).await.body, "6", "from now on the client does not poll");
        world.namespace().disconnect_all(true);
        world.reports("disconnected anybody: server namespace disconnect").await;
        if moves_first {
            client.send("5").await;
            client.receives("41").await;
            assert_eq!(client.closed().await, Some(1000));
        } else {
            // It has given the WebSocket up by itself.
            drop(client);
            assert!(world.poll(&sid).await.body.ends_with('1'));
        }
        world.is_empty().await;
    }
}
