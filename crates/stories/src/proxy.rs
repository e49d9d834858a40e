//! A TCP proxy for bad networks: late, narrow, in crumbs, cut off, deaf in one direction. What it does can be changed
//! while connections go through it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Most bytes taken at once.
const CHUNK: usize = 16 << 10;
/// Between two looks at a link that is down.
const LOOK: Duration = Duration::from_millis(20);

/// What happens to what goes through. The default is nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// Each chunk is this late.
    pub delay: Duration,
    /// And up to this much later.
    pub jitter: Duration,
    /// Bytes in a second, for each direction of a connection; 0 for as many as there are.
    pub bytes_per_second: u64,
    /// What the server says goes nowhere; its connection stays open.
    pub swallow_answers: bool,
    /// From the first request on that holds this, answers on its connection go nowhere: the request is done, and
    /// nobody gets to know.
    pub lose_answer_to: Option<&'static str>,
    /// What the client says goes nowhere.
    pub swallow_requests: bool,
    /// Chunks are cut into this many bytes at most; 0 leaves them whole.
    pub crumbs: usize,
    /// A connection is reset after about this many bytes from the server; 0 for never.
    pub reset_after: u64,
    /// After the server's first answer its direction is closed and nothing more is said.
    pub half_close: bool,
    /// The link is down: what is said, and that a side is gone, arrives once it is up again.
    pub is_down: bool,
}

/// See the module. Its connections end with it.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    target: Mutex<SocketAddr>,
    weather: Mutex<Weather>,
    connections: Mutex<Vec<JoinHandle<()>>>,
    ports: Mutex<Vec<u16>>,
    accepted: AtomicU64,
}

impl Shared {
    /// Waits until the link is up.
    async fn is_up(&self) {
        while self.weather.lock().is_down {
            sleep(LOOK).await;
        }
    }
}

impl Proxy {
    /// A proxy before this address.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn before(target: SocketAddr) -> std::io::Result<Proxy> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            weather: Mutex::default(),
            connections: Mutex::default(),
            ports: Mutex::default(),
            accepted: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Proxy { address, shared, accepting })
    }

    /// From now on.
    pub fn set(&self, weather: Weather) {
        *self.shared.weather.lock() = weather;
    }

    /// New connections go elsewhere.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.shared.target.lock() = target;
    }

    /// Local ports of its connections to the server.
    pub fn outgoing_ports(&self) -> Vec<u16> {
        self.shared.ports.lock().clone()
    }

    /// Cuts all connections off.
    pub fn cut(&self) {
        self.shared.connections.lock().drain(..).for_each(|connection| connection.abort());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let number = shared.accepted.fetch_add(1, Ordering::Relaxed);
        let connection = tokio::spawn(connect(client, shared.clone(), number));
        let mut connections = shared.connections.lock();
        connections.retain(|connection| !connection.is_finished());
        connections.push(connection);
    }
}

async fn connect(client: TcpStream, shared: Arc<Shared>, number: u64) {
    shared.is_up().await;
    let target = *shared.target.lock();
    let Ok(server) = TcpStream::connect(target).await else { return };
    shared.ports.lock().extend(server.local_addr().map(|address| address.port()));
    // Crumbs are to arrive as crumbs.
    let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let lost = Arc::new(AtomicBool::new(false));
    let way = |is_answer| Way { shared: shared.clone(), is_answer, number, lost: lost.clone() };
    let up = forward(from_client, to_server, way(false));
    let down = forward(from_server, to_client, way(true));
    // Either end is the end of both: nobody here waits for half a connection, unless that is the weather.
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// One direction of a connection.
struct Way {
    shared: Arc<Shared>,
    is_answer: bool,
    number: u64,
    /// Whether answers on this connection go nowhere from now on.
    lost: Arc<AtomicBool>,
}

impl Way {
    /// Whether what was just read goes nowhere.
    fn swallows(&self, weather: &Weather, text: &[u8]) -> bool {
        if self.is_answer {
            return weather.swallow_answers || self.lost.load(Ordering::SeqCst);
        }
        let names = |wanted: &str| text.windows(wanted.len()).any(|window| window == wanted.as_bytes());
        if weather.lose_answer_to.is_some_and(names) {
            self.lost.store(true, Ordering::SeqCst);
        }
        weather.swallow_requests
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Way) {
    let mut luck = StdRng::seed_from_u64(way.number * 2 + u64::from(way.is_answer));
    let mut buffer = vec![0; CHUNK];
    let mut sent = 0_u64;
    let limit = luck.random_range(1..=1000);
    loop {
        let read = from.read(&mut buffer).await;
        way.shared.is_up().await;
        let Ok(length @ 1..) = read else { return };
        let weather = *way.shared.weather.lock();
        if way.swallows(&weather, &buffer[..length]) {
            continue;
        }
        let jitter_micros = u64::try_from(weather.jitter.as_micros()).unwrap_or(0);
        let late = weather.delay + Duration::from_micros(luck.random_range(0..=jitter_micros));
        // A sleep of nothing lasts until the clock ticks.
        if !late.is_zero() {
            sleep(late).await;
        }
        let crumbs = if weather.crumbs == 0 { CHUNK } else { luck.random_range(1..=weather.crumbs) };
        for part in buffer[..length].chunks(crumbs) {
            if to.write_all(part).await.is_err() {
                return;
            }
            sent += part.len() as u64;
            if let Some(micros) = (part.len() as u64 * 1_000_000).checked_div(weather.bytes_per_second) {
                sleep(Duration::from_micros(micros)).await;
            }
            // Somewhere around it: at each byte of a packet once.
            if way.is_answer && weather.reset_after != 0 && sent > weather.reset_after * limit / 500 {
                return;
            }
        }
        if way.is_answer && weather.half_close {
            let _closed = to.shutdown().await;
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        address
    }

    #[tokio::test]
    async fn what_goes_through_is_whole_and_in_order() {
        let proxy = Proxy::before(echo().await).await.expect("a port");
        proxy.set(Weather { crumbs: 7, jitter: Duration::from_millis(2), ..Weather::default() });
        let mut stream = TcpStream::connect(proxy.address).await.expect("it listens");
        let text: Vec<u8> = (0..=255).cycle().take(5000).collect();
        stream.write_all(&text).await.expect("it is taken");
        let mut back = vec![0; text.len()];
        stream.read_exact(&mut back).await.expect("it comes back");
        assert_eq!(back, text);
    }

    #[tokio::test]
    async fn swallowed_and_reset_it_does_not_come_back() {
        let proxy = Proxy::before(echo().await).await.expect("a port");
        proxy.set(Weather { swallow_answers: true, ..Weather::default() });
        let mut stream = TcpStream::connect(proxy.address).await.expect("it listens");
        stream.write_all(b"hello").await.expect("it is taken");
        let nothing = tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await;
        assert!(nothing.is_err(), "{nothing:?}");
        proxy.cut();
        assert!(stream.read_u8().await.is_err());
    }
}
