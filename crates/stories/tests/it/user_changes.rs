//! One's own stream: what changes for oneself is told to all of one's devices, in order, and found again after
//! any time away.

use fireside_db::testing::{Fate, Trouble, trouble_commits};
use fireside_protocol::Request as _;
use fireside_protocol::reads::MuteRoom;
use fireside_protocol::resume::Resume;
use fireside_protocol::sessions::{ChangePassword, EndSession, ListSessions, Login, Logout};
use fireside_protocol::user_changes::GetPosition;
use fireside_stories::own::Own;
use fireside_stories::senses::Ear;
use fireside_stories::story::on_one_thread;
use fireside_stories::world::PASSWORD;
use fireside_stories::{Actor, Door, Engine, World, reason, stories};
use futures_util::future::join_all;
use serde_json::{Value, json};

stories!(
    what_one_does_is_told_to_ones_devices_in_order,
    a_conversation_opens_for_both_with_its_first_message,
    only_who_is_added_removed_or_promoted_is_told,
    a_room_that_is_deleted_ends_for_its_members,
    sessions_are_told_to_ones_other_devices,
    changes_at_the_same_time_come_in_order,
    who_was_away_ends_like_a_fresh_one,
    positions_of_another_epoch_or_ahead_are_refused,
);

#[test]
fn what_a_commit_without_an_answer_held_is_told_on_sqlite() {
    on_one_thread(Engine::Sqlite, what_a_commit_without_an_answer_held_is_told);
}

#[test]
fn what_a_commit_without_an_answer_held_is_told_on_postgres() {
    on_one_thread(Engine::Postgres, what_a_commit_without_an_answer_held_is_told);
}

/// What a device hears of its user's stream, from here on.
async fn changes<const N: usize>(ear: &Ear, after: i64) -> [Value; N] {
    let mut heard = Vec::new();
    for seq in after + 1..=after + N as i64 {
        heard.push(ear.hears("user:changed", |told| told["seq"] == seq).await);
    }
    heard.try_into().expect("as many as asked for")
}

async fn position(who: &Actor) -> i64 {
    who.does(&GetPosition::OPERATION, &json!({})).await.body["seq"].as_i64().expect("a position")
}

async fn what_one_does_is_told_to_ones_devices_in_order(world: &World) {
    let World { alice, bob, square, .. } = world;
    let start = position(bob).await;
    let epoch = bob.does(&GetPosition::OPERATION, &json!({})).await.body["epoch"].clone();
    let phone = bob.connects().await;
    let ears = [bob.listens(), Ear::on(&phone)];
    bob.joins(square).await;
    bob.joins(square).await;
    let sent = alice.sends_to(square, "hello").await;
    let read = bob.marks_read(square, sent.seq).await.body;
    bob.marks_read(square, sent.seq).await;
    bob.mutes(square, true).await;
    bob.leaves(square).await;
    for ear in ears {
        let [joined, marked, muted, left] = changes(&ear, start).await;
        let room = |told: &Value| told["room"].clone();
        let joined_at = room(&joined)["joinedAt"].clone();
        let mut expected = json!({
            "roomId": square.id, "kind": "room", "member": true, "role": "member", "joinedAt": joined_at,
            "readSeq": sent.seq - 1, "lastReadAt": null, "muted": false,
        });
        assert_eq!((&joined["epoch"], room(&joined)), (&epoch, expected.clone()));
        expected["readSeq"] = sent.seq.into();
        expected["lastReadAt"] = read["lastReadAt"].clone();
        assert_eq!(room(&marked), expected);
        expected["muted"] = true.into();
        assert_eq!(room(&muted), expected);
        let gone = json!({
            "roomId": square.id, "kind": "room", "member": false, "readSeq": 0, "lastReadAt": null, "muted": false,
        });
        assert_eq!(room(&left), gone);
    }
    let is_of_the_square = |event: &fireside_stories::client::Event| {
        event.name == "user:changed" && event.payload["room"]["roomId"] == square.id.as_str()
    };
    alice.is_not_told("what bob does", is_of_the_square).await;
}

