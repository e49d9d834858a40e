//! Messages: sending, changing, deleting, and sending again.

use fireside_protocol::Request as _;
use fireside_protocol::messages::{EditMessage, SendMessage};
use fireside_stories::verbs::Sent;
use fireside_stories::{Door, Engine, Room, World, engines, reason, stories};
use serde_json::{Value, json};

stories!(
    what_one_says_the_others_hear,
    who_speaks_is_who_is_signed_in,
    an_edit_is_told_and_is_the_authors_alone,
    an_edit_that_changes_nothing_is_not_told,
    a_deleted_message_leaves_a_tombstone,
    an_admin_deletes_anyones_message,
    type_and_metadata_arrive_as_they_were_sent,
    what_breaks_the_rules_is_refused_and_not_stored,
    outsiders_cannot_speak,
    a_repeat_is_the_same_message,
);
engines!(a_repeat_is_known_by_both_doors_and_after_a_restart, a_send_without_an_ack_fails_by_event);

async fn what_one_says_the_others_hear(world: &World) {
    let World { alice, bob, carol, dave, mallory, .. } = world;
    let sent = alice.sends("hi").await;
    for member in [alice, bob, carol] {
        let message = member.sees("hi").await;
        assert_eq!(message["id"], sent.id.as_str());
        assert_eq!(message["seq"], sent.seq);
        assert_eq!(message["createdAt"], sent.created_at.as_str());
        assert_eq!(message["type"], "text");
        assert_eq!(message["sender"]["username"], "alice");
        assert_eq!(message["sender"]["displayName"], "Alice");
    }
    for outsider in [dave, mallory] {
        outsider.sees_nothing().await;
    }
}

async fn who_speaks_is_who_is_signed_in(world: &World) {
    let World { alice, bob, den, .. } = world;
    let payload = json!({ "roomId": den.slug, "content": den.spoken("me"), "userId": alice.id() });
    bob.does(&SendMessage::OPERATION, &payload).await;
    assert_eq!(alice.sees("me").await["senderId"], bob.id());
}

async fn an_edit_is_told_and_is_the_authors_alone(world: &World) {
    let World { alice, bob, carol, mallory, den, .. } = world;
    let sent = bob.sends("helo").await;
    let between = alice.sends("hello what?").await;
    bob.edits(&sent, "hello").await;
    let told = carol.hears("message:edited", |edited| edited["id"] == sent.id.as_str()).await;
    assert_eq!(told["content"], den.spoken("hello"));
    assert_eq!((told["messageSeq"].as_i64(), told["seq"].as_i64()), (Some(sent.seq), Some(between.seq + 1)));
    assert_eq!(told["rev"], told["seq"]);
    assert!(told["editedAt"].is_string());
    // Not even an admin puts words into another's mouth.
    assert_eq!(reason(alice.tries_to_edit(&sent, "bye").await), "forbidden");
    assert_eq!(reason(mallory.tries_to_edit(&sent, "bye").await), "not_found");
    let missing = Sent { id: "no-such-message".into(), ..sent.clone() };
    assert_eq!(reason(mallory.tries_to_edit(&missing, "bye").await), "not_found");
    let page = alice.reads_page(den, json!({})).await;
    assert_eq!(contents(page.items()), [den.spoken("hello what?"), den.spoken("hello")]);
}

async fn an_edit_that_changes_nothing_is_not_told(world: &World) {
    let World { alice, bob, .. } = world;
    let sent = alice.sends("same").await;
    alice.edits(&sent, "same").await;
    let next = alice.sends("next").await;
    assert_eq!(next.seq, sent.seq + 1, "an edit without a change took a place in the log");
    bob.is_not_told("an edit that changes nothing", |event| event.name == "message:edited").await;
}

