//! Order: one sender's burst, many senders at once, and who is in the room at which position.

use std::collections::BTreeSet;

use fireside_db::testing::TestDatabase;
use fireside_protocol::Request as _;
use fireside_protocol::messages::SendMessage;
use fireside_stories::story::on_engine;
use fireside_stories::verbs::Sent;
use fireside_stories::{Actor, Answer, Door, Engine, World, engines};
use futures_util::future::join_all;
use serde_json::{Value, json};

engines!(
    a_burst_on_one_socket_keeps_its_order,
    a_pipelined_edit_follows_its_message,
    many_senders_share_one_dense_log,
    what_was_acknowledged_comes_before_what_is_sent_then,
    joining_saying_and_leaving_at_once,
    nothing_follows_a_removal,
);

async fn a_burst_on_one_socket_keeps_its_order(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    for sender in [&world.alice, &world.bob, &world.carol] {
        let socket = sender.socket();
        let mut pending = Vec::new();
        for number in 0..200 {
            let content = world.den.spoken(&format!("{} {number}", sender.name()));
            pending.push(
                socket.submit("message:send", &json!({ "roomId": world.den.id, "content": content })).await,
            );
        }
        let answers = join_all(pending.into_iter().map(|pending| pending.answer())).await;
        let seqs: Vec<i64> = answers.into_iter().map(|answer| sent(answer).seq).collect();
        assert!(seqs.is_sorted_by(|one, next| one < next), "{} was reordered: {seqs:?}", sender.name());
        let told = world.carol.socket();
        let last = world.den.spoken(&format!("{} 199", sender.name()));
        told.heard().wait(0, "message:new", |message| message["content"] == last.as_str()).await;
    }
    world.close().await;
}

async fn a_pipelined_edit_follows_its_message(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    let mine = alice.sends("v0").await;
    let socket = alice.socket();
    let mut pending = Vec::new();
    for number in 1..=20 {
        let content = den.spoken(&format!("v{number}"));
        pending
            .push(socket.submit("message:edit", &json!({ "messageId": mine.id, "content": content })).await);
    }
    let answers = join_all(pending.into_iter().map(|pending| pending.answer())).await;
    assert!(answers.iter().flatten().all(|answer| answer["ok"] == true), "{answers:?}");
    let last = den.spoken("v20");
    bob.hears("message:edited", |message| message["content"] == last.as_str()).await;
    assert_eq!(bob.reads_page(den, json!({})).await.items()[0]["content"], last);
    world.close().await;
}

async fn many_senders_share_one_dense_log(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, den, .. } = &world;
    let before = alice.sends("before").await.seq;
    let says = async |who: &Actor, door: &str| {
        let texts = (0..40).map(|number| format!("{} {door} {number}", who.name()));
        join_all(texts.map(|text| async move { who.sends(&text).await.seq })).await
    };
    let by_rest = async |who: &Actor| {
        let texts = (0..20).map(|number| format!("{} rest {number}", who.name()));
        join_all(texts.map(|text| async move {
            let payload = json!({ "roomId": who.den().id, "content": who.den().spoken(&text) });
            Sent::of(&who.does_by(Door::Rest, &SendMessage::OPERATION, &payload).await).seq
        }))
        .await
    };
    let (ones, others, thirds, fourths) =
        tokio::join!(says(alice, "socket"), says(bob, "socket"), says(carol, "polling"), by_rest(bob));
    let seqs: BTreeSet<i64> = [ones, others, thirds, fourths].concat().into_iter().collect();
    assert_eq!(seqs, (before + 1..=before + 140).collect());
    assert_eq!(alice.reads_page(den, json!({ "limit": 1 })).await.head_seq(), Some(before + 140));
    world.close().await;
}

/// SQLite belongs to one process.
#[test]
fn two_nodes_take_turns_in_one_room() {
    on_engine(Engine::Postgres, async |_| Box::pin(two_nodes()).await);
}

