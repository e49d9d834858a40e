//! The verbs of rooms, one a file.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod discover;
pub(super) mod get;
pub(super) mod list;
pub(super) mod resume;
pub(super) mod update;
