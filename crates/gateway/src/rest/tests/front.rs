//! What comes before any route: hosts, paths, origins, and the headers of every answer.

use super::*;

/// How a client on the wire would be answered, `Host` included.
async fn status(house: &House, method: &str, path: &str, hosts: &[&str]) -> u16 {
    let builder = Request::builder().method(method).uri(path).header("authorization", "Bearer alice");
    let builder = hosts.iter().fold(builder, |builder, host| builder.header("host", *host));
    house.answer(bare(builder)).await.status.as_u16()
}

#[tokio::test]
async fn one_host_that_is_a_host() {
    let house = house();
    assert_eq!(status(&house, "GET", "/chat/rooms", &["chat.example:8080"]).await, 200);
    for hosts in [&[][..], &["a", "b"], &["a@b/c"], &["a/b"], &[""], &["a:b"]] {
        assert_eq!(status(&house, "GET", "/chat/rooms", hosts).await, 400, "{hosts:?}");
        assert_eq!(status(&house, "GET", "/", hosts).await, 400, "{hosts:?}");
    }
    let old = Request::builder().version(http::Version::HTTP_10).uri("/healthz");
    assert_eq!(house.answer(bare(old)).await.status, 200, "HTTP/1.0 knows no Host");
}

#[tokio::test]
async fn tricks_with_paths_lead_nowhere() {
    let house = house();
    for path in [
        "//io/..;/chat",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/../../etc/passwd",
        "/chat%2frooms",
        "/chat/rooms/%00",
        "/io-admin/",
        "/ioX?EIO=4",
        "/chat/rooms/../rooms",
        "/chat//rooms",
        "/CHAT/rooms",
        "/chat/rooms/%",
        "/nope",
        "/chat/rooms/%ff",
        "/chat/rooms/%2e%2e%2fx",
        "/chat/rooms/..",
        "/index.html",
        "/app.js/",
        "/app.js%00",
        "/.git/config",
        "/chat/rooms/r1/messages/%2e%2e",
    ] {
        let got = status(&house, "GET", path, &["a"]).await;
        let expected: &[u16] =
            if path == "/chat/rooms/.." || path == "/app.js/" { &[200] } else { &[400, 404] };
        assert!(expected.contains(&got), "{path} was answered {got}");
    }
}

#[tokio::test]
async fn one_slash_at_the_end_is_the_same_path() {
    let house = house();
    let answered = house.answer(bare(ask("GET", "/chat/rooms/"))).await;
    assert_eq!((answered.status.as_u16(), answered.header("location")), (200, None));
}

#[tokio::test]
async fn methods_are_what_the_request_line_says() {
    let house = house();
    let request = ask("POST", "/chat/rooms/r1").header("x-http-method-override", "DELETE");
    let answered = house.answer(with_json(request, "{}")).await;
    assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (405, "method_not_allowed"));
    assert_eq!(answered.header("allow"), Some("GET, DELETE, HEAD, OPTIONS"));
    assert_eq!(house.answer(bare(ask("POST", "/chat/rooms/r1?_method=DELETE"))).await.status, 405);
    for method in ["TRACE", "PROPFIND", "QUERY"] {
        assert_eq!(house.answer(bare(ask(method, "/chat/rooms"))).await.status, 405, "{method}");
    }
    assert_eq!(house.calls(), 0);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let house = house();
    for path in ["/chat/rooms", "/", "/healthz", "/nope"] {
        let get = house.answer(bare(ask("GET", path))).await;
        let head = house.answer(bare(ask("HEAD", path))).await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_same_protection() {
    let house = house();
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/nope"),
        ("GET", "/chat/rooms"),
        ("DELETE", "/chat/rooms"),
        ("POST", "/chat/rooms"),
        ("GET", "/healthz"),
        ("GET", "/docs"),
        ("OPTIONS", "/chat/rooms"),
        ("POST", "/tests/panic"),
        ("GET", "/metrics"),
    ] {
        let answered = house.answer(bare(ask(method, path))).await;
        assert_eq!(answered.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
        assert_eq!(answered.header("referrer-policy"), Some("no-referrer"), "{method} {path}");
        let policy = answered.header("content-security-policy").expect(path);
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{method} {path}: {policy}"
        );
        let is_page = ["/", "/docs"].contains(&path);
        let cached = answered.header("cache-control").expect(path);
        assert_eq!(cached, if is_page { "no-cache" } else { "no-store" }, "{method} {path}");
        assert!(answered.header("x-request-id").is_some(), "{method} {path}");
        assert!(!answered.body.contains("/src/") && !answered.body.contains("panicked"), "{}", answered.body);
    }
}

