//! Outgoing packets, encoded once for however many clients get them.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::engine::websocket::encoder::{Part, TextFrame, parts};
use crate::id::Id;
use crate::json::RawJson;
use crate::packet::{write_namespace, write_values};

/// The arguments could not be written as a JSON array.
#[derive(Debug)]
pub enum EncodeError {
    /// A value has no JSON form.
    Json(serde_json::Error),
    /// The value is JSON, but not an array: pass a slice, an array or a tuple of arguments.
    NotAnArray,
}

impl std::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(error) => write!(f, "arguments cannot be written as JSON: {error}"),
            Self::NotAnArray => f.write_str("arguments must be a slice, an array or a tuple"),
        }
    }
}

impl std::error::Error for EncodeError {}

/// An event ready to be sent, in its final bytes. Cloning and sending it copies nothing.
#[derive(Clone, Debug)]
pub struct Frame {
    encoded: Bytes,
    /// `None` for the default namespace.
    namespace: Option<Arc<str>>,
}

impl Frame {
    /// An event of the default namespace. `args` is a slice, an array or a tuple: each element is an argument.
    ///
    /// # Errors
    /// When `args` has no JSON form or is no sequence.
    pub fn event<A: Serialize + ?Sized>(name: &str, args: &A) -> Result<Self, EncodeError> {
        Self::event_in("/", name, args)
    }

    /// An event of a namespace.
    ///
    /// # Errors
    /// As [`Frame::event`].
    pub fn event_in<A: Serialize + ?Sized>(
        namespace: &str,
        name: &str,
        args: &A,
    ) -> Result<Self, EncodeError> {
        let mut text = start_event(namespace, 0, None);
        write_name(&mut text, name);
        append_array(&mut text, args)?;
        Ok(Self::finish(text, namespace, &[]))
    }

    /// An event of the default namespace from arguments that are JSON already.
    #[must_use]
    pub fn from_raw(name: &str, args: &[RawJson<'_>]) -> Self {
        Self::binary_event("/", name, args, &[])
    }

    /// An event with binary attachments. Where an attachment belongs, `args` have
    /// `{"_placeholder":true,"num":N}`, N being its index. Without attachments it is a plain event.
    #[must_use]
    pub fn binary_event(namespace: &str, name: &str, args: &[RawJson<'_>], attachments: &[Bytes]) -> Self {
        let mut text = start_event(namespace, attachments.len(), None);
        write_name(&mut text, name);
        append_values(&mut text, args);
        Self::finish(text, namespace, attachments)
    }

    fn finish(text: TextFrame, namespace: &str, attachments: &[Bytes]) -> Self {
        let namespace = (namespace != "/").then(|| Arc::from(namespace));
        Self { encoded: text.finish(attachments), namespace }
    }

    /// The namespace that it belongs to.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("/")
    }

    /// Size on a WebSocket, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.encoded.len()
    }

    /// Always false: every frame has at least a header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.encoded.is_empty()
    }

    /// The event as the JSON array `[name, ...args]` and its attachments, for passing it to other servers.
    #[must_use]
    pub fn contents(&self) -> (String, Vec<Bytes>) {
        let mut array = String::new();
        let mut attachments = Vec::new();
        for part in parts(&self.encoded) {
            match part {
                Part::Text(text) => array = self.array_of(&text),
                Part::Binary(content) => attachments.push(content),
            }
        }
        (array, attachments)
    }

    /// What follows the head of an encoded event.
    fn array_of(&self, text: &[u8]) -> String {
        let attachments = match text {
            [_, b'5', ..] => text.iter().position(|byte| *byte == b'-').map_or(0, |dash| dash + 1),
            _ => 2,
        };
        let namespace = self.namespace.as_ref().map_or(0, |namespace| namespace.len() + 1);
        String::from_utf8_lossy(text.get(attachments + namespace..).unwrap_or_default()).into_owned()
    }

    pub(crate) fn encoded(&self) -> &Bytes {
        &self.encoded
    }
}

/// An event that asks for an acknowledgement.
pub(crate) fn event_with_ack<A: Serialize + ?Sized>(
    namespace: &str,
    id: u64,
    name: &str,
    args: &A,
) -> Result<Bytes, EncodeError> {
    let mut text = start_event(namespace, 0, Some(id));
    write_name(&mut text, name);
    append_array(&mut text, args)?;
    Ok(text.finish(&[]))
}

