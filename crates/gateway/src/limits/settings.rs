//! The limits as an operator sets them, with the default of each.

use std::time::Duration;

use fireside_protocol::Rate;

/// What a limit is about; the label `class` of `fireside_rate_limited_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// All requests together.
    Any,
    /// Sending messages.
    Send,
    /// Editing and deleting them.
    Edit,
    /// Joining and leaving rooms.
    Join,
    /// Creating rooms and the like.
    Create,
    /// Failed attempts to sign in.
    SignIn,
    /// Typing.
    Typing,
    /// Events of any outcome; over this limit the connection is closed.
    Flood,
    /// Tokens that were not valid, by address.
    Credentials,
    /// New connections, by address.
    Connect,
}

impl Class {
    pub(super) const ALL: [Self; 10] = [
        Self::Any,
        Self::Send,
        Self::Edit,
        Self::Join,
        Self::Create,
        Self::SignIn,
        Self::Typing,
        Self::Flood,
        Self::Credentials,
        Self::Connect,
    ];

    /// The word in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Send => "send",
            Self::Edit => "edit",
            Self::Join => "join",
            Self::Create => "create",
            Self::SignIn => "sign_in",
            Self::Typing => "typing",
            Self::Flood => "flood",
            Self::Credentials => "credentials",
            Self::Connect => "connect",
        }
    }
}

impl From<Rate> for Class {
    fn from(rate: Rate) -> Self {
        match rate {
            Rate::Any => Self::Any,
            Rate::Send => Self::Send,
            Rate::Edit => Self::Edit,
            Rate::Join => Self::Join,
            Rate::Create => Self::Create,
            Rate::SignIn => Self::SignIn,
            Rate::Typing => Self::Typing,
        }
    }
}

/// So many at once, and one more every interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Most at once.
    pub burst: u32,
    /// Time until one more is allowed.
    pub interval: Duration,
}

impl Quota {
    /// `rate` a second, at most `burst` at once. A rate or burst of 0 counts as 1.
    pub const fn per_second(rate: u32, burst: u32) -> Quota {
        let nanos = match 1_000_000_000_u64.checked_div(rate as u64) {
            Some(nanos) => nanos,
            None => 1_000_000_000,
        };
        Quota { burst, interval: Duration::from_nanos(nanos) }
    }

    /// One every `interval_ms`, at most `burst` at once.
    pub const fn every_ms(interval_ms: u64, burst: u32) -> Quota {
        Quota { burst, interval: Duration::from_millis(interval_ms) }
    }
}

/// Every limit. Start from [`LimitSettings::default`] and change what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSettings {
    /// All requests and events of one user, or of one address without credentials. Default 30/s, burst 60.
    pub any: Quota,
    /// Messages of one user. Default 5/s, burst 20.
    pub send: Quota,
    /// Edits and deletes of one user. Default 10 in 10 s: 5 at once, one more every 2 s.
    pub edit: Quota,
    /// Joins and leaves of one user. Default 5/s, burst 20.
    pub join: Quota,
    /// Rooms and invites made by one user. Default 1/s, burst 10.
    pub create: Quota,
    /// Failed attempts to sign in from one address. Default 5 at once, one more every 6 s.
    pub sign_in: Quota,
    /// Typing events of one user. Default 5/s, burst 10.
    pub typing: Quota,
    /// Events of one user beyond which the connection is closed. Default 50/s for 10 s.
    pub flood: Quota,
    /// Invalid tokens from one address. Default 10/s, burst 50.
    pub credentials: Quota,
    /// New connections from one address. Default 10/s, burst 40.
    pub connect: Quota,
    /// New connections of the whole node. Default 300/s, burst 300.
    pub node_connects: Quota,
    /// Live sockets of one address. Default 200.
    pub sockets_per_address: u32,
    /// Live sockets of one address that have not authenticated. Default 20.
    pub unauthenticated_per_address: u32,
    /// Live sockets of one user. Default 20.
    pub sockets_per_user: u32,
    /// Rooms that one socket may ask to hear. Default 200.
    pub rooms_per_socket: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            any: Quota::per_second(30, 60),
            send: Quota::per_second(5, 20),
            edit: Quota::every_ms(2_000, 5),
            join: Quota::per_second(5, 20),
            create: Quota::per_second(1, 10),
            sign_in: Quota::every_ms(6_000, 5),
            typing: Quota::per_second(5, 10),
            flood: Quota::per_second(50, 500),
            credentials: Quota::per_second(10, 50),
            connect: Quota::per_second(10, 40),
            node_connects: Quota::per_second(300, 300),
            sockets_per_address: 200,
            unauthenticated_per_address: 20,
            sockets_per_user: 20,
            rooms_per_socket: 200,
        }
    }
}

impl LimitSettings {
    pub(super) fn quota(&self, class: Class) -> Quota {
        match class {
            Class::Any => self.any,
            Class::Send => self.send,
            Class::Edit => self.edit,
            Class::Join => self.join,
            Class::Create => self.create,
            Class::SignIn => self.sign_in,
            Class::Typing => self.typing,
            Class::Flood => self.flood,
            Class::Credentials => self.credentials,
            Class::Connect => self.connect,
        }
    }
}
