//! Waiting times for who guesses passwords, by account and by address.
//!
//! Every failure from the fifth on makes the next attempt wait, longer each time; an attempt during the
//! wait is refused unread and counts as well. An account that does not exist is counted like one that does.
//! The counts live in this node's memory, within a fixed bound.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use fireside_kernel::Error;
use fireside_protocol::Reason;
use parking_lot::Mutex;
use tokio::sync::MutexGuard;

use super::recent::Recent;
use super::rules::{FREE_FAILURES, wait_after};

/// Accounts and addresses remembered at least, each.
const REMEMBERED: usize = 10_000;
/// Failures are forgotten when nothing has come for so long after the wait was over.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(900);

/// Counts failures and says who has to wait.
#[derive(Debug)]
pub(super) struct Throttle {
    counts: Mutex<Counts>,
    enabled: bool,
}

#[derive(Debug)]
struct Counts {
    accounts: Recent<String, Failures>,
    addresses: Recent<IpAddr, Failures>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    free_at: Instant,
}

/// Who tries what.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    account: Option<String>,
    address: Option<IpAddr>,
}

impl Attempt {
    /// An attempt on `account`, where there is one, from `address`, where it is known.
    pub(super) fn new(account: Option<String>, address: Option<IpAddr>) -> Self {
        Self { account, address: address.map(network) }
    }
}

/// Whoever has one IPv6 address has a whole /64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        v4 => v4,
    }
}

/// Lets attempts on one account come one after the other: checked side by side, many guesses would be read before
/// the first failure counts. Two accounts may share a turn, which costs them time and nothing else.
pub(super) struct Turns {
    turns: [tokio::sync::Mutex<()>; 64],
    hasher: RandomState,
}

impl Turns {
    /// Nobody is waiting.
    pub(super) fn new() -> Self {
        Self { turns: std::array::from_fn(|_| tokio::sync::Mutex::new(())), hasher: RandomState::new() }
    }

    /// Waits for the account's turn, which lasts until the guard is dropped; an attempt without an account waits
    /// for nobody.
    pub(super) async fn take(&self, attempt: &Attempt) -> Option<MutexGuard<'_, ()>> {
        let hash = self.hasher.hash_one(attempt.account.as_ref()?);
        Some(self.turns[(hash % self.turns.len() as u64) as usize].lock().await)
    }
}

impl Throttle {
    /// Without `enabled` nobody ever waits: for load tests.
    pub(super) fn new(enabled: bool) -> Self {
        let counts = Counts { accounts: Recent::new(REMEMBERED), addresses: Recent::new(REMEMBERED) };
        Self { counts: Mutex::new(counts), enabled }
    }

    /// Refuses an attempt that comes too early.
    ///
    /// # Errors
    /// `rate_limited`, with the time to wait.
    pub(super) fn admit(&self, attempt: &Attempt, now: Instant) -> Result<(), Error> {
        let mut wait = None;
        self.counts.lock().each(attempt, |failures| {
            if failures.as_ref().is_some_and(|failures| failures.free_at > now) {
                wait = wait.max(Some(fail(failures, now)));
            }
        });
        wait.filter(|_| self.enabled).map_or(Ok(()), |wait| Err(too_many(wait)))
    }

    /// Counts a failure; from the sixth on it is answered with the time to wait instead of what was wrong.
    pub(super) fn failed(&self, attempt: &Attempt, now: Instant) -> Result<(), Error> {
        let mut wait = None;
        self.counts.lock().each(attempt, |failures| {
            let pause = fail(failures, now);
            if failures.as_ref().is_some_and(|failures| failures.count > FREE_FAILURES) {
                wait = wait.max(Some(pause));
            }
        });
        wait.filter(|_| self.enabled).map_or(Ok(()), |wait| Err(too_many(wait)))
    }

