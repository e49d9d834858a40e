//! Resume: whoever comes back is told everything since the position they had reached, or honestly nothing
//! (`GUARANTEES.md` G5), and what is live goes on behind it without a seam.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fireside_kernel::room_log::retention;
use fireside_protocol::Request as _;
use fireside_protocol::messages::SendMessage;
use fireside_protocol::resume::{RESUME_MAX_EVENTS, RESUME_MAX_ROOMS};
use fireside_stories::answer::reason;
use fireside_stories::client::{Event, RESUMED, Socket};
use fireside_stories::verbs::{Position, Sent};
use fireside_stories::{Actor, Door, Engine, Room, World, engines, stories};
use futures_util::future::join_all;
use serde_json::{Value, json};

stories!(
    a_room_where_nothing_was_said,
    what_was_missed_comes_in_order,
    nothing_was_missed,
    everything_from_the_beginning,
    a_position_that_does_not_exist_yet,
    positions_of_another_epoch,
    too_many_bytes,
    a_room_that_is_not_ones_own,
    changes_come_once,
    what_members_and_the_room_did,
    a_conversation_goes_on,
    ones_own_stream_comes_along,
    requests_out_of_bounds,
);

engines!(
    a_log_that_is_not_kept_so_far_back,
    too_many_events,
    a_restart_changes_nothing,
    who_missed_nothing_costs_the_database_nothing,
    no_seam_between_missed_and_live
);

/// The names and places of the events of a room's answer.
fn told(room: &Value) -> Vec<(&str, i64)> {
    assert_eq!(room["recovered"], true, "{room}");
    let events = room["events"].as_array().expect("a list of events");
    let name = |event: &'_ Value| event["name"].as_str().map(str::to_owned);
    assert!(events.iter().all(|event| name(event).is_some()), "{room}");
    events
        .iter()
        .map(|event| (event["name"].as_str().unwrap_or_default(), event["data"]["seq"].as_i64().unwrap_or(0)))
        .collect()
}

async fn a_room_where_nothing_was_said(world: &World) {
    let World { alice, .. } = world;
    let empty = alice.creates("empty", false).await;
    let here = alice.position_in(&empty).await;
    let room = alice.resumes_in(&empty, &here).await;
    assert_eq!((told(&room), &room["seq"]), (vec![], &json!(here.seq)));
}

async fn what_was_missed_comes_in_order(world: &World) {
    let World { alice, bob, den, .. } = world;
    let mut here = bob.position_in(den).await;
    for number in 0..10 {
        alice.sends(&format!("number {number}")).await;
    }
    here.seq += 8;
    let room = bob.resumes_in(den, &here).await;
    assert_eq!(told(&room), [("message:new", here.seq + 1), ("message:new", here.seq + 2)]);
    assert_eq!(room["seq"], here.seq + 2);
    assert_eq!(room["events"][1]["data"]["content"], den.spoken("number 9"));
    assert_eq!(room["events"][1]["data"]["epoch"], here.epoch.as_str());
}

async fn nothing_was_missed(world: &World) {
    let World { alice, bob, den, .. } = world;
    alice.sends("heard").await;
    let here = bob.position_in(den).await;
    let room = bob.resumes_in(den, &here).await;
    assert_eq!((told(&room), &room["seq"]), (vec![], &json!(here.seq)));
}

async fn everything_from_the_beginning(world: &World) {
    let World { alice, bob, den, .. } = world;
    let here = bob.position_in(den).await;
    alice.sends("last").await;
    let room = bob.resumes_in(den, &Position { seq: 0, ..here.clone() }).await;
    let told = told(&room);
    assert_eq!(told.first(), Some(&("room:created", 1)));
    assert_eq!(told.last(), Some(&("message:new", here.seq + 1)));
    assert_eq!(told.len() as i64, here.seq + 1);
}

