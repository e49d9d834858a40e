//! A Socket.IO server: a handler, its namespaces, and the engine below.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Uri};
use http_body::Body;

use crate::config::Config;
use crate::connection::Client;
use crate::engine::{Engine, EngineHandler, Response, Session};
use crate::handler::Handler;
use crate::handshake::{HandshakeRequest, Peer, Refusal};
use crate::id::SidPrefix;
use crate::namespace::Namespace;
use crate::reason::DisconnectReason;
use crate::stats::Stats;

/// The Socket.IO side of a server.
pub(crate) struct Application<H: Handler> {
    pub(crate) handler: Arc<H>,
    namespaces: Vec<Namespace<H::State>>,
}

impl<H: Handler> Application<H> {
    pub(crate) fn namespace(&self, name: &str) -> Option<&Namespace<H::State>> {
        self.namespaces.iter().find(|namespace| namespace.name() == name)
    }
}

/// What the engine is given.
struct Floor<H: Handler>(Arc<Application<H>>);

impl<H: Handler> EngineHandler for Floor<H> {
    type Connection = Client<H>;

    fn handshake(&self, request: &HandshakeRequest<'_>) -> Result<(), Refusal> {
        self.0.handler.handshake(request)
    }

    fn open(&self, session: &Arc<Session>) -> Client<H> {
        Client::new(Arc::clone(&self.0), Arc::clone(session))
    }
}

/// A Socket.IO server. Cloning gives another handle on the same one.
pub struct Server<H: Handler> {
    engine: Engine<Floor<H>>,
    application: Arc<Application<H>>,
}

impl<H: Handler> Clone for Server<H> {
    fn clone(&self) -> Self {
        Self { engine: self.engine.clone(), application: Arc::clone(&self.application) }
    }
}

impl<H: Handler> std::fmt::Debug for Server<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("namespaces", &self.application.namespaces).finish_non_exhaustive()
    }
}

impl<H: Handler> Server<H> {
    /// A server with the default namespace `/` alone. Needs no runtime yet.
    #[must_use]
    pub fn new(config: Config, handler: H) -> Self {
        Self::with_namespaces(config, handler, [Namespace::new("/")])
    }

    /// A server with these namespaces and no others. Give the same [`Namespace`] to several servers to let
    /// them share its sockets and rooms.
    #[must_use]
    pub fn with_namespaces(
        config: Config,
        handler: H,
        namespaces: impl IntoIterator<Item = Namespace<H::State>>,
    ) -> Self {
        let namespaces = namespaces.into_iter().collect();
        let application = Arc::new(Application { handler: Arc::new(handler), namespaces });
        Self { engine: Engine::new(config, Floor(Arc::clone(&application))), application }
    }

    /// The handler.
    #[must_use]
    pub fn handler(&self) -> &Arc<H> {
        &self.application.handler
    }

    /// The namespace with this name, if the server has it.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<&Namespace<H::State>> {
        self.application.namespace(name)
    }

    /// Whether a request for this path is this server's.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.engine.matches(path)
    }

    /// Whose session a poll or a POST is about, when another server's prefix says that it cannot be one of ours.
    /// Nothing without a prefix of our own ([`Config::sid_prefix`]), and nothing for a WebSocket, which stays with the
    /// server it has reached.
    #[must_use]
    pub fn lives_elsewhere(&self, uri: &Uri) -> Option<SidPrefix> {
        self.engine.lives_elsewhere(uri)
    }

    /// Largest body that the session of a poll or a POST takes now, in bytes; none where it is not one of ours.
    #[must_use]
    pub fn body_limit(&self, uri: &Uri) -> Option<usize> {
        self.engine.body_limit(uri)
    }

    /// Answers one HTTP request. An answer to a poll comes only when there is something to send.
    ///
    /// The request must have come through hyper's HTTP/1 with upgrades enabled, or no WebSocket will open.
    pub async fn call<B>(&self, request: Request<B>, peer: Peer) -> Response
    where
        B: Body<Data = Bytes> + Send + 'static,
    {
        self.engine.call(request, peer).await
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.engine.stats()
    }

    /// Sessions that are open or closing.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.engine.sessions()
    }

    /// Refuses new sessions from now on, with status 503.
    pub fn refuse_new(&self) {
        self.engine.refuse_new();
    }

    /// Closes all sessions, each when it has been handed what is queued for it.
    pub fn close_all(&self, reason: DisconnectReason) {
        self.engine.close_all(reason);
    }
}
