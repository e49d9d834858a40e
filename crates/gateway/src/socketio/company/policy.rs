//! What of another server's events is passed on to our sockets.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use fireside_bus::socketio_adapter::{Packet, Selection};
use fireside_protocol::event::UserEvent;
use fireside_protocol::{Event, Signal};
use schemars::SchemaGenerator;
use serde::de::IgnoredAny;

/// Names of events or rooms: one, or all with the same beginning (`app:*`), or all (`*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// A text that is no [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPattern;

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a name, nor the beginning of names with one * at its end")
    }
}

impl std::error::Error for InvalidPattern {}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Pattern, InvalidPattern> {
        let beginning = text.strip_suffix('*').unwrap_or(text);
        if text.is_empty() || beginning.contains('*') {
            return Err(InvalidPattern);
        }
        Ok(Pattern(text.to_owned()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pattern {
    fn fits(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => self.0 == name,
        }
    }
}

/// Which events of other servers reach our sockets, and in which rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Names of events. Whatever is listed, those of our own contract never pass.
    pub events: Vec<Pattern>,
    /// Names of rooms. An event to all sockets passes only where all rooms may be reached.
    pub rooms: Vec<Pattern>,
}

impl Default for Policy {
    /// Everything but what is ours.
    fn default() -> Policy {
        let all = || vec![Pattern("*".to_owned())];
        Policy { events: all(), rooms: all() }
    }
}

/// What only we say: our contract's events, and the library's.
static OURS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut generator = SchemaGenerator::default();
    let tables =
        [Event::table(&mut generator), UserEvent::table(&mut generator), Signal::table(&mut generator)];
    let contract = tables.into_iter().flatten().map(|(name, _)| name);
    let door = ["authenticated", "unauthenticated", "ping", "error", "session"];
    let library =
        ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
    contract.chain(door).chain(library).collect()
});

impl Policy {
    /// Whether an event may go to these sockets.
    pub(super) fn admits(&self, packet: &Packet, to: &Selection) -> bool {
        let all = std::slice::from_ref(&ALL);
        let rooms = if to.rooms.is_empty() { all } else { &to.rooms };
        !OURS.contains(packet.name.as_str())
            && self.events.iter().any(|pattern| pattern.fits(&packet.name))
            && rooms.iter().all(|room| self.rooms.iter().any(|pattern| pattern.fits(room)))
            && !packet.args.iter().any(|argument| has_position(argument))
    }
}

/// Stands for all rooms: only the pattern for everything fits a name that begins with nothing.
static ALL: String = String::new();

/// Whether a client could take it for something with a place in a log.
fn has_position(argument: &str) -> bool {
    let object = serde_json::from_str::<HashMap<String, IgnoredAny>>(argument);
    object.is_ok_and(|object| object.contains_key("seq") || object.contains_key("epoch"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(policy: &Policy, name: &str, args: &[&str], rooms: &[&str]) -> bool {
        let strings = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let packet = Packet { name: name.to_owned(), args: strings(args), attachments: Vec::new() };
        policy.admits(&packet, &Selection { rooms: strings(rooms), except: Vec::new() })
    }

    #[test]
    fn what_is_ours_never_passes() {
        let policy = Policy::default();
        for name in
            ["message:new", "typing:update", "user:changed", "session:ended", "authenticated", "connect"]
        {
            assert!(!admits(&policy, name, &[], &["room:1"]), "{name} passes");
        }
        assert!(admits(&policy, "order:paid", &[r#"{"id":1}"#, "null", "[]"], &["room:1"]));
        assert!(admits(&policy, "order:paid", &[], &[]));
        assert!(!admits(&policy, "order:paid", &["1", r#"{"seq":1}"#], &[]), "a place in a log is ours");
        assert!(!admits(&policy, "order:paid", &[r#"{"epoch":"x"}"#], &[]));
    }

    #[test]
    fn lists_narrow_what_passes() {
        let patterns = |texts: &[&str]| texts.iter().map(|text| text.parse().expect(text)).collect();
        let policy =
            Policy { events: patterns(&["order:*", "hello"]), rooms: patterns(&["room:*", "lobby"]) };
        assert!(admits(&policy, "order:paid", &[], &["room:1", "lobby"]));
        assert!(admits(&policy, "hello", &[], &["lobby"]));
        for (name, rooms) in [
            ("hello2", &["lobby"][..]),
            ("hello", &["user:alice"]),
            ("hello", &["lobby", "user:alice"]),
            ("hello", &[]),
        ] {
            assert!(!admits(&policy, name, &[], rooms), "{name} to {rooms:?} passes");
        }
        for text in ["", "a*b", "**"] {
            assert_eq!(text.parse::<Pattern>(), Err(InvalidPattern), "{text}");
        }
    }
}
