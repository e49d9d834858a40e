//! What every bus between nodes does, whichever it is. Each case runs in memory and over a real Redis.

mod listener;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fireside_bus::memory::Hub;
use fireside_bus::testing::RedisServer;
use fireside_bus::{Bus, State};
use listener::{Listener, options};

/// Where the nodes of a case meet.
enum Place {
    Memory(Hub),
    Redis(Arc<RedisServer>),
}

impl Place {
    async fn node(&self) -> Listener {
        Listener::new(match self {
            Place::Memory(hub) => Bus::memory(hub),
            Place::Redis(server) => Bus::redis(options(server, "conformance")).await,
        })
    }
}

/// Names of one case's tests, in both places.
macro_rules! both {
    ($($case:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $case() {
                super::$case(super::Place::Memory(super::Hub::new())).await;
            })*
        }
        mod redis {
            $(#[tokio::test]
            async fn $case() {
                let server = super::RedisServer::start().await.expect("a Redis");
                super::$case(super::Place::Redis(server.into())).await;
            })*
        }
    };
}

both!(
    what_one_publishes_the_others_receive,
    a_topic_is_heard_from_subscribing_to_unsubscribing,
    order_and_bytes_are_kept_when_all_is_well,
    many_topics_are_kept_apart,
    publishing_never_waits,
    a_bus_ends_with_its_last_clone,
);

async fn what_one_publishes_the_others_receive(place: Place) {
    let (mut alice, mut bob, mut carol) = (place.node().await, place.node().await, place.node().await);
    for node in [&alice, &bob, &carol] {
        assert!(node.bus.is_shared());
        assert_eq!(*node.bus.state().borrow(), State::Up);
    }
    alice.subscribes("room", &bob.bus).await;
    bob.subscribes("room", &alice.bus).await;
    carol.subscribes("room", &alice.bus).await;
    alice.bus.publish("room", Bytes::from_static(b"hello"));
    assert_eq!(bob.next().await, ("room".to_owned(), "hello".into()));
    assert_eq!(carol.next().await, ("room".to_owned(), "hello".into()));
    bob.bus.publish("room", Bytes::from_static(b"hi"));
    assert_eq!(alice.next().await.1, "hi", "and not what alice said herself");
    assert_eq!(carol.next().await.1, "hi");
}

async fn a_topic_is_heard_from_subscribing_to_unsubscribing(place: Place) {
    let (mut alice, bob) = (place.node().await, place.node().await);
    bob.bus.publish("room", Bytes::from_static(b"too early"));
    alice.subscribes("room", &bob.bus).await;
    // Twice is the same as once.
    alice.bus.subscribe("room");
    alice.subscribes("other", &bob.bus).await;
    bob.bus.publish("room", Bytes::from_static(b"heard"));
    bob.bus.publish("other", Bytes::from_static(b"after it"));
    assert_eq!(alice.next().await.1, "heard");
    assert_eq!(alice.next().await.1, "after it");
    alice.bus.unsubscribe("room");
    alice.is_deaf_to("room", &bob.bus).await;
    bob.bus.publish("other", Bytes::from_static(b"still heard"));
    assert_eq!(alice.next().await.1, "still heard");
}

async fn order_and_bytes_are_kept_when_all_is_well(place: Place) {
    let (mut alice, bob) = (place.node().await, place.node().await);
    alice.subscribes("room", &bob.bus).await;
    let payload = |number: u16| {
        let mut payload = number.to_be_bytes().to_vec();
        payload.resize(usize::from(number) * 7 + 2, number as u8);
        Bytes::from(payload)
    };
    for number in 0..500 {
        bob.bus.publish("room", payload(number));
    }
    for number in 0..500 {
        assert_eq!(alice.next().await.1, payload(number), "message {number}");
    }
    bob.bus.publish("room", Bytes::new());
    assert_eq!(alice.next().await.1, "", "empty is a message too");
}

async fn many_topics_are_kept_apart(place: Place) {
    let (mut alice, bob) = (place.node().await, place.node().await);
    let topics: Vec<String> = (0..2000).map(|number| format!("room:{number}")).collect();
    topics.iter().for_each(|topic| alice.bus.subscribe(topic));
    // Names that mean something to Redis, or nothing to anybody.
    for topic in ["*", "room:?", "room:[0-9]", "", "räum", "a b\r\nc"] {
        alice.subscribes(topic, &bob.bus).await;
        bob.bus.publish(topic, Bytes::from_static(b"hello"));
        assert_eq!(alice.next().await, (topic.to_owned(), "hello".into()));
    }
    bob.bus.publish("room:2000", Bytes::from_static(b"to nobody"));
    for topic in ["room:1999", "room:0"] {
        bob.bus.publish(topic, Bytes::copy_from_slice(topic.as_bytes()));
        assert_eq!(alice.next().await, (topic.to_owned(), topic.to_owned().into()));
    }
}

async fn publishing_never_waits(place: Place) {
    let (alice, bob) = (place.node().await, place.node().await);
    alice.bus.subscribe("room");
    let payload = Bytes::from(vec![0; 64 * 1024]);
    let began = std::time::Instant::now();
    // Far more than is kept: this thread never yields, so nothing can leave meanwhile.
    for _ in 0..2000 {
        bob.bus.publish("room", payload.clone());
    }
    assert!(began.elapsed() < Duration::from_secs(5), "took {:?}", began.elapsed());
}

async fn a_bus_ends_with_its_last_clone(place: Place) {
    let (alice, bob) = (place.node().await, place.node().await);
    let clone = alice.bus.clone();
    let mut state = alice.bus.state();
    let mut arrivals = alice.into_arrivals();
    clone.subscribe("room");
    drop(clone);
    bob.bus.publish("room", Bytes::from_static(b"to nobody"));
    assert_eq!(arrivals.recv().await, None, "the receiver is gone with the bus");
    while state.changed().await.is_ok() {}
}
