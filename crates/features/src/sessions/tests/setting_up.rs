//! The first administrator, and invites.

use serde_json::json;

use super::*;

fn claim(token: &str, username: &str) -> Value {
    json!({"token": token, "username": username, "password": "correct horse"})
}

#[tokio::test]
async fn a_new_server_is_claimed_once() {
    for engine in ENGINES {
        let world = world(engine, Settings::default()).await;
        let token = world.sessions.setup_token().await.expect("a token");
        assert_eq!(reason(world.call("sessions.claim", claim("guessed", "admin")).await), Reason::NotFound);
        let answer = world.call("sessions.claim", claim(&token, "admin")).await.expect("claimed");
        assert_eq!(text(&answer["user"], "role"), "admin");
        assert!(world.identity(access(&answer)).await.is_admin, "{engine:?}");
        assert_eq!(reason(world.call("sessions.claim", claim(&token, "second")).await), Reason::Gone);
        assert_eq!(world.sessions.setup_token().await, None);
        assert_eq!(node(world.kernel.db.clone(), open()).await.sessions.setup_token().await, None);
    }
}

#[tokio::test]
async fn of_many_who_claim_one_does() {
    for engine in ENGINES {
        let world = Arc::new(world(engine, Settings::default()).await);
        let token = world.sessions.setup_token().await.expect("a token");
        let outcomes = at_once((0..10).map(|n| {
            let (world, token) = (world.clone(), token.clone());
            async move { world.call("sessions.claim", claim(&token, &format!("admin{n}"))).await }
        }))
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "{engine:?}");
        assert!(lost.into_iter().all(|outcome| reason(outcome) == Reason::Gone), "{engine:?}");
        let users: Vec<(String,)> =
            world.kernel.db.all(fireside_db::sql("SELECT username FROM users")).await.expect("users");
        assert_eq!(users.len(), 1, "{engine:?}");
    }
}

#[tokio::test]
async fn the_token_of_every_node_claims_the_server_until_one_did() {
    for engine in ENGINES {
        for first in [0, 1] {
            let world = world(engine, Settings::default()).await;
            let other = node(world.kernel.db.clone(), Settings::default()).await;
            let tokens = [world.sessions.setup_token().await, other.sessions.setup_token().await];
            let [one, two] = tokens.map(|token| token.expect("a token"));
            assert_ne!(one, two);
            let (used, left) = if first == 0 { (&one, &two) } else { (&two, &one) };
            assert!(world.call("sessions.claim", claim(used, "admin")).await.is_ok(), "{engine:?}");
            assert_eq!(reason(other.call("sessions.claim", claim(left, "second")).await), Reason::Gone);
        }
    }
}

#[tokio::test]
async fn a_setup_token_is_good_for_an_hour() {
    let world = world(Engine::Sqlite, Settings::default()).await;
    let old = world.sessions.setup_token().await.expect("a token");
    world.kernel.clock.shift_ms(60 * 60 * 1000);
    assert_eq!(reason(world.call("sessions.claim", claim(&old, "admin")).await), Reason::Gone);
    let newest = world.sessions.setup_token().await.expect("a token");
    assert!(world.call("sessions.claim", claim(&newest, "admin")).await.is_ok());
}

#[tokio::test]
async fn a_name_that_is_taken_leaves_the_server_to_be_claimed() {
    let world = world(Engine::Sqlite, open()).await;
    world.sign_up("alice").await.expect("an account");
    let token = world.sessions.setup_token().await.expect("members do not claim a server");
    assert_eq!(reason(world.call("sessions.claim", claim(&token, "alice")).await), Reason::Conflict);
    assert!(world.call("sessions.claim", claim(&token, "bob")).await.is_ok());
}

#[tokio::test]
async fn the_command_line_claims_as_well() {
    let world = world(Engine::Sqlite, Settings::default()).await;
    let token = world.sessions.setup_token().await.expect("a token");
    world
        .sessions
        .create_admin(username("admin"), None, &password("correct horse"))
        .await
        .expect("an account");
    assert_eq!(reason(world.call("sessions.claim", claim(&token, "second")).await), Reason::Gone);
    assert_eq!(world.sessions.setup_token().await, None);
    let second = world.sessions.create_admin(username("second"), None, &password("correct horse")).await;
    assert!(second.is_ok(), "a server may have several");
}

