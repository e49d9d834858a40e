//! The verbs of messages, one a file.

pub(super) mod crowds;
pub(super) mod delete;
pub(super) mod digest;
pub(super) mod edit;
pub(super) mod list;
pub(super) mod send;
