//! Users: a directory of people, in which only company sees who is there.

use std::time::{Duration, Instant};

use fireside_protocol::Request as _;
use fireside_protocol::users::{DisableUser, GetUser, SearchUsers, UpdateMe};
use fireside_stories::{Actor, World, reason, stories};
use serde_json::{Value, json};

stories!(
    people_are_found_by_the_beginning_of_their_names,
    a_profile_is_its_owners_to_change,
    who_is_shut_out_is_out_at_once_and_everywhere,
    what_is_no_name_is_nobody,
);

async fn people_are_found_by_the_beginning_of_their_names(world: &World) {
    let World { alice, mallory, .. } = world;
    let find = async |query: &str| {
        let found = mallory.does(&SearchUsers::OPERATION, &json!({ "query": query })).await;
        found.items().iter().filter_map(|user| user["id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(find("ali").await, [alice.id()]);
    assert_eq!(find("ALI").await, [alice.id()]);
    assert!(find("lice").await.is_empty(), "names are found by their beginning");
    for wildcard in ["%", "_", "a%", "\\"] {
        assert!(find(wildcard).await.is_empty(), "{wildcard} is taken for a wildcard");
    }
    let long = json!({ "query": "x".repeat(257) });
    assert_eq!(reason(mallory.tries(&SearchUsers::OPERATION, &long).await), "too_long");
}

async fn a_profile_is_its_owners_to_change(world: &World) {
    let World { alice, bob, mallory, .. } = world;
    let (erin, _) = world.registers("erin").await;
    erin.connects().await;
    let renamed = erin.does(&UpdateMe::OPERATION, &json!({ "displayName": "Erin the Great" })).await.body;
    assert_eq!(renamed["displayName"], "Erin the Great");
    let seen = look_at(bob, &erin).await;
    assert_eq!((&seen["displayName"], &seen["username"]), (&json!("Erin the Great"), &json!("erin")));
    for bad in
        [json!({ "displayName": "a\u{202e}b" }), json!({ "displayName": "" }), json!({ "role": "admin" })]
    {
        let refused = reason(erin.tries(&UpdateMe::OPERATION, &bad).await);
        assert!(["validation", "unknown_field"].contains(&refused.as_str()), "{bad}: {refused}");
    }
    // The name goes with what one says from then on.
    alice.adds(&world.den, &erin).await;
    erin.sends("hello").await;
    assert_eq!(bob.sees("hello").await["sender"]["displayName"], "Erin the Great");
    // Company sees who is there, strangers do not.
    assert_eq!(look_at(bob, alice).await["isOnline"], true);
    let seen = look_at(mallory, alice).await;
    assert_eq!((&seen["isOnline"], &seen["lastSeenAt"]), (&json!(false), &Value::Null));
    assert_eq!(look_at(alice, alice).await["isOnline"], true);
}

async fn who_is_shut_out_is_out_at_once_and_everywhere(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let root = world.root().await;
    root.connects().await;
    let shut = |disabled: bool| json!({ "userId": bob.id(), "disabled": disabled });
    assert_eq!(reason(alice.tries(&DisableUser::OPERATION, &shut(true)).await), "forbidden");
    let phone = bob.connects().await;
    root.does(&DisableUser::OPERATION, &shut(true)).await;
    bob.is_put_out().await;
    assert!(phone.heard().since(0).iter().any(|event| event.name == "session:ended"));
    let way = (fireside_stories::client::Profile::Idiomatic, fireside_stories::client::Transport::WebSocket);
    // Another node may believe for a second what it knew of him; whom it lets in by that is put out.
    let since = Instant::now();
    while bob.tries_to_connect(way).await.is_ok() {
        assert!(world.has_two_nodes(), "a user who is shut out comes in again");
        bob.is_put_out().await;
        assert!(since.elapsed() < Duration::from_secs(4), "a user who is shut out comes in again and again");
    }
    alice.sends("he is gone").await;
    carol.sees("he is gone").await;
    let own = json!({ "userId": root.id(), "disabled": true });
    let refused = reason(root.tries(&DisableUser::OPERATION, &own).await);
    assert!(["forbidden", "conflict", "validation"].contains(&refused.as_str()), "{refused}");
    // Let in again, one is what one was.
    root.does(&DisableUser::OPERATION, &shut(false)).await;
    // What is known of an account is believed for a second.
    let since = Instant::now();
    while bob.tries_to_connect(way).await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(2), "he is not let in again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bob.sends("I am back").await;
    alice.sees("I am back").await;
    assert!(bob.rooms().await.contains(&den.id));
}

async fn what_is_no_name_is_nobody(world: &World) {
    let alice = &world.alice;
    for name in ["nobody", "room:general", "00000000-0000-7000-8000-000000000000"] {
        assert_eq!(reason(alice.tries(&GetUser::OPERATION, &json!({ "userId": name })).await), "not_found");
    }
    assert_eq!(reason(alice.tries(&GetUser::OPERATION, &json!({ "userId": "a b" })).await), "validation");
    let me = alice.does(&GetUser::OPERATION, &json!({ "userId": "me" })).await.body;
    assert_eq!(me["id"], alice.id());
}

async fn look_at(who: &Actor, whom: &Actor) -> Value {
    who.does(&GetUser::OPERATION, &json!({ "userId": whom.id() })).await.body
}
