//! Accepts connections and serves HTTP/1.1 on them within limits: a client that sends nothing, sends slowly,
//! sends too much or does not read costs a bounded amount of memory for a bounded time.
//!
//! This is a thin layer over hyper, made because `axum::serve` lets none of these limits be set, and because it
//! knows the connection's type, so that a WebSocket keeps nothing but the bare socket.

pub(crate) mod body;
pub(crate) mod stream;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::handshake::Peer;
use stream::Stream;

pub use body::{BodyError, discard, read_body};

/// How long to wait when the process has no file descriptor left: accepting again at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The least that hyper accepts as the size of its buffer.
const SMALLEST_BUFFER: usize = 8192;

/// What a connection may cost.
#[derive(Clone, Debug)]
pub struct HttpLimits {
    /// Bytes of a request's head; more is answered 431. Default 16 KiB.
    pub max_head_bytes: usize,
    /// Headers of a request; more is answered 431. Default 100.
    pub max_headers: usize,
    /// Time for the TLS handshake, for a request's head, and for which a connection may rest between two
    /// requests. Default 10 s.
    pub head_timeout: Duration,
    /// Time that a write may wait for a client that does not read. Default 30 s.
    pub write_timeout: Duration,
    /// Time for which the kernel keeps sent data that is not acknowledged (`TCP_USER_TIMEOUT`, Linux only).
    /// Default 30 s.
    pub unacknowledged_timeout: Option<Duration>,
    /// Connections at a time, WebSockets included; more wait to be accepted. Default 65,536.
    pub max_connections: usize,
    /// Time that requests in flight may take after the shutdown signal. Default 10 s.
    pub drain_timeout: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            max_head_bytes: 16 * 1024,
            max_headers: 100,
            head_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            unacknowledged_timeout: Some(Duration::from_secs(30)),
            max_connections: 65_536,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// Serves until `shutdown` is ready; then stops accepting, lets the requests in flight finish, and returns.
///
/// WebSockets are no requests in flight: their server ends them, see
/// [`Server::close_all`](crate::Server::close_all).
pub async fn serve<S, F, B>(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    service: S,
    limits: HttpLimits,
    shutdown: impl Future<Output = ()>,
) where
    S: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    let (draining, watch_draining) = watch::channel(false);
    let (running, mut all_done) = mpsc::channel::<Infallible>(1);
    let acceptor = tls.map(TlsAcceptor::from);
    let limits = Arc::new(limits);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = &mut shutdown => break,
        };
        let (stream, addr, permit) = accepted;
        let connection = Connection {
            acceptor: acceptor.clone(),
            service: service.clone(),
            limits: Arc::clone(&limits),
            draining: watch_draining.clone(),
            _running: running.clone(),
        };
        tokio::spawn(connection.run(stream, addr, permit));
    }
    drop(listener);
    // Without receivers there is nobody to tell.
    let _ = draining.send(true);
    drop(running);
    // Ends when the last connection has dropped its sender.
    let _ = all_done.recv().await;
}

/// Waits for a free slot and a connection.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let permit = Arc::clone(slots).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, addr)) => return (stream, addr, permit),
            Err(error) if is_about_one_connection(&error) => {}
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// What one connection's task needs.
struct Connection<S> {
    acceptor: Option<TlsAcceptor>,
    service: S,
    limits: Arc<HttpLimits>,
    draining: watch::Receiver<bool>,
    /// Dropped when the task ends.
    _running: mpsc::Sender<Infallible>,
}

impl<S, F, B> Connection<S>
where
    S: Fn(Request<Incoming>, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn run(mut self, stream: TcpStream, addr: SocketAddr, permit: OwnedSemaphorePermit) {
        let peer = Peer { addr, tls: self.acceptor.is_some() };
        tune(&stream, &self.limits);
        let write_timeout = self.limits.write_timeout;
        let stream = match self.acceptor.take() {
            None => Stream::plain(stream, permit, write_timeout),
            Some(acceptor) => {
                match tokio::time::timeout(self.limits.head_timeout, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => Stream::tls(stream, permit, write_timeout),
                    // No HTTP was spoken, so there is nobody to answer.
                    Ok(Err(_)) | Err(_) => return,
                }
            }
        };
        // Boxed, or every idle connection would hold the size of the largest request.
        Box::pin(self.serve(stream, peer)).await;
    }

    async fn serve(mut self, stream: Stream, peer: Peer) {
        let service = self.service.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let answer = has_valid_host(&request).then(|| service(request, peer));
            async move {
                Ok::<_, Infallible>(match answer {
                    Some(answer) => answer.await.map(Either::Left),
                    None => bad_host().map(Either::Right),
                })
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_timeout)
            .max_headers(self.limits.max_headers)
            .max_header_size(self.limits.max_head_bytes)
            .max_buf_size(self.limits.max_head_bytes.max(SMALLEST_BUFFER))
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        // An error concerns this connection alone: whoever was at its other end knows.
        tokio::select! {
            _ = &mut connection => return,
            _ = self.draining.wait_for(|draining| *draining) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(self.limits.drain_timeout, connection).await;
    }
}

fn tune(stream: &TcpStream, limits: &HttpLimits) {
    // Both only ever fail on a connection that is gone already.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(stream).set_tcp_user_timeout(limits.unacknowledged_timeout);
    #[cfg(not(target_os = "linux"))]
    let _ = (SockRef::from(stream), limits);
}

/// Whether the request names one host, and nothing but a host (RFC 9112, section 3.2).
fn has_valid_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host
            .to_str()
            .is_ok_and(|host| host.is_empty() || (!host.contains('@') && host.parse::<Authority>().is_ok())),
        (None, _) => request.version() < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

fn bad_host() -> Response<Full<Bytes>> {
    let body = r#"{"message":"Bad Host header","statusCode":400}"#;
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::has_valid_host;

    fn valid(hosts: &[&str]) -> bool {
        let request = hosts.iter().fold(Request::builder(), |request, host| request.header("host", *host));
        has_valid_host(&request.body(()).unwrap())
    }

    #[test]
    fn one_plain_host_is_asked_for() {
        assert!(valid(&["chat.example"]) && valid(&["[::1]:3000"]) && valid(&["localhost:3000"]));
        for hosts in [&[][..], &["a", "a"], &["a@b"], &["a@b/c"], &["a/b"], &["a b"]] {
            assert!(!valid(hosts), "{hosts:?}");
        }
    }
}
