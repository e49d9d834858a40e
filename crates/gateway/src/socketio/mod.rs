//! The Socket.IO door: `/io` as the tutorial's clients speak it, `/socket.io/` as every Socket.IO client
//! does by default. Both share sockets, rooms and operations.
//!
//! - [`chat`]: the door itself: who comes in, what they ask, when they go.
//! - [`company`]: Socket.IO servers on Node that share our Redis.
//! - `delivery`, `feed`: each room's events in order to whoever hears it.
//! - [`forwarding`]: long polling of sessions that live on another node.
//! - `holes`, `lookout`: what delivery has missed, read from the log; what other nodes did, if nobody told it.
//! - `digests`: sums over rooms, for whoever wants to check what they have.
//! - `resume`, `hold`: what a socket missed, and the seam to what is live.
//! - `user_feeds`: each user's own changes in order to their sockets.
//! - `outlet`: signals, and closing the sockets of sessions that are over.
//! - `sweep`, `notice`: what happens by the clock: deadlines, `ping` events, tokens that end, and telling so before.
//! - `session`: what is known of one socket.

mod arrivals;
mod authentication;
pub mod chat;
pub mod company;
mod delivery;
mod digests;
mod feed;
mod forwarding;
mod hold;
mod holes;
mod lookout;
mod notice;
mod operations;
mod outlet;
mod resume;
mod session;
mod subscriptions;
mod sweep;
mod user_feeds;

pub use chat::{Door, DoorSettings};
pub use company::CompanySettings;