async fn a_conversation_opens_for_both_with_its_first_message(world: &World) {
    let World { alice, bob, carol, .. } = world;
    let starts = [position(alice).await, position(bob).await];
    let sent = alice.writes_to(bob, "one").await;
    bob.writes_to(alice, "two").await;
    for (who, other, start) in [(alice, bob, starts[0]), (bob, alice, starts[1])] {
        let [opened] = changes(&who.listens_from_the_start(), start).await;
        let room = &opened["room"];
        assert_eq!((&room["roomId"], &room["kind"]), (&json!(sent.room), &json!("direct")));
        assert_eq!((&room["userId"], &room["member"]), (&json!(other.id()), &json!(true)));
        assert_eq!(position(who).await, start + 1, "the second message opens nothing");
    }
    carol
        .is_not_told("a conversation of others", |event| {
            event.payload["room"]["kind"] == "direct" && event.payload["room"]["userId"] != carol.id()
        })
        .await;
}

async fn only_who_is_added_removed_or_promoted_is_told(world: &World) {
    let World { alice, bob, carol, dave, den, .. } = world;
    let before = [position(alice).await, position(bob).await, position(carol).await];
    let start = position(dave).await;
    alice.adds(den, dave).await;
    alice.makes(den, dave, "admin").await;
    alice.removes(den, dave).await;
    let [added, promoted, removed] = changes(&dave.listens_from_the_start(), start).await;
    assert_eq!((&added["room"]["member"], &added["room"]["role"]), (&json!(true), &json!("member")));
    assert_eq!(promoted["room"]["role"], "admin");
    assert_eq!(removed["room"]["member"], false);
    let after = [position(alice).await, position(bob).await, position(carol).await];
    assert_eq!(before, after, "what happens to dave is his");
}

async fn a_room_that_is_deleted_ends_for_its_members(world: &World) {
    let World { alice, bob, mallory, square, .. } = world;
    bob.joins(square).await;
    let starts = [position(alice).await, position(bob).await];
    let others = position(mallory).await;
    alice.deletes_room(square).await;
    for (who, start) in [(alice, starts[0]), (bob, starts[1])] {
        let [ended] = changes(&who.listens_from_the_start(), start).await;
        assert_eq!((&ended["room"]["roomId"], &ended["room"]["member"]), (&json!(square.id), &json!(false)));
    }
    assert_eq!(position(mallory).await, others);
}

async fn sessions_are_told_to_ones_other_devices(world: &World) {
    let (laptop, _) = world.registers("erin").await;
    laptop.connects().await;
    let start = position(&laptop).await;
    let login = json!({ "username": laptop.gets("/auth/me").await["username"], "password": PASSWORD });
    let second = world.stranger.does(&Login::OPERATION, &login).await.body;
    let phone = world.device("erin", &second);
    let [made] = changes(&laptop.listens_from_the_start(), start).await;
    let session = &made["session"];
    assert_eq!((&session["ended"], made.get("room")), (&json!(false), None));
    let listed = phone.gets("/auth/sessions").await;
    let current = listed.as_array().into_iter().flatten().find(|row| row["current"] == true).expect("itself");
    assert_eq!(session["id"], current["id"]);
    laptop.does(&EndSession::OPERATION, &json!({ "sessionId": session["id"] })).await;
    let third = world.device("erin", &world.stranger.does(&Login::OPERATION, &login).await.body);
    let change = json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD });
    laptop.does(&ChangePassword::OPERATION, &change).await;
    let [_, ended, again, put_out] = changes(&laptop.listens_from_the_start(), start).await;
    assert_eq!((&ended["session"]["id"], &ended["session"]["ended"]), (&session["id"], &json!(true)));
    assert_eq!((&again["session"]["ended"], &put_out["session"]["ended"]), (&json!(false), &json!(true)));
    assert_eq!(again["session"]["id"], put_out["session"]["id"]);
    drop(third);
    let kernel = world.kernel();
    let own = Own::of(&kernel.db, &kernel.names, laptop.id()).await;
    let listed = laptop.does(&ListSessions::OPERATION, &json!({})).await;
    let listed = listed.items().iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(own.sessions(), listed);
}

