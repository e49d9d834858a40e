//! Exactly once: a change under a client's own name for it is done once, and a repeat gets the first answer,
//! over either door, after a restart, whatever happened in between (`GUARANTEES.md` G2).

use fireside_protocol::members::{JoinRoom, LeaveRoom, RemoveMember, SetMember};
use fireside_protocol::messages::{DeleteMessage, EditMessage, SendMessage};
use fireside_protocol::rooms::{CreateRoom, DeleteRoom, UpdateRoom};
use fireside_protocol::{Operation, Request as _};
use fireside_stories::answer::reason;
use fireside_stories::client::Call;
use fireside_stories::{Actor, Door, Engine, Room, World, engines, stories};
use serde_json::{Value, json};

stories!(
    a_repeat_changes_nothing_and_gets_the_first_answer,
    another_change_under_the_same_name_is_a_conflict,
    what_happened_since_does_not_matter,
    a_name_is_its_users_own_and_its_operations_own,
    a_refusal_is_not_remembered,
);

engines!(a_restart_forgets_nothing, many_at_once_are_one, two_names_for_one_write_are_refused);

/// Every change that takes a name, in an order in which they can be done.
async fn changes(world: &World) -> Vec<(Operation, Value)> {
    let World { alice, bob, dave, den, square, .. } = world;
    let message = alice.sends("v0").await;
    let doomed = alice.creates("doomed", true).await;
    dave.joins(square).await;
    let name = format!("named once {}", den.canary);
    vec![
        (SendMessage::OPERATION, json!({ "roomId": den.id, "content": den.spoken("once") })),
        (EditMessage::OPERATION, json!({ "messageId": message.id, "content": den.spoken("v1") })),
        (DeleteMessage::OPERATION, json!({ "messageId": message.id })),
        (CreateRoom::OPERATION, json!({ "name": "made once", "isPrivate": false })),
        (UpdateRoom::OPERATION, json!({ "roomId": den.id, "name": name, "description": null })),
        (DeleteRoom::OPERATION, json!({ "roomId": doomed.id })),
        (SetMember::OPERATION, json!({ "roomId": den.id, "userId": bob.id(), "role": "admin" })),
        (RemoveMember::OPERATION, json!({ "roomId": square.id, "userId": dave.id() })),
        (LeaveRoom::OPERATION, json!({ "roomId": square.id })),
        (JoinRoom::OPERATION, json!({ "roomId": square.id })),
    ]
}

fn named(payload: &Value, name: &str) -> Value {
    let mut payload = payload.clone();
    payload["clientId"] = name.into();
    payload
}

/// Heads of the logs, to see that nothing was added.
async fn heads(who: &Actor) -> Value {
    let rooms = who.gets("/chat/rooms").await;
    let heads = rooms.as_array().into_iter().flatten().map(|room| json!([room["id"], room["seq"]]));
    heads.collect()
}

/// Does something under a name for the second time. An ack says that it is a repeat, REST in a header (a send
/// in its body, too).
async fn repeats(who: &Actor, operation: &Operation, payload: &Value) -> Value {
    let mut again = who.does(operation, payload).await;
    let said = again.headers.get("idempotent-replayed").is_some_and(|value| value == "true");
    let told = again.body.as_object_mut().and_then(|body| body.remove("duplicate"));
    assert!(said || told == Some(true.into()), "{} is a repeat and does not say so", operation.name);
    again.body
}

async fn a_repeat_changes_nothing_and_gets_the_first_answer(world: &World) {
    let alice = &world.alice;
    for (number, (operation, payload)) in changes(world).await.into_iter().enumerate() {
        let payload = named(&payload, &format!("change-{number}"));
        let mut first = alice.does(&operation, &payload).await;
        let told = first.body.as_object_mut().and_then(|body| body.remove("duplicate"));
        assert!(told.is_none_or(|told| told == false), "{} is no repeat yet", operation.name);
        let before = heads(alice).await;
        assert_eq!(repeats(alice, &operation, &payload).await, first.body, "{}", operation.name);
        assert_eq!(repeats(alice, &operation, &payload).await, first.body, "{}", operation.name);
        assert_eq!(heads(alice).await, before, "{} was done again", operation.name);
    }
}

async fn another_change_under_the_same_name_is_a_conflict(world: &World) {
    let World { alice, bob, carol, den, square, .. } = world;
    let (one, other) = (alice.sends("one").await, alice.sends("other").await);
    let say = |text: &str| json!({ "roomId": den.id, "content": den.spoken(text) });
    let edit = |text: &str| json!({ "messageId": one.id, "content": den.spoken(text) });
    let member = |who: &Actor, role: &str| json!({ "roomId": den.id, "userId": who.id(), "role": role });
    let pairs = [
        (SendMessage::OPERATION, say("a"), say("b")),
        (EditMessage::OPERATION, edit("a"), edit("b")),
        (DeleteMessage::OPERATION, json!({ "messageId": one.id }), json!({ "messageId": other.id })),
        (SetMember::OPERATION, member(bob, "admin"), member(bob, "member")),
        (SetMember::OPERATION, member(bob, "admin"), member(carol, "admin")),
        (LeaveRoom::OPERATION, json!({ "roomId": square.id }), json!({ "roomId": den.id })),
        (UpdateRoom::OPERATION, json!({ "roomId": den.id, "description": "a" }), json!({ "roomId": den.id })),
        (
            UpdateRoom::OPERATION,
            json!({ "roomId": den.id, "description": null }),
            json!({ "roomId": den.id }),
        ),
    ];
    for (number, (operation, first, second)) in pairs.into_iter().enumerate() {
        let name = format!("taken-{number}");
        alice.does(&operation, &named(&first, &name)).await;
        let before = heads(alice).await;
        assert_eq!(reason(alice.tries(&operation, &named(&second, &name)).await), "conflict", "{second}");
        assert_eq!(heads(alice).await, before, "{} wrote something", operation.name);
    }
}

