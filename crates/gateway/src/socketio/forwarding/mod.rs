//! Long polling among several nodes: a session lives on one of them, and any other passes its requests on to it, over
//! the bus. So a balancer needs not keep a client at one node.
//!
//! - A session's id begins with the address of its node, drawn at its start.
//! - [`letters`]: what nodes write to each other. [`Forwarding::pass_on`] asks, [`Forwarding::take`] answers.
//! - Nobody sends another node more than a session takes that is not admitted, before that node has said what this one
//!   takes: whoever makes up sessions, or has not said who they are, burdens the bus with little.
//! - Whatever the bus loses ends as on a node that was started anew: the client is told that its session is unknown,
//!   and begins another one, which resumes by its positions. Nothing is repeated ([`repeats`]), nothing left out.
//! - A WebSocket is not passed on: it is refused where the session does not live, and the client stays with polling.

mod letters;
mod repeats;

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use fireside_bus::State;
use fireside_kernel::nodes::Nodes;
use fireside_socketio::{BodyError, Peer, Response, SidPrefix, discard, read_body, too_large};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use self::letters::{Asked, Head};
use self::repeats::Repeats;
use super::chat::{MAX_PAYLOAD_BEFORE_ADMISSION, Servers};

/// How long the other node may take to say that it has a request.
const FIRST_WORD_WITHIN: Duration = Duration::from_secs(2);
/// How long it may then be silent.
const NEXT_WORD_WITHIN: Duration = Duration::from_secs(10);
/// A request that is not answered after this long is told to be worked on: most are answered before.
const WORKING_AFTER: Duration = Duration::from_millis(500);
/// And again after this long.
const WORKING_EVERY: Duration = Duration::from_secs(4);
/// Requests that may wait for other nodes at once.
const WAITING_MAX: usize = 20_000;
/// Largest body that is passed on before the other node has said what it takes.
const FREE_BYTES: usize = MAX_PAYLOAD_BEFORE_ADMISSION;
/// How long a client may take to send the body of a request.
const BODY_TIME: Duration = Duration::from_secs(30);
/// The headers that decide how a request is answered.
const HEADERS: [HeaderName; 4] = [HOST, ORIGIN, CONTENT_TYPE, AUTHORIZATION];

/// See the module.
pub(super) struct Forwarding {
    nodes: Arc<Nodes>,
    /// This node's address, with which the ids of its sessions begin.
    address: SidPrefix,
    /// Largest body of a request.
    max_payload: usize,
    servers: Weak<Servers>,
    next: AtomicU64,
    /// Requests of clients here that other nodes work on.
    waiting: Mutex<HashMap<u64, mpsc::Sender<Word>>>,
    /// Requests of other nodes that are worked on here.
    working: Mutex<HashMap<(String, u64), AbortHandle>>,
    repeats: Mutex<Repeats>,
    /// Nodes that have answered, as long as they do.
    known: Mutex<HashSet<SidPrefix>>,
}

/// What the other node says of a request.
enum Word {
    Working,
    Answer(Box<Response>),
}

impl Forwarding {
    /// Begins to answer what other nodes ask.
    pub(super) fn start(
        nodes: &Arc<Nodes>,
        address: SidPrefix,
        max_payload: usize,
        servers: &Arc<Servers>,
    ) -> Arc<Forwarding> {
        let forwarding = Arc::new(Forwarding {
            nodes: nodes.clone(),
            address,
            max_payload,
            servers: Arc::downgrade(servers),
            next: AtomicU64::new(0),
            waiting: Mutex::default(),
            working: Mutex::default(),
            repeats: Mutex::default(),
            known: Mutex::default(),
        });
        let taking = Arc::downgrade(&forwarding);
        nodes.open_letterbox(address.as_str(), move |letter| {
            if let (Some(forwarding), Some((head, body))) = (taking.upgrade(), letters::read(&letter)) {
                forwarding.take(head, body);
            }
        });
        forwarding
    }

    /// Whether a node has answered the last request that it was passed. What does not exist has not.
    pub(super) fn knows(&self, owner: SidPrefix) -> bool {
        self.known.lock().contains(&owner)
    }

