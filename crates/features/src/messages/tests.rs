//! Many who ask for one page at the same time, on both engines.

use fireside_db::{Engine, sql};
use fireside_protocol::Reason;
use futures_util::future::join_all;

use super::*;
use crate::presence::tests::stage::{ENGINES, Stage};

/// Most queries for a crowd (`GUARANTEES.md` F47).
const QUERIES_MAX: u64 = 5;

async fn says(stage: &Stage, seq: i64) {
    let text = "INSERT INTO messages (id, room_id, seq, rev, sender_id, content, type, created_at, modified_at) \
                VALUES ($1, 'hall', $2, $2, 'bob', 'hi', 'text', 1, 1)";
    stage.kernel.db.run(sql(text).bind(format!("m{seq}")).bind(seq)).await.unwrap();
}

/// A stage with a private `hall` of ann and bob, in which nine things were said.
async fn stage(engine: Engine) -> Stage {
    let mut stage = Stage::on(engine).await;
    stage.room("hall", &["ann", "bob"]).await;
    for seq in 1..=9 {
        says(&stage, seq).await;
    }
    register(&stage.kernel, &mut stage.registry);
    stage
}

fn newest(answer: &serde_json::Value) -> Option<i64> {
    answer["items"][0]["seq"].as_i64()
}

#[tokio::test]
async fn a_crowd_is_answered_from_few_queries_and_each_by_what_they_may_see() {
    for engine in ENGINES {
        let stage = stage(engine).await;
        let before = stage.kernel.db.stats().read.lent;
        let names = ["ann", "eve", "bob", "ann", "bob"];
        let calls = (0..2000).map(|number| {
            let name = names[number % names.len()];
            let stage = &stage;
            async move { (name, stage.call(name, "message:list", r#"{"roomId":"hall"}"#).await) }
        });
        for (name, answer) in join_all(calls).await {
            match (name, answer) {
                ("eve", Err(error)) => assert_eq!(error.reason, Reason::NotFound, "{engine:?}"),
                ("eve", Ok(answer)) => panic!("a stranger reads {answer}, {engine:?}"),
                (_, answer) => {
                    let answer = answer.unwrap();
                    assert_eq!(
                        (newest(&answer), &answer["items"][8]["seq"]),
                        (Some(9), &1.into()),
                        "{engine:?}"
                    );
                }
            }
        }
        let queries = stage.kernel.db.stats().read.lent - before;
        assert!((2..=QUERIES_MAX).contains(&queries), "{queries} queries, {engine:?}");
    }
}

#[tokio::test]
async fn who_asks_later_is_told_what_was_said_meanwhile() {
    for engine in ENGINES {
        let stage = stage(engine).await;
        let list = || stage.call("ann", "message:list", r#"{"roomId":"hall","limit":1}"#);
        let later = async {
            for seq in 10..20 {
                says(&stage, seq).await;
                assert_eq!(newest(&list().await.unwrap()), Some(seq), "{engine:?}");
            }
        };
        // Readings that begin before each of them and end after it.
        let crowd = join_all((0..8).map(|_| async {
            for _ in 0..20 {
                assert!(newest(&list().await.unwrap()) >= Some(9), "{engine:?}");
            }
        }));
        tokio::join!(crowd, later);
    }
}

#[tokio::test]
async fn a_crowd_whose_first_caller_goes_away_is_answered() {
    for engine in ENGINES {
        let stage = stage(engine).await;
        let list = || stage.call("ann", "message:list", r#"{"roomId":"hall"}"#);
        let mut first = Box::pin(list());
        let mut second = Box::pin(list());
        // Both wait, and then the one is gone that began.
        tokio::select! { biased; _ = &mut first => {}, _ = &mut second => {}, () = std::future::ready(()) => {} }
        drop(first);
        assert_eq!(newest(&second.await.unwrap()), Some(9), "{engine:?}");
    }
}
