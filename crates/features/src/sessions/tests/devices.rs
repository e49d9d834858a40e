//! Sessions as people see them: devices, signed out here, there and everywhere.

use serde_json::json;

use super::*;

#[tokio::test]
async fn devices_are_listed_and_signed_out() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let laptop = world.sign_up("alice").await.expect("an account");
        let phone = world.log_in("alice", "correct horse").await.expect("signed in");
        let bob = world.sign_up("bob").await.expect("an account");
        let list = world.call_as(access(&laptop), "sessions.list", json!({})).await.expect("a list");
        let list = list["items"].as_array().expect("a list");
        assert_eq!(list.len(), 2, "{engine:?}");
        let phone_id = session_of(&world, &phone).await;
        let listed = list.iter().find(|one| text(one, "id") == phone_id.as_str()).expect("the phone");
        assert_eq!((listed["current"].clone(), text(listed, "kind")), (json!(false), "login"));
        assert_eq!((text(listed, "address"), text(listed, "userAgent")), ("127.0.0.1", "Test/1.0"));
        assert_eq!(list.iter().filter(|one| one["current"] == true).count(), 1);
        let end = json!({"sessionId": phone_id.as_str()});
        let by_bob = world.call_as(access(&bob), "sessions.end", end.clone()).await;
        assert_eq!(reason(by_bob), Reason::NotFound, "{engine:?}");
        world.call_as(access(&laptop), "sessions.end", end.clone()).await.expect("ended");
        assert_eq!(world.closed(), [(Closing::Session(phone_id), "revoked".to_owned())]);
        assert!(!world.is_valid(access(&phone)).await, "{engine:?}");
        assert_eq!(reason(world.refresh(refresh(&phone)).await), Reason::Unauthenticated);
        assert_eq!(reason(world.call_as(access(&laptop), "sessions.end", end).await), Reason::NotFound);
        assert!(world.is_valid(access(&laptop)).await && world.is_valid(access(&bob)).await);
    }
}

#[tokio::test]
async fn signing_out_ends_tokens_and_sockets() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let answer = world.sign_up("alice").await.expect("an account");
        let session = session_of(&world, &answer).await;
        world.call_as(access(&answer), "sessions.logout", json!({})).await.expect("signed out");
        assert_eq!(world.closed(), [(Closing::Session(session), "logout".to_owned())], "{engine:?}");
        assert!(!world.is_valid(access(&answer)).await);
        assert_eq!(reason(world.refresh(refresh(&answer)).await), Reason::Unauthenticated);
    }
}

#[tokio::test]
async fn another_password_ends_the_other_sessions() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let here = world.sign_up("alice").await.expect("an account");
        let there = world.log_in("alice", "correct horse").await.expect("signed in");
        let change = |current: &str| json!({"currentPassword": current, "newPassword": "battery staple"});
        let wrong = world.call_as(access(&here), "sessions.password", change("wrong")).await;
        assert_eq!(reason(wrong), Reason::Forbidden, "{engine:?}");
        assert!(world.is_valid(access(&there)).await);
        world.call_as(access(&here), "sessions.password", change("correct horse")).await.expect("changed");
        let identity = world.identity(access(&here)).await;
        let except = Closing::UserExcept(identity.user, identity.session.expect("a session"));
        assert_eq!(world.closed(), [(except, "password_changed".to_owned())]);
        assert!(!world.is_valid(access(&there)).await, "{engine:?}");
        assert_eq!(reason(world.refresh(refresh(&there)).await), Reason::Unauthenticated);
        assert_eq!(reason(world.log_in("alice", "correct horse").await), Reason::Unauthenticated);
        world.log_in("alice", "battery staple").await.expect("signed in");
        assert!(world.refresh(refresh(&here)).await.is_ok());
    }
}

