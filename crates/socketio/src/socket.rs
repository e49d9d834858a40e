//! A client in a namespace, as the owner's code sees it.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::Sleep;

use crate::engine::Session;
use crate::engine::outbox::Closing;
use crate::event::Args;
use crate::frame::{self, EncodeError, Frame};
use crate::handshake::Handshake;
use crate::id::Id;
use crate::namespace::Namespace;
use crate::namespace::rooms::Membership;
use crate::reason::DisconnectReason;

/// How far a socket has come. Numbers, because the value is shared by threads.
pub(crate) mod status {
    pub(crate) const CONNECTED: u8 = 0;
    /// The server has disconnected it; its task does not know yet.
    pub(crate) const DISMISSED: u8 = 1;
    pub(crate) const GONE: u8 = 2;
}

/// What all handles on one socket share.
pub(crate) struct Inner<S> {
    pub(crate) id: Id,
    pub(crate) session: Arc<Session>,
    pub(crate) namespace: Namespace<S>,
    pub(crate) status: AtomicU8,
    /// Only used under the lock of the namespace's table.
    pub(crate) memberships: Mutex<Vec<Membership>>,
    selection: AtomicU64,
    acks: Mutex<Option<Box<PendingAcks>>>,
    pub(crate) state: S,
}

#[derive(Default)]
struct PendingAcks {
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Args>>,
}

impl<S> Inner<S> {
    /// Marks the socket as visited by a selection; false when it had been already.
    pub(crate) fn select(&self, selection: u64) -> bool {
        // All selections run under the lock of the table.
        self.selection.swap(selection, Ordering::Relaxed) != selection
    }
}

/// A client in a namespace. Cloning gives another handle on the same one.
pub struct Socket<S>(pub(crate) Arc<Inner<S>>);

impl<S> Clone for Socket<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> std::fmt::Debug for Socket<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Socket").field(&self.0.id).finish()
    }
}

impl<S> PartialEq for Socket<S> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<S> Eq for Socket<S> {}

/// Why no acknowledgement came.
#[derive(Debug)]
pub enum AckError {
    /// Not in time.
    Timeout,
    /// The client is gone.
    Disconnected,
    /// Too many acknowledgements are waited for already
    /// (see [`Config::max_pending_acks`](crate::Config::max_pending_acks)).
    TooMany,
    /// The arguments could not be encoded.
    Encode(EncodeError),
}

impl std::fmt::Display for AckError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Timeout => f.write_str("no acknowledgement came in time"),
            Self::Disconnected => f.write_str("the client is gone"),
            Self::TooMany => f.write_str("too many acknowledgements are waited for"),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AckError {}

impl<S> Socket<S> {
    pub(crate) fn new(id: Id, session: Arc<Session>, namespace: Namespace<S>, state: S) -> Self {
        Self(Arc::new(Inner {
            id,
            session,
            namespace,
            status: AtomicU8::new(status::CONNECTED),
            memberships: Mutex::new(Vec::new()),
            selection: AtomicU64::new(0),
            acks: Mutex::new(None),
            state,
        }))
    }

    /// Its id, which is also the name of a room that only it is in. Other people may be told.
    #[must_use]
    pub fn id(&self) -> Id {
        self.0.id
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace<S> {
        &self.0.namespace
    }

    /// What [`Handler::connect`](crate::Handler::connect) made for it.
    #[must_use]
    pub fn state(&self) -> &S {
        &self.0.state
    }

    /// What is known from the connection's first request.
    #[must_use]
    pub fn handshake(&self) -> &Handshake {
        self.0.session.handshake()
    }

    /// Whether it is in its namespace.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.status.load(Ordering::Acquire) == status::CONNECTED
    }

    /// Sends an event. False when the client is gone, or the frame belongs to another namespace.
    pub fn emit(&self, frame: &Frame) -> bool {
        self.emit_as(frame, false)
    }

    /// Sends an event that may be dropped when the client is behind. False when it was.
    pub fn emit_volatile(&self, frame: &Frame) -> bool {
        self.emit_as(frame, true)
    }

    fn emit_as(&self, frame: &Frame, volatile: bool) -> bool {
        self.is_connected()
            && frame.namespace() == self.0.namespace.name()
            && self.0.session.send_as(frame.encoded(), volatile)
    }

    /// Sends an event, now, and gives a future of its acknowledgement. Dropping the future stops waiting.
    pub fn emit_with_ack<A: Serialize + ?Sized>(
        &self,
        name: &str,
        args: &A,
        timeout: Duration,
    ) -> Acknowledgement<S> {
        let deadline = Instant::now() + timeout;
        match self.send_with_ack(name, args) {
            Ok(pending) => Acknowledgement { pending: Some(pending), failed: None, deadline, timer: None },
            Err(error) => Acknowledgement { pending: None, failed: Some(error), deadline, timer: None },
        }
    }

