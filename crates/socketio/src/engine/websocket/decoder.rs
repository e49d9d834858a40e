//! The reading side of a WebSocket: cuts frames out of what comes, unmasks them in place, joins fragments.
//!
//! Nothing is ever allocated by an announced size, and an idle connection owns no buffer: bytes are kept only
//! for an incomplete frame or for frames that the reader above did not want yet.

use std::time::{Duration, Instant};

/// Most fragments of one message.
pub const MAX_FRAGMENTS: u32 = 1024;

/// Time from the first fragment of a message to its last.
pub const FRAGMENTS_TIMEOUT: Duration = Duration::from_secs(30);

/// One message or control frame of the client. The bytes are those of the read buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A text message, known to be UTF-8.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping, to be answered with the same bytes.
    Ping(&'a [u8]),
    /// A pong; nobody asked for it.
    Pong,
    /// The client closes, with this code.
    Close(Option<u16>),
}

/// Whether the reader wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on with the next message.
    More,
    /// Keep the rest for later.
    Stop,
}

/// What the client did wrong. The number is the close code that tells it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Violation {
    /// Not a WebSocket frame that a client may send.
    Protocol = 1002,
    /// Text that is not UTF-8.
    Utf8 = 1007,
    /// More than the limit.
    TooBig = 1009,
}

/// The state of one connection's reading side.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Bytes of an incomplete frame, and of frames not asked for yet, from `start` on.
    kept: Vec<u8>,
    start: usize,
    /// The message whose last fragment has not come.
    fragments: Option<Box<Fragments>>,
}

#[derive(Debug)]
struct Fragments {
    text: bool,
    content: Vec<u8>,
    count: u32,
    since: Instant,
}

struct Header {
    fin: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Bytes of the header itself.
    size: usize,
    /// Bytes of the content, as announced.
    len: u64,
}

impl Header {
    /// Reads a header; `None` while it is incomplete.
    fn read(data: &[u8]) -> Result<Option<Self>, Violation> {
        let &[first, second, ..] = data else { return Ok(None) };
        let opcode = first & 0x0f;
        let fin = first & 0x80 != 0;
        let reserved = first & 0x70 != 0 || matches!(opcode, 3..=7 | 11..=15);
        if reserved || second & 0x80 == 0 {
            return Err(Violation::Protocol);
        }
        let short = second & 0x7f;
        if opcode >= 8 && (!fin || short > 125) {
            return Err(Violation::Protocol);
        }
        let extended = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(field) = data.get(2..2 + extended) else { return Ok(None) };
        let len = match extended {
            0 => u64::from(short),
            _ => field.iter().fold(0, |len, byte| len << 8 | u64::from(*byte)),
        };
        if len >> 63 != 0 {
            return Err(Violation::Protocol);
        }
        let size = 2 + extended + 4;
        let Some(mask) = data.get(2 + extended..size) else {
            return Ok(Some(Self::unmasked(fin, opcode, size, len)));
        };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        Ok(Some(Self { fin, opcode, mask, size, len }))
    }

    /// A header whose mask has not come yet: enough to judge the announced size.
    fn unmasked(fin: bool, opcode: u8, size: usize, len: u64) -> Self {
        Self { fin, opcode, mask: [0; 4], size, len }
    }
}

impl Decoder {
    /// A decoder that has been given `bytes` already; the first [`Decoder::feed`] reads them.
    #[must_use]
    pub fn with(bytes: Vec<u8>) -> Self {
        Self { kept: bytes, ..Self::default() }
    }