async fn a_position_that_does_not_exist_yet(world: &World) {
    let World { bob, den, .. } = world;
    let here = bob.position_in(den).await;
    let room = bob.resumes_in(den, &Position { seq: here.seq + 100, ..here.clone() }).await;
    assert_eq!((&room["recovered"], &room["reason"]), (&json!(false), &json!("ahead")));
    assert_eq!((&room["seq"], &room["epoch"]), (&json!(here.seq), &json!(here.epoch)));
    assert!(room.get("events").is_none(), "{room}");
}

async fn positions_of_another_epoch(world: &World) {
    let World { bob, den, .. } = world;
    let here = bob.position_in(den).await;
    for seq in [0, here.seq, here.seq + 5] {
        let room = bob.resumes_in(den, &Position { epoch: "before-the-fire".to_owned(), seq }).await;
        assert_eq!((&room["recovered"], &room["reason"]), (&json!(false), &json!("epoch")));
        assert_eq!((&room["seq"], &room["epoch"]), (&json!(here.seq), &json!(here.epoch)));
    }
}

async fn too_many_bytes(world: &World) {
    let World { alice, bob, den, .. } = world;
    let here = bob.position_in(den).await;
    let big = "é".repeat(9_900);
    let mut last = here.clone();
    for number in 0..55 {
        last.seq = alice.sends(&format!("{number} {big}")).await.seq;
    }
    let room = bob.resumes_in(den, &here).await;
    assert_eq!((&room["recovered"], &room["reason"]), (&json!(false), &json!("too_many")));
    assert_eq!(room["seq"], last.seq);
    // Whoever missed less of it is told.
    let half = Position { seq: last.seq - 40, ..last };
    assert_eq!(told(&bob.resumes_in(den, &half).await).len(), 40);
}

async fn a_room_that_is_not_ones_own(world: &World) {
    let World { alice, bob, dave, mallory, den, square, .. } = world;
    let here = bob.position_in(den).await;
    let mut answers = Vec::new();
    for room in [den.id.as_str(), square.id.as_str(), "no-such-room"] {
        let mut answer = mallory.resumes_at(room, &here).await;
        assert_eq!(answer["roomId"], room);
        answer["roomId"].take();
        answers.push(answer);
    }
    let unseen = json!({ "roomId": null, "recovered": false, "reason": "not_found" });
    assert!(answers.iter().all(|answer| *answer == unseen), "{answers:#?}");
    // What somebody else's room answers does not depend on how far one says to be.
    assert_eq!(reason_of(&dave.resumes_in(den, &Position { seq: 0, ..here.clone() }).await), "not_found");
    alice.removes(den, bob).await;
    alice.sends("without bob").await;
    assert_eq!(reason_of(&bob.resumes_in(den, &here).await), "not_found");
}

fn reason_of(room: &Value) -> &str {
    room["reason"].as_str().unwrap_or_default()
}

async fn changes_come_once(world: &World) {
    let World { alice, bob, den, .. } = world;
    let (old, doomed) = (alice.sends("old").await, alice.sends("doomed").await);
    let here = bob.position_in(den).await;
    let new = alice.sends("v0").await;
    let short_lived = alice.sends("oops").await;
    for number in 1..=10 {
        alice.edits(&new, &format!("new v{number}")).await;
        alice.edits(&old, &format!("old v{number}")).await;
    }
    let last_edit = alice.position_in(den).await.seq;
    alice.deletes(&short_lived).await;
    alice.edits(&doomed, "still here").await;
    alice.deletes(&doomed).await;
    let room = bob.resumes_in(den, &here).await;
    let expected = [
        ("message:new", new.seq),
        ("message:edited", last_edit),
        ("message:deleted", last_edit + 1),
        ("message:deleted", last_edit + 3),
    ];
    assert_eq!(told(&room), expected);
    assert_eq!(room["seq"], last_edit + 3);
    let data = |index: usize| &room["events"][index]["data"];
    assert_eq!(data(0)["content"], den.spoken("new v10"));
    assert_eq!(data(0)["rev"], last_edit - 1);
    assert_eq!(data(1)["content"], den.spoken("old v10"));
    assert_eq!(data(1)["messageSeq"], old.seq);
    assert_eq!(
        (&data(2)["messageId"], &data(2)["messageSeq"]),
        (&json!(short_lived.id), &json!(short_lived.seq))
    );
    assert_eq!(data(3)["messageId"], doomed.id.as_str());
}

