//! The door: who comes in, what they ask, when they go.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, Request, Uri};
use http_body_util::Full;
use parking_lot::Mutex;
use tokio::time::Instant;

use fireside_kernel::connections::{Connection, Ending, Observer};
use fireside_kernel::{Actor, Error, Identity, Kernel};
use fireside_protocol::RoomId;
use fireside_socketio::{
    Config, ConnectError, ConnectRequest, DisconnectReason, Event, Handler, Handshake, HandshakeRequest, Id,
    Namespace, Peer, Refusal, Response, Server, SidPrefix, Socket, Turn,
};

use super::authentication::token_of;
use super::company::Company;
use super::delivery::{Delivery, Doorbell};
use super::forwarding::Forwarding;
use super::outlet::SocketOutlet;
use super::session::{Profile, Session};
use super::user_feeds::{UserDoorbell, UserFeeds};
use super::{authentication, digests, lookout, operations, resume, subscriptions, sweep};
use crate::Gateway;
use crate::peer::client_address;

/// Time a tutorial's client has to send `authenticate`.
const AUTHENTICATE_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest message of a socket that is not authenticated, in bytes.
pub(super) const MAX_PAYLOAD_BEFORE_ADMISSION: usize = 16 * 1024;

/// The header in which proxies tell a client's address.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What the operator decides about the Socket.IO door.
#[derive(Debug, Clone)]
pub struct DoorSettings {
    /// Transport settings; paths and admission are the door's own.
    pub transport: Config,
}

/// Everything the handlers of both profiles share.
pub(super) struct Chat {
    pub(super) kernel: Kernel,
    pub(super) gateway: Arc<Gateway>,
    pub(super) delivery: Arc<Delivery>,
    pub(super) users: Arc<UserFeeds>,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) sockets: Mutex<HashMap<Id, Socket<Session>>>,
    pub(super) namespace: Namespace<Session>,
    /// Seconds that the sweep has counted.
    pub(super) second: AtomicU32,
    /// Our place among Node's servers, where there are any.
    pub(super) company: OnceLock<Arc<Company>>,
}

/// The Socket.IO door.
#[derive(Clone)]
pub struct Door {
    pub(super) chat: Arc<Chat>,
    servers: Arc<Servers>,
    /// The other nodes' sessions, where there are other nodes.
    forwarding: Option<Arc<Forwarding>>,
}

/// One server for each profile.
pub(super) struct Servers {
    tutorial: Server<ProfileHandler>,
    idiomatic: Server<ProfileHandler>,
}

impl Servers {
    /// Largest body that the session of a request takes now, if it lives here.
    pub(super) fn body_limit(&self, uri: &Uri) -> Option<usize> {
        if self.tutorial.matches(uri.path()) {
            self.tutorial.body_limit(uri)
        } else {
            self.idiomatic.body_limit(uri)
        }
    }

    /// Answers one request here.
    pub(super) async fn call<B>(&self, request: Request<B>, peer: Peer) -> Response
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
    {
        if self.tutorial.matches(request.uri().path()) {
            self.tutorial.call(request, peer).await
        } else {
            self.idiomatic.call(request, peer).await
        }
    }
}

impl Door {
    /// Opens the door: subscribes to the kernel's relay and starts the sweep.
    ///
    /// # Panics
    /// If the kernel has an outlet already, or outside a tokio runtime.
    pub fn open(
        kernel: Kernel,
        gateway: Arc<Gateway>,
        observers: Vec<Arc<dyn Observer>>,
        settings: DoorSettings,
    ) -> Door {
        let namespace = Namespace::new("/");
        let delivery = Delivery::new(kernel.clone(), namespace.clone());
        let users = UserFeeds::new(delivery.clone());
        let chat = Arc::new(Chat {
            kernel: kernel.clone(),
            gateway,
            delivery: delivery.clone(),
            users: users.clone(),
            observers,
            sockets: Mutex::default(),
            namespace,
            second: AtomicU32::new(0),
            company: OnceLock::new(),
        });
        kernel.relay.subscribe(Arc::new(Doorbell(delivery)));
        kernel.relay.subscribe(Arc::new(UserDoorbell(users)));
        kernel.relay.set_outlet(Arc::new(SocketOutlet(chat.clone())));
        let mut keep_headers = vec![AUTHORIZATION];
        if !chat.gateway.settings.trusted_proxies.is_empty() {
            keep_headers.push(FORWARDED_FOR);
        }
        let address = kernel.nodes.is_shared().then(|| address(&kernel)).flatten();
        let transport = Config {
            sid_prefix: address,
            connect_timeout: AUTHENTICATE_TIMEOUT,
            max_payload_before_admission: Some(MAX_PAYLOAD_BEFORE_ADMISSION),
            origins: chat.gateway.settings.origins.clone(),
            keep_headers,
            ..settings.transport
        };
        let max_payload = transport.max_payload;
        let tutorial = Config { path: "/io".to_owned(), admit_on_connect: false, ..transport.clone() };
        let idiomatic = Config { path: "/socket.io/".to_owned(), admit_on_connect: true, ..transport };
        let server = |config, profile| {
            Server::with_namespaces(
                config,
                ProfileHandler { chat: chat.clone(), profile },
                [chat.namespace.clone()],
            )
        };
        let servers = Arc::new(Servers {
            tutorial: server(tutorial, Profile::Tutorial),
            idiomatic: server(idiomatic, Profile::Idiomatic),
        });
        let forwarding =
            address.map(|address| Forwarding::start(&kernel.nodes, address, max_payload, &servers));
        let door = Door { chat, servers, forwarding };
        tokio::spawn(sweep::run(Arc::downgrade(&door.chat)));
        tokio::spawn(lookout::run(Arc::downgrade(&door.chat)));
        door
    }

