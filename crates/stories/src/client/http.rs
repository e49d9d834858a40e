//! A plain HTTP/1.1 client: one request at a time on a connection, connections kept for the next request.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpStream;

use super::PATIENCE;

/// A client of one server.
#[derive(Debug)]
pub struct Http {
    address: SocketAddr,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Call<'a> {
    /// `GET`, `POST` …
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Bearer token.
    pub token: Option<&'a str>,
    /// More headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body, and its type unless `headers` has one.
    pub body: Option<(&'static str, String)>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub text: String,
}

impl Reply {
    /// The body as JSON; null where there is none.
    ///
    /// # Panics
    /// If it is something else.
    pub fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// A header, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Http {
    /// A client of the server at `address`.
    pub fn new(address: SocketAddr) -> Http {
        Http { address, idle: Mutex::default() }
    }

    /// Makes a request and reads the whole answer.
    ///
    /// # Errors
    /// When there is no answer: the server refused the connection, closed it, or was silent for too long.
    pub async fn send(&self, call: Call<'_>) -> Result<Reply, String> {
        self.send_within(call, PATIENCE).await
    }

    /// The same, for an answer that may take its time.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn send_within(&self, call: Call<'_>, limit: Duration) -> Result<Reply, String> {
        let exchange = async {
            let mut connection = self.connection().await?;
            let response = connection.send_request(self.request(&call)?).await.map_err(text)?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(text)?.to_bytes();
            self.idle.lock().push(connection);
            let text = String::from_utf8(body.to_vec()).map_err(text)?;
            Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, text })
        };
        let answered = tokio::time::timeout(limit, exchange).await;
        answered.unwrap_or_else(|_| Err(format!("no answer within {limit:?}")))
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::builder().method(call.method).uri(call.path);
        request = request.header(HOST, self.address.to_string());
        if let Some(token) = call.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        let body = match &call.body {
            None => Full::default(),
            Some((content_type, text)) => {
                if !call.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                    request = request.header(CONTENT_TYPE, *content_type);
                }
                Full::from(text.clone())
            }
        };
        request.body(body).map_err(text)
    }

    /// A kept connection that still works, or a new one.
    async fn connection(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        while let Some(mut kept) = self.take_idle() {
            if kept.ready().await.is_ok() {
                return Ok(kept);
            }
        }
        let stream = TcpStream::connect(self.address).await.map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
        // It ends with the last sender, or when the server closes it; both are seen by the sender.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        self.idle.lock().pop()
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
