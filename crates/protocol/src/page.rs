//! Pages of lists: limits, cursors, links.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::ids::MessageId;
use crate::request::{Reply, Rest, RestPath};

/// Rows of a page where the client asks for no number.
pub const DEFAULT_LIMIT: u32 = 50;
/// Most rows of one page; a larger wish is capped to this and the header `x-limit` says so.
pub const MAX_LIMIT: u32 = 200;

/// How many rows a client wants: a whole number from 1 on (in a query: digits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit(u32);

impl Limit {
    /// The wish capped to what is served.
    pub fn rows(self) -> u32 {
        self.0.min(MAX_LIMIT)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

/// A whole number that may come as JSON number or, from a query string, as digits.
#[derive(Deserialize)]
#[serde(untagged)]
enum Digits<'a> {
    Number(u64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

impl Digits<'_> {
    fn value(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().ok()
            }
            Self::Text(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Digits::deserialize(deserializer).ok().and_then(|digits| digits.value()) {
            Some(rows) if rows >= 1 => Ok(Self(u32::try_from(rows).unwrap_or(u32::MAX))),
            _ => Err(de::Error::custom("must be a whole number from 1 to 200")),
        }
    }
}

impl JsonSchema for Limit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "default": DEFAULT_LIMIT, "description": "Rows wanted; more than 200 are capped to 200." })
    }
}

/// A place in a room's log: a message's id, or a position (`seq`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// At this position.
    Seq(i64),
    /// Where this message stands.
    Message(MessageId),
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || de::Error::custom("must be a message id or a position");
        let digits = Digits::deserialize(deserializer).map_err(|_| wrong())?;
        if let Some(seq) = digits.value() {
            return i64::try_from(seq).map(Self::Seq).map_err(|_| wrong());
        }
        match digits {
            Digits::Text(text) => MessageId::parse(&text).map(Self::Message).ok_or_else(wrong),
            Digits::Number(_) => Err(wrong()),
        }
    }
}

impl JsonSchema for Cursor {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "description": "A message id, or a position in the room's log (`seq`)." })
    }
}

/// A position in a room's log, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position(pub i64);

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = Digits::deserialize(deserializer).ok().and_then(|digits| digits.value());
        let seq = digits.and_then(|seq| i64::try_from(seq).ok());
        seq.map(Self)
            .ok_or_else(|| de::Error::custom("must be a position, a whole number that is not negative"))
    }
}

impl JsonSchema for Position {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Position".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "description": "A position in the room's log (`seq`)." })
    }
}

/// One page of a list. Over REST the items are the body, the rest goes into headers.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Query of the page that goes on in the same direction (`before=12`); absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Query of the page in the other direction, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev: Option<String>,
    /// Rows this page could hold.
    pub limit: u32,
    /// Head of the room's log when the page was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
}

/// Where a room's log stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Changes only when history was restored or cut; positions of another epoch mean nothing.
    pub epoch: String,
    /// Position of the newest event.
    pub seq: i64,
}

impl<T: Serialize + JsonSchema + Send + 'static> Reply for Page<T> {
    fn rest(&self, path: &RestPath<'_>) -> Result<Rest, serde_json::Error> {
        let mut headers = vec![("x-limit", self.limit.to_string())];
        let links: Vec<String> = [("next", &self.next), ("prev", &self.prev)]
            .into_iter()
            .filter_map(|(rel, query)| query.as_ref().map(|query| link(path, query, rel)))
            .collect();
        if !links.is_empty() {
            headers.push(("link", links.join(", ")));
        }
        if let Some(head) = &self.head {
            headers.push(("x-room-seq", head.seq.to_string()));
            headers.push(("x-room-epoch", head.epoch.clone()));
        }
        Ok(Rest { body: serde_json::to_vec(&self.items)?, headers, status: None })
    }

    fn rest_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Vec<T>>()
    }
}

/// An RFC 8288 link to the same path: the request's other parameters kept, its cursor replaced.
fn link(path: &RestPath<'_>, cursor: &str, rel: &str) -> String {
    let is_cursor = |part: &&str| ["before=", "after=", "around="].iter().any(|name| part.starts_with(name));
    let kept = path.query.split('&').filter(|part| !part.is_empty() && !is_cursor(part));
    let query = kept.chain([cursor]).collect::<Vec<_>>().join("&");
    format!("<{}?{query}>; rel=\"{rel}\"", path.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_whole_and_positive() {
        for good in ["1", "\"200\"", "1000000000"] {
            assert!(serde_json::from_str::<Limit>(good).is_ok(), "{good}");
        }
        for bad in ["0", "-1", "50.5", "\"\"", "\"abc\"", "\"NaN\"", "null", "\"-1\"", "1e400"] {
            assert!(serde_json::from_str::<Limit>(bad).is_err(), "{bad}");
        }
        assert_eq!(serde_json::from_str::<Limit>("1000000000").unwrap().rows(), MAX_LIMIT);
    }

    #[test]
    fn links_keep_the_other_parameters() {
        let page: Page<i32> =
            Page { items: vec![1], next: Some("before=7".into()), prev: None, limit: 2, head: None };
        let rest = page.rest(&RestPath { path: "/a/b", query: "limit=2&before=9" }).unwrap();
        assert_eq!(rest.body, b"[1]");
        assert!(rest.headers.contains(&("link", "</a/b?limit=2&before=7>; rel=\"next\"".into())), "{rest:?}");
    }
}
