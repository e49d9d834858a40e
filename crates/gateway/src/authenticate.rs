//! Who is asking. One path for both doors: a token becomes an actor here, or the request ends here.

use std::net::IpAddr;

use fireside_kernel::{Actor, Error};
use fireside_protocol::Reason;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::gateway::Gateway;
use crate::limits::{Class, Subject};

/// Longest token that is looked at, in bytes. Ours have some 300; hosts put more into theirs.
const TOKEN_MAX_BYTES: usize = 8 * 1024;

/// The token of `Authorization: Bearer …`; none where the header is absent or of another scheme. A token in
/// a URL is never looked at: URLs end up in logs and histories.
///
/// # Errors
/// `unauthenticated` for two such headers, of which a proxy might have checked the other one, and for a
/// value that no token can have.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let value = value.to_str().ok().filter(|_| values.next().is_none()).ok_or_else(invalid)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    Ok(Some(token.trim_matches(' ')))
}

fn invalid() -> Error {
    Error::unauthenticated("The credentials are not valid")
}

impl Gateway {
    /// The actor behind a token; without one, nobody.
    ///
    /// # Errors
    /// `unauthenticated` for a token that is not valid, `rate_limited` for an address that has tried too
    /// many of those, `overloaded` when it cannot be told now.
    pub async fn identify(&self, token: Option<&str>, address: IpAddr) -> Result<Actor, Error> {
        let Some(token) = token else { return Ok(Actor::Anonymous) };
        let subject = Subject::Address(address);
        self.limits.peek(subject, Class::Credentials)?;
        let fits = !token.is_empty() && token.len() <= TOKEN_MAX_BYTES;
        let identity = if fits { self.authenticator.authenticate(token).await } else { Err(invalid()) };
        if identity.as_ref().is_err_and(|error| error.reason == Reason::Unauthenticated) {
            self.limits.charge(subject, Class::Credentials);
        }
        identity.map(Actor::User)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn token(values: &[&'static str]) -> Result<Option<String>, Reason> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        bearer(&headers).map(|token| token.map(str::to_owned)).map_err(|error| error.reason)
    }

    #[test]
    fn the_scheme_is_read_in_any_case() {
        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(token(&[value]), Ok(Some("abc".into())), "{value}");
        }
    }

    #[test]
    fn other_schemes_are_no_token() {
        assert_eq!(token(&[]), Ok(None));
        assert_eq!(token(&["Basic abc"]), Ok(None));
        assert_eq!(token(&["Bearerabc"]), Ok(None));
        assert_eq!(token(&["Bearer"]), Ok(Some(String::new())));
    }

    #[test]
    fn two_headers_are_no_credentials() {
        assert_eq!(token(&["Bearer abc", "Bearer def"]), Err(Reason::Unauthenticated));
    }
}
