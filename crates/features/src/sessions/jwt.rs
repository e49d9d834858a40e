//! Signed tokens (RFC 7515, RFC 7519), read the way RFC 8725 advises.
//!
//! Each key has one algorithm, fixed when the key was read. The header of a token only narrows down which keys
//! are tried; nothing else in it is believed, and what it wants understood (`crit`, `b64`) is refused. Claims
//! are not even decoded before a key has vouched for them. A name that is there twice is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

use fireside_protocol::Time;

/// Longest token that is looked at.
pub(super) const TOKEN_MAX_BYTES: usize = 8 * 1024;
/// Latest time that is one: the end of the year 9999.
const LATEST_SECONDS: f64 = 253_402_300_799.0;
/// `{"typ":"JWT","alg":"HS256"}`
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";

/// Why a token is not accepted. For our log; the client hears one text for all of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// It is longer than any real one.
    #[error("longer than {TOKEN_MAX_BYTES} bytes")]
    TooLong,
    /// It is not three parts of base64url, or the header is not JSON we know.
    #[error("not a signed token")]
    Malformed,
    /// The header demands something we do not do, or names another kind of token.
    #[error("a header that is not ours to follow")]
    Header,
    /// No key of ours has made it.
    #[error("no key fits its algorithm, key id and signature")]
    NoKey,
    /// The keys that may have made it could not be fetched yet.
    #[error("the published keys could not be fetched yet")]
    NoKeysYet,
    /// A claim is missing, there twice, or of the wrong type.
    #[error("its claims: {0}")]
    Claims(String),
    /// It is over.
    #[error("it has ended")]
    Ended,
    /// It does not hold yet.
    #[error("it does not hold yet")]
    NotYet,
    /// `iss` is not the one expected.
    #[error("from another issuer")]
    Issuer,
    /// `aud` does not contain the one expected.
    #[error("for another audience")]
    Audience,
    /// `sub` or `sid` is no id.
    #[error("its subject is no id")]
    Subject,
}

/// A key and the one algorithm it is for.
#[derive(Debug, Clone)]
pub(super) struct Key {
    decoding: DecodingKey,
    algorithm: Algorithm,
}

impl Key {
    /// A public key for one algorithm.
    pub(super) fn new(decoding: DecodingKey, algorithm: Algorithm) -> Self {
        Self { decoding, algorithm }
    }

    /// A shared secret, for HS256.
    pub(super) fn secret(secret: &str) -> Self {
        Self::new(DecodingKey::from_secret(secret.as_bytes()), Algorithm::HS256)
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
    #[serde(default, deserialize_with = "is_there")]
    b64: bool,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// A token that nobody has vouched for.
pub(super) struct Unverified<'a> {
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
    algorithm: Algorithm,
    kid: Option<String>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// If it has not the form of a signed token, or its header asks for what we do not do.
    pub(super) fn parse(token: &'a str) -> Result<Self, Refusal> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(Refusal::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        if payload.contains('.') || signature.is_empty() {
            return Err(Refusal::Malformed);
        }
        let header: Header = decode(header).map_err(|_| Refusal::Malformed)?;
        if header.crit || header.b64 || !header.typ.as_deref().is_none_or(is_access_token) {
            return Err(Refusal::Header);
        }
        // `none` and everything else that is no signature has no name here.
        let algorithm = header.alg.parse().map_err(|_| Refusal::NoKey)?;
        Ok(Self { signed, payload, signature, algorithm, kid: header.kid })
    }

    /// The algorithm that its header names.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key that its header names.
    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What it says, if `key` has made it.
    pub(super) fn verify(&self, key: &Key) -> Option<Verified<'a>> {
        let is_by_key = self.algorithm == key.algorithm
            && jsonwebtoken::crypto::verify(
                self.signature,
                self.signed.as_bytes(),
                &key.decoding,
                key.algorithm,
            )
            .unwrap_or(false);
        is_by_key.then_some(Verified { payload: self.payload })
    }
}

/// What a key has vouched for.
pub(super) struct Verified<'a> {
    payload: &'a str,
}

impl Verified<'_> {
    /// The claims.
    ///
    /// # Errors
    /// `Claims` if they are not what they should be.
    pub(super) fn claims<C: DeserializeOwned>(&self) -> Result<C, Refusal> {
        decode(self.payload).map_err(Refusal::Claims)
    }
}