#[tokio::test]
async fn setup_tokens_cannot_be_guessed_for_long() {
    let world = world(Engine::Sqlite, Settings::default()).await;
    let token = world.sessions.setup_token().await.expect("a token");
    for _ in 0..5 {
        assert_eq!(reason(world.call("sessions.claim", claim("guessed", "admin")).await), Reason::NotFound);
    }
    assert_eq!(reason(world.call("sessions.claim", claim("guessed", "admin")).await), Reason::RateLimited);
    let elsewhere =
        world.call_from("192.0.2.1", Actor::Anonymous, "sessions.claim", claim(&token, "admin")).await;
    assert!(elsewhere.is_ok(), "whoever has the token is not kept out");
}

#[tokio::test]
async fn who_claims_a_server_says_who_may_join() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let token = world.sessions.setup_token().await.expect("a token");
        for wrong in [json!({}), json!({ "token": "guessed" })] {
            assert_eq!(reason(world.call("sessions.check_setup", wrong).await), Reason::Unauthenticated);
        }
        let rule = world.call("sessions.check_setup", json!({ "token": &token })).await.expect("a rule");
        assert_eq!((text(&rule, "signup"), &rule["isFixed"]), ("open", &json!(false)));
        let mut asked = claim(&token, "admin");
        asked["signup"] = json!("everybody");
        assert_eq!(reason(world.call("sessions.claim", asked.clone()).await), Reason::Validation);
        asked["signup"] = json!("invite");
        world.call("sessions.claim", asked).await.expect("claimed");
        assert_eq!(reason(world.sign_up("alice").await), Reason::Forbidden, "{engine:?}");
        let other = node(world.kernel.db.clone(), open()).await;
        assert_eq!(reason(other.sign_up("alice").await), Reason::Forbidden, "on every node: {engine:?}");
        let fixed = node(world.kernel.db.clone(), Settings { is_signup_fixed: true, ..open() }).await;
        assert!(fixed.sign_up("alice").await.is_ok(), "the operator has the last word: {engine:?}");
    }
}

#[tokio::test]
async fn what_the_operator_said_is_not_chosen() {
    let world = world(Engine::Sqlite, Settings { is_signup_fixed: true, ..open() }).await;
    let token = world.sessions.setup_token().await.expect("a token");
    let rule = world.call("sessions.check_setup", json!({ "token": &token })).await.expect("a rule");
    assert_eq!((text(&rule, "signup"), &rule["isFixed"]), ("open", &json!(true)));
    let mut asked = claim(&token, "admin");
    asked["signup"] = json!("closed");
    assert_eq!(reason(world.call("sessions.claim", asked.clone()).await), Reason::Validation);
    asked["signup"] = json!("open");
    assert!(world.call("sessions.claim", asked).await.is_ok(), "the token is still good");
}

#[tokio::test]
async fn a_server_begins_with_two_rooms_or_with_samples() {
    for (samples, names) in [
        (json!(null), vec!["General", "Lounge"]),
        (json!(true), vec!["Announcements", "General", "Lounge", "Questions"]),
    ] {
        let world = world(Engine::Sqlite, Settings::default()).await;
        let token = world.sessions.setup_token().await.expect("a token");
        let mut asked = claim(&token, "admin");
        if samples == json!(true) {
            asked["sampleRooms"] = samples;
        }
        let answer = world.call("sessions.claim", asked).await.expect("claimed");
        let mut rooms = rooms_of(&world, access(&answer)).await;
        rooms.sort();
        assert_eq!(rooms, names);
    }
}

/// Which of the first steps were taken; null once they were put away.
async fn steps(node: &Node, admin: &str) -> Value {
    let answer = node.call_as(admin, "sessions.first_steps", json!({})).await.expect("steps");
    answer["steps"].clone()
}

