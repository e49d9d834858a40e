//! What becomes known of sessions in their users' own streams: that they are made, and that they are ended.

use fireside_db::{Error, Tx, retried};
use fireside_kernel::Result;
use fireside_kernel::user_changes::{self, Changed, Standing};
use fireside_protocol::user_changes::SessionStanding;
use fireside_protocol::{SessionId, UserId};

use super::sql::sessions::{Ended, NewSession};
use super::{Sessions, sql};

impl Sessions {
    /// Takes places for a session that is made, and for those that had to make room for it: the last thing in
    /// the transaction.
    pub(super) async fn note_made(
        &self,
        tx: &mut Tx,
        session: &NewSession,
        displaced: &[Ended],
    ) -> Result<Vec<Changed>, Error> {
        let made = SessionStanding { id: session.id.clone(), ended: false, expires_at: session.expires_at };
        let made = (session.user.clone(), Standing::Session(made));
        let changes = std::iter::once(made).chain(displaced.iter().map(standing)).collect();
        user_changes::record(tx, &self.kernel.names, changes).await
    }

    /// Takes places for sessions that are ended: the last thing in the transaction.
    pub(super) async fn note_ended(&self, tx: &mut Tx, ended: &[Ended]) -> Result<Vec<Changed>, Error> {
        user_changes::record(tx, &self.kernel.names, ended.iter().map(standing).collect()).await
    }

    /// Ends one session of a user and closes its sockets; false if it is not live.
    pub(super) async fn end_session(
        &self,
        id: &SessionId,
        user: &UserId,
        reason: &'static str,
    ) -> Result<bool> {
        let ended = retried(|| async move {
            let mut tx = self.kernel.db.begin().await?;
            let Some(ended) = sql::sessions::end(&mut tx, id, user, self.now()).await? else {
                return Ok(None);
            };
            let ended = [ended];
            let changes = self.note_ended(&mut tx, &ended).await?;
            user_changes::commit(tx, &self.kernel.relay, &changes).await?;
            Ok::<_, fireside_kernel::Error>(Some(ended))
        });
        let Some(ended) = ended.await? else { return Ok(false) };
        self.forget_sessions(&ended, reason);
        Ok(true)
    }
}

fn standing(ended: &Ended) -> (UserId, Standing) {
    let standing = SessionStanding { id: ended.id.clone(), ended: true, expires_at: ended.expires_at };
    (ended.user.clone(), Standing::Session(standing))
}
