//! Stories: tests of a whole server in the words of the people who use it.
//!
//! A [`World`] is a server on a database of its own with a small cast: alice made the room "den" and is its
//! admin, bob and carol are members, dave is signed in and a member of nothing, mallory has a private room of
//! her own and no business in the den, root ([`World::root`]) administers the server. In `tests/it/<noun>.rs` they
//! act:
//!
//! ```text
//! stories!(what_one_says_the_others_hear);
//!
//! async fn what_one_says_the_others_hear(world: &World) {
//!     let World { alice, bob, mallory, .. } = world;
//!     alice.sends("hi").await;
//!     bob.sees("hi").await;
//!     mallory.sees_nothing().await;
//! }
//! ```
//!
//! [`stories!`] runs each story through both doors (with [`Door::Rest`] the verbs are HTTP requests; everyone
//! still listens on a socket) and on both databases; [`engines!`] runs it on both databases. When a story is
//! over, its [`audit`] begins: everything anyone received is held against the log of each room as the database
//! has it.
//!
//! - [`client`]: Socket.IO and HTTP, knowing nothing of the chat.
//! - [`actor`]: one person: their token, their sockets, everything they were told. [`verbs`] and [`senses`]
//!   are what they do and what they notice.
//! - [`world`]: the server and the cast. [`replica`]: what someone knows from events alone; [`own`]: what they
//!   know of themselves.
//! - [`sweep`]: every operation, called by everyone, as a table.

pub mod actor;
pub mod answer;
pub mod audit;
pub mod canary;
pub mod checker;
pub mod client;
pub mod courier;
pub mod digests;
pub mod faults;
pub mod own;
pub mod place;
pub mod planted;
pub mod process;
pub mod program;
pub mod proof;
pub mod proxy;
pub mod replica;
pub mod senses;
pub mod simulation;
pub mod story;
pub mod sweep;
pub mod token;
pub mod verbs;
pub mod workload;
pub mod world;

pub use actor::Actor;
pub use answer::{Answer, Door, Outcome, Refusal, reason};
pub use place::Room;
pub use world::World;

pub use fireside_db::Engine;
