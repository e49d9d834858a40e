//! Where the servers are that a workload uses: a door for each node.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;

/// Addresses of the nodes, in their order. A clone shows the same doors.
#[derive(Debug, Clone)]
pub struct Doors(Arc<Mutex<Vec<SocketAddr>>>);

impl Doors {
    /// Doors that lead to these addresses.
    pub fn to(addresses: Vec<SocketAddr>) -> Doors {
        Doors(Arc::new(Mutex::new(addresses)))
    }

    /// From now on a door leads to this address: its node was started again elsewhere.
    ///
    /// # Panics
    /// If there is no such door.
    pub fn lead_to(&self, door: usize, address: SocketAddr) {
        self.0.lock()[door] = address;
    }

    /// The door whose turn it is, counted round and round, and where it leads.
    ///
    /// # Panics
    /// If there are no doors.
    pub fn at(&self, turn: usize) -> (usize, SocketAddr) {
        let doors = self.0.lock();
        let door = turn % doors.len();
        (door, doors[door])
    }
}
