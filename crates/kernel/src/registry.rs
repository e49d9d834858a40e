//! The registry of operations: filled by the features, read by both doors.

use std::borrow::Cow;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use fireside_protocol::text::TOO_LONG;
use fireside_protocol::{Access, Operation, Reason, Reply, Request, Rest, RestPath};
use schemars::{Schema, SchemaGenerator};
use serde_json::value::RawValue;

use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::planted::{self, Bug};

/// What an operation answered, not yet in the form of a door.
pub trait Answer: Send {
    /// The one argument of an ack: `{"ok":true, …}`.
    fn ack(&self) -> Result<Box<RawValue>>;
    /// The REST answer.
    fn rest(&self, path: &RestPath<'_>) -> Result<Rest>;
}

impl<R: Reply> Answer for R {
    fn ack(&self) -> Result<Box<RawValue>> {
        ack_json(self).map_err(|error| Error::internal(error.to_string()))
    }

    fn rest(&self, path: &RestPath<'_>) -> Result<Rest> {
        Reply::rest(self, path).map_err(|error| Error::internal(error.to_string()))
    }
}

/// `{"ok":true}` with the fields of an object beside it, or with a list as `items`.
fn ack_json<R: Reply>(reply: &R) -> Result<Box<RawValue>, serde_json::Error> {
    let body = serde_json::to_string(reply)?;
    let text = match body.strip_prefix('{') {
        Some("}") => "{\"ok\":true}".to_owned(),
        Some(fields) => format!("{{\"ok\":true,{fields}"),
        None => format!("{{\"ok\":true,\"items\":{body}}}"),
    };
    RawValue::from_string(text)
}

/// A boxed future, as operations are stored.
pub type Running = Pin<Box<dyn Future<Output = Result<Box<dyn Answer>>> + Send>>;

type Call = Arc<dyn Fn(Ctx, &str) -> Result<Running> + Send + Sync>;

/// Makes a schema in the generator it is given.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One registered operation.
#[derive(Clone)]
pub struct Entry {
    /// Its name and doors.
    pub operation: Operation,
    /// Schema of the request.
    pub request_schema: SchemaOf,
    /// Schema of the answer, as in an ack (without `ok`).
    pub response_schema: SchemaOf,
    /// Schema of the REST body.
    pub rest_schema: SchemaOf,
    call: Call,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Entry").field(&self.operation.name).finish()
    }
}

/// All operations there are.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    entries: Vec<Entry>,
    by_event: HashMap<&'static str, usize>,
    by_name: HashMap<&'static str, usize>,
}

impl Registry {
    /// Adds an operation.
    ///
    /// # Panics
    /// If its name or event is taken: that is a mistake of the program, found at its start.
    pub fn add<R, F, Fut>(&mut self, run: F)
    where
        R: Request,
        F: Fn(Ctx, R) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R::Response>> + Send + 'static,
    {
        let run = Arc::new(run);
        let call: Call = Arc::new(move |ctx, json| {
            let request: R = decode(json)?;
            let future = run(ctx, request);
            Ok(Box::pin(async move { Ok(Box::new(future.await?) as Box<dyn Answer>) }))
        });
        let operation = R::OPERATION;
        let index = self.entries.len();
        assert!(
            self.by_name.insert(operation.name, index).is_none(),
            "{} is registered twice",
            operation.name
        );
        if let Some(event) = operation.event {
            assert!(self.by_event.insert(event, index).is_none(), "event {event} is registered twice");
        }
        self.entries.push(Entry {
            operation,
            request_schema: |generator| generator.subschema_for::<R>(),
            response_schema: |generator| generator.subschema_for::<R::Response>(),
            rest_schema: R::Response::rest_schema,
            call,
        });
    }

    /// All operations, in the order they were registered.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The operation behind an event of the Socket.IO door.
    pub fn by_event(&self, event: &str) -> Option<&Entry> {
        self.by_event.get(event).map(|index| &self.entries[*index])
    }

    /// The operation of a name.
    pub fn by_name(&self, name: &str) -> Option<&Entry> {
        self.by_name.get(name).map(|index| &self.entries[*index])
    }

    /// Checks who asks, reads the request, and starts the operation.
    pub fn dispatch(&self, entry: &Entry, ctx: Ctx, json: &str) -> Result<Running> {
        match entry.operation.access {
            Access::Anyone => {}
            Access::User => {
                ctx.identity()?;
            }
            Access::Admin if ctx.identity()?.is_admin => {}
            Access::Admin => return Err(Error::forbidden("Only administrators of the server may do this")),
        }
        let running = (entry.call)(ctx, json)?;
        if !planted::is(Bug::PanicInHandler) {
            return Ok(running);
        }
        Ok(Box::pin(async {
            planted::panic_once_in(41);
            let answer = running.await;
            planted::panic_once_in(43);
            answer
        }))
    }
}

