//! One connection of a device: a WebSocket that writes down everything it is told, in the order in which it comes,
//! and can be cut off without a word.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::recorder::Recorder;
use crate::checker::history::hash;
use crate::checker::{Action, Entry, Kind};
use crate::client::packet::Packet;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(8);
/// A server that says nothing for so long is gone: ping interval and ping timeout of the protocol.
pub const GONE_AFTER: Duration = Duration::from_secs(45);
/// Packets that may wait to be sent.
const QUEUE: usize = 256;

/// How far a device knows each room: epoch and position.
pub type Positions = BTreeMap<String, (String, i64)>;

/// Whose connection it is.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The connection's name: `alice#3`.
    pub p: String,
    /// The user.
    pub user: String,
    /// Their token.
    pub token: String,
}

/// See the module. Cut off when dropped.
#[derive(Debug)]
pub struct Line {
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<String>,
    tasks: Vec<JoinHandle<()>>,
}

type Waiting = HashMap<u64, Box<dyn FnOnce(&Value) + Send>>;

struct Shared {
    caller: Caller,
    recorder: Arc<Recorder>,
    positions: Arc<Mutex<Positions>>,
    /// Rooms of which nothing is missing: live events move the device's position there.
    synced: Mutex<BTreeSet<String>>,
    /// The newest live event of each room.
    latest: Mutex<BTreeMap<String, i64>>,
    waiting: Mutex<Option<Waiting>>,
    next_ack: AtomicU64,
    is_over: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("caller", &self.caller.p).finish_non_exhaustive()
    }
}

impl Line {
    /// Connects by a door and authenticates.
    ///
    /// # Errors
    /// When there is no connection, or the server refuses it.
    pub async fn open(
        (door, address): (usize, SocketAddr),
        caller: Caller,
        recorder: &Arc<Recorder>,
        positions: &Arc<Mutex<Positions>>,
    ) -> Result<Line, String> {
        let dialled = tokio::time::timeout(CONNECT_WITHIN, dial(address, &caller.token)).await;
        let socket = dialled.map_err(|_| "no answer".to_owned())??;
        let shared = Arc::new(Shared {
            caller,
            recorder: recorder.clone(),
            positions: positions.clone(),
            synced: Mutex::default(),
            latest: Mutex::default(),
            waiting: Mutex::new(Some(HashMap::new())),
            next_ack: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        });
        let node = door as u64 + 1;
        shared.push(Entry { f: Action::Connect, kind: Kind::Ok, node, ..Entry::default() });
        let (sink, stream) = socket.split();
        let (outgoing, to_send) = mpsc::channel(QUEUE);
        let reading = tokio::spawn(read(stream, shared.clone(), outgoing.clone()));
        let tasks = vec![reading, tokio::spawn(write(sink, to_send))];
        Ok(Line { shared, outgoing, tasks })
    }

    /// The same, over at the latest when this ends.
    #[must_use]
    pub fn until(mut self, cut: impl Future<Output = ()> + Send + 'static) -> Line {
        let shared = self.shared.clone();
        let others: Vec<AbortHandle> = self.tasks.iter().map(JoinHandle::abort_handle).collect();
        self.tasks.push(tokio::spawn(async move {
            cut.await;
            others.iter().for_each(AbortHandle::abort);
            shared.end();
        }));
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.shared.caller.p
    }

