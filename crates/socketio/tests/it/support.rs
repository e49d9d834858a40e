//! A server to test, and clients that every wait of has a limit.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fireside_socketio::{
    Config, ConnectError, ConnectRequest, DisconnectReason, Event, Frame, Handler, HandshakeRequest,
    HttpLimits, Namespace, Origins, Peer, RawJson, Refusal, Server, Socket, Turn, serve,
};
use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Nothing in these tests takes this long unless it never happens.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for something that must happen.
pub async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what}: did not happen"))
}

/// The handler under test: does what events tell it, and reports what it saw.
pub struct Tester {
    reports: mpsc::Sender<String>,
    /// Lets waiting handlers go on.
    pub gate: Semaphore,
}

impl Tester {
    fn report(&self, text: String) {
        self.reports.try_send(text).expect("no test reports so much");
    }
}

impl Handler for Tester {
    type State = String;

    fn handshake(&self, request: &HandshakeRequest<'_>) -> Result<(), Refusal> {
        if request.headers.contains_key("x-refused") {
            let body = Bytes::from_static(b"{\"message\":\"slow down\"}");
            return Err(Refusal { status: StatusCode::TOO_MANY_REQUESTS, body, retry_after_s: Some(7) });
        }
        assert!(!request.headers.contains_key("x-panic"), "as the test asked");
        Ok(())
    }

    async fn connect(self: Arc<Self>, request: ConnectRequest<String>) -> Result<String, ConnectError> {
        let auth: serde_json::Value =
            request.auth().map_or(Ok(serde_json::Value::Null), RawJson::decode).unwrap();
        if auth["wait"] == true {
            self.report("connecting".to_owned());
            let _permit = self.gate.acquire().await.unwrap();
        }
        assert!(auth["panic"] != true, "as the test asked");
        if auth["refuse"] == true {
            return Err(ConnectError {
                message: "not you".to_owned(),
                data: Some("{\"code\":7}".to_owned()),
            });
        }
        Ok(auth["name"].as_str().unwrap_or("anybody").to_owned())
    }

    fn connected(&self, socket: &Socket<String>) {
        self.report(format!("connected {}", socket.state()));
    }

    async fn event(self: Arc<Self>, socket: Socket<String>, event: Event, turn: Turn) {
        let args: Vec<_> = event.args.iter().collect();
        let namespace = socket.namespace().clone();
        match &*event.name {
            "echo" => {
                let frame = Frame::binary_event(namespace.name(), "echoed", &args, event.args.attachments());
                socket.emit(&frame);
            }
            "join" => {
                let room: String = event.args.decode(0).unwrap();
                socket.join(&room);
            }
            "say" => {
                let room: String = event.args.decode(0).unwrap();
                let frame = Frame::binary_event(namespace.name(), "said", &args[1..], &[]);
                namespace.to(room).emit(&frame);
            }
            "flood" => {
                let [count, size]: [usize; 2] =
                    [event.args.decode(0).unwrap(), event.args.decode(1).unwrap()];
                let frame = Frame::event("water", &["x".repeat(size)]).unwrap();
                let taken = (0..count).take_while(|_| socket.emit(&frame)).count();
                self.report(format!("flooded {taken}"));
            }
            "wait" => {
                self.report(format!("waiting {}", args[0].as_str()));
                let _permit = self.gate.acquire().await.unwrap();
            }
            "wait out of turn" => {
                self.report(format!("waiting {}", args[0].as_str()));
                drop(turn);
                let _permit = self.gate.acquire().await.unwrap();
            }
            "lend turn" => {
                // Another task ends the turn while the handler still runs.
                let (done, all_done) = tokio::sync::oneshot::channel();
                let this = Arc::clone(&self);
                tokio::spawn(async move {
                    this.gate.acquire().await.unwrap().forget();
                    drop(turn);
                    this.gate.acquire().await.unwrap().forget();
                    done.send(()).unwrap();
                });
                all_done.await.unwrap();
            }
            "note" => self.report(format!("note {}", args[0].as_str())),
            "ask" => {
                let answer =
                    socket.emit_with_ack("question", &args_as_text(&args), Duration::from_millis(300)).await;
                let report = match answer {
                    Ok(args) => args.iter().map(RawJson::as_str).collect::<Vec<_>>().join(","),
                    Err(error) => error.to_string(),
                };
                self.report(format!("answer {report}"));
            }
            "admit" => socket.admit(),
            "leave me" => socket.disconnect(false),
            "close me" => socket.disconnect(true),
            "drain me" => socket.close_after_flush(DisconnectReason::ServerShuttingDown),
            "panic" => panic!("as the test asked"),
            other => self.report(format!("unknown {other}")),
        }
        if let Some(ack) = event.ack {
            ack.send_binary(&args, event.args.attachments());
        }
    }

