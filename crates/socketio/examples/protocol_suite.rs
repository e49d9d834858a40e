//! The server that the official protocol test suites of Engine.IO and Socket.IO are run against:
//! `PORT=3000 cargo run --release -p fireside-socketio --example protocol_suite`.

use std::sync::Arc;
use std::time::Duration;

use fireside_socketio::{
    Config, ConnectError, ConnectRequest, Connection, Engine, EngineHandler, Event, Frame, Handler,
    HttpLimits, Message, Namespace, Origins, Peer, ProtocolViolation, RawJson, Server, Session, Socket, Turn,
    serve,
};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::net::TcpListener;

/// Bare Engine.IO: every message is sent back.
struct Echo;

struct EchoConnection;

impl EngineHandler for Echo {
    type Connection = EchoConnection;

    fn open(&self, session: &Arc<Session>) -> EchoConnection {
        session.establish();
        EchoConnection
    }
}

impl Connection for EchoConnection {
    fn message(&mut self, session: &Arc<Session>, message: Message<'_>) -> Result<(), ProtocolViolation> {
        match message {
            Message::Text(text) => session.send_text(text),
            Message::Binary(content) => session.send_binary(content),
        };
        Ok(())
    }
}

/// Socket.IO: says what it was sent on connection, and sends events back.
struct Suite;

impl Handler for Suite {
    type State = Box<str>;

    async fn connect(self: Arc<Self>, request: ConnectRequest<Box<str>>) -> Result<Box<str>, ConnectError> {
        Ok(request.auth().map_or("{}", RawJson::as_str).into())
    }

    fn connected(&self, socket: &Socket<Box<str>>) {
        let auth = RawJson::trusted(socket.state());
        socket.emit(&Frame::binary_event(socket.namespace().name(), "auth", &[auth], &[]));
    }

    async fn event(self: Arc<Self>, socket: Socket<Box<str>>, event: Event, _turn: Turn) {
        let args: Vec<_> = event.args.iter().collect();
        let attachments = event.args.attachments();
        match (&*event.name, event.ack) {
            ("message", _) => {
                let namespace = socket.namespace().name();
                socket.emit(&Frame::binary_event(namespace, "message-back", &args, attachments));
            }
            ("message-with-ack", Some(ack)) => {
                ack.send_binary(&args, attachments);
            }
            _ => {}
        }
    }
}

fn config(path: &str) -> Config {
    Config {
        path: path.to_owned(),
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        max_payload: 1_000_000,
        connect_timeout: Duration::from_millis(1000),
        origins: Origins::Any,
        ..Config::default()
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let engine = Engine::new(config("/engine.io/"), Echo);
    let namespaces = [Namespace::new("/"), Namespace::new("/custom")];
    let server = Server::with_namespaces(config("/socket.io/"), Suite, namespaces);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    let service = move |request: Request<Incoming>, peer: Peer| {
        let (engine, server) = (engine.clone(), server.clone());
        async move {
            match request.uri().path() {
                path if engine.matches(path) => engine.call(request, peer).await,
                path if server.matches(path) => server.call(request, peer).await,
                _ => {
                    let mut response = Response::new(Full::default());
                    *response.status_mut() = StatusCode::NOT_FOUND;
                    response
                }
            }
        }
    };
    serve(listener, None, service, HttpLimits::default(), std::future::pending()).await;
    Ok(())
}
