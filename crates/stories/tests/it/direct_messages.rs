//! Direct messages: two people, one conversation, all their devices.

use fireside_protocol::Request as _;
use fireside_protocol::messages::SendMessage;
use fireside_protocol::users::DisableUser;
use fireside_stories::verbs::Sent;
use fireside_stories::{Actor, World, reason, stories};
use serde_json::{Value, json};

stories!(
    a_direct_message_reaches_all_devices_of_both,
    two_who_begin_at_once_have_one_conversation,
    one_can_write_to_oneself,
    only_people_can_be_written_to,
    who_is_shut_out_cannot_be_written_to,
    both_read_the_same_pages,
    direct_messages_are_changed_and_deleted_like_others,
    a_conversation_is_not_written_to_as_a_room,
    a_repeat_is_one_direct_message,
);

async fn a_direct_message_reaches_all_devices_of_both(world: &World) {
    let World { alice, bob, carol, mallory, .. } = world;
    let (desk, phone) = (alice.connects().await, bob.connects().await);
    let sent = alice.writes_to(bob, "psst").await;
    assert_eq!(sent.seq, 1);
    for socket in [alice.socket(), desk, bob.socket(), phone] {
        let told = socket.heard().wait(0, "dm:new", |message| message["id"] == sent.id.as_str()).await;
        assert_eq!(told["content"], alice.whispers(bob, "psst"));
        assert_eq!((&told["senderId"], &told["receiverId"]), (&json!(alice.id()), &json!(bob.id())));
        assert_eq!((&told["roomId"], &told["readAt"]), (&json!(sent.room), &Value::Null));
    }
    let answer = bob.writes_to(alice, "what?").await;
    assert_eq!((answer.room, answer.seq), (sent.room.clone(), 2));
    carol
        .is_not_told("a conversation of others", |event| event.payload["roomId"] == sent.room.as_str())
        .await;
    mallory.sees_nothing().await;
    assert_eq!(bob.conversations().await, [alice.id()]);
    assert!(carol.conversations().await.is_empty());
}

async fn two_who_begin_at_once_have_one_conversation(world: &World) {
    let World { bob, mallory, .. } = world;
    let (one, other) = tokio::join!(bob.writes_to(mallory, "you?"), mallory.writes_to(bob, "you?"));
    assert_eq!(one.room, other.room);
    let mut seqs = [one.seq, other.seq];
    seqs.sort_unstable();
    assert_eq!(seqs, [1, 2]);
    for person in [bob, mallory] {
        for sent in [&one, &other] {
            person.hears("dm:new", |message| message["id"] == sent.id.as_str()).await;
        }
    }
    assert_eq!(bob.conversations().await, [mallory.id()]);
    assert_eq!(mallory.conversations().await, [bob.id()]);
}

async fn one_can_write_to_oneself(world: &World) {
    let World { dave, .. } = world;
    let sent = dave.writes_to(dave, "buy milk").await;
    let told = dave.hears("dm:new", |message| message["id"] == sent.id.as_str()).await;
    assert_eq!(told["receiverId"], dave.id());
    let page = dave.reads_conversation(dave, json!({})).await;
    assert_eq!(page.items()[0]["id"], sent.id.as_str());
}

async fn only_people_can_be_written_to(world: &World) {
    let World { alice, bob, den, .. } = world;
    let by_name = bob.tries_to_write_to("alice", &bob.whispers(alice, "by name")).await;
    let sent = Sent::of(&by_name.expect("a username is enough"));
    alice.hears("dm:new", |message| message["id"] == sent.id.as_str()).await;
    let socket_id = alice.socket().id().to_owned();
    for receiver in ["nobody-of-this-name", &den.id, &socket_id, "room:general", "user:alice"] {
        let refusal = bob.tries_to_write_to(receiver, "psst").await.expect_err("that is nobody");
        assert_eq!(
            (refusal.reason.as_str(), refusal.code.as_str()),
            ("not_found", "DM_FAILED"),
            "{receiver}"
        );
    }
    assert_eq!(reason(bob.tries_to_write_to("not an id", "psst").await), "validation");
}

async fn who_is_shut_out_cannot_be_written_to(world: &World) {
    let World { bob, dave, .. } = world;
    dave.writes_to(bob, "before").await;
    let root = world.root().await;
    let disable = json!({ "userId": dave.id(), "disabled": true });
    assert_eq!(reason(bob.tries(&DisableUser::OPERATION, &disable).await), "forbidden");
    root.connects().await;
    root.does(&DisableUser::OPERATION, &disable).await;
    dave.is_put_out().await;
    assert_eq!(reason(bob.tries_to_write_to(dave.id(), "still there?").await), "not_found");
    // What was said stays.
    assert_eq!(bob.reads_conversation(dave, json!({})).await.items().len(), 1);
    root.does(&DisableUser::OPERATION, &json!({ "userId": dave.id(), "disabled": false })).await;
    bob.writes_to(dave, "welcome back").await;
}

