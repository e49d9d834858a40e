//! One person: their token, their sockets, and everything they were ever told.

use std::net::SocketAddr;
use std::sync::Arc;

use fireside_kernel::{Clock, Names};
use fireside_protocol::{Operation, Time};
use parking_lot::Mutex;
use serde_json::Value;

use crate::answer::{Answer, Door, Outcome, rest_request};
use crate::client::{Call, Dial, Http, Profile, Reply, Socket, Transport};
use crate::place::Room;
use crate::token::host_token;

/// How long a token lasts, in seconds: longer than stories move the clock.
const TOKEN_SECONDS: i64 = 24 * 60 * 60;

/// What the whole cast shares: where the server is, and the rooms that were made.
#[derive(Debug)]
pub struct House {
    /// Where the server listens; changes when it is started again.
    pub address: Mutex<SocketAddr>,
    /// Rooms that stories made.
    pub rooms: Arc<Mutex<Vec<Room>>>,
    /// The room where one speaks unless another is named.
    pub den: Arc<Mutex<Option<Room>>>,
    /// The server's clock; another one when it is started again.
    pub clock: Mutex<Clock>,
    /// Makes canaries.
    pub names: Names,
    /// The same house, entered at another node.
    next_door: Mutex<Option<Arc<House>>>,
}

impl House {
    /// A house without rooms yet, whose server listens at `address` and has this clock.
    pub fn at(address: SocketAddr, clock: Clock) -> Arc<House> {
        Arc::new(House {
            address: Mutex::new(address),
            rooms: Arc::default(),
            den: Arc::default(),
            clock: Mutex::new(clock),
            names: Names::random(),
            next_door: Mutex::default(),
        })
    }

    /// The same house, entered at another node that listens at `address` and has this clock.
    #[must_use]
    pub fn beside(&self, address: SocketAddr, clock: Clock) -> Arc<House> {
        let house = Arc::new(House {
            address: Mutex::new(address),
            rooms: self.rooms.clone(),
            den: self.den.clone(),
            clock: Mutex::new(clock),
            names: self.names.clone(),
            next_door: Mutex::default(),
        });
        *self.next_door.lock() = Some(house.clone());
        house
    }

    /// The server's time of day.
    pub fn now(&self) -> Time {
        self.clock.lock().now()
    }

    /// The same house, entered at another node, if there is one.
    pub fn next_door(&self) -> Option<Arc<House>> {
        self.next_door.lock().clone()
    }

    /// Moves the time of day of all nodes.
    pub fn shift_clock(&self, ms: i64) {
        self.clock.lock().shift_ms(ms);
        if let Some(other) = self.next_door() {
            other.shift_clock(ms);
        }
    }
}

/// How someone connects.
pub type Way = (Profile, Transport);

/// One person.
#[derive(Debug)]
pub struct Actor {
    name: String,
    id: String,
    token: Mutex<Option<String>>,
    door: Door,
    way: Way,
    house: Arc<House>,
    http: Mutex<Arc<Http>>,
    /// Every socket they ever had, with what it heard.
    sockets: Mutex<Vec<Arc<Socket>>>,
    /// Ids of sockets that choose which rooms they hear.
    choosy: Mutex<Vec<String>>,
    /// Every HTTP answer they ever got: headers and body.
    answers: Mutex<Vec<String>>,
}

impl Actor {
    /// Someone vouched for by the host application, whose id and username are their name.
    pub fn guest(house: &Arc<House>, name: &str, door: Door, way: Way) -> Actor {
        let token = host_token(name, house.now().as_seconds() + TOKEN_SECONDS);
        Actor::with_token(house, name, name, Some(token), door, way)
    }

