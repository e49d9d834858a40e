//! Presence (being written).
use std::collections::HashSet;
use std::sync::Arc;

use fireside_db::Db;
use fireside_kernel::{Kernel, Registry, Result};
use fireside_protocol::UserId;

/// Who is online.
#[derive(Debug)]
pub struct Presence {}

impl Presence {
    /// Whether a device of theirs is connected.
    pub fn is_online(&self, _user: &UserId) -> bool {
        false
    }
    /// Whether both are online and share a room.
    pub fn shares_room(&self, _a: &UserId, _b: &UserId) -> bool {
        false
    }
    pub(crate) async fn visible(&self, _db: &Db, _me: &UserId, _users: &[UserId]) -> Result<HashSet<UserId>> {
        Ok(HashSet::new())
    }
}
impl fireside_kernel::connections::Observer for Presence {
    fn opened(&self, _: &fireside_kernel::connections::Connection, _: &[fireside_protocol::RoomId]) {}
    fn closed(&self, _: &fireside_kernel::connections::Connection) {}
}

pub(crate) fn register(_kernel: &Kernel, _registry: &mut Registry) -> Arc<Presence> {
    Arc::new(Presence {})
}
