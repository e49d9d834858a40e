//! What is known of one socket: how it speaks, and who it is.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8};

use parking_lot::Mutex;
use tokio::time::Instant;

use fireside_kernel::Identity;
use fireside_protocol::{RoomId, SessionId, Time};

use super::delivery::Arrival;
use super::notice::Notice;
use crate::limits::ConnectionPermit;

/// How a client connects and authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// `/io`: connect, then the event `authenticate`, as the tutorial's clients do.
    Tutorial,
    /// `/socket.io/`: the token comes with the connection.
    Idiomatic,
}

/// The state of one socket.
pub struct Session {
    pub(super) profile: Profile,
    /// Where this socket's `ping` events fall within their interval, in seconds.
    pub(super) phase: AtomicU8,
    /// Whether it wants to hear of digests.
    pub(super) watches_digests: AtomicBool,
    /// Rooms of its user that it has turned off.
    pub(super) turned_off: Mutex<Vec<RoomId>>,
    standing: Mutex<Standing>,
    /// When it is told that its token ends.
    pub(super) notice: Notice,
    /// What it will hear, between being accepted and being connected.
    pub(super) arrival: Mutex<Option<Box<Arrival>>>,
    /// Where it came from.
    pub(super) address: IpAddr,
    /// The token that came with the connection, until it is checked.
    token: Mutex<Option<Box<str>>>,
    /// Counts this connection for its address and user for as long as it lives.
    pub(super) permit: ConnectionPermit,
}

/// How far a socket has come. Whatever fails can only take rights away.
#[derive(Debug)]
enum Standing {
    /// Must authenticate until then.
    Waiting { until: Instant },
    /// A token is being checked.
    Checking { until: Instant },
    /// Is somebody.
    In(Identity),
    /// Is nobody any more.
    Out,
}

impl Session {
    /// A socket of a tutorial's client, that has until then to say who it is.
    pub(super) fn waiting(
        address: IpAddr,
        until: Instant,
        token: Option<Box<str>>,
        permit: ConnectionPermit,
    ) -> Session {
        Session {
            profile: Profile::Tutorial,
            phase: AtomicU8::new(0),
            watches_digests: AtomicBool::new(false),
            turned_off: Mutex::default(),
            standing: Mutex::new(Standing::Waiting { until }),
            notice: Notice::default(),
            arrival: Mutex::new(None),
            address,
            token: Mutex::new(token),
            permit,
        }
    }

    /// A socket that came with a good token, and what it will hear.
    pub(super) fn authenticated(
        address: IpAddr,
        identity: Identity,
        arrival: Box<Arrival>,
        permit: ConnectionPermit,
    ) -> Session {
        Session {
            profile: Profile::Idiomatic,
            phase: AtomicU8::new(0),
            watches_digests: AtomicBool::new(false),
            turned_off: Mutex::default(),
            standing: Mutex::new(Standing::In(identity)),
            notice: Notice::default(),
            arrival: Mutex::new(Some(arrival)),
            address,
            token: Mutex::new(None),
            permit,
        }
    }

    /// The token that came with the connection; it is kept no longer.
    pub(super) fn take_token(&self) -> Option<Box<str>> {
        self.token.lock().take()
    }

    /// Who it is.
    pub(super) fn identity(&self) -> Option<Identity> {
        match &*self.standing.lock() {
            Standing::In(identity) => Some(identity.clone()),
            _ => None,
        }
    }

    /// Takes the right to check a token; false if that is being done or was done.
    pub(super) fn begin_check(&self) -> bool {
        let mut standing = self.standing.lock();
        let Standing::Waiting { until } = *standing else { return false };
        *standing = Standing::Checking { until };
        true
    }

    /// The token was good; false if the socket has gone meanwhile.
    pub(super) fn let_in(&self, identity: Identity) -> bool {
        let mut standing = self.standing.lock();
        let may = !matches!(*standing, Standing::Out);
        if may {
            *standing = Standing::In(identity);
        }
        may
    }

    /// A newer token of the same user; false if it is anybody else's.
    pub(super) fn renew(&self, identity: &Identity) -> bool {
        match &mut *self.standing.lock() {
            Standing::In(now) if now.user == identity.user => {
                *now = identity.clone();
                self.notice.begin_again();
                true
            }
            _ => false,
        }
    }

    /// From now on nobody.
    pub(super) fn shut_out(&self) -> Option<Identity> {
        match std::mem::replace(&mut *self.standing.lock(), Standing::Out) {
            Standing::In(identity) => Some(identity),
            _ => None,
        }
    }

    /// Whether it should have authenticated by now.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        match *self.standing.lock() {
            Standing::Waiting { until } | Standing::Checking { until } => now >= until,
            Standing::In(_) | Standing::Out => false,
        }
    }

    /// The session it was opened with, if it has one.
    pub(super) fn session_id(&self) -> Option<SessionId> {
        match &*self.standing.lock() {
            Standing::In(identity) => identity.session.clone(),
            _ => None,
        }
    }

    /// When its token ends.
    pub(super) fn expires_at(&self) -> Option<Time> {
        match &*self.standing.lock() {
            Standing::In(identity) => Some(identity.expires_at),
            _ => None,
        }
    }
}
