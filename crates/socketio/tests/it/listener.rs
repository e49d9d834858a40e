//! The HTTP listener: slow, silent and oversized clients, TLS, and a graceful end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fireside_socketio::{BodyError, HttpLimits, Peer, read_body, serve};
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Answer, World, config, masked, soon};

fn quick() -> HttpLimits {
    HttpLimits { head_timeout: Duration::from_millis(200), ..HttpLimits::default() }
}

async fn ends(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    let _ = soon("the end", stream.read_to_end(&mut rest)).await;
    rest
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_half_silent_clients_are_closed() {
    let world = World::listening(config(), quick(), None).await;
    for begin in [&b""[..], b"GET / HTTP/1.1\r\nHost: x\r\n"] {
        let mut stream = TcpStream::connect(world.addr).await.unwrap();
        stream.write_all(begin).await.unwrap();
        ends(&mut stream).await;
    }
    let mut idle = TcpStream::connect(world.addr).await.unwrap();
    idle.write_all(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let answer = ends(&mut idle).await;
    assert!(answer.starts_with(b"HTTP/1.1 404 "), "answered, and then closed for resting");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_limited() {
    let world = World::new().await;
    for size in [17_000, 64_000, 450_000] {
        let header = format!("x-large: {}\r\n", "x".repeat(size));
        let answer = world.request("GET", "/", &header, b"").await;
        assert_eq!(answer.status, 431, "{size}");
    }
    let many: String = (0..101).map(|number| format!("x-{number}: 1\r\n")).collect();
    assert_eq!(world.request("GET", "/", &many, b"").await.status, 431);
    let fine = format!("x-fine: {}\r\n", "x".repeat(15_000));
    assert_eq!(world.request("GET", "/", &fine, b"").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_requests_are_refused() {
    let world = World::new().await;
    let host = "host: x\r\n";
    for head in [
        format!("POST / HTTP/1.1\r\n{host}content-length: 4\r\ncontent-length: 5\r\n\r\nabcd"),
        format!("POST / HTTP/1.1\r\n{host}transfer-encoding: xchunked\r\n\r\n"),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\n{host}{host}\r\n"),
        "GET / HTTP/1.1\r\nhost: a@b/c\r\n\r\n".to_owned(),
    ] {
        let mut stream = TcpStream::connect(world.addr).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = Answer::read(&mut stream).await;
        assert_eq!(answer.status, 400, "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_limited_and_websockets_count() {
    let limits = HttpLimits { max_connections: 2, ..HttpLimits::default() };
    let world = World::listening(config(), limits, None).await;
    let first = world.join("alice").await;
    let _second = world.join("bob").await;
    let mut third = TcpStream::connect(world.addr).await.unwrap();
    third.write_all(b"GET /nothing HTTP/1.1\r\nHost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), third.read_u8()).await;
    assert!(early.is_err(), "it waits to be accepted");
    drop(first);
    let mut answer = Vec::new();
    soon("an answer", third.read_to_end(&mut answer)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_its_answer_is_closed() {
    let limits = HttpLimits { write_timeout: Duration::from_millis(200), ..HttpLimits::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let service = |_: http::Request<hyper::body::Incoming>, _: Peer| async {
        http::Response::new(Full::new(bytes::Bytes::from(vec![b'x'; 50_000_000])))
    };
    tokio::spawn(serve(listener, None, service, limits, std::future::pending()));
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    // A write to a connection that the server has dropped fails in the end.
    soon("the connection dropped", async {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_limited_in_size_and_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let service = |request: http::Request<hyper::body::Incoming>, _: Peer| async {
        let status = match read_body(request.into_body(), 10, Duration::from_millis(200)).await {
            Ok(body) => return http::Response::new(Full::new(body)),
            Err(BodyError::TooLarge) => 413,
            Err(BodyError::Timeout) => 408,
            Err(BodyError::Broken) => 400,
        };
        http::Response::builder().status(status).body(Full::default()).unwrap()
    };
    tokio::spawn(serve(listener, None, service, HttpLimits::default(), std::future::pending()));
    for (request, status) in [
        ("content-length: 10\r\n\r\n0123456789", 200),
        ("content-length: 11\r\n\r\n", 413),
        ("content-length: 5\r\n\r\n0", 408),
        ("transfer-encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", 200),
        ("transfer-encoding: chunked\r\n\r\n6\r\n012345\r\n5\r\n56789\r\n0\r\n\r\n", 413),
        ("transfer-encoding: chunked\r\n\r\nffffffffffffffff1\r\n", 400),
    ] {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let head = format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{request}");
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = Answer::read(&mut stream).await;
        assert_eq!(answer.status, status, "{request}");
        assert!(status != 200 || answer.body == "0123456789");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_lets_requests_finish_and_closes_the_door() {
    let world = World::new().await;
    let sid = world.open_polling().await;
    let mut poll = TcpStream::connect(world.addr).await.unwrap();
    let request = format!("GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nhost: x\r\n\r\n");
    poll.write_all(request.as_bytes()).await.unwrap();
    let mut idle = TcpStream::connect(world.addr).await.unwrap();
    idle.write_all(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    soon("an answer", idle.read_exact(&mut first)).await.unwrap();
    world.post(&sid, "40").await;
    let World { stop, serving, addr, server, .. } = world;
    stop.send(()).unwrap();
    ends(&mut idle).await;
    let answer = Answer::read(&mut poll).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    soon("the listener's end", serving).await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
    server.close_all(fireside_socketio::DisconnectReason::ServerShuttingDown);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_over_tls_too() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let world = World::listening(config(), HttpLimits::default(), Some(Arc::new(tls))).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let connect = async || {
        let stream = TcpStream::connect(world.addr).await.unwrap();
        connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
    };

    let mut polling = connect().await;
    polling
        .write_all(
            b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        )
        .await
        .unwrap();
    let mut answer = String::new();
    let _ = polling.read_to_string(&mut answer).await;
    let sid = answer.split("\"sid\":\"").nth(1).unwrap()[..20].to_owned();

    let url = format!("ws://localhost/socket.io/?EIO=4&transport=websocket&sid={sid}");
    let (mut upgraded, _) = tokio_tungstenite::client_async(url, connect().await).await.unwrap();
    upgraded.send(Message::text("2probe")).await.unwrap();
    assert_eq!(upgraded.next().await.unwrap().unwrap(), Message::text("3probe"));
    upgraded.send(Message::text("5")).await.unwrap();
    upgraded.send(Message::text("40{\"name\":\"bob\"}")).await.unwrap();
    assert!(upgraded.next().await.unwrap().unwrap().into_text().unwrap().starts_with("40{"));
    world.reports("connected bob").await;
    drop(upgraded);
    world.reports("disconnected bob: transport close").await;
    world.is_empty().await;

    Box::pin(talk(&world, connect().await)).await;
}

/// Serves one connection of any kind with bare hyper, without the crate's own listener.
fn serve_with_hyper<I>(world: &World, io: I)
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let server = world.server.clone();
    let peer = Peer { addr: world.addr, tls: false };
    let service = hyper::service::service_fn(move |request| {
        let server = server.clone();
        async move { Ok::<_, std::convert::Infallible>(server.call(request, peer).await) }
    });
    let io = hyper_util::rt::TokioIo::new(io);
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(io, service);
    tokio::spawn(connection.with_upgrades());
}

async fn talk<I>(world: &World, io: I)
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let url = "ws://localhost/socket.io/?EIO=4&transport=websocket";
    let (mut client, _) = soon("a websocket", tokio_tungstenite::client_async(url, io)).await.unwrap();
    assert!(client.next().await.unwrap().unwrap().into_text().unwrap().starts_with("0{"));
    client.send(Message::text("40{\"name\":\"alice\"}")).await.unwrap();
    assert!(client.next().await.unwrap().unwrap().into_text().unwrap().starts_with("40{"));
    world.reports("connected alice").await;
    client.send(Message::text("42[\"flood\",50,20000]")).await.unwrap();
    world.reports("flooded 50").await;
    for _ in 0..50 {
        assert_eq!(soon("water", client.next()).await.unwrap().unwrap().len(), 20_014);
    }
    world.namespace().everyone().emit(&fireside_socketio::Frame::event("said", &[1]).unwrap());
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("42[\"said\",1]"));
    client.send(Message::text("42[\"close me\"]")).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("41"));
    assert!(matches!(client.next().await, Some(Ok(Message::Close(_)))));
    world.reports("disconnected alice: server namespace disconnect").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_http_server_on_hyper_will_do() {
    let world = World::new().await;
    let (ours, theirs) = tokio::io::duplex(1000);
    serve_with_hyper(&world, ours);
    talk(&world, theirs).await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    serve_with_hyper(&world, listener.accept().await.unwrap().0);
    talk(&world, theirs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_costs_no_more_time_than_it_must() {
    let world = World::new().await;
    let mut raw = world.raw().await;
    raw.send(&masked(0x81, b"40{\"name\":\"alice\"}")).await;
    world.reports("connected alice").await;
    raw.frame().await;
    let start = Instant::now();
    for _ in 0..100 {
        raw.send(&masked(0x81, b"421[\"join\",\"r\"]")).await;
        raw.frame().await.unwrap();
    }
    // Forty milliseconds each, if Nagle's algorithm were on.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
