//! Socket.IO packets and their arguments: `cargo +nightly fuzz run packet`.
#![no_main]

use fireside_socketio::parsers::{decode_head, elements, placeholders_are_valid};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|text: &str| {
    let Ok(packet) = decode_head(text, 10) else { return };
    assert!(packet.attachments <= 10 && text.ends_with(packet.payload));
    assert!(packet.namespace.starts_with('/'));
    let theirs = serde_json::from_str::<Vec<Box<RawValue>>>(packet.payload);
    match elements(packet.payload) {
        Ok(ours) => {
            let theirs = theirs.expect("what we take is JSON");
            assert!(ours.iter().copied().eq(theirs.iter().map(|value| value.get())));
            let _ = placeholders_are_valid(packet.payload, packet.attachments);
        }
        // We refuse more than they do, but only for depth and for surrogates without a partner.
        Err(_) if theirs.is_ok() => {
            let deep = packet.payload.matches(['[', '{']).count() > 100;
            assert!(deep || packet.payload.contains("\\u"), "{}", packet.payload);
        }
        Err(_) => {}
    }
});
