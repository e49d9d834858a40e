//! Rooms: making, finding, changing and deleting them.

use fireside_protocol::Request as _;
use fireside_protocol::rooms::{CreateRoom, DiscoverRooms};
use fireside_stories::client::Call;
use fireside_stories::{Actor, Room, World, reason, stories};
use serde_json::{Value, json};

stories!(
    who_makes_a_room_is_its_admin,
    rooms_of_one_name_have_slugs_of_their_own,
    a_private_room_and_none_are_the_same_to_outsiders,
    public_rooms_can_be_found,
    a_change_is_told_to_the_members,
    only_admins_change_a_room,
    a_public_room_becomes_private,
    a_deleted_room_is_gone_for_everyone,
    a_room_made_twice_under_one_key_is_one,
    names_that_break_the_rules_are_refused,
);

async fn who_makes_a_room_is_its_admin(world: &World) {
    let World { bob, carol, mallory, .. } = world;
    let room = bob.creates("garden", true).await;
    let told = bob.hears("room:created", |told| told["id"] == room.id.as_str()).await;
    assert_eq!((told["seq"].as_i64(), told["memberCount"].as_i64()), (Some(1), Some(1)));
    assert_eq!(told["createdBy"], bob.id());
    assert_eq!(bob.members(&room).await, [(bob.id().to_owned(), "admin".to_owned())]);
    assert!(bob.rooms().await.contains(&room.id));
    let is_it = |told: &Value| told["id"] == room.id.as_str();
    for other in [carol, mallory] {
        other
            .is_not_told("another's room", |event| event.name == "room:created" && is_it(&event.payload))
            .await;
        assert!(!other.rooms().await.contains(&room.id));
    }
}

async fn rooms_of_one_name_have_slugs_of_their_own(world: &World) {
    let World { alice, bob, .. } = world;
    let mut slugs = Vec::new();
    for maker in [alice, bob, alice] {
        let made = maker.does(&CreateRoom::OPERATION, &json!({ "name": "Ops & Alerts" })).await.body;
        assert_eq!(made["isPrivate"], false);
        slugs.push(made["slug"].as_str().expect("a slug").to_owned());
    }
    assert_eq!(slugs, ["ops-alerts", "ops-alerts-2", "ops-alerts-3"]);
    let found = bob.tries_to_look_at("ops-alerts-2").await.expect("a room is found by its slug").body;
    assert_eq!(found["createdBy"], bob.id());
}

async fn a_private_room_and_none_are_the_same_to_outsiders(world: &World) {
    let World { mallory, dave, den, .. } = world;
    for outsider in [mallory, dave] {
        let missing = outsider.tries_to_look_at("no-such-room").await.expect_err("there is no such room");
        assert_eq!(missing.reason, "not_found");
        for name in [&den.id, &den.slug] {
            let private = outsider.tries_to_look_at(name).await.expect_err("an outsider saw a private room");
            assert_eq!(private, missing);
        }
    }
}

async fn public_rooms_can_be_found(world: &World) {
    let World { alice, dave, den, square, .. } = world;
    let mut expected = Vec::new();
    for name in ["tea 1", "tea 2", "tea 3"] {
        expected.push(alice.creates(name, false).await.id);
    }
    let find = async |payload: Value| dave.does(&DiscoverRooms::OPERATION, &payload).await;
    assert_eq!(ids(find(json!({ "query": "TEA" })).await.items()), expected);
    let all = ids(find(json!({})).await.items());
    assert!(all.contains(&square.id) && !all.contains(&den.id), "{all:?}");
    assert!(find(json!({ "query": "100%" })).await.items().is_empty());
    for (query, expected) in [("x".repeat(257), "too_long"), ("a\0b".to_owned(), "validation")] {
        let refused = dave.tries(&DiscoverRooms::OPERATION, &json!({ "query": query })).await;
        assert_eq!(reason(refused), expected);
    }
    // Page by page it is the same list.
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let mut payload = json!({ "query": "tea", "limit": 2 });
        if let Some(after) = next {
            payload["after"] = after;
        }
        let page = find(payload).await;
        found.extend(ids(page.items()));
        let Some(link) = page.link("next") else { break };
        next = link.strip_prefix("after=").map(Value::from);
    }
    assert_eq!(found, expected);
}

async fn a_change_is_told_to_the_members(world: &World) {
    let World { alice, bob, carol, mallory, den, .. } = world;
    let name = den.spoken("burrow");
    let changed = alice.changes(den, json!({ "name": name, "description": den.spoken("deep") })).await.body;
    assert_eq!(changed["slug"], den.slug, "the slug stays");
    for member in [bob, carol] {
        let told = member.hears("room:updated", |told| told["name"] == name).await;
        assert_eq!(told["description"], den.spoken("deep"));
        assert_eq!(told["seq"], changed["seq"]);
    }
    let cleared = alice.changes(den, json!({ "description": null })).await.body;
    assert_eq!((&cleared["description"], &cleared["name"]), (&Value::Null, &json!(name)));
    let same = alice.changes(den, json!({ "name": name })).await.body;
    assert_eq!(same["seq"], cleared["seq"], "a change that changes nothing took a place in the log");
    mallory.sees_nothing().await;
}

