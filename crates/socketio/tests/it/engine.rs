//! Handshakes: what is answered, what is refused, and in which words.

use fireside_socketio::{Config, Origins, Transport};

use crate::support::{Answer, World, config};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const UNKNOWN_TRANSPORT: &str = r#"{"code":0,"message":"Transport unknown"}"#;
const UNKNOWN_SESSION: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
const BAD_METHOD: &str = r#"{"code":2,"message":"Bad handshake method"}"#;
const BAD_REQUEST: &str = r#"{"code":3,"message":"Bad request"}"#;
const FORBIDDEN: &str = r#"{"code":4,"message":"Forbidden"}"#;
const BAD_VERSION: &str = r#"{"code":5,"message":"Unsupported protocol version"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_open_packet_has_the_keys_in_the_order_of_the_original() {
    let world = World::new().await;
    let answer = world.get("EIO=4&transport=polling").await;
    let sid = answer.sid();
    let expected = format!(
        "0{{\"sid\":\"{sid}\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,\
         \"maxPayload\":1000000}}"
    );
    assert_eq!(answer.body, expected);
    assert!(answer.head.contains("content-type: text/plain; charset=utf-8"), "{}", answer.head);
    assert!(answer.head.contains("x-content-type-options: nosniff"));
    assert!(answer.head.contains("cache-control: no-store"));

    let mut client = world.websocket("/socket.io/?EIO=4&transport=websocket").await;
    let open = client.receive().await;
    assert!(open.contains("\"upgrades\":[],"), "{open}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_handshakes_are_answered_in_the_words_of_the_original() {
    let world = World::new().await;
    let long = format!("EIO=4&transport=polling&sid={}", "x".repeat(8000));
    for (query, body) in [
        ("transport=polling", BAD_VERSION),
        ("EIO=3&transport=polling", BAD_VERSION),
        ("EIO=5&transport=polling", BAD_VERSION),
        ("EIO=abc&transport=polling", BAD_VERSION),
        ("EIO=4.0&transport=polling", BAD_VERSION),
        ("EIO=4&EIO=3&transport=polling", BAD_VERSION),
        ("EIO=4", UNKNOWN_TRANSPORT),
        ("EIO=4&transport=abc", UNKNOWN_TRANSPORT),
        ("EIO=4&transport=webtransport", UNKNOWN_TRANSPORT),
        ("EIO=4&transport=__proto__", UNKNOWN_TRANSPORT),
        ("EIO=4&transport=polling&transport=polling", UNKNOWN_TRANSPORT),
        ("EIO=4&transport=websocket", BAD_REQUEST),
        ("EIO=4&transport=polling&sid=", UNKNOWN_SESSION),
        ("EIO=4&transport=polling&sid=__proto__", UNKNOWN_SESSION),
        ("EIO=4&transport=polling&sid=constructor", UNKNOWN_SESSION),
        ("EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", UNKNOWN_SESSION),
        ("EIO=4&transport=polling&sid=%C3%A4", UNKNOWN_SESSION),
        (&long, UNKNOWN_SESSION),
    ] {
        let answer = world.get(query).await;
        assert_eq!((answer.status, &*answer.body), (400, body), "{query}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let answer = world.request(method, "/socket.io/?EIO=4&transport=polling", "", b"").await;
        assert_eq!((answer.status, &*answer.body), (400, BAD_METHOD), "{method}");
    }
    assert_eq!(world.server.sessions(), 0, "none of these has opened a session");
}

#[tokio::test(flavor = "multi_thread")]
async fn extras_in_the_query_change_nothing() {
    let world = World::new().await;
    let answer = world.get(&format!("EIO=4&transport=polling&j=0&b64=1&t={}", "t".repeat(5000))).await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: text/plain"), "never a script: {}", answer.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transport_that_is_not_offered_is_unknown() {
    let world = World::with(Config { transports: vec![Transport::WebSocket], ..config() }).await;
    assert_eq!(world.get("EIO=4&transport=polling").await.body, UNKNOWN_TRANSPORT);
    world.open().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_configured_path_is_the_servers() {
    let world = World::with(Config { path: "/io".to_owned(), ..config() }).await;
    for (path, status) in [("/io/", 200), ("/io", 200), ("/ioX", 404), ("/io-admin/", 404), ("//io/", 404)] {
        let answer = world.request("GET", &format!("{path}?EIO=4&transport=polling"), "", b"").await;
        assert_eq!(answer.status, status, "{path}");
    }
}

async fn upgrade(world: &World, request: &str) -> Answer {
    let mut stream = TcpStream::connect(world.addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    Answer::read(&mut stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_origins_are_refused_before_anything_is_opened() {
    let origins = Origins::List(vec!["https://good.example".to_owned()]);
    let world = World::with(Config { origins, ..config() }).await;
    for origin in [
        "https://evil.example",
        "null",
        "https://good.example.evil.com",
        "http://good.example",
        "https://good.example:444",
    ] {
        let header = format!("origin: {origin}\r\n");
        let answer = upgrade(&world, &world.upgrade_request(&header)).await;
        assert_eq!((answer.status, &*answer.body), (403, FORBIDDEN), "{origin}");
        let answer = world.request("GET", "/socket.io/?EIO=4&transport=polling", &header, b"").await;
        assert_eq!(answer.status, 403, "{origin}");
        assert!(!answer.head.contains("access-control-allow-origin"), "{}", answer.head);
        let preflight = "access-control-request-method: POST\r\n";
        let answer = world.request("OPTIONS", "/socket.io/", &format!("{header}{preflight}"), b"").await;
        assert!(!answer.head.contains("access-control-allow-origin"), "{}", answer.head);
    }
    assert_eq!(world.server.sessions(), 0);
    assert_eq!(world.server.stats().refused_origins, 15);
    world.open().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn allowed_origins_get_what_browsers_ask_for() {
    let origins = Origins::List(vec!["https://good.example".to_owned()]);
    let world = World::with(Config { origins, ..config() }).await;
    let preflight = "origin: https://good.example\r\naccess-control-request-method: POST\r\n\
                     access-control-request-headers: authorization\r\n";
    let answer = world.request("OPTIONS", "/socket.io/", preflight, b"").await;
    assert_eq!(answer.status, 204);
    for line in [
        "access-control-allow-origin: https://good.example",
        "access-control-allow-credentials: true",
        "access-control-allow-headers: authorization",
        "access-control-allow-methods: get, post",
        "vary: origin",
    ] {
        assert!(answer.head.contains(line), "{line} is missing in {}", answer.head);
    }
    let header = "origin: https://good.example\r\n";
    let answer = world.request("GET", "/socket.io/?EIO=4&transport=polling", header, b"").await;
    assert!(
        answer.status == 200 && answer.head.contains("access-control-allow-origin: https://good.example")
    );
    let answer = world.request("GET", "/socket.io/?EIO=4&transport=polling&sid=x", header, b"").await;
    assert!(answer.head.contains("access-control-allow-origin"), "a page may read errors too");
}

#[tokio::test(flavor = "multi_thread")]
async fn websocket_handshakes_are_checked() {
    let world = World::new().await;
    let good = world.upgrade_request("");
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (request, statuses) in [
        (good.replace("version: 13", "version: 8"), &[426][..]),
        (good.replace(key, ""), &[400]),
        (good.replace(key, "sec-websocket-key: c2hvcnQ=\r\n"), &[400]),
        (good.replace(key, &format!("{key}{key}")), &[400]),
        (good.replace("GET", "POST"), &[400]),
        (good.replace("HTTP/1.1", "HTTP/1.0"), &[400]),
    ] {
        let answer = upgrade(&world, &request).await;
        assert!(statuses.contains(&answer.status), "{request}\n{answer:?}");
    }
    let offer = world.upgrade_request("sec-websocket-extensions: permessage-deflate\r\n");
    let mut stream = TcpStream::connect(world.addr).await.unwrap();
    stream.write_all(offer.as_bytes()).await.unwrap();
    stream.write_all(&crate::support::masked(0x88, &1000u16.to_be_bytes())).await.unwrap();
    let mut head = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut head);
    crate::support::soon("the end", read).await.unwrap();
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("HTTP/1.1 101 ") && !head.contains("sec-websocket-extensions"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_may_refuse_a_handshake() {
    let world = World::new().await;
    let answer = world.request("GET", "/socket.io/?EIO=4&transport=polling", "x-refused: 1\r\n", b"").await;
    assert_eq!((answer.status, &*answer.body), (429, "{\"message\":\"slow down\"}"));
    assert!(answer.head.contains("retry-after: 7"));
    let answer = upgrade(&world, &world.upgrade_request("x-refused: 1\r\n")).await;
    assert_eq!(answer.status, 429);
    let answer = world.request("GET", "/socket.io/?EIO=4&transport=polling", "x-panic: 1\r\n", b"").await;
    assert_eq!(answer.status, 400, "a panic there is a refusal, not the end of the process");
    let stats = world.server.stats();
    assert_eq!((stats.refused_handshakes, stats.panics, world.server.sessions()), (2, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_going_down_takes_no_new_sessions() {
    let world = World::new().await;
    let mut before = world.join("early").await;
    world.server.refuse_new();
    assert_eq!(world.get("EIO=4&transport=polling").await.status, 503);
    before.ask(1, "[\"join\",\"r\"]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_session_id_is_worth_nothing_without_the_credential() {
    let world = World::new().await;
    let alice = "authorization: Bearer alice\r\n";
    let answer = world.request("GET", "/socket.io/?EIO=4&transport=polling", alice, b"").await;
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", answer.sid());
    for headers in ["", "authorization: Bearer bob\r\n", "authorization: bearer alice\r\n"] {
        for method in ["GET", "POST"] {
            let answer = world.request(method, &path, headers, b"").await;
            assert_eq!((answer.status, &*answer.body), (403, FORBIDDEN), "{method} {headers}");
        }
        let upgrade_path = path.replace("polling", "websocket");
        let request = world.upgrade_request(headers);
        let request = request.replace("/socket.io/?EIO=4&transport=websocket", &upgrade_path);
        assert_eq!(upgrade(&world, &request).await.status, 403);
    }
    assert_eq!(world.request("POST", &path, alice, b"40").await.status, 200, "the session is undisturbed");
}