#[tokio::test]
async fn a_request_keeps_the_id_it_came_with() {
    let house = house();
    let answered = house.answer(bare(ask("GET", "/nope").header("x-request-id", "proxy-7"))).await;
    assert_eq!(answered.header("x-request-id"), Some("proxy-7"));
    assert_eq!(answered.json()["requestId"], "proxy-7");
    let answered = house.answer(bare(ask("GET", "/nope").header("x-request-id", "<script>"))).await;
    assert_eq!(Some(answered.json()["requestId"].as_str().unwrap()), answered.header("x-request-id"));
    assert_ne!(answered.header("x-request-id"), Some("<script>"));
}

fn preflight(origin: &str) -> Request<Full<Bytes>> {
    let builder = ask_anonymously("OPTIONS", "/chat/rooms").header("origin", origin);
    bare(
        builder
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "x-evil"),
    )
}

fn listed() -> Origins {
    Origins::List(vec!["https://app.example".to_owned(), "http://localhost:5173/".to_owned()])
}

#[tokio::test]
async fn listed_origins_may_call_with_credentials() {
    let house = house_for(listed());
    for origin in ["https://app.example", "http://localhost:5173"] {
        let answered = house.answer(preflight(origin)).await;
        assert_eq!(answered.status, 204);
        assert_eq!(answered.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answered.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answered.header("access-control-allow-methods"), Some("GET, POST, PUT, PATCH, DELETE"));
        let allowed = answered.header("access-control-allow-headers").unwrap();
        assert!(allowed.contains("Authorization") && !allowed.contains("x-evil"), "{allowed}");
        assert_eq!(answered.header("vary"), Some("origin"));
    }
    // Errors too, or a page could not read why it failed.
    for path in ["/chat/rooms", "/nope"] {
        let answered =
            house.answer(bare(ask_anonymously("GET", path).header("origin", "https://app.example"))).await;
        assert_eq!(answered.header("access-control-allow-origin"), Some("https://app.example"), "{path}");
        let exposed = answered.header("access-control-expose-headers").unwrap();
        for name in ["Link", "X-Limit", "X-Room-Seq", "X-Room-Epoch", "X-Request-Id", "Retry-After"] {
            assert!(exposed.contains(name), "{name} is missing in {exposed}");
        }
    }
}

#[tokio::test]
async fn foreign_origins_get_no_word() {
    for origins in [listed(), Origins::SameOrigin] {
        let house = house_for(origins.clone());
        for origin in
            ["https://evil.example", "null", "https://app.example.evil.com", "http://app.example", "*", ""]
        {
            for request in [preflight(origin), bare(ask("GET", "/chat/rooms").header("origin", origin))] {
                let answered = house.answer(request).await;
                let said = answered
                    .headers
                    .keys()
                    .filter(|name| name.as_str().starts_with("access-control"))
                    .count();
                assert_eq!(said, 0, "{origins:?} told {origin} something");
            }
        }
        let two = bare(
            ask("GET", "/chat/rooms")
                .header("origin", "https://app.example")
                .header("origin", "https://evil.example"),
        );
        assert_eq!(house.answer(two).await.header("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn a_star_comes_without_credentials() {
    let house = house_for(Origins::Any);
    let answered = house.answer(preflight("https://any.example")).await;
    assert_eq!(answered.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answered.header("access-control-allow-credentials"), None);
}