#[tokio::test]
async fn first_steps_tick_themselves_until_they_are_put_away() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let admin = admin(&world).await;
        let taken = |has_invited, has_service| json!({"hasInvited": has_invited, "hasService": has_service});
        assert_eq!(steps(&world, &admin).await, taken(false, false), "{engine:?}");
        world.call_as(&admin, "sessions.invite", json!({})).await.expect("an invite");
        assert_eq!(steps(&world, &admin).await, taken(true, false), "{engine:?}");
        world.sessions.create_service_token("bot", "alerts", 1).await.expect("a token");
        assert_eq!(steps(&world, &admin).await, taken(true, true), "{engine:?}");
        for _ in 0..2 {
            world.call_as(&admin, "sessions.dismiss_first_steps", json!({})).await.expect("put away");
            assert_eq!(steps(&world, &admin).await, Value::Null, "{engine:?}");
        }
        let other = node(world.kernel.db.clone(), open()).await;
        assert_eq!(steps(&other, &admin).await, Value::Null, "for good: {engine:?}");
    }
}

#[tokio::test]
async fn who_came_without_an_invite_is_company_too() {
    let world = world(Engine::Sqlite, open()).await;
    let admin = admin(&world).await;
    let alice = world.sign_up("alice").await.expect("an account");
    assert_eq!(steps(&world, &admin).await["hasInvited"], true);
    for name in ["sessions.first_steps", "sessions.dismiss_first_steps"] {
        assert_eq!(reason(world.call_as(access(&alice), name, json!({})).await), Reason::Forbidden);
    }
}

/// The access token of an administrator.
async fn admin(node: &Node) -> String {
    node.sessions.create_admin(username("root"), None, &password("correct horse")).await.expect("an account");
    access(&node.log_in("root", "correct horse").await.expect("signed in")).to_owned()
}

fn sign_up(username: &str, code: &str) -> Value {
    json!({"username": username, "password": "correct horse", "invite": code})
}

#[tokio::test]
async fn an_invite_lets_in_as_many_as_it_says() {
    for engine in ENGINES {
        let world = Arc::new(world(engine, Settings { signup: Signup::Invite, ..open() }).await);
        let admin = admin(&world).await;
        assert_eq!(reason(world.sign_up("alice").await), Reason::Forbidden);
        assert_eq!(
            reason(world.call("sessions.register", sign_up("alice", "guessed")).await),
            Reason::NotFound
        );
        let invite = world.call_as(&admin, "sessions.invite", json!({"uses": 3})).await.expect("an invite");
        assert_eq!(invite["usesLeft"], 3);
        let outcomes = at_once((0..8).map(|n| {
            let (world, code) = (world.clone(), text(&invite, "code").to_owned());
            async move { world.call("sessions.register", sign_up(&format!("user{n}"), &code)).await }
        }))
        .await;
        let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 3, "{engine:?}");
        assert!(refused.into_iter().all(|outcome| reason(outcome) == Reason::Gone), "{engine:?}");
        let stored: Vec<(String,)> =
            world.kernel.db.all(fireside_db::sql("SELECT code_hash FROM invites")).await.expect("invites");
        assert_ne!(stored[0].0, text(&invite, "code"));
    }
}

#[tokio::test]
async fn a_failed_sign_up_uses_no_invite() {
    for engine in ENGINES {
        let world = world(engine, Settings { signup: Signup::Invite, ..open() }).await;
        let admin = admin(&world).await;
        let invite = world.call_as(&admin, "sessions.invite", json!({})).await.expect("an invite");
        let code = text(&invite, "code");
        assert_eq!(reason(world.call("sessions.register", sign_up("root", code)).await), Reason::Conflict);
        assert!(world.call("sessions.register", sign_up("alice", code)).await.is_ok(), "{engine:?}");
        assert_eq!(reason(world.call("sessions.register", sign_up("bob", code)).await), Reason::Gone);
    }
}

/// Signs up with an invite to a room, and reads which rooms one is a member of.
async fn rooms_after(node: &Node, username: &str, code: &str) -> Vec<String> {
    let answer = node.call("sessions.register", sign_up(username, code)).await.expect("an account");
    rooms_of(node, access(&answer)).await
}

/// Names of the rooms that somebody is a member of.
async fn rooms_of(node: &Node, token: &str) -> Vec<String> {
    let rooms = node.call_as(token, "rooms.list", json!({})).await.expect("rooms");
    rooms["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no list: {rooms}"))
        .iter()
        .map(|room| text(room, "name").to_owned())
        .collect()
}

