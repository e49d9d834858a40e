//! The names of the servers' channels, for the namespace `/`.

use super::messages::Selection;

/// What all names begin with.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    key: String,
    /// Broadcasts to one room, to several, to all: a pattern.
    pub(super) broadcasts: String,
    /// Questions and orders to all servers.
    pub(super) request: String,
}

impl Channels {
    pub(super) fn new(key: &str) -> Channels {
        Channels {
            key: key.to_owned(),
            broadcasts: format!("{}#/#*", escaped(key)),
            request: format!("{key}-request#/#"),
        }
    }

    pub(super) fn is_broadcast(&self, channel: &str) -> bool {
        channel.strip_prefix(&self.key).is_some_and(|rest| rest.starts_with("#/#"))
    }

    /// A broadcast to one room has a channel of its own, which lets servers without that room ignore it.
    pub(super) fn broadcast_to(&self, to: &Selection) -> String {
        match &to.rooms[..] {
            [room] => format!("{}#/#{room}#", self.key),
            _ => format!("{}#/#", self.key),
        }
    }

    pub(super) fn response(&self) -> String {
        format!("{}-response#/#", self.key)
    }

    /// Every server listens here for what is meant for it alone.
    pub(super) fn response_to(&self, uid: &str) -> String {
        format!("{}-response#/#{uid}#", self.key)
    }
}

/// A name as the pattern that matches only it.
fn escaped(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for letter in name.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}
