//! Engine.IO packets: those of a polling body, which are joined by the record separator, and those of a
//! WebSocket message.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;

use crate::engine::websocket::encoder::{Part, parts};

/// What stands between the packets of a payload.
pub const SEPARATOR: char = '\u{1e}';

/// A packet that a client may send on an open session.
#[derive(Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `1`: the client closes the session.
    Close,
    /// `2`: a ping; in this version of the protocol only the server sends one, save for the probe.
    Ping(&'a str),
    /// `3`: the answer to a ping; what follows the digit is of no interest.
    Pong,
    /// `4`: a message.
    Text(&'a str),
    /// A binary message.
    Binary(Vec<u8>),
    /// `5`: the client has moved to this transport.
    Upgrade,
    /// `6`: nothing.
    Noop,
}

/// The packet is not one that a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPacket;

/// Reads a text packet.
///
/// # Errors
/// When its type is unknown, or one that only servers send.
pub fn decode(text: &str) -> Result<Packet<'_>, InvalidPacket> {
    let mut rest = text.chars();
    match rest.next() {
        Some('1') => Ok(Packet::Close),
        Some('2') => Ok(Packet::Ping(rest.as_str())),
        Some('3') => Ok(Packet::Pong),
        Some('4') => Ok(Packet::Text(rest.as_str())),
        Some('5') => Ok(Packet::Upgrade),
        Some('6') => Ok(Packet::Noop),
        _ => Err(InvalidPacket),
    }
}

/// Reads one packet of a polling body, where binary comes as `b` and base64.
///
/// # Errors
/// When its type is unknown, or one that only servers send, and for bad base64.
pub fn decode_polling(text: &str) -> Result<Packet<'_>, InvalidPacket> {
    let Some(encoded) = text.strip_prefix('b') else { return decode(text) };
    let decoded = STANDARD.decode(encoded).or_else(|_| STANDARD_NO_PAD.decode(encoded));
    decoded.map(Packet::Binary).map_err(|_| InvalidPacket)
}

/// Joins what is queued for a client, in WebSocket form, to a polling body, and counts its packets. A single
/// text packet is not copied.
pub(crate) fn encode(queue: impl Iterator<Item = Bytes>) -> (Bytes, usize) {
    let mut packets = queue.flat_map(|encoded| parts(&encoded)).peekable();
    let Some(first) = packets.next() else { return (Bytes::new(), 0) };
    if let (Part::Text(only), None) = (&first, packets.peek()) {
        return (only.clone(), 1);
    }
    let mut body = Vec::new();
    let mut count = 0;
    for packet in std::iter::once(first).chain(packets) {
        if count > 0 {
            body.push(SEPARATOR as u8);
        }
        match packet {
            Part::Text(text) => body.extend_from_slice(&text),
            Part::Binary(content) => {
                body.push(b'b');
                body.extend_from_slice(STANDARD.encode(&content).as_bytes());
            }
        }
        count += 1;
    }
    (Bytes::from(body), count)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{InvalidPacket, Packet, decode_polling, encode};
    use crate::engine::websocket::encoder::{binary, text};

    #[test]
    fn packets_of_a_body_are_read() {
        assert_eq!(decode_polling("4hello"), Ok(Packet::Text("hello")));
        assert_eq!(decode_polling("bAQIDBA=="), Ok(Packet::Binary(vec![1, 2, 3, 4])));
        assert_eq!(decode_polling("bAQIDBA"), Ok(Packet::Binary(vec![1, 2, 3, 4])));
        assert_eq!(decode_polling("2probe"), Ok(Packet::Ping("probe")));
        assert_eq!(decode_polling("3whatever"), Ok(Packet::Pong));
        for bad in ["", "abc", "0{}", "7", "9bad", "b!", "bAQIDBA=", "äx"] {
            assert_eq!(decode_polling(bad), Err(InvalidPacket), "{bad:?}");
        }
    }

    #[test]
    fn a_queue_becomes_a_body() {
        let body = |queue: Vec<Bytes>| encode(queue.into_iter());
        assert_eq!(body(vec![]), (Bytes::new(), 0));
        assert_eq!(body(vec![binary(&[1, 2, 3, 4])]), (Bytes::from("bAQIDBA=="), 1));
        assert_eq!(
            body(vec![text("4a"), binary(&[1, 2, 3, 4]), text("4b")]),
            (Bytes::from("4a\x1ebAQIDBA==\x1e4b"), 3)
        );
        let shared = text("4alone");
        let (alone, _) = body(vec![shared.clone()]);
        assert_eq!(alone.as_ptr(), shared[2..].as_ptr(), "a single text packet is shared, not copied");
    }
}
