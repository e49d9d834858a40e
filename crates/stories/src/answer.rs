//! One operation through either door, and its answer in one form.

use fireside_protocol::{Method, Operation};
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::client::Reply;

/// The way into the server that a story's verbs take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Events with an ack.
    Socket,
    /// HTTP requests.
    Rest,
}

/// What came back from an operation that was done.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The ack without `ok`, or the REST body.
    pub body: Value,
    /// HTTP status; 200 for an ack.
    pub status: u16,
    /// HTTP headers; none for an ack.
    pub headers: HeaderMap,
}

/// Why an operation was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// From the closed list.
    pub reason: String,
    /// The tutorial's code, or the reason in capitals.
    pub code: String,
    /// When to try again.
    pub retry_after_ms: Option<u64>,
    /// The field at fault.
    pub field: Option<String>,
}

/// Done, or why not.
pub type Outcome = Result<Answer, Refusal>;

/// Why something was refused.
///
/// # Panics
/// If it was done.
pub fn reason(outcome: Outcome) -> String {
    match outcome {
        Err(refusal) => refusal.reason,
        Ok(answer) => panic!("this should have been refused: {}", answer.body),
    }
}

impl Answer {
    /// Reads the argument of an ack.
    ///
    /// # Errors
    /// The refusal, where it is one.
    ///
    /// # Panics
    /// If it has not the form of an ack.
    pub fn of_ack(mut ack: Value) -> Outcome {
        match ack["ok"].as_bool() {
            Some(true) => {
                ack.as_object_mut().expect("an ack with a field is an object").remove("ok");
                Ok(Answer { body: ack, status: 200, headers: HeaderMap::new() })
            }
            Some(false) => Err(Refusal::of(&ack["error"])),
            None => panic!("an ack without ok: {ack}"),
        }
    }

    /// Reads a REST answer.
    ///
    /// # Errors
    /// The refusal, where it is one.
    ///
    /// # Panics
    /// If an error is no problem document.
    pub fn of_reply(reply: &Reply) -> Outcome {
        let body = reply.json();
        if (200..300).contains(&reply.status) {
            return Ok(Answer { body, status: reply.status, headers: reply.headers.clone() });
        }
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{}", reply.text);
        for field in ["status", "statusCode"] {
            assert_eq!(body[field], reply.status, "{field} of {body}");
        }
        for field in ["type", "title", "detail", "message", "requestId"] {
            assert!(body[field].is_string(), "{field} of {body}");
        }
        Err(Refusal::of(&body))
    }

    /// The rows of a list, which REST answers bare and an ack as `items`.
    ///
    /// # Panics
    /// If it is no list.
    pub fn items(&self) -> &[Value] {
        let items = if self.body.is_array() { &self.body } else { &self.body["items"] };
        items.as_array().unwrap_or_else(|| panic!("no list: {}", self.body))
    }

    /// The query of a page beside this one (`next`, `prev`), from the ack or the `Link` header.
    pub fn link(&self, relation: &str) -> Option<String> {
        if !self.body.is_array() {
            return self.body[relation].as_str().map(str::to_owned);
        }
        let links = self.headers.get("link")?.to_str().expect("a readable header").split(", ");
        let wanted = format!(">; rel=\"{relation}\"");
        let target = links.filter_map(|link| link.strip_suffix(&wanted)).next()?;
        let query = target.split_once('?').expect("a link to a page has a query").1;
        let is_cursor = |part: &&str| ["before=", "after="].iter().any(|name| part.starts_with(name));
        query.split('&').find(is_cursor).map(str::to_owned)
    }

    /// Position of the room's head when a page was read.
    pub fn head_seq(&self) -> Option<i64> {
        if !self.body.is_array() {
            return self.body["head"]["seq"].as_i64();
        }
        self.headers.get("x-room-seq")?.to_str().ok()?.parse().ok()
    }
}

impl Refusal {
    /// # Panics
    /// If it is not a whole error.
    fn of(error: &Value) -> Refusal {
        let text = |field: &str| error[field].as_str().map(str::to_owned);
        let whole = text("reason").zip(text("code")).zip(text("message")).zip(error["retryable"].as_bool());
        let (((reason, code), _), _) = whole.unwrap_or_else(|| panic!("half an error: {error}"));
        Refusal { reason, code, retry_after_ms: error["retryAfterMs"].as_u64(), field: text("field") }
    }
}

/// The HTTP request of an operation: method, path and query, body.
///
/// # Panics
/// If the operation has no route, or the payload is no object or lacks a field of the path.
pub fn rest_request(operation: &Operation, payload: &Value) -> (&'static str, String, Option<String>) {
    let route = operation.route.unwrap_or_else(|| panic!("{} has no route", operation.name));
    let mut fields: Map<String, Value> = payload.as_object().expect("a payload is an object").clone();
    let mut path = String::new();
    for part in route.path.split('/').skip(1) {
        path.push('/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => {
                let value =
                    fields.shift_remove(name).unwrap_or_else(|| panic!("{} needs {name}", operation.name));
                path.push_str(&encode(&value));
            }
            None => path.push_str(part),
        }
    }
    let in_body = matches!(route.method, Method::Post | Method::Put | Method::Patch);
    if in_body {
        let body = (!fields.is_empty()).then(|| Value::Object(fields).to_string());
        return (route.method.as_str(), path, body);
    }
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if !pairs.is_empty() {
        path = format!("{path}?{}", pairs.join("&"));
    }
    (route.method.as_str(), path, None)
}

/// Percent-encodes a string or number for a path or query.
fn encode(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fireside_protocol::Request as _;
    use fireside_protocol::messages::{ListMessages, SendMessage};
    use serde_json::json;

    #[test]
    fn fields_go_where_the_route_wants_them() {
        let payload = json!({ "roomId": "a b", "content": "x" });
        let (method, path, body) = rest_request(&SendMessage::OPERATION, &payload);
        assert_eq!((method, path.as_str()), ("POST", "/chat/rooms/a%20b/messages"));
        assert_eq!(body.as_deref(), Some(r#"{"content":"x"}"#));
        let payload = json!({ "roomId": "a", "before": "m:1", "limit": 2 });
        let (method, path, body) = rest_request(&ListMessages::OPERATION, &payload);
        assert_eq!(
            (method, path.as_str(), body),
            ("GET", "/chat/rooms/a/messages?before=m%3A1&limit=2", None)
        );
    }

    #[test]
    fn both_forms_of_a_page_tell_the_same() {
        let ack = json!({ "ok": true, "items": [1], "next": "before=7", "limit": 1, "head": { "seq": 9 } });
        let ack = Answer::of_ack(ack).expect("it is done");
        assert_eq!(
            (ack.items().len(), ack.link("next"), ack.head_seq()),
            (1, Some("before=7".into()), Some(9))
        );
        let mut headers = HeaderMap::new();
        headers.insert("link", "</a?limit=1&before=7>; rel=\"next\"".parse().expect("a header"));
        headers.insert("x-room-seq", "9".parse().expect("a header"));
        let rest = Answer { body: json!([1]), status: 200, headers };
        assert_eq!(
            (rest.items().len(), rest.link("next"), rest.head_seq()),
            (1, Some("before=7".into()), Some(9))
        );
        assert_eq!((ack.link("prev"), rest.link("prev")), (None, None));
    }
}
