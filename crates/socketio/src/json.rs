//! Checks JSON once, as it comes from the network, and finds where the arguments of an event are.
//!
//! The scanner works on text that is known to be UTF-8, does not recurse, and allocates nothing but the list
//! of arguments. It is stricter than `serde_json` in one point: an escaped surrogate without its partner is
//! an error, because no Rust string could ever hold what it says.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Deepest nesting that is accepted, the outermost array counted.
pub const MAX_DEPTH: u32 = 128;

/// The text was not JSON, or nested too deeply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidJson;

impl std::fmt::Display for InvalidJson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("invalid JSON")
    }
}

impl std::error::Error for InvalidJson {}

/// One JSON value as text, known to be valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawJson<'a>(&'a str);

impl<'a> RawJson<'a> {
    /// JSON `null`.
    pub const NULL: RawJson<'static> = RawJson("null");

    /// Checks `text` and wraps it.
    ///
    /// # Errors
    /// When `text` is not exactly one JSON value, or nests deeper than 128 levels.
    pub fn parse(text: &'a str) -> Result<Self, InvalidJson> {
        let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
        scanner.value(MAX_DEPTH)?;
        scanner.space();
        if scanner.at == text.len() { Ok(Self(text.trim_matches(is_space))) } else { Err(InvalidJson) }
    }

    /// Wraps `text` that the caller knows to be one JSON value, for instance because a serializer wrote it.
    ///
    /// Anything else in here reaches clients as it is and makes them drop the connection.
    #[must_use]
    pub const fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// The value as JSON text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Decodes the value.
    ///
    /// # Errors
    /// When the value does not have the shape of `T`.
    pub fn decode<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0)
    }
}

impl<'a> From<&'a RawValue> for RawJson<'a> {
    fn from(value: &'a RawValue) -> Self {
        Self(value.get())
    }
}

/// Where one element of an array stands in its text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

/// Checks that `text` is one JSON array and nothing more, and returns its elements.
pub(crate) fn scan_array(text: &str) -> Result<Vec<Span>, InvalidJson> {
    if u32::try_from(text.len()).is_err() {
        return Err(InvalidJson);
    }
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
    let mut elements = Vec::new();
    scanner.space();
    scanner.expect(b'[')?;
    scanner.space();
    if !scanner.take(b']') {
        loop {
            scanner.space();
            let start = scanner.at as u32;
            scanner.value(MAX_DEPTH - 1)?;
            elements.push(Span { start, end: scanner.at as u32 });
            scanner.space();
            if scanner.take(b']') {
                break;
            }
            scanner.expect(b',')?;
        }
    }
    scanner.space();
    if scanner.at == text.len() { Ok(elements) } else { Err(InvalidJson) }
}