    /// Whether a request for this path is for this door.
    pub fn matches(&self, path: &str) -> bool {
        self.servers.tutorial.matches(path) || self.servers.idiomatic.matches(path)
    }

    /// Answers one request, or lets the node answer it that has its session.
    pub async fn call<B>(&self, request: Request<B>, peer: Peer) -> Response
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
    {
        // Both profiles have the same prefix.
        let owner = self.servers.idiomatic.lives_elsewhere(request.uri());
        let Some((forwarding, owner)) = self.forwarding.as_ref().zip(owner) else {
            return self.servers.call(request, peer).await;
        };
        let (parts, body) = request.into_parts();
        // A session of a node that may not exist costs as much as a new one.
        let may_ask = forwarding.knows(owner) || self.chat.admit_from(peer.addr.ip(), &parts.headers).is_ok();
        let answer = if may_ask { forwarding.pass_on(owner, &parts, body, peer).await } else { None };
        match answer {
            Some(answer) => answer,
            // Here the session is unknown, and that is the answer.
            None => self.servers.call(Request::from_parts(parts, Full::<Bytes>::default()), peer).await,
        }
    }

    /// How many sockets are connected.
    pub fn sockets(&self) -> usize {
        self.chat.sockets.lock().len()
    }

    /// Counters of both transports' servers.
    pub fn stats(&self) -> [fireside_socketio::Stats; 2] {
        [self.servers.tutorial.stats(), self.servers.idiomatic.stats()]
    }

    /// Refuses new sockets, tells each client when to come back (spread over `spread`), and closes all at a
    /// pace of at most 500 a second.
    pub async fn drain(&self, spread: Duration) {
        self.servers.tutorial.refuse_new();
        self.servers.idiomatic.refuse_new();
        if let Some(company) = self.chat.company.get() {
            company.leave();
        }
        sweep::drain(&self.chat, spread).await;
        self.servers.tutorial.close_all(DisconnectReason::ServerShuttingDown);
        self.servers.idiomatic.close_all(DisconnectReason::ServerShuttingDown);
    }
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("sockets", &self.sockets()).finish_non_exhaustive()
    }
}

/// One profile's handler.
#[derive(Clone)]
struct ProfileHandler {
    chat: Arc<Chat>,
    profile: Profile,
}

impl Handler for ProfileHandler {
    type State = Session;

    fn handshake(&self, request: &HandshakeRequest<'_>) -> Result<(), Refusal> {
        self.chat.admit_handshake(request)
    }

    async fn connect(self: Arc<Self>, request: ConnectRequest<Session>) -> Result<Session, ConnectError> {
        let admitted = match self.profile {
            Profile::Tutorial => self.chat.receive(&request),
            Profile::Idiomatic => self.chat.admit(&request).await,
        };
        admitted.map_err(|error| refusal(&error))
    }

    fn connected(&self, socket: &Socket<Session>) {
        self.chat.sockets.lock().insert(socket.id(), socket.clone());
        let arrival = socket.state().arrival.lock().take();
        if let Some(arrival) = arrival {
            self.chat.enter(socket, *arrival, || authentication::join_common_rooms(socket));
        }
    }

    async fn event(self: Arc<Self>, socket: Socket<Session>, event: Event, turn: Turn) {
        let chat = &self.chat;
        match event.name() {
            "authenticate" => authentication::authenticate(chat, &socket, event).await,
            "join" => subscriptions::join(chat, &socket, event).await,
            "leave" => subscriptions::leave(chat, &socket, event).await,
            "digest:watch" => digests::watch(chat, &socket, event),
            "resume" => resume::run(chat, &socket, event).await,
            _ => operations::run(chat, &socket, event, turn).await,
        }
    }

    fn disconnected(&self, socket: &Socket<Session>, reason: DisconnectReason) {
        metrics::counter!("fireside_disconnects_total", "reason" => reason.as_str()).increment(1);
        self.chat.sockets.lock().remove(&socket.id());
        if let Some(identity) = socket.state().shut_out() {
            let connection = connection_of(socket, &identity);
            let ending = match reason {
                DisconnectReason::PingTimeout => Ending::Vanished,
                _ => Ending::Closed,
            };
            self.chat.delivery.exit(socket, &identity.user, || {
                self.chat.observers.iter().for_each(|observer| observer.closed(&connection, ending));
            });
        }
    }
}

