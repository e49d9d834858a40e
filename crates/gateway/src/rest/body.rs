//! Request bodies: what is accepted, how much of it, and for how long one waits.

use std::time::Duration;

use bytes::Bytes;
use fireside_kernel::Error;
use fireside_protocol::Reason;
use fireside_socketio::{BodyError, discard, read_body};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT};
use http_body::Body;

/// Largest body, in bytes.
const BODY_MAX_BYTES: usize = 64 * 1024;
/// Longest time a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a JSON body. An empty one needs no `Content-Type`.
///
/// # Errors
/// `unsupported_media_type`, `payload_too_large`, `timeout`; `malformed` when the client breaks off.
pub(super) async fn read<B>(headers: &HeaderMap, body: &mut B) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    accept(headers)?;
    read_body(body, BODY_MAX_BYTES, BODY_TIMEOUT).await.map_err(|error| match error {
        BodyError::TooLarge => {
            Error::new(Reason::PayloadTooLarge, format!("At most {BODY_MAX_BYTES} bytes are read"))
        }
        BodyError::Timeout => Error::new(Reason::Timeout, "The body took too long to arrive"),
        BodyError::Broken => Error::new(Reason::Malformed, "The body broke off"),
    })
}

/// Only plain JSON: nothing is unpacked here, so nothing can unpack to gigabytes.
fn accept(headers: &HeaderMap) -> Result<(), Error> {
    let refused = |message| Err(Error::new(Reason::UnsupportedMediaType, message));
    let is_plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return refused("Bodies must not be compressed");
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let is_json = types.next().is_some_and(|value| value.to_str().is_ok_and(is_json));
    if is_json && types.next().is_none() { Ok(()) } else { refused("The body must be application/json") }
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// Takes what is left of a body that nobody wants, so that the client reads the answer before the connection
/// is closed under it. False when it was too much or too slow: then the connection has to be closed.
pub(super) async fn drain<B>(headers: &HeaderMap, body: &mut B) -> bool
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.is_end_stream() {
        return true;
    }
    // Reading would ask a waiting client to begin.
    !headers.contains_key(EXPECT) && discard(body).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf8_is_read() {
        for good in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert!(is_json(good), "{good}");
        }
        for bad in
            ["text/plain", "application/jsonp", "application/json; charset=latin1", "", "application/ld+json"]
        {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
