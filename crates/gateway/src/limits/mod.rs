//! How much one user, address or the whole world may ask for. One set of limits for both doors, so that
//! neither is a way around the other.
//!
//! Signed-in callers are held to account by user, others by address. Time is monotonic. What is refused here
//! was not done. Sizes (bodies, texts, payloads) are not limited here and cannot be switched off.

mod buckets;
mod connections;
mod settings;

use std::net::IpAddr;
use std::sync::Arc;

use fireside_kernel::Error;
use fireside_protocol::{Rate, Reason, UserId};
use metrics::counter;

use buckets::{Buckets, Key, WHOLE};
use connections::Connections;

pub use connections::ConnectionPermit;
pub use settings::{Class, LimitSettings, Quota};

/// How much of [`Class::SignIn`] an attempt costs that did not fail, in hundredths of one that did: many
/// people behind one address may sign in, few may guess.
const SIGN_IN_SUCCESS: u64 = WHOLE / 10;

/// Who is held to account.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A signed-in user, over all their devices and both doors.
    User(&'a UserId),
    /// Whoever is behind an address. IPv6 addresses count as their /64, which is what one customer has.
    Address(IpAddr),
}

/// The limits in force, and what has been used of them. Clones share both.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: LimitSettings,
    /// False switches everything here off, for load tests.
    on: bool,
    buckets: Buckets,
    connections: Connections,
}

impl Limits {
    /// Limits with these settings.
    pub fn new(settings: LimitSettings) -> Limits {
        Self::with(settings, true)
    }

    /// No limits on rates and numbers: for load tests (`FIRESIDE_RATE_LIMITS=off`).
    pub fn off() -> Limits {
        Self::with(LimitSettings::default(), false)
    }

    fn with(settings: LimitSettings, on: bool) -> Limits {
        let buckets = Buckets::new(Class::ALL.map(|class| settings.quota(class)));
        let connections = Connections::new(settings.node_connects);
        Limits(Arc::new(Inner { settings, on, buckets, connections }))
    }

    /// What the limits are.
    pub fn settings(&self) -> &LimitSettings {
        &self.0.settings
    }

    /// Draws one request from the subject's common limit and from the one of its `rate`; from neither if
    /// either is used up. Signing in is paid for afterwards, with [`Limits::signed_in`].
    ///
    /// # Errors
    /// `rate_limited`, with the time to wait.
    pub fn check(&self, subject: Subject<'_>, rate: Rate) -> Result<(), Error> {
        if !self.0.on {
            return Ok(());
        }
        let class = Class::from(rate);
        let key = Key::from(subject);
        if class == Class::SignIn {
            self.0.buckets.peek(key.clone(), class).map_err(|wait| refused(class, wait))?;
        }
        let drawn: &[Class] = match class {
            Class::Any | Class::SignIn => &[Class::Any],
            _ => &[class, Class::Any],
        };
        self.0.buckets.draw(key, drawn).map_err(|(class, wait)| refused(class, wait))
    }

    /// Pays for an attempt to sign in: fully for a failed one, a tenth for any other. Attempts made at the
    /// same moment may overdraw the limit; the debt then keeps the next ones waiting.
    pub fn signed_in(&self, subject: Subject<'_>, failed: bool) {
        if self.0.on {
            let cost = if failed { WHOLE } else { SIGN_IN_SUCCESS };
            self.0.buckets.charge(subject.into(), Class::SignIn, cost);
        }
    }

    /// Whether one more of a class would be allowed.
    pub(crate) fn peek(&self, subject: Subject<'_>, class: Class) -> Result<(), Error> {
        if !self.0.on {
            return Ok(());
        }
        self.0.buckets.peek(subject.into(), class).map_err(|wait| refused(class, wait))
    }

    /// Draws one of a class, allowed or not.
    pub(crate) fn charge(&self, subject: Subject<'_>, class: Class) {
        if self.0.on {
            self.0.buckets.charge(subject.into(), class, WHOLE);
        }
    }

    /// Counts one event, allowed or refused, and tells whether the subject has sent more than anyone in good
    /// faith does for so long that its connection should be closed.
    pub fn is_flooding(&self, subject: Subject<'_>) -> bool {
        self.0.on && self.0.buckets.draw(subject.into(), &[Class::Flood]).is_err()
    }

    /// Draws one new connection, before anything is opened for it.
    ///
    /// # Errors
    /// `overloaded` when the node takes no more just now, `rate_limited` when the address opens too many.
    pub fn admit_handshake(&self, address: IpAddr) -> Result<(), Error> {
        if !self.0.on {
            return Ok(());
        }
        // The address first: one that is over its own limit must not use up the node's.
        let key = Key::from(Subject::Address(address));
        self.0.buckets.draw(key, &[Class::Connect]).map_err(|(class, wait)| refused(class, wait))?;
        self.0.connections.draw_from_node().map_err(|wait| {
            let wait_ms = count(Class::Connect, wait);
            Error { retry_after_ms: Some(wait_ms), ..Error::overloaded() }
        })
    }

    /// Counts a connection that has been admitted and is not yet authenticated, until the permit is dropped.
    ///
    /// # Errors
    /// `rate_limited` when the address has too many.
    pub fn open_connection(&self, address: IpAddr) -> Result<ConnectionPermit, Error> {
        ConnectionPermit::open(self.clone(), address)
    }
}

/// Counts a refusal and gives the time to wait in milliseconds, rounded up.
fn count(class: Class, wait_ns: u64) -> u64 {
    counter!("fireside_rate_limited_total", "class" => class.as_str()).increment(1);
    wait_ns.div_ceil(1_000_000).max(1)
}

fn refused(class: Class, wait_ns: u64) -> Error {
    let retry_after_ms = Some(count(class, wait_ns));
    Error { retry_after_ms, ..Error::new(Reason::RateLimited, "Too many requests; wait a moment") }
}

#[cfg(test)]
mod tests;
