//! A real Redis Cluster: messages go by the shard of their channel, and find it when it moves or its master is lost.

mod listener;

use std::time::Duration;

use bytes::Bytes;
use fireside_bus::testing::RedisCluster;
use fireside_bus::{Bus, RedisOptions};
use listener::{Listener, PATIENCE, until};
use tokio::time::{sleep, timeout};

/// Topics enough to be spread over all shards.
const TOPICS: usize = 30;

fn options(url: &str) -> RedisOptions {
    RedisOptions { url: url.parse().expect("an address"), namespace: "shards".to_owned(), key: [7; 32] }
}

fn topic(number: usize) -> String {
    format!("room{number}")
}

/// Two nodes, the first of which listens to the second in all topics.
async fn pair(cluster: &RedisCluster) -> (Listener, Bus) {
    let mut alice = Listener::new(Bus::redis(options(&cluster.url())).await);
    let bob = Bus::redis(options(&cluster.url())).await;
    until(&alice.bus, true).await;
    until(&bob, true).await;
    for number in 0..TOPICS {
        alice.subscribes(&topic(number), &bob).await;
    }
    (alice, bob)
}

async fn hears_all(alice: &mut Listener, bob: &Bus) {
    for number in 0..TOPICS {
        alice.hears(&topic(number), bob).await;
    }
}

#[tokio::test]
async fn a_message_costs_one_shard() {
    let cluster = RedisCluster::start().await.expect("a cluster");
    let (mut alice, bob) = pair(&cluster).await;
    let passed_on = async || {
        let plain = cluster.sum("cluster_stats_messages_publish_sent").await.expect("a number");
        plain + cluster.sum("cluster_stats_messages_publishshard_sent").await.expect("a number")
    };
    let mut heard = std::collections::BTreeSet::new();
    let before = passed_on().await;
    for number in 0..TOPICS {
        bob.publish(&topic(number), Bytes::from_static(b"hello"));
    }
    while heard.len() < TOPICS {
        heard.insert(alice.next().await.0);
    }
    let sharded = passed_on().await - before;
    // What goes by one shard of the three is passed on to its replica alone.
    assert!(sharded < TOPICS as u64, "{sharded} messages between nodes for {TOPICS}");

    // The same by plain publish and subscribe: each goes to all other nodes.
    let plain = format!("redis://127.0.0.1:{}", cluster.masters[0].port());
    let mut carol = Listener::new(Bus::redis(options(&plain)).await);
    let dave = Bus::redis(options(&plain)).await;
    carol.subscribes("plain", &dave).await;
    let before = passed_on().await;
    for _ in 0..TOPICS {
        dave.publish("plain", Bytes::from_static(b"hello"));
    }
    for _ in 0..TOPICS {
        carol.next().await;
    }
    let plain = passed_on().await - before;
    assert!(plain >= 3 * TOPICS as u64, "{plain} messages between nodes for {TOPICS}");
}

#[tokio::test]
async fn what_is_unsubscribed_is_not_heard_and_the_rest_is() {
    let cluster = RedisCluster::start().await.expect("a cluster");
    let (mut alice, bob) = pair(&cluster).await;
    let mut state = alice.bus.state();
    state.borrow_and_update();
    for number in 0..TOPICS / 2 {
        alice.bus.unsubscribe(&topic(number));
        alice.is_deaf_to(&topic(number), &bob).await;
    }
    for number in TOPICS / 2..TOPICS {
        alice.hears(&topic(number), &bob).await;
    }
    assert!(!state.has_changed().expect("the bus is there"), "what was asked for is no trouble");
}

#[tokio::test]
async fn slots_that_move_are_followed() {
    let cluster = RedisCluster::start().await.expect("a cluster");
    let (mut alice, bob) = pair(&cluster).await;
    let channel = format!("fireside:shards:topic:{}", topic(0));
    let slot: u16 = cluster.masters[0].command(&["CLUSTER", "KEYSLOT", &channel]).await.expect("a slot");
    let owner = usize::from(slot) * 3 / 16384;
    cluster.move_slot(slot, (owner + 1) % 3).await.expect("it moves");
    hears_all(&mut alice, &bob).await;
    cluster.move_slot(slot, owner).await.expect("it moves back");
    hears_all(&mut alice, &bob).await;
}

#[tokio::test]
async fn a_master_that_is_lost_is_replaced() {
    let cluster = RedisCluster::start().await.expect("a cluster");
    let (mut alice, bob) = pair(&cluster).await;
    cluster.masters[0].kill().expect("it is killed");
    until(&alice.bus, false).await;
    let promoted = async {
        while !cluster
            .replica
            .command::<Vec<redis::Value>>(&["ROLE"])
            .await
            .is_ok_and(|role| role.first() == Some(&redis::Value::BulkString(b"master".to_vec())))
        {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, promoted).await.expect("the replica takes its place");
    until(&alice.bus, true).await;
    until(&bob, true).await;
    hears_all(&mut alice, &bob).await;
}

#[tokio::test]
async fn a_redis_that_is_no_cluster_is_told_so() {
    let server = fireside_bus::testing::RedisServer::start().await.expect("a Redis");
    let bus = Bus::redis(options(&format!("redis+cluster://127.0.0.1:{}", server.port()))).await;
    let reason = until(&bus, false).await.expect("a reason");
    assert_eq!(reason, "the Redis at the address is no cluster");
}

#[tokio::test]
async fn a_cluster_that_is_away_is_told_in_plain_words() {
    let server = fireside_bus::testing::RedisServer::start_guarded("secret", None).await.expect("a Redis");
    for (hosts, told) in [
        ("127.0.0.1:1,127.0.0.1:2".to_owned(), "nothing takes connections at the address of Redis"),
        (format!("127.0.0.1:{}", server.port()), "Redis refuses the user or the password"),
        (format!(":wrong@127.0.0.1:{}", server.port()), "Redis refuses the user or the password"),
    ] {
        let bus = Bus::redis(options(&format!("redis+cluster://{hosts}"))).await;
        let reason = until(&bus, false).await.expect("a reason");
        assert_eq!(reason, told, "{hosts}");
    }
}
