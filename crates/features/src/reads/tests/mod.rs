//! Positions on both engines, through the room log.

mod counting;
mod oracle;

use fireside_db::{Engine, sql as statement};
use fireside_kernel::relay::Audience;
use fireside_protocol::{Reason, Signal};
use serde_json::json;

use super::*;
use crate::presence::tests::stage::{ENGINES, Stage, user};

async fn message(stage: &Stage, room: &str, id: &str, seq: i64) {
    let text = "INSERT INTO messages (id, room_id, seq, rev, sender_id, content, type, created_at, modified_at) \
                VALUES ($1, $2, $3, $3, 'bob', 'hi', 'text', 1, 1)";
    stage.kernel.db.run(statement(text).bind(id).bind(room).bind(seq)).await.unwrap();
}

/// A stage with `hall` of ann and bob with message `m5`, `side` of bob with message `m6`, both of nine
/// events, and the conversation of ann and bob.
async fn stage(engine: Engine) -> Stage {
    let mut stage = Stage::on(engine).await;
    stage.room("hall", &["ann", "bob"]).await;
    stage.room("side", &["bob"]).await;
    stage.conversation("talk", "ann", "bob").await;
    message(&stage, "hall", "m5", 5).await;
    message(&stage, "side", "m6", 6).await;
    register(&stage.kernel, &mut stage.registry);
    stage
}

async fn marks(stage: &Stage, name: &str, json: &str) -> Result<i64> {
    stage.call(name, "room:read", json).await.map(|answer| answer["seq"].as_i64().unwrap())
}

#[tokio::test]
async fn positions_only_move_forward_and_stop_at_the_head() {
    for engine in ENGINES {
        let stage = stage(engine).await;
        for (json, expected) in [
            (r#"{"roomId":"hall","seq":3}"#, 3),
            (r#"{"roomId":"hall-slug","seq":1}"#, 3),
            (r#"{"roomId":"hall","messageId":"m5"}"#, 5),
            (r#"{"roomId":"hall","seq":9223372036854775807}"#, 9),
            (r#"{"roomId":"hall","messageId":"m5"}"#, 9),
        ] {
            assert_eq!(marks(&stage, "ann", json).await.unwrap(), expected, "{json} {engine:?}");
        }
        let mut told = Vec::new();
        while !stage.is_quiet().await {
            let (audience, signal) = stage.hears().await;
            let Signal::ReadUpdated(position) = signal else { panic!("{signal:?}") };
            assert_eq!(audience, Audience::User(user("ann")), "{engine:?}");
            assert!(position.last_read_at.is_some(), "{engine:?}");
            told.push(position.seq);
        }
        assert_eq!(told, [3, 5, 9], "told only when it moved, {engine:?}");
    }
}

#[tokio::test]
async fn only_members_mark_and_only_what_is_in_the_room() {
    for engine in ENGINES {
        let stage = stage(engine).await;
        for (name, json, reason) in [
            ("eve", r#"{"roomId":"hall","seq":3}"#, Reason::NotFound),
            ("ann", r#"{"roomId":"nowhere","seq":3}"#, Reason::NotFound),
            ("ann", r#"{"roomId":"hall","messageId":"m6"}"#, Reason::NotFound),
            ("bob", r#"{"roomId":"hall","messageId":"m6"}"#, Reason::NotFound),
            ("ann", r#"{"roomId":"hall","messageId":"nothing"}"#, Reason::NotFound),
            ("ann", r#"{"roomId":"hall"}"#, Reason::Validation),
            ("ann", r#"{"roomId":"hall","seq":1,"messageId":"m5"}"#, Reason::Validation),
            ("ann", r#"{"roomId":"hall","seq":-1}"#, Reason::Validation),
        ] {
            let error = marks(&stage, name, json).await.unwrap_err();
            assert_eq!(error.reason, reason, "{name} {json} {engine:?}");
        }
        assert!(stage.is_quiet().await, "{engine:?}");
    }
}

#[tokio::test]
async fn in_a_conversation_both_are_told() {
    for engine in ENGINES {
        let stage = stage(engine).await;
        let answer = stage.call("ann", "room:read", r#"{"roomId":"talk","seq":4}"#).await.unwrap();
        assert_eq!((&answer["ok"], &answer["userId"]), (&json!(true), &json!("ann")), "{engine:?}");
        let told = [stage.hears().await.0, stage.hears().await.0];
        assert_eq!(told, [Audience::User(user("ann")), Audience::User(user("bob"))], "{engine:?}");
    }
}

#[tokio::test]
async fn marks_at_the_same_time_never_step_back() {
    for engine in ENGINES {
        let stage = stage(engine).await;
        let mark = |seq| {
            let target = rules::Target::Seq(seq);
            operations::mark::shift(
                &stage.kernel,
                RoomRef::trusted("hall"),
                user("ann"),
                target,
                rules::Way::Forward,
            )
        };
        let (first, second, third) = tokio::join!(mark(7), mark(4), mark(9));
        let answers = [first, second, third].map(|answer| answer.unwrap().seq);
        assert_eq!(answers, [7, 7, 9], "{engine:?}");
    }
}

#[tokio::test]
async fn counts_end_at_their_cap_and_explanations_at_theirs() {
    for engine in ENGINES {
        let stage = stage(engine).await;
        let text = "UPDATE members SET read_seq = 9 WHERE room_id = 'hall'";
        stage.kernel.db.run(statement(text)).await.unwrap();
        for (id, seq) in (10..1_110).map(|seq| (format!("m{seq}"), seq)) {
            message(&stage, "hall", &id, seq).await;
        }
        let list = stage.call("ann", "unread:list", "{}").await.unwrap();
        let hall = list["items"].as_array().unwrap().iter().find(|row| row["roomId"] == "hall").unwrap();
        assert_eq!(
            (&hall["unreadCount"], &hall["firstUnreadSeq"]),
            (&json!(1_000), &json!(10)),
            "{engine:?}"
        );
        let why = stage.call("ann", "unread:explain", r#"{"roomId":"hall"}"#).await.unwrap();
        assert_eq!(why["unreadCount"], 1_000, "{engine:?}");
        let messages = why["messages"].as_array().unwrap();
        assert_eq!((messages.len(), &messages[0]["seq"]), (200, &json!(1_109)), "{engine:?}");
    }
}

#[tokio::test]
async fn counting_reads_indexes_and_not_messages() {
    let stage = stage(Engine::Sqlite).await;
    let plan: Vec<(i64, i64, i64, String)> =
        stage.kernel.db.all(sql::plan("ann")).await.expect("SQLite tells its plan");
    let steps: Vec<&str> = plan.iter().map(|(_, _, _, step)| step.as_str()).collect();
    let uses = |index: &str| steps.iter().filter(|step| step.contains(index)).count();
    assert_eq!(uses("messages USING COVERING INDEX messages_unread"), 2, "{steps:#?}");
    assert_eq!(uses("mentions USING COVERING INDEX"), 1, "{steps:#?}");
    assert_eq!(uses("SCAN m"), 0, "{steps:#?}");
}