async fn two_nodes() {
    const SPEAKERS: i64 = 10;
    const SENDS: i64 = 20;
    let database = TestDatabase::postgres().await;
    let one = World::at(database.url(), Door::Socket, |_| {}).await;
    let other = World::at(database.url(), Door::Socket, |_| {}).await;
    let den = &one.den;
    let before = one.alice.sends("before").await.seq;
    let says = async |node: &World, name: &str| {
        let speakers = (0..SPEAKERS).map(|speaker| async move {
            let mut seqs = Vec::new();
            for number in 0..SENDS {
                let text = format!("{name} {speaker} {number}");
                seqs.push(node.alice.sends_to(den, &text).await.seq);
            }
            seqs
        });
        join_all(speakers).await.concat()
    };
    // Whoever had to wait for too long would be refused.
    let (ones, others) = tokio::join!(says(&one, "one"), says(&other, "other"));
    let seqs: BTreeSet<i64> = [ones, others].concat().into_iter().collect();
    assert_eq!(seqs, (before + 1..=before + 2 * SPEAKERS * SENDS).collect(), "everything is stored, once");
}

async fn what_was_acknowledged_comes_before_what_is_sent_then(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, .. } = &world;
    let mut last = 0;
    for round in 0..20 {
        let noise = [alice, carol].map(|who| async move { who.sends(&format!("noise {round}")).await });
        let text = format!("round {round}");
        let (sent, _) = tokio::join!(bob.sends(&text), join_all(noise));
        assert!(sent.seq > last, "an earlier answer has a later place");
        last = carol.sends(&format!("then {round}")).await.seq;
        assert!(last > sent.seq);
    }
    world.close().await;
}

async fn joining_saying_and_leaving_at_once(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, dave, mallory, square, .. } = &world;
    let room = json!({ "roomId": square.id });
    let content =
        |number: usize| json!({ "roomId": square.id, "content": square.spoken(&format!("hop {number}")) });
    let hops = async |who: &Actor| {
        let socket = who.socket();
        let mut pending = Vec::new();
        for number in 0..20 {
            pending.push(socket.submit("room:join", &room).await);
            pending.push(socket.submit("message:send", &content(number)).await);
            pending.push(socket.submit("room:leave", &room).await);
        }
        join_all(pending.into_iter().map(|pending| pending.answer())).await
    };
    let talk = async {
        for number in 0..30 {
            alice.sends_to(square, &format!("talk {number}")).await;
        }
    };
    // In the order they were asked for, every one of these is possible.
    let (daves, mallorys, ()) = tokio::join!(hops(dave), hops(mallory), talk);
    for answer in daves.into_iter().chain(mallorys) {
        let answer = answer.expect("the sockets stay open");
        assert_eq!(answer["ok"], true, "{answer}");
    }
    // Who heard what is held against the log by the audit.
    world.close().await;
}

async fn nothing_follows_a_removal(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, carol, den, .. } = &world;
    let tablet = carol.connects().await;
    for round in 0..5 {
        let talk = async {
            for number in 0..10 {
                bob.sends(&format!("round {round} talk {number}")).await;
            }
        };
        let try_to_talk = async {
            let mut accepted = Vec::new();
            for number in 0..10 {
                let answer = carol.tries_to_send(den, &format!("round {round} carol {number}")).await;
                accepted.extend(answer.ok().map(|answer| Sent::of(&answer).seq));
            }
            accepted
        };
        let kick = async {
            alice.sends(&format!("round {round} beware")).await;
            alice.removes(den, carol).await
        };
        let ((), accepted, _) = tokio::join!(talk, try_to_talk, kick);
        alice.fence().await;
        let is_her_end = |told: &Value| told["userId"] == carol.id() && told["roomId"] == den.id.as_str();
        let ends = alice.socket().heard().since(0);
        let mut ends =
            ends.iter().filter(|event| event.name == "room:user-left" && is_her_end(&event.payload));
        let end = ends.next_back().and_then(|event| event.payload["seq"].as_i64()).expect("she was removed");
        assert!(
            accepted.iter().all(|seq| *seq < end),
            "she spoke at {accepted:?}, after her removal at {end}"
        );
        alice.adds(den, carol).await;
    }
    carol.fence().await;
    assert!(!tablet.heard().is_over());
    // Who heard what is held against the log by the audit.
    world.close().await;
}

fn sent(answer: Option<Value>) -> Sent {
    let answer = answer.expect("the socket stays open");
    Sent::of(&Answer::of_ack(answer).expect("it is sent"))
}
