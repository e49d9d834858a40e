//! `sessions.first_steps`, `sessions.dismiss_first_steps`: what is left to do for a new server. What was done is looked
//! up and not remembered; only that nobody wants to be reminded is.

use std::sync::Arc;

use fireside_kernel::{Ctx, Result};
use fireside_protocol::request::Done;
use fireside_protocol::sessions::{DismissFirstSteps, FirstSteps, GetFirstSteps, Steps};

use crate::sessions::sql::settings::{self, FIRST_STEPS_DISMISSED};
use crate::sessions::{Sessions, sql};
use crate::users;

pub(in crate::sessions) async fn first_steps(
    sessions: Arc<Sessions>,
    _: Ctx,
    _: GetFirstSteps,
) -> Result<FirstSteps> {
    let db = &sessions.kernel.db;
    if settings::find(db, FIRST_STEPS_DISMISSED).await?.is_some() {
        return Ok(FirstSteps { steps: None });
    }
    let has_invited = sql::invites::any(db).await? || users::has_company(db).await?;
    let has_service = sql::sessions::has_service(db, sessions.now()).await?;
    Ok(FirstSteps { steps: Some(Steps { has_invited, has_service }) })
}

pub(in crate::sessions) async fn dismiss(
    sessions: Arc<Sessions>,
    _: Ctx,
    _: DismissFirstSteps,
) -> Result<Done> {
    settings::upsert(&sessions.kernel.db, FIRST_STEPS_DISMISSED, &sessions.now().to_string()).await?;
    Ok(Done {})
}
