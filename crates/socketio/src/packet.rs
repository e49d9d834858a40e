//! The head of a Socket.IO packet (protocol version 5): type, attachments, namespace, acknowledgement id.

use crate::json::RawJson;

/// Largest acknowledgement id: the largest integer that every client can hold.
pub const MAX_ACK_ID: u64 = (1 << 53) - 1;

/// The types of packets that a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `0`: joins a namespace.
    Connect,
    /// `1`: leaves a namespace.
    Disconnect,
    /// `2`, or `5` with attachments.
    Event,
    /// `3`, or `6` with attachments.
    Ack,
}

/// One packet as it came, its payload not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The type.
    pub kind: Kind,
    /// Binary messages that follow and belong to it; none for a packet without any.
    pub attachments: usize,
    /// The namespace, `/` where the packet names none.
    pub namespace: &'a str,
    /// The acknowledgement id.
    pub id: Option<u64>,
    /// What follows the head.
    pub payload: &'a str,
}

/// The packet does not follow the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPacket;

/// Reads the head of a packet, with at most `max_attachments` binary messages to follow.
///
/// # Errors
/// When the packet does not follow the protocol, or is of a type that only servers send.
pub fn decode(text: &str, max_attachments: usize) -> Result<Packet<'_>, InvalidPacket> {
    let (kind, binary) = match text.as_bytes().first().ok_or(InvalidPacket)? {
        b'0' => (Kind::Connect, false),
        b'1' => (Kind::Disconnect, false),
        b'2' => (Kind::Event, false),
        b'3' => (Kind::Ack, false),
        b'5' => (Kind::Event, true),
        b'6' => (Kind::Ack, true),
        _ => return Err(InvalidPacket),
    };
    let mut rest = &text[1..];
    let mut attachments = 0;
    if binary {
        let (number, after) = rest.split_once('-').ok_or(InvalidPacket)?;
        attachments = decimal(number, max_attachments as u64)? as usize;
        // A binary packet without attachments would never be complete for some parsers, and plain for others.
        if attachments == 0 {
            return Err(InvalidPacket);
        }
        rest = after;
    }
    let mut namespace = "/";
    if rest.starts_with('/') {
        (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let id = (digits > 0).then(|| decimal(&rest[..digits], MAX_ACK_ID)).transpose()?;
    let payload = &rest[digits..];
    let valid = match kind {
        Kind::Connect => id.is_none(),
        Kind::Disconnect => id.is_none() && payload.is_empty(),
        Kind::Event => true,
        Kind::Ack => id.is_some(),
    };
    if valid { Ok(Packet { kind, attachments, namespace, id, payload }) } else { Err(InvalidPacket) }
}

fn decimal(digits: &str, max: u64) -> Result<u64, InvalidPacket> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.len() > 16 {
        return Err(InvalidPacket);
    }
    digits.parse().ok().filter(|number| *number <= max).ok_or(InvalidPacket)
}

/// Whether every placeholder in the arguments of a binary packet points at one of its attachments.
///
/// Official clients drop the connection over one that does not, so passing such a packet on to others would
/// let one client disconnect them all.
pub fn placeholders_are_valid(array: &str, attachments: usize) -> bool {
    serde_json::from_str::<serde_json::Value>(array).is_ok_and(|value| {
        let mut open = vec![&value];
        while let Some(value) = open.pop() {
            match value {
                serde_json::Value::Array(items) => open.extend(items),
                serde_json::Value::Object(fields) => {
                    if fields.get("_placeholder").is_some_and(|flag| *flag == true) {
                        let number = fields.get("num").and_then(serde_json::Value::as_u64);
                        if number.is_none_or(|number| number >= attachments as u64) {
                            return false;
                        }
                    }
                    open.extend(fields.values());
                }
                _ => {}
            }
        }
        true
    })
}

/// Names of events that a client must not use: the JavaScript libraries emit them themselves.
pub(crate) const RESERVED_EVENTS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Writes the part of a head that names the namespace; the default namespace is not written.
pub(crate) fn write_namespace(buffer: &mut Vec<u8>, namespace: &str) {
    if namespace != "/" {
        buffer.extend_from_slice(namespace.as_bytes());
        buffer.push(b',');
    }
}

/// Writes values, joined by commas.
pub(crate) fn write_values<'a>(buffer: &mut Vec<u8>, values: impl Iterator<Item = RawJson<'a>>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            buffer.push(b',');
        }
        buffer.extend_from_slice(value.as_str().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{InvalidPacket, Kind, MAX_ACK_ID, Packet, decode, placeholders_are_valid};

    fn packet(text: &str) -> Packet<'_> {
        decode(text, 10).unwrap_or_else(|_| panic!("{text} is a packet"))
    }

    #[test]
    fn heads_are_read() {
        let plain =
            Packet { kind: Kind::Event, attachments: 0, namespace: "/", id: None, payload: "[\"a\"]" };
        assert_eq!(packet("2[\"a\"]"), plain);
        assert_eq!(packet("2/admin,12[\"a\"]"), Packet { namespace: "/admin", id: Some(12), ..plain });
        assert_eq!(
            packet("52-/x,7[\"a\"]"),
            Packet { attachments: 2, namespace: "/x", id: Some(7), ..plain }
        );
        assert_eq!(packet("0/custom").namespace, "/custom");
        assert_eq!(packet("0{\"token\":1}").payload, "{\"token\":1}");
        assert_eq!(packet("1/custom,").kind, Kind::Disconnect);
        assert_eq!(packet("20[]").id, Some(0));
        assert_eq!(packet("29007199254740991[]").id, Some(MAX_ACK_ID));
    }

    #[test]
    fn heads_that_break_the_protocol_are_refused() {
        for text in [
            "",
            "4{}",
            "7",
            "abc",
            "ä",
            "50-[\"x\"]",
            "5[\"x\"]",
            "5-[\"x\"]",
            "511-[\"x\"]",
            "5a-[\"x\"]",
            "01",
            "1{}",
            "11",
            "3[]",
            "29007199254740992[]",
            "212345678901234567890[]",
            "5+1-[]",
        ] {
            assert_eq!(decode(text, 10), Err(InvalidPacket), "{text:?}");
        }
        let digits = "2".repeat(1 << 20);
        assert_eq!(decode(&digits, 10), Err(InvalidPacket));
    }

    #[test]
    fn placeholders_must_point_at_attachments() {
        assert!(placeholders_are_valid(r#"["x",{"_placeholder":true,"num":0}]"#, 1));
        assert!(placeholders_are_valid(r#"["x",{"a":[{"_placeholder":true,"num":1}]}]"#, 2));
        assert!(placeholders_are_valid(r#"["x",{"_placeholder":false,"num":9}]"#, 1));
        for bad in [
            r#"{"_placeholder":true,"num":1}"#,
            r#"{"_placehold\u0065r":true,"num":-1}"#,
            r#"{"_placeholder":true}"#,
        ] {
            assert!(!placeholders_are_valid(&format!("[\"x\",[{bad}]]"), 1), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}", head in "[0-9/,-]{0,12}") {
            let _ = decode(&text, 10);
            let _ = decode(&format!("{head}{text}"), 10);
        }
    }
}
