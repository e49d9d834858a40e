//! The door as a client meets it, with a few real operations behind it and without a network.

mod bodies;
mod front;
mod operations;
mod own;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use fireside_kernel::{Authenticator, Ctx, Error, Identity, Names, Registry};
use fireside_protocol::messages::{ListMessages, Message};
use fireside_protocol::page::{Head, Page};
use fireside_protocol::request::Done;
use fireside_protocol::rooms::{CreateRoom, DeleteRoom, GetRoom, ListRooms, Room};
use fireside_protocol::sessions::{Login, SignedIn};
use fireside_protocol::users::{DisableUser, User};
use fireside_protocol::{Once, Operation, Request as ProtocolRequest, RoomId, SessionId, Time, UserId};
use fireside_socketio::Origins;
use http::{HeaderMap, Request, StatusCode, request};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use schemars::JsonSchema;
use serde::Deserialize;

use super::*;
use crate::gateway::GatewaySettings;
use crate::limits::{LimitSettings, Limits};

/// Where requests come from, unless a test says otherwise.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

/// Knows the tokens `alice` and `root`.
struct Guests;

#[async_trait::async_trait]
impl Authenticator for Guests {
    async fn authenticate(&self, token: &str) -> fireside_kernel::Result<Identity> {
        if !["alice", "root"].contains(&token) {
            return Err(Error::unauthenticated("The token is not valid"));
        }
        let user = UserId::trusted(token);
        Ok(Identity { user, session: None, is_admin: token == "root", expires_at: Time::from_micros(0) })
    }

    fn is_over(&self, _: &SessionId) -> bool {
        false
    }
}

/// Panics.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Panic {}

impl ProtocolRequest for Panic {
    type Response = Done;
    const OPERATION: Operation = Operation::new("tests.panic", "Panic").post("/tests/panic");
}

/// Waits to be let go on, and says when it began and when it ended.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wait {}

impl ProtocolRequest for Wait {
    type Response = Done;
    const OPERATION: Operation = Operation::new("tests.wait", "Wait").post("/tests/wait");
}

/// What a test can see of the operation [`Wait`].
#[derive(Default)]
struct Waiting {
    began: tokio::sync::Notify,
    go_on: tokio::sync::Notify,
    ended: tokio::sync::Notify,
}

struct House {
    rest: Rest,
    gateway: Arc<Gateway>,
    /// How many operations have run.
    calls: Arc<AtomicUsize>,
    waiting: Arc<Waiting>,
}

fn room(name: &str) -> Room {
    Room {
        id: RoomId::trusted("r1"),
        created_at: Time::from_micros(0),
        modified_at: Time::from_micros(0),
        name: name.to_owned(),
        description: None,
        is_private: false,
        created_by: UserId::trusted("alice"),
        slug: "general".to_owned(),
        member_count: 1,
        epoch: "e".into(),
        seq: 1,
    }
}

fn user(id: &UserId) -> User {
    User {
        id: id.clone(),
        created_at: Time::from_micros(0),
        modified_at: Time::from_micros(0),
        username: id.to_string(),
        display_name: None,
        avatar: None,
        is_online: false,
        last_seen_at: None,
        kind: "person".to_owned(),
        role: "member".to_owned(),
    }
}

async fn panic_at_once(_: Ctx, _: Panic) -> fireside_kernel::Result<Done> {
    panic!("a mistake of /src/operations")
}

