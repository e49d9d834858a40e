//! The words that clients and server exchange, and nothing else: ids, requests, answers, events, errors.
//!
//! One noun a file. A request names its operation once ([`Request::OPERATION`]); both doors (REST and
//! Socket.IO) and the published contract are derived from it. Nothing here knows the network, the
//! database or who is asking.

pub mod bootstrap;
pub mod digests;
pub mod direct_messages;
pub mod error;
pub mod event;
pub mod ids;
pub mod invites;
pub mod members;
pub mod mentions;
pub mod messages;
pub mod page;
pub mod presence;
pub mod reads;
pub mod request;
pub mod resume;
pub mod rooms;
pub mod sessions;
pub mod text;
pub mod time;
pub mod typing;
pub mod user_changes;
pub mod users;

pub use error::{ErrorBody, Reason};
pub use event::{Event, Signal, UserEvent};
pub use ids::{ClientId, MessageId, RoomId, RoomRef, SessionId, UserId};
pub use request::{Access, Method, Once, Operation, Rate, Reply, Request, Rest, RestPath, Route};
pub use time::Time;