impl Chat {
    fn admit_handshake(&self, request: &HandshakeRequest<'_>) -> Result<(), Refusal> {
        let refuse = |error: &Error| {
            metrics::counter!("fireside_connects_total", "result" => error.reason.as_str()).increment(1);
            Err(Refusal {
                status: http::StatusCode::from_u16(error.reason.status())
                    .unwrap_or(http::StatusCode::SERVICE_UNAVAILABLE),
                body: Bytes::from(serde_json::to_vec(&error.body(None)).unwrap_or_default()),
                retry_after_s: error
                    .retry_after_ms
                    .map(|ms| u32::try_from(ms.div_ceil(1000)).unwrap_or(u32::MAX)),
            })
        };
        if self.gateway.is_draining() {
            return refuse(&Error::new(fireside_protocol::Reason::Draining, "The server is shutting down"));
        }
        self.admit_from(request.peer.addr.ip(), request.headers).or_else(|error| refuse(&error))
    }

    /// Whether this client may try for a session just now.
    fn admit_from(&self, peer: IpAddr, headers: &HeaderMap) -> Result<(), Error> {
        let address = client_address(peer, headers, &self.gateway.settings.trusted_proxies);
        self.gateway.limits.admit_handshake(address)
    }

    /// Lets a tutorial's client in, to say later who it is.
    fn receive(&self, request: &ConnectRequest<Session>) -> Result<Session, Error> {
        let address = self.address_of(request.handshake());
        let permit = self.gateway.limits.open_connection(address)?;
        let token = token_of(request.handshake(), request.auth())?.map(String::into_boxed_str);
        let until = Instant::now() + AUTHENTICATE_TIMEOUT;
        Ok(Session::waiting(address, until, token, permit))
    }

    /// Lets a client in that brings its token, and looks up what it will hear.
    async fn admit(self: &Arc<Self>, request: &ConnectRequest<Session>) -> Result<Session, Error> {
        let address = self.address_of(request.handshake());
        let permit = self.gateway.limits.open_connection(address)?;
        let token = token_of(request.handshake(), request.auth())?
            .ok_or_else(|| Error::unauthenticated("No token was given"))?;
        let identity = self.identify(address, &token).await?;
        permit.authenticated(&identity.user)?;
        let arrival = self.delivery.look_up(&identity.user).await?;
        request.handshake().forget_headers();
        Ok(Session::authenticated(address, identity, arrival, permit))
    }

    /// Whose token this is.
    pub(super) async fn identify(&self, address: IpAddr, token: &str) -> Result<Identity, Error> {
        match self.gateway.identify(Some(token), address).await? {
            // A request may come a little late, where clocks differ; a socket would be closed at once, and come again.
            Actor::User(identity) if identity.expires_at <= self.kernel.clock.now() => {
                Err(Error::unauthenticated("This token has ended"))
            }
            Actor::User(identity) => Ok(identity),
            Actor::Anonymous => Err(Error::unauthenticated("No token was given")),
        }
    }

    /// The client's address: of the TCP peer, or what a trusted proxy says.
    fn address_of(&self, handshake: &Handshake) -> IpAddr {
        let mut headers = HeaderMap::new();
        if let Some(value) = handshake.header(&FORWARDED_FOR) {
            headers.insert(FORWARDED_FOR, value);
        }
        client_address(handshake.peer().addr.ip(), &headers, &self.gateway.settings.trusted_proxies)
    }

    /// Lets an authenticated socket hear its rooms, and tells whoever wants to know.
    pub(super) fn enter(
        &self,
        socket: &Socket<Session>,
        arrival: super::delivery::Arrival,
        greet: impl FnOnce(),
    ) {
        metrics::counter!("fireside_connects_total", "result" => "ok").increment(1);
        let (user, head) = arrival.stream();
        let opened = |identity: &Identity, rooms: &[RoomId]| {
            let connection = connection_of(socket, identity);
            self.observers.iter().for_each(|observer| observer.opened(&connection, rooms));
        };
        self.users.enter(&user, head, || self.delivery.enter(socket, arrival, greet, opened));
    }
}

/// What other nodes reach this one by: six random characters, others at each start.
fn address(kernel: &Kernel) -> Option<SidPrefix> {
    SidPrefix::parse(kernel.names.word().get(..SidPrefix::LEN)?)
}

fn connection_of(socket: &Socket<Session>, identity: &Identity) -> Connection {
    Connection {
        socket: socket.id().to_string(),
        user: identity.user.clone(),
        session: identity.session.clone(),
    }
}

/// A refused connection in the form that Socket.IO's clients show as `connect_error`.
fn refusal(error: &Error) -> ConnectError {
    metrics::counter!("fireside_connects_total", "result" => error.reason.as_str()).increment(1);
    ConnectError { message: error.message.to_string(), data: serde_json::to_string(&error.body(None)).ok() }
}
