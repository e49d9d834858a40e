//! Which pages of other origins may read the answers. An origin that is not allowed is answered without a
//! word about it, and never repeated back.

use fireside_socketio::Origins;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, request};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, Idempotency-Key, X-Request-Id");
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Link, X-Limit, X-Room-Seq, X-Room-Epoch, X-Request-Id, Retry-After, Idempotent-Replayed",
);
/// Seconds for which a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Whether a request only asks what may be asked.
pub(super) fn is_preflight(head: &request::Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Adds what lets a page of an allowed origin read the answer.
pub(super) fn allow(origins: &Origins, head: &request::Parts, answer: &mut HeaderMap) {
    let list = match origins {
        // A page of our own origin needs no permission.
        Origins::SameOrigin => return,
        Origins::Any => {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return details(head, answer);
        }
        Origins::List(list) => list,
    };
    // Also without the header: a cache must not hand one origin's answer to another.
    answer.append(VARY, HeaderValue::from_static("origin"));
    let mut given = head.headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (given.next(), given.next()) else { return };
    let is_listed =
        |text: &str| list.iter().any(|known| known.trim_end_matches('/').eq_ignore_ascii_case(text));
    if origin.to_str().is_ok_and(is_listed) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        details(head, answer);
    }
}

fn details(head: &request::Parts, answer: &mut HeaderMap) {
    if is_preflight(head) {
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        answer.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    } else {
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
}
