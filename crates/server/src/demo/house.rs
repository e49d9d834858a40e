//! Asking for operations as clients ask for them, in the name of anyone.

use fireside_db::Db;
use fireside_features::Features;
use fireside_features::sessions::{self, Sessions, StartError};
use fireside_kernel::{Actor, Clock, Ctx, Error, Identity, Kernel, Names, Registry, Result};
use fireside_protocol::{Time, UserId};
use serde_json::Value;

/// All operations on one database, with no door to them.
pub(super) struct House {
    /// The time that operations take for now.
    pub(super) clock: Clock,
    registry: Registry,
    features: Features,
}

impl House {
    pub(super) async fn open(db: &Db, clock: Clock, names: Names) -> Result<House, StartError> {
        let kernel = Kernel::start(db.clone(), clock.clone(), names);
        let mut registry = Registry::default();
        let features =
            fireside_features::register(&kernel, &mut registry, sessions::Settings::default()).await?;
        Ok(House { clock, registry, features })
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.features.sessions
    }

    /// Runs an operation; its answer as an ack has it.
    pub(super) async fn ask(&self, who: &UserId, operation: &str, request: &Value) -> Result<Value> {
        let entry = self.registry.by_name(operation);
        let entry = entry.ok_or_else(|| Error::internal(format!("no operation {operation}")))?;
        let identity = Identity {
            user: who.clone(),
            session: None,
            is_admin: false,
            expires_at: Time::from_micros(i64::MAX),
        };
        let ctx = Ctx::new(Actor::User(identity), "demo");
        let answer = self.registry.dispatch(entry, ctx, &request.to_string())?.await?;
        serde_json::from_str(answer.ack()?.get()).map_err(|error| Error::internal(error.to_string()))
    }
}

/// A text in an answer.
pub(super) fn text(answer: &Value, field: &str) -> Result<String> {
    let text = answer[field].as_str().map(str::to_owned);
    text.ok_or_else(|| Error::internal(format!("no {field} in an answer")))
}
