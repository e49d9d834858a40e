//! Access tokens and refresh tokens of our own.
//!
//! An access token is a JWT that names its user and session; it says nothing of rights, which are looked up. A
//! refresh token is a secret of which only the hash is stored. Its successor follows from it by a key, so that
//! the same request, sent again because the answer was lost, gets the same answer.

use fireside_kernel::{Error, Names, Result};
use fireside_protocol::{SessionId, Time, UserId};
use jsonwebtoken::EncodingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::jwt::{self, Key, NumericDate, Refusal, Unverified};

/// Who makes our tokens, and for whom.
const FIRESIDE: &str = "fireside";
/// The clocks of two nodes may differ by so much.
const NODES_DIFFER_MS: i64 = 5_000;

/// Makes and reads tokens with the server's key.
pub(super) struct Tokens {
    signing: EncodingKey,
    verifying: Key,
    names: Names,
}

#[derive(Serialize)]
struct Issued<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    sid: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    nbf: NumericDate,
    exp: NumericDate,
}

/// What a token of ours says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    /// Whose it is.
    pub(super) user: UserId,
    /// The session it belongs to.
    pub(super) session: SessionId,
    /// When it ends.
    pub(super) expires_at: Time,
}

impl Tokens {
    /// With the server's key.
    pub(super) fn new(key: &str, names: Names) -> Self {
        Self { signing: EncodingKey::from_secret(key.as_bytes()), verifying: Key::secret(key), names }
    }

    /// A new access token.
    ///
    /// # Errors
    /// `internal` if the library cannot sign.
    pub(super) fn issue(&self, access: &Access, now: Time) -> Result<String> {
        let claims = Issued {
            iss: FIRESIDE,
            aud: FIRESIDE,
            sub: access.user.as_str(),
            sid: access.session.as_str(),
            iat: now.as_seconds(),
            nbf: now.as_seconds(),
            exp: access.expires_at.as_seconds(),
            jti: self.names.word(),
        };
        jwt::sign(&claims, &self.signing).map_err(Error::internal)
    }

    /// Reads a token; none if the server's key has not made it.
    ///
    /// # Errors
    /// If the server's key has made it and it does not hold.
    pub(super) fn read(&self, token: &Unverified<'_>, now: Time) -> Result<Option<Access>, Refusal> {
        let Some(verified) = token.verify(&self.verifying) else { return Ok(None) };
        let claims: Claims = verified.claims()?;
        if claims.iss != FIRESIDE {
            return Err(Refusal::Issuer);
        }
        if claims.aud != FIRESIDE {
            return Err(Refusal::Audience);
        }
        jwt::check_end(claims.exp, now, 0)?;
        jwt::check_begin(claims.nbf, now, NODES_DIFFER_MS)?;
        let user = UserId::parse(&claims.sub).ok_or(Refusal::Subject)?;
        let session = SessionId::parse(&claims.sid).ok_or(Refusal::Subject)?;
        Ok(Some(Access { user, session, expires_at: claims.exp.time() }))
    }

    /// The first refresh token of a session: 256 random bits.
    pub(super) fn refresh_token(&self) -> String {
        self.names.secret()
    }

    /// The proof that this server has given a device its name, for an account.
    ///
    /// # Errors
    /// `internal` if the library cannot sign.
    pub(super) fn prove_device(&self, username: &str, name: &str) -> Result<String> {
        jwt::authenticate(&format!("device:{username}:{name}"), &self.signing).map_err(Error::internal)
    }

    /// The refresh token that follows on another. Nobody without the server's key can tell it from random.
    ///
    /// # Errors
    /// `internal` if the library cannot sign.
    pub(super) fn successor(&self, refresh_token: &str) -> Result<String> {
        // Not the beginning of any JWT, so that neither can stand in for the other.
        jwt::authenticate(&format!("refresh:{refresh_token}"), &self.signing).map_err(Error::internal)
    }
}

/// What is stored of a secret: a hash without salt, because 128 random bits and more need none.
pub(super) fn digest(secret: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(secret) {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    text
}
