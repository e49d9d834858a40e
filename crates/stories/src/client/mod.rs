//! A real client: Socket.IO over WebSocket and polling, and REST. It knows the protocols, not the chat.

pub mod heard;
pub mod http;
pub(crate) mod packet;
pub mod socket;
mod wire;

use std::time::Duration;

pub use heard::{Event, Heard, RESUMED};
pub use http::{Call, Http, Reply};
pub use socket::{Dial, Pending, Profile, Socket};
pub use wire::Transport;

/// How long anything that must happen may take. Far more than it ever does: whoever waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(10);
