//! Members: joining, leaving, being added, promoted and removed.

use fireside_kernel::room_log::read::events_after;
use fireside_protocol::members::{JoinRoom, LeaveRoom, SetMember};
use fireside_protocol::{Request as _, RoomId, UserId};
use fireside_stories::{Actor, Room, World, reason, stories};
use serde_json::json;

stories!(
    joining_twice_is_one_membership,
    whoever_joins_reads_what_was_said_before,
    a_private_room_is_entered_by_invitation_only,
    whoever_leaves_hears_no_more_on_any_device,
    the_last_thing_one_hears_is_ones_own_removal,
    what_was_written_after_someone_left_is_not_handed_on_to_them_late,
    roles_are_given_by_admins_and_told,
    a_conversation_is_for_ever,
);

async fn joining_twice_is_one_membership(world: &World) {
    let World { alice, dave, square, .. } = world;
    dave.joins(square).await;
    let told = alice.hears("room:user-joined", |told| told["userId"] == dave.id()).await;
    assert_eq!((&told["roomId"], &told["role"]), (&json!(square.id), &json!("member")));
    assert!(told["by"].is_null(), "nobody else did it: {told}");
    dave.joins(square).await;
    let next = alice.sends_to(square, "welcome").await;
    assert_eq!(told["seq"], next.seq - 1, "joining twice took two places in the log");
    let said = square.spoken("welcome");
    dave.hears("message:new", |message| message["content"] == said.as_str()).await;
    let members = dave.members(square).await;
    assert_eq!(members, pairs(&[(alice, "admin"), (dave, "member")]));
    let room = dave.tries_to_look_at(&square.slug).await.expect("a member sees the room").body;
    assert_eq!(room["memberCount"], 2);
}

async fn whoever_joins_reads_what_was_said_before(world: &World) {
    let World { alice, dave, square, .. } = world;
    let before = alice.sends_to(square, "before").await;
    assert_eq!(reason(dave.tries_to_read_page(square, json!({})).await), "forbidden");
    dave.joins(square).await;
    let page = dave.reads_page(square, json!({})).await;
    assert_eq!(page.items()[0]["id"], before.id.as_str());
    dave.is_not_told("what was said before", |event| event.payload["id"] == before.id.as_str()).await;
}

async fn a_private_room_is_entered_by_invitation_only(world: &World) {
    let World { alice, bob, dave, mallory, den, .. } = world;
    let join =
        async |who: &Actor, room: &str| who.tries(&JoinRoom::OPERATION, &json!({ "roomId": room })).await;
    let refused = join(mallory, &den.id).await.expect_err("an outsider joined a private room");
    assert_eq!((refused.reason.as_str(), refused.code.as_str()), ("not_found", "JOIN_FAILED"));
    assert_eq!(refused, join(mallory, "no-such-room").await.expect_err("there is no such room"));
    let set = async |who: &Actor, whom: &str| {
        let payload = json!({ "roomId": den.id, "userId": whom });
        reason(who.tries(&SetMember::OPERATION, &payload).await)
    };
    assert_eq!(set(mallory, mallory.id()).await, "not_found", "one does not add oneself");
    assert_eq!(set(bob, dave.id()).await, "forbidden", "members do not add others");
    assert_eq!(set(alice, "nobody-of-this-name").await, "not_found");
    alice.adds(den, dave).await;
    for member in [bob, dave] {
        let told = member.hears("room:user-joined", |told| told["userId"] == dave.id()).await;
        assert_eq!(told["by"], alice.id());
    }
    bob.sends("hello dave").await;
    dave.sees("hello dave").await;
}

async fn whoever_leaves_hears_no_more_on_any_device(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let phone = bob.connects().await;
    bob.leaves(den).await;
    for socket in [bob.socket(), phone] {
        socket.heard().wait(0, "room:user-left", |told| told["userId"] == bob.id()).await;
    }
    alice.sends("is he gone?").await;
    carol.sees("is he gone?").await;
    let said = den.spoken("is he gone?");
    bob.is_not_told("a room one has left", |event| event.payload["content"] == said.as_str()).await;
    assert_eq!(reason(bob.tries_to_look_at(&den.id).await), "not_found");
    assert_eq!(reason(bob.tries_to_send(den, "hello").await), "not_found");
    assert!(!bob.rooms().await.contains(&den.id));
    // Leaving a public room one is not in changes nothing.
    bob.leaves(&world.square).await;
    // Whoever is asked back hears again.
    alice.adds(den, bob).await;
    alice.sends("welcome back").await;
    bob.sees("welcome back").await;
}

