//! The program `fireside` as a library: everything but `main`, so that tests can start a whole server in
//! their own process with [`wiring::start`].
//!
//! This is the only crate that knows every concrete thing: which database, which features, which doors.

pub mod banner;
pub mod cli;
pub mod config;
pub mod demo;
pub mod drain;
pub mod import;
pub mod logging;
pub mod metrics;
pub mod tls;
pub mod wiring;
