//! Sessions: coming in, staying in, and being out for certain, on sockets too.

use std::time::{Duration, Instant};

use fireside_protocol::Request as _;
use fireside_protocol::sessions::{
    ChangePassword, EndSession, GetMe, ListSessions, Login, Logout, Refresh, Register,
};
use fireside_stories::client::{Call, Dial, Profile, Socket, Transport};
use fireside_stories::token::{host_token, sign};
use fireside_stories::world::PASSWORD;
use fireside_stories::{Door, Engine, World, engines, reason};
use serde_json::{Value, json};

engines!(
    one_signs_up_and_in,
    a_wrong_password_tells_nothing,
    a_refresh_token_works_once,
    signing_out_closes_the_sockets,
    signing_out_reaches_sockets_on_their_way_in,
    one_device_ends_another,
    a_new_password_ends_the_other_devices,
    a_socket_ends_with_its_token,
    a_newer_token_keeps_the_socket,
    bad_tokens_open_nothing,
    nothing_is_heard_before_authentication,
    the_tutorials_greeting_comes_in_order,
    a_second_token_beside_the_first_is_refused,
);

const IDIOMATIC: (Profile, Transport) = (Profile::Idiomatic, Transport::WebSocket);

async fn one_signs_up_and_in(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let (erin, answer) = world.registers("Erin").await;
    assert_eq!((&answer["user"]["username"], &answer["user"]["role"]), (&json!("erin"), &json!("member")));
    assert!(answer["expiresIn"].as_u64().is_some_and(|seconds| (1..=900).contains(&seconds)), "{answer}");
    assert_eq!(erin.gets("/auth/me").await["id"], erin.id());
    let taken = json!({ "username": "ERIN", "password": PASSWORD });
    assert_eq!(reason(world.stranger.tries(&Register::OPERATION, &taken).await), "conflict");
    let login = json!({ "username": "erin", "password": PASSWORD });
    let again = world.stranger.does(&Login::OPERATION, &login).await.body;
    let phone = world.device("erin's phone", &again);
    let sessions = phone.does(&ListSessions::OPERATION, &json!({})).await;
    assert_eq!(sessions.items().len(), 2);
    assert_eq!(sessions.items().iter().filter(|session| session["current"] == true).count(), 1);
    // What one device says, the other hears.
    for device in [&erin, &phone] {
        device.connects().await;
    }
    let note = erin.writes_to(&erin, "note").await;
    phone.hears("dm:new", |message| message["id"] == note.id.as_str()).await;
    world.close().await;
}

async fn a_wrong_password_tells_nothing(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    world.registers("erin").await;
    let mut answers = Vec::new();
    for (username, password) in [("erin", "not the password"), ("nobody", PASSWORD), ("alice", PASSWORD)] {
        let payload = json!({ "username": username, "password": password });
        answers.push(world.stranger.tries(&Login::OPERATION, &payload).await.expect_err("it let someone in"));
    }
    assert_eq!(answers[0].reason, "unauthenticated");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    for (username, password, field) in [("erin2", "short", "password"), ("a b", PASSWORD, "username")] {
        let payload = json!({ "username": username, "password": password });
        let refusal =
            world.stranger.tries(&Register::OPERATION, &payload).await.expect_err("it was accepted");
        assert_eq!((refusal.reason.as_str(), refusal.field.as_deref()), ("validation", Some(field)));
    }
    world.close().await;
}

async fn a_refresh_token_works_once(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let (erin, first) = world.registers("erin").await;
    let socket = erin.connects().await;
    let refresh = async |answer: &Value| {
        let payload = json!({ "refreshToken": answer["refreshToken"] });
        world.stranger.tries(&Refresh::OPERATION, &payload).await
    };
    let second = refresh(&first).await.expect("it was not used yet").body;
    assert_ne!(second["refreshToken"], first["refreshToken"]);
    // An answer may get lost: for a moment the same question has the same answer.
    let again = refresh(&first).await.expect("it was used just now").body;
    assert_eq!(again["refreshToken"], second["refreshToken"]);
    let third = refresh(&second).await.expect("it was not used yet").body;
    // Later a used token is a stolen one, and ends the session.
    world.house().shift_clock(11_000);
    assert_eq!(reason(refresh(&first).await), "unauthenticated");
    socket.heard().wait(0, "session:ended", |told| told["reason"] == "revoked").await;
    erin.is_put_out().await;
    assert_eq!(reason(refresh(&third).await), "unauthenticated");
    assert_eq!(reason(erin.tries(&GetMe::OPERATION, &json!({})).await), "unauthenticated");
    world.close().await;
}

