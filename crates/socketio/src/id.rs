//! Random identifiers of sessions and sockets: 20 URL-safe characters, as Socket.IO's own are.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// An identifier of 20 URL-safe characters that carry 120 bits from the operating system's random source.
///
/// Two kinds exist and are never the same value: the session id (`sid` of the Engine.IO handshake), which is
/// a secret between client and server, and the socket id, which other people may be told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; Self::LEN]);

/// What the session ids of one server of several begin with, so that a session id says who has the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SidPrefix([u8; Self::LEN]);

impl SidPrefix {
    /// Length in characters. The rest of a session id still carries 84 random bits.
    pub const LEN: usize = 6;

    /// Reads a prefix; `None` unless it is that many URL-safe characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        url_safe(text).map(Self)
    }

    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a prefix is ASCII")
    }
}

/// The characters of a text, if it is that many and all are URL-safe.
fn url_safe<const LEN: usize>(text: &str) -> Option<[u8; LEN]> {
    let bytes: [u8; LEN] = text.as_bytes().try_into().ok()?;
    let is_safe = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    bytes.iter().all(is_safe).then_some(bytes)
}

impl Id {
    /// Length in characters.
    pub const LEN: usize = 20;

    #[expect(clippy::disallowed_methods, reason = "the one place where this crate needs randomness")]
    pub(crate) fn random() -> Self {
        let mut entropy = [0u8; 15];
        getrandom::fill(&mut entropy).expect("the operating system has a random source");
        let mut text = [0u8; Self::LEN];
        URL_SAFE_NO_PAD.encode_slice(entropy, &mut text).expect("15 bytes are 20 characters of base64");
        Self(text)
    }

    /// A session id that begins with the server's prefix, if it has one.
    pub(crate) fn of_session(prefix: Option<SidPrefix>) -> Self {
        let mut id = Self::random();
        if let Some(SidPrefix(prefix)) = prefix {
            id.0[..SidPrefix::LEN].copy_from_slice(&prefix);
        }
        id
    }

    /// What it begins with.
    pub(crate) fn prefix(&self) -> SidPrefix {
        let mut prefix = [0; SidPrefix::LEN];
        prefix.copy_from_slice(&self.0[..SidPrefix::LEN]);
        SidPrefix(prefix)
    }

    /// Reads an identifier that a client sent; `None` for anything that could not be one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        url_safe(text).map(Self)
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an identifier is ASCII")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, SidPrefix};

    #[test]
    fn random_ids_parse_back_and_differ() {
        let (one, two) = (Id::random(), Id::random());
        assert_ne!(one, two);
        assert_eq!(Id::parse(one.as_str()), Some(one));
    }

    #[test]
    fn a_session_id_says_whose_it_is() {
        let prefix = SidPrefix::parse("node-1").expect("six characters");
        let (one, two) = (Id::of_session(Some(prefix)), Id::of_session(Some(prefix)));
        assert_ne!(one, two);
        assert_eq!((one.prefix(), one.as_str().starts_with("node-1")), (prefix, true));
        assert_eq!((SidPrefix::parse("short"), SidPrefix::parse("node/1")), (None, None));
    }

    #[test]
    fn what_cannot_be_an_id_is_refused() {
        for text in
            ["", "__proto__", "constructor", "äöüäöüäöüä", "AAAAAAAAAAAAAAAAAAA ", "AAAAAAAAAAAAAAAAAAAAA"]
        {
            assert_eq!(Id::parse(text), None, "{text:?}");
        }
    }
}
