//! Why the bus is down, in words for whoever looks after it.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// The end of a connection, or of the attempt to have one. Its text names no password and no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("Redis does not answer")]
    Silent,
    #[error("nothing takes connections at the address of Redis")]
    Refused,
    #[error("the connection to Redis was closed")]
    Closed,
    #[error(
        "Redis closes new connections at once: too many clients (maxclients), protected mode, or it wants TLS"
    )]
    TurnedAway,
    #[error("Redis refuses the user or the password")]
    Password,
    #[error(
        "the user of Redis lacks permissions: it needs the commands of @pubsub (in a cluster PING and CLUSTER SLOTS, \
         too), and the channels"
    )]
    Permission,
    #[error("Redis takes no more clients (maxclients)")]
    Crowded,
    #[error("Redis is loading its data")]
    Loading,
    #[error("the sentinels know no master of this name")]
    NoMaster,
    #[error("the Redis Cluster is down, or has no master for some of its slots")]
    ClusterDown,
    #[error("the Redis at the address is no cluster")]
    NoCluster,
    #[error("Redis is older than version 7, which sharded publish and subscribe needs")]
    NoShards,
    #[error("Redis is older than version 6")]
    Old,
    #[error("the connection to Redis is not possible (name, network or TLS)")]
    Unreachable,
    #[error("Redis answers with the error {0}")]
    Other(String),
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Failure {
        let detail = error.detail().unwrap_or_default();
        match (error.kind(), error.code()) {
            // The text is the only mark: https://github.com/redis/redis/blob/7.0/src/networking.c
            _ if detail.contains("max number of clients") => Failure::Crowded,
            _ if detail.contains("cluster support disabled") => Failure::NoCluster,
            // Redis 6 puts the command's name between grave accents, Redis 7 between apostrophes.
            _ if detail.contains("unknown command") && detail.contains("SSUBSCRIBE") => Failure::NoShards,
            (ErrorKind::ClusterConnectionNotFound, _) => Failure::Unreachable,
            (ErrorKind::Server(ServerErrorKind::ClusterDown), _) => Failure::ClusterDown,
            (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS" | "NOAUTH")) => Failure::Password,
            _ if detail.contains("WRONGPASS") || detail.contains("NOAUTH") => Failure::Password,
            // Of a cluster the driver tells in words what became of the last of the nodes that it tried.
            _ if detail.contains("Connection refused") => Failure::Refused,
            _ if error.to_string().starts_with("Failed to create initial connections") => {
                Failure::Unreachable
            }
            (ErrorKind::Server(ServerErrorKind::NoPerm), _) => Failure::Permission,
            (ErrorKind::Server(ServerErrorKind::BusyLoading), _) => Failure::Loading,
            (ErrorKind::MasterNameNotFoundBySentinel, _) => Failure::NoMaster,
            (ErrorKind::RESP3NotSupported, _) => Failure::Old,
            (_, Some(code)) => Failure::Other(code.to_owned()),
            _ if error.is_timeout() => Failure::Silent,
            _ if error.is_connection_refusal() => Failure::Refused,
            _ if error.is_connection_dropped() => Failure::Closed,
            _ if error.is_io_error() => Failure::Unreachable,
            _ => Failure::Other(error.category().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_without_shards_is_told_by_its_version_whichever_way_it_quotes() {
        for quoted in ["`SSUBSCRIBE`", "'SSUBSCRIBE'"] {
            let detail = format!("unknown command {quoted}, with args beginning with: 'a'");
            let kind = ErrorKind::Server(ServerErrorKind::ResponseError);
            let error = RedisError::from((kind, "An error was signalled by the server", detail));
            assert_eq!(Failure::from(error), Failure::NoShards, "{quoted}");
        }
    }
}
