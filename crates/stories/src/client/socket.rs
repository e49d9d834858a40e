//! One Socket.IO connection in the default namespace.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::PATIENCE;
use super::heard::{Event, Heard, RESUMED};
use super::packet::Packet;
use super::wire::{self, Target, Transport, Wire};

/// How a client connects and authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// `/io`: the event `authenticate`, with the token in the handshake's header.
    Tutorial,
    /// `/socket.io/`: the token comes with the connection.
    Idiomatic,
}

/// Everything one needs to know to connect.
#[derive(Debug, Clone)]
pub struct Dial<'a> {
    /// The server.
    pub address: SocketAddr,
    /// Path and way of authenticating.
    pub profile: Profile,
    /// How packets travel.
    pub transport: Transport,
    /// The token; none for a stranger.
    pub token: Option<&'a str>,
    /// Who connects, for messages of failed tests.
    pub name: &'a str,
}

/// A connected socket. Closed by [`Socket::close`], or when dropped; what it heard can still be asked for.
#[derive(Debug)]
pub struct Socket {
    outgoing: Mutex<Option<mpsc::Sender<String>>>,
    heard: Arc<Heard>,
    answers: Arc<Answers>,
    next_id: AtomicU64,
    id: String,
    name: String,
}

type Answers = Mutex<Option<HashMap<u64, oneshot::Sender<Value>>>>;

/// An event that was sent and asked for an answer.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Value>);

impl Pending {
    /// The answer; none if the connection ended before it.
    ///
    /// # Panics
    /// If it does not come in time.
    pub async fn answer(self) -> Option<Value> {
        let answer = tokio::time::timeout(PATIENCE, self.0).await;
        answer.expect("every event that asks for an answer gets one in time").ok()
    }
}

impl Socket {
    /// Connects and authenticates.
    ///
    /// # Errors
    /// The server's refusal: the payload of `connect_error` or `unauthenticated`, or the failed handshake as
    /// a string.
    pub async fn connect(dial: &Dial<'_>) -> Result<Socket, Value> {
        let socket = Socket::open(dial).await?;
        if dial.profile == Profile::Tutorial && dial.token.is_some() {
            socket.authenticate().await?;
        }
        Ok(socket)
    }

    /// Connects; with the tutorial's profile the socket is not authenticated yet.
    ///
    /// # Errors
    /// As [`Socket::connect`].
    pub async fn open(dial: &Dial<'_>) -> Result<Socket, Value> {
        let mut target = Target { address: dial.address, path: "/socket.io/", headers: Vec::new() };
        let mut auth = dial.token.map(|token| json!({ "token": token }));
        if dial.profile == Profile::Tutorial {
            target.path = "/io";
            auth = None;
            target.headers.extend(dial.token.map(|token| ("authorization", format!("Bearer {token}"))));
        }
        let mut wire = wire::connect(&target, dial.transport).await.map_err(Value::from)?;
        let heard = Arc::new(Heard::new(dial.name));
        let connect = format!("4{}", Packet::connect(auth.as_ref()));
        let connected = async {
            send(&wire.outgoing, connect).await;
            first_packet(&mut wire, &heard).await
        };
        let first = tokio::time::timeout(PATIENCE, connected).await;
        let id = match first.map_err(|_| Value::from("no answer to CONNECT"))? {
            Some(Packet::Connect(id)) => id,
            Some(Packet::ConnectError(error)) => return Err(error),
            other => return Err(format!("{other:?} in place of CONNECT").into()),
        };
        let answers = Arc::new(Mutex::new(Some(HashMap::new())));
        let outgoing = Mutex::new(Some(wire.outgoing.clone()));
        tokio::spawn(listen(wire, heard.clone(), answers.clone()));
        Ok(Socket { outgoing, heard, answers, next_id: AtomicU64::new(0), id, name: dial.name.to_owned() })
    }