async fn only_admins_change_a_room(world: &World) {
    let World { alice, bob, mallory, dave, den, square, .. } = world;
    let tries = async |who: &Actor, room: &Room| {
        let payload = json!({ "roomId": room.id, "name": "mine" });
        reason(who.tries(&fireside_protocol::rooms::UpdateRoom::OPERATION, &payload).await)
    };
    assert_eq!(tries(bob, den).await, "forbidden");
    assert_eq!(tries(mallory, den).await, "not_found");
    assert_eq!(tries(dave, square).await, "forbidden");
    alice.makes(den, bob, "admin").await;
    bob.changes(den, json!({ "name": den.spoken("ours") })).await;
}

async fn a_public_room_becomes_private(world: &World) {
    let World { alice, dave, mallory, square, .. } = world;
    dave.joins(square).await;
    alice.changes(square, json!({ "isPrivate": true })).await;
    dave.hears("room:updated", |told| told["isPrivate"] == true).await;
    alice.sends_to(square, "just us").await;
    let said = square.spoken("just us");
    dave.hears("message:new", |message| message["content"] == said.as_str()).await;
    let hidden =
        mallory.tries_to_look_at(&square.id).await.expect_err("a private room is seen by an outsider");
    assert_eq!(hidden, mallory.tries_to_look_at("no-such-room").await.expect_err("there is no such room"));
    let found = mallory.does(&DiscoverRooms::OPERATION, &json!({})).await;
    assert!(!ids(found.items()).contains(&square.id));
}

async fn a_deleted_room_is_gone_for_everyone(world: &World) {
    let World { alice, bob, carol, mallory, den, square, .. } = world;
    let sent = bob.sends("last words").await;
    let payload = json!({ "roomId": den.id });
    let delete = fireside_protocol::rooms::DeleteRoom::OPERATION;
    assert_eq!(reason(bob.tries(&delete, &payload).await), "forbidden");
    assert_eq!(reason(mallory.tries(&delete, &payload).await), "not_found");
    alice.deletes_room(den).await;
    for member in [alice, bob, carol] {
        let told = member.hears("room:deleted", |told| told["roomId"] == den.id.as_str()).await;
        assert_eq!(told["seq"], sent.seq + 1);
        assert_eq!(reason(member.tries_to_look_at(&den.id).await), "not_found");
        assert_eq!(reason(member.tries_to_send(den, "hello?").await), "not_found");
        assert_eq!(reason(member.tries_to_read_page(den, json!({})).await), "not_found");
        assert!(!member.rooms().await.contains(&den.id));
    }
    assert_eq!(reason(bob.tries_to_edit(&sent, "more").await), "not_found");
    // The slug of a public room is free again.
    alice.deletes_room(square).await;
    let made = alice.does(&CreateRoom::OPERATION, &json!({ "name": square.name })).await.body;
    assert_eq!(made["slug"], square.slug);
    assert_ne!(made["id"], square.id);
}

async fn a_room_made_twice_under_one_key_is_one(world: &World) {
    let World { alice, bob, .. } = world;
    let make = async |who: &Actor, name: &str| {
        let body = Some(("application/json", json!({ "name": name, "isPrivate": true }).to_string()));
        let headers = [("idempotency-key", "k-1")];
        who.calls(Call { method: "POST", path: "/chat/rooms", headers: &headers, body, ..Call::default() })
            .await
    };
    let first = make(alice, "once").await;
    assert_eq!(first.status, 201, "{}", first.text);
    let again = make(alice, "once").await;
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(make(alice, "other").await.status, 409);
    assert_ne!(make(bob, "once").await.json()["id"], first.json()["id"], "a key is its user's own");
}

async fn names_that_break_the_rules_are_refused(world: &World) {
    let alice = &world.alice;
    for (payload, expected) in [
        (json!({ "name": "" }), "validation"),
        (json!({ "name": " a" }), "validation"),
        (json!({ "name": "a\nb" }), "validation"),
        (json!({ "name": "\u{202e}evil" }), "validation"),
        (json!({ "name": "x".repeat(101) }), "too_long"),
        (json!({ "name": "a", "description": "x".repeat(2001) }), "too_long"),
        (json!({ "name": "a", "isPrivate": "yes" }), "validation"),
        (json!({ "name": "a", "owner": "me" }), "unknown_field"),
    ] {
        assert_eq!(reason(alice.tries(&CreateRoom::OPERATION, &payload).await), expected, "{payload}");
    }
}

fn ids(rooms: &[Value]) -> Vec<String> {
    rooms.iter().filter_map(|room| room["id"].as_str().map(str::to_owned)).collect()
}