async fn a_deleted_message_leaves_a_tombstone(world: &World) {
    let World { alice, bob, carol, mallory, den, .. } = world;
    let first = alice.sends("first").await;
    let sent = bob.sends("oh no").await;
    let last = alice.sends("last").await;
    assert_eq!(reason(carol.tries_to_delete(&sent).await), "forbidden");
    assert_eq!(reason(mallory.tries_to_delete(&sent).await), "not_found");
    let gone = bob.deletes(&sent).await.body;
    assert_eq!(bob.deletes(&sent).await.body, gone, "deleting twice is one deletion");
    let told = alice.hears("message:deleted", |told| told["messageId"] == sent.id.as_str()).await;
    assert_eq!((told["seq"].as_i64(), told["messageSeq"].as_i64()), (Some(last.seq + 1), Some(sent.seq)));
    assert_eq!(told["deletedBy"], bob.id());
    assert_eq!(reason(bob.tries_to_edit(&sent, "oh yes").await), "not_found");
    for page in [json!({}), json!({ "before": last.seq + 1 })] {
        let page = carol.reads_page(den, page).await;
        assert_eq!(
            ids(page.items()),
            [last.id.as_str(), first.id.as_str()],
            "the usual pages leave tombstones out"
        );
    }
    for page in [json!({ "after": first.seq }), json!({ "around": sent.seq })] {
        let page = carol.reads_page(den, page).await;
        let stone = page.items().iter().find(|message| message["id"] == sent.id.as_str());
        let stone = stone.expect("who was away learns of the deletion");
        assert_eq!((&stone["content"], &stone["metadata"]), (&json!(""), &Value::Null));
        assert_eq!((stone["seq"].as_i64(), &stone["deletedBy"]), (Some(sent.seq), &json!(bob.id())));
        assert!(stone["deletedAt"].is_string());
    }
}

async fn an_admin_deletes_anyones_message(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let sent = bob.sends("spam").await;
    alice.deletes(&sent).await;
    let told = carol.hears("message:deleted", |told| told["messageId"] == sent.id.as_str()).await;
    assert_eq!(told["deletedBy"], alice.id());
    assert!(bob.reads_page(den, json!({})).await.items().is_empty());
}

async fn type_and_metadata_arrive_as_they_were_sent(world: &World) {
    let World { alice, bob, den, .. } = world;
    let metadata = json!({ "poll": { "options": ["a", "b"], "open": true }, "n": 1.5 });
    let payload =
        json!({ "roomId": den.id, "content": den.spoken("vote"), "type": "x-poll", "metadata": metadata });
    alice.does(&SendMessage::OPERATION, &payload).await;
    let message = bob.sees("vote").await;
    assert_eq!((&message["type"], &message["metadata"]), (&json!("x-poll"), &metadata));
}

async fn what_breaks_the_rules_is_refused_and_not_stored(world: &World) {
    let World { alice, den, .. } = world;
    let said = den.spoken("x");
    let long = "x".repeat(10_001);
    let deep = json!({ "a": { "b": { "c": { "d": {} } } } });
    for (payload, expected, field) in [
        (json!({ "content": long }), "too_long", Some("content")),
        (json!({ "content": "" }), "validation", Some("content")),
        (json!({ "content": " \u{200b}\n" }), "validation", Some("content")),
        (json!({ "content": "a\u{0}b" }), "validation", Some("content")),
        (json!({ "content": ["x"] }), "validation", Some("content")),
        (json!({ "content": said, "type": "system" }), "validation", Some("type")),
        (json!({ "content": said, "type": "x".repeat(21) }), "too_long", Some("type")),
        (json!({ "content": said, "metadata": deep }), "validation", Some("metadata")),
        (json!({ "content": said, "metadata": [1] }), "validation", Some("metadata")),
        (json!({ "content": said, "clientId": "not\nallowed" }), "validation", Some("clientId")),
        (json!({ "content": said, "seq": 1 }), "unknown_field", Some("seq")),
        (json!({}), "validation", Some("content")),
    ] {
        let mut whole = payload.clone();
        whole["roomId"] = den.id.as_str().into();
        let refusal = alice.tries(&SendMessage::OPERATION, &whole).await.expect_err("it was stored");
        assert_eq!((refusal.reason.as_str(), refusal.field.as_deref()), (expected, field), "{payload}");
        assert_eq!(refusal.code, "SEND_FAILED");
    }
    assert!(alice.reads_page(den, json!({})).await.items().is_empty());
}