    fn disconnected(&self, socket: &Socket<String>, reason: DisconnectReason) {
        assert!(!socket.is_connected() && socket.rooms().is_empty());
        self.report(format!("disconnected {}: {reason}", socket.state()));
    }

    fn panicked(&self) {
        self.report("panicked".to_owned());
    }
}

fn args_as_text(args: &[RawJson<'_>]) -> Vec<String> {
    args.iter().map(|arg| arg.as_str().to_owned()).collect()
}

/// A running server.
pub struct World {
    pub addr: SocketAddr,
    pub server: Server<Tester>,
    reports: Mutex<mpsc::Receiver<String>>,
    pub stop: tokio::sync::oneshot::Sender<()>,
    pub serving: tokio::task::JoinHandle<()>,
}

/// Settings that suit tests; what a test is about it changes.
pub fn config() -> Config {
    Config { origins: Origins::Any, ..Config::default() }
}

impl World {
    pub async fn new() -> Self {
        Self::with(config()).await
    }

    pub async fn with(config: Config) -> Self {
        Self::listening(config, HttpLimits::default(), None).await
    }

    pub async fn listening(
        config: Config,
        limits: HttpLimits,
        tls: Option<Arc<tokio_rustls::rustls::ServerConfig>>,
    ) -> Self {
        let (reports, seen) = mpsc::channel(100_000);
        let handler = Tester { reports, gate: Semaphore::new(0) };
        let namespaces = [Namespace::new("/"), Namespace::new("/custom")];
        let server = Server::with_namespaces(config, handler, namespaces);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let service = {
            let server = server.clone();
            move |request: http::Request<hyper::body::Incoming>, peer: Peer| {
                let server = server.clone();
                async move {
                    if server.matches(request.uri().path()) {
                        return server.call(request, peer).await;
                    }
                    let mut response = http::Response::new(http_body_util::Full::default());
                    *response.status_mut() = StatusCode::NOT_FOUND;
                    response
                }
            }
        };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(serve(listener, tls, service, limits, shutdown));
        Self { addr, server, reports: Mutex::new(seen), stop, serving }
    }

    /// The next thing that the handler reports.
    pub async fn report(&self) -> String {
        soon("a report", async { self.reports.lock().await.recv().await.unwrap() }).await
    }

    pub async fn reports(&self, expected: &str) {
        assert_eq!(self.report().await, expected);
    }

    /// Asserts that nothing is reported for a moment.
    pub async fn reports_nothing(&self) {
        let mut reports = self.reports.lock().await;
        let next = tokio::time::timeout(Duration::from_millis(100), reports.recv()).await;
        assert!(next.is_err(), "unexpected report: {next:?}");
    }

    pub fn namespace(&self) -> &Namespace<String> {
        self.server.namespace("/").unwrap()
    }

    /// A client on WebSocket that has read the open packet.
    pub async fn open(&self) -> Client {
        self.open_at("/socket.io/?EIO=4&transport=websocket").await
    }

    pub async fn open_at(&self, path: &str) -> Client {
        let mut client = self.websocket(path).await;
        let open = client.receive().await;
        assert!(open.starts_with("0{\"sid\":\""), "{open}");
        client
    }

    /// A WebSocket on which nothing was read yet.
    pub async fn websocket(&self, path: &str) -> Client {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        let url = format!("ws://{}{path}", self.addr);
        let (stream, _) = soon("a websocket", tokio_tungstenite::client_async(url, stream)).await.unwrap();
        Client { stream }
    }

    /// A client on WebSocket that is in the default namespace.
    pub async fn join(&self, name: &str) -> Client {
        let mut client = self.open().await;
        client.send(&format!("40{{\"name\":\"{name}\"}}")).await;
        let answer = client.receive().await;
        assert!(answer.starts_with("40{\"sid\":\""), "{answer}");
        self.reports(&format!("connected {name}")).await;
        client
    }

    /// Sends an HTTP request and reads the whole answer.
    pub async fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
            self.addr,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // A body that is refused is not read to its end.
        let _ = stream.write_all(body).await;
        Answer::read(&mut stream).await
    }

    pub async fn get(&self, query: &str) -> Answer {
        self.request("GET", &format!("/socket.io/?{query}"), "", b"").await
    }

    /// Opens a session over polling and returns its sid.
    pub async fn open_polling(&self) -> String {
        let answer = self.get("EIO=4&transport=polling").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.sid().to_owned()
    }

    pub async fn poll(&self, sid: &str) -> Answer {
        self.get(&format!("EIO=4&transport=polling&sid={sid}")).await
    }

    pub async fn post(&self, sid: &str, body: &str) -> Answer {
        let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        self.request("POST", &path, "content-type: text/plain\r\n", body.as_bytes()).await
    }

    /// A WebSocket whose frames the test writes itself.
    pub async fn raw(&self) -> Raw {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        stream.write_all(self.upgrade_request("").as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let mut raw = Raw { stream };
        assert_eq!(raw.frame().await.map(|frame| frame.0), Some(0x81), "the open packet");
        raw
    }

    pub fn upgrade_request(&self, headers: &str) -> String {
        format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: {}\r\nconnection: Upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {headers}\r\n",
            self.addr
        )
    }

    /// Waits until the server has no session any more.
    pub async fn is_empty(&self) {
        soon("all sessions gone", async {
            while self.server.sessions() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("a response head", stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// Reads one answer with a length.
    pub async fn read(stream: &mut TcpStream) -> Self {
        let head = read_head(stream).await.to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        soon("a body", stream.read_exact(&mut body)).await.unwrap();
        Self { status, head, body: String::from_utf8(body).unwrap() }
    }

    /// The session id in an open packet.
    pub fn sid(&self) -> &str {
        self.body.strip_prefix("0{\"sid\":\"").and_then(|rest| rest.get(..20)).expect("an open packet")
    }
}

/// A client on WebSocket.
pub struct Client {
    pub stream: WebSocketStream<TcpStream>,
}

impl Client {
    pub async fn send(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub async fn send_binary(&mut self, content: &[u8]) {
        self.stream.send(Message::binary(content.to_vec())).await.unwrap();
    }

    async fn message(&mut self) -> Option<Message> {
        loop {
            match soon("a message", self.stream.next()).await {
                Some(Ok(Message::Text(text))) if text == "2" => self.send("3").await,
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next text message; pings are answered.
    pub async fn receive(&mut self) -> String {
        match self.message().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("expected text, got {other:?}"),
        }
    }

    pub async fn receive_binary(&mut self) -> Vec<u8> {
        match self.message().await {
            Some(Message::Binary(content)) => content.to_vec(),
            other => panic!("expected bytes, got {other:?}"),
        }
    }

    pub async fn receives(&mut self, expected: &str) {
        assert_eq!(self.receive().await, expected);
    }

    /// Asserts that the server closes, and returns the code.
    pub async fn closed(&mut self) -> Option<u16> {
        match self.message().await {
            Some(Message::Close(frame)) => frame.map(|frame| frame.code.into()),
            None => None,
            other => panic!("expected the end, got {other:?}"),
        }
    }

    /// An event with an acknowledgement, waited for.
    pub async fn ask(&mut self, id: u64, event: &str) {
        self.send(&format!("42{id}{event}")).await;
        let answer = self.receive().await;
        assert!(answer.starts_with(&format!("43{id}[")), "{answer}");
    }
}

/// A WebSocket on bare TCP.
pub struct Raw {
    pub stream: TcpStream,
}

/// A masked frame.
pub fn masked(first: u8, content: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match content.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(content);
    frame
}

impl Raw {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The server's next frame; none when the connection has ended.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let first = self.stream.read_u8().await?;
            let len = match self.stream.read_u8().await? {
                126 => usize::from(self.stream.read_u16().await?),
                127 => usize::try_from(self.stream.read_u64().await?).unwrap(),
                len => usize::from(len),
            };
            let mut content = vec![0; len];
            self.stream.read_exact(&mut content).await?;
            Ok::<_, std::io::Error>((first, content))
        };
        soon("a frame or the end", read).await.ok()
    }

    /// The code of the close frame that must come next.
    pub async fn close_code(&mut self) -> u16 {
        let (first, content) = self.frame().await.expect("a close frame");
        assert_eq!(first, 0x88, "{content:?}");
        u16::from_be_bytes([content[0], content[1]])
    }

    /// Waits for the end of the connection, whatever comes before.
    pub async fn ends(&mut self) {
        while self.frame().await.is_some() {}
    }
}
