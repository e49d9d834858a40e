//! The opening handshake (RFC 6455, section 4.2): checks the request and computes the answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderValue, Version};
use sha1::{Digest, Sha1};

/// Why a request cannot become a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unacceptable {
    /// It does not ask for one.
    NotAnUpgrade,
    /// It asks for another version than 13.
    Version,
    /// Its key is missing, doubled or not 16 bytes.
    Malformed,
}

/// Checks the headers, and returns the value of `Sec-WebSocket-Accept`.
pub(crate) fn accept(version: Version, headers: &HeaderMap) -> Result<HeaderValue, Unacceptable> {
    if !has_token(headers, &UPGRADE, "websocket") {
        return Err(Unacceptable::NotAnUpgrade);
    }
    if version != Version::HTTP_11 || !has_token(headers, &CONNECTION, "upgrade") {
        return Err(Unacceptable::Malformed);
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Unacceptable::Version);
    }
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else { return Err(Unacceptable::Malformed) };
    if !STANDARD.decode(key.as_bytes()).is_ok_and(|nonce| nonce.len() == 16) {
        return Err(Unacceptable::Malformed);
    }
    Ok(accept_value(key.as_bytes()))
}

fn has_token(headers: &HeaderMap, name: &http::HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|candidate| candidate.trim().eq_ignore_ascii_case(token))
}

fn accept_value(key: &[u8]) -> HeaderValue {
    let digest =
        Sha1::new().chain_update(key).chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    HeaderValue::from_str(&STANDARD.encode(digest)).expect("base64 is a valid header value")
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Version};

    use super::{Unacceptable, accept};

    const GOOD: [(&str, &str); 4] = [
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn the_example_of_the_rfc_is_answered_as_there() {
        let answer = accept(Version::HTTP_11, &headers(&GOOD));
        assert_eq!(answer.unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn bad_handshakes_are_told_apart() {
        let with = |index: usize, value: &'static str| {
            let mut lines = GOOD;
            lines[index].1 = value;
            accept(Version::HTTP_11, &headers(&lines))
        };
        assert_eq!(with(0, "h2c"), Err(Unacceptable::NotAnUpgrade));
        assert_eq!(with(1, "close"), Err(Unacceptable::Malformed));
        assert_eq!(with(2, "8"), Err(Unacceptable::Version));
        assert_eq!(with(3, "c2hvcnQ="), Err(Unacceptable::Malformed));
        assert_eq!(accept(Version::HTTP_11, &headers(&GOOD[..3])), Err(Unacceptable::Malformed));
        assert_eq!(accept(Version::HTTP_10, &headers(&GOOD)), Err(Unacceptable::Malformed));
        let doubled = [&GOOD[..], &GOOD[3..]].concat();
        assert_eq!(accept(Version::HTTP_11, &headers(&doubled)), Err(Unacceptable::Malformed));
    }
}
