//! What both doors share: the operations, who may come in, how much of it, and whether the house is closing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fireside_kernel::{Authenticator, Names, Registry};
use fireside_socketio::Origins;

use crate::limits::Limits;
use crate::peer::Network;

/// What both doors share.
pub struct Gateway {
    /// Every operation there is.
    pub registry: Registry,
    /// Tells who a token belongs to.
    pub authenticator: Arc<dyn Authenticator>,
    /// How much one user or address may ask for.
    pub limits: Limits,
    /// Makes ids of requests.
    pub names: Names,
    /// What the operator decided.
    pub settings: GatewaySettings,
    draining: AtomicBool,
}

/// What the operator decides about the doors.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// Web pages of other origins that may call.
    pub origins: Origins,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Bearer token that opens `/metrics`. Where there is none, only callers on this machine see it.
    pub metrics_token: Option<String>,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self { origins: Origins::SameOrigin, trusted_proxies: Vec::new(), metrics_token: None }
    }
}

impl Gateway {
    /// Doors onto `registry`.
    pub fn new(
        registry: Registry,
        authenticator: Arc<dyn Authenticator>,
        limits: Limits,
        names: Names,
        settings: GatewaySettings,
    ) -> Gateway {
        Gateway { registry, authenticator, limits, names, settings, draining: AtomicBool::new(false) }
    }

    /// From now on new work is refused politely, and the server says that it is not ready.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("draining", &self.is_draining()).finish_non_exhaustive()
    }
}
