//! What a client sent: an event with its arguments, and how to acknowledge it.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::session::Session;
use crate::frame::{self, EncodeError};
use crate::json::{InvalidJson, RawJson, Span, scan_array};
use crate::packet::RESERVED_EVENTS;

/// The arguments of an event or of an acknowledgement, as they came: JSON text, checked, not decoded.
///
/// Where the client sent binary data, the text has `{"_placeholder":true,"num":N}`, and the data is
/// attachment N.
#[derive(Clone, Debug, Default)]
pub struct Args {
    text: Box<str>,
    spans: Vec<Span>,
    attachments: Vec<Bytes>,
}

impl Args {
    /// Number of arguments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The argument at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<RawJson<'_>> {
        self.spans.get(index).map(|span| RawJson::trusted(span.of(&self.text)))
    }

    /// All arguments, in order.
    pub fn iter(&self) -> impl Iterator<Item = RawJson<'_>> {
        self.spans.iter().map(|span| RawJson::trusted(span.of(&self.text)))
    }

    /// Decodes the argument at `index`; a missing one is decoded as `null`.
    ///
    /// # Errors
    /// When the argument does not have the shape of `T`.
    pub fn decode<T: DeserializeOwned>(&self, index: usize) -> Result<T, serde_json::Error> {
        self.get(index).unwrap_or(RawJson::NULL).decode()
    }

    /// The binary data that came with the arguments.
    #[must_use]
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    pub(crate) fn read(array: &str) -> Result<Self, InvalidJson> {
        Ok(Self { spans: scan_array(array)?, text: array.into(), attachments: Vec::new() })
    }

    pub(crate) fn attach(&mut self, content: Bytes) {
        self.attachments.push(content);
    }

    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        self.text.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }
}

/// One event of a client.
#[derive(Debug)]
pub struct Event {
    /// Its name.
    pub name: Box<str>,
    /// Its arguments.
    pub args: Args,
    /// How to acknowledge it, if the client asked for that.
    pub ack: Option<Ack>,
}

impl Event {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn new(name: Box<str>, args: Args, ack: Option<Ack>) -> Self {
        Self { name, args, ack }
    }
}

/// What the first element of an event's array says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EventName {
    /// An event to hand on.
    Text(Box<str>),
    /// Numbers are allowed by the protocol and used by nobody: to be ignored.
    Number,
}

/// Takes the name of an event off its arguments.
pub(crate) fn take_name(args: &mut Args) -> Result<EventName, InvalidJson> {
    let first = args.get(0).ok_or(InvalidJson)?.as_str();
    let name = match first.as_bytes() {
        [b'"', ..] => EventName::Text(serde_json::from_str(first).map_err(|_| InvalidJson)?),
        [b'-' | b'0'..=b'9', ..] => EventName::Number,
        _ => return Err(InvalidJson),
    };
    if matches!(&name, EventName::Text(name) if RESERVED_EVENTS.contains(&&**name)) {
        return Err(InvalidJson);
    }
    args.spans.remove(0);
    Ok(name)
}

/// The right to acknowledge one event, once.
#[derive(Debug)]
pub struct Ack {
    session: Arc<Session>,
    namespace: Arc<str>,
    id: u64,
}

impl Ack {
    pub(crate) fn new(session: Arc<Session>, namespace: Arc<str>, id: u64) -> Self {
        Self { session, namespace, id }
    }

    /// The id that the client gave it.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Answers with these arguments. False when the client is gone.
    pub fn send(self, args: &[RawJson<'_>]) -> bool {
        self.send_binary(args, &[])
    }

    /// Answers with these arguments and attachments; for placeholders see
    /// [`Frame::binary_event`](crate::Frame::binary_event). False when the client is gone.
    pub fn send_binary(self, args: &[RawJson<'_>], attachments: &[Bytes]) -> bool {
        let encoded = frame::ack(&self.namespace, self.id, args, attachments);
        self.session.send(&encoded)
    }

    /// Answers with one argument. False when the client is gone.
    ///
    /// # Errors
    /// When `value` has no JSON form.
    pub fn send_serialize<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, EncodeError> {
        let text = serde_json::to_string(value).map_err(EncodeError::Json)?;
        Ok(self.send(&[RawJson::trusted(&text)]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Args, EventName, take_name};

    fn name(array: &str) -> Option<EventName> {
        take_name(&mut Args::read(array).ok()?).ok()
    }

    #[test]
    fn the_name_is_taken_off_the_arguments() {
        let mut args = Args::read(r#"["a\u0062",1,{"x":[]}]"#).unwrap();
        assert_eq!(take_name(&mut args), Ok(EventName::Text("ab".into())));
        assert_eq!(args.iter().map(|arg| arg.as_str()).collect::<Vec<_>>(), ["1", r#"{"x":[]}"#]);
        assert_eq!(args.decode::<u8>(0).unwrap(), 1);
        assert_eq!(args.decode::<Option<u8>>(2).unwrap(), None);
    }

    #[test]
    fn names_must_be_text_or_numbers_and_not_reserved() {
        assert_eq!(name("[1]"), Some(EventName::Number));
        for bad in [
            "[]",
            "[null]",
            "[{}]",
            "[[\"x\"]]",
            "[true]",
            "[\"disconnect\"]",
            "[\"connect_error\"]",
            "{}",
            "\"x\"",
        ] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }
}
