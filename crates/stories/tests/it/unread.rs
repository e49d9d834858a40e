//! What is unread: others' messages behind one's position, who mentions one, and why.

use fireside_protocol::Request as _;
use fireside_protocol::reads::{MarkUnread, MuteRoom};
use fireside_stories::senses::Ear;
use fireside_stories::{Actor, Room, World, reason, stories};
use serde_json::{Value, json};

stories!(
    what_others_say_counts_until_it_is_read,
    a_mention_counts_as_long_as_it_stands,
    muting_silences_messages_and_not_mentions,
    marking_as_unread_goes_back_to_a_message,
    a_conversation_is_in_the_list_of_both,
    a_membership_that_begins_anew_begins_read,
    what_counts_is_explained,
    marks_and_mutes_that_may_not_be_are_refused,
);

async fn what_others_say_counts_until_it_is_read(world: &World) {
    let World { alice, bob, carol, dave, den, .. } = world;
    let before = bob.unread_in(&den.id).await;
    assert_eq!((counts(&before), &before["firstUnreadSeq"]), ((0, 0), &Value::Null));
    let first = alice.sends("one").await;
    let own = bob.sends("mine").await;
    let gone = carol.sends("never mind").await;
    carol.deletes(&gone).await;
    let last = carol.sends("two").await;
    let row = bob.unread_in(&den.id).await;
    assert_eq!(
        row,
        json!({
            "roomId": den.id, "kind": "room", "readSeq": before["readSeq"],
            "epoch": bob.position_in(den).await.epoch, "headSeq": last.seq,
            "unreadCount": 2, "mentionCount": 0, "muted": false, "firstUnreadSeq": first.seq,
        })
    );
    bob.marks_read(den, own.seq).await;
    let row = bob.unread_in(&den.id).await;
    assert_eq!((counts(&row), &row["firstUnreadSeq"]), ((1, 0), &json!(last.seq)));
    bob.marks_read(den, last.seq).await;
    assert_eq!(counts(&bob.unread_in(&den.id).await), (0, 0));
    assert_eq!(counts(&alice.unread_in(&den.id).await), (2, 0), "another's mark moved alice's position");
    assert_eq!(dave.unread().await, [Value::Null; 0]);
}

async fn a_mention_counts_as_long_as_it_stands(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let sent = alice.sends("@Bob, `@carol` or carol@example.org?").await;
    assert_eq!(counts(&bob.unread_in(&den.id).await), (1, 1));
    assert_eq!(counts(&carol.unread_in(&den.id).await), (1, 0));
    alice.edits(&sent, "@carol rather").await;
    assert_eq!(counts(&bob.unread_in(&den.id).await), (1, 0));
    assert_eq!(counts(&carol.unread_in(&den.id).await), (1, 1));
    alice.deletes(&sent).await;
    assert_eq!(counts(&carol.unread_in(&den.id).await), (0, 0));
    bob.sends("@bob to myself, @alice").await;
    assert_eq!(counts(&bob.unread_in(&den.id).await), (0, 0));
    assert_eq!(counts(&alice.unread_in(&den.id).await), (1, 1));
    let whisper = alice.writes_to(bob, "psst @bob").await;
    assert_eq!(counts(&bob.unread_in(&whisper.room).await), (1, 1));
}

async fn muting_silences_messages_and_not_mentions(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    assert_eq!(bob.mutes(den, true).await.body["muted"], true);
    assert_eq!(bob.mutes(den, true).await.body["muted"], true, "muting twice is muting");
    let sent = alice.sends("@bob").await;
    let row = bob.unread_in(&den.id).await;
    assert_eq!((counts(&row), &row["muted"]), ((0, 1), &json!(true)));
    assert_eq!(row["firstUnreadSeq"], sent.seq, "what is new is still where it is");
    assert_eq!(counts(&carol.unread_in(&den.id).await), (1, 0), "muting is one's own");
    bob.mutes(den, false).await;
    assert_eq!(counts(&bob.unread_in(&den.id).await), (1, 1));
}

async fn marking_as_unread_goes_back_to_a_message(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let (first, second) = (alice.sends("one").await, alice.sends("two").await);
    let read = bob.marks_read(den, second.seq).await.body;
    let phone = bob.connects().await;
    let ears = [bob.listens(), Ear::on(&phone)];
    let position = bob.marks_unread(den, second.seq).await.body;
    assert_eq!(position["seq"], second.seq - 1);
    assert_eq!(position["lastReadAt"], read["lastReadAt"], "to mark as unread is not to read");
    for ear in ears {
        ear.hears("read:updated", |told| told["seq"] == second.seq - 1 && told["userId"] == bob.id()).await;
    }
    assert_eq!(counts(&bob.unread_in(&den.id).await), (1, 0));
    let by_message = json!({ "roomId": den.slug, "messageId": first.id });
    bob.does(&MarkUnread::OPERATION, &by_message).await;
    assert_eq!(counts(&bob.unread_in(&den.id).await), (2, 0));
    let again = bob.marks_unread(den, second.seq).await.body;
    assert_eq!(again["seq"], first.seq - 1, "what is unread is not read by marking it");
    let joined = bob.marks_unread(den, 0).await.body["seq"].as_i64().expect("a position");
    assert!(joined > 0, "nothing from before one's joining becomes unread");
    carol.is_not_told("what bob has read", |event| event.name == "read:updated").await;
}

