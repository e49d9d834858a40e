//! The rules for text that people write: the one place where lengths, controls, folding and visibility
//! are decided. Texts are checked when a request is read and are never changed, only refused
//! (usernames are folded).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest message, in characters.
pub const MESSAGE_MAX_CHARS: usize = 10_000;
/// Longest message, in bytes of UTF-8.
pub const MESSAGE_MAX_BYTES: usize = 40 * 1024;
/// Longest room name, in characters.
pub const ROOM_NAME_MAX_CHARS: usize = 100;
/// Longest room description, in characters.
pub const DESCRIPTION_MAX_CHARS: usize = 2_000;
/// Longest display name, in characters.
pub const DISPLAY_NAME_MAX_CHARS: usize = 64;
/// Longest message type, in characters (`WIRE.md` §1.3).
pub const KIND_MAX_CHARS: usize = 20;
/// Shortest and longest password, in characters. The upper bound keeps hashing cheap.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
/// What an error text starts with when a text is too long, so that the door can tell the reason.
pub const TOO_LONG: &str = "too long: ";

/// Combining marks that may follow one base character in a message; more only smears over its neighbours.
const MESSAGE_MARKS_MAX: usize = 16;
/// The same in a name, which stands beside other people's names.
const NAME_MARKS_MAX: usize = 4;

fn check_length(text: &str, max_chars: usize) -> Result<(), String> {
    // Bytes first: counting characters of a megabyte is work an attacker would like us to do.
    if text.len() > max_chars * 4 || text.chars().count() > max_chars {
        return Err(format!("{TOO_LONG}at most {max_chars} characters"));
    }
    Ok(())
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_bidi_control(c)
        || matches!(
            c,
            '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}'
        )
}

fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !is_invisible(c) && !is_combining_mark(c))
}

fn check_marks(text: &str, max: usize) -> Result<(), String> {
    let mut run = 0;
    for c in text.chars() {
        run = if is_combining_mark(c) { run + 1 } else { 0 };
        if run > max {
            return Err(format!("more than {max} combining marks on one character"));
        }
    }
    Ok(())
}

fn check_message(text: &str) -> Result<(), String> {
    if text.len() > MESSAGE_MAX_BYTES {
        return Err(format!("{TOO_LONG}at most {MESSAGE_MAX_BYTES} bytes"));
    }
    check_length(text, MESSAGE_MAX_CHARS)?;
    if text.contains('\0') {
        return Err("must not contain U+0000".into());
    }
    if !is_visible(text) {
        return Err("nothing visible in it".into());
    }
    check_marks(text, MESSAGE_MARKS_MAX)
}

/// Names stand in lists beside other names: no controls, nothing that turns or hides its neighbours.
fn check_name(text: &str, max_chars: usize) -> Result<(), String> {
    check_length(text, max_chars)?;
    if text.trim() != text || !is_visible(text) {
        return Err("must be visible text without space at its ends".into());
    }
    let is_joiner = |c| matches!(c, '\u{200C}' | '\u{200D}');
    let is_variation = |c| matches!(c, '\u{FE0E}' | '\u{FE0F}');
    if text.chars().any(|c| c != ' ' && is_invisible(c) && !is_joiner(c) && !is_variation(c)) {
        return Err("must not contain control or invisible characters".into());
    }
    check_marks(text, NAME_MARKS_MAX)
}

fn check_description(text: &str) -> Result<(), String> {
    check_length(text, DESCRIPTION_MAX_CHARS)?;
    if text.chars().any(|c| (c.is_control() && c != '\n') || is_bidi_control(c)) {
        return Err("must not contain control characters".into());
    }
    check_marks(text, MESSAGE_MARKS_MAX)
}

fn check_kind(text: &str) -> Result<(), String> {
    check_length(text, KIND_MAX_CHARS)?;
    let plain =
        text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/'));
    if text.is_empty() || !plain {
        return Err("must be 1 to 20 of A-Z a-z 0-9 _ - . : /".into());
    }
    if text == "system" {
        return Err("`system` is the server's own".into());
    }
    Ok(())
}

fn check_password(text: &str) -> Result<(), String> {
    let length = text.chars().take(PASSWORD_CHARS.end() + 1).count();
    if length > *PASSWORD_CHARS.end() {
        return Err(format!("{TOO_LONG}at most {} characters", PASSWORD_CHARS.end()));
    }
    if length < *PASSWORD_CHARS.start() {
        return Err(format!("at least {} characters", PASSWORD_CHARS.start()));
    }
    Ok(())
}