async fn both_read_the_same_pages(world: &World) {
    let World { alice, bob, .. } = world;
    let mut sent = Vec::new();
    for (who, whom) in [(alice, bob), (bob, alice), (alice, bob), (bob, alice), (alice, bob)] {
        sent.push(who.writes_to(whom, "ping pong").await);
    }
    let ids = |messages: &[Value]| messages.iter().map(|message| message["id"].clone()).collect::<Vec<_>>();
    for (who, whom) in [(alice, bob), (bob, alice)] {
        let newest = who.reads_conversation(whom, json!({ "limit": 2 })).await;
        assert_eq!(ids(newest.items()), [sent[4].id.as_str(), &sent[3].id]);
        let older = who.reads_conversation(whom, json!({ "limit": 2, "before": sent[3].id })).await;
        assert_eq!(ids(older.items()), [sent[2].id.as_str(), &sent[1].id]);
        let receivers: Vec<_> = older.items().iter().map(|message| &message["receiverId"]).collect();
        assert_eq!(receivers, [bob.id(), alice.id()]);
        let newer = who.reads_conversation(whom, json!({ "limit": 9, "after": sent[2].seq })).await;
        assert_eq!(ids(newer.items()), [sent[4].id.as_str(), &sent[3].id]);
    }
    let never = bob.reads_conversation(&world.carol, json!({})).await;
    assert!(never.items().is_empty());
}

async fn direct_messages_are_changed_and_deleted_like_others(world: &World) {
    let World { alice, bob, carol, .. } = world;
    let sent = alice.writes_to(bob, "helo").await;
    let edit = |text: &str| json!({ "messageId": sent.id, "content": alice.whispers(bob, text) });
    let operation = fireside_protocol::messages::EditMessage::OPERATION;
    assert_eq!(reason(bob.tries(&operation, &edit("mine")).await), "forbidden");
    assert_eq!(reason(carol.tries(&operation, &edit("mine")).await), "not_found");
    alice.does(&operation, &edit("hello")).await;
    for person in [alice, bob] {
        let told = person.hears("dm:edited", |message| message["id"] == sent.id.as_str()).await;
        assert_eq!((told["messageSeq"].as_i64(), told["seq"].as_i64()), (Some(1), Some(2)));
        assert_eq!(told["content"], alice.whispers(bob, "hello"));
    }
    assert_eq!(reason(bob.tries_to_delete(&sent).await), "forbidden", "a conversation has no admin");
    alice.deletes(&sent).await;
    for person in [alice, bob] {
        person.hears("dm:deleted", |told| told["messageId"] == sent.id.as_str()).await;
    }
    let other = |who: &Actor| if who.id() == alice.id() { bob } else { alice };
    for person in [alice, bob] {
        assert!(person.reads_conversation(other(person), json!({})).await.items().is_empty());
    }
}

async fn a_conversation_is_not_written_to_as_a_room(world: &World) {
    let World { alice, bob, mallory, .. } = world;
    let sent = alice.writes_to(bob, "here").await;
    let payload = json!({ "roomId": sent.room, "content": alice.whispers(bob, "as a room") });
    assert_eq!(reason(bob.tries(&SendMessage::OPERATION, &payload).await), "validation");
    assert_eq!(reason(mallory.tries(&SendMessage::OPERATION, &payload).await), "not_found");
    assert!(!alice.rooms().await.contains(&sent.room), "a conversation is no room of the list");
}

async fn a_repeat_is_one_direct_message(world: &World) {
    let World { alice, bob, carol, .. } = world;
    let send = async |to: &Actor, text: &str| {
        let payload =
            json!({ "receiverId": to.id(), "content": alice.whispers(to, text), "clientId": "d-1" });
        alice.tries(&fireside_protocol::direct_messages::SendDirectMessage::OPERATION, &payload).await
    };
    let first = Sent::of(&send(bob, "once").await.expect("it is sent"));
    let again = Sent::of(&send(bob, "once").await.expect("it was sent"));
    assert_eq!(again, Sent { duplicate: true, ..first.clone() });
    assert_eq!(reason(send(bob, "else").await), "conflict");
    let other = Sent::of(&send(carol, "once").await.expect("another conversation"));
    assert_ne!(other.id, first.id);
}