async fn what_members_and_the_room_did(world: &World) {
    let World { alice, bob, dave, den, .. } = world;
    let here = bob.position_in(den).await;
    alice.adds(den, dave).await;
    alice.changes(den, json!({ "description": "one" })).await;
    alice.changes(den, json!({ "description": "two" })).await;
    alice.makes(den, bob, "admin").await;
    dave.leaves(den).await;
    let room = bob.resumes_in(den, &here).await;
    let expected = [
        ("room:user-joined", here.seq + 1),
        ("room:updated", here.seq + 3),
        ("member:updated", here.seq + 4),
        ("room:user-left", here.seq + 5),
    ];
    assert_eq!(told(&room), expected);
    assert_eq!(room["events"][1]["data"]["description"], "two");
    assert_eq!(room["events"][2]["data"]["role"], "admin");
}

async fn a_conversation_goes_on(world: &World) {
    let World { alice, bob, mallory, .. } = world;
    let first = alice.writes_to(bob, "first").await;
    let here = bob.position_of(&first).await;
    let second = alice.writes_to(bob, "second").await;
    let room = bob.resumes_at(&first.room, &here).await;
    assert_eq!(told(&room), [("dm:new", second.seq)]);
    assert_eq!(room["events"][0]["data"]["receiverId"], bob.id());
    assert_eq!(reason_of(&mallory.resumes_at(&first.room, &here).await), "not_found");
}

async fn ones_own_stream_comes_along(world: &World) {
    let World { alice, bob, den, square, .. } = world;
    let known = bob.gets("/chat/position").await;
    let here = bob.position_in(den).await;
    bob.joins(square).await;
    bob.mutes(square, true).await;
    let sent = alice.sends("to be read").await;
    bob.marks_read(den, sent.seq).await;
    let rooms = json!([{ "roomId": den.id, "epoch": here.epoch, "seq": here.seq }]);
    let resume = async |user: Value| {
        let payload = json!({ "rooms": rooms, "user": user });
        bob.tries_to_resume(payload).await.expect("an answer").body
    };
    let answer = resume(known.clone()).await;
    assert_eq!(told(&answer["rooms"][0]), [("message:new", sent.seq)]);
    let user = &answer["user"];
    let changes = user["changes"].as_array().expect("a list of changes");
    let rooms_changed: Vec<_> = changes.iter().map(|change| &change["room"]["roomId"]).collect();
    assert_eq!(rooms_changed, [square.id.as_str(), den.id.as_str()], "each once, as it stands now");
    assert_eq!(
        (&changes[0]["room"]["muted"], &changes[1]["room"]["readSeq"]),
        (&json!(true), &json!(sent.seq))
    );
    assert_eq!((&user["recovered"], &user["epoch"]), (&json!(true), &known["epoch"]));
    assert_eq!(&user["seq"], &bob.gets("/chat/position").await["seq"]);
    let ahead = resume(json!({ "epoch": known["epoch"], "seq": 1_000 })).await;
    assert_eq!(ahead["user"], json!({ "recovered": false, "reason": "ahead" }));
    let other = resume(json!({ "epoch": "another", "seq": 0 })).await;
    assert_eq!(other["user"], json!({ "recovered": false, "reason": "epoch" }));
    assert!(bob.tries_to_resume(json!({})).await.expect("an answer").body.get("user").is_none());
}