    /// The account is its owner's again. Its address is forgiven one failure and no more: an office behind one
    /// address stays open, and an account of one's own does not pay for guessing at many others.
    pub(super) fn succeeded(&self, attempt: &Attempt) {
        let mut counts = self.counts.lock();
        if let Some(account) = &attempt.account {
            counts.accounts.remove(account);
        }
        if let Some(address) = &attempt.address
            && let Some(failures) = counts.addresses.get(address)
        {
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

impl Counts {
    /// Calls `change` on the failures of the account and on those of the address.
    fn each(&mut self, attempt: &Attempt, mut change: impl FnMut(&mut Option<Failures>)) {
        if let Some(account) = &attempt.account {
            let mut failures = self.accounts.get(account).copied();
            change(&mut failures);
            if let Some(failures) = failures {
                self.accounts.insert(account.clone(), failures);
            }
        }
        if let Some(address) = &attempt.address {
            let mut failures = self.addresses.get(address).copied();
            change(&mut failures);
            if let Some(failures) = failures {
                self.addresses.insert(*address, failures);
            }
        }
    }
}

/// One failure more; the wait that follows from it.
fn fail(failures: &mut Option<Failures>, now: Instant) -> Duration {
    let before =
        failures.filter(|failures| now < failures.free_at + FORGOTTEN_AFTER).map_or(0, |found| found.count);
    let count = before.saturating_add(1);
    let wait = wait_after(count);
    *failures = Some(Failures { count, free_at: now + wait });
    wait
}

fn too_many(wait: Duration) -> Error {
    let retry_after_ms = u64::try_from(wait.as_millis()).ok();
    Error { retry_after_ms, ..Error::new(Reason::RateLimited, "Too many attempts; wait before the next one") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(account: &str, address: &str) -> Attempt {
        Attempt::new(Some(account.to_owned()), Some(address.parse().unwrap()))
    }

    /// One wrong password at `now`: the seconds to wait, or none for a plain refusal.
    fn wrong(throttle: &Throttle, attempt: &Attempt, now: Instant) -> Option<u64> {
        let refused = throttle.admit(attempt, now).and_then(|()| throttle.failed(attempt, now));
        refused.err().map(|error| error.retry_after_ms.expect("a wait has an end") / 1000)
    }

    #[test]
    fn twenty_wrong_passwords_from_twenty_addresses() {
        let throttle = Throttle::new(true);
        let start = Instant::now();
        let answers: Vec<_> = (0..20)
            .map(|n| {
                wrong(
                    &throttle,
                    &attempt("alice", &format!("10.0.0.{n}")),
                    start + Duration::from_secs(3 * n),
                )
            })
            .collect();
        assert_eq!(answers[..5], [None; 5]);
        assert_eq!(answers[5..10], [1, 2, 4, 8, 16].map(Some));
        assert_eq!(answers[19], Some(900));
        assert_eq!(wrong(&throttle, &attempt("bob", "10.0.1.1"), start), None);
    }

    #[test]
    fn six_names_from_one_address() {
        let throttle = Throttle::new(true);
        let now = Instant::now();
        let answers: Vec<_> =
            (0..6).map(|n| wrong(&throttle, &attempt(&format!("u{n}"), "10.0.0.1"), now)).collect();
        assert_eq!(answers, [None, None, None, None, None, Some(1)]);
    }

    #[test]
    fn a_right_password_waits_its_turn_and_then_settles_it() {
        let throttle = Throttle::new(true);
        let now = Instant::now();
        let alice = attempt("alice", "10.0.0.1");
        for _ in 0..6 {
            wrong(&throttle, &alice, now);
        }
        assert!(throttle.admit(&alice, now + Duration::from_millis(999)).is_err());
        let later = now + Duration::from_secs(60);
        assert!(throttle.admit(&alice, later).is_ok());
        throttle.succeeded(&alice);
        assert_eq!(wrong(&throttle, &attempt("alice", "10.0.0.2"), later), None);
    }

    #[test]
    fn an_address_is_forgiven_one_failure_for_each_success() {
        let throttle = Throttle::new(true);
        let now = Instant::now();
        for n in 0..100 {
            let somebody = attempt(&format!("u{n}"), "10.0.0.1");
            assert_eq!(wrong(&throttle, &somebody, now), None);
            throttle.succeeded(&somebody);
        }
    }

    #[test]
    fn quiet_time_forgets() {
        let throttle = Throttle::new(true);
        let now = Instant::now();
        let alice = attempt("alice", "10.0.0.1");
        for _ in 0..20 {
            wrong(&throttle, &alice, now);
        }
        assert_eq!(wrong(&throttle, &alice, now + Duration::from_secs(1801)), None);
    }

    #[test]
    fn a_whole_ipv6_network_is_one_address() {
        let throttle = Throttle::new(true);
        let now = Instant::now();
        let answers: Vec<_> = (0..6)
            .map(|n| wrong(&throttle, &attempt(&format!("u{n}"), &format!("2001:db8::{n}:1")), now))
            .collect();
        assert_eq!(answers[5], Some(1));
        assert_eq!(wrong(&throttle, &attempt("u9", "2001:db8:0:1::1"), now), None);
    }

    #[test]
    fn switched_off_it_only_watches() {
        let throttle = Throttle::new(false);
        let alice = attempt("alice", "10.0.0.1");
        assert!((0..50).all(|_| wrong(&throttle, &alice, Instant::now()).is_none()));
    }
}