fn registry(calls: &Arc<AtomicUsize>, waiting: &Arc<Waiting>) -> Registry {
    let mut registry = Registry::default();
    let count = |calls: &Arc<AtomicUsize>| {
        let calls = calls.clone();
        move || calls.fetch_add(1, Ordering::Relaxed)
    };
    let called = count(calls);
    registry.add(move |ctx: Ctx, _: ListRooms| {
        called();
        async move { Ok(vec![room(ctx.user()?.as_str())]) }
    });
    let called = count(calls);
    registry.add(move |ctx: Ctx, request: CreateRoom| {
        called();
        async move {
            // The key comes back as the name, for the tests to see.
            let key = ctx.idempotency_key.map(|key| key.as_str().to_owned());
            Ok(Once::done(room(&key.unwrap_or_else(|| request.name.as_str().to_owned()))))
        }
    });
    let called = count(calls);
    registry.add(move |_: Ctx, request: GetRoom| {
        called();
        async move { Ok(room(request.room_id.as_str())) }
    });
    let called = count(calls);
    registry.add(move |_: Ctx, _: DeleteRoom| {
        called();
        async move { Ok(Once::done(Done {})) }
    });
    let called = count(calls);
    registry.add(move |_: Ctx, request: ListMessages| {
        called();
        async move {
            let head = Some(Head { epoch: "e".to_owned(), seq: 9 });
            let next = Some("before=3".to_owned());
            Ok(Page { items: Vec::<Message>::new(), next, prev: None, limit: request.limit.rows(), head })
        }
    });
    registry.add(|_: Ctx, request: Login| async move {
        let id = UserId::trusted("alice");
        if request.username != "alice" {
            return Err(Error::unauthenticated("Wrong username or password"));
        }
        let tokens = ("a".to_owned(), "r".to_owned());
        Ok(SignedIn {
            user: user(&id),
            access_token: tokens.0,
            refresh_token: tokens.1,
            expires_in: 900,
            device_cookie: None,
        })
    });
    registry.add(|_: Ctx, request: DisableUser| async move {
        Ok(user(&UserId::trusted(request.user_id.as_str())))
    });
    registry.add(panic_at_once);
    let waiting = waiting.clone();
    registry.add(move |_: Ctx, _: Wait| {
        let waiting = waiting.clone();
        async move {
            waiting.began.notify_one();
            waiting.go_on.notified().await;
            waiting.ended.notify_one();
            Ok(Done {})
        }
    });
    registry
}

fn house() -> House {
    house_with(GatewaySettings::default(), Limits::off(), Vec::new())
}

fn limited_house(settings: GatewaySettings) -> House {
    house_with(settings, Limits::new(LimitSettings::default()), Vec::new())
}

fn house_for(origins: Origins) -> House {
    house_with(GatewaySettings { origins, ..GatewaySettings::default() }, Limits::off(), Vec::new())
}

fn house_with(settings: GatewaySettings, limits: Limits, checks: Vec<Check>) -> House {
    let (calls, waiting) = (Arc::new(AtomicUsize::new(0)), Arc::new(Waiting::default()));
    let registry = registry(&calls, &waiting);
    let gateway = Arc::new(Gateway::new(registry, Arc::new(Guests), limits, Names::random(), settings));
    let pages = Pages::new().with("/", "index.html", "<!doctype html>").with("/app.js", "app.js", "1").with(
        "/long.js",
        "long.js",
        "x".repeat(4096),
    );
    let rest = RestSettings {
        pages,
        checks,
        metrics: Some(Box::new(|| "fireside_up 1\n".to_owned())),
        version: Version { version: "1.2.3", commit: Some("abc") },
    };
    House { rest: Rest::new(gateway.clone(), rest), gateway, calls, waiting }
}

/// A request with `Host` and alice's token.
fn ask(method: &str, path: &str) -> request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "chat.example")
        .header("authorization", "Bearer alice")
}

/// The same without credentials.
fn ask_anonymously(method: &str, path: &str) -> request::Builder {
    Request::builder().method(method).uri(path).header("host", "chat.example")
}

fn with_json(builder: request::Builder, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    builder.header("content-type", "application/json").body(Full::new(body.into())).unwrap()
}

fn bare(builder: request::Builder) -> Request<Full<Bytes>> {
    builder.body(Full::default()).unwrap()
}

struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answered {
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    fn reason(&self) -> String {
        self.json()["reason"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl House {
    async fn answer<B>(&self, request: Request<B>) -> Answered
    where
        B: Body<Data = Bytes> + Unpin,
    {
        self.answer_from(CLIENT, request).await
    }

    async fn answer_from<B>(&self, tcp: IpAddr, request: Request<B>) -> Answered
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (head, body) = self.rest.answer(tcp, request).await.into_parts();
        let body = body.collect().await.expect("it cannot fail").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("answers are text");
        Answered { status: head.status, headers: head.headers, body }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}
