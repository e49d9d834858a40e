//! What is counted about the bus, by name.

use metrics::{counter, gauge};

/// A message left for the other nodes.
pub(crate) fn published() {
    counter!("fireside_bus_messages_total", "direction" => "out").increment(1);
}

/// A message of another node was handed to the receiver.
pub(crate) fn received() {
    counter!("fireside_bus_messages_total", "direction" => "in").increment(1);
}

/// A message was given up because too much was waiting.
pub(crate) fn dropped() {
    counter!("fireside_bus_dropped_total").increment(1);
}

/// A message was not made by a node of this chat.
pub(crate) fn rejected() {
    counter!("fireside_bus_rejected_total").increment(1);
}

/// Another attempt to connect begins.
pub(crate) fn reconnecting() {
    counter!("fireside_bus_reconnects_total").increment(1);
}

/// Whether the other nodes are reached.
pub(crate) fn up(is_up: bool) {
    gauge!("fireside_bus_up").set(f64::from(u8::from(is_up)));
}
