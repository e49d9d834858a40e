//! Tokens as a host application and an attacker would make them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// The secret of the host application.
pub(in crate::sessions) const SECRET: &str = "a secret that only the tests share";

/// A key to sign with. The private keys were made for these tests and open nothing.
pub(in crate::sessions) struct Signer {
    key: EncodingKey,
    algorithm: Algorithm,
}

fn der(text: &str) -> Vec<u8> {
    STANDARD.decode(text.trim()).expect("base64")
}

impl Signer {
    pub(in crate::sessions) fn secret(secret: &[u8]) -> Self {
        Self { key: EncodingKey::from_secret(secret), algorithm: Algorithm::HS256 }
    }

    pub(in crate::sessions) fn rsa() -> Self {
        Self {
            key: EncodingKey::from_rsa_der(&der(include_str!("keys/rsa.b64"))),
            algorithm: Algorithm::RS256,
        }
    }

    pub(in crate::sessions) fn ec() -> Self {
        Self { key: EncodingKey::from_ec_der(&der(include_str!("keys/ec.b64"))), algorithm: Algorithm::ES256 }
    }

    pub(in crate::sessions) fn ed() -> Self {
        Self { key: EncodingKey::from_ed_der(&der(include_str!("keys/ed.b64"))), algorithm: Algorithm::EdDSA }
    }

    pub(in crate::sessions) fn all() -> [Self; 3] {
        [Self::rsa(), Self::ec(), Self::ed()]
    }

    /// Its name, as published.
    pub(in crate::sessions) fn kid(&self) -> String {
        format!("key-{:?}", self.algorithm)
    }

    /// A token with a plain header.
    pub(in crate::sessions) fn token(&self, claims: &Value) -> String {
        self.with_header(&json!({"alg": format!("{:?}", self.algorithm), "kid": self.kid()}), claims)
    }

    /// A token with any header, signed by this key whatever the header says.
    pub(in crate::sessions) fn with_header(&self, header: &Value, claims: &Value) -> String {
        self.sign(&format!("{}.{}", part(header), part(claims)))
    }

    /// Signs a text as if it were a token.
    pub(in crate::sessions) fn sign(&self, signed: &str) -> String {
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.key, self.algorithm).expect("it signs");
        format!("{signed}.{signature}")
    }

    /// The public key as published.
    pub(in crate::sessions) fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("a public key");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = self.kid().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// The public key in the forms in which an attacker may take it for a shared secret.
    pub(in crate::sessions) fn public_bytes(&self) -> Vec<Vec<u8>> {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("a public key");
        let parts = match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => vec![rsa.n.clone(), rsa.e.clone()],
            AlgorithmParameters::EllipticCurve(ec) => vec![ec.x.clone(), ec.y.clone()],
            AlgorithmParameters::OctetKeyPair(ed) => vec![ed.x.clone()],
            other => panic!("{other:?}"),
        };
        let decoded = parts.iter().map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64"));
        let texts = parts.iter().map(|part| part.clone().into_bytes());
        decoded.chain(texts).chain([serde_json::to_vec(&self.jwk()).expect("JSON"), Vec::new()]).collect()
    }
}

/// A part of a token.
pub(in crate::sessions) fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// A key set.
pub(in crate::sessions) fn key_set(signers: &[Signer]) -> String {
    json!({"keys": signers.iter().map(Signer::jwk).collect::<Vec<_>>()}).to_string()
}

/// Claims of a user that hold for an hour from `now`, in seconds.
pub(in crate::sessions) fn claims(sub: &str, now: i64) -> Value {
    json!({"sub": sub, "exp": now + 3600})
}
