//! HTTP long-polling: bodies both ways, and everything that ends a session.

use std::time::Duration;

use fireside_socketio::Config;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{Answer, World, config, soon};

/// Opens a session over polling that is in the default namespace.
async fn join(world: &World) -> String {
    let sid = world.open_polling().await;
    assert_eq!(world.post(&sid, "40").await.body, "ok");
    let answer = world.poll(&sid).await;
    assert!(answer.body.starts_with("40{\"sid\":\""), "{}", answer.body);
    world.reports("connected anybody").await;
    sid
}

/// A poll that waits; the caller reads the answer.
async fn begin_poll(world: &World, sid: &str) -> TcpStream {
    let mut stream = TcpStream::connect(world.addr).await.unwrap();
    let head = format!(
        "GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_acknowledgements_go_both_ways() {
    let world = World::new().await;
    let sid = join(&world).await;
    let body = "42[\"echo\",1]\x1e4212[\"echo\",\"two\"]\x1e42[\"echo\",{\"3\":[true]}]";
    assert_eq!(world.post(&sid, body).await.body, "ok");
    let answer = world.poll(&sid).await;
    let expected =
        "42[\"echoed\",1]\x1e42[\"echoed\",\"two\"]\x1e4312[\"two\"]\x1e42[\"echoed\",{\"3\":[true]}]";
    assert_eq!(answer.body, expected, "all of it in one answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_data_travels_as_base64() {
    let world = World::new().await;
    let sid = join(&world).await;
    let packet = "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==";
    assert_eq!(world.post(&sid, packet).await.body, "ok");
    assert_eq!(world.poll(&sid).await.body, packet.replace("echo", "echoed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_poll_is_answered_when_something_comes() {
    let world = World::new().await;
    let sid = join(&world).await;
    let mut waiting = begin_poll(&world, &sid).await;
    assert_eq!(world.post(&sid, "42[\"echo\",\"hello\"]").await.body, "ok");
    let answer = Answer::read(&mut waiting).await;
    assert_eq!((answer.status, &*answer.body), (200, "42[\"echoed\",\"hello\"]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_polls_at_once_end_the_session() {
    let world = World::new().await;
    let sid = join(&world).await;
    let mut polls = [begin_poll(&world, &sid).await, begin_poll(&world, &sid).await];
    let mut answers = Vec::new();
    for poll in &mut polls {
        let answer = Answer::read(poll).await;
        answers.push((answer.status, answer.body));
    }
    answers.sort();
    assert_eq!(answers[0], (200, "1".to_owned()), "the first is told that the session is closed");
    assert_eq!(answers[1].0, 400, "the second is refused");
    world.reports("disconnected anybody: parse error").await;
    assert_eq!(world.poll(&sid).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_is_given_up_ends_the_session() {
    let world = World::new().await;
    let sid = join(&world).await;
    soon("the end of the session", async {
        while world.server.sessions() > 0 {
            // The HTTP server does not even look at a request whose client is gone when it comes to it, so it may
            // take more than one.
            drop(begin_poll(&world, &sid).await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    world.reports("disconnected anybody: transport close").await;
    assert_eq!(world.poll(&sid).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_gets_its_poll_answered() {
    let world = World::new().await;
    let sid = join(&world).await;
    let mut poll = begin_poll(&world, &sid).await;
    assert_eq!(world.post(&sid, "1").await.status, 200);
    let answer = Answer::read(&mut poll).await;
    assert_eq!((answer.status, &*answer.body), (200, "6"), "whichever of the two came first");
    world.reports("disconnected anybody: transport close").await;
    assert_eq!(world.poll(&sid).await.status, 400);
    world.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_break_the_protocol_end_the_session() {
    let many = ["6"; 65].join("\x1e");
    let long = format!("4{}", "x".repeat(1_000_000));
    for (body, status) in
        [("abc", 400), ("", 400), ("4\x1e", 400), (&many, 400), (&long, 413), ("2", 400), ("5", 400)]
    {
        let world = World::new().await;
        let sid = join(&world).await;
        let answer = world.post(&sid, body).await;
        assert_eq!(answer.status, status, "{:.20}", body);
        world.reports("disconnected anybody: parse error").await;
        assert_eq!(world.poll(&sid).await.status, 400, "{:.20}", body);
        world.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_before_a_bad_packet_is_heard_and_what_stands_behind_is_not() {
    let world = World::new().await;
    let sid = join(&world).await;
    let answer = world.post(&sid, "42[\"note\",1]\x1e9bad\x1e42[\"note\",2]").await;
    assert_eq!(answer.status, 400);
    world.reports("note 1").await;
    world.reports("disconnected anybody: parse error").await;
    world.reports_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_bodies_are_refused() {
    let world = World::new().await;
    let sid = join(&world).await;
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let answer = world.request("POST", &path, "content-type: application/octet-stream\r\n", &[1, 2]).await;
    assert_eq!(answer.status, 400);
    world.reports("disconnected anybody: parse error").await;
    world.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bodies_at_once_end_the_session() {
    let world = World::new().await;
    let sid = join(&world).await;
    let head = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-length: 100\r\n\r\n4"
    );
    let mut posts = Vec::new();
    for _ in 0..2 {
        let mut post = TcpStream::connect(world.addr).await.unwrap();
        post.write_all(head.as_bytes()).await.unwrap();
        posts.push(post);
    }
    world.reports("disconnected anybody: parse error").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_of_a_slow_poller_is_limited() {
    let world = World::with(Config { queue_limit_bytes: 100_000, ..config() }).await;
    let sid = join(&world).await;
    world.post(&sid, "42[\"flood\",1000,1000]").await;
    let report = world.report().await;
    let taken: usize = report.strip_prefix("flooded ").unwrap().parse().unwrap();
    assert!((90..100).contains(&taken), "{report}");
    world.reports("disconnected anybody: slow consumer").await;
    soon("the session gone", async { while world.poll(&sid).await.status != 400 {} }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_disconnects_says_so_to_the_next_poll() {
    let world = World::new().await;
    let sid = join(&world).await;
    world.post(&sid, "42[\"close me\"]").await;
    world.reports("disconnected anybody: server namespace disconnect").await;
    // One after the other: the official client does not hear what comes before a farewell in one payload.
    assert_eq!(world.poll(&sid).await.body, "41");
    assert_eq!(world.poll(&sid).await.body, "1");
    assert_eq!(world.poll(&sid).await.status, 400);
    world.is_empty().await;
}
