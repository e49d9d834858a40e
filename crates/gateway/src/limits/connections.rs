//! How many live connections there may be: by address, by user, and how many have not said who they are.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::OnceLock;

use fireside_kernel::Error;
use fireside_protocol::{Reason, UserId};
use parking_lot::Mutex;

use super::buckets::{Bucket, customer};
use super::{Class, Limits, Quota, count};

/// When to try again after being refused for a number of connections, in nanoseconds: there is no telling
/// when one of them will end.
const RETRY_AFTER_NS: u64 = 5_000_000_000;

#[derive(Debug)]
pub(super) struct Connections {
    live: Mutex<Live>,
    node: Mutex<Bucket>,
}

#[derive(Debug, Default)]
struct Live {
    by_address: HashMap<IpAddr, Counts>,
    by_user: HashMap<UserId, u32>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    open: u32,
    unauthenticated: u32,
}

impl Connections {
    pub(super) fn new(node: Quota) -> Self {
        Self { live: Mutex::default(), node: Mutex::new(Bucket::new(node)) }
    }

    pub(super) fn draw_from_node(&self) -> Result<(), u64> {
        self.node.lock().draw()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let live = self.live.lock();
        live.by_address.is_empty() && live.by_user.is_empty()
    }
}

/// One live connection, counted until this is dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    limits: Limits,
    address: IpAddr,
    user: OnceLock<UserId>,
}

impl ConnectionPermit {
    pub(super) fn open(limits: Limits, address: IpAddr) -> Result<Self, Error> {
        let (settings, on) = (&limits.0.settings, limits.0.on);
        let address = customer(address);
        let mut live = limits.0.connections.live.lock();
        let counts = live.by_address.get(&address).copied().unwrap_or_default();
        let is_full = counts.open >= settings.sockets_per_address
            || counts.unauthenticated >= settings.unauthenticated_per_address;
        if on && is_full {
            return Err(too_many("Too many connections from this address"));
        }
        let next = Counts { open: counts.open + 1, unauthenticated: counts.unauthenticated + 1 };
        live.by_address.insert(address, next);
        drop(live);
        Ok(Self { limits, address, user: OnceLock::new() })
    }

    /// The connection belongs to `user` from now on, and not to the unauthenticated any more. The first call
    /// decides; a connection does not change its user.
    ///
    /// # Errors
    /// `rate_limited` when the user has too many.
    pub fn authenticated(&self, user: &UserId) -> Result<(), Error> {
        let mut live = self.limits.0.connections.live.lock();
        if self.user.get().is_some() {
            return Ok(());
        }
        let sockets = live.by_user.get(user).copied().unwrap_or(0);
        if self.limits.0.on && sockets >= self.limits.0.settings.sockets_per_user {
            return Err(too_many("You have too many connections"));
        }
        live.by_user.insert(user.clone(), sockets + 1);
        if let Some(counts) = live.by_address.get_mut(&self.address) {
            counts.unauthenticated = counts.unauthenticated.saturating_sub(1);
        }
        // Set under the lock, so that `get` above and `drop` below always agree with the counts.
        let _first = self.user.set(user.clone());
        Ok(())
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut live = self.limits.0.connections.live.lock();
        match self.user.get() {
            Some(user) => {
                decrease(&mut live.by_user, user, |sockets| {
                    *sockets = sockets.saturating_sub(1);
                    *sockets == 0
                });
            }
            None => {
                if let Some(counts) = live.by_address.get_mut(&self.address) {
                    counts.unauthenticated = counts.unauthenticated.saturating_sub(1);
                }
            }
        }
        decrease(&mut live.by_address, &self.address, |counts| {
            counts.open = counts.open.saturating_sub(1);
            counts.open == 0
        });
    }
}

/// Changes an entry, and takes it out when `is_gone` says that nothing is left.
fn decrease<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: &K, is_gone: impl FnOnce(&mut V) -> bool) {
    if map.get_mut(key).is_some_and(is_gone) {
        map.remove(key);
    }
}

fn too_many(message: &'static str) -> Error {
    let retry_after_ms = Some(count(Class::Connect, RETRY_AFTER_NS));
    Error { retry_after_ms, ..Error::new(Reason::RateLimited, message) }
}
