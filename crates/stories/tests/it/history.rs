//! History: pages that lose nothing and repeat nothing, whatever the clock says and whoever is writing.

use std::collections::BTreeSet;

use fireside_protocol::Request as _;
use fireside_protocol::messages::ListMessages;
use fireside_stories::client::Call;
use fireside_stories::{Actor, Answer, Room, World, reason, stories};
use futures_util::future::join_all;
use serde_json::{Value, json};

stories!(
    pages_go_back_to_the_beginning,
    pages_go_on_to_the_end,
    a_page_around_a_message_has_both_sides,
    messages_of_one_instant_are_each_on_one_page,
    a_clock_that_goes_back_does_not_reorder,
    nothing_is_lost_while_others_write,
    limits_are_capped_and_said,
    links_lead_to_the_next_page,
);

async fn pages_go_back_to_the_beginning(world: &World) {
    let World { alice, bob, den, .. } = world;
    let sent = says(alice, 7).await;
    let newest = bob.reads_page(den, json!({ "limit": 3 })).await;
    assert_eq!(seqs(&newest), [sent[6], sent[5], sent[4]]);
    assert_eq!(newest.head_seq(), Some(sent[6]));
    let by_seq = bob.reads_page(den, json!({ "limit": 3, "before": sent[4] })).await;
    assert_eq!(seqs(&by_seq), [sent[3], sent[2], sent[1]]);
    let id = newest.items()[2]["id"].as_str().expect("an id");
    let by_id = bob.reads_page(den, json!({ "limit": 3, "before": id })).await;
    assert_eq!(seqs(&by_id), seqs(&by_seq));
    assert_eq!(
        walk(bob, den, "before=9007199254740991", 3).await,
        sent.iter().rev().copied().collect::<Vec<_>>()
    );
}

async fn pages_go_on_to_the_end(world: &World) {
    let World { alice, carol, den, .. } = world;
    let sent = says(alice, 7).await;
    let page = carol.reads_page(den, json!({ "limit": 3, "after": sent[1] })).await;
    assert_eq!(seqs(&page), [sent[4], sent[3], sent[2]], "the nearest in time, newest first");
    let rest = carol.reads_page(den, json!({ "limit": 10, "after": sent[4] })).await;
    assert_eq!(seqs(&rest), [sent[6], sent[5]]);
    assert_eq!(rest.link("next"), None);
    let mut walked = walk(carol, den, "after=0", 2).await;
    walked.sort_unstable();
    assert_eq!(walked, sent);
}

async fn a_page_around_a_message_has_both_sides(world: &World) {
    let World { alice, bob, mallory, den, lair, .. } = world;
    let sent = says(alice, 9).await;
    let page = bob.reads_page(den, json!({ "limit": 5, "around": sent[4] })).await;
    assert_eq!(seqs(&page), [sent[6], sent[5], sent[4], sent[3], sent[2]]);
    assert_eq!(page.link("next"), Some(format!("before={}", sent[2])));
    assert_eq!(page.link("prev"), Some(format!("after={}", sent[6])));
    // A message of another room is no place in this one, and looks like one that does not exist.
    let elsewhere = mallory.sends_to(lair, "x").await.id;
    for around in [elsewhere.as_str(), "no-such-message"] {
        assert_eq!(reason(bob.tries_to_read_page(den, json!({ "around": around })).await), "validation");
    }
}

