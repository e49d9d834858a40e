//! Every setting of a server, with the default of each.

use std::time::Duration;

use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE, ORIGIN, USER_AGENT};

use crate::id::SidPrefix;
use crate::origin::Origins;

/// How a client is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl Transport {
    /// The name that the protocol uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

/// The settings of one server. Start from [`Config::default`] and change what differs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the server answers, matched with and without the trailing slash. Default `/socket.io/`.
    pub path: String,
    /// Time from a pong to the next ping. Default 25 s.
    pub ping_interval: Duration,
    /// Time that a pong may take. Default 20 s.
    pub ping_timeout: Duration,
    /// Largest incoming message, and largest body of a polling request, in bytes; also bounds the sum of one
    /// packet's attachments. Default 1,000,000.
    pub max_payload: usize,
    /// The same limit while a session is not yet admitted. Default none.
    pub max_payload_before_admission: Option<usize>,
    /// Whether an accepted CONNECT admits the session; otherwise only [`Socket::admit`](crate::Socket::admit)
    /// does. Default true.
    pub admit_on_connect: bool,
    /// Time from the handshake to the first accepted CONNECT. Default 45 s.
    pub connect_timeout: Duration,
    /// Time that an upgrade from polling to WebSocket may take. Default 10 s.
    pub upgrade_timeout: Duration,
    /// How long a closing connection may take to hand out what is still queued, and to close. Default 5 s.
    pub close_timeout: Duration,
    /// Transports that are offered. Default both.
    pub transports: Vec<Transport>,
    /// Bytes that may wait for one client before it is closed as a slow consumer. Default 1 MiB.
    pub queue_limit_bytes: usize,
    /// Packets that may wait for one client before it is closed as a slow consumer. Default 1,024.
    pub queue_limit_packets: usize,
    /// Most packets in one polling request. Default 64.
    pub max_packets_per_payload: usize,
    /// Most binary attachments of one packet. Default 10.
    pub max_attachments: usize,
    /// Time from a binary packet to its last attachment. Default 10 s.
    pub attachment_timeout: Duration,
    /// Events of one session that wait or run at the same time; reading stops above. Default 64.
    pub max_in_flight: usize,
    /// CONNECT packets of one session that may fail before it is closed. Default 10.
    pub max_namespaces: usize,
    /// Acknowledgements that the server may wait for on one socket. Default 256.
    pub max_pending_acks: usize,
    /// Web pages that may connect. Default [`Origins::SameOrigin`].
    pub origins: Origins,
    /// Headers whose value in the handshake every later request of the session must repeat, so that a stolen
    /// session id alone is worth nothing. A header that the handshake did not have is not asked for. Default
    /// `authorization`.
    pub bind_to_headers: Vec<HeaderName>,
    /// Headers of the handshake that are kept for [`Handshake::header`](crate::Handshake::header). Each costs
    /// memory in every connection. Default `authorization`, `cookie`, `origin`, `user-agent`.
    pub keep_headers: Vec<HeaderName>,
    /// What session ids begin with, where several servers stand behind one address: see
    /// [`Server::lives_elsewhere`](crate::Server::lives_elsewhere). Default nothing.
    pub sid_prefix: Option<SidPrefix>,
    /// Tasks that write to clients. One is right below some 100,000 deliveries a second. Default 1.
    pub flushers: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: 1_000_000,
            max_payload_before_admission: None,
            admit_on_connect: true,
            connect_timeout: Duration::from_secs(45),
            upgrade_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            transports: vec![Transport::Polling, Transport::WebSocket],
            queue_limit_bytes: 1 << 20,
            queue_limit_packets: 1024,
            max_packets_per_payload: 64,
            max_attachments: 10,
            attachment_timeout: Duration::from_secs(10),
            max_in_flight: 64,
            max_namespaces: 10,
            max_pending_acks: 256,
            origins: Origins::SameOrigin,
            bind_to_headers: vec![AUTHORIZATION],
            keep_headers: vec![AUTHORIZATION, COOKIE, ORIGIN, USER_AGENT],
            sid_prefix: None,
            flushers: 1,
        }
    }
}

impl Config {
    /// Whether `path` is this server's: the configured path, with or without its trailing slash. A longer
    /// path never matches, so `/ioX` is not taken for `/io`.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        path.trim_end_matches('/') == self.path.trim_end_matches('/') && !path.ends_with("//")
    }

    pub(crate) fn offers(&self, transport: Transport) -> bool {
        self.transports.contains(&transport)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn the_path_matches_with_and_without_its_slash_and_nothing_else() {
        for configured in ["/io", "/io/"] {
            let config = Config { path: configured.to_owned(), ..Config::default() };
            assert!(config.matches("/io") && config.matches("/io/"));
            for other in ["/ioX", "/io-admin/", "/io/x", "/io//", "//io/", "/", "/i", "/IO", "/io%2f"] {
                assert!(!config.matches(other), "{other}");
            }
        }
    }
}
