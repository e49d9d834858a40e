//! Events and acknowledgements, with and without binary data.

use std::time::Duration;

use fireside_socketio::Config;

use crate::support::{World, config};

#[tokio::test(flavor = "multi_thread")]
async fn arguments_come_back_as_they_came() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    client.send("42[\"echo\", 1.0,\"2\\u00e9\",{\"b\":[true],\"a\":null},12345678901234567890]").await;
    client.receives("42[\"echoed\",1.0,\"2\\u00e9\",{\"b\":[true],\"a\":null},12345678901234567890]").await;
    client.send("420[\"echo\"]").await;
    client.receives("42[\"echoed\"]").await;
    client.receives("430[]").await;
    client.send("429007199254740991[\"note\",7]").await;
    world.reports("note 7").await;
    client.receives("439007199254740991[7]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_may_be_used_again_and_again() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    for _ in 0..100 {
        client.ask(5, "[\"join\",\"r\"]").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_data_goes_both_ways() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    let args = "{\"_placeholder\":true,\"num\":0},{\"deep\":[{\"_placeholder\":true,\"num\":1}]}";
    client.send(&format!("452-9[\"echo\",{args}]")).await;
    client.send_binary(&[1, 2, 3]).await;
    client.send_binary(&[0; 70_000]).await;
    for head in [format!("452-[\"echoed\",{args}]"), format!("462-9[{args}]")] {
        client.receives(&head).await;
        assert_eq!(client.receive_binary().await, [1, 2, 3]);
        assert_eq!(client.receive_binary().await, [0; 70_000]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strays_and_gaps_in_binary_data_close_the_connection() {
    let world = World::with(Config { attachment_timeout: Duration::from_millis(100), ..config() }).await;
    let placeholder = "{\"_placeholder\":true,\"num\":0}";
    let mut stray = world.join("alice").await;
    stray.send_binary(&[1]).await;
    assert_eq!(stray.closed().await, Some(1008));
    world.reports("disconnected alice: parse error").await;

    let mut between = world.join("bob").await;
    between.send(&format!("451-[\"echo\",{placeholder}]")).await;
    between.send("42[\"note\",1]").await;
    assert_eq!(between.closed().await, Some(1008));
    world.reports("disconnected bob: parse error").await;

    let mut missing = world.join("carol").await;
    missing.send(&format!("451-[\"echo\",{placeholder}]")).await;
    assert_eq!(missing.closed().await, Some(1008));
    world.reports("disconnected carol: parse error").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_are_limited_together() {
    let world = World::with(Config { max_payload: 1000, ..config() }).await;
    let mut client = world.join("alice").await;
    client.send("452-[\"echo\",{\"_placeholder\":true,\"num\":0}]").await;
    client.send_binary(&[0; 600]).await;
    client.send_binary(&[0; 600]).await;
    assert_eq!(client.closed().await, Some(1008));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_can_ask_too() {
    let world = World::with(Config { max_pending_acks: 1, ..config() }).await;
    let mut client = world.join("alice").await;
    client.send("42[\"ask\",1]").await;
    client.receives("421[\"question\",\"1\"]").await;
    client.send("431[{\"yes\":true},2]").await;
    world.reports("answer {\"yes\":true},2").await;

    client.send("42[\"ask\",2]").await;
    client.receives("422[\"question\",\"2\"]").await;
    world.reports("answer no acknowledgement came in time").await;
    client.send("432[\"late\"]").await;

    client.send("42[\"ask\",3]").await;
    client.receives("423[\"question\",\"3\"]").await;
    drop(client);
    world.reports("answer the client is gone").await;
    world.reports("disconnected alice: transport close").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unanswered_questions_do_not_pile_up() {
    let world = World::with(Config { max_pending_acks: 3, ..config() }).await;
    let mut client = world.join("alice").await;
    let socket = world.namespace().sockets().remove(0);
    let ask = || socket.emit_with_ack("question", &[0; 0], Duration::from_secs(60));
    let asked = [ask(), ask(), ask()];
    assert!(matches!(ask().await, Err(fireside_socketio::AckError::TooMany)));
    drop(asked);
    let again = ask();
    for _ in 0..3 {
        client.receive().await;
    }
    client.receives("424[\"question\"]").await;
    client.send("434[]").await;
    assert!(again.await.unwrap().is_empty());
}
