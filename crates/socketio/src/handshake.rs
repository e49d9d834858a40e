//! What is known of a client from its first request.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use parking_lot::Mutex;

use crate::config::{Config, Transport};
use crate::query;

/// The other end of the TCP connection that a request came on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub addr: SocketAddr,
    /// Whether the client speaks TLS, to us or to a proxy that we trust.
    pub tls: bool,
}

/// A request that asks for a new session, before anything was opened for it.
#[derive(Debug)]
pub struct HandshakeRequest<'a> {
    /// The other end of the connection.
    pub peer: Peer,
    /// The transport asked for.
    pub transport: Transport,
    /// Path and query.
    pub uri: &'a Uri,
    /// All headers.
    pub headers: &'a HeaderMap,
}

/// The answer to a handshake that the owner's code refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body, a JSON text.
    pub body: Bytes,
    /// Seconds to put in `Retry-After`.
    pub retry_after_s: Option<u32>,
}

impl Refusal {
    /// A refusal in the form of Engine.IO's own errors.
    #[must_use]
    pub fn forbidden() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            body: Bytes::from_static(br#"{"code":4,"message":"Forbidden"}"#),
            retry_after_s: None,
        }
    }
}

/// What is kept of the first request for as long as the session lives.
#[derive(Debug)]
pub struct Handshake {
    peer: Peer,
    transport: Transport,
    query: Box<str>,
    /// Lines `name:value`: a map of headers would cost more than the rest of an idle connection.
    headers: Mutex<Box<[u8]>>,
}

impl Handshake {
    pub(crate) fn new(request: &HandshakeRequest<'_>, config: &Config) -> Self {
        let mut kept = Vec::new();
        for name in &config.keep_headers {
            for value in request.headers.get_all(name) {
                kept.extend_from_slice(name.as_str().as_bytes());
                kept.push(b':');
                kept.extend_from_slice(value.as_bytes());
                kept.push(b'\n');
            }
        }
        Self {
            peer: request.peer,
            transport: request.transport,
            query: request.uri.query().unwrap_or_default().into(),
            headers: Mutex::new(kept.into_boxed_slice()),
        }
    }

    /// The other end of the first connection.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// The transport that the session began with.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The query string of the first request, as it came.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The first value of a parameter of the query, decoded.
    #[must_use]
    pub fn query_parameter(&self, name: &str) -> Option<String> {
        query::parameter(&self.query, name)
    }

    /// The first value of a header, if [`Config::keep_headers`] names it.
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<HeaderValue> {
        let headers = self.headers.lock();
        headers.split(|byte| *byte == b'\n').find_map(|line| {
            let value = line.strip_prefix(name.as_str().as_bytes())?.strip_prefix(b":")?;
            HeaderValue::from_bytes(value).ok()
        })
    }

    /// Forgets all headers: once a credential has been checked it need not stay in memory.
    pub fn forget_headers(&self) {
        *self.headers.lock() = Box::default();
    }
}
