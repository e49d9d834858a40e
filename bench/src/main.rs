//! Load on a real server process, the server on one core and the load on the other.
//!
//! `cargo run --release -p fireside-bench -- idle|fanout|sends|nodes [--server target/release/fireside]`
//!
//! Figures are CPU time of the server process and its resident memory, read from `/proc`; wall times only
//! where a latency is the question. Absolute figures say where the machine stood; compare in one run.

mod client;
mod nodes;
mod redis;
mod scenario;
mod server;

use clap::{Parser, Subcommand};

/// Measures a server.
#[derive(Parser)]
struct Arguments {
    /// The server's binary.
    #[arg(long, default_value = "target/release/fireside")]
    server: std::path::PathBuf,
    /// Database of the server; its own SQLite where none is given.
    #[arg(long)]
    database_url: Option<String>,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Memory of idle authenticated sockets that are members of rooms, and CPU of their connects.
    Idle {
        /// Sockets, one user each.
        #[arg(long, default_value_t = 10_000)]
        sockets: usize,
        /// Rooms each user is a member of.
        #[arg(long, default_value_t = 10)]
        rooms: usize,
        /// Connects under way at once.
        #[arg(long, default_value_t = 1)]
        in_flight: usize,
    },
    /// CPU of a delivery in one room.
    Fanout {
        /// Members, all connected.
        #[arg(long, default_value_t = 1000)]
        members: usize,
        /// Messages a second; 0 sends the next one as soon as the last is acknowledged.
        #[arg(long, default_value_t = 30)]
        rate: u64,
        /// Messages in flight at once.
        #[arg(long, default_value_t = 1)]
        in_flight: usize,
        /// Seconds to measure.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Durable sends a second.
    Sends {
        /// Senders, each with one message in flight.
        #[arg(long, default_value_t = 200)]
        senders: usize,
        /// Rooms they are spread over.
        #[arg(long, default_value_t = 100)]
        rooms: usize,
        /// Seconds to measure.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Several nodes on one PostgreSQL (`--database-url`) with a Redis that is started for it: how late a message
    /// is on each, and what one costs each of them and Redis.
    Nodes {
        /// Nodes.
        #[arg(long, default_value_t = 2)]
        nodes: usize,
        /// Messages whose delivery is timed.
        #[arg(long, default_value_t = 500)]
        messages: usize,
        /// Seconds of load for the costs, twice.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// No Redis: nodes hear of each other by reading the database. Costs are not measured then.
        #[arg(long)]
        without_redis: bool,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    if let Scenario::Nodes { nodes, messages, seconds, without_redis } = arguments.scenario {
        let database_url = arguments.database_url.ok_or("several nodes need --database-url postgres://…")?;
        let cluster = nodes::Cluster::start(&arguments.server, &database_url, nodes, !without_redis).await?;
        return cluster.measure(messages, seconds).await;
    }
    let server = server::Server::start(&arguments.server, arguments.database_url.as_deref(), None).await?;
    match arguments.scenario {
        Scenario::Idle { sockets, rooms, in_flight } => {
            scenario::idle(&server, sockets, rooms, in_flight).await?;
        }
        Scenario::Fanout { members, rate, in_flight, seconds } => {
            scenario::fanout(&server, members, rate, in_flight, seconds).await?;
        }
        Scenario::Sends { senders, rooms, seconds } => {
            scenario::sends(&server, senders, rooms, seconds).await?
        }
        Scenario::Nodes { .. } => {}
    }
    Ok(())
}