async fn a_conversation_is_in_the_list_of_both(world: &World) {
    let World { alice, bob, .. } = world;
    let sent = alice.writes_to(bob, "one").await;
    let row = bob.unread_in(&sent.room).await;
    assert_eq!((&row["kind"], &row["userId"], counts(&row)), (&json!("direct"), &json!(alice.id()), (1, 0)));
    let row = alice.unread_in(&sent.room).await;
    assert_eq!((&row["kind"], &row["userId"], counts(&row)), (&json!("direct"), &json!(bob.id()), (0, 0)));
    bob.marks_conversation_read(alice, sent.seq).await;
    assert_eq!(counts(&bob.unread_in(&sent.room).await), (0, 0));
    let talk = Room { id: sent.room.clone(), ..world.den.clone() };
    bob.marks_unread(&talk, sent.seq).await;
    alice.hears("read:updated", |told| told["userId"] == bob.id() && told["seq"] == sent.seq - 1).await;
    let page = alice.reads_conversation(bob, json!({})).await;
    assert_eq!(page.items()[0]["readAt"], Value::Null, "what is unread was not read");
}

async fn a_membership_that_begins_anew_begins_read(world: &World) {
    let World { alice, bob, square, .. } = world;
    bob.joins(square).await;
    alice.sends_to(square, "@bob one").await;
    bob.mutes(square, true).await;
    bob.leaves(square).await;
    alice.sends_to(square, "@bob two").await;
    assert!(bob.unread().await.iter().all(|row| row["roomId"] != square.id.as_str()));
    let joined = bob.joins(square).await.body["seq"].clone();
    let row = bob.unread_in(&square.id).await;
    assert_eq!((counts(&row), &row["readSeq"], &row["muted"]), ((0, 0), &joined, &json!(false)));
    bob.marks_unread(square, 1).await;
    assert_eq!(counts(&bob.unread_in(&square.id).await), (0, 0));
    alice.sends_to(square, "@bob three").await;
    assert_eq!(counts(&bob.unread_in(&square.id).await), (1, 1));
}

async fn what_counts_is_explained(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let read = alice.sends("old").await;
    bob.marks_read(den, read.seq).await;
    let own = bob.sends("mine").await;
    let gone = carol.sends("never mind").await;
    carol.deletes(&gone).await;
    let counted = alice.sends("@bob").await;
    let why = bob.asks_why_unread(den).await;
    let reasons = why["messages"].as_array().expect("messages").clone();
    let line = |id: &str, seq: i64, reason: &str| {
        let counts = reason == "unread";
        json!({ "messageId": id, "seq": seq, "counts": counts, "reason": reason, "mention": counts })
    };
    let expected = [
        line(&counted.id, counted.seq, "unread"),
        line(&gone.id, gone.seq, "deleted"),
        line(&own.id, own.seq, "own"),
        line(&read.id, read.seq, "read"),
    ];
    assert_eq!(reasons, expected);
    assert_eq!((counts(&why), &why["headSeq"]), ((1, 1), &json!(counted.seq)));
    bob.mutes(den, true).await;
    let why = bob.asks_why_unread(den).await;
    assert_eq!((counts(&why), &why["messages"][0]["reason"]), ((0, 1), &json!("muted")));
}

async fn marks_and_mutes_that_may_not_be_are_refused(world: &World) {
    let World { alice, bob, mallory, den, lair, .. } = world;
    let elsewhere = mallory.sends_to(lair, "x").await.id;
    let sent = alice.sends("x").await;
    let refused = async |who: &Actor, room: &Room, payload: Value| {
        let mut payload = payload;
        payload["roomId"] = room.id.as_str().into();
        let operation = if payload["muted"].is_null() { MarkUnread::OPERATION } else { MuteRoom::OPERATION };
        reason(who.tries(&operation, &payload).await)
    };
    assert_eq!(refused(bob, den, json!({})).await, "validation");
    assert_eq!(refused(bob, den, json!({ "seq": 1, "messageId": sent.id })).await, "validation");
    assert_eq!(refused(bob, den, json!({ "seq": -1 })).await, "validation");
    assert_eq!(refused(bob, den, json!({ "messageId": elsewhere })).await, "not_found");
    assert_eq!(refused(bob, den, json!({ "muted": 1 })).await, "validation");
    assert_eq!(refused(mallory, den, json!({ "seq": 1 })).await, "not_found");
    assert_eq!(refused(mallory, den, json!({ "muted": true })).await, "not_found");
    assert_eq!(refused(bob, lair, json!({ "muted": true })).await, "not_found");
}

/// `unreadCount` and `mentionCount`.
fn counts(row: &Value) -> (i64, i64) {
    let count = |field: &str| row[field].as_i64().unwrap_or_else(|| panic!("no {field} in {row}"));
    (count("unreadCount"), count("mentionCount"))
}
