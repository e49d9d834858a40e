//! Operations behind the door: who may, what they ask, what comes back.

use super::*;

#[tokio::test]
async fn fields_of_path_and_query_reach_the_operation() {
    let house = house();
    let answered = house.answer(bare(ask("GET", "/chat/rooms/a%3Ab"))).await;
    assert_eq!((answered.status.as_u16(), answered.json()["name"].as_str()), (200, Some("a:b")));
    let answered = house.answer(bare(ask("GET", "/chat/rooms/general/messages?limit=1000&before=9"))).await;
    assert_eq!((answered.status.as_u16(), answered.body.as_str()), (200, "[]"));
    assert_eq!(answered.header("x-limit"), Some("200"));
    assert_eq!((answered.header("x-room-seq"), answered.header("x-room-epoch")), (Some("9"), Some("e")));
    let next = "</chat/rooms/general/messages?limit=1000&before=3>; rel=\"next\"";
    assert_eq!(answered.header("link"), Some(next));
    let answered = house.answer(bare(ask("DELETE", "/chat/rooms/r1"))).await;
    assert_eq!((answered.status.as_u16(), answered.body.as_str()), (204, ""));
    assert_eq!(answered.header("content-length"), None);
}

#[tokio::test]
async fn limits_that_are_no_numbers_are_refused() {
    let house = house();
    for limit in ["0", "-1", "NaN", "", "abc", "50.5", "1e9", "%31%00"] {
        let answered =
            house.answer(bare(ask("GET", &format!("/chat/rooms/r1/messages?limit={limit}")))).await;
        assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (400, "validation"), "{limit}");
    }
}

#[tokio::test]
async fn malformed_ids_are_refused() {
    let house = house();
    let long = "x".repeat(10_000);
    for id in [
        "%2e%2e%2fx",
        long.as_str(),
        "%00",
        "%20uuid%20",
        "%7Buuid%7D",
        "a%27%20OR%20%271%27=%271",
        "%F0%9F%94%A5",
        "a%0d%0aset-cookie:x",
    ] {
        let answered = house.answer(bare(ask("GET", &format!("/chat/rooms/{id}")))).await;
        assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (400, "validation"), "{id}");
        assert_eq!(answered.json()["field"], "roomId");
        assert_eq!(answered.header("set-cookie"), None);
    }
}

#[tokio::test]
async fn nothing_is_done_without_credentials() {
    let house = house();
    for entry in house.gateway.registry.entries() {
        let route = entry.operation.route.expect("all have one here");
        let path = route.path.replace(['{', '}'], "");
        let answered = house.answer(with_json(ask_anonymously(route.method.as_str(), &path), "{}")).await;
        let expected = if entry.operation.name == "sessions.login" { 400 } else { 401 };
        assert_eq!(answered.status, expected, "{}", entry.operation.name);
    }
    assert_eq!(house.calls(), 0);
}

#[tokio::test]
async fn what_is_no_valid_token_is_refused() {
    let house = house();
    let long = format!("Bearer {}", "x".repeat(100_000));
    for value in [
        "Bearer",
        "Bearer ",
        "Bearer nobody",
        "Bearer a.b.c.d",
        "Basic YWxpY2U6eA==",
        "alice",
        "Bearer alice, Bearer root",
        long.as_str(),
    ] {
        let answered =
            house.answer(bare(ask_anonymously("GET", "/chat/rooms").header("authorization", value))).await;
        assert_eq!(
            (answered.status.as_u16(), answered.reason().as_str()),
            (401, "unauthenticated"),
            "{value}"
        );
        assert_eq!(answered.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answered.json()["code"], "UNAUTHENTICATED");
    }
    let twice = ask("GET", "/chat/rooms").header("authorization", "Bearer root");
    assert_eq!(house.answer(bare(twice)).await.status, 401);
    for query in ["token=alice", "access_token=alice"] {
        let answered = house.answer(bare(ask_anonymously("GET", &format!("/chat/rooms?{query}")))).await;
        assert_eq!(answered.status, 401, "{query}");
    }
}

