//! Puts the house together: database, kernel, features, doors, listener. The only place that knows every
//! concrete thing.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fireside_bus::{Bus, RedisOptions, State};
use fireside_db::{Db, Engine, Migrated, Options};
use fireside_features::presence::Presence;
use fireside_features::{Features, sessions};
use fireside_gateway::limits::Limits;
use fireside_gateway::rest::{Check, Rest, RestSettings, Version};
use fireside_gateway::socketio::{Door, DoorSettings};
use fireside_gateway::{Gateway, GatewaySettings, web_client};
use fireside_kernel::nodes::{self, BusKey, leases};
use fireside_kernel::room_log::retention;
use fireside_kernel::{Clock, Kernel, Names, Registry, epochs};
use fireside_socketio::{Config as Transport, HttpLimits, Origins, Peer, serve};
use http_body_util::Either;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::config::{Config, Listen, WebOrigins};
use crate::{drain, metrics, tls};

/// The commit that this program was built from, where the build said so.
pub const COMMIT: Option<&str> = option_env!("FIRESIDE_COMMIT");

/// Time that requests in flight may take after the server was asked to stop.
const REQUESTS_END_WITHIN: Duration = Duration::from_secs(5);

/// Why a server does not start. The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] fireside_db::OpenError),
    /// Nobody may migrate it, and it has to be.
    #[error("the database needs a migration: run `fireside migrate`, or start without --no-migrate")]
    MigrationNeeded,
    /// The address to listen on cannot be had.
    #[error("cannot listen on {listen}: {error}{hint}")]
    Listen {
        /// The address.
        listen: Listen,
        /// What the system says.
        error: std::io::Error,
        /// What to do about it, if anything is known.
        hint: String,
    },
    /// A file is of no use.
    #[error("{0}")]
    File(String),
    /// The database does not answer.
    #[error("the database does not answer: {0}")]
    Database(fireside_db::Error),
    /// The settings of identity are wrong.
    #[error(transparent)]
    Sessions(#[from] sessions::StartError),
}

