//! What the limits let through, on a clock that the tests move.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use tokio::time::advance;

use super::*;

fn user(name: &str) -> UserId {
    UserId::trusted(name)
}

fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
}

/// How many of `tries` are let through at this moment.
fn passed(limits: &Limits, subject: Subject<'_>, rate: Rate, tries: usize) -> usize {
    (0..tries).filter(|_| limits.check(subject, rate).is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn a_burst_passes_and_then_the_steady_rate() {
    let limits = Limits::new(LimitSettings::default());
    let alice = user("alice");
    assert_eq!(passed(&limits, Subject::User(&alice), Rate::Send, 100), 20);
    advance(Duration::from_secs(1)).await;
    assert_eq!(passed(&limits, Subject::User(&alice), Rate::Send, 100), 5);
    assert_eq!(passed(&limits, Subject::User(&user("bob")), Rate::Send, 100), 20, "bob paid for alice");
}

#[tokio::test(start_paused = true)]
async fn the_common_limit_holds_over_all_rates() {
    let limits = Limits::new(LimitSettings::default());
    let alice = user("alice");
    let total: usize = [Rate::Send, Rate::Join, Rate::Create, Rate::Edit, Rate::Typing, Rate::Any]
        .into_iter()
        .map(|rate| passed(&limits, Subject::User(&alice), rate, 100))
        .sum();
    assert_eq!(total, 20 + 20 + 10 + 5 + 5);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_when_to_come_back_and_costs_nothing() {
    let limits = Limits::new(LimitSettings::default());
    let alice = user("alice");
    passed(&limits, Subject::User(&alice), Rate::Edit, 5);
    let error = limits.check(Subject::User(&alice), Rate::Edit).expect_err("the limit is used up");
    assert_eq!((error.reason, error.retry_after_ms), (Reason::RateLimited, Some(2_000)));
    assert_eq!(passed(&limits, Subject::User(&alice), Rate::Any, 100), 55, "the refusal was charged for");
    advance(Duration::from_millis(2_000)).await;
    assert!(limits.check(Subject::User(&alice), Rate::Edit).is_ok());
}

#[tokio::test(start_paused = true)]
async fn only_failed_attempts_to_sign_in_are_dear() {
    let limits = Limits::new(LimitSettings::default());
    for _ in 0..20 {
        limits.check(Subject::Address(address(1)), Rate::SignIn).expect("an office may sign in");
        limits.signed_in(Subject::Address(address(1)), false);
    }
    for _ in 0..5 {
        limits.check(Subject::Address(address(2)), Rate::SignIn).expect("five guesses");
        limits.signed_in(Subject::Address(address(2)), true);
    }
    let sixth = limits.check(Subject::Address(address(2)), Rate::SignIn).expect_err("a sixth guess");
    assert_eq!(sixth.retry_after_ms, Some(6_000));
}

#[tokio::test(start_paused = true)]
async fn guesses_made_at_once_are_paid_for_later() {
    let limits = Limits::new(LimitSettings::default());
    let guesser = Subject::Address(address(1));
    for _ in 0..30 {
        limits.check(guesser, Rate::SignIn).expect("none has failed yet");
    }
    (0..30).for_each(|_| limits.signed_in(guesser, true));
    advance(Duration::from_secs(6 * 25)).await;
    assert!(limits.check(guesser, Rate::SignIn).is_err(), "the debt was forgotten");
    advance(Duration::from_secs(6)).await;
    assert!(limits.check(guesser, Rate::SignIn).is_ok());
    (0..1_000).for_each(|_| limits.signed_in(guesser, true));
    advance(Duration::from_secs(900)).await;
    assert!(limits.check(guesser, Rate::SignIn).is_ok(), "the debt outlived a quarter of an hour");
}

#[tokio::test(start_paused = true)]
async fn more_than_fifty_a_second_for_ten_seconds_is_a_flood() {
    let limits = Limits::new(LimitSettings::default());
    let (steady, wild) = (user("steady"), user("wild"));
    let mut flooded_after = None;
    for tick in 0..30 {
        for _ in 0..50 {
            assert!(!limits.is_flooding(Subject::User(&steady)), "49 a second were a flood");
        }
        if (0..100).any(|_| limits.is_flooding(Subject::User(&wild))) {
            flooded_after.get_or_insert(tick);
        }
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(flooded_after, Some(9));
}

#[test]
fn an_ipv6_customer_is_one_subject() {
    let limits = Limits::new(LimitSettings::default());
    let of = |last: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
    let total = (0..100).filter(|n| limits.check(Subject::Address(of(*n)), Rate::Send).is_ok()).count();
    assert!(total <= 21, "{total} passed");
    let mapped = IpAddr::V6(Ipv4Addr::new(192, 0, 2, 7).to_ipv6_mapped());
    assert_eq!(Key::from(Subject::Address(mapped)), Key::from(Subject::Address(address(7))));
}

#[tokio::test(start_paused = true)]
async fn made_up_subjects_do_not_take_the_memory() {
    let limits = Limits::new(LimitSettings::default());
    for n in 0..400_000_u32 {
        let _ = limits.check(Subject::Address(IpAddr::V4(n.into())), Rate::Any);
    }
    assert!(limits.0.buckets.subjects() <= 64 * 4_097, "{} subjects", limits.0.buckets.subjects());
    advance(Duration::from_secs(60)).await;
    for n in 0..100_000_u32 {
        let _ = limits.check(Subject::Address(IpAddr::V4((1_000_000 + n).into())), Rate::Any);
        advance(Duration::from_millis(1)).await;
    }
    assert!(limits.0.buckets.subjects() < 30_000, "{} idle subjects stayed", limits.0.buckets.subjects());
}

#[test]
fn switched_off_they_let_everything_through() {
    let limits = Limits::off();
    let alice = user("alice");
    assert_eq!(passed(&limits, Subject::User(&alice), Rate::Send, 10_000), 10_000);
    let permits: Vec<_> = (0..1_000).map(|_| limits.open_connection(address(1)).expect("admitted")).collect();
    assert!(permits.iter().all(|permit| permit.authenticated(&alice).is_ok()));
    assert!(!(0..10_000).any(|_| limits.is_flooding(Subject::User(&alice))));
}

/// Settings under which only numbers of connections limit, not how fast they come.
fn patient() -> LimitSettings {
    let fast = Quota::per_second(1_000_000, 1_000_000);
    LimitSettings { connect: fast, node_connects: fast, ..LimitSettings::default() }
}

#[test]
fn unauthenticated_connections_of_an_address_are_few() {
    let limits = Limits::new(patient());
    let mut permits: Vec<_> =
        (0..20).map(|_| limits.open_connection(address(1)).expect("admitted")).collect();
    assert_eq!(limits.open_connection(address(1)).expect_err("21").reason, Reason::RateLimited);
    limits.open_connection(address(2)).expect("another address");
    permits.pop();
    permits.push(limits.open_connection(address(1)).expect("one has gone"));
    permits[0].authenticated(&user("alice")).expect("alice's first");
    permits.push(limits.open_connection(address(1)).expect("one has authenticated"));
}

#[test]
fn connections_of_a_user_are_counted_until_they_end() {
    let limits = Limits::new(patient());
    let alice = user("alice");
    let connect = |n: u8| limits.open_connection(address(n)).expect("admitted");
    let permits: Vec<_> = (0..20).map(connect).collect();
    for permit in &permits {
        permit.authenticated(&alice).expect("up to twenty");
        permit.authenticated(&alice).expect("saying it twice changes nothing");
    }
    let next = connect(100);
    assert!(next.authenticated(&alice).is_err());
    drop(permits);
    next.authenticated(&alice).expect("all the others have gone");
    drop(next);
    assert!(limits.0.connections.is_empty(), "something is still counted");
}

#[test]
fn sockets_of_an_address_are_bounded() {
    let limits = Limits::new(patient());
    let permits: Vec<_> = (0..200)
        .map(|n| {
            let permit = limits.open_connection(address(1)).expect("admitted");
            permit.authenticated(&user(&format!("user{n}"))).expect("one each");
            permit
        })
        .collect();
    assert!(limits.open_connection(address(1)).is_err());
    drop(permits);
    assert!(limits.open_connection(address(1)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn new_connections_come_one_after_the_other() {
    let limits =
        Limits::new(LimitSettings { unauthenticated_per_address: 1_000, ..LimitSettings::default() });
    let count = |n: u8| (0..100).filter(|_| limits.admit_handshake(address(n)).is_ok()).count();
    assert_eq!((count(1), count(2)), (40, 40));
    advance(Duration::from_secs(1)).await;
    assert_eq!(count(1), 10);
    let total: usize = (10..40).map(count).sum();
    assert!(total < 300, "{total} new connections at once on one node");
    let error = limits.admit_handshake(address(50)).expect_err("the node is busy");
    assert_eq!(error.reason, Reason::Overloaded);
    assert!(error.retry_after_ms.is_some());
}
