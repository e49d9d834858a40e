//! Identity on real databases of both engines, through the registry and the authenticator.

mod attacks;
mod devices;
mod hosts;
mod passwords;
mod refreshing;
mod setting_up;
pub(super) mod signing;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Engine};
use fireside_kernel::nodes::hints::Passed;
use fireside_kernel::relay::{Audience, Outlet};
use fireside_kernel::{Actor, Authenticator as _, Clock, Error, Identity, Names};
use fireside_protocol::text::{Password, Username};
use fireside_protocol::{Reason, Signal};
use serde_json::Value;

use super::*;
use crate::presence;
use crate::{members, rooms};

pub(super) const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// One node.
pub(super) struct Node {
    pub(super) sessions: Arc<Sessions>,
    pub(super) kernel: Kernel,
    registry: Registry,
    closed: Arc<Recorder>,
}

/// A node and its database, which goes when this goes.
pub(super) struct World {
    pub(super) node: Node,
    _database: TestDatabase,
}

impl std::ops::Deref for World {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

/// Keeps what is closed.
#[derive(Default)]
struct Recorder(Mutex<Vec<(Closing, String)>>);

impl Outlet for Recorder {
    fn signal(&self, _: &Audience, _: &Signal) {}

    fn pass(&self, _: &Audience, _: &Passed) {}

    fn close(&self, closing: &Closing, reason: &str) {
        self.0.lock().push((closing.clone(), reason.to_owned()));
    }
}

/// Settings under which anyone may sign up.
pub(super) fn open() -> Settings {
    Settings { signup: Signup::Open, ..Settings::default() }
}

/// A node on a fresh database.
pub(super) async fn world(engine: Engine, settings: Settings) -> World {
    let database = TestDatabase::on(engine).await;
    let node = node(database.open().await, settings).await;
    World { node, _database: database }
}

/// A node on a fresh SQLite database, with settings that may name files in its directory.
pub(super) async fn world_with(settings: impl FnOnce(&Path) -> Settings) -> World {
    let database = TestDatabase::sqlite();
    let settings = settings(database.directory().expect("SQLite has a directory"));
    let node = node(database.open().await, settings).await;
    World { node, _database: database }
}

/// A node on a database that may have others.
pub(super) async fn node(db: Db, settings: Settings) -> Node {
    let kernel = Kernel::start(db, Clock::standing(Clock::default().now()), Names::random());
    let closed = Arc::new(Recorder::default());
    kernel.relay.set_outlet(closed.clone());
    let mut registry = Registry::default();
    let presence = presence::register(&kernel, &mut registry);
    rooms::register(&kernel, &mut registry);
    members::register(&kernel, &mut registry, &presence);
    let sessions = register(&kernel, &mut registry, &presence, settings).await.expect("it starts");
    Node { sessions, kernel, registry, closed }
}

impl Node {
    /// Calls an operation as an actor from an address.
    pub(super) async fn call_from(
        &self,
        address: &str,
        actor: Actor,
        name: &str,
        request: Value,
    ) -> Result<Value> {
        let entry = self.registry.by_name(name).expect("the operation is registered");
        let mut ctx = Ctx::new(actor, "test");
        ctx.peer.address = Some(address.parse::<IpAddr>().expect("an address"));
        ctx.peer.user_agent = Some("Test/1.0".into());
        let answer = self.registry.dispatch(entry, ctx, &request.to_string())?.await?;
        Ok(serde_json::from_str(answer.ack()?.get()).expect("an answer is JSON"))
    }

    /// Calls an operation without credentials.
    pub(super) async fn call(&self, name: &str, request: Value) -> Result<Value> {
        self.call_from("127.0.0.1", Actor::Anonymous, name, request).await
    }

    /// Calls an operation with a token.
    pub(super) async fn call_as(&self, token: &str, name: &str, request: Value) -> Result<Value> {
        let identity = self.sessions.authenticate(token).await?;
        self.call_from("127.0.0.1", Actor::User(identity), name, request).await
    }

    /// Signs up with the password `correct horse`.
    pub(super) async fn sign_up(&self, username: &str) -> Result<Value> {
        self.call("sessions.register", serde_json::json!({"username": username, "password": "correct horse"}))
            .await
    }

    /// Signs in.
    pub(super) async fn log_in(&self, username: &str, password: &str) -> Result<Value> {
        self.call("sessions.login", serde_json::json!({"username": username, "password": password})).await
    }

    /// Refreshes.
    pub(super) async fn refresh(&self, token: &str) -> Result<Value> {
        self.call("sessions.refresh", serde_json::json!({"refreshToken": token})).await
    }

    /// Whether a token opens anything.
    pub(super) async fn is_valid(&self, token: &str) -> bool {
        match self.sessions.authenticate(token).await {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.reason, Reason::Unauthenticated, "{error:?}");
                false
            }
        }
    }

    pub(super) async fn identity(&self, token: &str) -> Identity {
        self.sessions.authenticate(token).await.expect("a valid token")
    }

    /// What was closed since the last time.
    pub(super) fn closed(&self) -> Vec<(Closing, String)> {
        std::mem::take(&mut self.closed.0.lock())
    }
}

/// A text of an answer.
pub(super) fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer}"))
}

pub(super) fn access(answer: &Value) -> &str {
    text(answer, "accessToken")
}

pub(super) fn refresh(answer: &Value) -> &str {
    text(answer, "refreshToken")
}

/// Why it failed.
pub(super) fn reason(outcome: Result<Value>) -> Reason {
    outcome.expect_err("it was allowed").reason
}

/// The session an access token belongs to.
pub(super) async fn session_of(node: &Node, answer: &Value) -> SessionId {
    node.identity(access(answer)).await.session.expect("a token of our own has one")
}

/// All at once; their outcomes.
pub(super) async fn at_once<F: Future + Send + 'static>(futures: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F::Output: Send,
{
    let tasks: Vec<_> = futures.map(tokio::spawn).collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

/// Waits for what is decided elsewhere.
pub(super) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !is_so().await {
        assert!(std::time::Instant::now() < deadline, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn error_of<T>(outcome: Result<T>) -> Error {
    outcome.err().expect("it was allowed")
}

pub(super) fn username(text: &str) -> Username {
    Username::parse(text).expect("a username")
}

pub(super) fn password(text: &str) -> Password {
    Password::parse(text).expect("a password")
}

/// Shuts a user out without a word to any node.
pub(super) async fn shut_out(node: &Node, user: &str) {
    let statement = fireside_db::sql("UPDATE users SET disabled_at = 1 WHERE id = $1");
    node.kernel.db.run(statement.bind(user)).await.expect("shut out");
}
