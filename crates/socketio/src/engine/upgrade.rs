//! Polling's own state, and the move from polling to WebSocket.
//!
//! The client opens a WebSocket with the session's id, sends `2probe`, is answered `3probe`, lets its last poll
//! be answered, and sends `5`. Only then does the session change its transport. A request that the client sent
//! after the `5` must find the change made, on whatever thread it comes in; therefore every such request first
//! reads what the probed WebSocket has ([`Session::advance_upgrade`]).

use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::task::noop_waker;
use hyper::upgrade::OnUpgrade;
use tokio::sync::oneshot;

use crate::engine::driver::with_read_buffer;
use crate::engine::outbox::Lane;
use crate::engine::payload::{self, Packet};
use crate::engine::session::Session;
use crate::engine::websocket::decoder::{Decoder, Flow, Incoming};
use crate::engine::websocket::encoder;
use crate::engine::wire::Wire;
use crate::stats::count;

/// What only a session needs that began with polling.
#[derive(Default)]
pub(crate) struct PollingSide {
    /// The body of a request, on its way to the session's task.
    pub(crate) inbox: Option<Inbox>,
    /// A request brings a body.
    pub(crate) receiving: bool,
    pub(crate) upgrade: Upgrade,
}

/// A body whose packets are being handed to the application.
pub(crate) struct Inbox {
    pub(crate) body: Bytes,
    /// Where the next packet begins.
    pub(crate) at: usize,
    /// Told when all packets were taken, or that one was refused.
    pub(crate) done: oneshot::Sender<Result<(), Refused>>,
}

/// The client broke the protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused;

/// How far the move to WebSocket has come.
#[derive(Default)]
pub(crate) enum Upgrade {
    #[default]
    None,
    /// A request for a WebSocket was accepted.
    Opening,
    /// The WebSocket is there and has not carried a `5`.
    Probing(Probe),
    /// It is the session's transport; its task has to take it over.
    Done(Wire, Decoder),
    /// It was taken over.
    Taken,
}

/// A WebSocket that may become the session's transport.
pub(crate) struct Probe {
    wire: Wire,
    decoder: Decoder,
    probed: bool,
    /// The task that waits for the WebSocket.
    task: Waker,
}

/// What became of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing more to read for now.
    Waiting,
    /// The session is on WebSocket.
    Upgraded,
    /// The WebSocket was dropped; the session goes on polling.
    Failed,
}

impl Session {
    /// Takes the only place for an upgrade.
    pub(crate) fn reserve_upgrade(&self) -> bool {
        let mut polling = self.polling.lock();
        match polling.as_mut().map(|side| &mut side.upgrade) {
            Some(upgrade @ Upgrade::None) => {
                *upgrade = Upgrade::Opening;
                true
            }
            _ => false,
        }
    }

    /// Begins to probe a WebSocket. `early` is what came behind its handshake.
    pub(crate) fn begin_probe(&self, wire: Wire, early: Vec<u8>) {
        if let Some(side) = self.polling.lock().as_mut() {
            let probe = Probe { wire, decoder: Decoder::with(early), probed: false, task: noop_waker() };
            side.upgrade = Upgrade::Probing(probe);
        }
    }

    /// Gives up an upgrade that was not completed; the session goes on polling.
    pub(crate) fn cancel_upgrade(&self) {
        let mut polling = self.polling.lock();
        if let Some(side) = polling.as_mut() {
            side.drop_upgrade(self);
        }
    }

    /// The session ends: drops the body of a request that was not taken.
    pub(crate) fn drop_inbox(&self) {
        if let Some(side) = self.polling.lock().as_mut() {
            side.inbox = None;
        }
    }

    /// The session ends: drops an upgrade that the client is not bound to complete. Who was answered `3probe`
    /// is: it may have had its last poll already, and then hears of the end on the WebSocket or not at all.
    pub(crate) fn drop_unprobed_upgrade(&self) {
        if let Some(side) = self.polling.lock().as_mut()
            && !matches!(&side.upgrade, Upgrade::Probing(probe) if probe.probed)
        {
            side.drop_upgrade(self);
        }
    }

    /// Reads what the probed WebSocket has, and acts on it. `task` is given by the task that waits for the
    /// WebSocket, and left out by requests that only must not overtake it.
    pub(crate) fn advance_upgrade(&self, task: Option<&Context<'_>>) -> Progress {
        let mut polling = self.polling.lock();
        let Some(side) = polling.as_mut() else { return Progress::Upgraded };
        let probe = match &mut side.upgrade {
            Upgrade::Probing(probe) => probe,
            Upgrade::None => return Progress::Failed,
            Upgrade::Opening => return Progress::Waiting,
            Upgrade::Done(..) | Upgrade::Taken => return Progress::Upgraded,
        };
        if let Some(cx) = task {
            probe.task = cx.waker().clone();
        }
        let progress = probe.advance(self, task.is_some());
        match progress {
            Progress::Waiting => {}
            Progress::Failed => side.drop_upgrade(self),
            Progress::Upgraded => side.complete_upgrade(self),
        }
        progress
    }

