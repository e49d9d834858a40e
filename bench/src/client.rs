//! A Socket.IO client as cheap as possible: one TCP stream, frames made by hand, nothing parsed that is not
//! needed.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

type Failure = Box<dyn std::error::Error>;

/// One connected socket of the idiomatic profile.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    read: usize,
}

impl Client {
    /// Connects, authenticates and waits for the answer to CONNECT. `number` picks one of many loopback
    /// addresses, so that local ports do not run out.
    pub async fn connect(server: SocketAddr, token: &str, number: usize) -> Result<Client, Failure> {
        let socket = TcpSocket::new_v4()?;
        let host = u8::try_from(2 + number % 200)?;
        socket.bind(SocketAddr::from(([127, 0, 0, host], 0)))?;
        let mut stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        let request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\n\
                       Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut client = Client { stream, buffer: Vec::with_capacity(2048), read: 0 };
        client.skip_head().await?;
        client.next().await?;
        client.send(&format!("40{{\"token\":\"{token}\"}}")).await?;
        let answer = client.next().await?;
        if !answer.starts_with("40") {
            return Err(format!("CONNECT was answered {answer}").into());
        }
        Ok(client)
    }

    async fn skip_head(&mut self) -> Result<(), Failure> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                self.read = end + 4;
                return Ok(());
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), Failure> {
        if self.read == self.buffer.len() {
            self.buffer.clear();
            self.read = 0;
        }
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }

    /// Sends a text frame. The mask is all zero, which leaves the payload as it is.
    pub async fn send(&mut self, text: &str) -> Result<(), Failure> {
        let mut frame = vec![0x81];
        match text.len() {
            short @ 0..=125 => frame.push(0x80 | u8::try_from(short)?),
            long => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(long)?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await?;
        Ok(())
    }

    /// The next text frame; pings are answered on the way.
    pub async fn next(&mut self) -> Result<String, Failure> {
        loop {
            if let Some(text) = self.take_frame() {
                if text == "2" {
                    self.send("3").await?;
                    continue;
                }
                return Ok(text);
            }
            self.fill().await?;
        }
    }

    fn take_frame(&mut self) -> Option<String> {
        let bytes = &self.buffer[self.read..];
        let (length, head) = match *bytes.get(1)? & 0x7f {
            126 => (usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])), 4),
            127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
            short => (usize::from(short), 2),
        };
        let payload = bytes.get(head..head + length)?;
        let text = String::from_utf8_lossy(payload).into_owned();
        self.read += head + length;
        Some(text)
    }

    /// Sends an event with an ack and waits for the answer; other events on the way are counted.
    pub async fn call(&mut self, event: &str, payload: &str) -> Result<(String, usize), Failure> {
        self.send(&format!("420[\"{event}\",{payload}]")).await?;
        let mut others = 0;
        loop {
            let text = self.next().await?;
            if let Some(answer) = text.strip_prefix("430") {
                return Ok((answer.to_owned(), others));
            }
            others += 1;
        }
    }
}
