//! Writes WebSocket frames, and takes encoded frames apart again for clients that poll.
//!
//! What is queued for a client is always the WebSocket form, because that is the form that many clients share;
//! the payload of a polling answer is cut out of it.

use bytes::Bytes;

/// Longest header of an unmasked frame.
pub(crate) const MAX_HEADER: usize = 10;

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PONG: u8 = 0x8a;

/// Writes the header of a frame of `len` bytes so that it ends where `space` ends, and returns its length.
fn write_header(space: &mut [u8; MAX_HEADER], first: u8, len: usize) -> usize {
    match len {
        0..=125 => {
            space[8..].copy_from_slice(&[first, len as u8]);
            2
        }
        126..=0xffff => {
            space[6..8].copy_from_slice(&[first, 126]);
            space[8..].copy_from_slice(&(len as u16).to_be_bytes());
            4
        }
        _ => {
            space[..2].copy_from_slice(&[first, 127]);
            space[2..].copy_from_slice(&(len as u64).to_be_bytes());
            10
        }
    }
}

/// Builds a text frame in place: content is appended first, the header is put before it at the end.
#[derive(Debug)]
pub(crate) struct TextFrame {
    buffer: Vec<u8>,
}

impl TextFrame {
    pub(crate) fn with_capacity(content: usize) -> Self {
        let mut buffer = Vec::with_capacity(MAX_HEADER + content);
        buffer.extend_from_slice(&[0; MAX_HEADER]);
        Self { buffer }
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// The content so far, for serializers. Only UTF-8 may be written.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Ends the text, and appends each attachment as a binary frame.
    pub(crate) fn finish(mut self, attachments: &[Bytes]) -> Bytes {
        let mut space = [0; MAX_HEADER];
        let used = write_header(&mut space, TEXT, self.buffer.len() - MAX_HEADER);
        self.buffer[..MAX_HEADER].copy_from_slice(&space);
        for attachment in attachments {
            append(&mut self.buffer, BINARY, attachment);
        }
        Bytes::from(self.buffer).slice(MAX_HEADER - used..)
    }
}

fn append(buffer: &mut Vec<u8>, first: u8, content: &[u8]) {
    let mut space = [0; MAX_HEADER];
    let used = write_header(&mut space, first, content.len());
    buffer.reserve(used + content.len());
    buffer.extend_from_slice(&space[MAX_HEADER - used..]);
    buffer.extend_from_slice(content);
}

fn frame(first: u8, content: &[u8]) -> Bytes {
    let mut buffer = Vec::new();
    append(&mut buffer, first, content);
    Bytes::from(buffer)
}

/// A text frame.
pub(crate) fn text(content: &str) -> Bytes {
    frame(TEXT, content.as_bytes())
}

/// A binary frame.
pub(crate) fn binary(content: &[u8]) -> Bytes {
    frame(BINARY, content)
}

/// The answer to a ping.
pub(crate) fn pong(content: &[u8]) -> Bytes {
    frame(PONG, content)
}

/// A close frame.
pub(crate) fn close(code: u16) -> Bytes {
    frame(CLOSE, &code.to_be_bytes())
}

/// One Engine.IO packet inside encoded frames.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A text packet with its type character.
    Text(Bytes),
    /// A binary message.
    Binary(Bytes),
}

/// Takes encoded frames apart into the packets that they carry; control frames are left out.
pub(crate) fn parts(encoded: &Bytes) -> impl Iterator<Item = Part> + use<> {
    let mut rest = encoded.clone();
    std::iter::from_fn(move || {
        loop {
            let (first, second) = (*rest.first()?, *rest.get(1)?);
            let (header, len) = match second {
                126 => (4, usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]))),
                127 => {
                    let field: [u8; 8] = rest.get(2..10)?.try_into().ok()?;
                    (10, usize::try_from(u64::from_be_bytes(field)).ok()?)
                }
                len => (2, usize::from(len)),
            };
            let end = header + len;
            if end > rest.len() {
                return None;
            }
            let content = rest.slice(header..end);
            rest = rest.slice(end..);
            match first {
                TEXT => return Some(Part::Text(content)),
                BINARY => return Some(Part::Binary(content)),
                _ => {}
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Part, TextFrame, binary, parts, pong, text};

    #[test]
    fn headers_have_the_shortest_form() {
        for (len, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            assert_eq!(text(&"x".repeat(len)).len(), len + header, "{len} bytes");
        }
        assert_eq!(text("hi").as_ref(), b"\x81\x02hi");
        assert_eq!(binary(&[7; 126])[..4], [0x82, 126, 0, 126]);
    }

    #[test]
    fn frames_come_apart_as_they_were_put_together() {
        for len in [0, 1, 125, 126, 65_535, 65_536] {
            let body = "y".repeat(len);
            let mut frame = TextFrame::with_capacity(0);
            frame.push_str(&body);
            let encoded = frame.finish(&[Bytes::from_static(b"one"), Bytes::from(vec![2; 200])]);
            let mut all = encoded.to_vec();
            all.extend_from_slice(&pong(b"?"));
            all.extend_from_slice(&text("end"));
            let expected = [
                Part::Text(Bytes::from(body)),
                Part::Binary(Bytes::from_static(b"one")),
                Part::Binary(Bytes::from(vec![2; 200])),
                Part::Text(Bytes::from_static(b"end")),
            ];
            assert_eq!(parts(&Bytes::from(all)).collect::<Vec<_>>(), expected, "{len} bytes");
        }
    }
}
