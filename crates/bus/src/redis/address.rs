//! Where Redis is: one server, sentinels that know, or a cluster.

use std::fmt;
use std::str::FromStr;

use redis::cluster::ClusterClientBuilder;
use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{Client, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, RedisConnectionInfo, TlsMode};

use super::failure::Failure;
use super::luck;

/// The address of a Redis, with user and password where it wants them:
///
/// * `redis://[user:password@]host[:port]`, over TLS `rediss://…`, a local socket `unix:///path`
/// * `redis+sentinel://[user:password@]host:port[,host:port…]/master`, over TLS `rediss+sentinel://…`: the
///   hosts are sentinels, user and password those of the master. Sentinels that want a password themselves are told
///   `?sentinel_password=…`, and `&sentinel_username=…` where they have users; both percent-encoded as in any URL.
/// * `redis+cluster://[user:password@]host:port[,host:port…]`, over TLS `rediss+cluster://…`: nodes of a cluster, which
///   name the others
#[derive(Clone)]
pub struct RedisUrl(Place);

#[derive(Clone)]
enum Place {
    One(ConnectionInfo),
    Sentinels { sentinels: Vec<ConnectionInfo>, master: String, at_master: SentinelNodeConnectionInfo },
    Cluster(Vec<ConnectionInfo>),
}

/// A text that is no [`RedisUrl`]. It does not say the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an address of Redis: redis://[user:password@]host[:port], rediss://…, unix:///path, \
     redis+sentinel://[user:password@]host:port,host:port/master or \
     redis+cluster://[user:password@]host:port,host:port is expected"
)]
pub struct InvalidRedisUrl;

impl FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<RedisUrl, InvalidRedisUrl> {
        let place = match text.split_once("+sentinel://") {
            Some((scheme @ ("redis" | "rediss"), rest)) => sentinels(scheme, rest)?,
            _ => match text.split_once("+cluster://") {
                Some((scheme @ ("redis" | "rediss"), rest)) => cluster(scheme, rest)?,
                _ => Place::One(connection(text)?),
            },
        };
        Ok(RedisUrl(place))
    }
}

fn connection(text: &str) -> Result<ConnectionInfo, InvalidRedisUrl> {
    let info = text.into_connection_info().map_err(|_| InvalidRedisUrl)?;
    let settings = settings(info.redis_settings().clone());
    Ok(info.set_redis_settings(settings))
}

/// RESP3, in which messages and answers are told apart, and a name that an operator finds in `CLIENT LIST`.
fn settings(settings: RedisConnectionInfo) -> RedisConnectionInfo {
    settings.set_protocol(ProtocolVersion::RESP3).set_lib_name("fireside", env!("CARGO_PKG_VERSION"))
}

fn sentinels(scheme: &str, rest: &str) -> Result<Place, InvalidRedisUrl> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, master) = rest.split_once('/').ok_or(InvalidRedisUrl)?;
    let (credentials, hosts) = apart(authority);
    if master.is_empty() || master.contains('/') {
        return Err(InvalidRedisUrl);
    }
    let at_sentinel = sentinel_credentials(query)?;
    let sentinel = |host| format!("{scheme}://{at_sentinel}{host}").into_connection_info();
    let sentinels = hosts.split(',').map(sentinel).collect::<Result<Vec<_>, _>>();
    let sentinels = sentinels.map_err(|_| InvalidRedisUrl)?;
    // Any host will do: only user and password are taken.
    let at_master = connection(&format!("{scheme}://{credentials}localhost"))?;
    let mut node =
        SentinelNodeConnectionInfo::default().set_redis_connection_info(at_master.redis_settings().clone());
    if scheme == "rediss" {
        node = node.set_tls_mode(TlsMode::Secure);
    }
    Ok(Place::Sentinels { sentinels, master: master.to_owned(), at_master: node })
}

fn cluster(scheme: &str, rest: &str) -> Result<Place, InvalidRedisUrl> {
    let (credentials, hosts) = apart(rest.strip_suffix('/').unwrap_or(rest));
    let node = |host: &str| match host.contains(['/', '?', '#']) {
        false => connection(&format!("{scheme}://{credentials}{host}")),
        true => Err(InvalidRedisUrl),
    };
    hosts.split(',').map(node).collect::<Result<_, _>>().map(Place::Cluster)
}

/// Credentials with their `@`, and hosts.
fn apart(authority: &str) -> (&str, &str) {
    authority.split_at(authority.rfind('@').map_or(0, |at| at + 1))
}

/// What stands before the host of a sentinel: empty where nothing is given.
fn sentinel_credentials(query: &str) -> Result<String, InvalidRedisUrl> {
    let (mut username, mut password) = ("", "");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sentinel_username", value)) => username = value,
            Some(("sentinel_password", value)) => password = value,
            _ => return Err(InvalidRedisUrl),
        }
    }
    // A user without a password could not sign in, and what is not encoded would end up in the host.
    let is_broken = [username, password].iter().any(|text| text.contains(['/', '?', '#', '@', ':']));
    if is_broken || (password.is_empty() && !query.is_empty()) {
        return Err(InvalidRedisUrl);
    }
    Ok(if password.is_empty() { String::new() } else { format!("{username}:{password}@") })
}