/// Reads a request from JSON text; the error names the field where it can.
///
/// # Errors
/// `validation` and its kin, for what is wrong with it.
pub fn decode<R: Request>(json: &str) -> Result<R> {
    // Serde would read an array too, as the fields in their order.
    if !json.trim_start().starts_with('{') {
        return Err(Error::new(Reason::Validation, "Expected a JSON object"));
    }
    serde_json::from_str(json).map_err(|error| {
        // Finding the field costs more than reading, so only a refused request pays for it.
        let field = serde_path_to_error::deserialize::<_, R>(&mut serde_json::Deserializer::from_str(json))
            .err()
            .map(|error| error.path().to_string())
            .filter(|path| path != "." && !path.contains('?'));
        read_error(&error.to_string(), field)
    })
}

/// Serde's words, and Rust's, for what JSON calls otherwise.
const WORDS: [(&str, &str); 8] = [
    ("invalid type: map", "invalid type: object"),
    ("invalid type: sequence", "invalid type: array"),
    ("invalid type: integer", "invalid type: number"),
    ("invalid type: floating point", "invalid type: number"),
    ("expected a sequence", "expected an array"),
    ("expected a map", "expected an object"),
    ("expected i64", "expected a whole number"),
    ("expected u64", "expected a whole number"),
];

/// Turns serde's text into a reason. The text is about the client's own input, but its position in the input is of no
/// use to anyone, and the names of our types are nobody's business.
fn read_error(text: &str, path: Option<String>) -> Error {
    let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
    let quoted = text.split('`').nth(1).map(|field| Cow::Owned(field.to_owned()));
    let (reason, message, field) = if let Some(rest) = text.strip_prefix(TOO_LONG) {
        (Reason::TooLong, rest.to_owned(), path.map(Cow::Owned))
    } else if text.starts_with("unknown field") {
        (Reason::UnknownField, "This field does not exist".to_owned(), quoted)
    } else if text.starts_with("missing field") {
        (Reason::Validation, "This field is missing".to_owned(), quoted)
    } else if text.starts_with("duplicate field") {
        (Reason::Validation, "This field is there twice".to_owned(), quoted)
    } else {
        let text = WORDS.iter().fold(text.to_owned(), |text, (word, plain)| text.replace(word, plain));
        let text = match text.split_once(", expected struct ") {
            Some(_) => "expected an object".to_owned(),
            None => text,
        };
        (Reason::Validation, text, path.map(Cow::Owned))
    };
    Error { field, ..Error::new(reason, message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fireside_protocol::messages::SendMessage;

    fn error(json: &str) -> Error {
        decode::<SendMessage>(json).expect_err("it was accepted")
    }

    #[test]
    fn reasons_tell_what_is_wrong() {
        assert_eq!(error(r#"{"roomId":"a","content":"x","role":1}"#).reason, Reason::UnknownField);
        let missing = error(r#"{"roomId":"a"}"#);
        assert_eq!((missing.reason, missing.field.as_deref()), (Reason::Validation, Some("content")));
        let long = format!(r#"{{"roomId":"a","content":"{}"}}"#, "x".repeat(10_001));
        let long = error(&long);
        assert_eq!((long.reason, long.field.as_deref()), (Reason::TooLong, Some("content")));
        for bad in ["[]", "\"x\"", "null", "12"] {
            assert_eq!(error(bad).reason, Reason::Validation, "{bad}");
        }
    }

    #[test]
    fn texts_speak_of_json_and_not_of_our_types() {
        use fireside_protocol::resume::Resume;
        for (json, wanted) in [
            (r#"{"rooms":[["a"]]}"#, "expected an object"),
            (r#"{"rooms":[5]}"#, "expected an object"),
            (r#"{"rooms":{}}"#, "invalid type: object, expected an array"),
            (
                r#"{"rooms":[{"roomId":"a","epoch":"b","seq":1.5}]}"#,
                "invalid type: number `1.5`, expected a whole number",
            ),
        ] {
            assert_eq!(decode::<Resume>(json).expect_err("it was accepted").message, wanted, "{json}");
        }
    }

    #[test]
    fn texts_do_not_point_into_the_input() {
        let error = error(r#"{"roomId":5,"content":"x"}"#);
        assert!(!error.message.contains("line"), "{}", error.message);
    }
}
