//! Settings: what they are ([`settings`]), where they come from ([`sources`]), and what is wrong with
//! them ([`problem`]).
//!
//! A setting is taken from the first place that has it: flag, environment (`FIRESIDE_…`), file
//! (`fireside.toml`), the tutorial's environment names (`APP_ENV_…`), default. Nothing that is given is
//! ever silently ignored: an unknown key or a bad value ends the program before it has done anything.

mod aliases;
mod check;
mod file;
mod layers;
pub mod problem;
mod settings;
mod sources;
pub mod values;

use std::path::PathBuf;

use fireside_db::DatabaseUrl;

pub use layers::Origin;
pub use problem::{ConfigError, Problem};
pub use settings::{Kind, SETTINGS, Setting};
pub use sources::{Flag, Loaded, Sources};
pub use values::{Bytes, Listen, LogFormat, LogLevel, Proxy, PublicUrl, Secret, Signup, WebOrigins};

/// Every setting of a server. [`Config::default`] is what a fresh machine runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: Listen,
    /// How people reach the server from outside, when that is not where it listens.
    pub url: Option<PublicUrl>,
    /// Where the database and all other files live.
    pub data_dir: PathBuf,
    /// The database; an SQLite file in `data_dir` where none is given.
    pub database_url: Option<DatabaseUrl>,
    /// Bus between nodes. Given, the server refuses to start: one node is all this version can be.
    pub redis_url: Option<Secret>,
    /// Web pages of other origins that may use the server.
    pub cors_origins: WebOrigins,
    /// Who may make an account.
    pub signup: Signup,
    /// Trust in tokens of a host application.
    pub jwt: Jwt,
    /// Whether the rate limits are on. Size limits always are.
    pub rate_limits: bool,
    /// Sizes and counts.
    pub limits: Limits,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Proxy>,
    /// Bearer token that `/metrics` asks for.
    pub metrics_token: Option<Secret>,
    /// Certificate chain and private key, PEM files.
    pub tls: Tls,
    /// What is logged, and how.
    pub log: Log,
}

/// Trust in tokens of a host application.
#[derive(Debug, Clone, Default)]
pub struct Jwt {
    /// HS256 key, at least 32 bytes.
    pub secret: Option<Secret>,
    /// Where the host application publishes its public keys.
    pub jwks_url: Option<PublicUrl>,
    /// The same as a file.
    pub jwks_file: Option<PathBuf>,
    /// What `iss` has to be.
    pub issuer: Option<String>,
    /// What `aud` has to contain.
    pub audience: Option<String>,
}

/// TLS of our own; without, a proxy does it or nobody.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Certificate chain.
    pub cert: Option<PathBuf>,
    /// Private key.
    pub key: Option<PathBuf>,
}

/// What is logged, and how.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// From which level on.
    pub level: LogLevel,
    /// As lines for people or as JSON.
    pub format: LogFormat,
}

/// Sizes and counts.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections of all kinds at the same time.
    pub connections: usize,
    /// Connections of one address at the same time.
    pub connections_per_address: usize,
    /// Sockets of one user at the same time.
    pub sockets_per_user: usize,
    /// Largest JSON body of a REST request.
    pub body: Bytes,
    /// Largest Socket.IO message, and largest polling request.
    pub payload: Bytes,
    /// Bytes that may wait for one socket before it is closed as too slow.
    pub queue: Bytes,
    /// Packets that may wait for one socket before it is closed as too slow.
    pub queue_packets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 10_000,
            connections_per_address: 200,
            sockets_per_user: 20,
            body: Bytes(64 << 10),
            payload: Bytes(1_000_000),
            queue: Bytes(1 << 20),
            queue_packets: 1024,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: Listen::default(),
            url: None,
            data_dir: PathBuf::from("./fireside-data"),
            database_url: None,
            redis_url: None,
            cors_origins: WebOrigins::default(),
            signup: Signup::default(),
            jwt: Jwt::default(),
            rate_limits: true,
            limits: Limits::default(),
            trusted_proxies: Vec::new(),
            metrics_token: None,
            tls: Tls::default(),
            log: Log::default(),
        }
    }
}

impl Config {
    /// The database in use: the one given, or the SQLite file in the data directory.
    pub fn database(&self) -> DatabaseUrl {
        let in_data_dir = || DatabaseUrl::Sqlite(self.data_dir.join("fireside.db"));
        self.database_url.clone().unwrap_or_else(in_data_dir)
    }
}
