//! The parsers of what comes from the network, for fuzzing. No part of the API: nothing here is stable.

use crate::json::scan_array;

pub use crate::engine::payload::{InvalidPacket, Packet, SEPARATOR, decode_polling};
pub use crate::engine::websocket::decoder::{Decoder, Flow, Incoming, Violation};
pub use crate::json::InvalidJson;
pub use crate::packet::placeholders_are_valid;
pub use crate::packet::{InvalidPacket as InvalidHead, Kind, Packet as Head, decode as decode_head};

/// The elements of a JSON array, as text.
///
/// # Errors
/// When the text is not exactly one array.
pub fn elements(array: &str) -> Result<Vec<&str>, InvalidJson> {
    Ok(scan_array(array)?.into_iter().map(|span| span.of(array)).collect())
}
