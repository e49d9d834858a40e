//! What a feature hands to the log: what it needs to know, and a decision on it.

use std::collections::HashSet;

use async_trait::async_trait;
use tokio::sync::oneshot;

use fireside_db::Tx;
use fireside_protocol::{ClientId, MessageId, RoomId, RoomRef, UserId};

use super::Ticket;
use super::batch::Batch;
use super::once::Repeat;
use crate::error::{Error, Result};

/// A change to a room. [`Change::decide`] is a pure function of the batch: it may run again if the
/// transaction has to be repeated.
pub trait Change: Send + 'static {
    /// What the caller gets after the commit.
    type Answer: Send + 'static;

    /// Names everything that [`Change::decide`] will look at.
    fn needs(&self, needs: &mut Needs);

    /// Checks first, then changes the batch, then answers. An error must come before the first change.
    fn decide(&self, batch: &mut Batch) -> Result<Self::Answer>;
}

/// What has to be read from the database before a batch is decided.
#[derive(Debug, Default)]
pub struct Needs {
    pub(super) users: HashSet<String>,
    pub(super) rooms: HashSet<String>,
    pub(super) pair_keys: HashSet<String>,
    pub(super) slugs_like: HashSet<String>,
    pub(super) members: HashSet<(String, String)>,
    pub(super) memberships: HashSet<String>,
    pub(super) messages: HashSet<MessageId>,
    pub(super) message_readers: HashSet<(MessageId, UserId)>,
    pub(super) sent: HashSet<(UserId, String, ClientId)>,
    pub(super) repeats: HashSet<Repeat>,
}

impl Needs {
    /// Everything that these changes ask for.
    pub(super) fn of(pendings: &[Box<dyn Pending>]) -> Needs {
        let mut needs = Needs::default();
        for pending in pendings {
            pending.needs(&mut needs);
        }
        needs
    }

    /// A user, by id or username.
    pub fn user(&mut self, user: &str) {
        self.users.insert(user.to_owned());
    }

    /// A room, by id or slug.
    pub fn room(&mut self, room: &RoomRef) {
        self.rooms.insert(room.as_str().to_owned());
    }

    /// A direct conversation, by its key.
    pub fn direct(&mut self, pair_key: &str) {
        self.pair_keys.insert(pair_key.to_owned());
    }

    /// Which slugs that begin so are taken.
    pub fn slugs_like(&mut self, slug: &str) {
        self.slugs_like.insert(slug.to_owned());
    }

    /// Someone's membership of a room (both by any of their names).
    pub fn member(&mut self, room: &RoomRef, user: &str) {
        self.room(room);
        self.members.insert((room.as_str().to_owned(), user.to_owned()));
    }

    /// How many rooms a user (by id or username) is a member of.
    pub fn memberships(&mut self, user: &str) {
        self.user(user);
        self.memberships.insert(user.to_owned());
    }

    /// A message, its room, and this user's membership of it.
    pub fn message(&mut self, message: &MessageId, user: &UserId) {
        self.messages.insert(message.clone());
        self.message_readers.insert((message.clone(), user.clone()));
    }

    /// What a user has sent to a room (id, slug or pair key) under a client's name.
    pub fn sent(&mut self, user: &UserId, room: &str, client_id: &ClientId) {
        self.sent.insert((user.clone(), room.to_owned(), client_id.clone()));
    }

    /// Whether this write was done before.
    pub fn repeat(&mut self, repeat: &Repeat) {
        self.repeats.insert(repeat.clone());
    }
}

/// A write to a table of a feature, in the same transaction.
#[async_trait]
pub trait ExtraWrite: Send + Sync {
    /// Runs it.
    async fn run(&self, tx: &mut Tx) -> Result<(), fireside_db::Error>;
}

/// A submitted change, its type forgotten.
pub(crate) trait Pending: Send {
    fn take(&self) -> bool;
    /// Undoes [`Pending::take`]: the caller may give up again.
    fn put_back(&self);
    fn needs(&self, needs: &mut Needs);
    /// Decides and keeps the answer.
    fn decide(&mut self, batch: &mut Batch);
    /// Gives the answer to the caller: the decided one, or the error that the transaction met.
    fn finish(self: Box<Self>, failure: Option<Error>);
}

pub(crate) struct Submitted<C: Change> {
    change: C,
    ticket: Ticket,
    caller: oneshot::Sender<Result<C::Answer>>,
    decided: Option<Result<C::Answer>>,
}

impl<C: Change> Submitted<C> {
    pub(crate) fn new(change: C, ticket: Ticket, caller: oneshot::Sender<Result<C::Answer>>) -> Self {
        Self { change, ticket, caller, decided: None }
    }
}

impl<C: Change> Pending for Submitted<C> {
    fn take(&self) -> bool {
        self.ticket.take()
    }

    fn put_back(&self) {
        self.ticket.put_back();
    }

    fn needs(&self, needs: &mut Needs) {
        self.change.needs(needs);
    }

    fn decide(&mut self, batch: &mut Batch) {
        self.decided = Some(self.change.decide(batch));
    }

    fn finish(self: Box<Self>, failure: Option<Error>) {
        let answer = match (self.decided, failure) {
            // A definite refusal stays one: it wrote nothing, whatever became of the others.
            (Some(Err(refusal)), _) => Err(refusal),
            (_, Some(failure)) => Err(failure),
            (Some(answer), None) => answer,
            (None, None) => Err(Error::internal("a change was answered before it was decided")),
        };
        // A caller that has gone away needs no answer; what it asked for is stored all the same.
        let _ = self.caller.send(answer);
    }
}

/// Where a message that a change looks at lives, found before its room is locked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct MessageRoom {
    pub(super) message: MessageId,
    pub(super) room: RoomId,
}