    /// Lets the node that has a session answer a request. None when it does not: it is gone, the bus is, or has lost
    /// the request or the answer.
    pub(super) async fn pass_on<B>(
        &self,
        owner: SidPrefix,
        parts: &Parts,
        body: B,
        peer: Peer,
    ) -> Option<Response>
    where
        B: Body<Data = Bytes> + Send + 'static,
    {
        let body = match parts.method {
            Method::GET => Bytes::new(),
            Method::POST => match self.read(owner, parts, body).await {
                Ok(body) => body,
                Err(answer) => return answer.map(|answer| *answer),
            },
            // It says nothing of the other node: a browser asks for leave with OPTIONS.
            _ => return None,
        };
        let answer = self.ask(owner, parts, body, peer).await;
        let result = if answer.is_some() {
            self.known.lock().insert(owner);
            "answered"
        } else {
            self.known.lock().remove(&owner);
            "lost"
        };
        metrics::counter!("fireside_forwarded_requests_total", "result" => result).increment(1);
        answer
    }

    /// Reads the body of a POST, as far as its session takes it. Otherwise the answer, as from [`Self::pass_on`].
    async fn read<B>(&self, owner: SidPrefix, parts: &Parts, body: B) -> Result<Bytes, Option<Box<Response>>>
    where
        B: Body<Data = Bytes> + Send + 'static,
    {
        let is_small = body.size_hint().exact().is_some_and(|bytes| bytes <= FREE_BYTES as u64);
        let limit = if is_small { FREE_BYTES } else { self.limit(owner, parts).await.ok_or(None)? };
        let mut body = pin!(body);
        match read_body(body.as_mut(), limit.min(self.max_payload), BODY_TIME).await {
            Ok(body) => Ok(body),
            Err(BodyError::TooLarge) => {
                discard(body).await;
                Err(Some(Box::new(too_large())))
            }
            Err(BodyError::Timeout | BodyError::Broken) => Err(None),
        }
    }

