//! Which web pages may talk to the server: the answer to the `Origin` header, and the CORS headers.
//!
//! A WebSocket handshake is not subject to the browser's same-origin rule, so the server itself has to refuse
//! a foreign page before it answers `101` (cross-site WebSocket hijacking).

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HOST, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};

/// The origins that are answered. A request without an `Origin` header does not come from a page of another
/// origin and is always answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every origin, without credentials (`Access-Control-Allow-Origin: *`).
    Any,
    /// The origin that the request's `Host` header and the connection's scheme name.
    SameOrigin,
    /// These, each as a browser sends it (`https://chat.example`, `http://localhost:5173`), and
    /// [`Origins::SameOrigin`]: a page that the server itself serves can always use it.
    List(Vec<String>),
}

/// What the `Origin` header of one request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No `Origin` header.
    NotABrowser,
    /// Allowed without credentials.
    Anybody,
    /// Allowed, with credentials.
    Allowed(HeaderValue),
    Refused,
}

impl Origins {
    pub(crate) fn judge(&self, headers: &HeaderMap, tls: bool) -> Verdict {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return Verdict::NotABrowser };
        let (None, Ok(text)) = (origins.next(), origin.to_str()) else { return Verdict::Refused };
        let allowed = match self {
            Self::Any => return Verdict::Anybody,
            Self::SameOrigin => is_own(text, headers, tls),
            Self::List(list) => {
                let is_listed = |known: &String| known.trim_end_matches('/').eq_ignore_ascii_case(text);
                list.iter().any(is_listed) || is_own(text, headers, tls)
            }
        };
        if allowed { Verdict::Allowed(origin.clone()) } else { Verdict::Refused }
    }
}

/// Whether a page of this origin came from the host that the request is for.
fn is_own(origin: &str, headers: &HeaderMap, tls: bool) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| is_origin_of(origin, host, tls))
}

fn is_origin_of(origin: &str, host: &str, tls: bool) -> bool {
    let (scheme, port) = if tls { ("https://", ":443") } else { ("http://", ":80") };
    let Some(rest) = origin.strip_prefix(scheme) else { return false };
    let without_port =
        |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    !rest.is_empty() && without_port(rest) == without_port(host)
}

impl Verdict {
    /// Adds what a browser needs to hand the answer to the page.
    pub(crate) fn allow(&self, headers: &mut HeaderMap) {
        match self {
            Self::NotABrowser | Self::Refused => {}
            Self::Anybody => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
            Self::Allowed(origin) => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
                headers.insert(VARY, HeaderValue::from_static("origin"));
            }
        }
    }

    /// Adds what the answer to a preflight (`OPTIONS`) needs besides [`Verdict::allow`].
    pub(crate) fn allow_preflight(&self, request: &HeaderMap, headers: &mut HeaderMap) {
        self.allow(headers);
        if matches!(self, Self::NotABrowser | Self::Refused) {
            return;
        }
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        if let Some(wanted) = request.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|value| value.len() <= 1024)
        {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HOST, ORIGIN};
    use http::{HeaderMap, HeaderValue};

    use super::{Origins, Verdict};

    fn judge(origins: &Origins, origin: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("good.example"));
        headers.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
        origins.judge(&headers, true) != Verdict::Refused
    }

    #[test]
    fn only_the_exact_origin_is_allowed() {
        for origins in [Origins::SameOrigin, Origins::List(vec!["https://good.example/".into()])] {
            assert!(judge(&origins, "https://good.example"));
            for foreign in [
                "null",
                "https://evil.example",
                "http://good.example",
                "https://good.example:444",
                "https://",
                "https://good.example.evil.com",
                "https://evilgood.example",
                "https://good.example@evil.example",
            ] {
                assert!(!judge(&origins, foreign), "{origins:?} allowed {foreign}");
            }
        }
    }

    #[test]
    fn the_default_port_is_the_same_origin() {
        assert!(judge(&Origins::SameOrigin, "https://good.example:443"));
    }

    #[test]
    fn two_origin_headers_are_refused() {
        let mut headers = HeaderMap::new();
        headers.append(ORIGIN, HeaderValue::from_static("https://good.example"));
        headers.append(ORIGIN, HeaderValue::from_static("https://evil.example"));
        let origins = Origins::List(vec!["https://good.example".into()]);
        assert_eq!(origins.judge(&headers, true), Verdict::Refused);
    }

    #[test]
    fn a_star_never_comes_with_credentials() {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_static("https://any.example"));
        let mut answer = HeaderMap::new();
        Origins::Any.judge(&headers, true).allow(&mut answer);
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!answer.contains_key("access-control-allow-credentials"));
    }
}
