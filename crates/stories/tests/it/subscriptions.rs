//! The events `join` and `leave`, with which the tutorial's server-to-server client chooses what it hears.

use fireside_stories::client::{Profile, Transport};
use fireside_stories::{Door, Engine, World, engines};
use serde_json::{Value, json};

engines!(
    one_socket_chooses_the_rooms_it_hears,
    many_rooms_are_one_question,
    only_ones_own_rooms_can_be_chosen,
);

async fn one_socket_chooses_the_rooms_it_hears(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    let service = bob.connects_by((Profile::Tutorial, Transport::WebSocket)).await;
    bob.lets_choose(&service);
    let rooms = json!({ "rooms": [format!("room:{}", den.id)] });
    assert_eq!(service.call("leave", &rooms).await, json!({ "ok": true }));
    alice.sends("unheard").await;
    // The other socket of the same person goes on hearing.
    bob.sees("unheard").await;
    bob.fence().await;
    assert_eq!(
        service.call("join", &json!({ "rooms": [format!("room:{}", den.slug)] })).await,
        json!({ "ok": true })
    );
    alice.sends("heard").await;
    let said = den.spoken("heard");
    service.heard().wait(0, "message:new", |message| message["content"] == said.as_str()).await;
    let unheard = den.spoken("unheard");
    assert!(!service.heard().since(0).iter().any(|event| event.payload["content"] == unheard.as_str()));
    // Leaving delivery is not leaving the room.
    assert_eq!(service.call("leave", &rooms).await, json!({ "ok": true }));
    assert!(bob.rooms().await.contains(&den.id));
    world.close().await;
}

async fn many_rooms_are_one_question(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, lair, .. } = &world;
    let mut rooms = Vec::new();
    for number in 0..5 {
        rooms.push(bob.creates(&format!("hall {number}"), true).await);
    }
    let service = bob.connects_by((Profile::Tutorial, Transport::WebSocket)).await;
    bob.lets_choose(&service);
    // Some by their ids, some by their slugs, one twice.
    let mut names: Vec<_> = rooms.iter().map(|room| format!("room:{}", room.id)).collect();
    names.extend([format!("room:{}", den.slug), format!("room:{}", rooms[0].slug)]);
    let asked = json!({ "rooms": names });
    let questions = || world.kernel().db.stats().read.lent;
    for event in ["leave", "join"] {
        let before = questions();
        assert_eq!(service.call(event, &asked).await, json!({ "ok": true }));
        // One look of the upkeep may fall in between.
        let asked = questions() - before;
        assert!(asked <= 3, "{event} asked the database {asked} times");
    }
    alice.sends("heard").await;
    let said = den.spoken("heard");
    service.heard().wait(0, "message:new", |message| message["content"] == said.as_str()).await;
    // Those that are one's own are joined, whatever the others are.
    assert_eq!(service.call("leave", &asked).await, json!({ "ok": true }));
    names.push(format!("room:{}", lair.id));
    let refused = service.call("join", &json!({ "rooms": names })).await;
    assert_eq!(refused["error"]["reason"], "not_found", "{refused}");
    alice.sends("heard again").await;
    let said = den.spoken("heard again");
    service.heard().wait(0, "message:new", |message| message["content"] == said.as_str()).await;
    world.close().await;
}

async fn only_ones_own_rooms_can_be_chosen(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, mallory, den, square, .. } = &world;
    let service = mallory.connects_by((Profile::Tutorial, Transport::WebSocket)).await;
    let join = async |name: String| service.call("join", &json!({ "rooms": [name] })).await;
    let refused = join("room:no-such-room".to_owned()).await;
    assert_eq!(refused["error"]["reason"], "not_found", "{refused}");
    for name in [&den.id, &den.slug, &square.id] {
        assert_eq!(join(format!("room:{name}")).await, refused, "{name}");
    }
    for name in [den.id.clone(), format!("user:{}", alice.id()), "io-default".to_owned(), String::new()] {
        // What has not the form of a room's name is nothing that could be joined.
        join(name).await;
    }
    for payload in [json!({}), json!({ "rooms": "room:x" }), json!({ "rooms": [1] }), Value::Null] {
        let answer = service.call("join", &payload).await;
        assert_eq!(answer["error"]["reason"], "validation", "{payload}: {answer}");
    }
    alice.sends("secret").await;
    alice.sends_to(square, "not so secret").await;
    alice.writes_to(&world.bob, "psst").await;
    mallory.sees_nothing().await;
    world.close().await;
}
