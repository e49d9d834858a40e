//! What the hub does on demand: the tests of others rely on it.

use std::time::Duration;

use bytes::Bytes;
use fireside_bus::memory::{Cut, Hub, Trouble};
use fireside_bus::{Bus, Incoming, State};
use tokio::sync::mpsc;

fn listening(hub: &Hub) -> (Bus, mpsc::Receiver<Incoming>) {
    let (arrived, arrivals) = mpsc::channel(4096);
    let bus = Bus::memory(hub);
    bus.receive(move |incoming| arrived.try_send(incoming).expect("the test listens"));
    bus.subscribe("t");
    (bus, arrivals)
}

/// A thousand numbers, published in trouble to a node that listens.
fn thousand(trouble: Trouble) -> (Hub, Bus, Bus, mpsc::Receiver<Incoming>) {
    let hub = Hub::new();
    let (sender, (receiver, arrivals)) = (Bus::memory(&hub), listening(&hub));
    hub.set_trouble(trouble, 7);
    for number in 0..1000_u16 {
        sender.publish("t", Bytes::copy_from_slice(&number.to_be_bytes()));
    }
    (hub, sender, receiver, arrivals)
}

/// How many of them arrive.
async fn count_of(trouble: Trouble) -> usize {
    let (hub, sender, _receiver, mut arrivals) = thousand(trouble);
    hub.set_trouble(Trouble::default(), 0);
    sender.publish("t", Bytes::from_static(b"end"));
    let mut count = 0;
    while arrivals.recv().await.expect("the last one arrives").payload != "end" {
        count += 1;
    }
    count
}

#[tokio::test]
async fn messages_are_lost_and_repeated_as_often_as_it_is_told_to() {
    assert_eq!(count_of(Trouble::default()).await, 1000);
    let lost = count_of(Trouble { lost_per_mille: 100, ..Trouble::default() }).await;
    assert!((850..950).contains(&lost), "{lost} of 1000 arrived");
    let repeated = count_of(Trouble { repeated_per_mille: 100, ..Trouble::default() }).await;
    assert!((1050..1150).contains(&repeated), "{repeated} arrivals of 1000");
}

#[tokio::test]
async fn what_is_delayed_comes_later_and_once() {
    let delay = Duration::from_millis(50);
    let trouble = Trouble { delayed_per_mille: 100, delay, ..Trouble::default() };
    let (_hub, _sender, _receiver, mut arrivals) = thousand(trouble);
    let mut numbers = Vec::new();
    while numbers.len() < 1000 {
        let payload = arrivals.recv().await.expect("all arrive").payload;
        numbers.push(u16::from_be_bytes(payload[..].try_into().expect("a number")));
    }
    assert!(!numbers.is_sorted(), "delayed messages come after later ones");
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..1000), "each arrives once");
}

#[tokio::test]
async fn a_node_that_is_cut_off_gets_nothing_until_it_is_mended() {
    let hub = Hub::new();
    let (sender, (receiver, mut arrivals)) = (Bus::memory(&hub), listening(&hub));
    for (how, down) in [(Cut::Noticed, true), (Cut::Unnoticed, false)] {
        hub.cut(&receiver, how);
        assert_eq!(matches!(*receiver.state().borrow(), State::Down { .. }), down);
        sender.publish("t", Bytes::from_static(b"lost"));
        hub.mend(&receiver);
        assert_eq!(*receiver.state().borrow(), State::Up);
        sender.publish("t", Bytes::from_static(b"arrives"));
        assert_eq!(arrivals.recv().await.expect("one arrives").payload, "arrives");
    }
    hub.cut(&sender, Cut::Unnoticed);
    sender.publish("t", Bytes::from_static(b"lost"));
    hub.mend(&sender);
    sender.publish("t", Bytes::from_static(b"arrives"));
    assert_eq!(arrivals.recv().await.expect("one arrives").payload, "arrives");
}

#[tokio::test]
async fn a_receiver_that_panics_gets_the_next_message() {
    let hub = Hub::new();
    let (arrived, mut arrivals) = mpsc::channel(4096);
    let (sender, receiver) = (Bus::memory(&hub), Bus::memory(&hub));
    receiver.subscribe("t");
    receiver.receive(move |incoming| {
        assert_ne!(incoming.payload, "bad", "a bug in the receiver");
        arrived.try_send(incoming).expect("the test listens");
    });
    sender.publish("t", Bytes::from_static(b"bad"));
    sender.publish("t", Bytes::from_static(b"good"));
    assert_eq!(arrivals.recv().await.expect("the next one arrives").payload, "good");
}

#[tokio::test]
async fn a_bus_of_one_is_up_and_silent() {
    let bus = Bus::none();
    assert!(!bus.is_shared());
    bus.receive(|incoming| unreachable!("{incoming:?} from nowhere"));
    bus.subscribe("t");
    bus.publish("t", Bytes::from_static(b"to nobody"));
    let mut state = bus.state();
    assert_eq!(*state.borrow_and_update(), State::Up);
    assert!(!state.has_changed().expect("the state is still told"));
}
