//! Namespaces, CONNECT and DISCONNECT, and packets that break the protocol.

use fireside_socketio::Config;

use crate::support::{World, config};

#[tokio::test(flavor = "multi_thread")]
async fn namespaces_are_joined_and_left_one_by_one() {
    let world = World::new().await;
    let mut client = world.open().await;
    for (connect, answer) in [("40", "40{\"sid\":\""), ("40/custom", "40/custom,{\"sid\":\"")] {
        client.send(connect).await;
        let received = client.receive().await;
        assert!(received.starts_with(answer) && received.ends_with("\"}"), "{received}");
        world.reports("connected anybody").await;
    }
    client.send("42/custom,7[\"echo\",1]").await;
    client.receives("42/custom,[\"echoed\",1]").await;
    client.receives("43/custom,7[1]").await;
    client.send("41/custom").await;
    world.reports("disconnected anybody: client namespace disconnect").await;
    client.send("42[\"echo\",2]").await;
    client.receives("42[\"echoed\",2]").await;
    client.send("40/custom,{\"name\":\"again\"}").await;
    assert!(client.receive().await.starts_with("40/custom,{"));
    world.reports("connected again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_the_default_namespace_keeps_the_connection() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    client.send("41").await;
    world.reports("disconnected alice: client namespace disconnect").await;
    client.send("40{\"name\":\"bob\"}").await;
    assert!(client.receive().await.starts_with("40{"));
    world.reports("connected bob").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_namespaces_are_refused_in_the_words_of_the_original() {
    let world = World::new().await;
    let mut client = world.open().await;
    client.send("40/random").await;
    client.receives("44/random,{\"message\":\"Invalid namespace\"}").await;
    let long = format!("/{}", "ä".repeat(50_000));
    client.send(&format!("40{long},")).await;
    let shown = format!("/{}", "ä".repeat(63));
    client.receives(&format!("44{shown},{{\"message\":\"Invalid namespace\"}}")).await;
    for _ in 2..10 {
        client.send("40/random").await;
        client.receives("44/random,{\"message\":\"Invalid namespace\"}").await;
    }
    client.send("40/random").await;
    assert_eq!(client.closed().await, Some(1008));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_client_learns_why() {
    let world = World::new().await;
    let mut client = world.open().await;
    client.send("40{\"refuse\":true}").await;
    client.receives("44{\"message\":\"not you\",\"data\":{\"code\":7}}").await;
    client.send("40{\"name\":\"alice\"}").await;
    assert!(client.receive().await.starts_with("40{"), "another try is allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_may_follow_the_connect_without_waiting() {
    let world = World::new().await;
    let mut client = world.open().await;
    client.send("40{\"wait\":true,\"name\":\"hasty\"}").await;
    client.send("42[\"echo\",1]").await;
    world.reports("connecting").await;
    world.reports_nothing().await;
    world.server.handler().gate.add_permits(1);
    world.reports("connected hasty").await;
    assert!(client.receive().await.starts_with("40{"));
    client.receives("42[\"echoed\",1]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_that_break_the_protocol_close_the_connection() {
    for packet in [
        "4abc",
        "4",
        "47",
        "4x",
        "44{}",
        "43[]",
        "4312",
        "42",
        "42{}",
        "42\"x\"",
        "42[]",
        "42[null]",
        "42[{}]",
        "42[[\"x\"]]",
        "42[\"x\"",
        "42[\"x\"]]",
        "42abc[\"x\"]",
        "42-1[\"x\"]",
        "421.5[\"x\"]",
        "42[\"disconnect\"]",
        "42[\"\\ud800\"]",
        "42[\"x\",\"\\udc00\"]",
        "4212345678901234567890[\"x\"]",
        "429007199254740992[\"x\"]",
        "450-[\"x\"]",
        "45-[\"x\"]",
        "4511-[\"x\"]",
        "451-[\"x\",{\"_placeholder\":true,\"num\":1}]",
        "40",
        "40[]",
        "41{}",
        "41/custom",
        "42/custom,[\"x\"]",
        "42/random,[\"x\"]",
        "2",
        "2probe",
        "5",
        "0{}",
        "7",
        "abc",
        "",
    ] {
        let world = World::new().await;
        let mut client = world.join("mallory").await;
        client.send(packet).await;
        assert_eq!(client.closed().await, Some(1008), "{packet}");
        world.reports("disconnected mallory: parse error").await;
        drop(client);
        world.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_a_connect_may_come_first() {
    for packet in ["42[\"note\",1]", "41", "431[]", "40[]", "40\"x\"", "401", "40null", "40{", "4abc"] {
        let world = World::new().await;
        let mut client = world.open().await;
        client.send(packet).await;
        assert_eq!(client.closed().await, Some(1008), "{packet}");
        world.reports_nothing().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nesting_is_limited() {
    let world = World::new().await;
    let nested = |depth: usize| format!("42[\"echo\",{}{}]", "[".repeat(depth), "]".repeat(depth));
    let mut client = world.join("alice").await;
    client.send(&nested(127)).await;
    assert!(client.receive().await.starts_with("42[\"echoed\",[[["));
    client.send(&nested(128)).await;
    assert_eq!(client.closed().await, Some(1008));
    let mut client = world.open().await;
    client.send(&nested(400_000)).await;
    assert_eq!(client.closed().await, Some(1008));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_as_names_and_noops_are_ignored() {
    let world = World::new().await;
    let mut client = world.join("alice").await;
    client.send("42[1]").await;
    client.send("42[1.5e3,\"x\"]").await;
    client.send("6").await;
    client.send("4399[1]").await;
    client.ask(1, "[\"join\",\"r\"]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_its_connection_and_nothing_else() {
    let world = World::new().await;
    let mut bystander = world.join("bob").await;
    let mut client = world.join("alice").await;
    client.send("42[\"panic\"]").await;
    assert_eq!(client.closed().await, Some(1011));
    world.reports("panicked").await;
    world.reports("disconnected alice: handler panicked").await;
    let mut client = world.open().await;
    client.send("40{\"panic\":true}").await;
    assert_eq!(client.closed().await, Some(1011));
    world.reports("panicked").await;
    bystander.ask(1, "[\"join\",\"r\"]").await;
    assert_eq!(world.server.stats().panics, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_limit_on_attachments_holds() {
    let world = World::with(Config { max_attachments: 2, ..config() }).await;
    let mut client = world.join("alice").await;
    client.send("453-[\"echo\"]").await;
    assert_eq!(client.closed().await, Some(1008));
}