/// Whether `typ` may be that of an access token. Others, such as logout tokens of OpenID Connect, are signed by
/// the same keys and must not open anything (RFC 8725 §3.11).
fn is_access_token(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, String> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|error| error.to_string())?;
    serde_json::from_slice(&json).map_err(|error| error.to_string())
}

/// Makes a token that [`Key::secret`] of the same secret accepts.
pub(super) fn sign(claims: &impl Serialize, secret: &EncodingKey) -> Result<String, String> {
    let json = serde_json::to_vec(claims).map_err(|error| error.to_string())?;
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(json));
    let signature = authenticate(&signed, secret)?;
    Ok(format!("{signed}.{signature}"))
}

/// HMAC-SHA-256 of a text, as base64url.
pub(super) fn authenticate(text: &str, secret: &EncodingKey) -> Result<String, String> {
    jsonwebtoken::crypto::sign(text.as_bytes(), secret, Algorithm::HS256).map_err(|error| error.to_string())
}

/// Seconds since the epoch as a JSON number, with or without a fraction (RFC 7519 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumericDate(i64);

impl NumericDate {
    /// The point in time.
    pub(super) const fn time(self) -> Time {
        Time::from_micros(self.0 * 1_000_000)
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if !(0.0..=LATEST_SECONDS).contains(&seconds) {
            return Err(D::Error::custom("a time before 1970 or after 9999"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        let whole = seconds as i64;
        Ok(Self(whole))
    }
}

/// Whether a token that ends then still holds at `now`, give or take `leeway_ms`.
pub(super) fn check_end(ends: NumericDate, now: Time, leeway_ms: i64) -> Result<(), Refusal> {
    if now < ends.time().plus_ms(leeway_ms) { Ok(()) } else { Err(Refusal::Ended) }
}

/// Whether a token that begins then already holds at `now`, give or take `leeway_ms`.
pub(super) fn check_begin(begins: NumericDate, now: Time, leeway_ms: i64) -> Result<(), Refusal> {
    if now.plus_ms(leeway_ms) >= begins.time() { Ok(()) } else { Err(Refusal::NotYet) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_what_it_says() {
        let json = URL_SAFE_NO_PAD.decode(HEADER).unwrap();
        assert_eq!(json, br#"{"typ":"JWT","alg":"HS256"}"#);
    }

    #[test]
    fn times_are_numbers_between_1970_and_9999() {
        let read = |json: &str| serde_json::from_str::<NumericDate>(json).ok().map(|date| date.0);
        assert_eq!(read("1700000000"), Some(1_700_000_000));
        assert_eq!(read("1700000000.75"), Some(1_700_000_000));
        assert_eq!(read("1.7e9"), Some(1_700_000_000));
        for bad in ["\"soon\"", "-1", "1e400", "9223372036854775808", "null", "[1]", "true", "253402300800"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_holds_between_its_times() {
        let now = Time::from_micros(1_700_000_000_500_000);
        let at = |seconds: i64| NumericDate(1_700_000_000 + seconds);
        let ends = |seconds, leeway_ms| check_end(at(seconds), now, leeway_ms);
        assert_eq!(ends(-30, 45_000), Ok(()));
        assert_eq!(ends(-61, 45_000), Err(Refusal::Ended));
        assert_eq!((ends(1, 0), ends(0, 0)), (Ok(()), Err(Refusal::Ended)));
        let begins = |seconds, leeway_ms| check_begin(at(seconds), now, leeway_ms);
        assert_eq!((begins(30, 45_000), begins(61, 45_000)), (Ok(()), Err(Refusal::NotYet)));
        assert_eq!((begins(0, 0), begins(1, 0)), (Ok(()), Err(Refusal::NotYet)));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_a_token_by_chance(text in ".{0,300}", dotted in "[A-Za-z0-9_=-]{0,40}(\\.[A-Za-z0-9_=-]{0,40}){1,4}") {
            let key = Key::secret("a secret that only the tests share");
            for token in [text.as_str(), dotted.as_str(), &format!("{HEADER}.{dotted}"), &format!("{HEADER}.{text}")] {
                let verified = Unverified::parse(token).is_ok_and(|token| token.verify(&key).is_some());
                proptest::prop_assert!(!verified, "{}", token);
            }
        }
    }

    #[test]
    fn other_kinds_of_tokens_are_told_apart() {
        for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
            assert!(is_access_token(typ), "{typ}");
        }
        for typ in ["logout+jwt", "secevent+jwt", "", "JOSE"] {
            assert!(!is_access_token(typ), "{typ}");
        }
    }
}
