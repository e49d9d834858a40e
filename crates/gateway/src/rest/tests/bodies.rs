//! Bodies of every kind, and where fields may come from.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::*;

/// A body that comes in pieces, one every `pause`, for ever or so many.
struct Dripping {
    piece: Bytes,
    left: usize,
    pause: Duration,
    sleep: Pin<Box<Sleep>>,
    announced: u64,
}

impl Dripping {
    fn new(piece: &'static [u8], left: usize, pause: Duration) -> Self {
        Self { piece: Bytes::from_static(piece), left, pause, sleep: Box::pin(sleep(pause)), announced: 0 }
    }
}

impl Body for Dripping {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if !self.pause.is_zero() {
            if self.sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = Box::pin(sleep(self.pause));
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.piece.clone()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::default();
        hint.set_lower(self.announced);
        hint
    }
}

#[tokio::test]
async fn a_body_is_read() {
    let house = house();
    let answered = house.answer(with_json(ask("POST", "/chat/rooms"), r#"{"name":"tea"}"#)).await;
    assert_eq!(answered.status, 201);
    assert_eq!(answered.json()["name"], "tea");
    assert_eq!(answered.header("content-type"), Some("application/json; charset=utf-8"));
}

#[tokio::test]
async fn bodies_that_are_not_read() {
    let house = house();
    let deep = format!(r#"{{"name":{}}}"#, "[".repeat(40) + &"]".repeat(40));
    let cases: [(&[u8], u16, &str); 14] = [
        (b"", 400, "validation"),
        (b"{}", 400, "validation"),
        (b"[]", 400, "malformed"),
        (b"null", 400, "malformed"),
        (b"{\"name\":\"\xff\"}", 400, "malformed"),
        (b"{\"name\":\"a\"", 400, "malformed"),
        (b"{\"name\":\"a\"}{}", 400, "malformed"),
        (deep.as_bytes(), 400, "malformed"),
        (br#"{"name":"a","name":"b"}"#, 400, "validation"),
        (br#"{"name":"a","isAdmin":true}"#, 400, "unknown_field"),
        (br#"{"name":"a","id":"1"}"#, 400, "unknown_field"),
        (br#"{"name":{"$ne":1}}"#, 400, "validation"),
        (br#"{"name":"a","isPrivate":"yes"}"#, 400, "validation"),
        (br#"{"name":" "}"#, 400, "validation"),
    ];
    for (body, status, reason) in cases {
        let answered = house.answer(with_json(ask("POST", "/chat/rooms"), body.to_vec())).await;
        let shown = String::from_utf8_lossy(body);
        assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (status, reason), "{shown}");
    }
    assert_eq!(house.calls(), 0, "something was done");
}

#[tokio::test]
async fn only_plain_json_is_taken() {
    let house = house();
    let types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ];
    for kind in types {
        let request = ask("POST", "/chat/rooms").header("content-type", kind);
        let answered = house.answer(request.body(Full::from(r#"{"name":"a"}"#)).unwrap()).await;
        assert_eq!(
            (answered.status.as_u16(), answered.reason().as_str()),
            (415, "unsupported_media_type"),
            "{kind}"
        );
    }
    let answered =
        house.answer(ask("POST", "/chat/rooms").body(Full::from(r#"{"name":"a"}"#)).unwrap()).await;
    assert_eq!(answered.status, 415, "a body without a type");
    for encoding in ["gzip", "deflate", "br", "gzip, identity"] {
        let request = ask("POST", "/chat/rooms").header("content-encoding", encoding);
        assert_eq!(house.answer(with_json(request, "{}")).await.status, 415, "{encoding}");
    }
    let request = ask("POST", "/chat/rooms").header("content-encoding", "identity");
    assert_eq!(house.answer(with_json(request, r#"{"name":"a"}"#)).await.status, 201);
}

#[tokio::test]
async fn no_more_than_64_kib_is_read() {
    let house = house();
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(65_536));
    let answered = house.answer(with_json(ask("POST", "/chat/rooms"), large)).await;
    assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (413, "payload_too_large"));
    let fits = format!(r#"{{"name":"a"}}{}"#, " ".repeat(65_536 - 12));
    assert_eq!(house.answer(with_json(ask("POST", "/chat/rooms"), fits)).await.status, 201);
    // Nothing is announced, and it does not end.
    let endless = Dripping::new(&[b' '; 1024], usize::MAX, Duration::ZERO);
    let request =
        ask("POST", "/chat/rooms").header("content-type", "application/json").body(endless).unwrap();
    let answered = house.answer(request).await;
    assert_eq!((answered.status.as_u16(), answered.header("connection")), (413, Some("close")));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_cut_off() {
    let house = house();
    let drip = Dripping::new(b" ", usize::MAX, Duration::from_secs(1));
    let request = ask("POST", "/chat/rooms").header("content-type", "application/json").body(drip).unwrap();
    let started = Instant::now();
    let answered = house.answer(request).await;
    assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (408, "timeout"));
    assert_eq!(answered.header("connection"), Some("close"));
    assert!(started.elapsed() <= Duration::from_secs(33), "it took {:?}", started.elapsed());
    assert_eq!(house.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn bodies_that_nobody_wants_are_drained_or_cut_off() {
    let house = house();
    let small = Dripping::new(&[b'x'; 1024], 64, Duration::ZERO);
    let answered = house.answer(ask("GET", "/chat/rooms").body(small).unwrap()).await;
    assert_eq!((answered.status.as_u16(), answered.header("connection")), (200, None));
    let endless = || Dripping::new(&[b'x'; 1024], usize::MAX, Duration::ZERO);
    let slow = || Dripping::new(b"x", usize::MAX, Duration::from_secs(1));
    let announced =
        Dripping { announced: 10_000_000, ..Dripping::new(b"x", usize::MAX, Duration::from_secs(3600)) };
    for (what, body) in [("endless", endless()), ("slow", slow()), ("announced", announced)] {
        let answered = house.answer(ask("GET", "/chat/rooms").body(body).unwrap()).await;
        assert_eq!((answered.status.as_u16(), answered.header("connection")), (200, Some("close")), "{what}");
    }
    let answered = house.answer(ask("DELETE", "/chat/rooms/r1").body(endless()).unwrap()).await;
    assert_eq!((answered.status.as_u16(), answered.header("connection")), (204, Some("close")));
    // A client that waits for `100 Continue` is not told to send what nobody wants.
    let request = ask_anonymously("POST", "/chat/rooms").header("expect", "100-continue");
    let answered = house.answer(request.body(slow()).unwrap()).await;
    assert_eq!((answered.status.as_u16(), answered.header("connection")), (401, Some("close")));
}

#[tokio::test]
async fn a_field_comes_from_one_place() {
    let house = house();
    for query in ["limit=1&limit=999", "roomId=other", "limit=1&%6cimit=2"] {
        let answered = house.answer(bare(ask("GET", &format!("/chat/rooms/r1/messages?{query}")))).await;
        assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (400, "validation"), "{query}");
    }
    let answered = house.answer(with_json(ask("POST", "/chat/rooms?name=a"), "{}")).await;
    assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (400, "unknown_field"));
    let request = ask("PUT", "/chat/users/bob/disabled").header("x-who", "root");
    let answered = house.answer(with_json(request, r#"{"userId":"eve","disabled":true}"#)).await;
    assert_eq!(answered.status, 403, "alice is no administrator");
    let mut request =
        with_json(ask("PUT", "/chat/users/bob/disabled"), r#"{"userId":"eve","disabled":true}"#);
    request.headers_mut().insert("authorization", "Bearer root".parse().unwrap());
    let answered = house.answer(request).await;
    assert_eq!((answered.status.as_u16(), answered.reason().as_str()), (400, "validation"));
    assert_eq!(answered.json()["field"], "userId");
    assert_eq!(house.calls(), 0);
}
