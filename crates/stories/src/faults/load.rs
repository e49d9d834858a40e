//! Faults that clients make: too many, too slow, too fast, out of their minds.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::stage::{Effort, Stage, latencies_ms, percentile, program};
use super::{crowds, must};
use crate::client::{Call, Http};
use crate::token::host_token;
use crate::workload::Settings;

/// The year 2100.
pub(super) const NEVER: i64 = 4_102_444_800;
/// Clients of F44.
const READERS: usize = 100;
/// The p99 that nobody complains of, whatever it was before: the machine is shared with the load.
pub const FINE_MS: u64 = 250;

/// A WebSocket handshake and CONNECT with a token, as bytes.
pub(super) fn opening(token: &str) -> Vec<u8> {
    let request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n\
                   upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    [request.as_bytes(), &frame(&format!("40{{\"token\":\"{token}\"}}"))].concat()
}

/// A masked text frame (RFC 6455 §5.2) whose mask is zero.
pub(super) fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u8::try_from(text.len()).ok().filter(|length| *length < 126) {
        Some(length) => frame.push(0x80 | length),
        None => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

/// Lets a user join every public room.
pub(super) async fn joins(stage: &Stage, user: &str) -> Result<(), String> {
    let token = host_token(user, NEVER);
    for place in stage.workload.site.places.iter().filter(|place| !place.is_private) {
        let path = format!("/chat/rooms/{}/members/{user}", place.id);
        let body = Some(("application/json", "{}".to_owned()));
        let call = Call { method: "PUT", path: &path, token: Some(&token), body, ..Call::default() };
        Http::new(stage.server.address).send(call).await?;
    }
    Ok(())
}

/// F08.
pub async fn few_file_descriptors(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut program = program(&effort, files.path());
    program.wrapper = vec!["prlimit".to_owned(), "--nofile=256".to_owned()];
    let settings =
        Settings { people: 2, pace_ms: 100, lasts: Duration::from_secs(12), ..Settings::default() };
    let mut stage = Stage::with(program, &effort, settings).await?;
    // prlimit becomes the program: it starts no child.
    stage.bounds.silence_ms = 20_000;
    let address = stage.server.address;
    let fault = async {
        let clients = join_all((0..300).map(|_| TcpStream::connect(address))).await;
        sleep(Duration::from_secs(1)).await;
        let (fds, cpu) = (stage.server.fds(), stage.server.cpu());
        sleep(Duration::from_secs(4)).await;
        let percent = (stage.server.cpu() - cpu).as_millis() / 40;
        drop(clients);
        (fds, percent)
    };
    let (fds, percent) = stage.recorder.clone().fault("no descriptors", fault).await;
    let back = stage.acknowledges_within(Duration::from_secs(5)).await?;
    let (_, verdict) = stage.judged().await?;
    must(fds >= 250, || format!("only {fds} descriptors were in use"))?;
    must(percent < 20, || format!("{percent} % CPU with all descriptors in use"))?;
    Ok(format!(
        "{fds} descriptors in use, {percent} % CPU, acknowledging {} ms after it; {verdict}",
        back.as_millis()
    ))
}

/// F44. What others wait is compared with what they wait while the same hundred read.
pub async fn slow_readers(effort: Effort) -> Result<String, String> {
    let stage = Stage::sqlite(&effort, Duration::from_secs(300)).await?;
    let address = stage.server.address;
    let users: Vec<String> = (0..20).map(|number| format!("slow{number}")).collect();
    for user in &users {
        joins(&stage, user).await?;
    }
    let before = stage.server.rss_bytes();
    let mut reading = JoinSet::new();
    for number in 0..READERS {
        let reader = slow_reader(address, &users[number % users.len()]).await;
        let mut reader = reader.map_err(|error| error.to_string())?;
        reading.spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    }
    // Twice, to see how much of the difference is the machine's own.
    let (first, _) = speaks_up(&stage, "first").await?;
    let (second, _) = speaks_up(&stage, "second").await?;
    reading.shutdown().await;
    let mut readers = Vec::new();
    for number in 0..READERS {
        let user = &users[number % users.len()];
        readers.push(slow_reader(address, user).await.map_err(|error| error.to_string())?);
    }
    let (third, highest) = speaks_up(&stage, "third").await?;
    let mut closed = 0;
    for reader in &mut readers {
        closed += usize::from(is_closed(reader).await);
    }
    stage.workload.is_enough();
    let (history, verdict) = stage.judged().await?;
    let [first, second, during] =
        [first, second, third].map(|span| percentile(&latencies_ms(&history, span), 99));
    let grown = highest.saturating_sub(before) >> 20;
    let figures = format!(
        "{closed} of {READERS} closed, memory +{grown} MB, others' p99 {first} and {second} ms while they read, \
         {during} ms while they do not"
    );
    must(grown < 150, || figures.clone())?;
    must(closed == READERS, || figures.clone())?;
    must(during * 5 <= (6 * first.max(second)).max(5 * FINE_MS), || figures.clone())?;
    Ok(format!("{figures}; {verdict}"))
}

/// Says 160 things in a room, as large as messages may be: more than the system's own buffers take. When that was,
/// and the most memory meanwhile.
async fn speaks_up(stage: &Stage, prefix: &str) -> Result<(Range<u64>, u64), String> {
    let room = stage.workload.site.places[0].id.clone();
    let token = host_token("slow0", NEVER);
    let (http, path) = (Http::new(stage.server.address), format!("/chat/rooms/{room}/messages"));
    let (began, mut highest) = (stage.recorder.now_micros(), 0);
    for number in 0..160 {
        let body =
            json!({ "content": "🔥".repeat(9900), "clientId": format!("{prefix}{number}") }).to_string();
        let body = Some(("application/json", body));
        http.send(Call { method: "POST", path: &path, token: Some(&token), body, ..Call::default() }).await?;
        highest = highest.max(stage.server.rss_bytes());
        sleep(Duration::from_millis(60)).await;
    }
    Ok((began..stage.recorder.now_micros(), highest))
}

async fn slow_reader(address: SocketAddr, user: &str) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    let mut stream = socket.connect(address).await?;
    stream.write_all(&opening(&host_token(user, NEVER))).await?;
    Ok(stream)
}