async fn requests_out_of_bounds(world: &World) {
    let World { bob, den, .. } = world;
    let position = |room: &str, seq: i64| json!({ "roomId": room, "epoch": "e", "seq": seq });
    let many: Vec<_> = (0..=RESUME_MAX_ROOMS).map(|number| position(&format!("r{number}"), 0)).collect();
    let twice = [position(&den.id, 0), position(&den.id, 1)];
    for rooms in
        [json!(many), json!(twice), json!([position(&den.id, -1)]), json!([position("röm", 0)]), json!({})]
    {
        assert_eq!(reason(bob.tries_to_resume(json!({ "rooms": rooms })).await), "validation", "{rooms}");
    }
    let unknown = json!({ "rooms": [], "since": 1 });
    assert_eq!(reason(bob.tries_to_resume(unknown).await), "unknown_field");
    let none = bob.tries_to_resume(json!({ "rooms": many[1..] })).await.expect("as many as there may be");
    assert_eq!(none.body["rooms"].as_array().map(Vec::len), Some(RESUME_MAX_ROOMS));
    // Whatever was refused, the socket hears its rooms.
    let ear = bob.listens();
    world.alice.sends("still there").await;
    ear.hears("message:new", |message| message["content"] == den.spoken("still there").as_str()).await;
}

async fn a_log_that_is_not_kept_so_far_back(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    let here = bob.position_in(den).await;
    let head = Position { seq: alice.sends("long ago").await.seq, ..here.clone() };
    world.house().shift_clock(1000);
    let kernel = world.kernel();
    let gone = retention::trim(&kernel.db, kernel.clock.now()).await;
    assert!(gone.expect("the log can be trimmed") >= head.seq as u64);
    assert_eq!(reason_of(&bob.resumes_in(den, &here).await), "too_many");
    assert_eq!(told(&bob.resumes_in(den, &head).await), []);
    let after = alice.sends("today").await;
    assert_eq!(told(&bob.resumes_in(den, &head).await), [("message:new", after.seq)]);
    assert_eq!(bob.reads_page(den, json!({})).await.items().len(), 2, "messages stay");
    // The audit would want to see the whole log.
}

async fn too_many_events(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    let here = bob.position_in(den).await;
    let socket = alice.socket();
    let mut pending = Vec::new();
    for number in 0..=RESUME_MAX_EVENTS {
        let payload = json!({ "roomId": den.id, "content": den.spoken(&number.to_string()) });
        pending.push(socket.submit(SendMessage::OPERATION.event.expect("an event"), &payload).await);
    }
    join_all(pending.into_iter().map(|pending| pending.answer())).await;
    assert_eq!(reason_of(&bob.resumes_in(den, &here).await), "too_many");
    let one_less = Position { seq: here.seq + 1, ..here };
    assert_eq!(told(&bob.resumes_in(den, &one_less).await).len() as i64, RESUME_MAX_EVENTS);
    world.close().await;
}

async fn a_restart_changes_nothing(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    let here = bob.position_in(den).await;
    alice.sends("before").await;
    world.restart().await;
    join_all([alice, bob, &world.carol].map(Actor::comes_back)).await;
    alice.sends("after").await;
    let expected = [("message:new", here.seq + 1), ("message:new", here.seq + 2)];
    assert_eq!(told(&bob.resumes_in(den, &here).await), expected);
    world.close().await;
}

