//! Typing: told to those in the room, over by itself.

use std::time::{Duration, Instant};

use fireside_protocol::Request as _;
use fireside_protocol::typing::{StartTyping, StopTyping};
use fireside_stories::senses::Ear;
use fireside_stories::{Actor, Door, Engine, Room, World, engines};
use serde_json::{Value, json};

engines!(
    the_others_see_one_writing_and_stopping,
    writing_ends_by_itself_after_three_seconds,
    writing_ends_with_the_message,
    writing_ends_with_the_membership,
    only_members_are_told_and_only_of_members,
);

async fn the_others_see_one_writing_and_stopping(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    let ear = bob.listens();
    alice.types(den).await;
    hears_writing(&ear, alice, den, true).await;
    // Once is enough, however often one says so.
    alice.types(den).await;
    alice.types(den).await;
    alice.stops_typing(den).await;
    hears_writing(&ear, alice, den, false).await;
    let told = ear.heard().into_iter().filter(|event| event.name == "typing:update").count();
    assert_eq!(told, 2, "{:#?}", ear.heard());
    world.close().await;
}

async fn writing_ends_by_itself_after_three_seconds(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    let ear = bob.listens();
    alice.types(den).await;
    let since = Instant::now();
    hears_writing(&ear, alice, den, true).await;
    hears_writing(&ear, alice, den, false).await;
    let took = since.elapsed();
    assert!(
        (Duration::from_millis(2_500)..Duration::from_secs(5)).contains(&took),
        "it ended after {took:?}"
    );
    world.close().await;
}

async fn writing_ends_with_the_message(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    let ear = bob.listens();
    alice.types(den).await;
    hears_writing(&ear, alice, den, true).await;
    let since = Instant::now();
    alice.sends("here it is").await;
    hears_writing(&ear, alice, den, false).await;
    assert!(since.elapsed() < Duration::from_secs(2), "the message did not end it");
    world.close().await;
}

async fn writing_ends_with_the_membership(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, den, .. } = &world;
    let ear = carol.listens();
    bob.types(den).await;
    hears_writing(&ear, bob, den, true).await;
    alice.removes(den, bob).await;
    hears_writing(&ear, bob, den, false).await;
    let ear = carol.listens();
    bob.types(den).await;
    bob.fence().await;
    carol.fence().await;
    let told: Vec<_> = ear.heard().into_iter().filter(|event| event.name == "typing:update").collect();
    assert!(told.is_empty(), "an ex-member writes: {told:?}");
    world.close().await;
}

async fn only_members_are_told_and_only_of_members(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, dave, mallory, den, square, .. } = &world;
    alice.types(den).await;
    bob.hears("typing:update", |told| told["userId"] == alice.id()).await;
    // An outsider learns nothing from the answer, and nobody learns of the outsider.
    for operation in [StartTyping::OPERATION, StopTyping::OPERATION] {
        for room in [den.id.as_str(), &square.id, "no-such-room"] {
            let answer = mallory.does(&operation, &json!({ "roomId": room })).await;
            assert_eq!(answer.body, json!({}));
        }
    }
    for member in [alice, bob] {
        let by_mallory = |event: &fireside_stories::client::Event| event.payload["userId"] == mallory.id();
        member.is_not_told("an outsider who writes", by_mallory).await;
    }
    for outsider in [dave, mallory] {
        outsider.sees_nothing().await;
    }
    world.close().await;
}

async fn hears_writing(ear: &Ear, who: &Actor, room: &Room, is_typing: bool) {
    let is_it = |told: &Value| {
        told["userId"] == who.id() && told["roomId"] == room.id.as_str() && told["isTyping"] == is_typing
    };
    ear.hears("typing:update", is_it).await;
}
