//! Why a connection ended, in the words of Socket.IO where it has one.

use std::fmt;

/// Why a socket, or the session below it, was disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// The client closed its transport, or the connection broke off in an orderly way.
    TransportClose,
    /// Reading from or writing to the transport failed.
    TransportError,
    /// No pong came within the ping timeout.
    PingTimeout,
    /// The client broke the protocol or a size limit.
    ParseError,
    /// The client left the namespace.
    ClientNamespaceDisconnect,
    /// The server removed the socket from the namespace.
    ServerNamespaceDisconnect,
    /// The server closed the connection.
    ForcedServerClose,
    /// The server is going away.
    ServerShuttingDown,
    /// The client did not read what was queued for it.
    SlowConsumer,
    /// The owner's code panicked while it served this connection.
    HandlerPanicked,
    /// No namespace was joined in time.
    ConnectTimeout,
}

impl DisconnectReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::TransportClose,
        Self::TransportError,
        Self::PingTimeout,
        Self::ParseError,
        Self::ClientNamespaceDisconnect,
        Self::ServerNamespaceDisconnect,
        Self::ForcedServerClose,
        Self::ServerShuttingDown,
        Self::SlowConsumer,
        Self::HandlerPanicked,
        Self::ConnectTimeout,
    ];

    /// The reason in words, for logs and labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
            Self::ForcedServerClose => "forced server close",
            Self::ServerShuttingDown => "server shutting down",
            Self::SlowConsumer => "slow consumer",
            Self::HandlerPanicked => "handler panicked",
            Self::ConnectTimeout => "connect timeout",
        }
    }

    /// Whether the client's own doing ended the connection. What it had sent before is then still heard.
    pub(crate) const fn is_the_clients(self) -> bool {
        matches!(
            self,
            Self::TransportClose | Self::TransportError | Self::PingTimeout | Self::ClientNamespaceDisconnect
        )
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::DisconnectReason;

    #[test]
    fn all_is_in_the_order_of_the_discriminants() {
        for (index, reason) in DisconnectReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index, "{reason}");
        }
    }
}
