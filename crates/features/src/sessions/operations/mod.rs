//! The verbs of identity, one a file.

pub(super) mod accept_invite;
pub(super) mod check_invite;
pub(super) mod claim;
pub(super) mod end;
pub(super) mod first_steps;
pub(super) mod invite;
pub(super) mod list;
pub(super) mod login;
pub(super) mod logout;
pub(super) mod me;
pub(super) mod password;
pub(super) mod refresh;
pub(super) mod register;
pub(super) mod signup;
