//! Signing up and signing in.

use serde_json::json;

use super::*;

#[tokio::test]
async fn who_signs_up_can_sign_in() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let request = json!({"username": "Alice", "password": "correct horse", "displayName": "Alice A."});
        let answer = world.call("sessions.register", request).await.expect("an account");
        let user = &answer["user"];
        assert_eq!((text(user, "username"), text(user, "displayName")), ("alice", "Alice A."), "{engine:?}");
        assert_eq!((text(user, "role"), text(user, "kind")), ("member", "person"));
        assert_eq!(answer["expiresIn"], 900);
        let again = world.log_in("ALICE", "correct horse").await.expect("signed in");
        assert_eq!(again["user"], answer["user"], "{engine:?}");
        for answer in [&answer, &again] {
            let me = world.call_as(access(answer), "sessions.me", json!({})).await.expect("me");
            assert_eq!(text(&me, "id"), text(user, "id"));
        }
        assert_ne!(session_of(&world, &answer).await, session_of(&world, &again).await);
    }
}

#[tokio::test]
async fn what_is_wrong_is_one_answer() {
    for engine in ENGINES {
        let world = world(engine, Settings { throttle: false, ..open() }).await;
        world.sign_up("alice").await.expect("an account");
        let dave = world.sign_up("dave").await.expect("an account");
        shut_out(&world, text(&dave["user"], "id")).await;
        let mut errors = Vec::new();
        for (username, password) in [
            ("alice", "wrong horse"),
            ("alice", ""),
            ("nobody", "correct horse"),
            ("dave", "correct horse"),
            ("' OR '1'='1", "' OR '1'='1"),
            ("alice\0", "correct horse"),
            ("", ""),
            (&"x".repeat(10_000), &"x".repeat(10_000)),
        ] {
            let error = error_of(world.log_in(username, password).await);
            errors.push((error.reason, error.message, error.field, error.retry_after_ms));
        }
        assert_eq!(errors[0].0, Reason::Unauthenticated, "{engine:?}");
        assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
    }
}

#[tokio::test]
async fn fifty_who_want_one_name_make_one_account() {
    for engine in ENGINES {
        let world = Arc::new(world(engine, open()).await);
        let outcomes = at_once((0..50).map(|_| {
            let world = world.clone();
            async move { world.sign_up("alice").await }
        }))
        .await;
        let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 1, "{engine:?}");
        assert!(refused.into_iter().all(|outcome| reason(outcome) == Reason::Conflict), "{engine:?}");
        assert!(world.sign_up("alice").await.is_err() && world.sign_up("bob").await.is_ok());
    }
}

#[tokio::test]
async fn two_nodes_make_one_account() {
    let database = TestDatabase::on(Engine::Postgres).await;
    let (one, other) = (node(database.open().await, open()).await, node(database.open().await, open()).await);
    let (first, second) = tokio::join!(one.sign_up("alice"), other.sign_up("alice"));
    let (made, refused): (Vec<_>, Vec<_>) = [first, second].into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 1));
    assert_eq!(reason(refused.into_iter().next().expect("one")), Reason::Conflict);
    // Both have the same key.
    assert!(one.is_valid(access(made[0].as_ref().expect("made"))).await);
    assert!(other.is_valid(access(made[0].as_ref().expect("made"))).await);
}

#[tokio::test]
async fn names_are_refused_before_anything_is_stored() {
    let world = world(Engine::Sqlite, open()).await;
    for name in
        ["admin", "Root", "system", "everyone", "here", "me", "null", "deleted", "ＡＤＭＩＮ", "a.d.m.i.n"]
    {
        assert_eq!(reason(world.sign_up(name).await), Reason::Conflict, "{name}");
    }
    for name in
        ["", " ", "аdmin", "ALİCE", "a\u{200d}b", "@here", "<b>", "a\0b", "../x", "0", &"x".repeat(33)]
    {
        assert_eq!(reason(world.sign_up(name).await), Reason::Validation, "{name:?}");
    }
    let users: Vec<(String,)> =
        world.kernel.db.all(fireside_db::sql("SELECT username FROM users")).await.expect("users");
    assert_eq!(users, []);
}