    /// How large a body the session takes, as its node says. None where it does not say so.
    async fn limit(&self, owner: SidPrefix, parts: &Parts) -> Option<usize> {
        let (from, target) = (self.address.as_str().to_owned(), parts.uri.path_and_query()?.to_string());
        let answer = self.call(owner, b"", |n| Head::Limit { from, n, target }).await?;
        let (head, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        let limit = std::str::from_utf8(&body.to_bytes()).ok()?.parse().ok();
        limit.filter(|_| head.status == StatusCode::OK)
    }

    async fn ask(&self, owner: SidPrefix, parts: &Parts, body: Bytes, peer: Peer) -> Option<Response> {
        let headers = HEADERS
            .iter()
            .flat_map(|name| parts.headers.get_all(name).iter().map(move |value| (name, value)));
        let headers = headers.filter_map(text_of).collect();
        let (from, method) = (self.address.as_str().to_owned(), parts.method.to_string());
        let target = parts.uri.path_and_query()?.to_string();
        let request =
            |n| Head::Request(Asked { from, n, method, target, headers, peer: peer.addr, tls: peer.tls });
        self.call(owner, &body, request).await
    }

    /// Writes a letter that has an answer, and waits for it.
    async fn call(&self, owner: SidPrefix, body: &[u8], head: impl FnOnce(u64) -> Head) -> Option<Response> {
        if *self.nodes.bus_state().borrow() != State::Up {
            return None;
        }
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let (tell, mut told) = mpsc::channel(4);
        {
            let mut waiting = self.waiting.lock();
            if waiting.len() >= WAITING_MAX {
                return None;
            }
            waiting.insert(n, tell);
        }
        let mut request = Waiting { forwarding: self, owner, n, is_answered: false };
        self.nodes.write_to(owner.as_str(), letters::write(&head(n), body));
        let mut patience = FIRST_WORD_WITHIN;
        while let Ok(Some(word)) = timeout(patience, told.recv()).await {
            patience = NEXT_WORD_WITHIN;
            if let Word::Answer(answer) = word {
                request.is_answered = true;
                return Some(*answer);
            }
        }
        None
    }

    /// Takes a letter of another node.
    fn take(self: &Arc<Self>, head: Head, body: Bytes) {
        match head {
            Head::Request(asked) => self.work(asked, body),
            Head::Limit { from, n, target } => self.tell_limit(&from, n, &target),
            Head::Working { n } => self.tell(n, Word::Working),
            Head::Answer { n, status, headers } => {
                if let Some(answer) = answer_of(status, &headers, body) {
                    self.tell(n, Word::Answer(Box::new(answer)));
                }
            }
            Head::Abandoned { from, n } => {
                if let Some(work) = self.working.lock().remove(&(from, n)) {
                    // A poll that is dropped ends its session, as when a client hangs up.
                    work.abort();
                }
            }
        }
    }

    fn tell_limit(&self, to: &str, n: u64, target: &str) {
        let limit = self.servers.upgrade().zip(target.parse().ok());
        let limit = limit.and_then(|(servers, target): (_, Uri)| servers.body_limit(&target));
        let (status, body) = match limit {
            Some(limit) => (StatusCode::OK, limit.to_string()),
            None => (StatusCode::NOT_FOUND, String::new()),
        };
        let head = Head::Answer { n, status: status.as_u16(), headers: Vec::new() };
        self.nodes.write_to(to, letters::write(&head, body.as_bytes()));
    }

    fn tell(&self, n: u64, word: Word) {
        let waiting = self.waiting.lock().get(&n).cloned();
        // Nobody waits any more, or was told often enough.
        let _told = waiting.map(|waiting| waiting.try_send(word));
    }

    /// Answers a request of another node.
    fn work(self: &Arc<Self>, asked: Asked, body: Bytes) {
        if !self.repeats.lock().is_new(&asked.from, asked.n) {
            return;
        }
        let key = (asked.from.clone(), asked.n);
        // Held until it is noted, so that it cannot be over before.
        let mut working = self.working.lock();
        let task = tokio::spawn(self.clone().answer(asked, body));
        working.insert(key, task.abort_handle());
    }

    async fn answer(self: Arc<Self>, asked: Asked, body: Bytes) {
        let key = (asked.from.clone(), asked.n);
        if let Some((servers, (request, peer))) = self.servers.upgrade().zip(request_of(asked, body)) {
            self.answer_by(&servers, request, peer, &key).await;
        }
        self.working.lock().remove(&key);
    }

    /// Says that it is worked on for as long as it is, and then the answer.
    async fn answer_by(
        &self,
        servers: &Servers,
        request: Request<Full<Bytes>>,
        peer: Peer,
        (to, n): &(String, u64),
    ) {
        let n = *n;
        let mut answer = Box::pin(servers.call(request, peer));
        let mut pause = WORKING_AFTER;
        let answer = loop {
            tokio::select! {
                answer = &mut answer => break answer,
                () = sleep(pause) => self.nodes.write_to(to, letters::write(&Head::Working { n }, b"")),
            }
            pause = WORKING_EVERY;
        };
        let (parts, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        let headers = parts.headers.iter().filter_map(text_of).collect();
        let head = Head::Answer { n, status: parts.status.as_u16(), headers };
        self.nodes.write_to(to, letters::write(&head, &body.to_bytes()));
    }
}

impl std::fmt::Debug for Forwarding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forwarding").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A request that waits for another node. If it ends without an answer, the other node is told.
struct Waiting<'a> {
    forwarding: &'a Forwarding,
    owner: SidPrefix,
    n: u64,
    is_answered: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.forwarding.waiting.lock().remove(&self.n);
        if !self.is_answered {
            let from = self.forwarding.address.as_str().to_owned();
            let letter = letters::write(&Head::Abandoned { from, n: self.n }, b"");
            self.forwarding.nodes.write_to(self.owner.as_str(), letter);
        }
    }
}

fn text_of((name, value): (&HeaderName, &HeaderValue)) -> Option<(String, String)> {
    Some((name.to_string(), value.to_str().ok()?.to_owned()))
}

/// The request as the client made it.
fn request_of(asked: Asked, body: Bytes) -> Option<(Request<Full<Bytes>>, Peer)> {
    let mut request = Request::builder().method(asked.method.as_str()).uri(asked.target);
    for (name, value) in asked.headers {
        request = request.header(name, value);
    }
    Some((request.body(Full::new(body)).ok()?, Peer { addr: asked.peer, tls: asked.tls }))
}

fn answer_of(status: u16, headers: &[(String, String)], body: Bytes) -> Option<Response> {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    answer.body(Full::new(body)).ok()
}
