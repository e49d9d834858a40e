//! A connection that publishes or listens: to one server, or to the masters of a cluster.
//!
//! Plain messages go by one node, and a cluster passes them on to all its nodes. Sharded ones (Redis 7) go to the
//! shard that owns the channel's slot, and nowhere else; the driver follows slots as they move.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use redis::aio::{AsyncPushSender, ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, ResponsePolicy, RoutingInfo};
use redis::{AsyncConnectionConfig, Cmd, Pipeline, ProtocolVersion, Value};

use super::address::{RedisUrl, Way};
use super::failure::Failure;
use super::outbox::Letter;

/// Most channels in one command.
const MOST_CHANNELS: usize = 256;
/// Most commands that are on their way to a cluster at the same time.
const MOST_COMMANDS: usize = 64;
/// How often the driver tries a command again that a cluster has sent elsewhere; what fails for good ends the session.
const RETRIES: u32 = 2;

/// Who carries a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// All nodes.
    Plain,
    /// The shard of its channel.
    Sharded,
}

/// What is done with the names of channels or patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Subscribe,
    Unsubscribe,
    SubscribePattern,
    UnsubscribePattern,
}

/// See the module.
#[derive(Clone)]
pub(super) struct Connection {
    wire: Wire,
    manner: Manner,
}

#[derive(Clone)]
enum Wire {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Connects. `pushed` is called for whatever comes unasked, in the task that reads.
    pub(super) async fn open(
        url: &RedisUrl,
        manner: Manner,
        patience: Duration,
        pushed: Option<impl AsyncPushSender>,
    ) -> Result<Connection, Failure> {
        let wire = match url.way().await? {
            Way::Server(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(patience))
                    .set_response_timeout(Some(patience));
                let config = match pushed {
                    Some(pushed) => config.set_push_sender(pushed),
                    None => config,
                };
                Wire::One(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Way::Cluster(builder) => {
                let builder = builder
                    .use_protocol(ProtocolVersion::RESP3)
                    .connection_timeout(patience)
                    .response_timeout(patience)
                    .overall_response_timeout(Some(patience))
                    .retries(RETRIES);
                let builder = match pushed {
                    Some(pushed) => builder.push_sender(pushed),
                    None => builder,
                };
                Wire::Cluster(builder.build()?.get_async_connection().await?)
            }
        };
        Ok(Connection { wire, manner })
    }

    /// Hands letters over, in order as far as they go the same way.
    pub(super) async fn publish(&self, letters: &[Letter]) -> Result<(), Failure> {
        let verb = match self.manner {
            Manner::Plain => "PUBLISH",
            Manner::Sharded => "SPUBLISH",
        };
        let command = |(channel, payload): &Letter| {
            let mut command = redis::cmd(verb);
            command.arg(channel).arg(&payload[..]);
            command
        };
        match &self.wire {
            Wire::One(wire) => {
                let mut pipeline = Pipeline::with_capacity(letters.len());
                for letter in letters {
                    pipeline.add_command(command(letter)).ignore();
                }
                Ok(pipeline.exec_async(&mut wire.clone()).await?)
            }
            Wire::Cluster(wire) => each(wire, letters.iter().map(command).collect()).await,
        }
    }

    /// Begins or ends to listen to channels or patterns.
    pub(super) async fn listen(&self, verb: Verb, names: &[String]) -> Result<(), Failure> {
        if self.manner == Manner::Sharded {
            let commands = sharded(verb, names)?;
            return match &self.wire {
                Wire::One(wire) => each(wire, commands).await,
                Wire::Cluster(wire) => each(wire, commands).await,
            };
        }
        for names in names.chunks(MOST_CHANNELS) {
            match self.wire.clone() {
                Wire::One(mut wire) => match verb {
                    Verb::Subscribe => wire.subscribe(names).await?,
                    Verb::Unsubscribe => wire.unsubscribe(names).await?,
                    Verb::SubscribePattern => wire.psubscribe(names).await?,
                    Verb::UnsubscribePattern => wire.punsubscribe(names).await?,
                },
                Wire::Cluster(mut wire) => match verb {
                    Verb::Subscribe => wire.subscribe(names).await?,
                    Verb::Unsubscribe => wire.unsubscribe(names).await?,
                    Verb::SubscribePattern => wire.psubscribe(names).await?,
                    Verb::UnsubscribePattern => wire.punsubscribe(names).await?,
                },
            }
        }
        Ok(())
    }

    /// How many listen to each of these channels.
    pub(super) async fn listeners(&self, channels: &[String]) -> Result<Vec<u64>, Failure> {
        let mut question = redis::cmd("PUBSUB");
        question.arg(if self.manner == Manner::Sharded { "SHARDNUMSUB" } else { "NUMSUB" }).arg(channels);
        // Each master knows of those who listen there; the driver adds them up.
        let counts: HashMap<String, u64> = match &self.wire {
            Wire::One(wire) => question.query_async(&mut wire.clone()).await?,
            Wire::Cluster(wire) => question.query_async(&mut wire.clone()).await?,
        };
        Ok(channels.iter().map(|channel| counts.get(channel).copied().unwrap_or(0)).collect())
    }

    /// Asks every master of a cluster for a sign of life: a message that comes back proves it of one of them only.
    pub(super) async fn all_answer(&self) -> Result<(), Failure> {
        let Wire::Cluster(wire) = &self.wire else { return Ok(()) };
        let all = (MultipleNodeRoutingInfo::AllMasters, Some(ResponsePolicy::AllSucceeded));
        wire.clone().route_command(redis::cmd("PING"), RoutingInfo::MultiNode(all)).await?;
        Ok(())
    }
}

/// One command for each channel, since each may belong to another shard. There are no patterns.
fn sharded(verb: Verb, names: &[String]) -> Result<Vec<Cmd>, Failure> {
    let verb = match verb {
        Verb::Subscribe => "SSUBSCRIBE",
        Verb::Unsubscribe => "SUNSUBSCRIBE",
        Verb::SubscribePattern | Verb::UnsubscribePattern if names.is_empty() => return Ok(Vec::new()),
        Verb::SubscribePattern | Verb::UnsubscribePattern => {
            return Err(Failure::Other("a pattern in a sharded link".to_owned()));
        }
    };
    let command = |name: &String| {
        let mut command = redis::cmd(verb);
        command.arg(name);
        command
    };
    Ok(names.iter().map(command).collect())
}

/// Runs commands side by side.
async fn each(wire: &(impl ConnectionLike + Clone), commands: Vec<Cmd>) -> Result<(), Failure> {
    for commands in commands.chunks(MOST_COMMANDS) {
        let answers = commands.iter().map(|command| {
            let mut wire = wire.clone();
            async move { command.query_async::<Value>(&mut wire).await.map(drop) }
        });
        try_join_all(answers).await?;
    }
    Ok(())
}
