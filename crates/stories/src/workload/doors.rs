//! Where the servers are that a workload uses: a door for each node.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Addresses of the nodes, in their order. A clone shows the same doors.
#[derive(Debug, Clone)]
pub struct Doors(Arc<Vec<Door>>);

#[derive(Debug)]
struct Door {
    address: Mutex<SocketAddr>,
    cut: Notify,
}

impl Doors {
    /// Doors that lead to these addresses.
    pub fn to(addresses: Vec<SocketAddr>) -> Doors {
        let door = |address| Door { address: Mutex::new(address), cut: Notify::new() };
        Doors(Arc::new(addresses.into_iter().map(door).collect()))
    }

    /// From now on a door leads to this address: its node was started again elsewhere.
    ///
    /// # Panics
    /// If there is no such door.
    pub fn lead_to(&self, door: usize, address: SocketAddr) {
        *self.0[door].address.lock() = address;
    }

    /// What a balancer does with a node that does not answer: its door leads elsewhere, and whatever waits behind it
    /// is cut off.
    ///
    /// # Panics
    /// If there is no such door.
    pub fn take_out(&self, door: usize, instead: SocketAddr) {
        self.lead_to(door, instead);
        self.0[door].cut.notify_waiters();
    }

    /// Ends when what goes by this door is cut off.
    ///
    /// # Panics
    /// If there is no such door.
    pub async fn is_cut(self, door: usize) {
        self.0[door].cut.notified().await;
    }

    /// The door whose turn it is, counted round and round, and where it leads.
    ///
    /// # Panics
    /// If there are no doors.
    pub fn at(&self, turn: usize) -> (usize, SocketAddr) {
        let door = turn % self.0.len();
        let address = *self.0[door].address.lock();
        (door, address)
    }
}
