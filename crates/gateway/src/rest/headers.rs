//! What every request must have right before anything else is looked at, and what every answer carries.

use std::net::Ipv6Addr;
use std::sync::Arc;

use fireside_kernel::{Error, Names};
use fireside_protocol::{ClientId, Reason};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Version, request};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For pages: everything from here, nothing inline, no text turned into markup, in no one's frame.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);
/// For everything that is no page, should a browser be made to show it as one.
const DATA_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Checks the request's target and `Host`.
///
/// # Errors
/// `malformed`.
pub(super) fn check(head: &request::Parts) -> Result<(), Error> {
    let target = head.uri.path_and_query().map_or("", |target| target.as_str());
    if !target.is_ascii() {
        return Err(Error::new(Reason::Malformed, "The URL is not valid percent-encoded UTF-8"));
    }
    let mut hosts = head.headers.get_all(HOST).iter();
    let is_right = match hosts.next() {
        Some(host) => hosts.next().is_none() && is_authority(host.as_bytes()),
        // Old health checkers speak HTTP/1.0, which knows no Host.
        None => head.version < Version::HTTP_11,
    };
    if is_right {
        Ok(())
    } else {
        Err(Error::new(Reason::Malformed, "The Host header is missing or not valid"))
    }
}

/// `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`, and nothing that some reader takes for more.
fn is_authority(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let (is_name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => (address.parse::<Ipv6Addr>().is_ok(), port),
            None => return false,
        },
        None => {
            let end = host.find(':').unwrap_or(host.len());
            let (name, port) = host.split_at(end);
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            (!name.is_empty() && name.bytes().all(is_plain), port)
        }
    };
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    is_name && is_port
}

/// The request's id: the one it came with, if that is a harmless word, or a new one.
pub(super) fn request_id(headers: &HeaderMap, names: &Names) -> Arc<str> {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let is_harmless = |id: &&str| {
        let mut bytes = id.bytes();
        (1..=64).contains(&id.len()) && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    given.filter(is_harmless).map_or_else(|| names.word().into(), Arc::from)
}

/// The client's own name for a write.
///
/// # Errors
/// `validation` for one of the wrong form.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<ClientId>, Error> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().ok().filter(|_| values.next().is_none()).and_then(ClientId::parse);
    let wrong = || Error::validation("Idempotency-Key", ClientId::FORM);
    key.map(Some).ok_or_else(wrong)
}

/// What pages and their parts carry besides. Scripts too: a worker keeps to the policy of its script.
pub(super) fn secure_page(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
}

/// What every answer carries, whatever it is.
pub(super) fn secure(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    // Pages have set their own.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(DATA_POLICY);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_ports() {
        for good in
            ["a", "chat.example.org", "a_b:1", "127.0.0.1:3000", "[::1]", "[2001:db8::1]:443", "LOCALHOST"]
        {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
        for bad in [
            "", ":80", "a@b", "a/b", "a@b/c", "a:b", "a:", "a:65536", "a:80:80", "[::1", "[x]", "[::1]x",
            "a b", "a,b", "a?b", "a#b", "é", "a%41",
        ] {
            assert!(!is_authority(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_strange_request_id_is_replaced() {
        let names = Names::random();
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("abc_-9"));
        assert_eq!(&*request_id(&headers, &names), "abc_-9");
        for bad in ["", "a b", "a\"b", "x".repeat(65).as_str()] {
            headers.insert(REQUEST_ID, HeaderValue::from_str(bad).unwrap());
            let made = request_id(&headers, &names);
            assert!(*made != *bad && made.len() == 13, "{bad:?} became {made}");
        }
    }

    #[test]
    fn pages_allow_nothing_inline() {
        let policy = PAGE_POLICY.to_str().unwrap().to_owned();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("trusted-types 'none'"));
        assert!(!policy.contains("unsafe"));
    }
}
