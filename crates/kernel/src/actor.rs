//! Who acts: identity comes from the session only, never from a payload.

use fireside_protocol::{SessionId, Time, UserId};

/// Whoever makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// No credentials were given.
    Anonymous,
    /// A user with a valid token.
    User(Identity),
}

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub user: UserId,
    /// The session the token belongs to; none for tokens of a host application.
    pub session: Option<SessionId>,
    /// Whether they administer the server.
    pub is_admin: bool,
    /// When the token ends.
    pub expires_at: Time,
}

impl Actor {
    /// The identity, if there is one.
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Anonymous => None,
            Self::User(identity) => Some(identity),
        }
    }
}

/// Tells who a token belongs to. One implementation for both doors: there is no second way in.
#[async_trait::async_trait]
pub trait Authenticator: Send + Sync {
    /// The identity behind a bearer token.
    ///
    /// # Errors
    /// `unauthenticated` for anything but a valid token of a live session and an enabled user;
    /// `overloaded` when it cannot be told now.
    async fn authenticate(&self, token: &str) -> crate::Result<Identity>;

    /// Whether a session is known to be over. Answers from memory: it is asked for every live socket again
    /// and again, because a session may end between a token's check and the moment its socket is known.
    fn is_over(&self, session: &SessionId) -> bool;
}