/// Thousands may come back in the same moment, most of whom have missed nothing.
async fn who_missed_nothing_costs_the_database_nothing(engine: Engine) {
    const TIMES: u64 = 20;
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    // Of several nodes it is Alice's whose questions are counted here; it has told all there is by then.
    let sent = bob.sends("heard").await;
    alice.socket().heard().find(0, "the message", |event| (seq(event)? == sent.seq).then_some(())).await;
    let here = alice.position_in(den).await;
    let own = alice.gets("/chat/position").await;
    let socket = alice.comes_back().await;
    let asks = async |seq: i64| {
        let stats = || world.kernel().db.stats();
        let (before, mut answer) = (stats(), Value::Null);
        for _ in 0..TIMES {
            let rooms = json!([{ "roomId": den.id, "epoch": here.epoch, "seq": seq }]);
            answer = socket.call("resume", &json!({ "rooms": rooms, "user": own })).await;
        }
        let after = stats();
        (answer, after.read.lent + after.write.lent - before.read.lent - before.write.lent)
    };
    let (answer, queries) = asks(here.seq).await;
    assert_eq!(
        (told(&answer["rooms"][0]), &answer["rooms"][0]["seq"]),
        (vec![], &json!(here.seq)),
        "{answer}"
    );
    assert_eq!(
        (&answer["user"]["recovered"], &answer["user"]["seq"]),
        (&json!(true), &own["seq"]),
        "{answer}"
    );
    // A server has a few things of its own to ask in between.
    assert!(queries < TIMES, "{queries} queries for {TIMES} resumes of {engine:?}");
    let (answer, queries) = asks(here.seq - 1).await;
    assert_eq!(told(&answer["rooms"][0]), [("message:new", here.seq)]);
    assert!(queries >= TIMES, "what was missed is read: {queries} queries");
    world.close().await;
}

/// Bob comes and goes while others write as fast as they can: what his answers and his sockets told him,
/// one behind the other, is the log.
async fn no_seam_between_missed_and_live(engine: Engine) {
    const RETURNS: usize = 25;
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, den, .. } = &world;
    let start = bob.position_in(den).await;
    let is_over = AtomicBool::new(false);
    let writes = async |who: &Actor, number: usize| {
        let socket = who.socket();
        for round in 0.. {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            let content = den.spoken(&format!("{number} {round}"));
            let payload = json!({ "roomId": den.id, "content": content });
            Sent::of(
                &fireside_stories::Answer::of_ack(socket.call("message:send", &payload).await).expect("sent"),
            );
        }
    };
    let comes_and_goes = async {
        let mut here = start.clone();
        let mut heard = Vec::new();
        for _ in 0..RETURNS {
            let socket = bob.connects().await;
            bob.lets_choose(&socket);
            heard.extend(resumes_and_listens(&socket, den, &mut here).await);
            socket.close().await;
        }
        is_over.store(true, Ordering::Relaxed);
        heard
    };
    let (heard, ..) =
        tokio::join!(comes_and_goes, writes(alice, 1), writes(alice, 2), writes(carol, 3), writes(alice, 4));
    let expected: Vec<i64> = (start.seq + 1..=start.seq + heard.len() as i64).collect();
    assert_eq!(heard, expected);
    assert!(heard.len() > RETURNS, "only {} events in {RETURNS} returns: nothing was tried", heard.len());
    world.close().await;
}

/// Resumes on a new socket and listens for a moment; the places it was told, and where it stands then.
async fn resumes_and_listens(socket: &Arc<Socket>, room: &Room, here: &mut Position) -> Vec<i64> {
    let rooms = json!([{ "roomId": room.id, "epoch": here.epoch, "seq": here.seq }]);
    let answer = socket.call("resume", &json!({ "rooms": rooms })).await;
    let answer = &answer["rooms"][0];
    let mut heard: Vec<i64> = told(answer).into_iter().map(|(_, seq)| seq).collect();
    let head = answer["seq"].as_i64().expect("where the room stands");
    assert_eq!(heard.last().copied().unwrap_or(here.seq), head);
    // Three live events, so that the seam is crossed.
    socket
        .heard()
        .find(0, "live events behind the answer", |event| (seq(event)? >= head + 3).then_some(()))
        .await;
    let events = socket.heard().since(0);
    let behind = events.iter().skip_while(|event| event.name != RESUMED).skip(1);
    heard.extend(behind.filter_map(seq));
    here.seq = heard.last().copied().expect("three events at least");
    heard
}

fn seq(event: &Event) -> Option<i64> {
    (event.name == "message:new").then(|| event.payload["seq"].as_i64())?
}
