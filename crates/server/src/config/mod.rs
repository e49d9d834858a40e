//! Settings: what they are ([`settings`]), where they come from ([`sources`]), and what is wrong with
//! them ([`problem`]).
//!
//! A setting is taken from the first place that has it: flag, environment (`FIRESIDE_…`), file
//! (`fireside.toml`), the tutorial's environment names (`APP_ENV_…`, also from a `.env`), default. Nothing that is given is
//! ever silently ignored: an unknown key or a bad value ends the program before it has done anything.

mod adapter;
mod aliases;
mod check;
mod file;
mod layers;
mod limits;
pub mod problem;
pub mod quantities;
mod settings;
mod sources;
pub mod values;

use std::path::PathBuf;

use fireside_bus::RedisUrl;
use fireside_db::DatabaseUrl;
use fireside_features::sessions;

pub use fireside_features::sessions::Secret;

pub use adapter::RedisAdapter;
pub use layers::Origin;
pub use limits::Limits;
pub use problem::{ConfigError, Problem};
pub use quantities::{Bytes, Days, Rate};
pub use settings::{Kind, SETTINGS, Setting};
pub use sources::{Flag, Loaded, Sources};
pub use values::{Listen, LogFormat, LogLevel, Proxy, PublicUrl, Signup, WebOrigins};

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
    /// Where this node meets the others that work on the same database.
    pub redis_url: Option<RedisUrl>,
    /// Socket.IO servers on Node that share the Redis.
    pub redis_adapter: RedisAdapter,
    /// Web pages of other origins that may use the server.
    pub cors_origins: WebOrigins,
    /// Who may make an account; see [`Config::signup`] for what holds where it is not said.
    pub signup: Option<Signup>,
    /// Trust in tokens of a host application.
    pub jwt: Jwt,
    /// Whether the rate limits are on. Size limits always are.
    pub rate_limits: bool,
    /// Rates, sizes and counts.
    pub limits: Limits,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Proxy>,
    /// Bearer token that `/metrics` asks for.
    pub metrics_token: Option<Secret>,
    /// Certificate chain and private key, PEM files.
    pub tls: Tls,
    /// What is logged, and how.
    pub log: Log,
    /// How long the record of what happened in rooms is kept, from which clients catch up.
    pub log_retention: Days,
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

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: Listen::default(),
            url: None,
            data_dir: PathBuf::from("./fireside-data"),
            database_url: None,
            redis_url: None,
            redis_adapter: RedisAdapter::default(),
            cors_origins: WebOrigins::default(),
            signup: None,
            jwt: Jwt::default(),
            rate_limits: true,
            limits: Limits::default(),
            trusted_proxies: Vec::new(),
            metrics_token: None,
            tls: Tls::default(),
            log: Log::default(),
            log_retention: Days(30),
        }
    }
}

impl Config {
    /// What the operator decided about identity.
    pub fn sessions(&self) -> sessions::Settings {
        sessions::Settings {
            signup: match self.signup() {
                Signup::Open => sessions::Signup::Open,
                Signup::Invite => sessions::Signup::Invite,
                Signup::Closed => sessions::Signup::Closed,
            },
            is_signup_fixed: self.signup.is_some(),
            jwt_secret: self.jwt.secret.clone(),
            jwks_url: self.jwt.jwks_url.as_ref().map(ToString::to_string),
            jwks_file: self.jwt.jwks_file.clone(),
            issuer: self.jwt.issuer.clone(),
            audience: self.jwt.audience.clone(),
            throttle: self.rate_limits,
            ..sessions::Settings::default()
        }
    }

    /// Who may make an account. Where it is not said: anyone, as long as only this machine can connect;
    /// else whoever has an invite.
    pub fn signup(&self) -> Signup {
        let default = if self.listen.is_loopback() { Signup::Open } else { Signup::Invite };
        self.signup.unwrap_or(default)
    }

    /// The database in use: the one given, or the SQLite file in the data directory.
    pub fn database(&self) -> DatabaseUrl {
        let in_data_dir = || DatabaseUrl::Sqlite(self.data_dir.join("fireside.db"));
        self.database_url.clone().unwrap_or_else(in_data_dir)
    }
}
