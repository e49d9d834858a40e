//! Sets of published keys (RFC 7517), as far as they can verify signatures. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::sessions::jwt::Key;

/// Most keys that are read of one set.
const KEYS_MAX: usize = 64;
/// Shortest modulus of an RSA key, in bytes (RFC 7518 §3.3), and the longest that is worth its time.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// A published key.
#[derive(Debug, Clone)]
pub(super) struct PublishedKey {
    /// Its name.
    pub(super) kid: Option<String>,
    /// The algorithm it is for, by its own word or kind.
    pub(super) algorithm: Algorithm,
    /// The key.
    pub(super) key: Key,
}

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    r#use: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

/// Reads a set. Keys of kinds we do not know, too weak or for other uses are left out, as RFC 7517 §5 says.
///
/// # Errors
/// If it is no key set, or has no key that we can use.
pub(super) fn parse(json: &[u8]) -> Result<Vec<PublishedKey>, String> {
    let set: Set<'_> = serde_json::from_slice(json).map_err(|error| format!("not a key set: {error}"))?;
    let known = set.keys.iter().take(KEYS_MAX).filter_map(|jwk| serde_json::from_str(jwk.get()).ok());
    let keys: Vec<_> = known.filter_map(read).collect();
    if keys.is_empty() { Err("no key in it can verify RS256, ES256 or EdDSA".to_owned()) } else { Ok(keys) }
}

fn read(jwk: Jwk) -> Option<PublishedKey> {
    if jwk.r#use.as_deref().is_some_and(|r#use| r#use != "sig") {
        return None;
    }
    let (fitting, decoding): (&[Algorithm], _) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => {
            let (n, e) = (bytes(&jwk.n)?, bytes(&jwk.e)?);
            let leading_zeros = n.iter().take_while(|byte| **byte == 0).count();
            if !RSA_BYTES.contains(&(n.len() - leading_zeros)) {
                return None;
            }
            (&RSA, DecodingKey::from_rsa_raw_components(&n, &e))
        }
        ("EC", Some("P-256")) => (&[Algorithm::ES256], point(&jwk, 32)?),
        ("EC", Some("P-384")) => (&[Algorithm::ES384], point(&jwk, 48)?),
        ("OKP", Some("Ed25519")) => {
            // The library cuts off what is longer, and panics at what is shorter.
            let x = bytes(&jwk.x).filter(|x| x.len() == 32)?;
            (&[Algorithm::EdDSA], DecodingKey::from_ed_der(&x))
        }
        _ => return None,
    };
    // An `alg` that does not fit the kind is not to be guessed at; HS256 fits none.
    let algorithm = match &jwk.alg {
        None => fitting[0],
        Some(alg) => alg.parse().ok().filter(|alg| fitting.contains(alg))?,
    };
    Some(PublishedKey { kid: jwk.kid, algorithm, key: Key::new(decoding, algorithm) })
}

/// What an RSA key may be for; the first one where it does not say.
const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

fn point(jwk: &Jwk, coordinate_bytes: usize) -> Option<DecodingKey> {
    let fits = |part: &Option<String>| bytes(part).is_some_and(|bytes| bytes.len() == coordinate_bytes);
    if !fits(&jwk.x) || !fits(&jwk.y) {
        return None;
    }
    DecodingKey::from_ec_components(jwk.x.as_deref()?, jwk.y.as_deref()?).ok()
}

fn bytes(part: &Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part.as_deref()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn algorithms(keys: &str) -> Vec<Algorithm> {
        let set = format!(r#"{{"keys":[{keys}]}}"#);
        parse(set.as_bytes()).map(|keys| keys.iter().map(|key| key.algorithm).collect()).unwrap_or_default()
    }

    fn of(bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0x55; bytes])
    }

    #[test]
    fn a_key_has_the_algorithm_of_its_kind() {
        let rsa = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, of(256));
        let pss = format!(r#"{{"kty":"RSA","alg":"PS384","use":"sig","n":"{}","e":"AQAB"}}"#, of(256));
        let ec = format!(
            r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}","kid":"a","extra":[1]}}"#,
            of(32),
            of(32)
        );
        let ed = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, of(32));
        let found = algorithms(&[rsa, pss, ec, ed].join(","));
        assert_eq!(found, [Algorithm::RS256, Algorithm::PS384, Algorithm::ES256, Algorithm::EdDSA]);
    }

    #[test]
    fn what_cannot_verify_is_left_out() {
        let secret = format!(r#"{{"kty":"oct","k":"{}","alg":"HS256"}}"#, of(32));
        let swapped = format!(r#"{{"kty":"RSA","alg":"HS256","n":"{}","e":"AQAB"}}"#, of(256));
        let weak = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, of(128));
        let short = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, of(31));
        let other_use = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}","use":"enc"}}"#, of(32));
        let other_curve = format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{}","y":"{}"}}"#, of(32), of(32));
        let half = format!(r#"{{"kty":"EC","crv":"P-256","x":"{}"}}"#, of(32));
        for bad in
            [secret, swapped, weak, short, other_use, other_curve, half, "5".into(), r#"{"kty":1}"#.into()]
        {
            assert_eq!(algorithms(&bad), [], "{bad}");
        }
        assert!(parse(b"<html>").is_err());
    }
}
