//! Who may make an account. `sessions.check_setup` tells it to whoever is about to claim the server.

use std::sync::Arc;
use std::time::Instant;

use fireside_db::Tx;
use fireside_kernel::{Ctx, Error, Result};
use fireside_protocol::Reason;
use fireside_protocol::sessions::{CheckSetup, Signup, SignupRule};

use crate::sessions::Sessions;
use crate::sessions::sign_in::attempt;
use crate::sessions::sql::settings::{self, SIGNUP};

/// `sessions.check_setup`.
pub(in crate::sessions) async fn check_setup(
    sessions: Arc<Sessions>,
    ctx: Ctx,
    request: CheckSetup,
) -> Result<SignupRule> {
    let token = request.token.ok_or_else(|| Error::unauthenticated("No setup token was given"))?;
    let attempt = attempt(&ctx, None);
    sessions.throttle.admit(&attempt, Instant::now())?;
    if let Err(error) = sessions.check_setup_token(&token).await {
        sessions.throttle.failed(&attempt, Instant::now())?;
        return Err(Error { reason: Reason::Unauthenticated, ..error });
    }
    Ok(SignupRule { signup: sessions.signup().await?, is_fixed: sessions.settings.is_signup_fixed })
}

impl Sessions {
    /// Who may make an account: what the operator said, else what the administrator chose, else what is usual.
    pub(in crate::sessions) async fn signup(&self) -> Result<Signup> {
        if self.settings.is_signup_fixed {
            return Ok(self.settings.signup);
        }
        match settings::find(&self.kernel.db, SIGNUP).await? {
            Some(chosen) => serde_json::from_str(&chosen).map_err(|error| Error::internal(error.to_string())),
            None => Ok(self.settings.signup),
        }
    }

    /// Whether who may make an account can be chosen.
    ///
    /// # Errors
    /// `validation` where the operator has said something else.
    pub(in crate::sessions) fn check_choice(&self, chosen: Option<Signup>) -> Result<()> {
        if self.settings.is_signup_fixed && chosen.is_some_and(|chosen| chosen != self.settings.signup) {
            return Err(Error::validation("signup", "cannot be chosen: the server was started with it"));
        }
        Ok(())
    }

    /// Remembers who may make an account from now on.
    pub(in crate::sessions) async fn choose_signup(&self, tx: &mut Tx, chosen: Signup) -> Result<()> {
        let chosen = serde_json::to_string(&chosen).map_err(|error| Error::internal(error.to_string()))?;
        Ok(settings::upsert_in(tx, SIGNUP, &chosen).await?)
    }
}