/// Checks that `text` is one JSON object and nothing more.
pub(crate) fn scan_object(text: &str) -> Result<(), InvalidJson> {
    let value = RawJson::parse(text)?;
    if value.as_str().starts_with('{') { Ok(()) } else { Err(InvalidJson) }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), InvalidJson> {
        if self.take(byte) { Ok(()) } else { Err(InvalidJson) }
    }

    /// Steps over one value. Open containers are bits of `objects` (1 = object, 0 = array), the innermost
    /// lowest, so depth costs no stack and no memory.
    fn value(&mut self, max_depth: u32) -> Result<(), InvalidJson> {
        let mut objects: u128 = 0;
        let mut depth: u32 = 0;
        loop {
            self.space();
            let open = match self.peek().ok_or(InvalidJson)? {
                b'{' | b'[' if depth == max_depth => return Err(InvalidJson),
                byte @ (b'{' | b'[') => {
                    self.at += 1;
                    self.space();
                    let object = byte == b'{';
                    (!self.take(if object { b'}' } else { b']' })).then_some(object)
                }
                b'"' => self.string().map(|()| None)?,
                b'-' | b'0'..=b'9' => self.number().map(|()| None)?,
                b't' => self.literal(b"true").map(|()| None)?,
                b'f' => self.literal(b"false").map(|()| None)?,
                b'n' => self.literal(b"null").map(|()| None)?,
                _ => return Err(InvalidJson),
            };
            if let Some(object) = open {
                depth += 1;
                objects = objects << 1 | u128::from(object);
                if object {
                    self.key()?;
                }
                continue;
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = objects & 1 == 1;
                self.space();
                if self.take(b',') {
                    if object {
                        self.space();
                        self.key()?;
                    }
                    break;
                }
                self.expect(if object { b'}' } else { b']' })?;
                objects >>= 1;
                depth -= 1;
            }
        }
    }

    fn key(&mut self) -> Result<(), InvalidJson> {
        self.string()?;
        self.space();
        self.expect(b':')
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), InvalidJson> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(InvalidJson)
        }
    }

    fn digits(&mut self) -> Result<(), InvalidJson> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(InvalidJson) }
    }

    fn number(&mut self) -> Result<(), InvalidJson> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), InvalidJson> {
        self.expect(b'"')?;
        loop {
            match self.peek().ok_or(InvalidJson)? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                0..=0x1f => return Err(InvalidJson),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), InvalidJson> {
        self.at += 1;
        let kind = self.peek().ok_or(InvalidJson)?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => match self.code_unit()? {
                0xdc00..=0xdfff => Err(InvalidJson),
                0xd800..=0xdbff => {
                    self.expect(b'\\')?;
                    self.expect(b'u')?;
                    if matches!(self.code_unit()?, 0xdc00..=0xdfff) { Ok(()) } else { Err(InvalidJson) }
                }
                _ => Ok(()),
            },
            _ => Err(InvalidJson),
        }
    }

    fn code_unit(&mut self) -> Result<u32, InvalidJson> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(InvalidJson)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, &digit| {
            char::from(digit).to_digit(16).map(|value| unit << 4 | value).ok_or(InvalidJson)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_DEPTH, RawJson, scan_array};

    fn elements(text: &str) -> Vec<&str> {
        let spans = scan_array(text).unwrap_or_else(|_| panic!("{text} is an array"));
        spans.iter().map(|span| span.of(text)).collect()
    }

    #[test]
    fn elements_of_an_array_are_found() {
        assert_eq!(elements("[]"), Vec::<&str>::new());
        assert_eq!(elements(" [ 1 , \"2\",{\"3\":[true]} ] "), ["1", "\"2\"", "{\"3\":[true]}"]);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "[",
            "]",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1]]",
            "[01]",
            "[-]",
            "[1.]",
            "[1e]",
            "[+1]",
            "[.5]",
            "[nul]",
            "[\"]",
            "[\"\\x\"]",
            "[\"\\u12\"]",
            "[\"\u{1}\"]",
            "{}",
            "[{]",
            "[{1:2}]",
            "[{\"a\"}]",
            "[{\"a\":1,}]",
            "[{\"a\":1]",
            "[[}",
            "[\"\\ud800\"]",
            "[\"\\udc00\"]",
            "[\"\\ud800\\ud800\"]",
            "[\"\\ud800x\"]",
            "[NaN]",
        ] {
            assert!(scan_array(text).is_err(), "{text}");
        }
        assert!(scan_array("[\"\\ud83d\\ude00\"]").is_ok(), "a pair of surrogates is a character");
    }

    #[test]
    fn nesting_is_limited_without_recursion() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(scan_array(&nested(MAX_DEPTH as usize)).is_ok());
        assert!(scan_array(&nested(MAX_DEPTH as usize + 1)).is_err());
        assert!(scan_array(&nested(500_000)).is_err());
        assert!(RawJson::parse(&nested(MAX_DEPTH as usize)).is_ok());
        assert!(RawJson::parse(&nested(MAX_DEPTH as usize + 1)).is_err());
    }

    /// Text made of the pieces JSON is made of, so that much of it is nearly valid.
    fn nearly_json() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "[",
            "]",
            "{",
            "}",
            ",",
            ":",
            "\"a\"",
            "\"",
            "\\",
            "\\u00e9",
            "\\ud83d\\ude00",
            "1",
            "-0.2e-5",
            "0",
            "true",
            "null",
            " ",
            "ü",
            "\"k\":",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn agrees_with_serde_json(text in nearly_json()) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(RawJson::parse(&text).is_ok(), theirs, "{}", text);
        }

        #[test]
        fn elements_join_to_the_array(values in prop::collection::vec(any::<(i32, String)>(), 0..8)) {
            let text = serde_json::to_string(&values).unwrap();
            prop_assert_eq!(format!("[{}]", elements(&text).join(",")), text);
        }
    }
}
