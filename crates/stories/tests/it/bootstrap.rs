//! The beginning of a client in one answer: it says what the single questions say, and nothing that is not one's own.

use fireside_protocol::bootstrap::GetBootstrap;
use fireside_protocol::direct_messages::ListConversations;
use fireside_protocol::reads::ListUnread;
use fireside_protocol::rooms::ListRooms;
use fireside_protocol::sessions::GetMe;
use fireside_protocol::user_changes::GetPosition;
use fireside_protocol::{Operation, Request as _};
use fireside_stories::{Actor, World, stories};
use serde_json::{Value, json};

stories!(
    it_says_what_the_single_questions_say,
    the_room_it_opens_comes_with_its_newest_messages,
    a_conversation_it_opens_comes_with_its_newest_messages,
    a_place_that_is_not_ones_own_is_left_out,
);

async fn it_says_what_the_single_questions_say(world: &World) {
    let World { alice, bob, .. } = world;
    alice.sends("one").await;
    alice.writes_to(bob, "psst").await;
    let begun = begins(bob, json!({})).await;
    for (field, operation) in [
        ("me", GetMe::OPERATION),
        ("position", GetPosition::OPERATION),
        ("rooms", ListRooms::OPERATION),
        ("unread", ListUnread::OPERATION),
        ("conversations", ListConversations::OPERATION),
    ] {
        assert_eq!(told(&begun[field]), alone(bob, &operation).await, "{field}");
    }
    assert_eq!((&begun["messages"], &begun["directMessages"]), (&Value::Null, &Value::Null));
}

async fn the_room_it_opens_comes_with_its_newest_messages(world: &World) {
    let World { alice, bob, den, .. } = world;
    let first = alice.sends("one").await;
    for _ in 0..50 {
        alice.sends("more").await;
    }
    let last = alice.sends("last").await;
    for name in [&den.id, &den.slug] {
        let page = begins(bob, json!({ "roomId": name })).await["messages"].clone();
        assert_eq!(page["items"].as_array().map(Vec::len), Some(50));
        assert_eq!(page["items"][0]["id"], last.id.as_str());
        assert_eq!(page["head"]["seq"], last.seq);
        let next = page["next"].as_str().and_then(|next| next.strip_prefix("before=")?.parse::<i64>().ok());
        assert!(next.is_some_and(|before| before > first.seq), "what is older: {}", page["next"]);
    }
}

async fn a_conversation_it_opens_comes_with_its_newest_messages(world: &World) {
    let World { alice, bob, carol, .. } = world;
    let sent = alice.writes_to(bob, "psst").await;
    let page = begins(bob, json!({ "userId": alice.id() })).await["directMessages"].clone();
    assert_eq!(page["items"][0]["id"], sent.id.as_str());
    let nothing = begins(bob, json!({ "userId": carol.id() })).await["directMessages"].clone();
    assert_eq!(nothing["items"], json!([]), "nobody has written yet");
}

async fn a_place_that_is_not_ones_own_is_left_out(world: &World) {
    let World { bob, mallory, lair, .. } = world;
    mallory.sends_to(lair, "not for bob").await;
    for payload in [
        json!({ "roomId": lair.id }),
        json!({ "roomId": "no-such-room" }),
        json!({ "userId": "no-such-person" }),
    ] {
        let begun = begins(bob, payload).await;
        assert!(!begun.to_string().contains("not for bob"));
        assert_eq!((&begun["messages"], &begun["directMessages"]), (&Value::Null, &Value::Null));
        assert!(begun["rooms"].is_array(), "the rest is there all the same");
    }
}

async fn begins(who: &Actor, payload: Value) -> Value {
    who.does(&GetBootstrap::OPERATION, &payload).await.body
}

/// What one question alone is answered, in the form of either door.
async fn alone(who: &Actor, operation: &Operation) -> Value {
    let answer = who.does(operation, &json!({})).await;
    let is_list = answer.body.is_array() || answer.body["items"].is_array();
    if is_list { json!(answer.items()) } else { told(&answer.body) }
}

/// Without what only the door adds.
fn told(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("ok");
    }
    value
}
