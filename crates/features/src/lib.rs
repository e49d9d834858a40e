//! What the chat does: one folder a noun. Each registers its operations in the kernel's registry; none
//! knows a door, and none touches another's tables.

pub mod bootstrap;
pub mod direct_messages;
pub mod members;
pub mod messages;
pub mod presence;
pub mod reads;
pub mod rooms;
pub mod sessions;
pub mod typing;
pub mod user_changes;
pub mod users;

use std::sync::Arc;

use fireside_kernel::connections::Observer;
use fireside_kernel::{Kernel, Registry};

/// The features that others have to talk to.
#[derive(Clone)]
pub struct Features {
    /// Who is signed in; the authenticator of both doors.
    pub sessions: Arc<sessions::Sessions>,
    /// Who is online.
    pub presence: Arc<presence::Presence>,
    /// Whoever wants to know of connections.
    pub observers: Vec<Arc<dyn Observer>>,
}

/// Registers every feature.
///
/// # Errors
/// When a feature cannot start: its settings are wrong, or the database does not answer.
pub async fn register(
    kernel: &Kernel,
    registry: &mut Registry,
    settings: sessions::Settings,
) -> Result<Features, sessions::StartError> {
    let presence = presence::register(kernel, registry);
    let sessions = sessions::register(kernel, registry, &presence, settings).await?;
    users::register(kernel, registry, &presence, &sessions);
    rooms::register(kernel, registry);
    members::register(kernel, registry, &presence);
    let crowds = messages::register(kernel, registry);
    direct_messages::register(kernel, registry, &presence);
    reads::register(kernel, registry);
    user_changes::register(kernel, registry);
    let sources = bootstrap::Sources {
        kernel: kernel.clone(),
        presence: presence.clone(),
        sessions: sessions.clone(),
        crowds,
    };
    bootstrap::register(registry, sources);
    let typing = typing::register(kernel, registry);
    let observers: Vec<Arc<dyn Observer>> = vec![presence.clone(), typing];
    Ok(Features { sessions, presence, observers })
}
