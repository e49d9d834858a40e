//! Socket.IO packets in their text form, as far as a chat needs them: one namespace, no attachments.

use serde_json::Value;

/// A packet from the server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Packet {
    /// The namespace is open; the socket's id.
    Connect(String),
    /// The namespace is closed.
    Disconnect,
    /// An event with its first argument.
    Event(String, Value),
    /// The answer to an event of ours.
    Ack(u64, Value),
    /// The namespace was refused.
    ConnectError(Value),
}

impl Packet {
    /// Reads a packet: type, ack id, JSON.
    pub(crate) fn parse(text: &str) -> Option<Packet> {
        let kind = text.chars().next()?;
        let rest = text.get(1..)?;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (id, json) = rest.split_at(digits);
        let value = if json.is_empty() { Value::Null } else { serde_json::from_str(json).ok()? };
        match kind {
            '0' => Some(Packet::Connect(value["sid"].as_str()?.to_owned())),
            '1' => Some(Packet::Disconnect),
            '2' => Some(Packet::Event(value[0].as_str()?.to_owned(), value[1].clone())),
            '3' => Some(Packet::Ack(id.parse().ok()?, value[0].clone())),
            '4' => Some(Packet::ConnectError(value)),
            _ => None,
        }
    }

    /// The text of a CONNECT packet.
    pub(crate) fn connect(auth: Option<&Value>) -> String {
        auth.map_or_else(|| "0".to_owned(), |auth| format!("0{auth}"))
    }

    /// The text of an event.
    pub(crate) fn event(name: &str, payload: Option<&Value>, id: Option<u64>) -> String {
        let id = id.map(|id| id.to_string()).unwrap_or_default();
        let name = Value::from(name);
        match payload {
            None => format!("2{id}[{name}]"),
            Some(payload) => format!("2{id}[{name},{payload}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn packets_read_as_the_protocol_writes_them() {
        assert_eq!(Packet::parse(r#"0{"sid":"a"}"#), Some(Packet::Connect("a".into())));
        assert_eq!(Packet::parse("1"), Some(Packet::Disconnect));
        assert_eq!(Packet::parse(r#"2["a",{"b":1}]"#), Some(Packet::Event("a".into(), json!({"b": 1}))));
        assert_eq!(Packet::parse(r#"312[{"ok":true}]"#), Some(Packet::Ack(12, json!({"ok": true}))));
        assert_eq!(
            Packet::parse(r#"4{"message":"no"}"#),
            Some(Packet::ConnectError(json!({"message": "no"})))
        );
        assert_eq!(Packet::parse("2[not json"), None);
    }

    #[test]
    fn events_are_written_with_and_without_id() {
        assert_eq!(Packet::event("authenticate", None, None), r#"2["authenticate"]"#);
        assert_eq!(Packet::event("a", Some(&json!({"b": "c"})), Some(7)), r#"27["a",{"b":"c"}]"#);
    }
}
