//! Users of a host application.

use serde_json::json;

use super::signing::{SECRET, Signer, claims};
use super::*;

fn trusting() -> Settings {
    Settings { jwt_secret: Some(SECRET.into()), ..Settings::default() }
}

fn token(node: &Node, claims: Value) -> String {
    let mut claims = claims;
    claims["exp"] = json!(node.kernel.clock.now().as_seconds() + 3600);
    Signer::secret(SECRET.as_bytes()).token(&claims)
}

async fn me(node: &Node, token: &str) -> Value {
    node.call_as(token, "sessions.me", json!({})).await.expect("a user")
}

#[tokio::test]
async fn a_user_exists_from_the_first_token_on() {
    for engine in ENGINES {
        let world = Arc::new(world(engine, trusting()).await);
        let alice = token(
            &world,
            json!({
                "sub": "auth0:6f@host", "preferred_username": "Alice", "name": "Alice A.",
                "picture": "https://host/alice.png",
            }),
        );
        let users = at_once((0..20).map(|_| {
            let (world, alice) = (world.clone(), alice.clone());
            async move { me(&world, &alice).await }
        }))
        .await;
        let user = &users[0];
        assert!(users.iter().all(|other| other == user), "{engine:?}");
        assert_eq!((text(user, "id"), text(user, "username")), ("auth0:6f@host", "alice"), "{engine:?}");
        assert_eq!((text(user, "displayName"), text(user, "avatar")), ("Alice A.", "https://host/alice.png"));
        assert_eq!((text(user, "role"), text(user, "kind")), ("member", "person"));
    }
}

#[tokio::test]
async fn names_that_are_taken_get_a_mark() {
    for engine in ENGINES {
        let world = world(engine, trusting()).await;
        let mut names = HashSet::new();
        for n in 0..5 {
            let user =
                me(&world, &token(&world, json!({"sub": format!("u{n}"), "preferred_username": "alice"})))
                    .await;
            names.insert(text(&user, "username").to_owned());
        }
        assert_eq!(names.len(), 5, "{engine:?}");
        assert!(names.contains("alice") && names.iter().all(|name| name.starts_with("alice")), "{names:?}");
        let admin = me(&world, &token(&world, json!({"sub": "u9", "preferred_username": "admin"}))).await;
        assert!(text(&admin, "username").starts_with("admin-"), "{engine:?}");
    }
}

