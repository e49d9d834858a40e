//! The bus floor: what carries bytes between the nodes of one chat. The database is the truth, the bus is a
//! doorbell: what it loses is found in the log, so it never makes anybody wait.

mod bus;
mod measures;
pub mod memory;
mod receiver;
mod redis;
#[cfg(feature = "testing")]
pub mod testing;

pub use self::bus::{Bus, Incoming, State};
pub use self::redis::socketio_adapter;
pub use self::redis::{InvalidRedisUrl, RedisOptions, RedisUrl};
