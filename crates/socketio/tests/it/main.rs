//! The server as clients see it, over real connections.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod admission;
mod backlog;
mod ending;
mod engine;
mod events;
mod heartbeat;
mod listener;
mod order;
mod polling;
mod rooms;
mod socketio;
mod support;
mod upgrade;
mod websocket;