#[tokio::test]
async fn a_strange_profile_shuts_nobody_out() {
    let world = world(Engine::Sqlite, trusting()).await;
    for (n, strange) in [
        json!({"preferred_username": 7, "name": ["x"], "picture": {"url": "x"}}),
        json!({"preferred_username": null, "name": null, "picture": null}),
        json!({"preferred_username": "\u{202e}", "name": "\u{202e}evil", "picture": "javascript:alert(1)"}),
        json!({"preferred_username": "x".repeat(3000), "name": "", "sid": 5, "iat": "x"}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = strange;
        claims["sub"] = json!(format!("u{n}"));
        let user = me(&world, &token(&world, claims)).await;
        assert_eq!((&user["displayName"], &user["avatar"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test]
async fn a_later_token_changes_the_profile() {
    for engine in ENGINES {
        let world = world(engine, trusting()).await;
        let named =
            |name: &str| token(&world, json!({"sub": "u1", "name": name, "picture": "https://host/1.png"}));
        assert_eq!(text(&me(&world, &named("Alice")).await, "displayName"), "Alice");
        assert_eq!(text(&me(&world, &named("Alicia")).await, "displayName"), "Alice", "once a minute");
        let restarted = node(world.kernel.db.clone(), trusting()).await;
        let user = me(&restarted, &named("Alicia")).await;
        assert_eq!(
            (text(&user, "displayName"), text(&user, "avatar")),
            ("Alicia", "https://host/1.png"),
            "{engine:?}"
        );
        let silent = node(world.kernel.db.clone(), trusting()).await;
        let user = me(&silent, &token(&world, json!({"sub": "u1"}))).await;
        assert_eq!(text(&user, "displayName"), "Alicia", "what is not said stays");
    }
}

#[tokio::test]
async fn rights_come_from_the_stored_user_only() {
    let world = world(Engine::Sqlite, trusting()).await;
    let claims = json!({"sub": "u1", "role": "admin", "roles": ["admin"], "isAdmin": true, "scope": "admin"});
    let token = token(&world, claims);
    assert!(!world.identity(&token).await.is_admin);
    let promote = fireside_db::sql("UPDATE users SET role = 'admin' WHERE id = 'u1'");
    world.kernel.db.run(promote).await.expect("promoted");
    until("the role", async || world.identity(&token).await.is_admin).await;
    shut_out(&world, "u1").await;
    until("the end", async || !world.is_valid(&token).await).await;
}

#[tokio::test]
async fn nobody_speaks_as_the_server_itself() {
    let world = world(Engine::Sqlite, trusting()).await;
    let system = "INSERT INTO users (id, username, kind, role, origin, created_at, modified_at) \
                  VALUES ('the-server', 'the-server', 'system', 'admin', 'local', 1, 1)";
    world.kernel.db.run(fireside_db::sql(system)).await.expect("the server's own account");
    assert!(!world.is_valid(&token(&world, json!({"sub": "the-server"}))).await);
}

#[tokio::test]
async fn a_username_is_no_id() {
    let world = world(Engine::Sqlite, Settings { signup: Signup::Open, ..trusting() }).await;
    let alice = world.sign_up("alice").await.expect("an account");
    let user = me(&world, &token(&world, json!({"sub": "alice"}))).await;
    assert_ne!(user["id"], alice["user"]["id"]);
    assert_ne!(user["username"], alice["user"]["username"]);
    assert_eq!(reason(world.sign_up("Alice").await), Reason::Conflict);
}

#[tokio::test]
async fn what_needs_a_session_or_a_password_says_so() {
    let world = world(Engine::Sqlite, trusting()).await;
    let token = token(&world, claims("u1", 0));
    assert_eq!(reason(world.call_as(&token, "sessions.logout", json!({})).await), Reason::Conflict);
    let change = json!({"currentPassword": "", "newPassword": "battery staple"});
    assert_eq!(reason(world.call_as(&token, "sessions.password", change).await), Reason::Conflict);
    let list = world.call_as(&token, "sessions.list", json!({})).await.expect("a list");
    assert_eq!(list["items"], json!([]));
    assert_eq!(reason(world.log_in("u1", "").await), Reason::Unauthenticated);
}

/// Lets the first three transactions lose that add a user to this database, as after a deadlock.
async fn users_lose_races(db: &Db) {
    for statement in [
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION lose() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN IF nextval('tries') < 4 THEN \
         RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER lose BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION lose()",
    ] {
        db.run(fireside_db::sql(statement)).await.expect("a trigger");
    }
}

#[tokio::test]
async fn a_lost_race_is_no_reason_to_turn_somebody_away() {
    let claims = |world: &World| token(world, json!({"sub": "u1", "preferred_username": "alice"}));
    let world = world(Engine::Postgres, trusting()).await;
    users_lose_races(&world.kernel.db).await;
    assert_eq!(text(&me(&world, &claims(&world)).await, "username"), "alice");

    let world = super::world(Engine::Postgres, open()).await;
    users_lose_races(&world.kernel.db).await;
    assert_eq!(text(&world.sign_up("bob").await.expect("an account")["user"], "username"), "bob");

    let world = super::world(Engine::Postgres, Settings::default()).await;
    users_lose_races(&world.kernel.db).await;
    let setup = world.sessions.setup_token().await.expect("a token");
    let claim = json!({"token": setup, "username": "carol", "password": "correct horse"});
    let answer = world.call("sessions.claim", claim).await.expect("the server is taken");
    assert!(world.identity(access(&answer)).await.is_admin);
}
