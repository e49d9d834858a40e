//! Bodies of polling requests: `cargo +nightly fuzz run payload`.
#![no_main]

use fireside_socketio::parsers::{Packet, SEPARATOR, decode_polling};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &str| {
    for packet in body.split(SEPARATOR) {
        match decode_polling(packet) {
            Ok(Packet::Text(text)) => assert_eq!(packet, format!("4{text}")),
            Ok(Packet::Ping(text)) => assert_eq!(packet, format!("2{text}")),
            Ok(Packet::Binary(content)) => assert!(content.len() <= packet.len()),
            Ok(Packet::Close | Packet::Pong | Packet::Upgrade | Packet::Noop) | Err(_) => {}
        }
    }
});
