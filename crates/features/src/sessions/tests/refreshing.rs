//! Refresh tokens: once each, and what happens when one is used twice.

use super::*;

#[tokio::test]
async fn each_token_works_once_and_leads_to_the_next() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let mut answer = world.sign_up("alice").await.expect("an account");
        let session = session_of(&world, &answer).await;
        for _ in 0..5 {
            let next = world.refresh(refresh(&answer)).await.expect("new tokens");
            assert_ne!(refresh(&next), refresh(&answer), "{engine:?}");
            assert_eq!(session_of(&world, &next).await, session);
            assert_eq!(text(&next["user"], "username"), "alice");
            answer = next;
        }
        for bad in ["", "x", access(&answer), "' OR '1'='1", "\0", &"x".repeat(100_000)] {
            assert_eq!(reason(world.refresh(bad).await), Reason::Unauthenticated, "{engine:?}");
        }
        assert!(world.refresh(refresh(&answer)).await.is_ok());
    }
}

#[tokio::test]
async fn a_token_used_again_ends_its_session() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let first = world.sign_up("alice").await.expect("an account");
        let other_device = world.log_in("alice", "correct horse").await.expect("signed in");
        let session = session_of(&world, &first).await;
        let second = world.refresh(refresh(&first)).await.expect("new tokens");
        world.kernel.clock.shift_ms(10_001);
        assert_eq!(reason(world.refresh(refresh(&first)).await), Reason::Unauthenticated, "{engine:?}");
        for answer in [&first, &second] {
            assert!(!world.is_valid(access(answer)).await, "{engine:?}");
            assert_eq!(reason(world.refresh(refresh(answer)).await), Reason::Unauthenticated);
        }
        assert_eq!(world.closed(), [(Closing::Session(session), "revoked".to_owned())]);
        assert!(world.is_valid(access(&other_device)).await, "another device has done nothing");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_comes_again() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let first = world.sign_up("alice").await.expect("an account");
        let second = world.refresh(refresh(&first)).await.expect("new tokens");
        world.kernel.clock.shift_ms(9_000);
        let again = world.refresh(refresh(&first)).await.expect("the same tokens");
        assert_eq!(refresh(&again), refresh(&second), "{engine:?}");
        assert!(world.is_valid(access(&again)).await);
        let third = world.refresh(refresh(&second)).await.expect("new tokens");
        assert_eq!(
            reason(world.refresh(refresh(&first)).await),
            Reason::Unauthenticated,
            "whoever used its successor had got the answer"
        );
        assert!(!world.is_valid(access(&third)).await, "somebody has a copy");
    }
}

#[tokio::test]
async fn many_at_once_get_one_family() {
    for engine in ENGINES {
        let world = Arc::new(world(engine, open()).await);
        let first = world.sign_up("alice").await.expect("an account");
        let outcomes = at_once((0..10).map(|_| {
            let (world, token) = (world.clone(), refresh(&first).to_owned());
            async move { world.refresh(&token).await }
        }))
        .await;
        let tokens: HashSet<String> =
            outcomes.iter().map(|outcome| refresh(outcome.as_ref().expect("tokens")).to_owned()).collect();
        assert_eq!(tokens.len(), 1, "{engine:?}");
        let (live,): (i64,) = world
            .kernel
            .db
            .one(fireside_db::sql("SELECT COUNT(*) FROM refresh_tokens WHERE used_at IS NULL"))
            .await
            .expect("a count");
        assert_eq!(live, 1, "{engine:?}");
    }
}

#[tokio::test]
async fn two_nodes_give_the_same_successor() {
    let database = TestDatabase::on(Engine::Postgres).await;
    let (one, other) = (node(database.open().await, open()).await, node(database.open().await, open()).await);
    let first = one.sign_up("alice").await.expect("an account");
    let (here, there) = tokio::join!(one.refresh(refresh(&first)), other.refresh(refresh(&first)));
    assert_eq!(refresh(&here.expect("tokens")), refresh(&there.expect("tokens")));
}

#[tokio::test]
async fn tokens_and_sessions_end_by_themselves() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let world = world(Engine::Sqlite, open()).await;
    let unused = world.sign_up("alice").await.expect("an account");
    let mut used = world.log_in("alice", "correct horse").await.expect("signed in");
    for day in [29, 58, 87] {
        world.kernel.clock.shift_ms(29 * DAY_MS);
        used = world.refresh(refresh(&used)).await.unwrap_or_else(|error| panic!("day {day}: {error:?}"));
    }
    assert_eq!(
        reason(world.refresh(refresh(&unused)).await),
        Reason::Unauthenticated,
        "after 30 days unused"
    );
    world.kernel.clock.shift_ms(3 * DAY_MS - 60_000);
    used = world.refresh(refresh(&used)).await.expect("a minute before the end");
    assert_eq!(used["expiresIn"], 60, "an access token does not outlive its session");
    world.kernel.clock.shift_ms(60_000);
    assert_eq!(reason(world.refresh(refresh(&used)).await), Reason::Unauthenticated, "after 90 days");
    assert!(!world.is_valid(access(&used)).await);
}

#[tokio::test]
async fn who_is_shut_out_gets_no_tokens() {
    let world = world(Engine::Sqlite, open()).await;
    let answer = world.sign_up("alice").await.expect("an account");
    shut_out(&world, text(&answer["user"], "id")).await;
    assert_eq!(reason(world.refresh(refresh(&answer)).await), Reason::Unauthenticated);
}

#[tokio::test]
async fn no_secret_is_stored_as_it_is() {
    let world = world(Engine::Sqlite, open()).await;
    let first = world.sign_up("alice").await.expect("an account");
    let second = world.refresh(refresh(&first)).await.expect("new tokens");
    let stored: Vec<(String, Option<String>)> = world
        .kernel
        .db
        .all(fireside_db::sql("SELECT token_hash, successor_hash FROM refresh_tokens"))
        .await
        .expect("tokens");
    let stored = format!("{stored:?}");
    assert!(!stored.contains(refresh(&first)) && !stored.contains(refresh(&second)), "{stored}");
}
