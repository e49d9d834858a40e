//! Tokens of a host application: JWTs signed with HS256 (RFC 7519, RFC 2104), so that a cast of people costs no
//! password hashing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The secret that the server under test shares with its host application.
pub const SECRET: &str = "stories-only-0123456789-0123456789-0123456789";

/// A token for the user of this id and name, that ends at `expires_at` (seconds since 1970).
pub fn host_token(user: &str, expires_at: i64) -> String {
    let name = format!("{}{}", user[..1].to_uppercase(), &user[1..]);
    sign(&json!({ "sub": user, "preferred_username": user, "name": name, "exp": expires_at }))
}

/// A token with these claims.
pub fn sign(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let body = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(hmac(SECRET.as_bytes(), body.as_bytes()));
    format!("{body}.{signature}")
}

/// HMAC with SHA-256 for keys of at most one block (64 bytes).
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, test case 2.
        let digest = hmac(b"Jefe", b"what do ya want for nothing?");
        let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
