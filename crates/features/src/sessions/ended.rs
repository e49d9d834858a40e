//! Sessions that are over though their tokens have not run out: kept in memory, so that nobody's request waits
//! for a look-up.
//!
//! A session that ends on this node is here before its end is answered. One that ends on another node is found
//! by looking every second. An entry goes when no token of the session can hold any more, so there are as many
//! as sign-outs in a quarter of an hour.

use std::collections::HashMap;

use fireside_protocol::{SessionId, Time};
use parking_lot::RwLock;

use super::sql::sessions::Ended;

/// The clocks of two nodes may differ by so much: a session that another node ended is looked for so far back.
pub(super) const NODES_DIFFER_MS: i64 = 5 * 60 * 1000;

/// See the module.
#[derive(Debug)]
pub(super) struct EndedSessions {
    forget_at: RwLock<HashMap<SessionId, Time>>,
    /// So long after the end of a session none of its access tokens holds on any node.
    matters_for_ms: i64,
}

impl EndedSessions {
    /// For access tokens that live so long.
    pub(super) fn new(access_ttl_ms: i64) -> Self {
        Self { forget_at: RwLock::default(), matters_for_ms: access_ttl_ms.saturating_add(NODES_DIFFER_MS) }
    }

    /// How far back sessions that have ended still matter.
    pub(super) fn horizon(&self, now: Time) -> Time {
        now.plus_ms(-self.matters_for_ms)
    }

    /// Adds sessions; those that were not known yet.
    pub(super) fn add(&self, ended: &[Ended]) -> Vec<SessionId> {
        let mut forget_at = self.forget_at.write();
        let mut added = Vec::new();
        for session in ended {
            let last_token = session.ended_at.plus_ms(self.matters_for_ms);
            let until = session.token_ends_at.unwrap_or(last_token);
            if forget_at.insert(session.id.clone(), until).is_none() {
                added.push(session.id.clone());
            }
        }
        added
    }

    /// Whether a session is over.
    pub(super) fn contains(&self, id: &SessionId) -> bool {
        self.forget_at.read().contains_key(id)
    }

    /// Forgets sessions whose tokens have run out.
    pub(super) fn prune(&self, now: Time) {
        self.forget_at.write().retain(|_, until| *until > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_known_until_no_token_holds() {
        let ended = EndedSessions::new(900_000);
        let now = Time::from_micros(1_700_000_000_000_000);
        let of = |id: &str, token_ends_at| Ended {
            id: SessionId::trusted(id),
            user: fireside_protocol::UserId::trusted("ann"),
            expires_at: now,
            token_ends_at,
            ended_at: now,
        };
        let both = [of("login", None), of("service", Some(now.plus_ms(86_400_000)))];
        assert_eq!(ended.add(&both).len(), 2);
        assert_eq!(ended.add(&both).len(), 0, "they are known already");
        let is_over = |id: &str| ended.contains(&SessionId::trusted(id));
        ended.prune(now.plus_ms(900_000));
        assert!(is_over("login") && is_over("service"));
        ended.prune(now.plus_ms(900_000 + NODES_DIFFER_MS));
        assert!(!is_over("login") && is_over("service"));
        ended.prune(now.plus_ms(86_400_000));
        assert!(!is_over("service"));
    }
}