#[tokio::test]
async fn an_invite_leads_to_its_room() {
    for engine in ENGINES {
        let world = world(engine, Settings { signup: Signup::Invite, ..open() }).await;
        let admin = admin(&world).await;
        let secret = json!({"name": "Secret", "isPrivate": true});
        let secret = world.call_as(&admin, "rooms.create", secret).await.expect("a room");
        for (username, room, name) in
            [("alice", "general", "General"), ("bob", text(&secret, "id"), "Secret")]
        {
            let asked = json!({"roomId": room, "uses": 2});
            let invite = world.call_as(&admin, "sessions.invite", asked).await.expect("an invite");
            let code = text(&invite, "code");
            assert_eq!(rooms_after(&world, username, code).await, [name], "{engine:?}");
            if name == "Secret" {
                world.call_as(&admin, "rooms.delete", json!({"roomId": room})).await.expect("deleted");
                assert!(rooms_after(&world, "carol", code).await.is_empty(), "in all the same: {engine:?}");
            }
        }
    }
}

#[tokio::test]
async fn who_may_not_admit_to_a_room_invites_nobody_to_it() {
    let world = world(Engine::Sqlite, open()).await;
    let admin = admin(&world).await;
    let alice = world.sign_up("alice").await.expect("an account");
    let private = json!({"name": "Hers", "isPrivate": true});
    let hers = world.call_as(access(&alice), "rooms.create", private).await.expect("a room");
    let invite = |room: &str| world.call_as(&admin, "sessions.invite", json!({"roomId": room}));
    assert_eq!(reason(invite(text(&hers, "id")).await), Reason::NotFound, "not even its existence");
    assert_eq!(reason(invite("nowhere").await), Reason::NotFound);
    let member = json!({"roomId": hers["id"], "userId": "root"});
    world.call_as(access(&alice), "members.set", member).await.expect("a member");
    assert_eq!(reason(invite(text(&hers, "id")).await), Reason::Forbidden);
}

#[tokio::test]
async fn where_sign_up_is_open_an_invite_only_leads() {
    let world = world(Engine::Sqlite, open()).await;
    let admin = admin(&world).await;
    let asked = json!({"roomId": "general"});
    let invite = world.call_as(&admin, "sessions.invite", asked).await.expect("an invite");
    assert_eq!(rooms_after(&world, "alice", text(&invite, "code")).await, ["General"]);
    assert!(
        rooms_after(&world, "bob", text(&invite, "code")).await.is_empty(),
        "it is used up, and not needed"
    );
    assert!(rooms_after(&world, "carol", "guessed").await.is_empty());
}

#[tokio::test]
async fn invites_end() {
    let world = world(Engine::Sqlite, Settings { signup: Signup::Invite, ..open() }).await;
    let admin = admin(&world).await;
    let invite = world.call_as(&admin, "sessions.invite", json!({"hours": 1})).await.expect("an invite");
    world.kernel.clock.shift_ms(60 * 60 * 1000);
    let late = world.call("sessions.register", sign_up("alice", text(&invite, "code"))).await;
    assert_eq!(reason(late), Reason::Gone);
}

#[tokio::test]
async fn only_administrators_invite_and_within_bounds() {
    let world = world(Engine::Sqlite, open()).await;
    let admin = admin(&world).await;
    let alice = world.sign_up("alice").await.expect("an account");
    assert_eq!(reason(world.call("sessions.invite", json!({})).await), Reason::Unauthenticated);
    assert_eq!(reason(world.call_as(access(&alice), "sessions.invite", json!({})).await), Reason::Forbidden);
    for bad in [
        json!({"uses": 0}),
        json!({"uses": 1001}),
        json!({"hours": 0}),
        json!({"hours": 8761}),
        json!({"uses": -1}),
    ] {
        assert_eq!(reason(world.call_as(&admin, "sessions.invite", bad).await), Reason::Validation);
    }
}

