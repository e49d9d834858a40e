//! What one connection has received and what of it is running: a queue in order, and the futures of the owner's
//! code. Nothing of this exists while the connection is idle.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::connection::{Client, Member, data_of};
use crate::engine::outbox::Closing;
use crate::event::Event;
use crate::frame;
use crate::handler::{ConnectError, ConnectRequest, Handler};
use crate::id::Id;
use crate::namespace::Namespace;
use crate::reason::DisconnectReason;
use crate::socket::{Socket, status};
use crate::stats::count;
use crate::turn::{Turn, is_free, release};

/// Time that events which came before the end of a connection have to be handed out; then the owner is told of
/// the end without them.
const LAST_EVENTS_TIMEOUT: Duration = Duration::from_secs(5);

/// Something that has to happen in its turn.
pub(super) enum Item<S> {
    Connect { namespace: Namespace<S>, auth: Option<Box<str>> },
    Event { namespace: Namespace<S>, event: Event },
    Disconnected { socket: Socket<S>, reason: DisconnectReason },
}

impl<S> Item<S> {
    fn size(&self) -> usize {
        match self {
            Self::Connect { auth, .. } => auth.as_ref().map_or(0, |auth| auth.len()),
            Self::Event { event, .. } => event.args.size(),
            Self::Disconnected { .. } => 0,
        }
    }
}

/// What a future of the owner's code came to.
enum Outcome<S> {
    Joined { namespace: Namespace<S>, id: Id, answer: Result<S, ConnectError> },
    Done,
    Panicked,
}

/// A future, the turn it was started with, and the bytes it holds.
struct Running<S> {
    future: Pin<Box<dyn Future<Output = Outcome<S>> + Send>>,
    turn: u64,
    size: usize,
}

impl<S> Future for Running<S> {
    type Output = (Outcome<S>, u64, usize);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = std::task::ready!(self.future.as_mut().poll(cx));
        Poll::Ready((outcome, self.turn, self.size))
    }
}

/// The queue and the futures.
pub(super) struct Work<H: Handler> {
    waiting: VecDeque<Item<H::State>>,
    running: FuturesUnordered<Running<H::State>>,
    /// Namespaces whose CONNECT waits or runs.
    joining: Vec<Namespace<H::State>>,
    /// Bytes of all that waits or runs.
    size: usize,
    /// Set when the connection has ended.
    hand_out_by: Option<Instant>,
}

impl<H: Handler> Default for Work<H> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            running: FuturesUnordered::new(),
            joining: Vec::new(),
            size: 0,
            hand_out_by: None,
        }
    }
}

impl<H: Handler> Work<H> {
    pub(super) fn has_room(&self, count: usize, size: usize) -> bool {
        self.waiting.len() + self.running.len() < count && self.size <= size
    }

    pub(super) fn is_joining(&self, namespace: &Namespace<H::State>) -> bool {
        self.joining.iter().any(|joining| joining.name() == namespace.name())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.hand_out_by.filter(|_| !self.waiting.is_empty())
    }

    /// Forgets what a socket sent that nobody is to hear any more.
    pub(super) fn drop_events_of(&mut self, namespace: &Namespace<H::State>) {
        self.retain(
            |item| !matches!(item, Item::Event { namespace: of, .. } if of.name() == namespace.name()),
        );
    }

    /// The connection has ended: nothing new comes, and what came before has little time.
    pub(super) fn close(&mut self, reason: DisconnectReason) {
        self.retain(|item| match item {
            Item::Connect { .. } => false,
            Item::Event { .. } => reason.is_the_clients(),
            Item::Disconnected { .. } => true,
        });
        self.hand_out_by = Some(Instant::now() + LAST_EVENTS_TIMEOUT);
    }

    fn retain(&mut self, keep: impl Fn(&Item<H::State>) -> bool) {
        self.waiting.retain(|item| {
            let kept = keep(item);
            if !kept {
                self.size -= item.size();
            }
            kept
        });
    }
}

impl<H: Handler> Client<H> {
    pub(super) fn enqueue(&mut self, item: Item<H::State>) {
        let work = self.work.get_or_insert_default();
        if let Item::Connect { namespace, .. } = &item {
            work.joining.push(namespace.clone());
        }
        work.size += item.size();
        work.waiting.push_back(item);
    }

    /// Starts what may start, and goes on with what runs.
    pub(super) fn run(&mut self, cx: &mut Context<'_>) {
        loop {
            let Some(work) = &mut self.work else { return };
            if work.hand_out_by.is_some_and(|by| by <= Instant::now()) {
                work.retain(|item| matches!(item, Item::Disconnected { .. }));
                self.session.turn.store(0, Ordering::SeqCst);
            }
            if !work.waiting.is_empty() && is_free(&self.session) {
                let item = work.waiting.pop_front();
                item.into_iter().for_each(|item| self.start(item, cx));
                continue;
            }
            match work.running.poll_next_unpin(cx) {
                Poll::Ready(Some((outcome, turn, size))) => {
                    work.size -= size;
                    self.finish(outcome);
                    release(&self.session, turn);
                }
                Poll::Ready(None) if work.waiting.is_empty() => {
                    self.work = None;
                    return;
                }
                Poll::Ready(None) | Poll::Pending => return,
            }
        }
    }

