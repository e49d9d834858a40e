//! Frames that clients may not send, and how WebSockets end.

use std::time::Duration;

use fireside_socketio::Config;
use tokio::io::AsyncWriteExt;

use crate::support::{World, config, masked, soon};

#[tokio::test(flavor = "multi_thread")]
async fn bad_frames_are_answered_with_the_code_that_fits() {
    let world = World::new().await;
    let mut unmasked = masked(0x81, b"40");
    unmasked[1] &= 0x7f;
    let announced = |len: u64| [&[0x81, 0xff][..], &len.to_be_bytes()].concat();
    for (bytes, code, what) in [
        (unmasked, 1002, "unmasked"),
        (masked(0xc1, b"40"), 1002, "reserved bit"),
        (masked(0x83, b"40"), 1002, "reserved opcode"),
        (masked(0x8b, b""), 1002, "reserved control opcode"),
        (masked(0x80, b"40"), 1002, "continuation of nothing"),
        ([masked(0x01, b"4"), masked(0x81, b"40")].concat(), 1002, "interleaved"),
        (masked(0x09, b""), 1002, "fragmented ping"),
        (masked(0x81, &[b'4', 0xff]), 1007, "no UTF-8"),
        (announced(1_000_001), 1009, "over the limit"),
        (announced(1 << 31), 1009, "2 GiB"),
        (announced((1 << 63) - 1), 1009, "2^63 - 1"),
        (masked(0x88, &999u16.to_be_bytes()), 1002, "bad close code"),
        (masked(0x88, &[3, 0xe8, 0xff]), 1007, "bad close reason"),
        (masked(0x88, &[3]), 1002, "half a close code"),
        (masked(0x88, &4001u16.to_be_bytes()), 4001, "a proper close"),
        (masked(0x88, &[]), 1000, "a close without a code"),
    ] {
        let mut raw = world.raw().await;
        raw.send(&bytes).await;
        assert_eq!(raw.close_code().await, code, "{what}");
        raw.stream.shutdown().await.unwrap();
        raw.ends().await;
    }
    world.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_and_fragments_are_joined() {
    let world = World::new().await;
    let mut raw = world.raw().await;
    raw.send(&masked(0x89, b"are you there")).await;
    assert_eq!(raw.frame().await, Some((0x8a, b"are you there".to_vec())));
    for byte in
        [masked(0x01, b"40"), masked(0x89, b""), masked(0x00, b"{\"name\":\"al"), masked(0x80, b"ice\"}")]
            .concat()
    {
        raw.send(&[byte]).await;
    }
    world.reports("connected alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_are_limited_in_number() {
    let world = World::new().await;
    let mut raw = world.raw().await;
    raw.send(&masked(0x01, b"")).await;
    raw.send(&masked(0x00, b"").repeat(1024)).await;
    assert_eq!(raw.close_code().await, 1009);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_lets_go_is_dropped() {
    let world = World::with(Config { close_timeout: Duration::from_millis(200), ..config() }).await;
    let mut raw = world.raw().await;
    raw.send(&masked(0x81, b"abc")).await;
    assert_eq!(raw.close_code().await, 1008);
    let (mut reading, mut writing) = raw.stream.split();
    let talk = async { while writing.write_all(&masked(0x81, b"42[\"note\",1]")).await.is_ok() {} };
    let listen = async {
        let mut rest = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut reading, &mut rest).await;
    };
    soon("both ends", async { tokio::join!(talk, listen) }).await;
    world.is_empty().await;
    world.reports_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_come_behind_the_handshake_are_not_lost() {
    let world = World::new().await;
    let mut stream = tokio::net::TcpStream::connect(world.addr).await.unwrap();
    let request = world.upgrade_request("");
    let early = [request.as_bytes(), &masked(0x81, b"40{\"name\":\"early\"}")].concat();
    stream.write_all(&early).await.unwrap();
    world.reports("connected early").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_off_is_noticed() {
    let world = World::new().await;
    drop(world.join("alice").await);
    world.reports("disconnected alice: transport close").await;
    let mut client = world.join("bob").await;
    client.send("1").await;
    assert_eq!(client.closed().await, Some(1000));
    world.reports("disconnected bob: transport close").await;
    drop(client);
    world.is_empty().await;
    let stats = world.server.stats();
    assert_eq!((stats.opened_websocket, stats.open_websocket), (2, 0));
}
