//! The context of one request: who acts, through which door, and the order they asked in.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use fireside_protocol::{ClientId, UserId};

use crate::actor::{Actor, Identity};
use crate::error::{Error, Result};

/// The context of one request.
pub struct Ctx {
    /// Who acts.
    pub actor: Actor,
    /// Where the request came from.
    pub peer: Peer,
    /// Id of the request, in answers and logs.
    pub request_id: Arc<str>,
    /// The client's own name for this write (`Idempotency-Key`).
    pub idempotency_key: Option<ClientId>,
    turn: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// Address of the client: of the TCP peer, or what a trusted proxy says.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<Arc<str>>,
    /// What the client's device kept when somebody signed in on it.
    pub device: Option<Arc<str>>,
}

impl Ctx {
    /// A context for `actor`.
    pub fn new(actor: Actor, request_id: impl Into<Arc<str>>) -> Ctx {
        Ctx {
            actor,
            peer: Peer::default(),
            request_id: request_id.into(),
            idempotency_key: None,
            turn: Mutex::new(None),
        }
    }

    /// With the place in its connection's queue: dropping `turn` lets the connection's next request in.
    #[must_use]
    pub fn with_turn(self, turn: impl Any + Send) -> Ctx {
        *self.turn.lock() = Some(Box::new(turn));
        self
    }

    /// Says that this request has taken its place in the order of things (it stands in the room log's
    /// queue), so that the connection's next one may follow while this one waits for its commit.
    pub fn release_turn(&self) {
        self.turn.lock().take();
    }

    /// The signed-in user.
    pub fn identity(&self) -> Result<&Identity> {
        self.actor.identity().ok_or_else(|| Error::unauthenticated("Sign in first"))
    }

    /// The client's own name for this write: in its payload (`clientId`), or beside it (`Idempotency-Key`).
    ///
    /// # Errors
    /// When there are two, and they differ: whichever was taken, a repeat under the other would be done again.
    pub fn client_id(&self, payload: Option<ClientId>) -> Result<Option<ClientId>> {
        match (payload, &self.idempotency_key) {
            (Some(one), Some(other)) if one != *other => {
                Err(Error::validation("clientId", "must be the same as Idempotency-Key, or left out"))
            }
            (payload, header) => Ok(payload.or_else(|| header.clone())),
        }
    }

    /// The signed-in user's id.
    pub fn user(&self) -> Result<&UserId> {
        self.identity().map(|identity| &identity.user)
    }
}

impl std::fmt::Debug for Ctx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ctx")
            .field("actor", &self.actor)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}
