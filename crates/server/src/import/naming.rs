//! What the tutorial's texts become under our rules: names are made to fit, never refused. Pure.

use fireside_protocol::messages::Metadata;
use fireside_protocol::text::{
    DESCRIPTION_MAX_CHARS, DISPLAY_NAME_MAX_CHARS, Description, DisplayName, MessageKind,
    ROOM_NAME_MAX_CHARS, RoomName, fold_username,
};
use unicode_normalization::UnicodeNormalization;

/// Longest username.
const USERNAME_MAX: usize = 32;
/// Longest address of a picture, in bytes.
const AVATAR_MAX: usize = 2048;
/// What a message is where its type is not allowed here.
const PLAIN_KIND: &str = "text";

/// The username that a name asks for: itself where the rules allow it, else what is left of it in ASCII,
/// else one made from the user's id.
pub(super) fn username(name: &str, id: &str) -> String {
    if let Ok(folded) = fold_username(name) {
        return folded;
    }
    let plain = ascii_words(name, USERNAME_MAX);
    if plain.len() >= 2 {
        return plain;
    }
    let from_id: String = id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    format!("user-{}", from_id.to_ascii_lowercase())
}

/// The first free one of `wanted`, `wanted-2`, `wanted-3` …, never longer than `max` bytes.
pub(super) fn free(wanted: &str, max: usize, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(wanted) {
        return wanted.to_owned();
    }
    let numbered = (2u64..).map(|number| {
        let end = format!("-{number}");
        let start: String = wanted.chars().take(max - end.len()).collect();
        start + &end
    });
    numbered.filter(|name| !is_taken(name)).take(1).collect()
}

/// A free username.
pub(super) fn free_username(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    free(wanted, USERNAME_MAX, is_taken)
}

/// ASCII letters, digits and `. _ -` of a name, accents taken off, everything else as single `-`.
fn ascii_words(name: &str, max: usize) -> String {
    let mut words = String::new();
    for c in name.nfkd().flat_map(char::to_lowercase) {
        if words.len() >= max {
            break;
        }
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
            words.push(c);
        } else if !unicode_normalization::char::is_combining_mark(c) && !words.ends_with('-') {
            words.push('-');
        }
    }
    words.trim_matches(['-', '.', '_']).to_owned()
}

/// A text made to fit a rule: itself, else one line of its visible part, else nothing.
fn fitted<T>(text: &str, max_chars: usize, parse: impl Fn(String) -> Result<T, String>) -> Option<T> {
    if let Ok(fits) = parse(text.to_owned()) {
        return Some(fits);
    }
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(max_chars).collect();
    parse(cut.trim().to_owned()).ok()
}

/// A display name that the rules allow.
pub(super) fn display_name(name: &str) -> Option<String> {
    fitted(name, DISPLAY_NAME_MAX_CHARS, DisplayName::parse).map(DisplayName::into_string)
}

/// A room name that the rules allow; `fallback` where nothing of it is left.
pub(super) fn room_name(name: &str, fallback: &str) -> String {
    fitted(name, ROOM_NAME_MAX_CHARS, RoomName::parse)
        .map_or_else(|| fallback.to_owned(), RoomName::into_string)
}

/// A description that the rules allow.
pub(super) fn description(text: &str) -> Option<String> {
    fitted(text, DESCRIPTION_MAX_CHARS, Description::parse).map(Description::into_string)
}

/// The address of a picture, if it is one that a browser may load.
pub(super) fn avatar(address: &str) -> Option<&str> {
    let is_web = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme));
    let is_plain = address.len() <= AVATAR_MAX && address.bytes().all(|b| b.is_ascii_graphic());
    (is_web && is_plain).then_some(address)
}

/// A message's type. `system` is the server's own, and nobody checked who wrote it in the tutorial.
pub(super) fn kind(kind: &str) -> String {
    MessageKind::parse(kind).map_or_else(|_| PLAIN_KIND.to_owned(), MessageKind::into_string)
}

