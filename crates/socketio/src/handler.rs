//! What the owner of a server provides.

use std::sync::Arc;

use crate::engine::Session;
use crate::event::Event;
use crate::handshake::{Handshake, HandshakeRequest, Refusal};
use crate::id::Id;
use crate::json::RawJson;
use crate::namespace::Namespace;
use crate::reason::DisconnectReason;
use crate::socket::Socket;
use crate::turn::Turn;

/// The application on a Socket.IO server.
///
/// For one connection, everything but [`Handler::event`]'s waiting parts happens strictly in order: `connect`,
/// `connected`, each `event` as it came, `disconnected`. All of it runs on the connection's own task; none of it
/// may block the thread. A panic ends the connection it happened on and nothing else.
pub trait Handler: Send + Sync + Sized + 'static {
    /// What is kept for each socket.
    type State: Send + Sync + 'static;

    /// Decides whether a client may open a session at all. Called before anything is allocated for it, so this
    /// is the place for rate limits and caps.
    ///
    /// # Errors
    /// The answer that the client gets instead of a session.
    fn handshake(&self, request: &HandshakeRequest<'_>) -> Result<(), Refusal> {
        let _ = request;
        Ok(())
    }

    /// Decides whether a client may join a namespace. What the client sends meanwhile waits.
    fn connect(
        self: Arc<Self>,
        request: ConnectRequest<Self::State>,
    ) -> impl Future<Output = Result<Self::State, ConnectError>> + Send;

    /// A client has joined: its CONNECT was answered, and no event of it has been heard yet.
    fn connected(&self, socket: &Socket<Self::State>) {
        let _ = socket;
    }

    /// A client has sent an event. The order of events is `turn`'s matter.
    fn event(
        self: Arc<Self>,
        socket: Socket<Self::State>,
        event: Event,
        turn: Turn,
    ) -> impl Future<Output = ()> + Send;

    /// A socket is gone. Called exactly once for each that was [`Handler::connected`], after its last event was
    /// handed out. It is in no room any more.
    fn disconnected(&self, socket: &Socket<Self::State>, reason: DisconnectReason) {
        let _ = (socket, reason);
    }

    /// One of the methods above has panicked.
    fn panicked(&self) {}
}

/// A client asks to join a namespace.
pub struct ConnectRequest<S> {
    pub(crate) namespace: Namespace<S>,
    pub(crate) id: Id,
    pub(crate) session: Arc<Session>,
    pub(crate) auth: Option<Box<str>>,
}

impl<S> ConnectRequest<S> {
    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace<S> {
        &self.namespace
    }

    /// The id that the socket will have.
    #[must_use]
    pub fn socket_id(&self) -> Id {
        self.id
    }

    /// The payload of the CONNECT packet, a JSON object, if there was one.
    #[must_use]
    pub fn auth(&self) -> Option<RawJson<'_>> {
        self.auth.as_deref().map(RawJson::trusted)
    }

    /// What is known from the first request.
    #[must_use]
    pub fn handshake(&self) -> &Handshake {
        self.session.handshake()
    }
}

impl<S> std::fmt::Debug for ConnectRequest<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The payload may be a credential.
        f.debug_struct("ConnectRequest").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a client may not join a namespace; it arrives there as `connect_error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    /// Becomes `err.message`.
    pub message: String,
    /// Becomes `err.data`: a JSON text.
    pub data: Option<String>,
}

impl ConnectError {
    /// An error without data.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: None }
    }
}
