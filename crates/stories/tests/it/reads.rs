//! Read positions: they move forward, one's own devices know them, and in a conversation the other one too.

use fireside_protocol::Request as _;
use fireside_protocol::reads::ReadRoom;
use fireside_stories::senses::Ear;
use fireside_stories::{Actor, Room, World, reason, stories};
use serde_json::{Value, json};

stories!(
    a_position_moves_forward_only,
    ones_own_devices_are_told_and_nobody_else,
    the_sender_sees_that_a_direct_message_was_read,
    marks_that_name_nothing_are_refused,
);

async fn a_position_moves_forward_only(world: &World) {
    let World { alice, bob, den, .. } = world;
    let (first, last) = (alice.sends("one").await, alice.sends("two").await);
    assert_eq!(last_read_at(bob, den).await, Value::Null);
    let position = bob.marks_read(den, first.seq).await.body;
    assert_eq!((position["seq"].as_i64(), &position["userId"]), (Some(first.seq), &json!(bob.id())));
    let read_at = last_read_at(bob, den).await;
    assert_eq!(read_at, position["lastReadAt"]);
    assert_eq!(bob.marks_read(den, last.seq).await.body["seq"], last.seq);
    assert_eq!(bob.marks_read(den, first.seq).await.body["seq"], last.seq, "a position went back");
    assert_eq!(
        bob.marks_read(den, last.seq + 1000).await.body["seq"],
        last.seq,
        "nobody reads what is not said"
    );
    let by_message = json!({ "roomId": den.slug, "messageId": last.id });
    assert_eq!(bob.does(&ReadRoom::OPERATION, &by_message).await.body["seq"], last.seq);
    assert_eq!(last_read_at(alice, den).await, Value::Null, "another's mark moved alice's position");
}

async fn ones_own_devices_are_told_and_nobody_else(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let sent = alice.sends("read me").await;
    let phone = bob.connects().await;
    let ears = [bob.listens(), Ear::on(&phone)];
    bob.marks_read(den, sent.seq).await;
    for ear in ears {
        let told = ear.hears("read:updated", |told| told["roomId"] == den.id.as_str()).await;
        assert_eq!((told["seq"].as_i64(), &told["userId"]), (Some(sent.seq), &json!(bob.id())));
    }
    for other in [alice, carol] {
        other.is_not_told("what bob has read", |event| event.name == "read:updated").await;
    }
}

async fn the_sender_sees_that_a_direct_message_was_read(world: &World) {
    let World { alice, bob, .. } = world;
    let sent = alice.writes_to(bob, "read me").await;
    let later = alice.writes_to(bob, "not yet").await;
    let position = bob.marks_conversation_read(alice, sent.seq).await.body;
    let told = alice.hears("read:updated", |told| told["userId"] == bob.id()).await;
    assert_eq!((told["seq"].as_i64(), &told["roomId"]), (Some(sent.seq), &json!(sent.room)));
    for (who, whom) in [(alice, bob), (bob, alice)] {
        let page = who.reads_conversation(whom, json!({})).await;
        let read_at =
            |id: &str| page.items().iter().find(|row| row["id"] == id).map(|row| row["readAt"].clone());
        assert_eq!(read_at(&sent.id), Some(position["lastReadAt"].clone()));
        assert_eq!(read_at(&later.id), Some(Value::Null));
    }
    let nobody = json!({ "userId": world.carol.id(), "seq": 1 });
    let operation = fireside_protocol::direct_messages::ReadDirectMessages::OPERATION;
    assert_eq!(reason(bob.tries(&operation, &nobody).await), "not_found");
}

async fn marks_that_name_nothing_are_refused(world: &World) {
    let World { alice, bob, mallory, den, lair, .. } = world;
    let elsewhere = mallory.sends_to(lair, "x").await.id;
    let sent = alice.sends("x").await;
    for (who, payload, expected) in [
        (bob, json!({}), "validation"),
        (bob, json!({ "seq": 1, "messageId": sent.id }), "validation"),
        (bob, json!({ "seq": -1 }), "validation"),
        (bob, json!({ "seq": "1" }), "validation"),
        (bob, json!({ "messageId": elsewhere }), "not_found"),
        (bob, json!({ "messageId": "no-such-message" }), "not_found"),
        (mallory, json!({ "seq": 1 }), "not_found"),
        (mallory, json!({ "messageId": sent.id }), "not_found"),
    ] {
        let mut payload = payload;
        payload["roomId"] = den.id.as_str().into();
        let refused = reason(who.tries(&ReadRoom::OPERATION, &payload).await);
        assert_eq!(refused, expected, "{} with {payload}", who.name());
    }
}

async fn last_read_at(who: &Actor, room: &Room) -> Value {
    let members = who.gets(&format!("/chat/rooms/{}/members", room.id)).await;
    let own = members.as_array().into_iter().flatten().find(|member| member["userId"] == who.id());
    own.expect("one is a member")["lastReadAt"].clone()
}