/// Reads what is left; whether the server has ended it.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match timeout(Duration::from_millis(300), stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return true,
            Ok(Ok(_)) => {}
            Err(_) => return false,
        }
    }
}

/// F62.
pub async fn flood(effort: Effort) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    // Below what the limits allow each, so that only the flood meets them.
    let settings = Settings {
        people: 6,
        pace_ms: 400,
        lasts: Duration::from_secs(16),
        seed: effort.seed,
        guest: false,
        ..Settings::default()
    };
    let limited = program(&effort, files.path()).with("FIRESIDE_RATE_LIMITS", "on");
    let stage = Stage::with(limited, &effort, settings).await?;
    joins(&stage, "flood").await?;
    sleep(Duration::from_secs(5)).await;
    let (quiet, before) = (stage.recorder.now_micros(), stage.server.rss_bytes());
    let room = stage.workload.site.places[0].id.clone();
    let mut told = 0;
    let mut closed = 0;
    let since = Instant::now();
    let mut stream = None;
    while since.elapsed() < Duration::from_secs(8) {
        if stream.is_none() {
            let mut fresh =
                TcpStream::connect(stage.server.address).await.map_err(|error| error.to_string())?;
            fresh
                .write_all(&opening(&host_token("flood", NEVER)))
                .await
                .map_err(|error| error.to_string())?;
            stream = Some(fresh);
        }
        let Some(open) = stream.as_mut() else { continue };
        let payload = json!({ "roomId": room, "content": "flood" });
        let events = ["message:send", "typing:start", "room:join", "message:list", "nonsense"];
        let burst: Vec<u8> =
            events.iter().flat_map(|event| frame(&format!("420[\"{event}\",{payload}]"))).collect();
        let sent = open.write_all(&burst).await;
        let mut buffer = vec![0; 64 << 10];
        match timeout(Duration::from_millis(5), open.read(&mut buffer)).await {
            Ok(Ok(length @ 1..)) => {
                told += String::from_utf8_lossy(&buffer[..length]).matches("rate_limited").count();
            }
            Ok(_) => closed += usize::from(stream.take().is_some()),
            Err(_) if sent.is_err() => closed += usize::from(stream.take().is_some()),
            Err(_) => {}
        }
    }
    let during = quiet..stage.recorder.now_micros();
    let grown = stage.server.rss_bytes().saturating_sub(before) >> 20;
    let (history, verdict) = stage.judged().await?;
    let (usual, p99) =
        (percentile(&latencies_ms(&history, 0..quiet), 99), percentile(&latencies_ms(&history, during), 99));
    let figures = format!(
        "told {told} times, closed {closed} times, memory +{grown} MB, others' p99 {usual} → {p99} ms"
    );
    must(told > 0 && p99 <= (2 * usual).max(FINE_MS), || figures.clone())?;
    let crowd = crowds::coming_and_going(effort).await?;
    Ok(format!("{figures}; {crowd}; {verdict}"))
}

/// F64.
pub async fn bit_flips(effort: Effort) -> Result<String, String> {
    let stage = Stage::sqlite(&effort, effort.lasts + Duration::from_secs(5)).await?;
    joins(&stage, "dice").await?;
    sleep(Duration::from_secs(2)).await;
    let before = stage.server.rss_bytes();
    let mut luck = StdRng::seed_from_u64(effort.seed);
    let room = stage.workload.site.places[0].id.clone();
    let payload = json!({ "roomId": room, "content": "hello" });
    let rooms = json!({ "rooms": [{ "roomId": room, "epoch": "e", "seq": 3 }] });
    let session = [
        opening(&host_token("dice", NEVER)),
        frame(&format!("420[\"message:send\",{payload}]")),
        frame(&format!("421[\"resume\",{rooms}]")),
        frame(&format!("422[\"message:list\",{payload}]")),
        b"POST /chat/rooms HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{\"name\":\"x\"}".to_vec(),
    ]
    .concat();
    let (since, mut sessions) = (Instant::now(), 0);
    while since.elapsed() < effort.lasts {
        let mut bytes = session.clone();
        for _ in 0..luck.random_range(1..6) {
            // Half of them behind the handshake, where it is not refused at once.
            let from = if luck.random_range(0..2) == 0 { 0 } else { 230 };
            let at = luck.random_range(from..bytes.len());
            bytes[at] = luck.random();
        }
        let Ok(mut stream) = TcpStream::connect(stage.server.address).await else { continue };
        let _taken = stream.write_all(&bytes).await;
        let mut buffer = vec![0; 16 << 10];
        let _answer = timeout(Duration::from_millis(20), stream.read(&mut buffer)).await;
        sessions += 1;
    }
    let grown = stage.server.rss_bytes().saturating_sub(before) >> 20;
    must(stage.server.is_running(), || format!("it ended after {sessions} sessions"))?;
    let (_, verdict) = stage.judged().await?;
    must(grown < 50, || format!("memory grew by {grown} MB in {sessions} sessions"))?;
    Ok(format!("{sessions} sessions, memory +{grown} MB; {verdict}"))
}