async fn signing_out_closes_the_sockets(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let (erin, _) = world.registers("erin").await;
    let login = json!({ "username": "erin", "password": PASSWORD });
    let phone = world.device("erin's phone", &world.stranger.does(&Login::OPERATION, &login).await.body);
    phone.connects().await;
    for way in
        [IDIOMATIC, (Profile::Tutorial, Transport::WebSocket), (Profile::Idiomatic, Transport::Polling)]
    {
        erin.connects_by(way).await;
    }
    erin.does(&Logout::OPERATION, &json!({})).await;
    let since = Instant::now();
    for socket in erin.sockets() {
        socket.closed_within(Duration::from_secs(2)).await;
        let ended = socket.heard().since(0).into_iter().any(|event| event.name == "session:ended");
        assert!(ended, "the socket was not told why");
    }
    assert!(since.elapsed() < Duration::from_secs(2), "it took {:?}", since.elapsed());
    assert_eq!(reason(erin.tries(&GetMe::OPERATION, &json!({})).await), "unauthenticated");
    assert!(erin.tries_to_connect(IDIOMATIC).await.is_err(), "the token still opens a socket");
    // The other device stays.
    phone.writes_to(&world.bob, "still here").await;
    phone.fence().await;
    world.close().await;
}

async fn signing_out_reaches_sockets_on_their_way_in(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    for round in 0..12 {
        let (erin, _) = world.registers(&format!("erin{round}")).await;
        // Some are in before the end, some come too late, and some are between their check and the hall.
        let arriving = async {
            for _ in 0..4 {
                let _refused_or_in = erin.tries_to_connect(IDIOMATIC).await;
            }
        };
        let nothing = json!({});
        tokio::join!(arriving, erin.does(&Logout::OPERATION, &nothing));
        erin.is_put_out().await;
    }
    world.close().await;
}

async fn one_device_ends_another(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let (erin, _) = world.registers("erin").await;
    let (frank, _) = world.registers("frank").await;
    let login = json!({ "username": "erin", "password": PASSWORD });
    let phone = world.device("erin's phone", &world.stranger.does(&Login::OPERATION, &login).await.body);
    phone.connects().await;
    let sessions = erin.does(&ListSessions::OPERATION, &json!({})).await;
    let other = sessions.items().iter().find(|session| session["current"] == false);
    let end = json!({ "sessionId": other.expect("two devices")["id"] });
    assert_eq!(reason(frank.tries(&EndSession::OPERATION, &end).await), "not_found");
    erin.does(&EndSession::OPERATION, &end).await;
    phone.is_put_out().await;
    assert_eq!(reason(phone.tries(&GetMe::OPERATION, &json!({})).await), "unauthenticated");
    assert_eq!(reason(erin.tries(&EndSession::OPERATION, &end).await), "not_found");
    assert_eq!(erin.does(&ListSessions::OPERATION, &json!({})).await.items().len(), 1);
    world.close().await;
}

async fn a_new_password_ends_the_other_devices(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let (erin, _) = world.registers("erin").await;
    let login = |password: &str| json!({ "username": "erin", "password": password });
    let answer = world.stranger.does(&Login::OPERATION, &login(PASSWORD)).await.body;
    let phone = world.device("erin's phone", &answer);
    for device in [&erin, &phone] {
        device.connects().await;
    }
    let change = |current: &str| json!({ "currentPassword": current, "newPassword": "another good one" });
    assert_eq!(reason(erin.tries(&ChangePassword::OPERATION, &change("wrong")).await), "forbidden");
    erin.does(&ChangePassword::OPERATION, &change(PASSWORD)).await;
    phone.is_put_out().await;
    erin.fence().await;
    assert_eq!(reason(world.stranger.tries(&Login::OPERATION, &login(PASSWORD)).await), "unauthenticated");
    world.stranger.does(&Login::OPERATION, &login("another good one")).await;
    let answer =
        world.stranger.tries(&Refresh::OPERATION, &json!({ "refreshToken": answer["refreshToken"] })).await;
    assert_eq!(reason(answer), "unauthenticated");
    world.close().await;
}

async fn a_socket_ends_with_its_token(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let now = world.house().now().as_seconds();
    world.dave.take_token(&host_token("dave", now + 30));
    let socket = world.dave.connects().await;
    world.house().shift_clock(31_000);
    socket.heard().wait(0, "session:ended", |told| told["reason"] == "expired").await;
    socket.closed_within(Duration::from_secs(5)).await;
    // The clock of the host application may differ a little, but not by a minute.
    world.house().shift_clock(60_000);
    assert_eq!(
        reason(world.dave.tries_by(Door::Rest, &GetMe::OPERATION, &json!({})).await),
        "unauthenticated"
    );
    world.house().shift_clock(-91_000);
    world.close().await;
}

async fn a_newer_token_keeps_the_socket(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let now = world.house().now().as_seconds();
    world.bob.take_token(&host_token("bob", now + 30));
    let socket = world.bob.connects().await;
    let authenticate = async |token: String| socket.call("authenticate", &json!({ "token": token })).await;
    let others = authenticate(host_token("mallory", now + 3600)).await;
    assert_eq!(others["error"]["reason"], "forbidden", "{others}");
    let bad = authenticate("not.a.token".to_owned()).await;
    assert_eq!(bad["error"]["reason"], "unauthenticated", "{bad}");
    assert_eq!(authenticate(host_token("bob", now + 3600)).await, json!({ "ok": true }));
    world.house().shift_clock(31_000);
    // The sweep comes round once a second: another socket whose token has ended is closed by it.
    world.bob.take_token(&host_token("bob", now + 32));
    let other = world.bob.connects().await;
    world.house().shift_clock(2_000);
    other.closed_within(Duration::from_secs(5)).await;
    assert!(!socket.heard().is_over(), "the newer token did not count");
    world.house().shift_clock(-33_000);
    world.bob.take_token(&host_token("bob", now + 3600));
    world.close().await;
}