    /// Someone with a token of their own; none for a stranger.
    pub fn with_token(
        house: &Arc<House>,
        name: &str,
        id: &str,
        token: Option<String>,
        door: Door,
        way: Way,
    ) -> Actor {
        Actor {
            name: name.to_owned(),
            id: id.to_owned(),
            token: Mutex::new(token),
            door,
            way,
            http: Mutex::new(Arc::new(Http::new(*house.address.lock()))),
            house: house.clone(),
            sockets: Mutex::default(),
            choosy: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    /// Their name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Their user id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The door their verbs take.
    pub fn door(&self) -> Door {
        self.door
    }

    /// What the cast shares.
    pub fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Their token.
    pub fn token(&self) -> Option<String> {
        self.token.lock().clone()
    }

    /// Gives them another token; sockets that are open keep the one they came with.
    pub fn take_token(&self, token: &str) {
        *self.token.lock() = Some(token.to_owned());
    }

    // Connecting.

    /// Opens one more socket, in their usual way.
    ///
    /// # Panics
    /// If the server refuses it.
    pub async fn connects(&self) -> Arc<Socket> {
        self.connects_by(self.way).await
    }

    /// Opens one more socket.
    ///
    /// # Panics
    /// If the server refuses it.
    pub async fn connects_by(&self, way: Way) -> Arc<Socket> {
        let socket = self.tries_to_connect(way).await;
        socket.unwrap_or_else(|refusal| panic!("{} cannot connect: {refusal}", self.name))
    }

    /// Tries to open one more socket.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn tries_to_connect(&self, (profile, transport): Way) -> Result<Arc<Socket>, Value> {
        let token = self.token();
        let address = *self.house.address.lock();
        let dial = Dial { address, profile, transport, token: token.as_deref(), name: &self.name };
        let socket = Arc::new(Socket::connect(&dial).await?);
        self.sockets.lock().push(socket.clone());
        Ok(socket)
    }

    /// After a restart of the server: forgets old connections and opens a new socket.
    pub async fn comes_back(&self) -> Arc<Socket> {
        *self.http.lock() = Arc::new(Http::new(*self.house.address.lock()));
        self.connects().await
    }

    /// Their first socket that is still open.
    ///
    /// # Panics
    /// If there is none.
    pub fn socket(&self) -> Arc<Socket> {
        let sockets = self.sockets.lock();
        let open = sockets.iter().find(|socket| !socket.heard().is_over());
        open.cloned().unwrap_or_else(|| panic!("{} has no open socket", self.name))
    }

    /// All sockets they ever had.
    pub fn sockets(&self) -> Vec<Arc<Socket>> {
        self.sockets.lock().clone()
    }

    /// Those that are open.
    pub fn open_sockets(&self) -> Vec<Arc<Socket>> {
        self.sockets().into_iter().filter(|socket| !socket.heard().is_over()).collect()
    }

    /// From now on one of their sockets chooses which rooms it hears: the audit lets it miss events.
    pub fn lets_choose(&self, socket: &Socket) {
        self.choosy.lock().push(socket.id().to_owned());
    }

    /// Whether one of their sockets chooses which rooms it hears.
    pub fn is_choosy(&self, socket: &Socket) -> bool {
        self.choosy.lock().iter().any(|id| id == socket.id())
    }

    /// Everything they ever received, byte for byte: frames and HTTP answers.
    pub fn received(&self) -> Vec<String> {
        let frames = self.sockets().into_iter().flat_map(|socket| socket.heard().frames());
        frames.chain(self.answers.lock().iter().cloned()).collect()
    }

    // Acting.

    /// Does something through their door, or the only one the operation has.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn tries(&self, operation: &Operation, payload: &Value) -> Outcome {
        let door = match (operation.event, operation.route) {
            (Some(_), None) => Door::Socket,
            (None, _) => Door::Rest,
            (Some(_), Some(_)) => self.door,
        };
        self.tries_by(door, operation, payload).await
    }

    /// Does something through a certain door.
    ///
    /// # Errors
    /// The server's refusal.
    ///
    /// # Panics
    /// If the operation cannot be reached by this door, or is not answered.
    pub async fn tries_by(&self, door: Door, operation: &Operation, payload: &Value) -> Outcome {
        match door {
            Door::Socket => {
                let event = operation.event.unwrap_or_else(|| panic!("{} has no event", operation.name));
                Answer::of_ack(self.socket().call(event, payload).await)
            }
            Door::Rest => {
                let (method, path, body) = rest_request(operation, payload);
                let body = body.map(|body| ("application/json", body));
                Answer::of_reply(&self.calls(Call { method, path: &path, body, ..Call::default() }).await)
            }
        }
    }

    /// Does something that must be possible; the answer.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn does(&self, operation: &Operation, payload: &Value) -> Answer {
        let outcome = self.tries(operation, payload).await;
        outcome.unwrap_or_else(|refusal| panic!("{} may not {}: {refusal:?}", self.name, operation.name))
    }

    /// Does something that must be possible through a certain door; the answer.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn does_by(&self, door: Door, operation: &Operation, payload: &Value) -> Answer {
        let outcome = self.tries_by(door, operation, payload).await;
        outcome.unwrap_or_else(|refusal| panic!("{} may not {}: {refusal:?}", self.name, operation.name))
    }

    /// Makes an HTTP request with their token, unless `call` has one.
    ///
    /// # Panics
    /// If it is not answered.
    pub async fn calls(&self, call: Call<'_>) -> Reply {
        let reply = self.tries_to_call(call.clone()).await;
        reply.unwrap_or_else(|error| panic!("{} {} by {}: {error}", call.method, call.path, self.name))
    }

    /// Makes an HTTP request with their token, unless `call` has one.
    ///
    /// # Errors
    /// When it is not answered.
    pub async fn tries_to_call(&self, call: Call<'_>) -> Result<Reply, String> {
        let own = self.token();
        let token = call.token.or(own.as_deref());
        let http = self.http.lock().clone();
        let reply = http.send(Call { token, ..call }).await?;
        self.answers.lock().push(format!("{:?}\n{}", reply.headers, reply.text));
        Ok(reply)
    }

    /// `GET`s a path that must be there; the JSON.
    ///
    /// # Panics
    /// If it is not there for them.
    pub async fn gets(&self, path: &str) -> Value {
        let reply = self.calls(Call { method: "GET", path, ..Call::default() }).await;
        assert_eq!(reply.status, 200, "GET {path} by {}: {}", self.name, reply.text);
        reply.json()
    }
}
