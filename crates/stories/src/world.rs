//! The world of a story: a server on a database of its own, and the cast.

use std::collections::HashMap;
use std::sync::Arc;

use fireside_bus::Bus;
use fireside_bus::memory::Hub;
use fireside_db::Engine;
use fireside_db::testing::TestDatabase;
use fireside_kernel::Kernel;
use fireside_protocol::Request as _;
use fireside_protocol::sessions::{Claim, Register};
use fireside_server::config::{Config, Secret, Signup};
use fireside_server::wiring::{self, Running};
use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::actor::{Actor, House};
use crate::answer::Door;
use crate::audit::{self, Witness};
use crate::client::{Profile, Transport};
use crate::own::Own;
use crate::place::Room;
use crate::story;
use crate::token::SECRET;

/// The password of everyone who has one.
pub const PASSWORD: &str = "correct horse battery staple";

/// A server and the people around it.
pub struct World {
    /// Made the den and the square, and is their admin.
    pub alice: Actor,
    /// A member of the den.
    pub bob: Actor,
    /// A member of the den, on long polling.
    pub carol: Actor,
    /// Signed in, a member of nothing.
    pub dave: Actor,
    /// Has a private room of her own, and no business in the den.
    pub mallory: Actor,
    /// Somebody without a token.
    pub stranger: Actor,
    /// A private room of alice, bob and carol.
    pub den: Room,
    /// A public room with alice alone.
    pub square: Room,
    /// Mallory's private room.
    pub lair: Room,
    house: Arc<House>,
    /// People who came later, for the audit.
    others: Mutex<Vec<Arc<Actor>>>,
    /// Positions of the rooms when everyone had connected.
    before: HashMap<String, i64>,
    /// What each of the cast knew of themselves then.
    owns: HashMap<String, Own>,
    config: Config,
    server: Mutex<Option<Running>>,
    /// What connects the nodes, where there are several.
    hub: Option<Hub>,
    /// The second node.
    neighbour: Mutex<Option<Running>>,
    /// Where the database is the world's own: gone with it.
    _database: Option<TestDatabase>,
    _files: TempDir,
}

/// How the world differs from the usual one.
pub type Change = fn(&mut Config);

impl World {
    /// A world on this kind of database, whose people act through this door.
    pub async fn new(engine: Engine, door: Door) -> World {
        World::with(engine, door, |_| {}).await
    }

    /// A world whose server is configured otherwise.
    pub async fn with(engine: Engine, door: Door, change: Change) -> World {
        let database = TestDatabase::on(engine).await;
        let world = World::at(database.url(), door, change).await;
        World { _database: Some(database), ..world }
    }

    /// A world on a database that the story has in its hands, by its address.
    ///
    /// # Panics
    /// If the server does not start, or the cast cannot take its places.
    pub async fn at(database: &str, door: Door, change: Change) -> World {
        let files =
            tempfile::Builder::new().prefix("fireside-stories-").tempdir().expect("a temporary directory");
        let mut config = Config {
            listen: "127.0.0.1:0".parse().expect("an address"),
            data_dir: files.path().to_owned(),
            database_url: Some(database.parse().expect("the address of a test database")),
            signup: Some(Signup::Open),
            rate_limits: false,
            ..Config::default()
        };
        config.jwt.secret = Some(Secret::from(SECRET));
        change(&mut config);
        let hub = story::has_two_nodes().then(Hub::new);
        let server = start(&config, hub.as_ref()).await;
        let house = House::at(server.address, server.kernel.clock.clone());
        let neighbour = match &hub {
            Some(hub) => Some(start(&config, Some(hub)).await),
            None => None,
        };
        // Half of the people come in at the second node.
        let other = neighbour.as_ref().map(|node| house.beside(node.address, node.kernel.clock.clone()));
        let other = other.as_ref().unwrap_or(&house);
        let guest = |house, name, profile, transport| Actor::guest(house, name, door, (profile, transport));
        let alice = guest(&house, "alice", Profile::Tutorial, Transport::WebSocket);
        let bob = guest(other, "bob", Profile::Idiomatic, Transport::WebSocket);
        let carol = guest(&house, "carol", Profile::Idiomatic, Transport::Polling);
        let dave = guest(other, "dave", Profile::Tutorial, Transport::Polling);
        let mallory = guest(other, "mallory", Profile::Idiomatic, Transport::WebSocket);
        let idiomatic = (Profile::Idiomatic, Transport::WebSocket);
        let stranger = Actor::with_token(&house, "a stranger", "nobody", None, door, idiomatic);
        let cast = [&alice, &bob, &carol, &dave, &mallory];
        // A user exists from the first token on.
        join_all(cast.iter().map(|actor| actor.gets("/auth/me"))).await;
        let den = build(&alice, "den", true).await;
        let square = build(&alice, "square", false).await;
        let lair = build(&mallory, "lair", true).await;
        for member in [&bob, &carol] {
            alice.adds_by(Door::Rest, &den, member).await;
        }
        *house.den.lock() = Some(den.clone());
        join_all(cast.iter().map(|actor| actor.connects())).await;
        let before = heads(&[&alice, &mallory]).await;
        let owns =
            join_all(cast.iter().map(|actor| Own::of(&server.kernel.db, &server.kernel.names, actor.id())));
        let owns = cast.iter().map(|actor| actor.id().to_owned()).zip(owns.await).collect();
        World {
            alice,
            bob,
            carol,
            dave,
            mallory,
            stranger,
            den,
            square,
            lair,
            house,
            others: Mutex::default(),
            before,
            owns,
            config,
            server: Mutex::new(Some(server)),
            hub,
            neighbour: Mutex::new(neighbour),
            _database: None,
            _files: files,
        }
    }

