//! Counters that the owner of a server can read; what they are shown with is the owner's business.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::reason::DisconnectReason;

const REASONS: usize = DisconnectReason::ALL.len();

/// The live counters of one engine.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) opened_polling: AtomicU64,
    pub(crate) opened_websocket: AtomicU64,
    pub(crate) upgraded: AtomicU64,
    pub(crate) closed_polling: AtomicU64,
    pub(crate) closed_websocket: AtomicU64,
    pub(crate) packets_in: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) packets_out: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) refused_origins: AtomicU64,
    pub(crate) refused_handshakes: AtomicU64,
    closed_by_reason: [AtomicU64; REASONS],
}

/// Adds to a counter. Counters order nothing, so the weakest ordering is enough.
pub(crate) fn count(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn closed(&self, reason: DisconnectReason) {
        count(&self.closed_by_reason[reason as usize], 1);
    }

    pub(crate) fn snapshot(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let upgraded = read(&self.upgraded);
        let opened_polling = read(&self.opened_polling);
        let opened_websocket = read(&self.opened_websocket);
        Stats {
            opened_polling,
            opened_websocket,
            upgraded,
            open_polling: opened_polling.saturating_sub(upgraded).saturating_sub(read(&self.closed_polling)),
            open_websocket: (opened_websocket + upgraded).saturating_sub(read(&self.closed_websocket)),
            packets_in: read(&self.packets_in),
            bytes_in: read(&self.bytes_in),
            packets_out: read(&self.packets_out),
            bytes_out: read(&self.bytes_out),
            writes: read(&self.writes),
            panics: read(&self.panics),
            refused_origins: read(&self.refused_origins),
            refused_handshakes: read(&self.refused_handshakes),
            closed_by_reason: DisconnectReason::ALL
                .map(|reason| (reason, read(&self.closed_by_reason[reason as usize]))),
        }
    }
}

/// A reading of a server's counters. All but the two `open_*` only ever grow.
#[derive(Clone, Debug)]
pub struct Stats {
    /// Sessions opened over HTTP long-polling.
    pub opened_polling: u64,
    /// Sessions opened over WebSocket.
    pub opened_websocket: u64,
    /// Sessions that went from polling to WebSocket.
    pub upgraded: u64,
    /// Sessions on polling now.
    pub open_polling: u64,
    /// Sessions on WebSocket now.
    pub open_websocket: u64,
    /// Engine.IO packets received.
    pub packets_in: u64,
    /// Bytes of those packets, without framing.
    pub bytes_in: u64,
    /// Engine.IO packets handed to a transport.
    pub packets_out: u64,
    /// Bytes handed to a transport.
    pub bytes_out: u64,
    /// Writes to WebSocket connections; `packets_out / writes` tells how well packets are batched.
    pub writes: u64,
    /// Panics of the owner's code that were caught.
    pub panics: u64,
    /// Requests refused for their `Origin`.
    pub refused_origins: u64,
    /// Handshakes refused by the owner's code.
    pub refused_handshakes: u64,
    /// Sessions closed, by reason.
    pub closed_by_reason: [(DisconnectReason, u64); REASONS],
}