#[tokio::test]
async fn a_sign_in_with_the_old_password_does_not_outlive_its_change() {
    for engine in ENGINES {
        let world = Arc::new(world(engine, Settings { throttle: false, ..open() }).await);
        let here = world.sign_up("alice").await.expect("an account");
        let racing: Vec<_> = (0..10)
            .map(|_| {
                let world = world.clone();
                tokio::spawn(async move { world.log_in("alice", "correct horse").await })
            })
            .collect();
        let change = json!({"currentPassword": "correct horse", "newPassword": "battery staple"});
        world.call_as(access(&here), "sessions.password", change).await.expect("changed");
        for sign_in in racing {
            if let Ok(answer) = sign_in.await.expect("no panic") {
                assert!(!world.is_valid(access(&answer)).await, "{engine:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_password_of_an_open_device_cannot_be_guessed() {
    let world = world(Engine::Sqlite, open()).await;
    let answer = world.sign_up("alice").await.expect("an account");
    let mut reasons = Vec::new();
    for _ in 0..7 {
        let change = json!({"currentPassword": "wrong", "newPassword": "battery staple"});
        reasons.push(reason(world.call_as(access(&answer), "sessions.password", change).await));
    }
    assert_eq!(reasons[..5], [Reason::Forbidden; 5]);
    assert_eq!(reasons[5..], [Reason::RateLimited; 2]);
}

#[tokio::test]
async fn a_session_that_ends_on_another_node_ends_here() {
    let database = TestDatabase::on(Engine::Postgres).await;
    let (one, other) = (node(database.open().await, open()).await, node(database.open().await, open()).await);
    let answer = one.sign_up("alice").await.expect("an account");
    let session = session_of(&other, &answer).await;
    one.call_as(access(&answer), "sessions.logout", json!({})).await.expect("signed out");
    until("the end of the session", async || !other.is_valid(access(&answer)).await).await;
    assert_eq!(other.closed(), [(Closing::Session(session), "revoked".to_owned())]);
}

#[tokio::test]
async fn a_restart_forgets_no_end() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let answer = world.sign_up("alice").await.expect("an account");
        let token = world.sessions.create_service_token("robot", "deploys", 365).await.expect("a token");
        let robot = world.identity(&token).await;
        world.call_as(access(&answer), "sessions.logout", json!({})).await.expect("signed out");
        world.sessions.end_user_sessions(&robot.user, None, "revoked").await.expect("ended");
        let again = node(world.kernel.db.clone(), open()).await;
        assert!(!again.is_valid(access(&answer)).await, "{engine:?}");
        assert!(!again.is_valid(&token).await, "{engine:?}");
        // Long after: what is over is cleared away, and what still has a token is known.
        again.kernel.clock.shift_ms(200 * 24 * 60 * 60 * 1000);
        again.sessions.clear_away().await.expect("cleared");
        assert!(!again.is_valid(&token).await, "{engine:?}");
        let much_later = node(world.kernel.db.clone(), open()).await;
        much_later.kernel.clock.shift_ms(200 * 24 * 60 * 60 * 1000);
        assert!(!much_later.is_valid(&token).await, "{engine:?}");
    }
}

#[tokio::test]
async fn what_is_over_is_cleared_away() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let alice = world.sign_up("alice").await.expect("an account");
        let bob = world.sign_up("bob").await.expect("an account");
        world.call_as(access(&alice), "sessions.logout", json!({})).await.expect("signed out");
        let count = async || {
            let text = "SELECT CAST((SELECT COUNT(*) FROM sessions) AS BIGINT), \
                        CAST((SELECT COUNT(*) FROM refresh_tokens) AS BIGINT)";
            world.kernel.db.one::<(i64, i64)>(fireside_db::sql(text)).await.expect("a count")
        };
        world.sessions.clear_away().await.expect("cleared");
        assert_eq!(count().await, (2, 2), "{engine:?}");
        world.kernel.clock.shift_ms(2 * DAY_MS);
        world.sessions.clear_away().await.expect("cleared");
        assert_eq!(count().await, (1, 1), "{engine:?}");
        assert!(world.refresh(refresh(&bob)).await.is_ok());
        world.kernel.clock.shift_ms(92 * DAY_MS);
        world.sessions.clear_away().await.expect("cleared");
        assert_eq!(count().await, (0, 0), "{engine:?}");
    }
}

#[tokio::test]
async fn a_user_who_is_shut_out_is_out_at_once() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let answer = world.sign_up("alice").await.expect("an account");
        let identity = world.identity(access(&answer)).await;
        shut_out(&world, identity.user.as_str()).await;
        // Without a word to this node: found within a second.
        until("the end", async || !world.is_valid(access(&answer)).await).await;
        world.sessions.end_user_sessions(&identity.user, None, "disabled").await.expect("ended");
        assert_eq!(world.closed(), [(Closing::User(identity.user), "disabled".to_owned())]);
        let back = fireside_db::sql("UPDATE users SET disabled_at = NULL");
        world.kernel.db.run(back).await.expect("let in again");
        assert!(!world.is_valid(access(&answer)).await, "what has ended does not come back, {engine:?}");
        world.log_in("alice", "correct horse").await.expect("signed in");
    }
}