async fn bad_tokens_open_nothing(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let now = world.house().now().as_seconds();
    let good = host_token("alice", now + 60);
    let (body, signature) = good.rsplit_once('.').expect("three parts");
    let none = "eyJhbGciOiJub25lIn0";
    let payload = body.split_once('.').expect("two parts").1;
    let bad = [
        host_token("alice", now - 60),
        sign(&json!({ "sub": "alice" })),
        sign(&json!({ "sub": "a b", "exp": now + 60 })),
        format!("{body}.{}", signature.chars().rev().collect::<String>()),
        format!("{none}.{payload}."),
        "x".repeat(10_000),
    ];
    let address = *world.house().address.lock();
    for token in &bad {
        let call = Call { method: "GET", path: "/auth/me", token: Some(token), ..Call::default() };
        let reply = world.stranger.calls(call).await;
        assert_eq!(reply.status, 401, "{token:.80}: {}", reply.text);
        for (profile, transport) in [IDIOMATIC, (Profile::Tutorial, Transport::WebSocket)] {
            let dial = Dial { address, profile, transport, token: Some(token), name: "a forger" };
            let refusal = Socket::connect(&dial).await.expect_err("a bad token opened a socket");
            assert!(refusal["message"].is_string() || refusal.is_string(), "{refusal}");
        }
    }
    let reply = world.stranger.calls(Call { method: "GET", path: "/auth/me", ..Call::default() }).await;
    assert_eq!(reply.status, 401);
    world.close().await;
}

async fn nothing_is_heard_before_authentication(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, den, .. } = &world;
    let address = *world.house().address.lock();
    let dial =
        |profile| Dial { address, profile, transport: Transport::WebSocket, token: None, name: "a stranger" };
    let refusal = Socket::open(&dial(Profile::Idiomatic)).await.expect_err("a stranger was let in");
    assert_eq!(refusal["data"]["reason"], "unauthenticated", "{refusal}");
    let stranger =
        Socket::open(&dial(Profile::Tutorial)).await.expect("the tutorial's clients connect first");
    for (event, payload) in [
        ("message:send", json!({ "roomId": den.id, "content": den.spoken("hi") })),
        ("room:list", json!({})),
        ("join", json!({ "rooms": [format!("room:{}", den.id)] })),
        ("no:such:event", json!({})),
    ] {
        let answer = stranger.call(event, &payload).await;
        assert_eq!(
            (&answer["ok"], &answer["error"]["reason"]),
            (&json!(false), &json!("unauthorized")),
            "{event}"
        );
    }
    stranger.emit("message:send", Some(&json!({ "roomId": den.id, "content": den.spoken("hi") }))).await;
    alice.sends("secret").await;
    bob.sees("secret").await;
    bob.fence().await;
    // One answer more comes after everything that might have been told.
    stranger.call("room:list", &json!({})).await;
    assert!(stranger.heard().since(0).is_empty(), "{:?}", stranger.heard().since(0));
    stranger.emit("authenticate", Some(&json!({ "token": "not.a.token" }))).await;
    stranger
        .heard()
        .wait(0, "unauthenticated", |told| told["message"].is_string() && told["time"].is_string())
        .await;
    stranger.closed_within(Duration::from_secs(2)).await;
    world.close().await;
}

async fn the_tutorials_greeting_comes_in_order(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let World { alice, bob, .. } = &world;
    let socket = alice.socket();
    socket.heard().wait(0, "authenticated", |told| told["id"] == socket.id()).await;
    let told = socket.heard().since(0);
    let names: Vec<&str> = told[..2].iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["ping", "authenticated"]);
    assert!(told[..2].iter().all(|event| event.payload["time"].is_string()), "{told:?}");
    // Authenticating twice does nothing.
    assert_eq!(socket.call("authenticate", &Value::Null).await, json!({ "ok": true }));
    alice.fence().await;
    let again = socket.heard().since(2).into_iter().filter(|event| event.name == "authenticated").count();
    assert_eq!(again, 0);
    // The idiomatic profile has neither event.
    bob.fence().await;
    bob.is_not_told("the tutorial's events", |event| {
        ["ping", "authenticated"].contains(&event.name.as_str())
    })
    .await;
    world.close().await;
}

async fn a_second_token_beside_the_first_is_refused(engine: Engine) {
    let world = World::new(engine, Door::Socket).await;
    let headers = [("authorization", "Bearer one"), ("authorization", "Bearer two")];
    let call = Call { method: "GET", path: "/auth/me", headers: &headers, ..Call::default() };
    let reply = world.stranger.calls(call).await;
    assert!([400, 401].contains(&reply.status), "{} {}", reply.status, reply.text);
    world.close().await;
}