    /// What the cast shares.
    pub fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Everyone who has a token.
    pub fn cast(&self) -> [&Actor; 5] {
        [&self.alice, &self.bob, &self.carol, &self.dave, &self.mallory]
    }

    /// Someone more, vouched for by the host application and not connected yet.
    pub async fn newcomer(&self, name: &str) -> Arc<Actor> {
        let way = (Profile::Idiomatic, Transport::WebSocket);
        let actor = Arc::new(Actor::guest(&self.house, name, self.alice.door(), way));
        actor.gets("/auth/me").await;
        self.others.lock().push(actor.clone());
        actor
    }

    /// Whether half of the people are on another node.
    pub fn has_two_nodes(&self) -> bool {
        self.neighbour.lock().is_some()
    }

    /// Someone with an account of their own and [`PASSWORD`], signed in and not connected yet; and the answer
    /// to signing up.
    pub async fn registers(&self, name: &str) -> (Arc<Actor>, Value) {
        let payload = json!({ "username": name, "password": PASSWORD });
        let answer = self.stranger.does(&Register::OPERATION, &payload).await.body;
        (self.device(name, &answer), answer)
    }

    /// One more device of someone: acts with the tokens of an answer to signing in.
    ///
    /// # Panics
    /// If it is no such answer.
    pub fn device(&self, name: &str, signed_in: &Value) -> Arc<Actor> {
        let text =
            |value: &Value| value.as_str().unwrap_or_else(|| panic!("no sign-in: {signed_in}")).to_owned();
        let (id, token) = (text(&signed_in["user"]["id"]), text(&signed_in["accessToken"]));
        let way = (Profile::Idiomatic, Transport::WebSocket);
        let actor = Arc::new(Actor::with_token(&self.house, name, &id, Some(token), self.alice.door(), way));
        self.others.lock().push(actor.clone());
        actor
    }

    /// The administrator of the server: claims it with the token that it prints at its start.
    ///
    /// # Panics
    /// If the server has one already.
    pub async fn root(&self) -> Arc<Actor> {
        let token =
            |node: &Mutex<Option<Running>>| node.lock().as_ref().and_then(|node| node.setup_token.clone());
        // The token of the last start is the one that holds.
        let token = token(&self.neighbour).or_else(|| token(&self.server));
        let payload = json!({ "token": token, "username": "wurzel", "password": PASSWORD });
        let answer = self.stranger.does(&Claim::OPERATION, &payload).await.body;
        self.device("root", &answer)
    }

    /// What the server's operations use: its database, its clock.
    ///
    /// # Panics
    /// If the server is stopped.
    pub fn kernel(&self) -> Kernel {
        self.server.lock().as_ref().expect("the server runs").kernel.clone()
    }

    /// Stops the server and starts it again on the same database; of two nodes one after the other. Sockets are closed; whoever is needed comes
    /// back by [`Actor::comes_back`].
    ///
    /// # Panics
    /// If the server does not start again.
    pub async fn restart(&self) {
        self.restart_node(&self.server, &self.house).await;
        let next_door = self.house.next_door();
        if let Some(house) = next_door {
            self.restart_node(&self.neighbour, &house).await;
        }
    }

    async fn restart_node(&self, node: &Mutex<Option<Running>>, house: &House) {
        let running = node.lock().take();
        if let Some(running) = running {
            running.shutdown();
            running.wait().await;
        }
        let running = start(&self.config, self.hub.as_ref()).await;
        *house.address.lock() = running.address;
        *house.clock.lock() = running.kernel.clock.clone();
        *node.lock() = Some(running);
    }

    /// Ends the story: what everyone knows and was told is held against what the server has.
    ///
    /// # Panics
    /// If anything is not as it should be, with everything that is not.
    pub async fn close(self) {
        let others = self.others.lock().clone();
        let own = |actor: &Actor| self.owns.get(actor.id());
        let mut everyone: Vec<_> =
            self.cast().map(|actor| Witness { actor, was_there: true, own: own(actor) }).into();
        let late = std::iter::once(&self.stranger).chain(others.iter().map(Arc::as_ref));
        everyone.extend(late.map(|actor| Witness { actor, was_there: false, own: None }));
        let mut findings = audit::knowledge(&everyone).await;
        findings.extend(audit::record(&self.kernel().db, &self.house, &self.before, &everyone).await);
        // Dropped, the server drains in the background, for which nobody has to wait.
        assert!(findings.is_empty(), "the audit found:\n{}", findings.join("\n"));
    }
}

/// Starts a node, connected with the others where there is a hub.
async fn start(config: &Config, hub: Option<&Hub>) -> Running {
    let bus = async |_| Ok(hub.map_or_else(Bus::none, Bus::memory));
    wiring::start_with(config, true, bus).await.expect("the server starts")
}

/// Makes a room by HTTP, before anyone is connected.
async fn build(owner: &Actor, name: &str, is_private: bool) -> Room {
    owner.creates_by(Door::Rest, name, is_private).await
}

/// Positions of the rooms of these people.
async fn heads(people: &[&Actor]) -> HashMap<String, i64> {
    let mut heads = HashMap::new();
    for person in people {
        let rooms = person.gets("/chat/rooms").await;
        for room in rooms.as_array().into_iter().flatten() {
            let head = room["id"].as_str().zip(room["seq"].as_i64());
            heads.extend(head.map(|(id, seq)| (id.to_owned(), seq)));
        }
    }
    heads
}