/// An acknowledgement.
pub(crate) fn ack(namespace: &str, id: u64, args: &[RawJson<'_>], attachments: &[Bytes]) -> Bytes {
    let mut text = start(namespace, ("43", "46"), attachments.len(), Some(id));
    text.push_str("[");
    write_values(text.buffer(), args.iter().copied());
    text.push_str("]");
    text.finish(attachments)
}

/// The answer to an accepted CONNECT.
pub(crate) fn connected(namespace: &str, id: &Id) -> Bytes {
    let mut text = start(namespace, ("40", ""), 0, None);
    text.push_str("{\"sid\":\"");
    text.push_str(id.as_str());
    text.push_str("\"}");
    text.finish(&[])
}

/// The answer to a refused CONNECT.
pub(crate) fn connect_error(namespace: &str, message: &str, data: Option<RawJson<'_>>) -> Bytes {
    let mut text = start(namespace, ("44", ""), 0, None);
    text.push_str("{\"message\":");
    write_string(text.buffer(), message);
    if let Some(data) = data {
        text.push_str(",\"data\":");
        text.push_str(data.as_str());
    }
    text.push_str("}");
    text.finish(&[])
}

/// The server's DISCONNECT.
pub(crate) fn disconnect(namespace: &str) -> Bytes {
    start(namespace, ("41", ""), 0, None).finish(&[])
}

/// Writes the head of a packet. `kinds` are its types without and with attachments.
fn start(namespace: &str, kinds: (&str, &str), attachments: usize, id: Option<u64>) -> TextFrame {
    let mut text = TextFrame::with_capacity(116);
    if attachments == 0 {
        text.push_str(kinds.0);
    } else {
        text.push_str(kinds.1);
        text.push_str(&attachments.to_string());
        text.push_str("-");
    }
    write_namespace(text.buffer(), namespace);
    if let Some(id) = id {
        text.push_str(&id.to_string());
    }
    text
}

fn start_event(namespace: &str, attachments: usize, id: Option<u64>) -> TextFrame {
    start(namespace, ("42", "45"), attachments, id)
}

fn write_string(buffer: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(buffer, text).expect("text always has a JSON form, and a vector always has room");
}

fn write_name(text: &mut TextFrame, name: &str) {
    text.push_str("[");
    write_string(text.buffer(), name);
}

fn append_values(text: &mut TextFrame, args: &[RawJson<'_>]) {
    if !args.is_empty() {
        text.push_str(",");
        write_values(text.buffer(), args.iter().copied());
    }
    text.push_str("]");
}

/// Appends the elements of `args` to an array that has its first element and is still open.
fn append_array<A: Serialize + ?Sized>(text: &mut TextFrame, args: &A) -> Result<(), EncodeError> {
    let buffer = text.buffer();
    let start = buffer.len();
    serde_json::to_writer(&mut *buffer, args).map_err(EncodeError::Json)?;
    match &buffer[start..] {
        b"[]" | b"null" => {
            buffer.truncate(start);
            buffer.push(b']');
        }
        [b'[', ..] => buffer[start] = b',',
        _ => return Err(EncodeError::NotAnArray),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::{EncodeError, Frame, ack, connect_error};
    use crate::json::RawJson;

    fn text(encoded: &Bytes) -> &str {
        std::str::from_utf8(&encoded[2..]).unwrap()
    }

    #[test]
    fn events_are_written_as_the_protocol_says() {
        let event = |args: &serde_json::Value| {
            Frame::event("a\"b", args).map(|frame| text(frame.encoded()).to_owned())
        };
        assert_eq!(event(&json!([1, {"x": "y"}])).unwrap(), r#"42["a\"b",1,{"x":"y"}]"#);
        assert_eq!(event(&json!([])).unwrap(), r#"42["a\"b"]"#);
        assert!(matches!(event(&json!({"x": 1})), Err(EncodeError::NotAnArray)));
        assert_eq!(text(Frame::event("a", &(1, "2")).unwrap().encoded()), r#"42["a",1,"2"]"#);
        assert_eq!(text(Frame::event("a", &()).unwrap().encoded()), r#"42["a"]"#);
        assert_eq!(text(Frame::event_in("/x", "a", &[1]).unwrap().encoded()), r#"42/x,["a",1]"#);
    }

    #[test]
    fn acknowledgements_and_errors_are_written_as_the_protocol_says() {
        assert_eq!(text(&ack("/", 12, &[RawJson::NULL], &[])), "4312[null]");
        let binary = ack("/x", 9, &[], &[Bytes::from_static(b"\x07")]);
        assert_eq!(&binary[..], b"\x81\x0a461-/x,9[]\x82\x01\x07");
        let data = RawJson::parse(r#"{"code":1}"#).unwrap();
        assert_eq!(text(&connect_error("/", "no", Some(data))), r#"44{"message":"no","data":{"code":1}}"#);
    }

    #[test]
    fn contents_give_back_what_went_in() {
        let args = [RawJson::parse(r#"{"_placeholder":true,"num":0}"#).unwrap()];
        for namespace in ["/", "/a[b"] {
            let frame = Frame::binary_event(namespace, "up", &args, &[Bytes::from_static(b"\x01\x02")]);
            let (array, attachments) = frame.contents();
            assert_eq!(array, r#"["up",{"_placeholder":true,"num":0}]"#);
            assert_eq!(attachments, [Bytes::from_static(b"\x01\x02")]);
        }
    }
}
