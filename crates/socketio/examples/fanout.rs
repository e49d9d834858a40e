//! Measures what a delivery and an idle connection cost.
//!
//! ```text
//! fanout serve [threads]                          prints its address and process id
//! fanout load ADDRESS PID CLIENTS MESSAGES WINDOW one room; WINDOW messages under way at a time
//! fanout idle ADDRESS PID CLIENTS ROOMS           memory per connection
//! ```
//!
//! User instructions per delivery: run `valgrind --tool=callgrind fanout serve` twice, with two numbers of
//! messages, and divide the difference of the instruction counts by that of the deliveries.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fireside_socketio::{
    Config, ConnectError, ConnectRequest, Event, Frame, Handler, HttpLimits, Origins, Peer, Server, Socket,
    Turn, serve,
};

struct Room;

impl Handler for Room {
    type State = ();

    async fn connect(self: Arc<Self>, _request: ConnectRequest<()>) -> std::result::Result<(), ConnectError> {
        Ok(())
    }

    async fn event(self: Arc<Self>, socket: Socket<()>, event: Event, _turn: Turn) {
        let args: Vec<_> = event.args.iter().collect();
        match &*event.name {
            "join" => {
                for room in event.args.decode::<Vec<String>>(0).unwrap_or_default() {
                    socket.join(&room);
                }
            }
            "say" => {
                socket.namespace().to("room").emit(&Frame::from_raw("said", &args));
            }
            "quit" => std::process::exit(0),
            _ => {}
        }
        if let Some(ack) = event.ack {
            ack.send(&[]);
        }
    }
}

fn run_server(threads: usize) -> Result<()> {
    let mut runtime = if threads > 1 {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let limits = Config { queue_limit_packets: 1 << 16, origins: Origins::Any, ..Config::default() };
    runtime.worker_threads(threads).enable_all().build()?.block_on(async {
        let server = Server::new(limits, Room);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{} {}", listener.local_addr()?, std::process::id());
        let service = move |request, peer: Peer| {
            let server = server.clone();
            async move { server.call(request, peer).await }
        };
        serve(listener, None, service, HttpLimits::default(), std::future::pending()).await;
        Ok(())
    })
}

/// A client that reads frames without looking at them.
struct Client(TcpStream);

impl Client {
    fn connect(addr: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let mut client = Self(stream);
        client.read_frame()?;
        client.send("40")?;
        client.read_frame()?;
        Ok(client)
    }

    fn send(&mut self, text: &str) -> Result<()> {
        let mut frame = vec![0x81];
        match text.len() {
            len @ 0..=125 => frame.push(0x80 | len as u8),
            len => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&(len as u16).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        self.0.write_all(&frame)
    }

    /// Reads one frame and returns its size with the header.
    fn read_frame(&mut self) -> Result<usize> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head)?;
        let (header, len) = match head[1] {
            126 => {
                let mut extended = [0; 2];
                self.0.read_exact(&mut extended)?;
                (4, usize::from(u16::from_be_bytes(extended)))
            }
            len => (2, usize::from(len)),
        };
        let mut content = vec![0; len];
        self.0.read_exact(&mut content)?;
        Ok(header + len)
    }

    fn ask(&mut self, event: &str) -> Result<()> {
        self.send(&format!("420{event}"))?;
        self.read_frame().map(drop)
    }
}

/// Reads `bytes` bytes.
fn skip(stream: &mut TcpStream, mut bytes: usize, buffer: &mut [u8]) -> Result<()> {
    while bytes > 0 {
        let wanted = bytes.min(buffer.len());
        match stream.read(&mut buffer[..wanted])? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => bytes -= read,
        }
    }
    Ok(())
}

fn load(addr: &str, pid: &str, count: usize, messages: usize, window: usize) -> Result<()> {
    let mut speaker = Client::connect(addr)?;
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = Client::connect(addr)?;
        client.ask("[\"join\",[\"room\"]]")?;
        clients.push(client);
    }
    let event = format!("42[\"say\",\"{}\"]", "x".repeat(230));
    let size = event.len() + "said".len() - "say".len() + 4;
    let mut buffer = vec![0; 1 << 16];
    let (start, cpu) = (Instant::now(), cpu_time(pid)?);
    for _ in 0..messages / window {
        for _ in 0..window {
            speaker.send(&event)?;
        }
        for client in &mut clients {
            skip(&mut client.0, size * window, &mut buffer)?;
        }
    }
    let deliveries = count * (messages / window * window);
    let (time, cpu) = (start.elapsed(), cpu_time(pid)? - cpu);
    println!(
        "{deliveries} deliveries, {:.0}/s, server CPU {:.2} us each",
        deliveries as f64 / time.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / deliveries as f64
    );
    speaker.send("42[\"quit\"]")
}

fn idle(addr: &str, pid: &str, count: usize, rooms: usize) -> Result<()> {
    let before = resident(pid)?;
    let cpu = cpu_time(pid)?;
    let mut clients = Vec::new();
    for number in 0..count {
        let mut client = Client::connect(addr)?;
        let names: Vec<String> =
            (0..rooms).map(|room| format!("\"room {}\"", (number * 7 + room * 131) % 1000)).collect();
        client.ask(&format!("[\"join\",[{}]]", names.join(",")))?;
        clients.push(client);
    }
    let cpu = cpu_time(pid)? - cpu;
    let after = resident(pid)?;
    println!(
        "{count} connections in {rooms} rooms each: {} bytes each, CPU {:.1} us each",
        (after - before) / count,
        cpu.as_secs_f64() * 1e6 / count as f64
    );
    let mut speaker = Client::connect(addr)?;
    speaker.send("42[\"quit\"]")
}

/// Resident memory of a process in bytes.
fn resident(pid: &str) -> Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes =
        line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.parse().ok());
    kilobytes.map(|number: usize| number * 1024).ok_or_else(|| Error::from(ErrorKind::InvalidData))
}

/// CPU time of a process, user and system.
fn cpu_time(pid: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Ok(Duration::from_millis((ticks(11) + ticks(12)) * 10))
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse().map_err(|_| Error::from(ErrorKind::InvalidInput));
    match args[..] {
        ["serve"] => run_server(1),
        ["serve", threads] => run_server(number(threads)?),
        ["load", addr, pid, clients, messages, window] => {
            load(addr, pid, number(clients)?, number(messages)?, number(window)?)
        }
        ["idle", addr, pid, clients, rooms] => idle(addr, pid, number(clients)?, number(rooms)?),
        _ => Err(Error::other("see the first lines of this program")),
    }
}