/// A username in its one stored form: NFKC, lower case, 2–32 of `a–z 0–9 . _ -`.
pub fn fold_username(text: &str) -> Result<String, String> {
    check_length(text, DISPLAY_NAME_MAX_CHARS)?;
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let plain = folded.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
    if !plain || !(2..=32).contains(&folded.len()) {
        return Err("must be 2 to 32 of a-z 0-9 . _ -".into());
    }
    Ok(folded)
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $check:expr, $schema:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The text, if it keeps the rules; else what is wrong with it.
            pub fn parse(text: impl Into<String>) -> Result<Self, String> {
                let text = text.into();
                let check: fn(&str) -> Result<(), String> = $check;
                check(&text)?;
                Ok(Self(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, owned.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text! {
    /// What a message says: 1–10,000 characters and at most 40 KiB, something visible in it, no U+0000.
    /// Stored exactly as sent.
    MessageText, check_message, { "type": "string", "minLength": 1, "maxLength": MESSAGE_MAX_CHARS }
}
text! {
    /// Name of a room.
    RoomName, |text| check_name(text, ROOM_NAME_MAX_CHARS), { "type": "string", "minLength": 1, "maxLength": ROOM_NAME_MAX_CHARS }
}
text! {
    /// What a room is about; may be empty.
    Description, check_description, { "type": "string", "maxLength": DESCRIPTION_MAX_CHARS }
}
text! {
    /// A person's name as shown.
    DisplayName, |text| check_name(text, DISPLAY_NAME_MAX_CHARS), { "type": "string", "minLength": 1, "maxLength": DISPLAY_NAME_MAX_CHARS }
}
text! {
    /// A message's type; `text` where none is given. `system` is the server's own.
    MessageKind, check_kind, { "type": "string", "pattern": "^[A-Za-z0-9_.:/-]{1,20}$" }
}

/// A username as typed; [`Username::as_str`] is its folded form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// The folded username, if it keeps the rules; else what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        fold_username(text).map(Self)
    }

    /// The folded form: the stored and unique one.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Username {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Username".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 2, "maxLength": 32, "description": "a-z 0-9 . _ - after folding" })
    }
}

/// A password as typed: 8–256 characters, never shown by `Debug`, never serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The password, if its length is right; else what is wrong with it.
    pub fn parse(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        check_password(&text)?;
        Ok(Self(text))
    }

    /// The secret itself, for hashing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Password {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Password".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "password", "minLength": PASSWORD_CHARS.start(), "maxLength": PASSWORD_CHARS.end() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_must_show_something() {
        for blank in ["", "   ", "\u{200b}", "\u{3164}", "\u{2800}", "\u{301}\u{302}", "\u{202e}\u{2066}"] {
            assert!(MessageText::parse(blank).is_err(), "{blank:?} was accepted");
        }
        for good in
            ["a", "👨‍👩‍👧", "\u{fffe}", "\u{e000}", "\u{10ffff}", "\u{202e}abc", "é".repeat(10_000).as_str()]
        {
            assert!(MessageText::parse(good).is_ok(), "{good:?} was refused");
        }
    }

    #[test]
    fn too_long_says_so() {
        let error = MessageText::parse("x".repeat(10_001)).unwrap_err();
        assert!(error.starts_with(TOO_LONG), "{error}");
        let error = MessageText::parse("👨‍👩‍👧‍👦".repeat(2_000)).unwrap_err();
        assert!(error.starts_with(TOO_LONG), "{error}");
    }

    #[test]
    fn smears_are_refused() {
        assert!(MessageText::parse(format!("a{}", "\u{301}".repeat(17))).is_err());
        assert!(DisplayName::parse(format!("a{}", "\u{301}".repeat(5))).is_err());
    }

    #[test]
    fn usernames_fold_to_one_form() {
        assert_eq!(Username::parse("Alice").unwrap().as_str(), "alice");
        assert_eq!(Username::parse("Ａｌｉｃｅ").unwrap().as_str(), "alice");
        for bad in
            ["", " ", "аdmin", "ALİCE", "a\u{200d}b", "@here", "<b>", "a\0b", "../x", "0", "__pro to__"]
        {
            assert!(Username::parse(bad).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn names_cannot_turn_their_neighbours() {
        for bad in ["\u{202e}evil", " x", "a\nb", "a\u{200b}b", "", "   ", "a\0"] {
            assert!(DisplayName::parse(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(DisplayName::parse("日本 語 👩‍🚀").is_ok());
    }

    #[test]
    fn only_the_server_speaks_as_system() {
        assert!(MessageKind::parse("system").is_err());
        assert!(MessageKind::parse("text").is_ok());
        assert!(MessageKind::parse("x".repeat(21)).is_err());
    }
}
