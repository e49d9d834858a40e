//! Live connections, as features see them: who came, who went. Told by the Socket.IO door.

use fireside_protocol::{RoomId, SessionId, UserId};

/// An authenticated socket.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The socket's id.
    pub socket: String,
    /// Whose it is.
    pub user: UserId,
    /// The session it was opened with; none for tokens of a host application.
    pub session: Option<SessionId>,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was closed, by whichever side, or broke off. Its client may be back in a moment.
    Closed,
    /// Its client has not answered for the whole time of a heartbeat.
    Vanished,
}

/// Whoever wants to know of connections. Called in order for each connection, and under the lock of delivery: no change
/// of a membership is delivered while rooms are on their way here. Must not block.
pub trait Observer: Send + Sync {
    /// A socket was authenticated and hears its rooms (the rooms given) from now on.
    fn opened(&self, connection: &Connection, rooms: &[RoomId]);
    /// An authenticated socket is gone.
    fn closed(&self, connection: &Connection, ending: Ending);
}
