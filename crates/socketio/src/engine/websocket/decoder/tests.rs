//! The reading side against what clients may send, and what they may not.

use proptest::prelude::*;

use super::{Decoder, Flow, Incoming, MAX_FRAGMENTS, Violation};

const LIMIT: usize = 1000;

/// A masked frame as a client sends it.
fn frame(first: u8, content: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut bytes = vec![first];
    match content.len() {
        len @ 0..=125 => bytes.push(0x80 | len as u8),
        len @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&mask);
    bytes.extend(content.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// Everything that comes out of `bytes`, fed in pieces of `piece` bytes, as text.
fn read(bytes: &[u8], piece: usize) -> (Vec<String>, Option<Violation>, Decoder) {
    let mut decoder = Decoder::default();
    let mut seen = Vec::new();
    let mut sink = |incoming: Incoming<'_>| {
        seen.push(format!("{incoming:?}"));
        Flow::More
    };
    for piece in bytes.to_vec().chunks_mut(piece) {
        if let Err(violation) = decoder.feed(piece, LIMIT, &mut sink) {
            return (seen, Some(violation), decoder);
        }
    }
    (seen, None, decoder)
}

fn violation(bytes: &[u8]) -> Option<Violation> {
    let whole = read(bytes, bytes.len().max(1)).1;
    assert_eq!(read(bytes, 1).1, whole, "byte by byte it must be judged alike");
    whole
}

#[test]
fn messages_and_control_frames_come_out_in_order() {
    let mut bytes = frame(0x81, b"one");
    bytes.extend(frame(0x01, "t\u{fc}".as_bytes()));
    bytes.extend(frame(0x89, b"ping"));
    bytes.extend(frame(0x80, b"wo"));
    bytes.extend(frame(0x82, &[1, 2]));
    bytes.extend(frame(0x8a, b""));
    bytes.extend(frame(0x88, &1000u16.to_be_bytes()));
    let expected =
        ["Text(\"one\")", "Ping([112, 105, 110, 103])", "Text(\"tüwo\")", "Binary([1, 2])", "Pong"];
    for piece in [1, 2, 7, 1000] {
        let (seen, error, decoder) = read(&bytes, piece);
        assert_eq!(error, None);
        assert_eq!(seen[..5], expected);
        assert_eq!(seen[5], "Close(Some(1000))");
        assert!(decoder.kept.is_empty() && decoder.deadline().is_none(), "nothing stays behind");
        assert_eq!(decoder.kept.capacity(), 0, "an idle decoder owns no buffer");
    }
}

#[test]
fn frames_that_no_client_may_send_are_protocol_errors() {
    let masked = frame(0x81, b"x");
    let mut unmasked = masked.clone();
    unmasked[1] &= 0x7f;
    assert_eq!(violation(&unmasked), Some(Violation::Protocol));
    for bit in [0x40, 0x20, 0x10] {
        assert_eq!(violation(&frame(0x81 | bit, b"x")), Some(Violation::Protocol));
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_eq!(violation(&frame(0x80 | opcode, b"x")), Some(Violation::Protocol));
    }
    assert_eq!(violation(&frame(0x80, b"x")), Some(Violation::Protocol), "continuation of nothing");
    assert_eq!(
        violation(&[frame(0x01, b"a"), frame(0x81, b"b")].concat()),
        Some(Violation::Protocol),
        "interleaved"
    );
    assert_eq!(violation(&frame(0x09, b"")), Some(Violation::Protocol), "fragmented ping");
    assert_eq!(violation(&frame(0x89, &[0; 126])), Some(Violation::Protocol), "long ping");
    assert_eq!(violation(&frame(0x81, &[0xff])), Some(Violation::Utf8));
}

#[test]
fn close_frames_are_checked() {
    for code in [0u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] {
        assert_eq!(violation(&frame(0x88, &code.to_be_bytes())), Some(Violation::Protocol), "{code}");
    }
    assert_eq!(violation(&frame(0x88, &[3])), Some(Violation::Protocol));
    assert_eq!(violation(&frame(0x88, &[3, 0xe8, 0xff])), Some(Violation::Utf8));
    assert_eq!(read(&frame(0x88, &[]), 100).0, ["Close(None)"]);
    assert_eq!(read(&frame(0x88, &[0x0f, 0xa0]), 100).0, ["Close(Some(4000))"]);
}

#[test]
fn an_announced_size_over_the_limit_is_refused_at_the_header() {
    for len in [LIMIT as u64 + 1, 1 << 31, (1 << 63) - 1] {
        let mut header = vec![0x82, 0x80 | 127];
        header.extend_from_slice(&len.to_be_bytes());
        let (_, error, decoder) = read(&header, 100);
        assert_eq!(error, Some(Violation::TooBig));
        assert!(decoder.kept.capacity() < 100, "nothing is allocated by the announced size");
    }
    assert_eq!(
        violation(&[0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0]),
        Some(Violation::Protocol),
        "2^63 and more"
    );
    assert_eq!(violation(&frame(0x82, &[0; LIMIT])), None);
    let parts = [frame(0x02, &[0; 600]), frame(0x80, &[0; 401])].concat();
    assert_eq!(violation(&parts), Some(Violation::TooBig), "fragments are counted together");
}

#[test]
fn fragments_are_limited_in_number_and_time() {
    let mut bytes = frame(0x01, b"");
    for _ in 1..MAX_FRAGMENTS {
        bytes.extend(frame(0x00, b""));
    }
    let (_, error, decoder) = read(&bytes, 4096);
    assert_eq!(error, None);
    assert!(decoder.deadline().is_some());
    bytes.extend(frame(0x00, b""));
    assert_eq!(read(&bytes, 4096).1, Some(Violation::TooBig));
}

#[test]
fn a_stop_keeps_the_rest_for_later() {
    let mut bytes = [frame(0x81, b"a"), frame(0x81, b"b"), frame(0x81, b"c")].concat();
    let mut decoder = Decoder::default();
    let mut seen = Vec::new();
    let mut step = |decoder: &mut Decoder, input: &mut [u8]| {
        let mut sink = |incoming: Incoming<'_>| {
            seen.push(format!("{incoming:?}"));
            Flow::Stop
        };
        decoder.feed(input, LIMIT, &mut sink).unwrap();
        seen.len()
    };
    assert_eq!(step(&mut decoder, &mut bytes), 1);
    assert!(!decoder.kept.is_empty());
    assert_eq!(step(&mut decoder, &mut []), 2);
    assert_eq!(step(&mut decoder, &mut frame(0x81, b"d")), 3);
    assert_eq!(step(&mut decoder, &mut []), 4);
    assert!(decoder.kept.is_empty());
    assert_eq!(seen, ["Text(\"a\")", "Text(\"b\")", "Text(\"c\")", "Text(\"d\")"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_bytes_are_judged_alike_however_they_are_cut(
        bytes in prop::collection::vec(any::<u8>(), 0..200), piece in 1usize..50,
    ) {
        let (whole, whole_error, _) = read(&bytes, 1000);
        let (cut, cut_error, _) = read(&bytes, piece);
        prop_assert_eq!((whole, whole_error), (cut, cut_error));
    }

    #[test]
    fn what_is_sent_comes_out_however_it_is_cut(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..6), piece in 1usize..400,
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|message| frame(0x82, message)).collect();
        let expected: Vec<String> = messages.iter().map(|message| format!("Binary({message:?})")).collect();
        prop_assert_eq!(read(&bytes, piece).0, expected);
    }
}
