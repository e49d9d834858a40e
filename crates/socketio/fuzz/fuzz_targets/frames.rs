//! WebSocket frames, whole and in pieces: `cargo +nightly fuzz run frames`.
#![no_main]

use fireside_socketio::parsers::{Decoder, Flow, Incoming, Violation};
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 500;

fn read(bytes: &[u8], piece: usize, stop: bool) -> (Vec<String>, Option<Violation>) {
    let mut decoder = Decoder::default();
    let mut seen = Vec::new();
    let mut sink = |incoming: Incoming<'_>| {
        if let Incoming::Text(text) = incoming {
            assert!(text.len() <= LIMIT);
        }
        seen.push(format!("{incoming:?}"));
        if stop { Flow::Stop } else { Flow::More }
    };
    let mut bytes = bytes.to_vec();
    let mut pieces = bytes.chunks_mut(piece);
    // After a stop, what is left has to be asked for; a frame takes at least six bytes, and most ask in vain.
    let asks = if stop { 1 + piece / 6 } else { 0 };
    let result = pieces.try_for_each(|piece| {
        decoder.feed(piece, LIMIT, &mut sink)?;
        (0..asks).try_for_each(|_| decoder.feed(&mut [], LIMIT, &mut sink))
    });
    (seen, result.err())
}

fuzz_target!(|bytes: &[u8]| {
    let [piece, bytes @ ..] = bytes else { return };
    let whole = read(bytes, bytes.len().max(1), false);
    let cut = read(bytes, usize::from(*piece) + 1, false);
    assert_eq!(whole, cut);
    let stopping = read(bytes, usize::from(*piece) + 1, true);
    assert_eq!(whole, stopping);
});