async fn messages_of_one_instant_are_each_on_one_page(world: &World) {
    let World { alice, bob, den, .. } = world;
    let house = world.house();
    // The clock is set back: every stamp is now that of the newest event so far.
    alice.sends("now").await;
    house.shift_clock(-3_600_000);
    let sent = says(alice, 6).await;
    let page = bob.reads_page(den, json!({})).await;
    let stamps: BTreeSet<&str> =
        page.items()[..6].iter().filter_map(|message| message["createdAt"].as_str()).collect();
    assert_eq!(stamps.len(), 1, "the story needs equal stamps");
    let walked = walk(bob, den, "before=9007199254740991", 1).await;
    assert_eq!(walked[..6], sent.iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(walked.len(), 7);
    house.shift_clock(3_600_000);
}

async fn a_clock_that_goes_back_does_not_reorder(world: &World) {
    let World { alice, bob, den, .. } = world;
    let house = world.house();
    let mut sent = Vec::new();
    for shift_ms in [0, -600_000, 60_000, -3_600_000, 7_200_000] {
        house.shift_clock(shift_ms);
        sent.extend(says(alice, 1).await);
    }
    let page = bob.reads_page(den, json!({})).await;
    assert_eq!(seqs(&page), sent.iter().rev().copied().collect::<Vec<_>>());
    let stamps: Vec<&str> = page.items().iter().filter_map(|message| message["createdAt"].as_str()).collect();
    assert!(stamps.is_sorted_by(|newer, older| newer >= older), "stamps go back: {stamps:?}");
    house.shift_clock(-3_060_000);
}

async fn nothing_is_lost_while_others_write(world: &World) {
    let World { alice, bob, carol, den, .. } = world;
    let first = says(alice, 10).await;
    let write = async |who: &Actor| says(who, 20).await;
    let read = async {
        let mut walks = Vec::new();
        for _ in 0..4 {
            walks.push(walk(carol, den, "before=9007199254740991", 3).await);
        }
        walks
    };
    let (bobs, alices, walks) = tokio::join!(write(bob), write(alice), read);
    for walked in walks {
        let distinct: BTreeSet<i64> = walked.iter().copied().collect();
        assert_eq!(distinct.len(), walked.len(), "a message was on two pages: {walked:?}");
        assert!(first.iter().all(|seq| distinct.contains(seq)), "a message was on no page: {walked:?}");
        assert!(walked.is_sorted_by(|newer, older| newer > older), "{walked:?}");
    }
    let all: BTreeSet<i64> = first.into_iter().chain(bobs).chain(alices).collect();
    let walked: BTreeSet<i64> = walk(carol, den, "after=0", 7).await.into_iter().collect();
    assert_eq!(walked, all);
}

async fn limits_are_capped_and_said(world: &World) {
    let World { alice, den, .. } = world;
    let limit = async |value: Value| alice.reads_page(den, json!({ "limit": value })).await;
    let path = format!("/chat/rooms/{}/messages?limit=1000000000", den.id);
    let reply = alice.calls(Call { method: "GET", path: &path, ..Call::default() }).await;
    assert_eq!((reply.status, reply.header("x-limit")), (200, Some("200")));
    assert_eq!(limit(json!(1)).await.items().len(), 0);
    for bad in [json!(0), json!(-1), json!("abc"), json!(1.5), json!("")] {
        let page = json!({ "limit": bad });
        assert_eq!(reason(alice.tries_to_read_page(den, page).await), "validation", "limit {bad}");
    }
    let two = json!({ "before": 3, "after": 1 });
    assert_eq!(reason(alice.tries_to_read_page(den, two).await), "validation");
    assert_eq!(reason(alice.tries_to_read_page(den, json!({ "before": "not/an/id" })).await), "validation");
}

async fn links_lead_to_the_next_page(world: &World) {
    let World { alice, bob, den, .. } = world;
    let sent = says(alice, 5).await;
    let mut path = format!("/chat/rooms/{}/messages?limit=2", den.slug);
    let mut walked = Vec::new();
    loop {
        let reply = bob.calls(Call { method: "GET", path: &path, ..Call::default() }).await;
        assert_eq!(reply.header("x-room-seq"), Some(sent[4].to_string().as_str()));
        walked.extend(
            reply.json().as_array().expect("a bare array").iter().filter_map(|row| row["seq"].as_i64()),
        );
        // RFC 8288: the target between angle brackets, then the relation.
        let links = reply.header("link").unwrap_or_default();
        let next = links.split(", ").find_map(|link| link.strip_suffix(">; rel=\"next\""));
        let Some(next) = next.and_then(|link| link.strip_prefix('<')) else { break };
        assert!(next.contains("limit=2"), "the limit is lost: {next}");
        path = next.to_owned();
    }
    assert_eq!(walked, sent.iter().rev().copied().collect::<Vec<_>>());
}

/// Says so many things in the den, all at once; their positions in order.
async fn says(who: &Actor, count: usize) -> Vec<i64> {
    let mut seqs =
        join_all((0..count).map(|number| async move { who.sends(&format!("no {number}")).await.seq })).await;
    seqs.sort_unstable();
    seqs
}

/// Follows the pages from a cursor to their end; the positions as they came.
async fn walk(who: &Actor, room: &Room, from: &str, limit: u32) -> Vec<i64> {
    let mut walked = Vec::new();
    let mut cursor = from.to_owned();
    loop {
        let (name, value) = cursor.split_once('=').expect("a cursor has a name");
        let payload = json!({ "roomId": room.id, "limit": limit, name: value });
        let page = who.does(&ListMessages::OPERATION, &payload).await;
        walked.extend(seqs(&page));
        match page.link("next") {
            Some(next) => cursor = next,
            None => return walked,
        }
    }
}

fn seqs(page: &Answer) -> Vec<i64> {
    page.items().iter().filter_map(|message| message["seq"].as_i64()).collect()
}
