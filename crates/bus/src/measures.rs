//! What is counted about the bus, by name.

use metrics::counter;

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
