//! Digests: what one has can be held against what is stored, and where it differs is found in few steps.

use std::time::Duration;

use fireside_protocol::Request as _;
use fireside_protocol::digests::{GetDigest, sum, written};
use fireside_stories::answer::reason;
use fireside_stories::client::Event;
use fireside_stories::{Actor, Door, Engine, Room, World, engines, stories};
use serde_json::{Value, json};

stories!(
    a_digest_is_the_sum_of_what_one_sees,
    the_part_that_differs_is_found,
    ranges_end_where_the_room_does,
    a_digest_is_for_members,
);

engines!(digests_are_told_to_who_watches);

async fn digest(who: &Actor, room: &Room, range: Value) -> Value {
    let mut payload = range;
    payload["roomId"] = room.id.as_str().into();
    who.does(&GetDigest::OPERATION, &payload).await.body
}

/// Places and revisions of the messages someone sees.
async fn seen(who: &Actor, room: &Room) -> Vec<(i64, i64)> {
    let page = who.reads_page(room, json!({ "limit": 200 })).await;
    let place = |message: &Value| message["seq"].as_i64().zip(message["rev"].as_i64());
    page.items().iter().map(|message| place(message).expect("a place and a revision")).collect()
}

async fn a_digest_is_the_sum_of_what_one_sees(world: &World) {
    let World { alice, bob, den, .. } = world;
    let is_right = async || {
        let told = digest(bob, den, json!({})).await;
        let seen = seen(bob, den).await;
        assert_eq!(told["digest"], written(sum(seen.iter().copied())), "{told} of {seen:?}");
        assert_eq!(
            (&told["count"], &told["seq"]),
            (&json!(seen.len()), &json!(bob.position_in(den).await.seq))
        );
        told["digest"].clone()
    };
    let empty = is_right().await;
    let message = alice.sends("v0").await;
    let first = is_right().await;
    alice.edits(&message, "v1").await;
    let edited = is_right().await;
    let other = alice.sends("short-lived").await;
    alice.deletes(&other).await;
    assert_eq!(is_right().await, edited, "what is deleted is not there");
    alice.deletes(&message).await;
    assert_eq!(is_right().await, empty);
    assert!(empty != first && first != edited);
}

async fn the_part_that_differs_is_found(world: &World) {
    let World { alice, bob, den, .. } = world;
    for number in 0..80 {
        alice.sends(&format!("number {number}")).await;
    }
    let mut mine = seen(bob, den).await;
    // One change was never told to bob.
    let lost = mine[60].0;
    let page = bob.reads_page(den, json!({ "around": lost.to_string(), "limit": 1 })).await;
    let message = page.items()[0]["id"].clone();
    alice
        .does_by(
            Door::Rest,
            &fireside_protocol::messages::EditMessage::OPERATION,
            &json!({ "messageId": message, "content": den.spoken("changed") }),
        )
        .await;
    let (mut from, mut to) = (1, bob.position_in(den).await.seq);
    let mut steps = 0;
    while from < to {
        steps += 1;
        let told = digest(bob, den, json!({ "from": from, "to": to })).await;
        let differs = |part: &&Value| {
            let inside = (part["from"].as_i64().unwrap_or(0), part["to"].as_i64().unwrap_or(0));
            let own = mine.iter().filter(|(seq, _)| (inside.0..=inside.1).contains(seq)).copied();
            part["digest"] != written(sum(own))
        };
        let parts = told["parts"].as_array().expect("parts");
        let wrong: Vec<_> = parts.iter().filter(differs).collect();
        assert_eq!(wrong.len(), 1, "one part differs: {wrong:?}");
        (from, to) = (wrong[0]["from"].as_i64().unwrap_or(0), wrong[0]["to"].as_i64().unwrap_or(0));
    }
    assert_eq!((from, steps), (lost, 2), "found in two steps");
    let page = bob.reads_page(den, json!({ "around": from.to_string(), "limit": 1 })).await;
    mine[60].1 = page.items()[0]["rev"].as_i64().expect("a revision");
    assert_eq!(digest(bob, den, json!({ "from": 1 })).await["digest"], written(sum(mine)));
}

async fn ranges_end_where_the_room_does(world: &World) {
    let World { alice, den, .. } = world;
    let start = alice.position_in(den).await.seq;
    for number in 0..70 {
        alice.sends(&format!("number {number}")).await;
    }
    let head = start + 70;
    let tail = digest(alice, den, json!({})).await;
    assert_eq!((&tail["from"], &tail["to"], &tail["count"]), (&json!(head - 63), &json!(head), &json!(64)));
    let all = digest(alice, den, json!({ "from": 0, "to": head + 1000 })).await;
    assert_eq!((&all["from"], &all["to"], &all["count"]), (&json!(0), &json!(head), &json!(70)));
    let none = digest(alice, den, json!({ "from": head + 1, "to": head + 5 })).await;
    assert_eq!((&none["count"], &none["digest"]), (&json!(0), &json!("000000000000")));
    assert_eq!(none["parts"], json!([]));
    let before = json!({ "roomId": den.id, "from": -1 });
    assert_eq!(reason(alice.tries(&GetDigest::OPERATION, &before).await), "validation");
}

async fn a_digest_is_for_members(world: &World) {
    let World { mallory, den, square, .. } = world;
    for (room, expected) in [(den, "not_found"), (square, "forbidden")] {
        let payload = json!({ "roomId": room.id });
        assert_eq!(reason(mallory.tries(&GetDigest::OPERATION, &payload).await), expected);
    }
}

/// They come every 30 s, so this takes as long.
async fn digests_are_told_to_who_watches(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, dave, den, .. } = &world;
    for who in [bob, dave] {
        assert_eq!(who.socket().call("digest:watch", &json!({ "watch": true })).await["ok"], true);
    }
    assert_eq!(bob.socket().call("digest:watch", &json!({ "watch": 1 })).await["ok"], false);
    alice.adds(den, dave).await;
    let sent = alice.sends("summed up").await;
    let told = async |who: &Actor| {
        let is_it = |event: &Event| {
            (event.name == "room:digested" && event.payload[1] == sent.seq).then(|| event.payload.clone())
        };
        who.socket().heard().find_within(Duration::from_secs(40), 0, "a digest", is_it).await
    };
    let expected = json!([den.id, sent.seq, written(sum([(sent.seq, sent.seq)]))]);
    assert_eq!(told(bob).await, expected);
    assert_eq!(told(dave).await, expected);
    carol.is_not_told("digests", |event| event.name == "room:digested").await;
    world.close().await;
}
