//! Every statement on the tables of identity: `credentials`, `sessions`, `refresh_tokens`, `invites` and
//! `settings`. One table a file; each function says the statement.

pub(super) mod credentials;
pub(super) mod invites;
pub(super) mod refresh_tokens;
pub(super) mod sessions;
pub(super) mod settings;
