//! Token buckets by subject, as the generic cell rate algorithm keeps them: one number a bucket, the time at
//! which it is full again. Memory is bounded, whatever addresses and users are made up.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use fireside_protocol::UserId;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Class, Quota, Subject};

/// The cost of one request, in hundredths.
pub(super) const WHOLE: u64 = 100;

/// Longest wait that overdrawing can lead to.
const DEBT_MAX_NS: u64 = 900_000_000_000;

const SHARDS: usize = 64;
/// Subjects of one shard that are looked through for idle ones for the first time.
const SHARD_FIRST_SWEEP: usize = 128;
/// Most subjects of one shard, 262,144 in all (some 30 MB). Whoever comes then shares one bucket.
const SHARD_MAX: usize = 4_096;
/// Time between two sweeps of a full shard.
const SWEEP_INTERVAL_NS: u64 = 1_000_000_000;

/// Who is held to account, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    User(UserId),
    Address(IpAddr),
    /// Everyone there is no more room for.
    Crowd,
}

impl From<Subject<'_>> for Key {
    fn from(subject: Subject<'_>) -> Self {
        match subject {
            Subject::User(user) => Self::User(user.clone()),
            Subject::Address(address) => Self::Address(customer(address)),
        }
    }
}

/// An IPv4 address, or the /64 that an IPv6 address lies in.
pub(super) fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

/// When each bucket of one subject is full again, in nanoseconds since the start.
type FullAt = [u64; Class::ALL.len()];

#[derive(Debug)]
pub(super) struct Buckets {
    rules: [Rule; Class::ALL.len()],
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    start: Instant,
}

/// A quota in the numbers of the algorithm.
#[derive(Debug, Clone, Copy)]
struct Rule {
    interval_ns: u64,
    /// How far ahead of now the bucket's time may be after a draw.
    reach_ns: u64,
}

impl From<Quota> for Rule {
    fn from(quota: Quota) -> Self {
        let interval_ns =
            u64::try_from(quota.interval.as_nanos()).unwrap_or(DEBT_MAX_NS).clamp(1, DEBT_MAX_NS);
        Self { interval_ns, reach_ns: interval_ns * u64::from(quota.burst.max(1)) }
    }
}

impl Rule {
    /// The bucket's time after one draw, or the time to wait for it.
    fn after_draw(self, full_at: u64, now: u64) -> Result<u64, u64> {
        let next = full_at.max(now) + self.interval_ns;
        match next.checked_sub(now + self.reach_ns) {
            None | Some(0) => Ok(next),
            Some(wait) => Err(wait),
        }
    }
}

/// One bucket by itself.
#[derive(Debug)]
pub(super) struct Bucket {
    rule: Rule,
    full_at: u64,
    start: Instant,
}

impl Bucket {
    pub(super) fn new(quota: Quota) -> Self {
        Self { rule: quota.into(), full_at: 0, start: Instant::now() }
    }

    /// Draws one, or tells how many nanoseconds to wait.
    pub(super) fn draw(&mut self) -> Result<(), u64> {
        self.full_at = self.rule.after_draw(self.full_at, elapsed_ns(self.start))?;
        Ok(())
    }
}

fn elapsed_ns(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX / 2)
}

#[derive(Debug)]
struct Shard {
    subjects: HashMap<Key, FullAt>,
    sweep_from: usize,
    swept_at: u64,
}

impl Default for Shard {
    fn default() -> Self {
        Self { subjects: HashMap::new(), sweep_from: SHARD_FIRST_SWEEP, swept_at: 0 }
    }
}

impl Shard {
    /// The subject's buckets; the crowd's, when there is no room for one more subject.
    fn subject(&mut self, key: Key, now: u64) -> &mut FullAt {
        if self.subjects.len() >= self.sweep_from && !self.subjects.contains_key(&key) {
            self.sweep(now);
        }
        let is_full = self.subjects.len() >= SHARD_MAX && !self.subjects.contains_key(&key);
        self.subjects.entry(if is_full { Key::Crowd } else { key }).or_default()
    }

    /// Forgets the subjects whose buckets are all full: they are the same as unknown ones.
    fn sweep(&mut self, now: u64) {
        let is_full = self.subjects.len() >= SHARD_MAX;
        if is_full && now < self.swept_at + SWEEP_INTERVAL_NS {
            return;
        }
        self.swept_at = now;
        self.subjects.retain(|_, full_at| full_at.iter().any(|full_at| *full_at > now));
        self.sweep_from = (self.subjects.len() * 2).clamp(SHARD_FIRST_SWEEP, SHARD_MAX);
        self.subjects.shrink_to(self.sweep_from);
    }
}

impl Buckets {
    pub(super) fn new(quotas: [Quota; Class::ALL.len()]) -> Self {
        Self {
            rules: quotas.map(Rule::from),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            start: Instant::now(),
        }
    }

    fn with<T>(&self, key: Key, use_buckets: impl FnOnce(&mut FullAt, u64) -> T) -> T {
        let now = elapsed_ns(self.start);
        let shard = usize::try_from(self.hasher.hash_one(&key) % SHARDS as u64).unwrap_or(0);
        use_buckets(self.shards[shard].lock().subject(key, now), now)
    }

    fn rule(&self, class: Class) -> Rule {
        self.rules[class as usize]
    }

    /// Draws one from each of the classes, or from none; then tells which was empty and how many
    /// nanoseconds to wait.
    pub(super) fn draw(&self, key: Key, classes: &[Class]) -> Result<(), (Class, u64)> {
        self.with(key, |buckets, now| {
            let mut after = *buckets;
            for class in classes {
                let bucket = &mut after[*class as usize];
                *bucket = self.rule(*class).after_draw(*bucket, now).map_err(|wait| (*class, wait))?;
            }
            *buckets = after;
            Ok(())
        })
    }

    /// Whether one could be drawn, or how many nanoseconds to wait.
    pub(super) fn peek(&self, key: Key, class: Class) -> Result<(), u64> {
        self.with(key, |buckets, now| self.rule(class).after_draw(buckets[class as usize], now).map(drop))
    }

    /// Draws hundredths of one, whether it is there or not.
    pub(super) fn charge(&self, key: Key, class: Class, hundredths: u64) {
        let cost_ns = self.rule(class).interval_ns * hundredths / WHOLE;
        self.with(key, |buckets, now| {
            let bucket = &mut buckets[class as usize];
            *bucket = (*bucket).max(now).saturating_add(cost_ns).min(now + DEBT_MAX_NS);
        });
    }

    #[cfg(test)]
    pub(super) fn subjects(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().subjects.len()).sum()
    }
}