    fn send_with_ack<A: Serialize + ?Sized>(&self, name: &str, args: &A) -> Result<Pending<S>, AckError> {
        let (answered, answer) = oneshot::channel();
        let id = {
            let mut acks = self.0.acks.lock();
            if !self.is_connected() {
                return Err(AckError::Disconnected);
            }
            let acks = acks.get_or_insert_default();
            if acks.waiting.len() >= self.0.session.shared.config.max_pending_acks {
                return Err(AckError::TooMany);
            }
            acks.next += 1;
            acks.waiting.insert(acks.next, answered);
            acks.next
        };
        let pending = Pending { socket: self.clone(), id, answer };
        let encoded =
            frame::event_with_ack(self.0.namespace.name(), id, name, args).map_err(AckError::Encode)?;
        if self.0.session.send(&encoded) { Ok(pending) } else { Err(AckError::Disconnected) }
    }

    /// Hands an acknowledgement to whoever waits for it; one that nobody asked for is ignored.
    pub(crate) fn acknowledged(&self, id: u64, args: Args) {
        let waiting = self.0.acks.lock().as_mut().and_then(|acks| acks.waiting.remove(&id));
        if let Some(waiting) = waiting {
            // The waiting future may have been dropped meanwhile.
            let _ = waiting.send(args);
        }
    }

    /// Ends the waiting for all acknowledgements.
    pub(crate) fn abandon_acks(&self) {
        *self.0.acks.lock() = None;
    }

    /// Adds it to a room. False when it is gone or was in it already.
    pub fn join(&self, room: &str) -> bool {
        self.0.namespace.with_table(|table| table.join(&self.0, room))
    }

    /// Takes it out of a room. False when it was not in it. The room of its own id cannot be left.
    pub fn leave(&self, room: &str) -> bool {
        self.0.namespace.with_table(|table| table.leave(&self.0, room))
    }

    /// The rooms it has joined; that of its own id is not among them.
    #[must_use]
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.0.namespace.with_table(|table| table.rooms_of(&self.0))
    }

    /// Whether it is in a room.
    #[must_use]
    pub fn is_in(&self, room: &str) -> bool {
        self.0.namespace.with_table(|table| table.is_in(&self.0, room))
    }

    /// Lifts the size limit that holds before admission
    /// (see [`Config::max_payload_before_admission`](crate::Config::max_payload_before_admission)).
    pub fn admit(&self) {
        self.0.session.admit();
    }

    /// Removes it from its namespace, after what is queued for it. It leaves all rooms at once. With
    /// `close_connection` the connection below is closed too, and with it the client's other namespaces.
    ///
    /// The client's library does not reconnect by itself after this.
    pub fn disconnect(&self, close_connection: bool) {
        let session = &self.0.session;
        if self.dismiss() {
            session.send(&frame::disconnect(self.0.namespace.name()));
            session.wake();
        }
        if close_connection {
            session.end(Closing::after_flush(DisconnectReason::ForcedServerClose));
        }
    }

    /// Closes the connection when the events that were received have come to their end and everything that is
    /// queued has been handed out. The namespace is told nothing: the client's library reconnects by itself.
    pub fn close_after_flush(&self, reason: DisconnectReason) {
        self.0.session.drain(reason);
    }

    /// Takes a connected socket out of its namespace; its task tells the handler.
    fn dismiss(&self) -> bool {
        let change = self.0.status.compare_exchange(
            status::CONNECTED,
            status::DISMISSED,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if change.is_err() {
            return false;
        }
        self.0.namespace.with_table(|table| table.remove(&self.0));
        true
    }
}

/// A future of the answer to [`Socket::emit_with_ack`].
#[must_use = "the acknowledgement is not waited for unless this is polled"]
pub struct Acknowledgement<S> {
    pending: Option<Pending<S>>,
    failed: Option<AckError>,
    deadline: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> Unpin for Acknowledgement<S> {}

impl<S> Future for Acknowledgement<S> {
    type Output = Result<Args, AckError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Some(pending) = &mut this.pending else {
            return Poll::Ready(Err(this.failed.take().unwrap_or(AckError::Disconnected)));
        };
        if let Poll::Ready(answer) = Pin::new(&mut pending.answer).poll(cx) {
            this.pending = None;
            return Poll::Ready(answer.map_err(|_| AckError::Disconnected));
        }
        let deadline = this.deadline;
        let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
        ready!(timer.as_mut().poll(cx));
        this.pending = None;
        Poll::Ready(Err(AckError::Timeout))
    }
}

impl<S> std::fmt::Debug for Acknowledgement<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acknowledgement").finish_non_exhaustive()
    }
}

/// An acknowledgement that is waited for.
struct Pending<S> {
    socket: Socket<S>,
    id: u64,
    answer: oneshot::Receiver<Args>,
}

impl<S> Drop for Pending<S> {
    fn drop(&mut self) {
        if let Some(acks) = self.socket.0.acks.lock().as_mut() {
            acks.waiting.remove(&self.id);
        }
    }
}
