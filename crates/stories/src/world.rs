//! The world of a story: a server on a database of its own, and the cast.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use fireside_db::Engine;
use fireside_db::testing::TestDatabase;
use fireside_kernel::{Clock, Names};
use fireside_protocol::sessions::{Claim, Register};
use fireside_protocol::Request as _;
use fireside_server::{Config, Running};
use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::actor::{Actor, House, Way};
use crate::answer::{Answer, Door};
use crate::audit;
use crate::client::{Profile, Transport};
use crate::place::Room;
use crate::token::SECRET;

const TUTORIAL: Way = (Profile::Tutorial, Transport::WebSocket);
const TUTORIAL_POLLING: Way = (Profile::Tutorial, Transport::Polling);
const IDIOMATIC: Way = (Profile::Idiomatic, Transport::WebSocket);
const IDIOMATIC_POLLING: Way = (Profile::Idiomatic, Transport::Polling);

/// A server and the people around it.
pub struct World {
    /// Made the den and the square, and is their admin.
    pub alice: Actor,
    /// A member of the den.
    pub bob: Actor,
    /// A member of the den, on long polling.
    pub carol: Actor,
    /// Signed in, a member of nothing.
    pub dave: Actor,
    /// Has a private room of her own, and no business in the den.
    pub mallory: Actor,
    /// Somebody without a token.
    pub stranger: Actor,
    /// A private room of alice, bob and carol.
    pub den: Room,
    /// A public room with alice alone.
    pub square: Room,
    /// Mallory's private room.
    pub lair: Room,
    /// The database's kind.
    pub engine: Engine,
    house: Arc<House>,
    door: Door,
    config: Config,
    server: Mutex<Option<Running>>,
    /// Positions of the rooms when everyone had connected.
    before: HashMap<String, i64>,
    database: TestDatabase,
    _files: TempDir,
}