#[tokio::test]
async fn rights_are_those_of_the_stored_user() {
    let world = world(Engine::Sqlite, open()).await;
    let root = username("root");
    let id = world.sessions.create_admin(root, None, &password("correct horse")).await.expect("an account");
    let answer = world.log_in("root", "correct horse").await.expect("signed in");
    assert!(world.identity(access(&answer)).await.is_admin);
    let demote = fireside_db::sql("UPDATE users SET role = 'member' WHERE id = $1").bind(id.as_str());
    world.kernel.db.run(demote).await.expect("demoted");
    until("the loss of the role", async || !world.identity(access(&answer)).await.is_admin).await;
}

#[tokio::test]
async fn a_deleted_user_opens_nothing() {
    let world = world(Engine::Sqlite, open()).await;
    let answer = world.sign_up("alice").await.expect("an account");
    world.kernel.db.run(fireside_db::sql("DELETE FROM users")).await.expect("deleted");
    assert!(!world.is_valid(access(&answer)).await);
    assert_eq!(reason(world.refresh(refresh(&answer)).await), Reason::Unauthenticated);
}

#[tokio::test]
async fn the_hundred_and_first_device_signs_the_first_one_out() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let first = world.sign_up("alice").await.expect("an account");
        let user = world.identity(access(&first)).await.user;
        for _ in 0..99 {
            world.kernel.clock.shift_ms(1);
            let mut tx = world.kernel.db.begin().await.expect("a transaction");
            world
                .sessions
                .open(&mut tx, &user, &fireside_kernel::ctx::Peer::default())
                .await
                .expect("opened");
            tx.commit().await.expect("committed");
        }
        assert!(world.is_valid(access(&first)).await);
        world.kernel.clock.shift_ms(1);
        let last = world.log_in("alice", "correct horse").await.expect("signed in");
        assert!(!world.is_valid(access(&first)).await && world.is_valid(access(&last)).await, "{engine:?}");
    }
}

#[tokio::test]
async fn the_last_use_is_written_down() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let answer = world.sign_up("alice").await.expect("an account");
        let last_used = async || {
            let row: (i64, i64) = world
                .kernel
                .db
                .one(fireside_db::sql("SELECT created_at, last_used_at FROM sessions"))
                .await
                .expect("one");
            row.1 - row.0
        };
        world.kernel.clock.shift_ms(120_000);
        let now = world.kernel.clock.now();
        world.identity(access(&answer)).await;
        world.sessions.look(now, now).await.expect("looked");
        until("the last use", async || last_used().await >= 120_000_000).await;
    }
}

#[tokio::test]
async fn service_tokens_are_bearer_tokens_of_a_service() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let token = world.sessions.create_service_token("Robot", "deploys", 365).await.expect("a token");
        let identity = world.identity(&token).await;
        assert!(!identity.is_admin);
        let me = world.call_as(&token, "sessions.me", json!({})).await.expect("me");
        assert_eq!((text(&me, "username"), text(&me, "kind")), ("robot", "service"), "{engine:?}");
        let list = world.call_as(&token, "sessions.list", json!({})).await.expect("a list");
        assert_eq!(
            (text(&list["items"][0], "kind"), text(&list["items"][0], "name")),
            ("service", "deploys")
        );
        let second = world.sessions.create_service_token("robot", "tests", 1).await.expect("a token");
        assert_eq!(world.identity(&second).await.user, identity.user);
        world.kernel.clock.shift_ms(24 * 60 * 60 * 1000);
        assert!(!world.is_valid(&second).await && world.is_valid(&token).await, "{engine:?}");
        world.call_as(&token, "sessions.logout", json!({})).await.expect("signed out");
        assert!(!world.is_valid(&token).await, "{engine:?}");
        assert_eq!(reason(world.log_in("robot", "").await), Reason::Unauthenticated);
        for (user, days) in [("no name", 1), ("robot", 0), ("robot", 4000)] {
            let refused = world.sessions.create_service_token(user, "x", days).await;
            assert_eq!(error_of(refused).reason, Reason::Validation, "{user} {days}");
        }
    }
}

#[tokio::test]
async fn the_command_line_sets_passwords() {
    let world = world(Engine::Sqlite, open()).await;
    let answer = world.sign_up("alice").await.expect("an account");
    world.sessions.set_password("Alice", &password("battery staple")).await.expect("set");
    assert!(!world.is_valid(access(&answer)).await);
    world.log_in("alice", "battery staple").await.expect("signed in");
    let nobody = world.sessions.set_password("nobody", &password("battery staple")).await;
    assert_eq!(error_of(nobody).reason, Reason::NotFound);
}
