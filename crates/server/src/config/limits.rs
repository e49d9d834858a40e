//! How often, how many, how large: the limits that can be set. What is not here cannot be: lengths of texts
//! are part of the contract.

use fireside_gateway::limits::LimitSettings;
use fireside_socketio::{Config as Transport, HttpLimits};

use super::quantities::{Bytes, Rate};
use super::settings::{Setting, shown};
use super::values::count;

/// Rates, sizes and counts.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the help texts in the table below say what each means")]
pub struct Limits {
    pub any: Rate,
    pub send: Rate,
    pub edit: Rate,
    pub join: Rate,
    pub create: Rate,
    pub sign_in: Rate,
    pub typing: Rate,
    pub flood: Rate,
    pub credentials: Rate,
    pub connect: Rate,
    pub node_connects: Rate,
    pub connections: usize,
    pub sockets_per_address: u32,
    pub unauthenticated_per_address: u32,
    pub sockets_per_user: u32,
    pub rooms_per_socket: u32,
    pub payload: Bytes,
    pub queue: Bytes,
    pub queue_packets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let gateway = LimitSettings::default();
        let transport = Transport::default();
        Limits {
            any: Rate::new(30, "s", 60),
            send: Rate::new(5, "s", 20),
            edit: Rate::new(30, "min", 5),
            join: Rate::new(5, "s", 20),
            create: Rate::new(1, "s", 10),
            sign_in: Rate::new(10, "min", 5),
            typing: Rate::new(5, "s", 10),
            flood: Rate::new(50, "s", 500),
            credentials: Rate::new(10, "s", 50),
            connect: Rate::new(10, "s", 40),
            node_connects: Rate::new(300, "s", 300),
            connections: HttpLimits::default().max_connections,
            sockets_per_address: gateway.sockets_per_address,
            unauthenticated_per_address: gateway.unauthenticated_per_address,
            sockets_per_user: gateway.sockets_per_user,
            rooms_per_socket: gateway.rooms_per_socket,
            payload: Bytes(transport.max_payload),
            queue: Bytes(transport.queue_limit_bytes),
            queue_packets: transport.queue_limit_packets,
        }
    }
}

impl Limits {
    /// As the doors want them.
    pub fn gateway(&self) -> LimitSettings {
        LimitSettings {
            any: self.any.quota(),
            send: self.send.quota(),
            edit: self.edit.quota(),
            join: self.join.quota(),
            create: self.create.quota(),
            sign_in: self.sign_in.quota(),
            typing: self.typing.quota(),
            flood: self.flood.quota(),
            credentials: self.credentials.quota(),
            connect: self.connect.quota(),
            node_connects: self.node_connects.quota(),
            sockets_per_address: self.sockets_per_address,
            unauthenticated_per_address: self.unauthenticated_per_address,
            sockets_per_user: self.sockets_per_user,
            rooms_per_socket: self.rooms_per_socket,
        }
    }
}

/// A setting that is one field of [`Limits`].
macro_rules! limit {
    ($key:literal, $field:ident, $takes:literal, $read:expr, $help:literal) => {
        Setting::one(
            $key,
            $takes,
            $help,
            |config, text| {
                config.limits.$field = $read(text)?;
                Ok(())
            },
            |config| shown(&config.limits.$field),
        )
    };
}

/// The smallest size that leaves room for one message.
const SIZE_MIN: Bytes = Bytes(64 << 10);

fn size(text: &str) -> Result<Bytes, String> {
    let size = text.parse()?;
    if size < SIZE_MIN {
        Err(format!("{text:?} is too small, at least {SIZE_MIN} are needed"))
    } else {
        Ok(size)
    }
}

/// The limits in the table of settings.
pub(super) const LIMITS: [Setting; 19] = [
    limit!("limits.any", any, "RATE", str::parse, "All requests and events of one user"),
    limit!("limits.send", send, "RATE", str::parse, "Messages of one user"),
    limit!("limits.edit", edit, "RATE", str::parse, "Edits and deletes of one user"),
    limit!("limits.join", join, "RATE", str::parse, "Joins and leaves of one user"),
    limit!("limits.create", create, "RATE", str::parse, "Rooms and invites made by one user"),
    limit!("limits.sign_in", sign_in, "RATE", str::parse, "Failed attempts to sign in from one address"),
    limit!("limits.typing", typing, "RATE", str::parse, "Typing events of one user"),
    limit!(
        "limits.flood",
        flood,
        "RATE",
        str::parse,
        "Events of one user beyond which the connection is closed"
    ),
    limit!("limits.credentials", credentials, "RATE", str::parse, "Invalid tokens from one address"),
    limit!("limits.connect", connect, "RATE", str::parse, "New sockets from one address"),
    limit!("limits.node_connects", node_connects, "RATE", str::parse, "New sockets of the whole server"),
    limit!("limits.connections", connections, "COUNT", count, "Connections of all kinds at the same time"),
    limit!("limits.sockets_per_address", sockets_per_address, "COUNT", count, "Live sockets of one address"),
    limit!(
        "limits.unauthenticated_per_address",
        unauthenticated_per_address,
        "COUNT",
        count,
        "Live sockets of one address that have not authenticated"
    ),
    limit!("limits.sockets_per_user", sockets_per_user, "COUNT", count, "Live sockets of one user"),
    limit!(
        "limits.rooms_per_socket",
        rooms_per_socket,
        "COUNT",
        count,
        "Rooms that one socket may ask to hear"
    ),
    limit!("limits.payload", payload, "SIZE", size, "Largest Socket.IO message, and largest polling request"),
    limit!(
        "limits.queue",
        queue,
        "SIZE",
        size,
        "What may wait for one socket before it is closed as too slow"
    ),
    limit!(
        "limits.queue_packets",
        queue_packets,
        "COUNT",
        count,
        "How many packets may wait for one socket before it is closed as too slow"
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_doors() {
        assert_eq!(Limits::default().gateway(), LimitSettings::default());
    }
}
