//! All stories in one program, so that it is linked once. One noun a file.

mod arrivals;
mod bootstrap;
mod database_away;
mod demo;
mod digests;
mod direct_messages;
mod durability;
mod faults;
mod history;
mod limits;
mod members;
mod messages;
mod once;
mod ordering;
mod permissions;
mod presence;
mod reads;
mod resume;
mod rooms;
mod sessions;
mod subscriptions;
mod typing;
mod unread;
mod user_changes;
mod users;
