//! The two doors, REST and Socket.IO. Both are derived from the kernel's registry of operations: a feature
//! that registers an operation has its route, its event, its limits and its place in the published contract.
//!
//! A request's walk through [`rest`]: the request itself is checked (Host, form) → the route is found →
//! the caller is told apart ([`authenticate`]) → the [`limits`] are drawn from → the body is read → the
//! registry dispatches. Whatever comes back leaves with the same headers.

pub mod authenticate;
pub mod contract;
pub mod gateway;
pub mod limits;
pub mod peer;
pub mod rest;
pub mod socketio;
pub mod web_client;

pub use gateway::{Gateway, GatewaySettings};
