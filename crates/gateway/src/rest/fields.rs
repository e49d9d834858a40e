//! One JSON object out of a request's path, query and body. The texts are put side by side and read once, by
//! the operation's own type: a field that comes from two places is a field that is there twice, and refused.

use fireside_kernel::Error;
use fireside_protocol::Reason;
use serde_json::value::RawValue;

/// Deepest nesting of a body.
const DEPTH_MAX: usize = 32;

/// The text of the object. `path` and `query` are as they were sent; `body` is empty or an object.
///
/// # Errors
/// `malformed` for what is not percent-encoded UTF-8 or not a JSON object of bounded depth.
pub(super) fn object(path: &[(&str, &str)], query: &str, body: &[u8]) -> Result<String, Error> {
    let body = members(body)?;
    let mut text = String::with_capacity(body.len() + 64 * path.len() + query.len() + 2);
    text.push('{');
    for (name, value) in path {
        push(&mut text, name, &decode(value, Plus::Itself)?);
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        push(&mut text, &decode(name, Plus::Space)?, &decode(value, Plus::Space)?);
    }
    if !body.is_empty() {
        separate(&mut text);
        text.push_str(body);
    }
    text.push('}');
    Ok(text)
}

fn separate(text: &mut String) {
    if text.len() > 1 {
        text.push(',');
    }
}

fn push(text: &mut String, name: &str, value: &str) {
    separate(text);
    push_string(text, name);
    text.push(':');
    push_string(text, value);
}

fn push_string(text: &mut String, value: &str) {
    text.push_str(&serde_json::Value::from(value).to_string());
}

/// What stands between the braces of a JSON object; nothing for an empty body.
fn members(body: &[u8]) -> Result<&str, Error> {
    let text = std::str::from_utf8(body).map_err(|_| malformed("The body is not valid UTF-8"))?;
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if text.is_empty() {
        return Ok("");
    }
    if depth(text) > DEPTH_MAX {
        return Err(malformed("The body is nested too deeply"));
    }
    // Read as a whole first: `{"a":1},"b":2}` must not become right by being put into other braces.
    serde_json::from_str::<&RawValue>(text).map_err(|_| malformed("The body is not valid JSON"))?;
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    inner
        .map(|inner| inner.trim_matches([' ', '\t', '\r', '\n']))
        .ok_or_else(|| malformed("The body must be a JSON object"))
}

/// How deep brackets are nested, outside of strings. Right for valid JSON, harmless for any other text.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Plus {
    /// In paths (RFC 3986).
    Itself,
    /// In queries, as forms write them.
    Space,
}

/// Percent-decoding that refuses what is not right instead of guessing.
fn decode(text: &str, plus: Plus) -> Result<String, Error> {
    let wrong = || malformed("The URL is not valid percent-encoded UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' if plus == Plus::Space => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (high, low) = (digit().ok_or_else(wrong)?, digit().ok_or_else(wrong)?);
                u8::try_from(high * 16 + low).map_err(|_| wrong())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn malformed(message: &'static str) -> Error {
    Error::new(Reason::Malformed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(path: &[(&str, &str)], query: &str, body: &str) -> String {
        object(path, query, body.as_bytes()).expect("it is well formed")
    }

    #[test]
    fn the_parts_become_one_object() {
        assert_eq!(joined(&[], "", ""), "{}");
        assert_eq!(joined(&[("a", "1")], "", "{}"), r#"{"a":"1"}"#);
        assert_eq!(joined(&[], "", " {\"b\" : [1]}\r\n"), r#"{"b" : [1]}"#);
        assert_eq!(
            joined(&[("a", "x%20y+z")], "b=x+y&&c", r#"{"d":null}"#),
            r#"{"a":"x y+z","b":"x y","c":"","d":null}"#
        );
    }

    #[test]
    fn values_cannot_leave_their_string() {
        assert_eq!(joined(&[("a", "%22%2C%22b%22%3A%221")], "", ""), r#"{"a":"\",\"b\":\"1"}"#);
        assert_eq!(joined(&[], "%22%00=%5C", ""), r#"{"\"\u0000":"\\"}"#);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for bad in [
            "[]",
            "1",
            "\"{}\"",
            "null",
            "{",
            "}",
            "{}{}",
            "{},{}",
            r#"{"a":1},"b":{}"#,
            r#"{"a":1"#,
            "{'a':1}",
            "{\"a\":NaN}",
            "{\"a\":1,}",
            "\u{feff}{}",
            "{\"a\":\"\u{1}\"}",
        ] {
            let error = object(&[], "", bad.as_bytes()).expect_err(bad);
            assert_eq!(error.reason, Reason::Malformed, "{bad}");
        }
        assert!(object(&[], "", b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(&[], "", nested(31).as_bytes()).is_ok());
        assert!(object(&[], "", nested(32).as_bytes()).is_err());
        assert!(object(&[], "", nested(30_000).as_bytes()).is_err());
        assert!(object(&[], "", format!(r#"{{"a":"{}\\\"["}}"#, "[".repeat(100)).as_bytes()).is_ok());
    }

    #[test]
    fn broken_encodings_are_refused() {
        for bad in ["%", "%4", "%zz", "%ff", "a%c3", "%+1"] {
            assert!(object(&[("a", bad)], "", b"").is_err(), "path {bad}");
            assert!(object(&[], &format!("a={bad}"), b"").is_err(), "query {bad}");
        }
    }
}
