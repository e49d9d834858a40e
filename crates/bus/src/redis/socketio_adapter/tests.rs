//! Recordings of what Node's servers say, read and written; and what nobody should say.

use bytes::Bytes;
use serde_json::Value as Json;

use super::messages::{read, write_broadcast};
use super::*;

fn recordings() -> Vec<Json> {
    serde_json::from_str(include_str!("golden.json")).expect("the recordings are JSON")
}

/// What was published, with its channel.
fn delivery(recording: &Json) -> Delivery {
    let bytes = match recording["raw"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => unhex(recording["hex"].as_str().expect("a recording has raw or hex")),
    };
    Delivery { channel: recording["channel"].as_str().expect("a channel").to_owned(), payload: bytes.into() }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn heard(delivery: &Delivery) -> Option<Heard> {
    read(&Channels::new("socket.io"), "ours", delivery)
}

fn recorded(label: &str) -> Heard {
    let of_label = |recording: &Json| recording["label"] == label;
    let recording = recordings().into_iter().find(of_label).unwrap_or_else(|| panic!("no recording {label}"));
    heard(&delivery(&recording)).unwrap_or_else(|| panic!("{label} is heard"))
}

fn said(channel: &str, payload: impl Into<Bytes>) -> Option<Heard> {
    heard(&Delivery { channel: channel.to_owned(), payload: payload.into() })
}

#[test]
fn every_recording_is_understood_or_not_for_us() {
    let mut counts = [0; 3];
    for recording in recordings() {
        let label = &recording["label"];
        match heard(&delivery(&recording)) {
            Some(Heard::Unreadable) => panic!("{label} is not understood"),
            Some(Heard::Broadcast(_)) => counts[0] += 1,
            Some(Heard::Request(..)) => counts[1] += 1,
            // Responses, and what is for another namespace.
            None => counts[2] += 1,
        }
    }
    assert_eq!(counts.iter().sum::<i32>(), recordings().len() as i32);
    assert!(counts[0] >= 8 && counts[1] >= 12, "{counts:?}");
}

#[test]
fn broadcasts_are_read_with_all_they_hold() {
    let Heard::Broadcast(all) = recorded("io.emit") else { panic!("a broadcast") };
    assert_eq!(all.packet.name, "ev");
    let object = r#"{"k":[null,true,1.5,-3,300,70000,5000000000]}"#;
    assert_eq!(all.packet.args, ["1", r#""s""#, object]);
    assert_eq!((all.to, all.is_volatile), (Selection::default(), false));

    let label = "io.to(room).to(room2).except(x).volatile.compress(false).emit";
    let Heard::Broadcast(some) = recorded(label) else { panic!("a broadcast") };
    assert_eq!(some.to, Selection { rooms: vec!["r1".into(), "r2".into()], except: vec!["x".into()] });
    assert!(some.is_volatile);

    let Heard::Broadcast(number) = recorded("io.to(number room).emit") else { panic!("a broadcast") };
    assert_eq!(number.to.rooms, ["42"]);

    let Heard::Broadcast(binary) = recorded("io.emit binary + Date + undefined") else {
        panic!("a broadcast")
    };
    let placeholder = r#"{"_placeholder":true,"num":0}"#;
    assert_eq!(binary.packet.args, [placeholder, r#""2023-11-14T22:13:20.123Z""#, "null", "{}"]);
    assert_eq!(binary.packet.attachments, [&b"\x01\x02\xff"[..]]);
}

#[test]
fn requests_are_read_with_all_they_hold() {
    let to_r1 = || Selection { rooms: vec!["r1".into()], except: Vec::new() };
    let request = |label| match recorded(label) {
        Heard::Request(asked, request) => (asked, request),
        other => panic!("{label} is {other:?}"),
    };
    assert_eq!(request("allRooms").1, Request::AllRooms);
    let (asked, fetch) = request("fetchSockets");
    assert_eq!(fetch, Request::Fetch(to_r1()));
    assert_eq!(asked, Asked { uid: Some("3ZCMfI".into()), request: Some("TZnwGr".into()) });
    assert_eq!(request("socketsJoin").1, Request::Join(to_r1(), vec!["j1".into(), "j2".into()]));
    assert_eq!(request("socketsLeave").1, Request::Leave(to_r1(), vec!["j1".into()]));
    assert_eq!(request("disconnectSockets(true)").1, Request::Disconnect(to_r1(), true));
    let (asked, emit) = request("emitter.serverSideEmit");
    assert_eq!((asked.uid.as_deref(), asked.request, emit), (Some("emitter"), None, Request::ServerSideEmit));
    let (_, Request::BroadcastWithAck(broadcast, timeout_ms)) = request("broadcast with ack (string)") else {
        panic!("a broadcast with acknowledgements")
    };
    assert_eq!((&broadcast.packet.name[..], broadcast.to, timeout_ms), ("q", to_r1(), 1000));
    let old = said("socket.io-request#/#", r#"{"requestId":"a","type":2,"sid":"id","room":7}"#);
    let one = Selection { rooms: vec!["id".into()], except: Vec::new() };
    let asked = Asked { uid: None, request: Some("a".into()) };
    assert_eq!(old, Some(Heard::Request(asked, Request::Join(one, vec!["7".into()]))));
}

#[test]
fn broadcasts_are_written_byte_for_byte_as_node_does() {
    let channels = Channels::new("socket.io");
    for label in ["io.emit", "io.to(room).emit", "io.emit binary + Date + undefined"] {
        let recording = recordings().into_iter().find(|recording| recording["label"] == label).expect(label);
        let Heard::Broadcast(broadcast) = recorded(label) else { panic!("a broadcast") };
        let bytes = write_broadcast("3ZCMfI", &broadcast.packet, &broadcast.to, &[]).expect("it is JSON");
        assert_eq!(channels.broadcast_to(&broadcast.to), recording["channel"].as_str().expect("a channel"));
        // A date has become text on the way, as in every client.
        if !label.contains("Date") {
            assert_eq!(Bytes::from(bytes), delivery(&recording).payload, "{label}");
        } else {
            let again = said("socket.io#/#", bytes);
            assert_eq!(again, Some(Heard::Broadcast(broadcast)));
        }
    }
}

#[test]
fn responses_are_written_as_node_does() {
    let channels = Channels::new("socket.io");
    let recording_of = |label: &str, encoding: &str| {
        let wanted = |recording: &&Json| {
            recording["label"] == label
                && recording["encoding"] == encoding
                && recording["channel"].as_str().is_some_and(|channel| channel.contains("-response"))
        };
        recordings().iter().find(wanted).cloned().unwrap_or_else(|| panic!("no response to {label}"))
    };
    let placeholder = r#"{"_placeholder":true,"num":0}"#;
    for (label, encoding, request, response) in [
        ("broadcast with ack (string)", "json", "8WWiYs", Response::ClientCount(1)),
        (
            "broadcast with ack (string)",
            "msgpack",
            "8WWiYs",
            Response::Acknowledged(r#""ans""#.into(), Vec::new()),
        ),
        (
            "broadcast with ack (binary)",
            "msgpack",
            "eZpbY1",
            Response::Acknowledged(placeholder.into(), vec![Bytes::from_static(b"\x01\x02")]),
        ),
        ("allRooms", "json", "EIGlWU", Response::Rooms(vec!["hwr6NtKdlwj-DQTuAAAA".into(), "r1".into()])),
    ] {
        let asked = Asked { uid: None, request: Some(request.to_owned()) };
        let (channel, bytes) = response.written(&channels, &asked);
        let recording = recording_of(label, encoding);
        assert_eq!(channel, recording["channel"].as_str().expect("a channel"));
        assert_eq!(Bytes::from(bytes), delivery(&recording).payload, "{label}");
    }
    let seen = Seen { id: "a".into(), rooms: vec!["a".into(), "r1".into()] };
    let asked = Asked { uid: Some("3ZCMfI".into()), request: Some("TZnwGr".into()) };
    let (channel, bytes) = Response::Fetched(vec![seen]).written(&channels, &asked);
    assert_eq!(channel, "socket.io-response#/#3ZCMfI#");
    let (ours, theirs) =
        (serde_json::from_slice::<Json>(&bytes), delivery(&recording_of("fetchSockets", "json")));
    let theirs: Json = serde_json::from_slice(&theirs.payload).expect("JSON");
    let keys = |value: &Json| value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
    let (ours, theirs) = (&ours.expect("JSON")["sockets"][0], &theirs["sockets"][0]);
    assert_eq!(keys(ours), keys(theirs), "every key that a server looks at is there");
    assert_eq!(ours["handshake"]["headers"], serde_json::json!({}), "and tells nothing");
}

#[test]
fn our_own_and_other_namespaces_are_not_heard() {
    let packet = Packet { name: "ev".into(), args: vec!["1".into()], attachments: Vec::new() };
    let own = write_broadcast("ours", &packet, &Selection::default(), &["volatile"]).expect("it is JSON");
    assert_eq!(said("socket.io#/#", own), None);
    assert_eq!(said("socket.io-request#/#", r#"{"uid":"ours","requestId":"a","type":1}"#), None);
    let node = write_broadcast("other", &packet, &Selection::default(), &["fireside"]).expect("it is JSON");
    assert_eq!(said("socket.io#/#", node), None, "our own nodes tell each other by the bus");
    let recording = recordings().into_iter().find(|recording| recording["label"] == "emitter.of(/x).emit");
    let elsewhere = delivery(&recording.expect("a recording"));
    assert_eq!(said("socket.io#/#", elsewhere.payload), None, "for the namespace /x");
    assert_eq!(said("socket.io#/x#", &b"any"[..]), None);
}

#[test]
fn what_is_not_the_protocol_is_unreadable_and_does_no_harm() {
    let broadcasts = "socket.io#/#";
    let requests = "socket.io-request#/#";
    let mut emit = delivery(&recordings()[0]).payload.to_vec();
    for length in 0..emit.len() {
        assert_eq!(said(broadcasts, emit[..length].to_vec()), Some(Heard::Unreadable), "cut at {length}");
    }
    emit.push(0xc0);
    assert_eq!(said(broadcasts, emit), Some(Heard::Unreadable), "something follows");
    let nested = |kind: u8| vec![kind; 100_000];
    for bytes in
        [nested(0x91), nested(0x81), b"\xdf\xff\xff\xff\xff".to_vec(), b"\xc6\xff\xff\xff\xff".to_vec()]
    {
        assert_eq!(said(broadcasts, bytes.clone()), Some(Heard::Unreadable));
        assert_eq!(said(requests, bytes), Some(Heard::Unreadable));
    }
    for text in ["", "{", "{}", r#"{"type":99}"#, r#"{"type":2,"rooms":["a"]}"#, r#"{"type":5,"opts":7}"#] {
        assert_eq!(said(requests, text), Some(Heard::Unreadable), "{text}");
    }
    let packet = Packet {
        name: "ev".into(),
        args: vec![r#"{"_placeholder":true,"num":9}"#.into()],
        attachments: Vec::new(),
    };
    let disguised = write_broadcast("x", &packet, &Selection::default(), &[]).expect("it is JSON");
    assert_eq!(said(broadcasts, disguised), Some(Heard::Unreadable), "a client would look for binary data");
}

#[test]
fn numbers_and_rooms_of_every_kind_survive() {
    let packet = Packet {
        name: "ev".into(),
        args: ["9007199254740993", "-9223372036854775808", "18446744073709551615", "0.5", "\"\\u0000é\""]
            .map(String::from)
            .to_vec(),
        attachments: Vec::new(),
    };
    let rooms = ["a#b", "*", "?[x]", "42", ""].map(String::from).to_vec();
    let to = Selection { rooms, except: vec!["e#".into()] };
    let bytes = write_broadcast("other", &packet, &to, &["volatile"]).expect("it is JSON");
    let Some(Heard::Broadcast(read)) = said("socket.io#/#", bytes) else { panic!("a broadcast") };
    assert_eq!((read.packet.name, read.to, read.is_volatile), (packet.name, to, true));
    assert_eq!(read.packet.args[..4], packet.args[..4]);
    assert_eq!(Channels::new("a*b[c]").broadcasts, r"a\*b\[c\]#/#*");
}

/// The sharded dialect, as one of our nodes hears it.
fn shards() -> sharded::Channels {
    sharded::Channels::new("socket.io", "ours")
}

fn said_sharded(payload: impl Into<Bytes>) -> Option<Heard> {
    shards().read(&Delivery { channel: "socket.io#/#".to_owned(), payload: payload.into() })
}

#[test]
fn the_sharded_dialect_is_read_with_all_it_holds() {
    let selection = |rooms: &[&str]| Selection {
        rooms: rooms.iter().map(|room| (*room).to_owned()).collect(),
        except: Vec::new(),
    };
    let asked = |request: Option<&str>| Asked { uid: Some("n1".into()), request: request.map(str::to_owned) };
    let packet = Packet { name: "ev".into(), args: vec!["1".into()], attachments: Vec::new() };
    let emit = |more: &str| {
        let data = format!(
            r#"{{"packet":{{"type":2,"data":["ev",1],"nsp":"/"}},"opts":{{"rooms":["r",42],"except":[],"flags":{{"volatile":true,"timeout":9}}}}{more}}}"#
        );
        said_sharded(format!(r#"{{"type":3,"data":{data},"uid":"n1","nsp":"/"}}"#))
    };
    let broadcast = Broadcast { packet, to: selection(&["r", "42"]), is_volatile: true };
    assert_eq!(emit(""), Some(Heard::Broadcast(broadcast.clone())));
    let with_ack = Heard::Request(asked(Some("q")), Request::BroadcastWithAck(broadcast, 9));
    assert_eq!(emit(r#","requestId":"q""#), Some(with_ack));
    let opts = r#""opts":{"rooms":["r"],"except":[]}"#;
    for (kind, data, request, expected) in [
        (
            4,
            format!(r#"{{{opts},"rooms":["a",7]}}"#),
            None,
            Request::Join(selection(&["r"]), vec!["a".into(), "7".into()]),
        ),
        (
            5,
            format!(r#"{{{opts},"rooms":["a"]}}"#),
            None,
            Request::Leave(selection(&["r"]), vec!["a".into()]),
        ),
        (6, format!(r#"{{{opts},"close":true}}"#), None, Request::Disconnect(selection(&["r"]), true)),
        (7, format!(r#"{{{opts},"requestId":"q"}}"#), Some("q"), Request::Fetch(selection(&["r"]))),
        (9, r#"{"packet":["ev"],"requestId":"q"}"#.to_owned(), Some("q"), Request::ServerSideEmit),
    ] {
        let heard = said_sharded(format!(r#"{{"type":{kind},"data":{data},"uid":"n1","nsp":"/"}}"#));
        assert_eq!(heard, Some(Heard::Request(asked(request), expected)), "type {kind}");
    }
}

#[test]
fn what_we_say_in_the_sharded_dialect_another_node_understands() {
    let (placeholder, bytes) = (r#"{"_placeholder":true,"num":0}"#, Bytes::from_static(b"\x01\x02"));
    let other = sharded::Channels::new("socket.io", "other");
    for (args, attachments) in
        [(vec!["[1,\"é\"]".to_owned()], Vec::new()), (vec![placeholder.to_owned()], vec![bytes])]
    {
        let packet = Packet { name: "ev".into(), args, attachments };
        for (rooms, channel) in [
            (vec![], "socket.io#/#"),
            (vec!["vip"], "socket.io#/#vip#"),
            (vec!["a", "b"], "socket.io#/#"),
            (vec!["hwr6NtKdlwj-DQTuAAAA"], "socket.io#/#"),
        ] {
            let to =
                Selection { rooms: rooms.into_iter().map(str::to_owned).collect(), except: vec!["x".into()] };
            let (where_to, payload) = shards().broadcast(&packet, &to, &["volatile"]).expect("it is JSON");
            assert_eq!(where_to, channel);
            let heard = other.read(&Delivery { channel: where_to, payload: payload.into() });
            let expected = Broadcast { packet: packet.clone(), to, is_volatile: true };
            assert_eq!(heard, Some(Heard::Broadcast(expected)));
        }
    }
    let asked = Asked { uid: Some("n1".into()), request: Some("q".into()) };
    let (channel, payload) = shards().response(&asked, &Response::ClientCount(3)).expect("an answer");
    assert_eq!(channel, "socket.io#/#n1#");
    let written: Json = serde_json::from_slice(&payload).expect("JSON");
    assert_eq!(
        written,
        serde_json::json!({ "type": 11, "data": { "requestId": "q", "clientCount": 3 }, "uid": "ours", "nsp": "/" })
    );
    assert_eq!(shards().response(&asked, &Response::Done), None, "nobody waits for it");
}

#[test]
fn the_sharded_dialect_is_not_heard_of_ourselves_and_does_no_harm() {
    let message = |kind: u64, uid: &str, nsp: &str, flags: &str| {
        format!(
            r#"{{"type":{kind},"data":{{"packet":{{"type":2,"data":["ev"],"nsp":"/"}},"opts":{{"rooms":[],"except":[],"flags":{flags}}}}},"uid":"{uid}","nsp":"{nsp}"}}"#
        )
    };
    assert!(matches!(said_sharded(message(3, "n1", "/", "{}")), Some(Heard::Broadcast(_))));
    assert_eq!(said_sharded(message(3, "ours", "/", "{}")), None);
    assert_eq!(said_sharded(message(3, "n1", "/x", "{}")), None);
    assert_eq!(said_sharded(message(3, "n1", "/", r#"{"fireside":true}"#)), None, "of our own nodes");
    for kind in [1, 2, 8, 10, 11, 12, 13] {
        assert_eq!(said_sharded(message(kind, "n1", "/", "{}")), None);
    }
    for text in [
        "",
        "{",
        "{}",
        r#"{"type":99,"uid":"n1","nsp":"/"}"#,
        r#"{"type":3,"uid":"n1","nsp":"/"}"#,
        r#"{"type":4,"data":{"rooms":["a"]},"uid":"n1","nsp":"/"}"#,
        r#"{"type":7,"data":{"opts":7},"uid":"n1","nsp":"/"}"#,
        r#"{"type":3,"data":{"packet":{"type":2,"data":["ev",{"_placeholder":true,"num":0}],"nsp":"/"},"opts":{"rooms":[],"except":[]}},"uid":"n1","nsp":"/"}"#,
    ] {
        assert_eq!(said_sharded(text), Some(Heard::Unreadable), "{text}");
    }
    for bytes in [
        vec![0x91; 100_000],
        vec![b'['; 100_000],
        b"{\"a\":".repeat(50_000),
        b"\xdf\xff\xff\xff\xff".to_vec(),
    ] {
        assert_eq!(said_sharded(bytes), Some(Heard::Unreadable));
    }
}