async fn changes_at_the_same_time_come_in_order(world: &World) {
    let (laptop, _) = world.registers("erin").await;
    let kernel = world.kernel();
    let own = Own::of(&kernel.db, &kernel.names, laptop.id()).await;
    laptop.connects().await;
    let room = laptop.creates("erin's own", true).await;
    let login = json!({ "username": laptop.gets("/auth/me").await["username"], "password": PASSWORD });
    let signs_in = async || world.stranger.does(&Login::OPERATION, &login).await.body;
    let devices = join_all((0..4).map(|_| signs_in())).await;
    let phones: Vec<_> = devices.iter().map(|signed_in| world.device("erin", signed_in)).collect();
    // Sessions are ended in transactions of their own, beside those of the room log.
    let logouts = phones
        .iter()
        .map(async |phone| drop(phone.does_by(Door::Rest, &Logout::OPERATION, &json!({})).await));
    let mutes = (0..20).map(async |round| drop(laptop.mutes(&room, round % 2 == 0).await));
    tokio::join!(join_all(logouts), join_all(mutes));
    laptop.fence().await;
    let end = position(&laptop).await;
    let ear = laptop.listens_from_the_start();
    ear.hears("user:changed", |told| told["seq"] == end).await;
    assert_eq!(own.after(&ear.heard()).differences(&laptop).await, [""; 0]);
}

async fn who_was_away_ends_like_a_fresh_one(world: &World) {
    let World { alice, bob, carol, den, square, .. } = world;
    let kernel = world.kernel();
    bob.joins(square).await;
    let away = Own::of(&kernel.db, &kernel.names, bob.id()).await;
    let left_at = away.position.seq;
    for round in 0..3 {
        let sent = alice.sends(&format!("@bob {round}")).await;
        bob.marks_read(den, sent.seq).await;
        bob.mutes(den, round % 2 == 0).await;
        bob.leaves(square).await;
        bob.joins(square).await;
    }
    bob.leaves(square).await;
    carol.writes_to(bob, "are you there?").await;
    let made = bob.creates("bob's own", true).await;
    bob.adds(&made, carol).await;
    let mut back = away;
    assert_eq!(back.resumes(bob).await, 4, "one for each thing that changed");
    assert!(back.position.seq >= left_at + 15, "every change has a place: {left_at} to {:?}", back.position);
    assert!(back.rooms().contains(made.id.as_str()) && !back.rooms().contains(square.id.as_str()));
    assert_eq!(back.differences(bob).await, [""; 0]);
    assert_eq!(back.resumes(bob).await, 0, "there is nothing new");
}

async fn positions_of_another_epoch_or_ahead_are_refused(world: &World) {
    let World { bob, dave, .. } = world;
    let now = bob.does(&GetPosition::OPERATION, &json!({})).await.body;
    let (epoch, seq) = (&now["epoch"], now["seq"].as_i64().expect("a position"));
    for (position, reason) in [
        (json!({ "epoch": "another", "seq": seq }), "epoch"),
        (json!({ "epoch": epoch, "seq": seq + 1 }), "ahead"),
    ] {
        let answer = bob.does(&Resume::OPERATION, &json!({ "user": position })).await.body;
        assert_eq!(answer["user"], json!({ "recovered": false, "reason": reason }));
    }
    let negative = json!({ "user": { "epoch": epoch, "seq": -1 } });
    assert_eq!(reason(bob.tries(&Resume::OPERATION, &negative).await), "validation");
    let first = dave.does(&GetPosition::OPERATION, &json!({})).await.body;
    assert_eq!(first, dave.does(&GetPosition::OPERATION, &json!({})).await.body, "an epoch lasts");
}

/// The writer of rooms commits one of them, the sessions the other. Nothing else happens that could bring it to
/// light.
async fn what_a_commit_without_an_answer_held_is_told(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, den, .. } = &world;
    let (erin, _) = world.registers("erin").await;
    erin.connects().await;
    alice.adds(den, &erin).await;
    let username = erin.gets("/auth/me").await["username"].clone();
    let start = position(&erin).await;
    let ear = erin.listens_from_the_start();
    trouble_commits(Some(Box::new(|| Trouble { fate: Fate::AnswerLost, ..Trouble::default() })));
    let muted = erin.tries(&MuteRoom::OPERATION, &json!({ "roomId": den.id, "muted": true })).await;
    let login = json!({ "username": username, "password": PASSWORD });
    let signed_in = world.stranger.tries(&Login::OPERATION, &login).await;
    trouble_commits(None);
    assert_eq!((reason(muted), reason(signed_in)), ("indeterminate".into(), "indeterminate".into()));
    let mut told = changes::<2>(&ear, start).await;
    // Whichever was looked up first; its place is that of its commit.
    told.sort_by_key(|told| told["seq"].as_i64());
    assert_eq!((&told[0]["room"]["muted"], &told[1]["session"]["ended"]), (&json!(true), &json!(false)));
    world.close().await;
}
