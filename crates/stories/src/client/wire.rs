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

use super::http::{Call, Http};

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
    let http = Arc::new(Http::new(target.address));
    let path = format!("{}?EIO=4&transport=polling", target.path);
    let headers: Vec<(&str, &str)> = target.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = http.send(Call { method: "GET", path: &path, headers: &headers, ..Call::default() }).await?;
    if reply.status != 200 {
        return Err(format!("{} {}", reply.status, reply.text));
    }
    let open = reply.text.strip_prefix('0').ok_or_else(|| format!("no OPEN packet: {}", reply.text))?;
    let open: serde_json::Value = serde_json::from_str(open).map_err(|error| error.to_string())?;
    let sid = open["sid"].as_str().ok_or("an OPEN packet without sid")?;
    let path = format!("{path}&sid={sid}");
    let (outgoing, to_send) = mpsc::channel(QUEUE);
    let (received, incoming) = mpsc::channel(QUEUE);
    for packet in reply.text.split(SEPARATOR) {
        received.try_send(packet.to_owned()).map_err(|_| "too many packets at once")?;
    }
    tokio::spawn(post(http.clone(), path.clone(), to_send));
    tokio::spawn(poll(http, path, received));
    Ok(Wire { outgoing, incoming })
}

/// Asks for packets until the connection is over.
async fn poll(http: Arc<Http>, path: String, received: mpsc::Sender<String>) {
    while !received.is_closed() {
        let call = Call { method: "GET", path: &path, ..Call::default() };
        let reply = http.send_within(call, LONGEST_POLL).await;
        eprintln!("POLL {reply:?}");
        let Some(reply) = reply.ok().filter(|reply| reply.status == 200) else { return };
        for packet in reply.text.split(SEPARATOR) {
            if packet == "1" || received.send(packet.to_owned()).await.is_err() {
                return;
            }
        }
    }
}

/// Carries packets, as many at once as are waiting. The last one says goodbye.
async fn post(http: Arc<Http>, path: String, mut to_send: mpsc::Receiver<String>) {
    const AT_ONCE: usize = 16;
    let mut waiting = Vec::new();
    loop {
        let goes_on = to_send.recv_many(&mut waiting, AT_ONCE).await > 0;
        let text = if goes_on { waiting.join("\u{1e}") } else { "1".to_owned() };
        waiting.clear();
        let body = Some(("text/plain;charset=UTF-8", text));
        let sent = http.send(Call { method: "POST", path: &path, body, ..Call::default() }).await;
        if !goes_on || sent.map_or(true, |reply| reply.status != 200) {
            return;
        }
    }
}