async fn what_happened_since_does_not_matter(world: &World) {
    let World { alice, bob, den, .. } = world;
    let message = bob.sends("v0").await;
    let edit = named(&json!({ "messageId": message.id, "content": den.spoken("v1") }), "late");
    let first = bob.does(&EditMessage::OPERATION, &edit).await.body;
    bob.edits(&message, "v2").await;
    let again = repeats(bob, &EditMessage::OPERATION, &edit).await;
    let content = |answer: &Value| answer.get("message").unwrap_or(answer)["content"].clone();
    assert_eq!((content(&first), content(&again)), (den.spoken("v1").into(), den.spoken("v1").into()));
    assert_eq!(alice.reads_page(den, json!({ "limit": 1 })).await.items()[0]["content"], den.spoken("v2"));
    let add = named(&json!({ "roomId": den.id, "userId": world.dave.id() }), "add-dave");
    alice.does(&SetMember::OPERATION, &add).await;
    alice.removes(den, &world.dave).await;
    repeats(alice, &SetMember::OPERATION, &add).await;
    assert!(alice.members(den).await.iter().all(|(user, _)| user != world.dave.id()), "dave is back");
}

async fn a_name_is_its_users_own_and_its_operations_own(world: &World) {
    let World { alice, bob, den, .. } = world;
    let say = named(&json!({ "roomId": den.id, "content": den.spoken("mine") }), "same");
    let mine = alice.does(&SendMessage::OPERATION, &say).await.body;
    let theirs = bob.does(&SendMessage::OPERATION, &say).await.body;
    assert_ne!(mine["id"], theirs["id"]);
    let remove = named(&json!({ "messageId": mine["id"] }), "same");
    alice.does(&DeleteMessage::OPERATION, &remove).await;
    repeats(alice, &DeleteMessage::OPERATION, &remove).await;
}

async fn a_refusal_is_not_remembered(world: &World) {
    let World { alice, bob, den, .. } = world;
    let rename = named(&json!({ "roomId": den.id, "name": format!("bob's {}", den.canary) }), "rename");
    assert_eq!(reason(bob.tries(&UpdateRoom::OPERATION, &rename).await), "forbidden");
    alice.makes(den, bob, "admin").await;
    bob.does(&UpdateRoom::OPERATION, &rename).await;
    assert_eq!(
        reason(bob.tries(&UpdateRoom::OPERATION, &named(&rename, "no\tcontrols")).await),
        "validation"
    );
}

async fn a_restart_forgets_nothing(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let World { alice, den, .. } = &world;
    let message = alice.sends("v0").await;
    // The same name beside the payload, as HTTP clients say it.
    let edit = async |text: &str| {
        let body = Some(("application/json", json!({ "content": den.spoken(text) }).to_string()));
        let path = format!("/chat/messages/{}", message.id);
        let headers = [("idempotency-key", "before-the-restart")];
        alice.calls(Call { method: "PATCH", path: &path, headers: &headers, body, ..Call::default() }).await
    };
    let first = edit("v1").await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (200, None));
    alice.edits(&message, "v2").await;
    world.restart().await;
    for actor in world.cast() {
        actor.comes_back().await;
    }
    let again = edit("v1").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(again.json(), first.json());
    assert_eq!(edit("v3").await.status, 409);
    world.close().await;
}

/// Whichever of the two was taken, a repeat under the other would be done again.
async fn two_names_for_one_write_are_refused(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let World { alice, den, .. } = &world;
    let path = format!("/chat/rooms/{}/messages", den.id);
    let sends = async |key: &str| {
        let content = json!({ "content": den.spoken("hi"), "clientId": "one" }).to_string();
        let (headers, body) = ([("idempotency-key", key)], Some(("application/json", content)));
        alice.calls(Call { method: "POST", path: &path, headers: &headers, body, ..Call::default() }).await
    };
    let refused = sends("another").await;
    assert_eq!(
        (refused.status, refused.json()["field"].as_str()),
        (400, Some("clientId")),
        "{}",
        refused.text
    );
    assert_eq!(sends("one").await.status, 201, "twice the same is no contradiction");
    world.close().await;
}

async fn many_at_once_are_one(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, den, .. } = &world;
    let made = json!({ "name": "made once", "isPrivate": false, "clientId": "make" });
    let said = json!({ "roomId": den.id, "content": den.spoken("said once"), "clientId": "say" });
    let many = |operation: Operation, payload: Value| async move {
        let answers = futures_util::future::join_all((0..20).map(|number| {
            let (operation, payload) = (&operation, &payload);
            let door = if number % 2 == 0 { Door::Socket } else { Door::Rest };
            async move { alice.does_by(door, operation, payload).await.body["id"].clone() }
        }));
        let mut ids: Vec<String> = answers.await.iter().map(Value::to_string).collect();
        ids.sort();
        ids.dedup();
        ids.len()
    };
    assert_eq!(many(CreateRoom::OPERATION, made).await, 1);
    assert_eq!(many(SendMessage::OPERATION, said).await, 1);
    let is_it = |room: &Room, text: &str| room.spoken(text);
    let page = alice.reads_page(den, json!({})).await;
    let said = page.items().iter().filter(|message| message["content"] == is_it(den, "said once")).count();
    assert_eq!(said, 1);
    world.close().await;
}
