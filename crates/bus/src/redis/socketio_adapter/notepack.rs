//! MessagePack as the library notepack.io 3 writes and reads it, from and to JSON with attachments: the form
//! in which Socket.IO's clients get binary data.

use std::io::Cursor;

use bytes::Bytes;
use rmpv::Value as Packed;
use serde_json::{Map, Number, Value as Json};

/// Deepest nesting that is read.
const MOST_DEPTH: usize = 64;

/// One value and nothing after it.
pub(super) fn read(bytes: &[u8]) -> Option<Packed> {
    let mut cursor = Cursor::new(bytes);
    let value = rmpv::decode::read_value_with_max_depth(&mut cursor, MOST_DEPTH).ok()?;
    (cursor.position() == bytes.len() as u64).then_some(value)
}

pub(super) fn write(value: &Packed) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A vector always has room.
    let _written = rmpv::encode::write_value(&mut bytes, value);
    bytes
}

/// The value as JSON; binary data goes to `attachments` and leaves a placeholder. `None` for what Node does
/// not write, and for a map that a client would take for a placeholder.
pub(super) fn to_json(value: Packed, attachments: &mut Vec<Bytes>) -> Option<Json> {
    Some(match value {
        Packed::Nil => Json::Null,
        Packed::Boolean(boolean) => Json::Bool(boolean),
        Packed::Integer(integer) => match (integer.as_u64(), integer.as_i64()) {
            (Some(unsigned), _) => unsigned.into(),
            (None, signed) => signed?.into(),
        },
        Packed::F32(float) => number(f64::from(float)),
        Packed::F64(float) => number(float),
        Packed::String(string) => Json::String(string.into_str()?),
        Packed::Binary(content) => placeholder(content, attachments),
        Packed::Array(items) => {
            let items: Option<_> = items.into_iter().map(|item| to_json(item, attachments)).collect();
            Json::Array(items?)
        }
        Packed::Map(entries) => object(entries, attachments)?,
        Packed::Ext(kind, content) => extension(kind, content, attachments)?,
    })
}

/// JSON has no infinity; JavaScript writes `null`.
fn number(float: f64) -> Json {
    Number::from_f64(float).map_or(Json::Null, Json::Number)
}

fn placeholder(content: Vec<u8>, attachments: &mut Vec<Bytes>) -> Json {
    attachments.push(content.into());
    serde_json::json!({ "_placeholder": true, "num": attachments.len() - 1 })
}

fn object(entries: Vec<(Packed, Packed)>, attachments: &mut Vec<Bytes>) -> Option<Json> {
    let mut object = Map::with_capacity(entries.len());
    for (key, value) in entries {
        let Packed::String(key) = key else { return None };
        object.insert(key.into_str()?, to_json(value, attachments)?);
    }
    if object.get("_placeholder") == Some(&Json::Bool(true)) {
        return None;
    }
    Some(Json::Object(object))
}

/// Whether a client would take something in it for binary data, which JSON cannot hold.
pub(super) fn has_placeholder(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().any(has_placeholder),
        Json::Object(object) => {
            object.get("_placeholder") == Some(&Json::Bool(true)) || object.values().any(has_placeholder)
        }
        _ => false,
    }
}

/// Dates, and what older versions wrote.
fn extension(kind: i8, content: Vec<u8>, attachments: &mut Vec<Bytes>) -> Option<Json> {
    let big_endian = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    match (kind, content.len()) {
        (-1, 4) => Some(date(big_endian(&content) as i64, 0)),
        (-1, 8) => {
            let packed = big_endian(&content);
            Some(date((packed & 0x3_ffff_ffff) as i64, (packed >> 34) as i32))
        }
        (-1, 12) => Some(date(big_endian(&content[4..]) as i64, big_endian(&content[..4]) as i32)),
        (0, 1) => Some(Json::Null),
        (0, 8) => {
            let milliseconds = big_endian(&content) as i64;
            Some(date(milliseconds.div_euclid(1000), (milliseconds.rem_euclid(1000) * 1_000_000) as i32))
        }
        (0, _) => Some(placeholder(content, attachments)),
        _ => None,
    }
}

/// A date as JavaScript writes it in JSON; one that cannot be is `null` there as well.
fn date(seconds: i64, nanoseconds: i32) -> Json {
    match jiff::Timestamp::new(seconds, nanoseconds) {
        Ok(time) => Json::String(time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()),
        Err(_) => Json::Null,
    }
}

/// The other way round: placeholders become the attachments that they stand for.
pub(super) fn from_json(value: Json, attachments: &[Bytes]) -> Packed {
    match value {
        Json::Null => Packed::Nil,
        Json::Bool(boolean) => Packed::Boolean(boolean),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(unsigned), _) => unsigned.into(),
            (None, Some(signed)) => signed.into(),
            (None, None) => number.as_f64().map_or(Packed::Nil, Packed::F64),
        },
        Json::String(string) => string.into(),
        Json::Array(items) => {
            Packed::Array(items.into_iter().map(|item| from_json(item, attachments)).collect())
        }
        Json::Object(object) => {
            if let Some(content) = attachment(&object, attachments) {
                return Packed::Binary(content.to_vec());
            }
            let entry = |(key, value): (String, Json)| (key.into(), from_json(value, attachments));
            Packed::Map(object.into_iter().map(entry).collect())
        }
    }
}

fn attachment<'a>(object: &Map<String, Json>, attachments: &'a [Bytes]) -> Option<&'a Bytes> {
    if object.get("_placeholder") != Some(&Json::Bool(true)) {
        return None;
    }
    attachments.get(usize::try_from(object.get("num")?.as_u64()?).ok()?)
}
