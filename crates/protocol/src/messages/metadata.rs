//! Metadata of messages: a small JSON object of the client's own.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

/// Largest metadata, in bytes of JSON.
pub const METADATA_MAX_BYTES: usize = 4 * 1024;
/// Deepest nesting of metadata.
pub const METADATA_MAX_DEPTH: usize = 4;
/// Most keys in metadata, over all its objects.
pub const METADATA_MAX_KEYS: usize = 64;

/// A JSON object that a client stores beside a message; kept as it was sent, never looked into.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Metadata(Arc<RawValue>);

impl Metadata {
    /// The metadata, if it keeps the limits; else what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > METADATA_MAX_BYTES {
            return Err(format!("more than {METADATA_MAX_BYTES} bytes"));
        }
        let value: serde_json::Value = serde_json::from_str(text).map_err(|_| "not valid JSON".to_owned())?;
        if !value.is_object() {
            return Err("must be an object".into());
        }
        let mut keys = 0;
        measure(&value, METADATA_MAX_DEPTH, &mut keys)?;
        let raw = RawValue::from_string(text.to_owned()).map_err(|_| "not valid JSON".to_owned())?;
        Ok(Self(raw.into()))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

fn measure(value: &serde_json::Value, depth_left: usize, keys: &mut usize) -> Result<(), String> {
    let children: Vec<&serde_json::Value> = match value {
        serde_json::Value::Object(map) => {
            *keys += map.len();
            map.values().collect()
        }
        serde_json::Value::Array(items) => items.iter().collect(),
        _ => return Ok(()),
    };
    if depth_left == 0 {
        return Err(format!("nested deeper than {METADATA_MAX_DEPTH}"));
    }
    if *keys > METADATA_MAX_KEYS {
        return Err(format!("more than {METADATA_MAX_KEYS} keys"));
    }
    children.into_iter().try_for_each(|child| measure(child, depth_left - 1, keys))
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(de::Error::custom)
    }
}

impl JsonSchema for Metadata {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Metadata".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": true, "description": "At most 4 KiB, 4 levels, 64 keys." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_a_small_flat_object() {
        assert!(Metadata::parse(r#"{"a":{"b":{"c":{}}}}"#).is_ok());
        assert!(Metadata::parse(r#"{"a":{"b":{"c":{"d":{}}}}}"#).is_err(), "five levels were accepted");
        assert!(Metadata::parse("[]").is_err());
        assert!(Metadata::parse(&format!("{{\"a\":\"{}\"}}", "x".repeat(5000))).is_err());
        let many: Vec<String> = (0..65).map(|n| format!("\"{n}\":1")).collect();
        assert!(Metadata::parse(&format!("{{{}}}", many.join(","))).is_err());
    }
}
