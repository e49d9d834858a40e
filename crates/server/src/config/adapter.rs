//! Settings of the company of Socket.IO servers on Node that share our Redis.

use fireside_bus::socketio_adapter::AdapterOptions;
use fireside_gateway::socketio::CompanySettings;
use fireside_gateway::socketio::company::{Pattern, Policy};

use super::Config;
use super::settings::{Setting, shown};
use super::values::{list, switch};

/// How we get on with servers that use `@socket.io/redis-adapter` or `@socket.io/redis-emitter`.
#[derive(Debug, Clone)]
pub struct RedisAdapter {
    /// Whether we do at all.
    pub is_on: bool,
    /// Whether they use its `createShardedAdapter`.
    pub is_sharded: bool,
    /// The `key` that those servers have.
    pub key: String,
    /// What of theirs reaches our sockets.
    pub policy: Policy,
}

impl Default for RedisAdapter {
    fn default() -> Self {
        RedisAdapter {
            is_on: true,
            is_sharded: false,
            key: "socket.io".to_owned(),
            policy: Policy::default(),
        }
    }
}

impl Config {
    /// The company that the server keeps; none without a Redis.
    pub fn company(&self) -> Option<CompanySettings> {
        let RedisAdapter { is_on, is_sharded, key, policy } = self.redis_adapter.clone();
        let url = self.redis_url.clone()?;
        is_on.then(|| CompanySettings { adapter: AdapterOptions { url, key, is_sharded }, policy })
    }
}

fn put_adapter(config: &mut Config, text: &str) -> Result<(), String> {
    let is_sharded = text.eq_ignore_ascii_case("sharded");
    let adapter = &mut config.redis_adapter;
    adapter.is_on = is_sharded || switch(text).map_err(|_| "is on, sharded or off".to_owned())?;
    adapter.is_sharded = is_sharded;
    Ok(())
}

fn put_key(config: &mut Config, text: &str) -> Result<(), String> {
    if text.is_empty() || text.contains('#') || text.chars().any(char::is_control) {
        return Err("is the beginning of the names of channels: not empty, and without #".to_owned());
    }
    text.clone_into(&mut config.redis_adapter.key);
    Ok(())
}

fn patterns(text: &str) -> Result<Vec<Pattern>, String> {
    let pattern = |text: &str| text.parse().map_err(|error| format!("{text:?} {error}"));
    list(text).into_iter().map(pattern).collect()
}

fn joined(patterns: &[Pattern]) -> Option<String> {
    let texts: Vec<_> = patterns.iter().map(ToString::to_string).collect();
    Some(texts.join(", "))
}

pub(super) const ADAPTER: [Setting; 4] = [
    Setting::one(
        "redis_adapter",
        "on|sharded|off",
        "Whether Socket.IO servers on Node that share the Redis are heard and answered, and whether they use createShardedAdapter",
        put_adapter,
        |c| match c.redis_adapter {
            RedisAdapter { is_on: false, .. } => shown(&"off"),
            RedisAdapter { is_sharded: true, .. } => shown(&"sharded"),
            RedisAdapter { .. } => shown(&"on"),
        },
    ),
    Setting::one(
        "redis_adapter_key",
        "TEXT",
        "The option key of their @socket.io/redis-adapter, or channelPrefix of the sharded one",
        put_key,
        |c| shown(&c.redis_adapter.key),
    ),
    Setting::one(
        "redis_adapter_events",
        "NAMES",
        "Events of theirs that reach our sockets, such as order:*; those that are ours never do",
        |c, text| {
            c.redis_adapter.policy.events = patterns(text)?;
            Ok(())
        },
        |c| joined(&c.redis_adapter.policy.events),
    )
    .list(),
    Setting::one(
        "redis_adapter_rooms",
        "NAMES",
        "Rooms that they may reach, such as room:*; an event to all sockets needs *",
        |c, text| {
            c.redis_adapter.policy.rooms = patterns(text)?;
            Ok(())
        },
        |c| joined(&c.redis_adapter.policy.rooms),
    )
    .list(),
];