    fn start(&mut self, item: Item<H::State>, cx: &mut Context<'_>) {
        let size = item.size();
        match item {
            Item::Connect { namespace, auth } => {
                let id = Id::random();
                let session = Arc::clone(&self.session);
                let request = ConnectRequest { namespace: namespace.clone(), id, session, auth };
                let handler = Arc::clone(&self.application.handler);
                let connect = async move { handler.connect(request).await };
                let future = async move {
                    match AssertUnwindSafe(connect).catch_unwind().await {
                        Ok(answer) => Outcome::Joined { namespace, id, answer },
                        Err(_) => Outcome::Panicked,
                    }
                };
                self.last_turn += 1;
                self.session.turn.store(self.last_turn, Ordering::SeqCst);
                self.launch(Box::pin(future), size, cx);
            }
            Item::Event { namespace, event } => {
                let Some(socket) = self.sender(&namespace) else { return self.let_go(size) };
                self.last_turn += 1;
                let turn = Turn::take(&self.session, self.last_turn);
                let handler = Arc::clone(&self.application.handler);
                let run = async move { handler.event(socket, event, turn).await };
                let future = AssertUnwindSafe(run)
                    .catch_unwind()
                    .map(|result| if result.is_ok() { Outcome::Done } else { Outcome::Panicked });
                self.launch(Box::pin(future), size, cx);
            }
            Item::Disconnected { socket, reason } => {
                self.members.retain(|member| member.socket != socket);
                self.guarded(|handler| handler.disconnected(&socket, reason));
            }
        }
    }

    /// The socket that an event in the queue came from, unless the server has dismissed it since.
    fn sender(&self, namespace: &Namespace<H::State>) -> Option<Socket<H::State>> {
        let member =
            self.members.iter().find(|member| member.socket.namespace().name() == namespace.name())?;
        let dismissed = member.socket.0.status.load(Ordering::Acquire) == status::DISMISSED;
        (!dismissed).then(|| member.socket.clone())
    }

    fn let_go(&mut self, size: usize) {
        if let Some(work) = &mut self.work {
            work.size -= size;
        }
    }

    /// Polls a future once, and keeps it if it has to wait.
    fn launch(
        &mut self,
        future: Pin<Box<dyn Future<Output = Outcome<H::State>> + Send>>,
        size: usize,
        cx: &mut Context<'_>,
    ) {
        let mut running = Running { future, turn: self.last_turn, size };
        match Pin::new(&mut running).poll(cx) {
            Poll::Ready((outcome, turn, size)) => {
                self.let_go(size);
                self.finish(outcome);
                release(&self.session, turn);
            }
            Poll::Pending => {
                if let Some(work) = &mut self.work {
                    work.running.push(running);
                }
            }
        }
    }

    fn finish(&mut self, outcome: Outcome<H::State>) {
        match outcome {
            Outcome::Done => {}
            Outcome::Panicked => self.note_panic(),
            Outcome::Joined { namespace, id, answer } => {
                if let Some(work) = &mut self.work {
                    work.joining.retain(|joining| joining.name() != namespace.name());
                }
                if self.closed {
                    return;
                }
                match answer {
                    Ok(state) => self.join(namespace, id, state),
                    Err(error) => {
                        let data = data_of(error.data.as_deref());
                        self.session.send(&frame::connect_error(namespace.name(), &error.message, data));
                    }
                }
            }
        }
    }

    fn join(&mut self, namespace: Namespace<H::State>, id: Id, state: H::State) {
        let config = &self.session.shared.config;
        if config.admit_on_connect {
            self.session.admit();
        }
        self.session.establish();
        self.tries = self.tries.saturating_sub(1);
        let socket = Socket::new(id, Arc::clone(&self.session), namespace, state);
        socket.namespace().with_table(|table| {
            // Under the lock, so that no broadcast can reach the client before it knows that it is in.
            self.session.send(&frame::connected(socket.namespace().name(), &id));
            table.insert(&socket.0);
        });
        self.members.push(Member { socket: socket.clone(), leaving: false });
        self.guarded(|handler| handler.connected(&socket));
    }

    /// Runs the owner's code, and ends the connection if it panics.
    fn guarded(&self, call: impl FnOnce(&H)) {
        if catch_unwind(AssertUnwindSafe(|| call(&self.application.handler))).is_err() {
            self.note_panic();
        }
    }

    fn note_panic(&self) {
        count(&self.session.shared.stats.panics, 1);
        // A hook for counting panics that panics itself has been counted above.
        let _ = catch_unwind(AssertUnwindSafe(|| self.application.handler.panicked()));
        self.session.end(Closing::abrupt(DisconnectReason::HandlerPanicked, 1011));
    }
}
