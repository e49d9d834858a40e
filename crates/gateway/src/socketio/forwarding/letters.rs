//! What nodes write to each other about requests of long polling: a head in JSON and a body as it is.
//!
//! `length of the head (4 bytes, little-endian) | head | body`. The bus seals it: nobody else can read or write one.

use std::net::SocketAddr;

use bytes::{BufMut as _, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

/// The head of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Head {
    /// Please answer this. Its body is the request's.
    Request(Asked),
    /// The request was read and is being worked on. Said again for as long as it is.
    Working {
        /// Of which request.
        n: u64,
    },
    /// How large a body may be for the session of this target? Answered with the number of bytes, or not with 200.
    Limit {
        /// The address of the node that the answer goes to.
        from: String,
        /// Counted by that node.
        n: u64,
        /// Path and query.
        target: String,
    },
    /// The answer. Its body is the answer's.
    Answer {
        /// To which request.
        n: u64,
        /// The status.
        status: u16,
        /// The headers.
        headers: Vec<(String, String)>,
    },
    /// Nobody waits for the answer any more.
    Abandoned {
        /// Whose request.
        from: String,
        /// Which.
        n: u64,
    },
}

/// A request without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The address of the node that the answer goes to.
    pub(super) from: String,
    /// Counted by that node.
    pub(super) n: u64,
    /// `GET` or `POST`.
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// Those headers that decide something.
    pub(super) headers: Vec<(String, String)>,
    /// The other end of the client's connection.
    pub(super) peer: SocketAddr,
    /// Whether the client speaks TLS.
    pub(super) tls: bool,
}

/// A letter, written.
pub(super) fn write(head: &Head, body: &[u8]) -> Bytes {
    let head = serde_json::to_vec(head).unwrap_or_default();
    let mut letter = BytesMut::with_capacity(4 + head.len() + body.len());
    letter.put_u32_le(u32::try_from(head.len()).unwrap_or(u32::MAX));
    letter.put_slice(&head);
    letter.put_slice(body);
    letter.freeze()
}

/// Reads a letter; none from a node whose version writes others.
pub(super) fn read(letter: &Bytes) -> Option<(Head, Bytes)> {
    let length = letter.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))?;
    let end = 4_usize.checked_add(usize::try_from(length).ok()?).filter(|end| *end <= letter.len())?;
    let head = serde_json::from_slice(&letter[4..end]).ok()?;
    Some((head, letter.slice(end..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_reads_back_as_written() {
        let answer = Head::Answer { n: 7, status: 200, headers: vec![("vary".into(), "origin".into())] };
        for body in [&b""[..], b"4hello\x1e2", &[0, 255]] {
            assert_eq!(read(&write(&answer, body)), Some((answer.clone(), Bytes::copy_from_slice(body))));
        }
    }

    #[test]
    fn what_is_no_letter_is_none() {
        let letter = write(&Head::Working { n: 1 }, b"");
        for length in 0..letter.len() {
            assert_eq!(read(&letter.slice(..length)), None, "cut at {length}");
        }
        assert_eq!(read(&Bytes::from_static(&[255, 255, 255, 255, 0])), None);
    }
}