    /// Takes `input`, and hands every complete message to `sink` until it answers [`Flow::Stop`]; what is left
    /// is kept. `limit` is the largest message in bytes. Call again with no input to go on after a stop.
    ///
    /// # Errors
    /// When the client broke the protocol. The decoder must not be used any more.
    pub fn feed(
        &mut self,
        input: &mut [u8],
        limit: usize,
        sink: &mut dyn FnMut(Incoming<'_>) -> Flow,
    ) -> Result<(), Violation> {
        if self.kept.is_empty() {
            let used = self.read(input, limit, sink)?;
            self.kept.extend_from_slice(&input[used..]);
            return Ok(());
        }
        if !input.is_empty() {
            self.kept.drain(..self.start);
            self.start = 0;
            self.kept.extend_from_slice(input);
        }
        let mut kept = std::mem::take(&mut self.kept);
        let used = self.read(&mut kept[self.start..], limit, sink)?;
        self.start += used;
        if self.start == kept.len() {
            self.start = 0;
        } else {
            self.kept = kept;
        }
        Ok(())
    }

    /// When the last fragment of the message that is being received is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.fragments.as_ref().map(|fragments| fragments.since + FRAGMENTS_TIMEOUT)
    }

    fn read(
        &mut self,
        data: &mut [u8],
        limit: usize,
        sink: &mut dyn FnMut(Incoming<'_>) -> Flow,
    ) -> Result<usize, Violation> {
        let mut at = 0;
        while let Some(header) = Header::read(&data[at..])? {
            let earlier = self.fragments.as_ref().map_or(0, |fragments| fragments.content.len());
            if header.opcode < 8 && header.len > limit.saturating_sub(earlier) as u64 {
                return Err(Violation::TooBig);
            }
            let start = at + header.size;
            let Some(content) =
                usize::try_from(header.len).ok().and_then(|len| data.get_mut(start..start + len))
            else {
                break;
            };
            unmask(content, header.mask);
            at = start + content.len();
            if self.frame(&header, content, sink)? == Flow::Stop {
                break;
            }
        }
        Ok(at)
    }

    fn frame(
        &mut self,
        header: &Header,
        content: &[u8],
        sink: &mut dyn FnMut(Incoming<'_>) -> Flow,
    ) -> Result<Flow, Violation> {
        match header.opcode {
            0 => self.continuation(header.fin, content, sink),
            1 | 2 => {
                let text = header.opcode == 1;
                if self.fragments.is_some() {
                    return Err(Violation::Protocol);
                }
                if header.fin {
                    return deliver(text, content, sink);
                }
                let content = content.to_vec();
                self.fragments = Some(Box::new(Fragments { text, content, count: 1, since: Instant::now() }));
                Ok(Flow::More)
            }
            8 => close_code(content).map(|code| sink(Incoming::Close(code))),
            9 => Ok(sink(Incoming::Ping(content))),
            _ => Ok(sink(Incoming::Pong)),
        }
    }

    fn continuation(
        &mut self,
        fin: bool,
        content: &[u8],
        sink: &mut dyn FnMut(Incoming<'_>) -> Flow,
    ) -> Result<Flow, Violation> {
        let Some(fragments) = &mut self.fragments else { return Err(Violation::Protocol) };
        fragments.count += 1;
        if fragments.count > MAX_FRAGMENTS {
            return Err(Violation::TooBig);
        }
        fragments.content.extend_from_slice(content);
        if !fin {
            return Ok(Flow::More);
        }
        let Some(whole) = self.fragments.take() else { return Err(Violation::Protocol) };
        deliver(whole.text, &whole.content, sink)
    }
}

fn deliver(
    text: bool,
    content: &[u8],
    sink: &mut dyn FnMut(Incoming<'_>) -> Flow,
) -> Result<Flow, Violation> {
    if text {
        let text = std::str::from_utf8(content).map_err(|_| Violation::Utf8)?;
        return Ok(sink(Incoming::Text(text)));
    }
    Ok(sink(Incoming::Binary(content)))
}

/// Checks the content of a close frame (RFC 6455, section 7.4).
fn close_code(content: &[u8]) -> Result<Option<u16>, Violation> {
    let (code, reason) = match content {
        [] => return Ok(None),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        _ => return Err(Violation::Protocol),
    };
    if std::str::from_utf8(reason).is_err() {
        return Err(Violation::Utf8);
    }
    match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(Some(code)),
        _ => Err(Violation::Protocol),
    }
}

fn unmask(content: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let mut chunks = content.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(word) ^ wide).to_ne_bytes());
    }
    for (byte, mask) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests;
