//! The server's own routes and its pages.

use std::time::Duration;

use tokio::time::advance;

use super::*;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn house_with_check(check: Check) -> House {
    house_with(GatewaySettings::default(), Limits::off(), vec![check])
}

#[tokio::test]
async fn it_says_that_it_lives_and_what_it_is() {
    let house = house();
    let answered = house.answer(bare(ask_anonymously("GET", "/healthz"))).await;
    assert_eq!((answered.status.as_u16(), answered.body.as_str()), (200, r#"{"status":"ok"}"#));
    let answered = house.answer(bare(ask_anonymously("GET", "/version"))).await;
    assert_eq!(
        answered.json(),
        serde_json::json!({ "name": "fireside", "version": "1.2.3", "commit": "abc" })
    );
}

#[tokio::test]
async fn an_address_that_there_is_not_is_a_page_for_browsers_and_an_error_for_programs() {
    let house = house();
    let browser = |method| ask_anonymously(method, "/inbox").header("accept", "text/html,*/*;q=0.8");
    let answered = house.answer(bare(browser("GET"))).await;
    assert_eq!((answered.status.as_u16(), answered.body.as_str()), (404, "<!doctype html>"));
    for request in [ask_anonymously("GET", "/inbox").header("accept", "*/*"), browser("POST")] {
        let answered = house.answer(bare(request)).await;
        assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (404, "not_found"));
    }
}

#[tokio::test(start_paused = true)]
async fn readiness_is_asked_for_once_a_second() {
    let (asked, up) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
    let (count, state) = (asked.clone(), up.clone());
    let house = house_with_check(Check::new("database", move || {
        count.fetch_add(1, Ordering::Relaxed);
        let is_up = state.load(Ordering::Relaxed);
        async move { is_up }
    }));
    let ready = || async { house.answer(bare(ask_anonymously("GET", "/readyz"))).await };
    for _ in 0..100 {
        assert_eq!(ready().await.status, 200);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    up.store(false, Ordering::Relaxed);
    advance(Duration::from_secs(1)).await;
    let answered = ready().await;
    assert_eq!(answered.status, 503);
    assert_eq!(answered.json(), serde_json::json!({ "status": "not_ready", "reasons": ["database"] }));
    house.gateway.drain();
    assert_eq!(ready().await.json()["reasons"], serde_json::json!(["draining", "database"]));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_has_failed_within_a_second() {
    let house = house_with_check(Check::new("database", std::future::pending::<bool>));
    let started = Instant::now();
    let answered = house.answer(bare(ask_anonymously("GET", "/readyz"))).await;
    assert_eq!(answered.status, 503);
    assert!(started.elapsed() <= Duration::from_millis(1_001), "it took {:?}", started.elapsed());
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_for_who_has_the_token() {
    let house = house();
    let metrics = || ask_anonymously("GET", "/metrics");
    let answered = house.answer_from(LOOPBACK, bare(metrics())).await;
    assert_eq!((answered.status.as_u16(), answered.body.as_str()), (200, "fireside_up 1\n"));
    assert_eq!(house.answer(bare(metrics())).await.status, 404);
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "via"] {
        let sent_on = metrics().header(name, "127.0.0.1");
        assert_eq!(house.answer_from(LOOPBACK, bare(sent_on)).await.status, 404, "{name}");
    }

    let metrics_token = Some("secret".to_owned());
    let house = house_with(
        GatewaySettings { metrics_token, ..GatewaySettings::default() },
        Limits::off(),
        Vec::new(),
    );
    let with = |token: &str| bare(metrics().header("authorization", format!("Bearer {token}")));
    assert_eq!(house.answer(with("secret")).await.status, 200);
    for wrong in ["", "secre", "secret2", "alice"] {
        assert_eq!(house.answer_from(LOOPBACK, with(wrong)).await.status, 404, "{wrong}");
    }
    assert_eq!(house.answer_from(LOOPBACK, bare(metrics())).await.status, 404);
}

#[tokio::test]
async fn pages_are_kept_by_browsers_as_long_as_they_are_the_same() {
    let house = house();
    let answered = house.answer(bare(ask_anonymously("GET", "/app.js"))).await;
    assert_eq!((answered.status.as_u16(), answered.body.as_str()), (200, "1"));
    assert_eq!(answered.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(answered.header("content-security-policy").unwrap().contains("trusted-types 'none'"));
    let tag = answered.header("etag").unwrap().to_owned();
    for list in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let known = house
            .answer(bare(ask_anonymously("GET", "/app.js").header("if-none-match", list.as_str())))
            .await;
        assert_eq!((known.status.as_u16(), known.body.as_str()), (304, ""), "{list}");
        assert_eq!(known.header("etag"), Some(tag.as_str()));
    }
    let other = house.answer(bare(ask_anonymously("GET", "/app.js").header("if-none-match", "\"x\""))).await;
    assert_eq!(other.status, 200);
    assert_eq!(answered.header("vary"), Some("accept-encoding"));
    let version = tag.trim_matches('"');
    let kept = house.answer(bare(ask_anonymously("GET", &format!("/app.js?v={version}")))).await;
    assert!(kept.header("cache-control").unwrap().contains("immutable"));
    let stale = house.answer(bare(ask_anonymously("GET", "/app.js?v=old"))).await;
    assert_eq!(stale.header("cache-control"), Some("no-cache"));
}

#[tokio::test]
async fn pages_are_compressed_for_whoever_takes_it() {
    let house = house();
    let plain = house.answer(bare(ask_anonymously("GET", "/long.js"))).await;
    assert_eq!((plain.header("content-encoding"), plain.body.len()), (None, 4096));
    for (accepts, encoding) in [
        ("gzip", Some("gzip")),
        ("deflate, GZIP;q=0.5, br", Some("gzip")),
        ("gzip;q=0, br", None),
        ("identity", None),
        ("xgzip", None),
    ] {
        let asked = bare(ask_anonymously("HEAD", "/long.js").header("accept-encoding", accepts));
        let answered = house.answer(asked).await;
        assert_eq!(answered.header("content-encoding"), encoding, "{accepts}");
        assert_eq!(answered.header("etag") == plain.header("etag"), encoding.is_none(), "{accepts}");
    }
    // What does not get smaller stays as it is.
    let short = house.answer(bare(ask_anonymously("GET", "/app.js").header("accept-encoding", "gzip"))).await;
    assert_eq!(short.header("content-encoding"), None);
}

#[tokio::test]
async fn the_contract_and_its_pages_are_served() {
    let house = house();
    let openapi = house.answer(bare(ask_anonymously("GET", "/openapi.json"))).await;
    assert_eq!(openapi.json()["openapi"], "3.1.0");
    let asyncapi = house.answer(bare(ask_anonymously("GET", "/asyncapi.json"))).await;
    assert_eq!(asyncapi.json()["asyncapi"], "3.0.0");
    for path in ["/docs", "/docs/errors", "/docs/docs.js", "/docs/docs.css"] {
        let answered = house.answer(bare(ask_anonymously("GET", path))).await;
        assert_eq!(answered.status, 200, "{path}");
        assert!(!answered.body.contains("://"), "{path} names another server");
        for forbidden in ["style=", "<script>", "innerHTML", "onclick"] {
            assert!(!answered.body.contains(forbidden), "{path} has {forbidden}, which its policy forbids");
        }
    }
}

#[tokio::test]
async fn every_problem_leads_to_its_explanation() {
    let house = house();
    let answered = house.answer(bare(ask_anonymously("GET", "/chat/rooms"))).await;
    let kind = answered.json()["type"].as_str().unwrap().to_owned();
    let (path, anchor) = kind.split_once('#').unwrap();
    let page = house.answer(bare(ask_anonymously("GET", path))).await;
    assert!(page.body.contains(&format!("id=\"{anchor}\"")), "{kind} leads nowhere");
}