async fn the_last_thing_one_hears_is_ones_own_removal(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let tablet = carol.connects().await;
    assert_eq!(reason(bob.tries_to_remove(den, carol).await), "forbidden");
    alice.removes(den, carol).await;
    alice.sends("now she is gone").await;
    bob.sees("now she is gone").await;
    carol.fence().await;
    for socket in [carol.socket(), tablet] {
        let told = socket.heard().since(0);
        let of_den = told.iter().filter(|event| event.payload["roomId"] == den.id.as_str());
        let durable: Vec<_> = of_den.filter(|event| event.payload["epoch"].is_string()).collect();
        let last = durable.last().expect("she was told that she is out");
        assert_eq!(last.name, "room:user-left");
        assert_eq!((&last.payload["userId"], &last.payload["by"]), (&json!(carol.id()), &json!(alice.id())));
    }
    assert_eq!(reason(carol.tries_to_read_page(den, json!({})).await), "not_found");
    assert_eq!(reason(alice.tries_to_remove(den, carol).await), "not_found");
}

/// Where a node has missed something it reads the log, which has every message as it is now.
async fn what_was_written_after_someone_left_is_not_handed_on_to_them_late(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let (first, second) = (bob.sends("left as it is").await, bob.sends("to be edited").await);
    bob.edits(&second, "edited while carol is there").await;
    alice.changes(den, json!({ "description": den.spoken("before") })).await;
    carol.leaves(den).await;
    bob.edits(&second, "edited when carol is gone").await;
    let (db, room) = (world.kernel().db, RoomId::trusted(den.id.as_str()));
    let events = events_after(&db, &room, first.seq - 1, 1000).await.expect("the log reads back");
    let hidden: Vec<_> = events.iter().filter(|event| !event.hidden_from.is_empty()).collect();
    let told: Vec<_> = hidden.iter().map(|event| (event.event.name(), event.seq)).collect();
    let expected = [
        ("message:new", second.seq),
        ("message:edited", second.seq + 1),
        // Nobody notes when a room was changed last.
        ("room:updated", second.seq + 2),
    ];
    assert_eq!(told, expected);
    assert!(hidden.iter().all(|event| event.hidden_from == [UserId::trusted(carol.id())]));
    assert_eq!(events.last().map(|event| event.seq), Some(second.seq + 4));
}

async fn roles_are_given_by_admins_and_told(world: &World) {
    let World { alice, bob, carol, dave, den, square, .. } = world;
    let promote =
        |room: &Room, whom: &Actor| json!({ "roomId": room.id, "userId": whom.id(), "role": "admin" });
    assert_eq!(reason(bob.tries(&SetMember::OPERATION, &promote(den, bob)).await), "forbidden");
    assert_eq!(reason(dave.tries(&SetMember::OPERATION, &promote(square, dave)).await), "forbidden");
    alice.makes(den, bob, "admin").await;
    let told = carol.hears("member:updated", |told| told["userId"] == bob.id()).await;
    assert_eq!((&told["role"], &told["by"]), (&json!("admin"), &json!(alice.id())));
    alice.makes(den, bob, "admin").await;
    bob.removes(den, carol).await;
    carol.hears("room:user-left", |told| told["userId"] == carol.id()).await;
    let same = |event: &fireside_stories::client::Event| {
        event.name == "member:updated" && event.payload["seq"] != told["seq"]
    };
    alice.is_not_told("a role that was had before", same).await;
    assert_eq!(alice.members(den).await, pairs(&[(alice, "admin"), (bob, "admin")]));
}

async fn a_conversation_is_for_ever(world: &World) {
    let World { alice, bob, mallory, .. } = world;
    let sent = alice.writes_to(bob, "between us").await;
    let here = json!({ "roomId": sent.room });
    for person in [alice, bob] {
        assert_eq!(reason(person.tries(&LeaveRoom::OPERATION, &here).await), "forbidden");
        let third = json!({ "roomId": sent.room, "userId": mallory.id() });
        assert_eq!(reason(person.tries(&SetMember::OPERATION, &third).await), "forbidden");
    }
    assert_eq!(reason(mallory.tries(&JoinRoom::OPERATION, &here).await), "not_found");
    mallory.sees_nothing().await;
}

fn pairs(members: &[(&Actor, &str)]) -> Vec<(String, String)> {
    members.iter().map(|(who, role)| (who.id().to_owned(), (*role).to_owned())).collect()
}