/// What becomes of a message's metadata.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meta {
    /// There is none.
    None,
    /// It is a JSON object and stays as it is.
    Kept(String),
    /// It is something else and stays as the `value` of an object.
    Wrapped(String),
    /// It is too large.
    Dropped,
}

/// What becomes of a message's metadata, which may be any text.
pub(super) fn metadata(text: Option<&str>) -> Meta {
    // JSON's own way to say that there is none.
    let Some(text) = text.filter(|text| !text.trim().is_empty() && text.trim() != "null") else {
        return Meta::None;
    };
    if Metadata::parse(text).is_ok() {
        return Meta::Kept(text.to_owned());
    }
    let wrapped = serde_json::json!({ "value": text }).to_string();
    if Metadata::parse(&wrapped).is_ok() { Meta::Wrapped(wrapped) } else { Meta::Dropped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_stay_themselves_where_they_can() {
        for (name, expected) in [
            ("Ada", "ada"),
            ("Jörg Müller", "jorg-muller"),
            ("ada@example.org", "ada-example.org"),
            ("日本", "user-0198c0de"),
            ("", "user-0198c0de"),
            ("a", "user-0198c0de"),
            ("__x__!", "user-0198c0de"),
        ] {
            let made = username(name, "0198C0DE-7000");
            assert_eq!(made, expected, "{name:?}");
            assert_eq!(fold_username(&made).as_deref(), Ok(made.as_str()), "{made} keeps our rules");
        }
        assert!(username(&"x y ".repeat(30), "1").len() <= USERNAME_MAX);
    }

    #[test]
    fn taken_names_get_a_number_and_stay_short() {
        assert_eq!(free_username("ada", |_| false), "ada");
        assert_eq!(free_username("ada", |name| name == "ada" || name == "ada-2"), "ada-3");
        let long = "x".repeat(32);
        let numbered = free_username(&long, |name| name == long);
        assert_eq!((numbered.len(), &numbered[30..]), (32, "-2"));
    }

    #[test]
    fn names_are_made_to_fit() {
        assert_eq!(display_name("Ada Lovelace").as_deref(), Some("Ada Lovelace"));
        assert_eq!(display_name("  Ada\n\tLovelace ").as_deref(), Some("Ada Lovelace"));
        assert_eq!(display_name(&"x".repeat(100)).map(|name| name.len()), Some(64));
        assert_eq!(display_name("\u{200b}"), None);
        assert_eq!(room_name("\u{202e}", "room-1"), "room-1");
        assert_eq!(description("a\nb").as_deref(), Some("a\nb"));
    }

    #[test]
    fn pictures_are_web_addresses() {
        assert!(avatar("https://x.example/a.png").is_some());
        for bad in ["javascript:alert(1)", "data:image/png;base64,AA", "/a.png", "https://a b", ""] {
            assert!(avatar(bad).is_none(), "{bad:?} was kept");
        }
    }

    #[test]
    fn nobody_speaks_as_system() {
        assert_eq!(kind("image"), "image");
        assert_eq!(kind("system"), "text");
        assert_eq!(kind("héllo"), "text");
    }

    #[test]
    fn metadata_stays_or_is_wrapped() {
        assert_eq!(metadata(None), Meta::None);
        assert_eq!(metadata(Some("  ")), Meta::None);
        assert_eq!(metadata(Some("null")), Meta::None);
        assert_eq!(metadata(Some(r#"{"a":1}"#)), Meta::Kept(r#"{"a":1}"#.into()));
        assert_eq!(metadata(Some("[1]")), Meta::Wrapped(r#"{"value":"[1]"}"#.into()));
        assert_eq!(metadata(Some("{broken")), Meta::Wrapped(r#"{"value":"{broken"}"#.into()));
        let deep = r#"{"a":{"b":{"c":{"d":{"e":1}}}}}"#;
        assert!(matches!(metadata(Some(deep)), Meta::Wrapped(_)));
        assert_eq!(metadata(Some(&"x".repeat(5000))), Meta::Dropped);
    }
}
