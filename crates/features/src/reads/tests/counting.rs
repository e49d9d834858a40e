//! Counts against an oracle: whatever people do, one by one or at the same time, what is unread is what is
//! found by counting everything again.

use fireside_db::Engine;
use fireside_protocol::{Reason, Time};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::oracle::{Expected, Oracle, PEOPLE, Step, TEXTS};
use crate::presence::tests::stage::{Stage, user};
use crate::users::{Kind, NewUser, Origin, ServerRole};
use crate::{direct_messages, members, messages, presence, reads, rooms, users};

/// What the store may be asked by in a story of the properties: more is slow, less finds less.
const CASES: u32 = 48;

fn step() -> impl Strategy<Value = Step> {
    let (who, text, message) = (0..PEOPLE.len(), 0..TEXTS.len(), any::<usize>());
    let seq = 0_i64..40;
    prop_oneof![
        6 => (who.clone(), text.clone()).prop_map(|(who, text)| Step::Send { who, text }),
        2 => (who.clone(), message, text).prop_map(|(who, message, text)| Step::Edit { who, message, text }),
        2 => (who.clone(), message).prop_map(|(who, message)| Step::Delete { who, message }),
        2 => (who.clone(), seq.clone()).prop_map(|(who, seq)| Step::Read { who, seq }),
        2 => (who.clone(), message).prop_map(|(who, message)| Step::ReadMessage { who, message }),
        1 => (who.clone(), seq).prop_map(|(who, seq)| Step::Unread { who, seq }),
        2 => (who.clone(), message).prop_map(|(who, message)| Step::UnreadMessage { who, message }),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, muted)| Step::Mute { who, muted }),
        2 => who.clone().prop_map(|who| Step::Leave { who }),
        3 => who.prop_map(|who| Step::Join { who }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_unread_is_what_is_counted_again(rounds in prop::collection::vec(prop::collection::vec(step(), 1..6), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(compare(rounds))?;
    }
}

#[tokio::test]
async fn what_happens_in_one_commit_counts_as_if_one_by_one() {
    let (ann, bob) = (0, 1);
    let said =
        vec![Step::Join { who: bob }, Step::Send { who: ann, text: 1 }, Step::Send { who: bob, text: 4 }];
    let anew = vec![Step::Leave { who: bob }, Step::Join { who: bob }, Step::Unread { who: bob, seq: 0 }];
    let to_and_fro = vec![
        Step::Read { who: ann, seq: 99 },
        Step::UnreadMessage { who: ann, message: 1 },
        Step::Edit { who: bob, message: 1, text: 0 },
        Step::Mute { who: ann, muted: true },
        Step::Mute { who: ann, muted: false },
    ];
    compare(vec![said.clone(), anew, said, to_and_fro]).await.unwrap();
}

/// Plays rounds of steps, those of a round at the same time, and compares after each.
async fn compare(rounds: Vec<Vec<Step>>) -> Result<(), TestCaseError> {
    let stage = hall(Engine::Sqlite).await;
    let room = stage.call("ann", "room:create", r#"{"name":"hall"}"#).await.unwrap();
    let room = room["id"].as_str().unwrap().to_owned();
    let (mut oracle, mut ids) = (Oracle::new(), Vec::new());
    for round in rounds {
        let steps: Vec<Step> = round.into_iter().filter_map(|step| among(step, ids.len())).collect();
        let calls = steps.iter().map(|step| {
            let (who, event, json) = request(step, &room, &ids);
            let stage = &stage;
            async move { stage.call(PEOPLE[who], event, &json.to_string()).await }
        });
        // Polled in this order, so that they stand in the log's queue in this order.
        let answers = join_in_order(calls.collect()).await;
        for (step, answer) in steps.iter().zip(answers) {
            oracle.apply(step);
            match answer {
                Ok(answer) if matches!(step, Step::Send { .. }) => {
                    ids.push(answer["id"].as_str().unwrap().to_owned());
                }
                Err(error) => prop_assert_ne!(error.reason, Reason::Internal, "{:?}: {:?}", step, error),
                Ok(_) => {}
            }
        }
        prop_assert_eq!(ids.len(), oracle.messages());
        for (number, who) in PEOPLE.into_iter().enumerate() {
            let told = told(&stage, who, &room, &ids).await;
            prop_assert_eq!(told, oracle.expected(number), "{} after {:?}", who, steps);
        }
    }
    Ok(())
}

async fn join_in_order<F: Future>(calls: Vec<F>) -> Vec<F::Output> {
    let mut calls: Vec<_> = calls.into_iter().map(Box::pin).collect();
    let mut answers: Vec<Option<F::Output>> = calls.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (call, answer) in calls.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let std::task::Poll::Ready(output) = call.as_mut().poll(context)
            {
                *answer = Some(output);
            }
        }
        if answers.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    answers.into_iter().flatten().collect()
}

/// A stage with everything that the steps take, and the people.
async fn hall(engine: Engine) -> Stage {
    let mut stage = Stage::on(engine).await;
    let presence = presence::register(&stage.kernel, &mut stage.registry);
    rooms::register(&stage.kernel, &mut stage.registry);
    members::register(&stage.kernel, &mut stage.registry, &presence);
    messages::register(&stage.kernel, &mut stage.registry);
    direct_messages::register(&stage.kernel, &mut stage.registry, &presence);
    reads::register(&stage.kernel, &mut stage.registry);
    for name in PEOPLE {
        let mut tx = stage.kernel.db.begin().await.unwrap();
        let person = NewUser {
            id: user(name),
            username: name.to_owned(),
            display_name: None,
            avatar: None,
            kind: Kind::Person,
            role: ServerRole::Member,
            origin: Origin::Local,
            at: Time::from_micros(1),
        };
        users::insert(&mut tx, &person).await.unwrap();
        tx.commit().await.unwrap();
    }
    stage
}

/// A step about one of so many messages; none if there is none yet.
fn among(step: Step, messages: usize) -> Option<Step> {
    let pick = |message: usize| message.checked_rem(messages);
    Some(match step {
        Step::Edit { who, message, text } => Step::Edit { who, message: pick(message)?, text },
        Step::Delete { who, message } => Step::Delete { who, message: pick(message)? },
        Step::ReadMessage { who, message } => Step::ReadMessage { who, message: pick(message)? },
        Step::UnreadMessage { who, message } => Step::UnreadMessage { who, message: pick(message)? },
        step => step,
    })
}

fn request(step: &Step, room: &str, ids: &[String]) -> (usize, &'static str, Value) {
    match *step {
        Step::Send { who, text } => {
            (who, "message:send", json!({ "roomId": room, "content": TEXTS[text].0 }))
        }
        Step::Edit { who, message, text } => {
            (who, "message:edit", json!({ "messageId": ids[message], "content": TEXTS[text].0 }))
        }
        Step::Delete { who, message } => (who, "message:delete", json!({ "messageId": ids[message] })),
        Step::Read { who, seq } => (who, "room:read", json!({ "roomId": room, "seq": seq })),
        Step::ReadMessage { who, message } => {
            (who, "room:read", json!({ "roomId": room, "messageId": ids[message] }))
        }
        Step::Unread { who, seq } => (who, "room:unread", json!({ "roomId": room, "seq": seq })),
        Step::UnreadMessage { who, message } => {
            (who, "room:unread", json!({ "roomId": room, "messageId": ids[message] }))
        }
        Step::Mute { who, muted } => (who, "room:mute", json!({ "roomId": room, "muted": muted })),
        Step::Leave { who } => (who, "room:leave", json!({ "roomId": room })),
        Step::Join { who } => (who, "room:join", json!({ "roomId": room })),
    }
}

/// What someone is told of the room.
async fn told(stage: &Stage, who: &str, room: &str, ids: &[String]) -> Option<Expected> {
    let list = stage.call(who, "unread:list", "{}").await.unwrap();
    let row = list["items"].as_array().unwrap().iter().find(|row| row["roomId"] == room)?;
    let explained = stage.call(who, "unread:explain", &json!({ "roomId": room }).to_string()).await.unwrap();
    for field in ["readSeq", "headSeq", "unreadCount", "mentionCount", "muted"] {
        assert_eq!(row[field], explained[field], "{field} of {row} and of {explained}");
    }
    let reasons = explained["messages"].as_array().unwrap().iter().map(|message| {
        let reason = message["reason"].as_str().unwrap();
        assert_eq!(message["counts"], reason == "unread", "{message}");
        assert!(ids.iter().any(|id| message["messageId"] == id.as_str()), "{message}");
        let known = ["before_joining", "deleted", "own", "read", "muted", "unread"];
        let reason = known.into_iter().find(|known| *known == reason).expect("a reason of the list");
        (message["seq"].as_i64().unwrap(), reason, message["mention"].as_bool().unwrap())
    });
    Some(Expected {
        read: row["readSeq"].as_i64().unwrap(),
        head: row["headSeq"].as_i64().unwrap(),
        unread: row["unreadCount"].as_i64().unwrap(),
        mentions: row["mentionCount"].as_i64().unwrap(),
        muted: row["muted"].as_bool().unwrap(),
        first: row["firstUnreadSeq"].as_i64(),
        reasons: reasons.collect(),
    })
}
