//! A TCP proxy that knows the messages it carries in one direction: each is passed on, lost, doubled or late, as a judge
//! says, and a judge may just as well count.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Passes,
    /// It goes nowhere.
    IsLost,
    /// It goes on, and once more.
    IsDoubled,
    /// It goes on later, behind what comes after it.
    IsLate(Duration),
}

/// Whose messages are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Those of clients.
    Requests,
    /// Those of the server.
    Answers,
}

/// How many bytes the first message has; none while it is not all there.
pub type Measure = fn(&[u8]) -> Option<usize>;

type Judge = Arc<dyn Fn(&[u8]) -> Fate + Send + Sync>;

/// See the module. Its connections end with it.
#[derive(Debug)]
pub struct Courier {
    /// Where it listens.
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Courier {
    /// A proxy before this address.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn before(
        target: SocketAddr,
        (direction, measure): (Direction, Measure),
        judge: impl Fn(&[u8]) -> Fate + Send + Sync + 'static,
    ) -> std::io::Result<Courier> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let judge: Judge = Arc::new(judge);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                connections.spawn(carry(client, target, (direction, measure), judge.clone()));
            }
        });
        Ok(Courier { address, accepting })
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(
    client: TcpStream,
    target: SocketAddr,
    (direction, measure): (Direction, Measure),
    judge: Judge,
) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    // As soon as they come: what is late here is late on purpose.
    let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let ((from, to), (mut back, mut forth)) = match direction {
        Direction::Requests => ((from_client, to_server), (from_server, to_client)),
        Direction::Answers => ((from_server, to_client), (from_client, to_server)),
    };
    // Either end is the end of both.
    tokio::select! {
        () = deliver(from, to, measure, &*judge) => {}
        _ = tokio::io::copy(&mut back, &mut forth) => {}
    }
}

/// Carries messages until one side is gone.
async fn deliver(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    measure: Measure,
    judge: &(dyn Fn(&[u8]) -> Fate + Send + Sync),
) {
    let mut read = BytesMut::new();
    // By when they are due; the number keeps those apart that are due at the same moment.
    let mut late: BTreeMap<(Instant, u64), Bytes> = BTreeMap::new();
    let mut number = 0;
    loop {
        let mut due = Vec::new();
        let next = late.first_key_value().map(|((at, _), _)| *at);
        tokio::select! {
            length = from.read_buf(&mut read) => {
                if !matches!(length, Ok(1..)) {
                    return;
                }
            }
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                due.extend(late.pop_first().map(|(_, message)| message));
            }
        }
        while let Some(length) = measure(&read) {
            let message = read.split_to(length).freeze();
            match judge(&message) {
                Fate::Passes => due.push(message),
                Fate::IsLost => {}
                Fate::IsDoubled => due.extend([message.clone(), message]),
                Fate::IsLate(by) => {
                    number += 1;
                    late.insert((Instant::now() + by, number), message);
                }
            }
        }
        for message in due {
            if to.write_all(&message).await.is_err() {
                return;
            }
        }
    }
}

/// A value of Redis' protocol (RESP 2 and 3, <https://redis.io/docs/latest/develop/reference/protocol-spec/>).
pub fn redis_value(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|window| window == b"\r\n")? + 2;
    let count = || std::str::from_utf8(&bytes[1..line - 2]).ok()?.parse::<i64>().ok();
    let parts = match bytes[0] {
        // Text of a length; -1 stands for none.
        b'$' | b'!' | b'=' => {
            let length = usize::try_from(count()?).map_or(line, |length| line + length + 2);
            return (bytes.len() >= length).then_some(length);
        }
        b'*' | b'>' | b'~' => count()?,
        b'%' | b'|' => count()? * 2,
        _ => 0,
    };
    (0..parts).try_fold(line, |at, _| Some(at + redis_value(bytes.get(at..)?)?))
}

/// A message of a client of PostgreSQL (<https://www.postgresql.org/docs/current/protocol-message-formats.html>): a
/// letter and a length; the first ones of a connection have no letter, and their length is too small to look like one.
pub fn postgres_request(bytes: &[u8]) -> Option<usize> {
    let letter = usize::from(*bytes.first()? != 0);
    let length: [u8; 4] = bytes.get(letter..letter + 4)?.try_into().ok()?;
    let length = letter + usize::try_from(u32::from_be_bytes(length)).ok()?;
    (bytes.len() >= length).then_some(length)
}

#[cfg(test)]
mod tests;