impl RedisUrl {
    /// Who to connect to now: after a failover the sentinels name another.
    pub(super) async fn way(&self) -> Result<Way, Failure> {
        Ok(match &self.0 {
            Place::One(info) => Way::Server(Box::new(Client::open(info.clone())?)),
            Place::Sentinels { sentinels, master, at_master } => {
                let mut sentinels = Sentinel::build(turned(sentinels))?;
                Way::Server(Box::new(sentinels.async_master_for(master, Some(at_master)).await?))
            }
            Place::Cluster(nodes) => Way::Cluster(Box::new(ClusterClientBuilder::new(turned(nodes)))),
        })
    }

    /// Whether it is one of a cluster that has shards.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.0, Place::Cluster(_))
    }
}

/// Whom to connect to.
pub(super) enum Way {
    /// This server.
    Server(Box<Client>),
    /// These nodes, and whomever they name.
    Cluster(Box<ClusterClientBuilder>),
}

/// The same, beginning with any of them: who is asked first and says nothing would take all the time of every attempt.
fn turned(nodes: &[ConnectionInfo]) -> Vec<ConnectionInfo> {
    let mut nodes = nodes.to_vec();
    let first = luck::draw() % nodes.len().max(1) as u64;
    nodes.rotate_left(first as usize);
    nodes
}

impl fmt::Debug for RedisUrl {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::One(info) => write!(f, "RedisUrl({})", info.addr()),
            Place::Sentinels { sentinels, master, .. } => {
                write!(f, "RedisUrl({} sentinels of {master})", sentinels.len())
            }
            Place::Cluster(nodes) => write!(f, "RedisUrl(a cluster by {} of its nodes)", nodes.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentinels_have_credentials_of_their_own() {
        let url = "redis+sentinel://:master@a,b:7/main?sentinel_username=guard&sentinel_password=s%2Fp";
        let Place::Sentinels { sentinels, master, .. } =
            sentinels("redis", &url["redis+sentinel://".len()..]).expect("an address")
        else {
            panic!("they are sentinels")
        };
        assert_eq!(master, "main");
        for sentinel in &sentinels {
            let settings = sentinel.redis_settings();
            assert_eq!((settings.username(), settings.password()), (Some("guard"), Some("s/p")));
        }
    }

    #[test]
    fn addresses_are_understood_and_shown_without_passwords() {
        for (text, shown) in [
            ("redis://127.0.0.1", "RedisUrl(127.0.0.1:6379)"),
            ("redis://:secret@127.0.0.1:7000/0", "RedisUrl(127.0.0.1:7000)"),
            ("rediss://user:secret@redis.example:6380", "RedisUrl(redis.example:6380)"),
            ("unix:///run/redis.sock", "RedisUrl(/run/redis.sock)"),
            ("redis+sentinel://user:p@ss@a:26379,b:26379,c/main", "RedisUrl(3 sentinels of main)"),
            ("redis+cluster://user:p@ss@a:7000,b:7001,c", "RedisUrl(a cluster by 3 of its nodes)"),
            ("rediss+cluster://:p@a:7000/", "RedisUrl(a cluster by 1 of its nodes)"),
            ("redis+sentinel://a,b/main?sentinel_password=p%40ss", "RedisUrl(2 sentinels of main)"),
            (
                "redis+sentinel://a/main?sentinel_username=u&sentinel_password=p",
                "RedisUrl(1 sentinels of main)",
            ),
        ] {
            let url: RedisUrl = text.parse().unwrap_or_else(|_| panic!("{text} is an address"));
            assert_eq!(format!("{url:?}"), shown);
        }
    }

    #[test]
    fn other_texts_are_refused_without_repeating_them() {
        for text in ["", "redis", "http://host", "127.0.0.1:6379", "redis://", "redis+sentinel://host:26379"]
        {
            let refused = text.parse::<RedisUrl>().expect_err(text);
            assert!(refused.to_string().contains("redis+sentinel://"), "{refused}");
        }
        for query in ["sentinel_username=u", "sentinel_password=", "sentinel_password=a/b", "password=p", "p"]
        {
            let text = format!("redis+sentinel://host/main?{query}");
            text.parse::<RedisUrl>().expect_err(&text);
        }
        for text in ["redis+cluster://", "redis+cluster://a,,b", "redis+cluster://a/0", "http+cluster://a"] {
            text.parse::<RedisUrl>().expect_err(text);
        }
        for text in ["redis+sentinel://host/", "redis+sentinel:///main", "redis+sentinel://a,,b/main"] {
            text.parse::<RedisUrl>().expect_err(text);
        }
    }
}
