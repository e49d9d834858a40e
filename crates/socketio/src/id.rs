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

    /// Reads an identifier that a client sent; `None` for anything that could not be one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; Self::LEN] = text.as_bytes().try_into().ok()?;
        let ours = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        bytes.iter().all(ours).then_some(Self(bytes))
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
    use super::Id;

    #[test]
    fn random_ids_parse_back_and_differ() {
        let (one, two) = (Id::random(), Id::random());
        assert_ne!(one, two);
        assert_eq!(Id::parse(one.as_str()), Some(one));
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
