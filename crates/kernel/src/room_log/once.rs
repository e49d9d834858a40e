//! Changes that are done once under a client's own name for them, however often they are asked for
//! (`GUARANTEES.md` G2).

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use fireside_protocol::{ClientId, UserId};

use super::batch::Batch;
use super::change::{Change, Needs};
use crate::ctx::Ctx;
use crate::error::{Error, Result};

/// A write under a client's own name for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repeat {
    /// Who writes.
    pub user: UserId,
    /// Name of the operation.
    pub operation: &'static str,
    /// The client's name for it.
    pub key: ClientId,
    /// Digest of what is asked for, to tell a repeat from something else.
    pub digest: i64,
}

impl Repeat {
    /// The write under the name that the client gave it, if it did. `parts` is everything that is asked for.
    ///
    /// # Errors
    /// When nobody is signed in, or it was given two names.
    pub fn of(
        ctx: &Ctx,
        operation: &'static str,
        client_id: Option<ClientId>,
        parts: &[&str],
    ) -> Result<Option<Repeat>> {
        let Some(key) = ctx.client_id(client_id)? else { return Ok(None) };
        Ok(Some(Repeat { user: ctx.user()?.clone(), operation, key, digest: digest(parts) }))
    }
}

/// A digest of what is asked for. Parts do not run together.
pub fn digest(parts: &[&str]) -> i64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    i64::from_be_bytes(hash.finalize()[..8].try_into().expect("SHA-256 has 32 bytes"))
}

/// A change that is not done again under the same name: the answer is then the first one.
pub struct Once<C> {
    change: C,
    repeat: Option<Repeat>,
}

impl<C> Once<C> {
    /// `change` under that name, or as often as it is asked for where it has none.
    pub fn new(change: C, repeat: Option<Repeat>) -> Once<C> {
        Once { change, repeat }
    }
}

impl<C, R> Change for Once<C>
where
    C: Change<Answer = fireside_protocol::Once<R>>,
    R: Serialize + DeserializeOwned + Send + 'static,
{
    type Answer = C::Answer;

    fn needs(&self, needs: &mut Needs) {
        self.change.needs(needs);
        if let Some(repeat) = &self.repeat {
            needs.repeat(repeat);
        }
    }

    fn decide(&self, batch: &mut Batch) -> Result<C::Answer> {
        let Some(repeat) = &self.repeat else { return self.change.decide(batch) };
        let unreadable = |error: serde_json::Error| Error::internal(format!("a kept answer: {error}"));
        if let Some(kept) = batch.repeated(repeat)? {
            return serde_json::from_str(kept).map(fireside_protocol::Once::before).map_err(unreadable);
        }
        let answered = self.change.decide(batch)?;
        let kept = serde_json::to_string(&answered.answer).map_err(unreadable)?;
        batch.remember(repeat.clone(), kept);
        Ok(answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_digest_do_not_run_together() {
        assert_ne!(digest(&["ab", "c", ""]), digest(&["a", "bc", ""]));
        assert_eq!(digest(&["ab", "c", ""]), digest(&["ab", "c", ""]));
    }
}
