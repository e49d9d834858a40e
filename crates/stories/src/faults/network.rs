//! Faults of the network between clients and server.

use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::must;
use super::stage::{Effort, Stage, program};
use crate::client::{Call, Http};
use crate::proxy::{Proxy, Weather};
use crate::workload::Settings;

/// Ping interval and timeout of the protocol, and the server's own patience.
const NOTICED_WITHIN: Duration = Duration::from_secs(47);

/// F41.
pub async fn half_open(effort: Effort) -> Result<String, String> {
    let stage = Stage::sqlite(&effort, Duration::from_secs(55)).await?;
    let proxy = Proxy::before(stage.server.address).await.map_err(|error| error.to_string())?;
    sleep(Duration::from_secs(2)).await;
    let before = sockets(&stage).await?;
    let mut deaf = TcpStream::connect(proxy.address).await.map_err(|error| error.to_string())?;
    hello(&mut deaf).await?;
    sleep(Duration::from_millis(300)).await;
    proxy.set(Weather { swallow_answers: true, swallow_requests: true, ..Weather::default() });
    let since = Instant::now();
    while open_through(&proxy, &stage) {
        must(since.elapsed() <= NOTICED_WITHIN, || {
            format!("a dead connection is open after {NOTICED_WITHIN:?}")
        })?;
        sleep(Duration::from_millis(200)).await;
    }
    let noticed = since.elapsed();
    let (_, verdict) = stage.judged().await?;
    Ok(format!("closed after {:.1} s ({before} connections were open); {verdict}", noticed.as_secs_f64()))
}

/// Whether the server still holds the connection that comes from the proxy, by its descriptors' remote ports.
fn open_through(proxy: &Proxy, stage: &Stage) -> bool {
    let ours = proxy.outgoing_ports();
    let table = std::fs::read_to_string(format!("/proc/{}/net/tcp", stage.server.pid)).unwrap_or_default();
    let server = format!("{:04X}", stage.server.address.port());
    // Columns: number, local address, remote address, state (01 is established).
    let rows = table.lines().filter_map(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let (local, remote, state) = (columns.next()?, columns.next()?, columns.next()?);
        (local.ends_with(&server) && state == "01").then_some(remote.rsplit_once(':')?.1)
    });
    rows.filter_map(|port| u16::from_str_radix(port, 16).ok()).any(|port| ours.contains(&port))
}

async fn sockets(stage: &Stage) -> Result<String, String> {
    let call = Call { method: "GET", path: "/metrics", ..Call::default() };
    let text = Http::new(stage.server.address).send(call).await?.text;
    let line = text.lines().find(|line| line.starts_with("fireside_connections")).unwrap_or("no count of");
    Ok(line.to_owned())
}

async fn hello(stream: &mut TcpStream) -> Result<(), String> {
    use tokio::io::AsyncWriteExt as _;
    let request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n\
                   upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let token = crate::token::host_token("deaf", 4_102_444_800);
    let connect = format!("40{{\"token\":\"{token}\"}}");
    let length = u16::try_from(connect.len()).map_err(|error| error.to_string())?;
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    // A mask of zeros leaves the text as it is.
    frame.extend([0; 4]);
    frame.extend(connect.as_bytes());
    stream.write_all(&frame).await.map_err(|error| error.to_string())?;
    let mut heard = [0; 512];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut heard)).await;
    must(matches!(read, Ok(Ok(1..))), || "the server does not answer the handshake".to_owned())
}

/// F42.
pub async fn bad_weather(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let settings = Settings { lasts: Duration::from_secs(9), seed: effort.seed, ..Settings::default() };
    let mut stage = Stage::with(program(&effort, files.path()), &effort, settings).await?;
    let proxy = Proxy::before(stage.server.address).await.map_err(|error| error.to_string())?;
    stage.workload.doors.lead_to(0, proxy.address);
    stage.bounds.silence_ms = 15_000;
    let late = Duration::from_millis(100);
    let weathers = [
        Weather { delay: late, jitter: late, ..Weather::default() },
        Weather { crumbs: 7, reset_after: 20_000, ..Weather::default() },
        Weather { bytes_per_second: 20_000, reset_after: 60_000, ..Weather::default() },
    ];
    for weather in weathers {
        proxy.set(weather);
        // Those who are there would not notice otherwise.
        proxy.cut();
        sleep(Duration::from_millis(2500)).await;
    }
    proxy.set(Weather::default());
    let (_, verdict) = stage.judged().await?;
    Ok(verdict)
}