/// A running server.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// What its features work with.
    pub kernel: Kernel,
    /// The features that others talk to.
    pub features: Features,
    /// What became of the schema.
    pub migrated: Migrated,
    /// Claims the server, if nobody has yet.
    pub setup_token: Option<String>,
    stop: watch::Sender<bool>,
    ended: JoinHandle<()>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Running {
    /// Asks the server to stop: see [`drain`]. Returns at once.
    pub fn shutdown(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the server has stopped.
    pub async fn wait(self) {
        if let Err(error) = self.ended.await {
            tracing::error!(%error, "the server ended out of order");
        }
    }
}

/// Opens the database, and migrates it if it may.
///
/// # Errors
/// When it cannot be opened, or has to be migrated and may not.
pub async fn open(options: &Options, may_migrate: bool) -> Result<(Db, Migrated), StartError> {
    let db = Db::open(options).await?;
    if !may_migrate && db.needs_migration().await {
        db.close().await;
        return Err(StartError::MigrationNeeded);
    }
    let migrated = db.migrate().await?;
    Ok((db, migrated))
}

/// Starts a server.
///
/// # Errors
/// When anything it needs cannot be had; nothing is left running then.
pub async fn start(config: &Config, may_migrate: bool) -> Result<Running, StartError> {
    start_with(config, may_migrate, |db| connect(config, db)).await
}

/// The bus of the settings.
async fn connect(config: &Config, db: Db) -> Result<Bus, StartError> {
    let Some(url) = config.redis_url.clone() else { return Ok(Bus::none()) };
    let BusKey { key, namespace } =
        nodes::bus_key(&db, &Names::random()).await.map_err(StartError::Database)?;
    Ok(Bus::redis(RedisOptions { url, namespace, key }).await)
}

/// Starts a server whose bus is made once the database is there, for tests that have several in one process.
///
/// # Errors
/// As [`start`].
pub async fn start_with<F>(
    config: &Config,
    may_migrate: bool,
    bus: impl FnOnce(Db) -> F,
) -> Result<Running, StartError>
where
    F: Future<Output = Result<Bus, StartError>>,
{
    metrics::start();
    let tls = match (&config.tls.cert, &config.tls.key) {
        (Some(cert), Some(key)) => Some(tls::load(cert, key).map_err(StartError::File)?),
        _ => None,
    };
    let (db, migrated) = open(&Options::new(config.database()), may_migrate).await?;
    epochs::follow(&db, &Names::random()).await.map_err(StartError::Database)?;
    // After the database: a second server on the same data is told that, not that the port is taken.
    let listener = listen(&config.listen).await?;
    let address = listener.local_addr().map_err(|error| listen_error(&config.listen, error))?;
    let bus = bus(db.clone()).await?;
    let kernel = Kernel::among(db.clone(), Clock::default(), Names::random(), bus);
    let mut registry = Registry::default();
    let features = fireside_features::register(&kernel, &mut registry, config.sessions()).await?;
    let setup_token = features.sessions.setup_token().await;
    keep_setup_token(&config.data_dir, setup_token.as_deref())?;
    let doors = Doors::open(config, &kernel, &features, registry);
    let (stop, stopped) = watch::channel(false);
    let mut upkeep = JoinSet::new();
    upkeep.spawn(metrics::upkeep());
    if db.engine() == Engine::Postgres {
        upkeep.spawn(leases::run(db.clone(), kernel.nodes.clone()));
    }
    upkeep.spawn(retention::run(db.clone(), kernel.clock.clone(), config.log_retention.duration()));
    let limits = http_limits(config);
    let relay = kernel.relay.clone();
    let ended = tokio::spawn(async move {
        doors.serve(listener, tls, limits, stopped).await;
        drop(upkeep);
        relay.retire();
        db.close().await;
    });
    Ok(Running { address, kernel, features, migrated, setup_token, stop, ended })
}

/// The doors of a server.
struct Doors {
    gateway: Arc<Gateway>,
    socketio: Door,
    rest: Arc<Rest>,
    kernel: Kernel,
    presence: Arc<Presence>,
}

impl Doors {
    fn open(config: &Config, kernel: &Kernel, features: &Features, registry: Registry) -> Doors {
        let limits = if config.rate_limits { Limits::new(config.limits.gateway()) } else { Limits::off() };
        let settings = GatewaySettings {
            origins: origins(config),
            trusted_proxies: config.trusted_proxies.iter().map(|proxy| proxy.network()).collect(),
            metrics_token: config.metrics_token.as_ref().map(|token| token.expose().to_owned()),
        };
        let gateway = Arc::new(Gateway::new(
            registry,
            features.sessions.clone(),
            limits,
            kernel.names.clone(),
            settings,
        ));
        let transport = Transport {
            max_payload: config.limits.payload.0,
            queue_limit_bytes: config.limits.queue.0,
            queue_limit_packets: config.limits.queue_packets,
            ..Transport::default()
        };
        let observers = features.observers.clone();
        let socketio = Door::open(kernel.clone(), gateway.clone(), observers, DoorSettings { transport });
        if let Some(company) = config.company() {
            socketio.keep_company(company);
        }
        let db = kernel.db.clone();
        let database = move || {
            let db = db.clone();
            async move { db.ping().await.is_ok() }
        };
        let bus = kernel.nodes.bus_state();
        let redis = move || {
            let is_up = *bus.borrow() == State::Up;
            async move { is_up }
        };
        let rest = RestSettings {
            pages: web_client::pages(),
            // Without Redis the nodes find in the database what the others have done: slower, but nothing is lost.
            checks: vec![Check::new("database", database), Check::new("redis", redis).of_comfort()],
            metrics: Some(metrics::render(kernel.db.clone(), kernel.log.clone(), socketio.clone())),
            version: Version { version: env!("CARGO_PKG_VERSION"), commit: COMMIT },
        };
        let rest = Arc::new(Rest::new(gateway.clone(), rest));
        Doors { gateway, socketio, rest, kernel: kernel.clone(), presence: features.presence.clone() }
    }

    /// Serves until told to stop, and then stops in good order.
    async fn serve(
        self,
        listener: TcpListener,
        tls: Option<Arc<tokio_rustls::rustls::ServerConfig>>,
        limits: HttpLimits,
        mut stopped: watch::Receiver<bool>,
    ) {
        let (socketio, rest) = (self.socketio.clone(), self.rest.clone());
        let service = move |request: http::Request<Incoming>, peer: Peer| {
            let (socketio, rest) = (socketio.clone(), rest.clone());
            async move {
                if socketio.matches(request.uri().path()) {
                    socketio.call(request, peer).await.map(Either::Left)
                } else {
                    rest.answer(peer.addr.ip(), request).await.map(Either::Right)
                }
            }
        };
        let drained = async {
            // An error says that whoever could have asked is gone: the same as being asked.
            drop(stopped.wait_for(|stopped| *stopped).await);
            drain::drain(&self.gateway, &self.socketio, &self.kernel.log, &self.presence).await;
        };
        serve(listener, tls, service, limits, drained).await;
    }
}

fn http_limits(config: &Config) -> HttpLimits {
    HttpLimits {
        max_connections: config.limits.connections,
        drain_timeout: REQUESTS_END_WITHIN,
        ..HttpLimits::default()
    }
}

/// The web pages that may call: those of the settings, and our own, also behind a proxy that speaks TLS.
fn origins(config: &Config) -> Origins {
    let own = config.url.iter().map(ToString::to_string);
    match &config.cors_origins {
        WebOrigins::Any => Origins::Any,
        WebOrigins::Same if config.url.is_none() => Origins::SameOrigin,
        WebOrigins::Same => Origins::List(own.collect()),
        WebOrigins::List(listed) => Origins::List(listed.iter().cloned().chain(own).collect()),
    }
}

async fn listen(listen: &Listen) -> Result<TcpListener, StartError> {
    TcpListener::bind((listen.host(), listen.port())).await.map_err(|error| listen_error(listen, error))
}

fn listen_error(listen: &Listen, error: std::io::Error) -> StartError {
    let next = listen.with_port(listen.port().checked_add(1).unwrap_or(8080));
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("; another program has it (`ss -ltnp` tells which). Try: fireside --listen {next}")
        }
        std::io::ErrorKind::PermissionDenied if listen.port() < 1024 => {
            ", ports below 1024 need CAP_NET_BIND_SERVICE. Try: fireside --listen :8080 behind a proxy"
                .to_owned()
        }
        std::io::ErrorKind::AddrNotAvailable => "; this machine has no such address".to_owned(),
        _ => String::new(),
    };
    StartError::Listen { listen: listen.clone(), error, hint }
}

/// Keeps the setup token in a file that only the server's user can read, for whoever has no terminal; takes
/// the file away when the server has been claimed.
fn keep_setup_token(data_dir: &Path, token: Option<&str>) -> Result<(), StartError> {
    let path = data_dir.join("setup-token");
    let kept = match token {
        Some(token) => write_private(&path, token),
        None => std::fs::remove_file(&path).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        }),
    };
    kept.map_err(|error| StartError::File(format!("{}: {error}", path.display())))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
    if let Some(directory) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // The mode above is for a new file only.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    writeln!(file, "{text}")
}
