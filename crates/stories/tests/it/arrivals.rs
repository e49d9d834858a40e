//! Coming in while a room goes on that nobody else hears on that node: between the question what a new socket will hear
//! and its first event, nothing is missed and nobody slips in.

use std::time::Duration;

use fireside_db::testing::answer_reads_late;
use fireside_stories::client::{Profile, Socket, Transport};
use fireside_stories::{Actor, Door, Engine, Room, World, engines};
use serde_json::json;
use tokio::time::sleep;

engines!(
    whoever_comes_while_a_room_goes_on_misses_nothing,
    whoever_is_taken_out_while_they_come_does_not_slip_in,
    whoever_enters_while_they_come_hears_the_room,
);

/// How often each race is run, each time a little later.
const ROUNDS: u32 = 24;

/// How old an answer of the database is when it comes: so long is the time in which a race can be lost.
const LATE: Duration = Duration::from_millis(25);

/// When somebody comes, beside what happens meanwhile: spread over the time that a connect takes.
async fn a_little_later(round: u32) {
    sleep(LATE / 8 * round).await;
}

async fn comes(who: &Actor) -> std::sync::Arc<Socket> {
    who.connects_by((Profile::Idiomatic, Transport::WebSocket)).await
}

/// Closes everybody's sockets, so that no room is heard, and lets the database answer late.
async fn silence(world: &World) {
    for who in [&world.alice, &world.bob, &world.carol, &world.dave] {
        who.socket().close().await;
    }
    answer_reads_late(LATE);
}

/// Positions of the messages of a room that a socket has heard, in their order.
fn heard(socket: &Socket, room: &Room) -> Vec<i64> {
    let events = socket.heard().since(0).into_iter();
    let said =
        events.filter(|event| event.name == "message:new" && event.payload["roomId"] == room.id.as_str());
    said.filter_map(|event| event.payload["seq"].as_i64()).collect()
}

async fn whoever_comes_while_a_room_goes_on_misses_nothing(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let World { alice, bob, carol, dave, .. } = &world;
    silence(&world).await;
    for round in 0..ROUNDS {
        let hall = alice.creates(&format!("hall {round}"), false).await;
        for who in [bob, carol, dave] {
            who.joins(&hall).await;
        }
        let before = alice.position_in(&hall).await.seq;
        // Carol comes in where alice speaks, bob where dave does.
        let comer = if round % 2 == 0 { carol } else { bob };
        let says = async |who: &Actor| {
            for number in 0..6 {
                who.sends_to(&hall, &format!("{} {number}", who.name())).await;
            }
        };
        let arrival = async {
            a_little_later(round).await;
            let socket = comes(comer).await;
            let newest = comer.reads_page(&hall, json!({ "limit": 1 })).await;
            (socket, newest.items().first().and_then(|message| message["seq"].as_i64()).unwrap_or(before))
        };
        let ((socket, known), (), ()) = tokio::join!(arrival, says(alice), says(dave));
        let last = alice.sends_to(&hall, "the end").await.seq;
        socket
            .heard()
            .wait(0, "message:new", |message| message["roomId"] == hall.id.as_str() && message["seq"] == last)
            .await;
        let heard = heard(&socket, &hall);
        assert!(heard.is_sorted_by(|one, next| one < next), "round {round}: {heard:?}");
        let missed: Vec<i64> = (known + 1..=last).filter(|seq| !heard.contains(seq)).collect();
        assert!(missed.is_empty(), "round {round}: {} knew {known} and heard {heard:?}", comer.name());
        socket.close().await;
    }
    world.close().await;
}

async fn whoever_is_taken_out_while_they_come_does_not_slip_in(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let World { alice, bob, carol, dave, .. } = &world;
    silence(&world).await;
    for round in 0..ROUNDS {
        let hall = alice.creates(&format!("hall {round}"), true).await;
        for who in [bob, carol, dave] {
            alice.adds(&hall, who).await;
        }
        alice.makes(&hall, dave, "admin").await;
        // By the node that they come to, and by the other one.
        let comer = if round % 2 == 0 { carol } else { bob };
        let host = if round % 4 < 2 { alice } else { dave };
        let arrival = async {
            a_little_later(round).await;
            comes(comer).await
        };
        let (socket, _) = tokio::join!(arrival, host.removes(&hall, comer));
        let others = comes(if round % 2 == 0 { bob } else { carol }).await;
        let last = host.sends_to(&hall, "among ourselves").await.seq;
        others.heard().wait(0, "message:new", |message| message["seq"] == last).await;
        // What another node has told it late would come by now, too.
        sleep(Duration::from_millis(50)).await;
        assert_eq!(heard(&socket, &hall), [0; 0], "round {round}: {} slipped in", comer.name());
        others.close().await;
        socket.close().await;
    }
    world.close().await;
}

async fn whoever_enters_while_they_come_hears_the_room(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let World { alice, bob, carol, dave, .. } = &world;
    silence(&world).await;
    for round in 0..ROUNDS {
        let hall = alice.creates(&format!("hall {round}"), true).await;
        alice.adds(&hall, dave).await;
        alice.makes(&hall, dave, "admin").await;
        let comer = if round % 2 == 0 { carol } else { bob };
        let host = if round % 4 < 2 { alice } else { dave };
        // Who is a member already comes to the same node a moment later: then the room is followed there from a place on
        // that is behind the one that has let the comer in, of which the node has not heard.
        let friend = if round % 2 == 0 { alice } else { dave };
        let entry = async {
            a_little_later(round % 12).await;
            host.adds(&hall, comer).await;
        };
        let another = async {
            sleep(LATE * 2).await;
            comes(friend).await
        };
        let (socket, other, ()) = tokio::join!(comes(comer), another, entry);
        let last = host.sends_to(&hall, "welcome").await.seq;
        socket
            .heard()
            .wait(0, "message:new", |message| message["roomId"] == hall.id.as_str() && message["seq"] == last)
            .await;
        socket.close().await;
        other.close().await;
    }
    world.close().await;
}
