//! Rate limits: said politely, with the time to wait, and the same behind both doors.

use std::time::Duration;

use fireside_protocol::Request as _;
use fireside_protocol::messages::SendMessage;
use fireside_protocol::sessions::Login;
use fireside_stories::client::Call;
use fireside_stories::{Door, Engine, World, engines, reason};
use serde_json::json;

engines!(alone
    too_many_messages_are_refused_with_the_time_to_wait,
    both_doors_draw_from_one_limit,
    too_much_typing_is_dropped_in_silence,
    guessing_passwords_gets_slow,
    a_flood_ends_the_connection,
);

/// A world with the limits of an ordinary server.
async fn limited(engine: Engine) -> World {
    World::with(engine, Door::Socket, |config| config.rate_limits = true).await
}

async fn too_many_messages_are_refused_with_the_time_to_wait(engine: Engine) {
    let world = limited(engine).await;
    let World { alice, bob, den, .. } = &world;
    let mut refusal = None;
    for number in 0..40 {
        if let Err(refused) = alice.tries_to_send(den, &format!("no {number}")).await {
            refusal = Some(refused);
            break;
        }
    }
    let refusal = refusal.expect("40 messages in a moment are too many");
    assert_eq!((refusal.reason.as_str(), refusal.code.as_str()), ("rate_limited", "SEND_FAILED"));
    let wait_ms = refusal.retry_after_ms.expect("the time to wait");
    assert!((1..=1000).contains(&wait_ms), "{wait_ms} ms");
    // Others are not affected, and neither is reading.
    bob.sends("I am not in a hurry").await;
    alice.reads_page(den, json!({})).await;
    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    alice.sends("patience").await;
    world.close().await;
}

async fn both_doors_draw_from_one_limit(engine: Engine) {
    let world = limited(engine).await;
    let World { alice, den, .. } = &world;
    while alice.tries_to_send(den, "by socket").await.is_ok() {}
    let body = json!({ "content": den.spoken("by REST") }).to_string();
    let path = format!("/chat/rooms/{}/messages", den.id);
    let body = Some(("application/json", body));
    let reply = alice.calls(Call { method: "POST", path: &path, body, ..Call::default() }).await;
    assert_eq!(reply.status, 429, "{}", reply.text);
    assert!(reply.header("retry-after").is_some_and(|seconds| seconds.parse().is_ok_and(|s: u64| s >= 1)));
    assert!(reply.json()["retryAfterMs"].as_u64().is_some());
    let payload = json!({ "roomId": den.id, "content": den.spoken("again") });
    assert_eq!(reason(alice.tries_by(Door::Rest, &SendMessage::OPERATION, &payload).await), "rate_limited");
    world.close().await;
}

async fn too_much_typing_is_dropped_in_silence(engine: Engine) {
    let world = limited(engine).await;
    let World { alice, bob, den, .. } = &world;
    let socket = alice.socket();
    for _ in 0..40 {
        let answer = socket.call("typing:start", &json!({ "roomId": den.id })).await;
        assert_eq!(answer, json!({ "ok": true }));
    }
    bob.hears("typing:update", |told| told["userId"] == alice.id() && told["isTyping"] == true).await;
    alice.is_not_told("typing that was dropped", |event| event.name == "error").await;
    world.close().await;
}

async fn guessing_passwords_gets_slow(engine: Engine) {
    let world = limited(engine).await;
    let guess = json!({ "username": "alice", "password": "is it this one?" });
    let mut reasons = Vec::new();
    for _ in 0..7 {
        let refusal = world.stranger.tries(&Login::OPERATION, &guess).await.expect_err("a guess was right");
        assert_eq!(refusal.retry_after_ms.is_some(), refusal.reason == "rate_limited");
        reasons.push(refusal.reason);
    }
    assert_eq!(reasons[..5], ["unauthenticated"; 5]);
    assert_eq!(reasons[6], "rate_limited");
    world.close().await;
}

async fn a_flood_ends_the_connection(engine: Engine) {
    let world = limited(engine).await;
    let World { alice, mallory, lair, .. } = &world;
    let socket = mallory.socket();
    let payload = json!({ "roomId": lair.id, "content": "x" });
    // Far more than anybody means: 50 a second for ten seconds, at once.
    for _ in 0..600 {
        socket.emit("message:send", Some(&payload)).await;
    }
    socket.closed_within(Duration::from_secs(5)).await;
    alice.sends("business as usual").await;
    world.bob.sees("business as usual").await;
    world.close().await;
}
