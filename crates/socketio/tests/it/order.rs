//! The order of one connection's events, and that a burst loses nothing.

use std::sync::Arc;

use fireside_socketio::{Config, Frame};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, World, config, soon};
use futures_util::{SinkExt, StreamExt};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_waits_for_the_turn_of_the_one_before() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    client.send("42[\"wait\",1]").await;
    client.send("42[\"note\",2]").await;
    world.reports("waiting 1").await;
    world.reports_nothing().await;
    world.server.handler().gate.add_permits(1);
    world.reports("note 2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_is_given_up_lets_the_next_event_in() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    for number in 0..10 {
        client.send(&format!("421{number}[\"wait out of turn\",{number}]")).await;
    }
    for number in 0..10 {
        world.reports(&format!("waiting {number}")).await;
    }
    world.server.handler().gate.add_permits(10);
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(client.receive().await);
    }
    answers.sort();
    let expected: Vec<_> = (0..10).map(|number| format!("431{number}[{number}]")).collect();
    assert_eq!(answers, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_may_be_given_up_by_another_task() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    client.send("421[\"lend turn\"]").await;
    client.send("42[\"note\",2]").await;
    world.reports_nothing().await;
    world.server.handler().gate.add_permits(1);
    world.reports("note 2").await;
    world.server.handler().gate.add_permits(1);
    client.receives("431[]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_events_run_at_the_same_time() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    for number in 0..70 {
        client.send(&format!("42[\"wait out of turn\",{number}]")).await;
    }
    for number in 0..64 {
        world.reports(&format!("waiting {number}")).await;
    }
    world.reports_nothing().await;
    world.server.handler().gate.add_permits(1);
    world.reports("waiting 64").await;
    world.server.handler().gate.add_permits(100);
    for number in 65..70 {
        world.reports(&format!("waiting {number}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_events_of_a_burst_are_heard_in_order() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    for number in 0..5000 {
        client.stream.feed(Message::text(format!("42[\"note\",{number}]"))).await.unwrap();
    }
    client.stream.flush().await.unwrap();
    for number in 0..5000 {
        world.reports(&format!("note {number}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_came_before_the_end_is_heard_before_the_end_is_told() {
    let world = World::new().await;
    for _ in 0..20 {
        let mut client = world.join("alice").await;
        for number in 0..20 {
            client.stream.feed(Message::text(format!("42[\"note\",{number}]"))).await.unwrap();
        }
        client.stream.flush().await.unwrap();
        drop(client);
        for number in 0..20 {
            world.reports(&format!("note {number}")).await;
        }
        world.reports("disconnected alice: transport close").await;
    }
}

/// Reads until `count` broadcasts came, and asserts that they are numbered from 0.
async fn counts_to(mut client: Client, count: usize) -> Client {
    let mut next = 0;
    while next < count {
        let message = soon("a broadcast", client.stream.next()).await.unwrap().unwrap();
        match message.into_text().unwrap().as_str() {
            "2" => client.send("3").await,
            text if text.starts_with("43") => {}
            text => {
                assert_eq!(text, format!("42[\"said\",{next}]"));
                next += 1;
            }
        }
    }
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_reaches_everybody_whole_and_in_order() {
    const PEOPLE: usize = 200;
    const EVENTS: usize = 500;
    let world = World::with(Config { flushers: 3, ..config() }).await;
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        let mut client = world.join("somebody").await;
        client.ask(0, "[\"join\",\"r\"]").await;
        people.push(client);
    }
    let speaker = &mut people[0];
    for number in 0..EVENTS {
        speaker.stream.feed(Message::text(format!("42{number}[\"say\",\"r\",{number}]"))).await.unwrap();
    }
    speaker.stream.flush().await.unwrap();
    let listening: Vec<_> =
        people.into_iter().map(|client| tokio::spawn(counts_to(client, EVENTS))).collect();
    let mut people = Vec::new();
    for person in listening {
        people.push(person.await.unwrap());
    }
    let stats = world.server.stats();
    assert_eq!(stats.closed_by_reason.iter().map(|(_, count)| count).sum::<u64>(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_members_see_one_order_whoever_sends() {
    let world = Arc::new(World::new().await);
    let mut listeners = Vec::new();
    for _ in 0..3 {
        let mut client = world.join("listener").await;
        client.ask(0, "[\"join\",\"r\"]").await;
        listeners.push(client);
    }
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let namespace = world.namespace().clone();
            tokio::task::spawn_blocking(move || {
                for number in 0..100 {
                    let frame = Frame::event("said", &(sender, number)).unwrap();
                    namespace.to("r").emit(&frame);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let mut seen = Vec::new();
    for client in &mut listeners {
        let mut events = Vec::new();
        for _ in 0..400 {
            events.push(client.receive().await);
        }
        seen.push(events);
    }
    assert!(seen.iter().all(|events| *events == seen[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_first_event_is_lost_in_a_storm_of_connects() {
    let world = Arc::new(World::new().await);
    let clients: Vec<_> = (0..300)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut client = world.open().await;
                client.send("40").await;
                client.receive().await;
                client.ask(1, "[\"join\",\"r\"]").await;
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}