    async fn authenticate(&self) -> Result<(), Value> {
        self.emit("authenticate", None).await;
        let verdict = |event: &Event| match event.name.as_str() {
            "authenticated" => Some(Ok(())),
            "unauthenticated" => Some(Err(event.payload.clone())),
            _ => None,
        };
        self.heard.find(0, "the answer to authenticate", verdict).await
    }

    /// The socket's id, as the server told it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it has received.
    pub fn heard(&self) -> &Arc<Heard> {
        &self.heard
    }

    /// Sends an event that asks for no answer.
    pub async fn emit(&self, event: &str, payload: Option<&Value>) {
        self.send(Packet::event(event, payload, None)).await;
    }

    /// Sends an event that asks for an answer, without waiting for it.
    pub async fn submit(&self, event: &str, payload: &Value) -> Pending {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        // Where the connection is over, dropping the sender is the answer.
        if let Some(answers) = self.answers.lock().as_mut() {
            answers.insert(id, answer);
        }
        self.send(Packet::event(event, Some(payload), Some(id))).await;
        Pending(answered)
    }

    /// Sends an event and waits for its answer.
    ///
    /// # Panics
    /// If there is none.
    pub async fn call(&self, event: &str, payload: &Value) -> Value {
        let answer = self.submit(event, payload).await.answer().await;
        answer.unwrap_or_else(|| panic!("the socket of {} was closed before {event} was answered", self.name))
    }

    /// Says goodbye and waits until the connection is over.
    pub async fn close(&self) {
        self.send("1".to_owned()).await;
        self.outgoing.lock().take();
        self.heard.until_over(PATIENCE).await;
    }

    async fn send(&self, packet: String) {
        let outgoing = self.outgoing.lock().clone();
        if let Some(outgoing) = outgoing {
            send(&outgoing, format!("4{packet}")).await;
        }
    }

    /// Waits until the server has closed it.
    ///
    /// # Panics
    /// If that takes longer than `limit`.
    pub async fn closed_within(&self, limit: Duration) {
        self.heard.until_over(limit).await;
    }
}

/// Queues a packet. Where the connection is over there is nobody to tell: whoever waits for an answer will
/// see it.
async fn send(outgoing: &mpsc::Sender<String>, packet: String) {
    let _sent = outgoing.send(packet).await;
}

/// The first Socket.IO packet.
async fn first_packet(wire: &mut Wire, heard: &Heard) -> Option<Packet> {
    while let Some(frame) = wire.incoming.recv().await {
        heard.frame(&frame);
        if let Some(packet) = frame.strip_prefix('4') {
            return Packet::parse(packet);
        }
    }
    None
}

/// Takes packets until the connection is over.
async fn listen(mut wire: Wire, heard: Arc<Heard>, answers: Arc<Answers>) {
    // Held weakly: the connection ends with its [`Socket`].
    let outgoing = wire.outgoing.downgrade();
    drop(wire.outgoing);
    while let Some(frame) = wire.incoming.recv().await {
        heard.frame(&frame);
        match frame.split_at_checked(1) {
            Some(("2", _)) => {
                if let Some(outgoing) = outgoing.upgrade() {
                    send(&outgoing, "3".to_owned()).await;
                }
            }
            Some(("4", packet)) => match Packet::parse(packet) {
                Some(Packet::Event(name, payload)) => heard.event(name, payload),
                Some(Packet::Ack(id, value)) => {
                    if value["rooms"][0]["recovered"].is_boolean() {
                        heard.event(RESUMED.to_owned(), value.clone());
                    }
                    let waiting = answers.lock().as_mut().and_then(|answers| answers.remove(&id));
                    // Nobody waits any more: the test has what it wanted to know.
                    let _taken = waiting.map(|waiting| waiting.send(value));
                }
                Some(Packet::Disconnect) => break,
                other => heard.event(
                    "(unreadable)".to_owned(),
                    json!({ "packet": frame, "read": format!("{other:?}") }),
                ),
            },
            _ => {}
        }
    }
    answers.lock().take();
    heard.over();
}
