//! Presence: people, not sockets; seen by those who share a room.

use std::time::{Duration, Instant};

use fireside_protocol::Request as _;
use fireside_protocol::presence::{GetPresence, ListOnline};
use fireside_stories::client::{Event, Profile, Transport};
use fireside_stories::senses::Ear;
use fireside_stories::{Actor, Door, Engine, World, engines, reason};
use serde_json::{Value, json};

engines!(
    two_tabs_are_one_person,
    a_short_absence_goes_unnoticed,
    only_company_sees_one_come_and_go,
    a_new_tab_is_told_who_is_here,
    who_has_gone_was_last_seen_then,
);

/// How long after the last socket someone still counts as online.
const GRACE: Duration = Duration::from_secs(5);

async fn two_tabs_are_one_person(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, .. } = &world;
    sees(&alice.listens_from_the_start(), bob, "online").await;
    let tab = bob.connects_by((Profile::Tutorial, Transport::WebSocket)).await;
    let ear = alice.listens();
    tab.close().await;
    let since = Instant::now();
    bob.socket().close().await;
    sees(&ear, bob, "offline").await;
    assert!(since.elapsed() >= GRACE - Duration::from_millis(100), "offline after {:?}", since.elapsed());
    let told = ear.heard().into_iter().filter(|event| is_of(event, bob)).count();
    assert_eq!(told, 1, "one person, one change: {:#?}", ear.heard());
    let ear = alice.listens();
    bob.connects().await;
    sees(&ear, bob, "online").await;
    world.close().await;
}

async fn a_short_absence_goes_unnoticed(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, den, .. } = &world;
    sees(&alice.listens_from_the_start(), bob, "online").await;
    sees(&alice.listens_from_the_start(), carol, "online").await;
    let ear = alice.listens();
    bob.socket().close().await;
    carol.socket().close().await;
    bob.connects().await;
    // Carol's going is told after the grace; by then bob's would have been.
    sees(&ear, carol, "offline").await;
    let told: Vec<_> = ear.heard().into_iter().filter(|event| is_of(event, bob)).collect();
    assert!(told.is_empty(), "{told:?}");
    let here = alice.does(&ListOnline::OPERATION, &json!({ "roomId": den.id })).await;
    let mut here: Vec<_> = here.items().iter().filter_map(|row| row["userId"].as_str()).collect();
    here.sort_unstable();
    assert_eq!(here, ["alice", "bob"]);
    world.close().await;
}

async fn only_company_sees_one_come_and_go(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, dave, mallory, den, .. } = &world;
    let (ear, bobs) = (alice.listens(), bob.listens());
    carol.socket().close().await;
    sees(&ear, carol, "offline").await;
    // Who is on another node is told in their own time.
    sees(&bobs, carol, "offline").await;
    for stranger in [dave, mallory] {
        stranger.sees_nothing().await;
        let asked =
            stranger.does(&GetPresence::OPERATION, &json!({ "userIds": [alice.id(), stranger.id()] })).await;
        let rows = asked.body["users"].as_array().expect("a list of users").clone();
        let ids: Vec<_> = rows.iter().map(|row| &row["userId"]).collect();
        assert_eq!(ids, [stranger.id()]);
        let online = stranger.tries(&ListOnline::OPERATION, &json!({ "roomId": den.id })).await;
        assert_eq!(reason(online), "not_found");
        let profile = stranger.gets(&format!("/chat/users/{}", alice.id())).await;
        assert_eq!((&profile["isOnline"], &profile["lastSeenAt"]), (&json!(false), &Value::Null));
    }
    let asked = bob.does(&GetPresence::OPERATION, &json!({ "userIds": [alice.id(), carol.id()] })).await;
    let status = |user: &Actor| {
        let rows = asked.body["users"].as_array().into_iter().flatten();
        rows.filter(|row| row["userId"] == user.id()).map(|row| row["status"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((status(alice), status(carol)), (vec![json!("online")], vec![json!("offline")]));
    // Whoever becomes company is shown from then on.
    alice.adds(den, dave).await;
    sees(&ear, dave, "online").await;
    world.close().await;
}

async fn a_new_tab_is_told_who_is_here(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, mallory, .. } = &world;
    for other in [bob, carol] {
        sees(&alice.listens_from_the_start(), other, "online").await;
    }
    let tab = alice.connects().await;
    let snapshot = tab.heard().wait(0, "presence:snapshot", |_| true).await;
    let rows = snapshot["users"].as_array().expect("a list of users");
    let online =
        |user: &Actor| rows.iter().any(|row| row["userId"] == user.id() && row["status"] == "online");
    assert!(online(bob) && online(carol) && !online(mallory), "{snapshot}");
    world.close().await;
}

async fn who_has_gone_was_last_seen_then(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, carol, .. } = &world;
    let ear = alice.listens();
    let before = world.house().now().to_string();
    carol.socket().close().await;
    let told = sees(&ear, carol, "offline").await;
    let seen = told["lastSeenAt"].as_str().expect("when she was last here").to_owned();
    assert!(seen >= before, "{seen} is before {before}");
    let profile = alice.gets(&format!("/chat/users/{}", carol.id())).await;
    assert_eq!(profile["isOnline"], false);
    world.close().await;
}

/// Waits for someone's presence, told one by one or in a snapshot; the row.
async fn sees(ear: &Ear, who: &Actor, status: &str) -> Value {
    ear.finds("presence", |event| {
        let rows = match event.name.as_str() {
            "presence:changed" => std::slice::from_ref(&event.payload),
            "presence:snapshot" => event.payload["users"].as_array()?.as_slice(),
            _ => return None,
        };
        rows.iter().find(|row| row["userId"] == who.id() && row["status"] == status).cloned()
    })
    .await
}

fn is_of(event: &Event, who: &Actor) -> bool {
    event.name == "presence:changed" && event.payload["userId"] == who.id()
}
