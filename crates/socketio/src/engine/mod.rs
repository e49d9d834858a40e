//! Engine.IO version 4: sessions over HTTP long-polling and WebSocket, heartbeats, and the upgrade from one to
//! the other. It knows nothing of Socket.IO, and can be used by itself through [`Engine`].

mod batch;
mod deadlines;
mod driver;
mod ending;
pub(crate) mod flusher;
mod http;
pub(crate) mod outbox;
pub(crate) mod payload;
mod polling;
mod queue;
mod receiving;
pub(crate) mod session;
pub(crate) mod shared;
mod upgrade;
pub(crate) mod websocket;
pub(crate) mod wire;
mod writing;

use std::sync::Arc;
use std::task::Context;
use std::time::Instant;

use ::http::{Request, Uri};
use bytes::Bytes;
use http_body::Body;

use crate::config::Config;
use crate::handshake::{HandshakeRequest, Peer, Refusal};
use crate::id::{Id, SidPrefix};
use crate::query;
use crate::reason::DisconnectReason;
use crate::stats::Stats;
use shared::Shared;

pub use session::Session;

/// The body of every answer.
pub type ResponseBody = http_body_util::Full<Bytes>;

/// An answer to an HTTP request.
pub type Response = ::http::Response<ResponseBody>;

/// What a POST is answered whose body is larger than its session takes.
#[must_use]
pub fn too_large() -> Response {
    http::Failure::TooLarge.answer()
}

/// A message of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

/// The client sent what the application's protocol does not allow; its session is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolViolation;

/// An application on bare Engine.IO.
pub trait EngineHandler: Send + Sync + 'static {
    /// What it keeps for each session.
    type Connection: Connection;

    /// Decides whether a client may open a session. Called before anything is allocated for it.
    ///
    /// # Errors
    /// The answer that the client gets instead of a session.
    fn handshake(&self, request: &HandshakeRequest<'_>) -> Result<(), Refusal> {
        let _ = request;
        Ok(())
    }

    /// Begins a session. The client has been sent the open packet.
    fn open(&self, session: &Arc<Session>) -> Self::Connection;
}

/// The application's side of one session. All of it runs on the session's own task, in the order of what the
/// client sent; none of it may block.
pub trait Connection: Send + 'static {
    /// Takes a message.
    ///
    /// # Errors
    /// When the client must not send such a message: the session is closed.
    fn message(&mut self, session: &Arc<Session>, message: Message<'_>) -> Result<(), ProtocolViolation>;

    /// Whether it can take another message. Until it can, nothing more is read from the client.
    fn ready(&self) -> bool {
        true
    }

    /// Goes on with work that could not be done at once. Called whenever the session's task runs.
    fn poll(&mut self, cx: &mut Context<'_>) {
        let _ = cx;
    }

    /// When the client must have sent something that it owes; the session is closed if it has not.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The session is closed, or closing: nothing more can be sent.
    fn closed(&mut self, reason: DisconnectReason) {
        let _ = reason;
    }

    /// Whether all work is done. After [`Connection::closed`] the session's task goes on until it is.
    fn finished(&self) -> bool {
        true
    }
}

/// A server of Engine.IO. Cloning gives another handle on the same server.
pub struct Engine<H: EngineHandler> {
    handler: Arc<H>,
    shared: Arc<Shared>,
}

impl<H: EngineHandler> Clone for Engine<H> {
    fn clone(&self) -> Self {
        Self { handler: Arc::clone(&self.handler), shared: Arc::clone(&self.shared) }
    }
}

impl<H: EngineHandler> Engine<H> {
    /// A server with these settings. Needs no runtime yet.
    #[must_use]
    pub fn new(config: Config, handler: H) -> Self {
        Self { handler: Arc::new(handler), shared: Shared::new(config) }
    }

    /// Whether a request for this path is this server's.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.shared.config.matches(path)
    }

    /// Whose session a poll or a POST is about, when another server's prefix says that it cannot be one of ours.
    /// Nothing without a prefix of our own, and nothing for a WebSocket, which stays with the server it has reached.
    #[must_use]
    pub fn lives_elsewhere(&self, uri: &Uri) -> Option<SidPrefix> {
        let own = self.shared.config.sid_prefix?;
        let query = uri.query()?;
        let (Some(sid), false) = query::only(query, "sid") else { return None };
        let prefix = Id::parse(sid)?.prefix();
        let polls = query::only(query, "transport") == (Some("polling"), false);
        (polls && prefix != own).then_some(prefix)
    }

    /// Largest body that the session of a poll or a POST takes now; none where it is not one of ours.
    #[must_use]
    pub fn body_limit(&self, uri: &Uri) -> Option<usize> {
        let (Some(sid), false) = query::only(uri.query()?, "sid") else { return None };
        self.shared.session(sid).map(|session| session.limit())
    }

    /// Answers one HTTP request. An answer to a poll comes only when there is something to send.
    ///
    /// The request must have come through hyper's HTTP/1 with upgrades enabled, or no WebSocket will open.
    pub async fn call<B>(&self, request: Request<B>, peer: Peer) -> Response
    where
        B: Body<Data = Bytes> + Send + 'static,
    {
        self.shared.start();
        http::answer(self, request, peer).await
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats.snapshot()
    }

    /// Sessions that are open or closing.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.shared.count_sessions()
    }

    /// Refuses new sessions from now on, with status 503.
    pub fn refuse_new(&self) {
        self.shared.refuse_new();
    }

    /// Closes all sessions, each when it has been handed what is queued for it.
    pub fn close_all(&self, reason: DisconnectReason) {
        self.shared.close_all(reason);
    }

    pub(crate) fn handler(&self) -> &Arc<H> {
        &self.handler
    }
}