#[tokio::test]
async fn nobody_gives_themselves_rights() {
    let world = world(Engine::Sqlite, open()).await;
    for (field, value) in
        [("role", json!("admin")), ("isAdmin", json!(true)), ("id", json!("me")), ("kind", json!("system"))]
    {
        let request = json!({"username": "mallory", "password": "correct horse", field: value});
        assert_eq!(reason(world.call("sessions.register", request).await), Reason::UnknownField, "{field}");
    }
}

#[tokio::test]
async fn guessing_takes_longer_each_time() {
    let world = world(Engine::Sqlite, open()).await;
    world.sign_up("alice").await.expect("an account");
    let wait = |outcome: Result<Value>| {
        let error = error_of(outcome);
        (error.reason, error.retry_after_ms)
    };
    for _ in 0..5 {
        assert_eq!(wait(world.log_in("alice", "wrong").await), (Reason::Unauthenticated, None));
    }
    for seconds in [1, 2, 4, 8] {
        assert_eq!(wait(world.log_in("alice", "wrong").await), (Reason::RateLimited, Some(seconds * 1000)));
    }
    let elsewhere = |username: &str, password: &str| {
        let request = json!({"username": username, "password": password});
        world.call_from("192.0.2.1", Actor::Anonymous, "sessions.login", request)
    };
    assert_eq!(wait(elsewhere("alice", "correct horse").await).0, Reason::RateLimited, "by account");
    assert_eq!(wait(world.log_in("bob", "x").await).0, Reason::RateLimited, "by address");
    assert_eq!(wait(elsewhere("bob", "x").await).0, Reason::Unauthenticated);
}

#[tokio::test]
async fn guesses_side_by_side_are_counted_one_by_one() {
    let world = Arc::new(world(Engine::Sqlite, open()).await);
    world.sign_up("alice").await.expect("an account");
    let reasons: Vec<_> = at_once((0..20).map(|n| {
        let world = world.clone();
        async move {
            // The fifteenth guess is right, and too late.
            let guess = if n == 14 { "correct horse" } else { "wrong" };
            let request = json!({"username": "alice", "password": guess});
            world.call_from(&format!("192.0.2.{n}"), Actor::Anonymous, "sessions.login", request).await
        }
    }))
    .await
    .into_iter()
    .map(reason)
    .collect();
    assert_eq!(reasons[..5], [Reason::Unauthenticated; 5]);
    assert_eq!(reasons[5..], [Reason::RateLimited; 15]);
}

#[tokio::test]
async fn too_many_at_once_are_refused_and_the_rest_signed_in() {
    let world = Arc::new(world(Engine::Sqlite, open()).await);
    world.sign_up("alice").await.expect("an account");
    let outcomes = at_once((0..60).map(|_| {
        let world = world.clone();
        async move { world.log_in("alice", "correct horse").await }
    }))
    .await;
    let (good, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert!(good.len() >= 34, "{} were signed in", good.len());
    assert!(refused.into_iter().all(|outcome| reason(outcome) == Reason::Overloaded));
}

#[tokio::test]
async fn a_hash_of_old_parameters_is_replaced_at_sign_in() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        world.sign_up("alice").await.expect("an account");
        let statement = fireside_db::sql("UPDATE credentials SET password_hash = $1");
        world.kernel.db.run(statement.bind(weak_hash("older horse"))).await.expect("changed");
        world.log_in("alice", "older horse").await.expect("signed in");
        let (hash,): (String,) = world
            .kernel
            .db
            .one(fireside_db::sql("SELECT password_hash FROM credentials"))
            .await
            .expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash} {engine:?}");
        world.log_in("alice", "older horse").await.expect("signed in");
    }
}

fn weak_hash(password: &str) -> String {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
    let params = Params::new(64, 1, 1, Some(32)).expect("parameters");
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    weak.hash_password_with_salt(password.as_bytes(), b"a salt of 16 byte").expect("a hash").to_string()
}

#[tokio::test]
async fn a_closed_server_signs_nobody_up() {
    let world = world(Engine::Sqlite, Settings { signup: Signup::Closed, ..open() }).await;
    assert_eq!(reason(world.sign_up("alice").await), Reason::Forbidden);
    world
        .sessions
        .create_user(username("alice"), None, &password("correct horse"))
        .await
        .expect("an account");
    world.log_in("alice", "correct horse").await.expect("signed in");
}