#[tokio::test]
async fn who_has_an_account_follows_an_invite_into_its_room() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let admin = admin(&world).await;
        let secret = json!({"name": "Secret", "isPrivate": true});
        let secret = world.call_as(&admin, "rooms.create", secret).await.expect("a room");
        let asked = json!({"roomId": text(&secret, "id"), "uses": 2});
        let invite = world.call_as(&admin, "sessions.invite", asked).await.expect("an invite");
        let code = json!({"code": text(&invite, "code")});
        let left = || async { world.call("sessions.check_invite", code.clone()).await.expect("a preview") };
        let preview = left().await;
        assert_eq!((text(&preview, "host"), &preview["usesLeft"]), ("root", &json!(2)), "{engine:?}");
        assert_eq!((text(&preview["room"], "name"), &preview["room"]["memberCount"]), ("Secret", &json!(1)));

        let people = ["alice", "bob", "carol"];
        let mut tokens = Vec::new();
        for name in people {
            tokens.push(access(&world.sign_up(name).await.expect("an account")).to_owned());
        }
        for _ in 0..2 {
            let answer = world.call_as(&tokens[0], "sessions.accept_invite", code.clone()).await.expect("in");
            assert_eq!(answer["roomId"], secret["id"]);
            assert_eq!(left().await["usesLeft"], 1, "once for each person: {engine:?}");
        }
        assert_eq!(rooms_of(&world, &tokens[0]).await, ["Secret"]);
        world.call_as(&tokens[1], "sessions.accept_invite", code.clone()).await.expect("in");
        let third = world.call_as(&tokens[2], "sessions.accept_invite", code.clone()).await;
        assert_eq!(reason(third), Reason::Gone, "{engine:?}");
        assert!(rooms_of(&world, &tokens[2]).await.is_empty());
        assert_eq!(reason(world.call("sessions.check_invite", code).await), Reason::Gone);
    }
}

#[tokio::test]
async fn who_accepts_many_times_at_once_uses_an_invite_once() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let admin = admin(&world).await;
        let asked = json!({"roomId": "general", "uses": 20});
        let invite = world.call_as(&admin, "sessions.invite", asked).await.expect("an invite");
        let code = json!({"code": text(&invite, "code")});
        let alice = world.sign_up("alice").await.expect("an account");
        let tries = (0..10).map(|_| world.call_as(access(&alice), "sessions.accept_invite", code.clone()));
        for answer in futures_util::future::join_all(tries).await {
            assert_ne!(answer.expect("in")["roomId"], Value::Null);
        }
        let preview = world.call("sessions.check_invite", code.clone()).await.expect("a preview");
        assert_eq!(preview["usesLeft"], 19, "{engine:?}");

        let demote = fireside_db::sql("UPDATE users SET role = 'member' WHERE username = 'root'");
        assert_eq!(world.kernel.db.run(demote).await, Ok(1));
        assert_eq!(reason(world.call("sessions.check_invite", code).await), Reason::Gone, "{engine:?}");
    }
}

#[tokio::test]
async fn an_invite_tells_nothing_to_who_has_none() {
    for engine in ENGINES {
        let world = world(engine, open()).await;
        let admin = admin(&world).await;
        let alice = world.sign_up("alice").await.expect("an account");
        let guessed = json!({"code": "guessed"});
        assert_eq!(reason(world.call("sessions.check_invite", json!({})).await), Reason::Unauthenticated);
        assert_eq!(reason(world.call("sessions.check_invite", guessed.clone()).await), Reason::NotFound);
        assert_eq!(
            reason(world.call("sessions.accept_invite", guessed.clone()).await),
            Reason::Unauthenticated
        );
        let tried = world.call_as(access(&alice), "sessions.accept_invite", guessed).await;
        assert_eq!(reason(tried), Reason::NotFound, "{engine:?}");

        // To the server only, or to a room that is gone: nothing to join, and nothing used up.
        let room = world.call_as(&admin, "rooms.create", json!({"name": "Short"})).await.expect("a room");
        for asked in [json!({}), json!({"roomId": text(&room, "id")})] {
            let invite = world.call_as(&admin, "sessions.invite", asked).await.expect("an invite");
            if invite["roomId"] != Value::Null {
                world
                    .call_as(&admin, "rooms.delete", json!({"roomId": text(&room, "id")}))
                    .await
                    .expect("deleted");
            }
            let code = json!({"code": text(&invite, "code")});
            let answer = world.call_as(access(&alice), "sessions.accept_invite", code.clone()).await;
            assert_eq!(answer.expect("an answer")["roomId"], Value::Null, "{engine:?}");
            let preview = world.call("sessions.check_invite", code).await.expect("a preview");
            assert_eq!((&preview["room"], &preview["usesLeft"]), (&Value::Null, &json!(1)), "{engine:?}");
        }
    }
}
