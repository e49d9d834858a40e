//! Answers: replies of operations, problem documents (RFC 9457), and the server's own small JSON.

use bytes::Bytes;
use fireside_kernel::Error;
use fireside_protocol::error::Problem;
use fireside_protocol::{Operation, Rest};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Method, StatusCode};

/// An answer whose body is complete.
pub(super) type Response = http::Response<Bytes>;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Where the reasons are explained; the reason is the fragment.
pub(crate) const ERRORS_PATH: &str = "/docs/errors";

/// An answer with a body of this type.
pub(super) fn with_body(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// Some JSON of the server itself.
pub(super) fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    with_body(status, JSON, body.to_string())
}

/// What an operation answered.
///
/// # Errors
/// `internal` for a status or header that HTTP does not know: a mistake of the reply's type.
pub(super) fn reply(rest: Rest, status: u16) -> Result<Response, Error> {
    let status = rest.status.unwrap_or(status);
    let wrong = |what: String| Error::internal(format!("a reply has {what}"));
    let code = StatusCode::from_u16(status).map_err(|_| wrong(format!("the status {status}")))?;
    let mut response = if rest.body.is_empty() { empty(code) } else { with_body(code, JSON, rest.body) };
    for (name, value) in rest.headers {
        let value =
            HeaderValue::from_str(&value).map_err(|_| wrong(format!("the header {name}: {value:?}")))?;
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(response)
}

/// The answer to a request that failed.
pub(super) fn problem(error: &Error, operation: Option<&Operation>, request_id: &str) -> Response {
    let reason = error.reason;
    let problem = Problem {
        kind: format!("{ERRORS_PATH}#{}", reason.as_str()),
        title: reason.title().to_owned(),
        status: reason.status(),
        detail: error.message.to_string(),
        status_code: reason.status(),
        request_id: request_id.to_owned(),
        error: error.body(operation),
    };
    let status = StatusCode::from_u16(reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = with_body(status, PROBLEM, body);
    let headers = response.headers_mut();
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        let seconds = error.retry_after_ms.unwrap_or(1).div_ceil(1000).max(1);
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Adds the methods that a path knows.
pub(super) fn allow(mut response: Response, methods: &[Method]) -> Response {
    let list = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    if let Ok(list) = HeaderValue::from_str(&list) {
        response.headers_mut().insert(ALLOW, list);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use fireside_protocol::messages::SendMessage;
    use fireside_protocol::{Reason, Request};

    #[test]
    fn a_problem_says_everything_twice_where_clients_look_for_it() {
        let error = Error { retry_after_ms: Some(1_001), ..Error::new(Reason::RateLimited, "Wait") };
        let response = problem(&error, Some(&SendMessage::OPERATION), "abc");
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        let expected = serde_json::json!({
            "type": "/docs/errors#rate_limited", "title": "Too many requests", "status": 429, "detail": "Wait",
            "statusCode": 429, "requestId": "abc", "code": "SEND_FAILED", "reason": "rate_limited",
            "message": "Wait", "retryable": true, "retryAfterMs": 1001,
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn a_reply_cannot_smuggle_a_header() {
        let headers = vec![("link", "<a>\r\nset-cookie: x=1".to_owned())];
        let error =
            reply(Rest { body: Vec::new(), headers, status: None }, 200).expect_err("CR LF in a header");
        assert_eq!(error.reason, Reason::Internal);
    }
}
