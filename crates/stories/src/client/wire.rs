//! The two transports of Engine.IO, each as a pair of queues of packets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::http::{Call, Http, Reply};

/// Packets that may wait in either direction.
const QUEUE: usize = 4096;
/// Between two packets of one polling body.
const SEPARATOR: char = '\u{1e}';

/// How long the server may let a poll wait: its next heartbeat ends it.
const LONGEST_POLL: Duration = Duration::from_secs(60);

/// How packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// One WebSocket.
    WebSocket,
    /// Requests that wait for packets, and requests that carry them.
    Polling,
}

/// An Engine.IO connection: packets in both directions, the OPEN packet first. `incoming` ends with the
/// connection; dropping `outgoing` ends it.
pub(super) struct Wire {
    pub(super) outgoing: mpsc::Sender<String>,
    pub(super) incoming: mpsc::Receiver<String>,
}

/// Where to connect, and with which headers.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    pub(super) path: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// Connects; the error is the server's refusal, or why there was none.
pub(super) async fn connect(target: &Target, transport: Transport) -> Result<Wire, String> {
    match transport {
        Transport::WebSocket => websocket(target).await,
        Transport::Polling => polling(target).await,
    }
}

async fn websocket(target: &Target) -> Result<Wire, String> {
    let url = format!("ws://{}{}?EIO=4&transport=websocket", target.address, target.path);
    let mut request = url.into_client_request().map_err(|error| error.to_string())?;
    for (name, value) in &target.headers {
        request.headers_mut().insert(*name, value.parse().map_err(|_| format!("{name} cannot be sent"))?);
    }
    let stream = TcpStream::connect(target.address).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (socket, _) =
        tokio_tungstenite::client_async(request, stream).await.map_err(|error| error.to_string())?;
    let (outgoing, to_send) = mpsc::channel(QUEUE);
    let (received, incoming) = mpsc::channel(QUEUE);
    tokio::spawn(drive_websocket(socket, to_send, received));
    Ok(Wire { outgoing, incoming })
}

async fn drive_websocket(
    mut socket: WebSocketStream<TcpStream>,
    mut to_send: mpsc::Receiver<String>,
    received: mpsc::Sender<String>,
) {
    loop {
        tokio::select! {
            packet = to_send.recv() => {
                let Some(packet) = packet else { break };
                if socket.send(Message::text(packet)).await.is_err() {
                    return;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if received.send(text.to_string()).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
    // The other side may be gone already.
    let _closed = socket.close(None).await;
}

async fn polling(target: &Target) -> Result<Wire, String> {
    let poller = Poller {
        http: Http::new(target.address),
        path: format!("{}?EIO=4&transport=polling", target.path),
        headers: target.headers.clone(),
    };
    let reply = poller.send("GET", None).await?;
    if reply.status != 200 {
        return Err(format!("{} {}", reply.status, reply.text));
    }
    let open = reply.text.strip_prefix('0').ok_or_else(|| format!("no OPEN packet: {}", reply.text))?;
    let open: serde_json::Value = serde_json::from_str(open).map_err(|error| error.to_string())?;
    let sid = open["sid"].as_str().ok_or("an OPEN packet without sid")?;
    let poller = Arc::new(Poller { path: format!("{}&sid={sid}", poller.path), ..poller });
    let (outgoing, to_send) = mpsc::channel(QUEUE);
    let (received, incoming) = mpsc::channel(QUEUE);
    received.try_send(reply.text).map_err(|_| "a new queue is full")?;
    tokio::spawn(poller.clone().post(to_send));
    tokio::spawn(poller.poll(received));
    Ok(Wire { outgoing, incoming })
}

/// One polling connection. Every request carries the headers of the first: the server asks for the token of a
/// session with each.
struct Poller {
    http: Http,
    path: String,
    headers: Vec<(&'static str, String)>,
}

impl Poller {
    async fn send(&self, method: &str, packets: Option<String>) -> Result<Reply, String> {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = packets.map(|packets| ("text/plain;charset=UTF-8", packets));
        let call = Call { method, path: &self.path, headers: &headers, body, ..Call::default() };
        self.http.send_within(call, LONGEST_POLL).await
    }

    /// Asks for packets until the connection is over.
    async fn poll(self: Arc<Self>, received: mpsc::Sender<String>) {
        while !received.is_closed() {
            let reply = self.send("GET", None).await.ok().filter(|reply| reply.status == 200);
            let Some(reply) = reply else { return };
            for packet in reply.text.split(SEPARATOR) {
                if packet == "1" || received.send(packet.to_owned()).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Carries packets, as many at once as are waiting. The last one says goodbye.
    async fn post(self: Arc<Self>, mut to_send: mpsc::Receiver<String>) {
        const AT_ONCE: usize = 16;
        let mut waiting = Vec::new();
        loop {
            let goes_on = to_send.recv_many(&mut waiting, AT_ONCE).await > 0;
            let text = if goes_on { waiting.join("\u{1e}") } else { "1".to_owned() };
            waiting.clear();
            let sent = self.send("POST", Some(text)).await;
            if !goes_on || sent.map_or(true, |reply| reply.status != 200) {
                return;
            }
        }
    }
}