async fn outsiders_cannot_speak(world: &World) {
    let World { alice, mallory, dave, den, square, .. } = world;
    let missing = Room { id: "no-such-room".into(), ..den.clone() };
    for outsider in [mallory, dave] {
        let at_den =
            outsider.tries_to_send(den, "hi").await.expect_err("an outsider spoke in a private room");
        let nowhere = outsider.tries_to_send(&missing, "hi").await.expect_err("someone spoke nowhere");
        assert_eq!((at_den.reason.as_str(), &at_den), ("not_found", &nowhere));
        assert_eq!(reason(outsider.tries_to_send(square, "hi").await), "forbidden");
        assert_eq!(reason(outsider.tries_to_read_page(den, json!({})).await), "not_found");
        assert_eq!(reason(outsider.tries_to_read_page(square, json!({})).await), "forbidden");
    }
    alice.is_not_told("a refused message", |event| event.name == "message:new").await;
}

async fn a_repeat_is_the_same_message(world: &World) {
    let World { alice, bob, den, .. } = world;
    let first = Sent::of(&alice.tries_to_send_as("m-1", "once").await.expect("it is sent"));
    assert!(!first.duplicate);
    let again = Sent::of(&alice.tries_to_send_as("m-1", "once").await.expect("it was sent"));
    assert_eq!(again, Sent { duplicate: true, ..first.clone() });
    let other = alice.tries_to_send_as("m-1", "something else").await;
    assert_eq!(reason(other), "conflict");
    // The name is the sender's own.
    let bobs = Sent::of(&bob.tries_to_send_as("m-1", "once").await.expect("it is sent"));
    assert_ne!(bobs.id, first.id);
    // What was sent decides, not what became of it.
    alice.edits(&first, "twice").await;
    let late = Sent::of(&alice.tries_to_send_as("m-1", "once").await.expect("it was sent"));
    assert_eq!((late.id, late.duplicate), (first.id.clone(), true));
    alice.deletes(&first).await;
    let later = Sent::of(&alice.tries_to_send_as("m-1", "once").await.expect("it was sent"));
    assert_eq!((later.id, later.duplicate), (first.id, true));
    let history = bob.reads_page(den, json!({ "after": 0 })).await;
    assert_eq!(history.items().len(), 2);
}

async fn a_repeat_is_known_by_both_doors_and_after_a_restart(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, den, .. } = &world;
    let payload = json!({ "roomId": den.id, "content": den.spoken("once"), "clientId": "m-1" });
    let by = async |door| Sent::of(&alice.does_by(door, &SendMessage::OPERATION, &payload).await);
    let first = by(Door::Socket).await;
    let again = Sent { duplicate: true, ..first };
    assert_eq!(by(Door::Rest).await, again);
    world.restart().await;
    alice.comes_back().await;
    assert_eq!(by(Door::Rest).await, again);
    assert_eq!(by(Door::Socket).await, again);
    world.close().await;
}

async fn a_send_without_an_ack_fails_by_event(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, mallory, den, .. } = &world;
    let payload = json!({ "roomId": den.id, "content": den.spoken("hi") });
    for (event, payload, code) in [
        ("message:send", payload, "SEND_FAILED"),
        ("message:edit", json!({ "messageId": "none", "content": "x" }), "EDIT_FAILED"),
        ("message:delete", json!({ "messageId": "none" }), "DELETE_FAILED"),
        ("dm:send", json!({ "receiverId": "nobody", "content": "x" }), "DM_FAILED"),
        ("room:join", json!({ "roomId": den.id }), "JOIN_FAILED"),
    ] {
        mallory.socket().emit(event, Some(&payload)).await;
        let error = mallory.hears("error", |error| error["code"] == code).await;
        assert!(error["message"].is_string(), "{error}");
    }
    let sent = alice.sends("hi").await;
    let payload = json!({ "messageId": sent.id, "content": den.spoken("ho") });
    let refusal = mallory.tries(&EditMessage::OPERATION, &payload).await.expect_err("an outsider edited");
    assert_eq!(refusal.code, "EDIT_FAILED");
    alice.is_not_told("others' errors", |event| event.name == "error").await;
    world.close().await;
}

fn ids(messages: &[Value]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["id"].as_str()).collect()
}

fn contents(messages: &[Value]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["content"].as_str()).collect()
}