#[tokio::test]
async fn signing_in_works_with_whatever_credentials_are_sent_by_habit() {
    let house = house();
    let request = ask_anonymously("POST", "/auth/login").header("authorization", "Bearer expired");
    let answered = house.answer(with_json(request, r#"{"username":"alice","password":"x"}"#)).await;
    assert_eq!((answered.status.as_u16(), answered.json()["accessToken"].as_str()), (200, Some("a")));
}

#[tokio::test]
async fn administrators_are_told_apart() {
    let house = house();
    let answered =
        house.answer(with_json(ask("PUT", "/chat/users/bob/disabled"), r#"{"disabled":true}"#)).await;
    assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (403, "forbidden"));
    let root = ask_anonymously("PUT", "/chat/users/bob/disabled").header("authorization", "bearer root");
    let answered = house.answer(with_json(root, r#"{"disabled":true}"#)).await;
    assert_eq!((answered.status.as_u16(), answered.json()["id"].as_str()), (200, Some("bob")));
}

#[tokio::test]
async fn idempotency_keys_reach_the_operation_or_are_refused() {
    let house = house();
    let request = ask("POST", "/chat/rooms").header("idempotency-key", "Key_1-a");
    let answered = house.answer(with_json(request, r#"{"name":"a"}"#)).await;
    assert_eq!(answered.json()["name"], "Key_1-a");
    let long = "x".repeat(65);
    for keys in [&[""][..], &["a\tb"], &[long.as_str()], &["a", "b"]] {
        let request = ask("POST", "/chat/rooms");
        let request = keys.iter().fold(request, |request, key| request.header("idempotency-key", *key));
        let answered = house.answer(with_json(request, r#"{"name":"a"}"#)).await;
        assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (400, "validation"), "{keys:?}");
        assert_eq!(answered.json()["field"], "Idempotency-Key");
    }
    assert_eq!(house.calls(), 1);
}

#[tokio::test]
async fn a_panic_ends_one_request() {
    let house = house();
    let answered = house.answer(bare(ask("POST", "/tests/panic"))).await;
    assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (503, "indeterminate"));
    assert!(!answered.body.contains("mistake of"), "{}", answered.body);
    assert_eq!(house.answer(bare(ask("GET", "/chat/rooms"))).await.status, 200);
}

#[tokio::test]
async fn an_operation_ends_even_if_its_client_goes_away() {
    let house = house();
    let asking = house.answer(bare(ask("POST", "/tests/wait")));
    tokio::select! {
        _ = asking => panic!("it was answered before it was let go on"),
        () = house.waiting.began.notified() => {}
    }
    house.waiting.go_on.notify_one();
    house.waiting.ended.notified().await;
}

#[tokio::test]
async fn a_house_that_closes_takes_no_new_work() {
    let house = house();
    house.gateway.drain();
    let answered = house.answer(bare(ask("GET", "/chat/rooms"))).await;
    assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (503, "draining"));
    assert_eq!((answered.header("retry-after"), answered.header("connection")), (Some("1"), Some("close")));
    assert_eq!(house.answer(bare(ask("GET", "/healthz"))).await.status, 200);
    assert_eq!(house.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn users_and_addresses_have_their_limits() {
    let house = limited_house(GatewaySettings::default());
    let mut passed = 0;
    let refused = loop {
        let answered = house.answer(bare(ask("GET", "/chat/rooms"))).await;
        if answered.status != 200 {
            break answered;
        }
        passed += 1;
    };
    assert_eq!((passed, refused.status.as_u16(), refused.reason().as_str()), (60, 429, "rate_limited"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(
        refused.json()["retryAfterMs"].as_u64().is_some_and(|wait| (1..=34).contains(&wait)),
        "{}",
        refused.body
    );
    let root = ask_anonymously("GET", "/chat/rooms").header("authorization", "Bearer root");
    assert_eq!(house.answer(bare(root)).await.status, 200, "root paid for alice");
    let mut anonymous = 0;
    while house.answer(bare(ask_anonymously("GET", "/chat/rooms"))).await.status == 401 {
        anonymous += 1;
    }
    assert_eq!(anonymous, 60);
}

fn login(house: &House, name: &str, forwarded_for: &str) -> impl Future<Output = Answered> {
    let request = ask_anonymously("POST", "/auth/login").header("x-forwarded-for", forwarded_for);
    let body = format!(r#"{{"username":"{name}","password":"wrong"}}"#);
    house.answer(with_json(request.header("x-user-id", "alice"), body))
}

#[tokio::test(start_paused = true)]
async fn guessing_is_counted_by_the_address_that_cannot_be_made_up() {
    let house = limited_house(GatewaySettings::default());
    for guess in 0..5 {
        assert_eq!(login(&house, "eve", &format!("1.2.3.{guess}")).await.status, 401);
    }
    let sixth = login(&house, "eve", "1.2.3.9").await;
    assert_eq!((sixth.status.as_u16(), sixth.header("retry-after")), (429, Some("6")));

    let trusted_proxies = vec!["203.0.113.0/24".parse().unwrap()];
    let house = limited_house(GatewaySettings { trusted_proxies, ..GatewaySettings::default() });
    for guess in 0..20 {
        assert_eq!(
            login(&house, "eve", &format!("6.6.6.6, 1.2.3.{guess}")).await.status,
            401,
            "behind a proxy"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_office_can_sign_in() {
    let house = limited_house(GatewaySettings::default());
    for person in 0..40 {
        assert_eq!(login(&house, "alice", "").await.status, 200, "person {person}");
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_tokens_of_one_address_have_a_limit() {
    let house = limited_house(GatewaySettings::default());
    let forged = || bare(ask_anonymously("GET", "/chat/rooms").header("authorization", "Bearer forged"));
    let mut refused = 0;
    while house.answer(forged()).await.status == 401 {
        refused += 1;
    }
    assert_eq!(refused, 50);
    let elsewhere = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));
    assert_eq!(house.answer_from(elsewhere, bare(ask("GET", "/chat/rooms"))).await.status, 200);
}
