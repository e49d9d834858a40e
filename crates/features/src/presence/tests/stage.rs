//! A stage for tests of what is told: a kernel on a fresh database, people in rooms, and every signal that
//! would leave for clients.

use std::sync::Arc;
use std::time::Duration;

use fireside_db::testing::TestDatabase;
use fireside_db::{Db, Engine, sql};
use fireside_kernel::connections::Connection;
use fireside_kernel::nodes::hints::Passed;
use fireside_kernel::relay::{Audience, Closing, Outlet};
use fireside_kernel::{Actor, Clock, Ctx, Error, Identity, Kernel, Names, Registry};
use fireside_protocol::{RoomId, Signal, Time, UserId};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

pub(crate) const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// See the module.
pub(crate) struct Stage {
    pub(crate) kernel: Kernel,
    pub(crate) registry: Registry,
    heard: Mutex<mpsc::Receiver<(Audience, Signal)>>,
    _database: TestDatabase,
}

/// Keeps what is sent. Closings are not what these tests are about.
struct Recorder(mpsc::Sender<(Audience, Signal)>);

impl Outlet for Recorder {
    fn signal(&self, audience: &Audience, signal: &Signal) {
        self.0.try_send((audience.clone(), signal.clone())).expect("the test listens");
    }

    fn pass(&self, _: &Audience, _: &Passed) {}

    fn close(&self, _: &Closing, _: &str) {}
}

impl Stage {
    pub(crate) async fn on(engine: Engine) -> Stage {
        let database = TestDatabase::on(engine).await;
        let kernel = Kernel::start(database.open().await, Clock::default(), Names::seeded(1));
        let (sender, heard) = mpsc::channel(10_000);
        kernel.relay.set_outlet(Arc::new(Recorder(sender)));
        Stage { kernel, registry: Registry::default(), heard: Mutex::new(heard), _database: database }
    }

    /// Makes a room with a log of nine events, its id `name`, its slug `name-slug`.
    pub(crate) async fn room(&self, name: &str, members: &[&str]) {
        insert_room(&self.kernel.db, name, "room", None).await;
        self.members(name, members).await;
    }

    /// Makes the conversation of two people.
    pub(crate) async fn conversation(&self, name: &str, one: &str, other: &str) {
        insert_room(&self.kernel.db, name, "direct", Some(format!("{one} {other}"))).await;
        self.members(name, &[one, other]).await;
    }

    async fn members(&self, room: &str, members: &[&str]) {
        for user in members {
            let text = "INSERT INTO members (room_id, user_id, id, role, created_at, modified_at, joined_at, joined_seq, \
                        read_seq) VALUES ($1, $2, $3, 'member', 1, 1, 1, 1, 1)";
            let statement = sql(text).bind(room).bind(*user).bind(format!("{room}/{user}"));
            self.kernel.db.run(statement).await.expect("a member");
        }
    }

    /// Calls an operation by its event, as a user.
    pub(crate) async fn call(&self, user: &str, event: &str, json: &str) -> Result<Value, Error> {
        let entry = self.registry.by_event(event).expect("the operation is registered");
        let expires_at = Time::from_micros(i64::MAX);
        let identity = Identity { user: UserId::trusted(user), session: None, is_admin: false, expires_at };
        let answer = self.registry.dispatch(entry, Ctx::new(Actor::User(identity), "test"), json)?.await?;
        Ok(serde_json::from_str(answer.ack()?.get()).expect("an ack is JSON"))
    }

    /// The next signal.
    pub(crate) async fn hears(&self) -> (Audience, Signal) {
        let mut heard = self.heard.lock().await;
        let next = tokio::time::timeout(Duration::from_secs(10), heard.recv()).await;
        next.expect("a signal within ten seconds").expect("the relay is there")
    }

    /// Whether all signals so far were heard.
    pub(crate) async fn is_quiet(&self) -> bool {
        self.heard.lock().await.is_empty()
    }
}

async fn insert_room(db: &Db, name: &str, kind: &str, pair_key: Option<String>) {
    let text = "INSERT INTO rooms (id, kind, slug, pair_key, name, is_private, created_by, created_at, modified_at, \
                epoch, head_seq, member_count, last_at) VALUES ($1, $2, $3, $4, $1, TRUE, 'root', 1, 1, 'e', 9, 0, 1)";
    let slug = pair_key.is_none().then(|| format!("{name}-slug"));
    let statement = sql(text).bind(name).bind(kind).bind(slug).bind(pair_key);
    db.run(statement).await.expect("a room");
}

/// Room of that id.
pub(crate) fn room(name: &str) -> RoomId {
    RoomId::trusted(name)
}

/// User of that id.
pub(crate) fn user(name: &str) -> UserId {
    UserId::trusted(name)
}

/// A socket of a user.
pub(crate) fn socket(name: &str, number: usize) -> Connection {
    Connection { socket: format!("{name}#{number}"), user: user(name), session: None }
}