    /// Sends an event; `end` makes something of the answer at the moment at which it comes. None if the
    /// connection ends before it.
    pub async fn submit<T: Send + 'static>(
        &self,
        event: &str,
        payload: &Value,
        end: impl FnOnce(&Value) -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let id = self.shared.next_ack.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        if let Some(waiting) = self.shared.waiting.lock().as_mut() {
            let end = move |answer: &Value| drop(tell.send(end(answer)));
            waiting.insert(id, Box::new(end));
        }
        // A queue that is gone is a connection that is over: the answer says so.
        let _sent = self.outgoing.send(format!("4{}", Packet::event(event, Some(payload), Some(id)))).await;
        told
    }

    /// Says that nothing of a room is missing any more up to a position.
    pub fn is_synced(&self, room: &str, epoch: &str, head: i64) {
        self.shared.synced(room, epoch, head);
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.shared.is_over.load(Ordering::SeqCst)
    }

    /// What a resume's answer is told to, from within the reading of it.
    pub fn resumption(&self) -> Resumption {
        Resumption(self.shared.clone())
    }

    /// Ends it without a word.
    pub fn cut(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.shared.end();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Takes the answer to a resume.
#[derive(Debug)]
pub struct Resumption(Arc<Shared>);

impl Resumption {
    /// An event that the answer holds.
    pub fn event(&self, n: u64, name: &str, payload: &Value) {
        self.0.deliver(name, payload, n);
    }

    /// The answer holds everything up to here.
    pub fn is_synced(&self, room: &str, epoch: &str, head: i64) {
        self.0.synced(room, epoch, head);
    }
}

impl Shared {
    fn push(&self, entry: Entry) {
        let (p, user) = (self.caller.p.clone(), self.caller.user.clone());
        self.recorder.push(Entry { p, user, ..entry });
    }

    fn synced(&self, room: &str, epoch: &str, head: i64) {
        self.synced.lock().insert(room.to_owned());
        // Live events may be further already, where the answer came by another way.
        let head = self.latest.lock().get(room).map_or(head, |latest| head.max(*latest));
        let mut positions = self.positions.lock();
        let known = positions.entry(room.to_owned()).or_insert_with(|| (epoch.to_owned(), head));
        if known.0 != epoch || known.1 < head {
            *known = (epoch.to_owned(), head);
        }
    }

    /// Writes an event of a room's log down. `n` is the resume that it came with, 0 if it is live.
    fn deliver(&self, name: &str, payload: &Value, n: u64) {
        let text = |field: &str| payload[field].as_str().unwrap_or_default().to_owned();
        if name == "room:resync" {
            return self.push(Entry {
                f: Action::Resync,
                kind: Kind::Info,
                room: text("roomId"),
                ..Entry::default()
            });
        }
        if name.starts_with("presence:") {
            return self.note_presence(payload);
        }
        let (Some(epoch), Some(seq)) = (payload["epoch"].as_str(), payload["seq"].as_i64()) else { return };
        let is_room = name.starts_with("room:") && payload["roomId"].is_null();
        let room = if is_room { text("id") } else { text("roomId") };
        if room.is_empty() {
            // Of the user's own stream.
            return;
        }
        let is_message = name.starts_with("message:") || name.starts_with("dm:");
        let id = if payload["messageId"].is_null() { text("id") } else { text("messageId") };
        self.push(Entry {
            n,
            f: Action::Deliver,
            kind: Kind::Info,
            room: room.clone(),
            cmid: if is_message { text("clientId") } else { String::new() },
            id: if is_message { id } else { String::new() },
            seq: Some(seq),
            epoch: epoch.to_owned(),
            rev: payload["rev"].as_i64(),
            hash: if is_message { hash(&text("content")) } else { String::new() },
            event: name.to_owned(),
            resumed: n != 0,
            ..Entry::default()
        });
        if n == 0 {
            self.latest.lock().insert(room.clone(), seq);
        }
        let is_me = payload["userId"] == self.caller.user.as_str();
        match name {
            "room:user-left" if is_me => drop(self.positions.lock().remove(&room)),
            "room:deleted" => drop(self.positions.lock().remove(&room)),
            // The first that is heard of a room is that one is in it: nothing before it is missing.
            "room:user-joined" if is_me && n == 0 => self.synced(&room, epoch, seq),
            _ if n == 0 && self.synced.lock().contains(&room) => self.synced(&room, epoch, seq),
            _ => {}
        }
    }

    /// Writes down who is said to be online or not: one person, or several in a snapshot.
    fn note_presence(&self, payload: &Value) {
        let rows = payload["users"].as_array().map_or(std::slice::from_ref(payload), Vec::as_slice);
        for event in ["online", "offline"] {
            let of_state = rows.iter().filter(|row| row["status"] == event);
            let people: Vec<String> =
                of_state.filter_map(|row| Some(row["userId"].as_str()?.to_owned())).collect();
            if !people.is_empty() {
                let (f, event) = (Action::Presence, event.to_owned());
                self.push(Entry { f, kind: Kind::Info, people, event, ..Entry::default() });
            }
        }
    }

    fn end(&self) {
        if !self.is_over.swap(true, Ordering::SeqCst) {
            self.push(Entry { f: Action::Disconnect, kind: Kind::Info, ..Entry::default() });
        }
        self.waiting.lock().take();
    }
}

async fn dial(address: SocketAddr, token: &str) -> Result<WebSocketStream<TcpStream>, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let upgraded = tokio_tungstenite::client_async(url, stream).await;
    let (mut socket, _) = upgraded.map_err(|error| error.to_string())?;
    let connect = format!("4{}", Packet::connect(Some(&json!({ "token": token }))));
    socket.send(Message::text(connect)).await.map_err(|error| error.to_string())?;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        match text.strip_prefix('4').and_then(Packet::parse) {
            Some(Packet::Connect(_)) => return Ok(socket),
            Some(other) => return Err(format!("refused: {other:?}")),
            None => {}
        }
    }
    Err("the connection ended before it began".to_owned())
}

async fn write(
    mut sink: SplitSink<WebSocketStream<TcpStream>, Message>,
    mut to_send: mpsc::Receiver<String>,
) {
    while let Some(packet) = to_send.recv().await {
        if sink.send(Message::text(packet)).await.is_err() {
            return;
        }
    }
}

async fn read(
    mut stream: SplitStream<WebSocketStream<TcpStream>>,
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<String>,
) {
    while let Ok(Some(Ok(message))) = tokio::time::timeout(GONE_AFTER, stream.next()).await {
        let Message::Text(frame) = message else { continue };
        shared.recorder.receive(&shared.caller.user, &frame);
        match frame.split_at_checked(1) {
            Some(("2", _)) => drop(outgoing.send("3".to_owned()).await),
            Some(("4", packet)) => match Packet::parse(packet) {
                Some(Packet::Event(name, payload)) => shared.deliver(&name, &payload, 0),
                Some(Packet::Ack(id, answer)) => {
                    let end = shared.waiting.lock().as_mut().and_then(|waiting| waiting.remove(&id));
                    if let Some(end) = end {
                        end(&answer);
                    }
                }
                Some(Packet::Disconnect) => break,
                _ => {}
            },
            _ => {}
        }
    }
    shared.end();
}
