//! The server as clients see it, over real connections.
#![allow(missing_docs, reason = "tests are not documentation")]

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
