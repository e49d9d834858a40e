//! The hall where everything meets: what an operation is, who asks, what they may do, the room log and
//! its delivery. Knows neither the doors (gateway) nor what the chat does (features).
//!
//! A message's walk: [`dispatch`](registry::Registry::dispatch) → the feature's operation →
//! [`room_log`] (one writer, one transaction for all that waits) → the answer, and through the
//! [`relay`] the event, in the order of the log.

pub mod actor;
pub mod clock;
pub mod connections;
pub mod ctx;
pub mod epochs;
pub mod error;
pub mod names;
pub mod nodes;
mod panics;
pub mod permission;
pub mod planted;
pub mod registry;
pub mod relay;
pub mod room_log;
pub mod rows;
pub mod user_changes;

use std::sync::Arc;

pub use actor::{Actor, Authenticator, Identity};
pub use clock::Clock;
pub use ctx::Ctx;
pub use error::{Error, Result};
pub use names::Names;
pub use registry::Registry;

use fireside_bus::Bus;
use fireside_db::Db;

/// What every operation may use. Cheap to clone.
#[derive(Clone)]
pub struct Kernel {
    /// The database.
    pub db: Db,
    /// The time of day, for stamps only.
    pub clock: Clock,
    /// Makes ids and secrets.
    pub names: Names,
    /// The one way to change a room.
    pub log: room_log::RoomLog,
    /// What leaves for clients.
    pub relay: Arc<relay::Relay>,
    /// The other nodes.
    pub nodes: Arc<nodes::Nodes>,
}

impl Kernel {
    /// Starts the room log's writer on `db`, on a node that is alone. It ends when the last clone of the kernel
    /// is dropped.
    pub fn start(db: Db, clock: Clock, names: Names) -> Kernel {
        Kernel::among(db, clock, names, Bus::none())
    }

    /// The same on a node that `bus` connects with others.
    pub fn among(db: Db, clock: Clock, names: Names, bus: Bus) -> Kernel {
        let nodes = Arc::new(nodes::Nodes::on(bus, names.clone()));
        let relay = relay::Relay::among(nodes.clone(), clock.clone());
        let log = room_log::RoomLog::start(db.clone(), clock.clone(), names.clone(), relay.clone());
        Kernel { db, clock, names, log, relay, nodes }
    }
}