    /// Hands the upgraded WebSocket to the session's task, once.
    pub(crate) fn take_upgraded(&self) -> Option<(Wire, Decoder)> {
        let mut polling = self.polling.lock();
        let side = polling.as_mut()?;
        if !matches!(side.upgrade, Upgrade::Done(..)) {
            return None;
        }
        let upgrade = std::mem::replace(&mut side.upgrade, Upgrade::Taken);
        if side.inbox.is_none() {
            *polling = None;
        }
        match upgrade {
            Upgrade::Done(wire, decoder) => Some((wire, decoder)),
            _ => None,
        }
    }
}

impl PollingSide {
    /// Drops an upgrade that was not completed.
    fn drop_upgrade(&mut self, session: &Session) {
        match &self.upgrade {
            Upgrade::None | Upgrade::Done(..) | Upgrade::Taken => return,
            Upgrade::Opening => {}
            Upgrade::Probing(probe) => probe.task.wake_by_ref(),
        }
        self.upgrade = Upgrade::None;
        session.with_outbox(|outbox| outbox.set_probing(false));
    }

    /// Makes the probed WebSocket the session's transport. The lock on polling's state is held meanwhile, so
    /// that a request finds either nothing or all of it done.
    fn complete_upgrade(&mut self, session: &Session) {
        let Upgrade::Probing(probe) = std::mem::take(&mut self.upgrade) else { return };
        let lane = match &probe.wire {
            Wire::Tcp(wire) => Lane::Tcp(Arc::clone(wire)),
            Wire::Other(_) => Lane::Task,
        };
        self.upgrade = Upgrade::Done(probe.wire, probe.decoder);
        let poll = session.with_outbox(|outbox| outbox.switch(lane));
        poll.into_iter().for_each(Waker::wake);
        probe.task.wake();
        session.wake();
        count(&session.shared.stats.upgraded, 1);
    }
}

impl Probe {
    fn advance(&mut self, session: &Session, from_task: bool) -> Progress {
        let mut progress = self.take(session, &mut []);
        while progress == Progress::Waiting {
            let read = with_read_buffer(|buffer| match self.read(buffer, from_task) {
                Poll::Ready(Ok(0) | Err(_)) => Some(Progress::Failed),
                Poll::Ready(Ok(len)) => Some(self.take(session, &mut buffer[..len])),
                Poll::Pending => None,
            });
            let Some(read) = read else { break };
            progress = read;
        }
        progress
    }

    fn read(&mut self, buffer: &mut [u8], from_task: bool) -> Poll<std::io::Result<usize>> {
        match &self.wire {
            // The runtime may not have been told yet of bytes that the kernel already has.
            Wire::Tcp(wire) if !from_task => match wire.read_now(buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Poll::Pending,
                result => Poll::Ready(result),
            },
            _ => {
                let task = self.task.clone();
                self.wire.poll_read(&mut Context::from_waker(&task), buffer)
            }
        }
    }

    /// Acts on the messages in `input`.
    fn take(&mut self, session: &Session, input: &mut [u8]) -> Progress {
        if !self.probed && !session.is_open() {
            return Progress::Failed;
        }
        let mut progress = Progress::Waiting;
        let mut probed = self.probed;
        let mut answers = Vec::new();
        let mut sink = |incoming: Incoming<'_>| {
            match incoming {
                Incoming::Text(text) => match payload::decode(text) {
                    Ok(Packet::Ping("probe")) if !probed => {
                        probed = true;
                        answers.push(encoder::text("3probe"));
                    }
                    Ok(Packet::Upgrade) if probed => progress = Progress::Upgraded,
                    _ => progress = Progress::Failed,
                },
                Incoming::Ping(content) => answers.push(encoder::pong(content)),
                Incoming::Pong => {}
                Incoming::Binary(_) | Incoming::Close(_) => progress = Progress::Failed,
            }
            if progress == Progress::Waiting { Flow::More } else { Flow::Stop }
        };
        if self.decoder.feed(input, session.limit(), &mut sink).is_err() {
            return Progress::Failed;
        }
        let written = answers.iter().all(|answer| self.wire.write_now(&self.task, answer));
        if !written {
            return Progress::Failed;
        }
        if probed && !self.probed {
            self.probed = true;
            let poll = session.with_outbox(|outbox| {
                outbox.set_probing(true);
                outbox.poll_to_wake()
            });
            poll.into_iter().for_each(Waker::wake);
        }
        progress
    }
}

/// Waits for a probed WebSocket until it is the session's transport, or fails.
pub(crate) async fn watch(session: Arc<Session>) {
    let finished = std::future::poll_fn(|cx| match session.advance_upgrade(Some(cx)) {
        Progress::Waiting => Poll::Pending,
        Progress::Upgraded | Progress::Failed => Poll::Ready(()),
    });
    let limit = session.shared.config.upgrade_timeout;
    if tokio::time::timeout(limit, finished).await.is_err() {
        session.cancel_upgrade();
    }
}

/// Closes a WebSocket that comes for a session which has its transport already.
pub(crate) async fn turn_away(on_upgrade: OnUpgrade, time: Duration) {
    let Ok(upgraded) = on_upgrade.await else { return };
    let (mut wire, _) = Wire::take(upgraded);
    if wire.write_now(&noop_waker(), &encoder::close(1000)) {
        let closed = std::future::poll_fn(|cx| {
            with_read_buffer(|buffer| {
                while ready!(wire.poll_read(cx, buffer)).is_ok_and(|read| read > 0) {}
                Poll::Ready(())
            })
        });
        // Whether the client lets go in time or not, the connection is dropped.
        let _ = tokio::time::timeout(time, closed).await;
    }
}
