//! The one task of a session: it reads what the client sends, runs the application, and ends the session.
//!
//! While nothing comes it holds no buffer and no timer. What others send to the client passes it by, save when
//! the connection is blocked or is no plain TCP connection.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

use crate::engine::Connection;
use crate::engine::batch::Batch;
use crate::engine::outbox::{Closing, Draining, Lane};
use crate::engine::session::Session;
use crate::engine::websocket::decoder::Decoder;
use crate::engine::wire::{READ_SIZE, Wire};
use crate::engine::writing::Unsent;
use crate::reason::DisconnectReason;

thread_local! {
    static READ_BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static BATCH: Cell<Batch> = Cell::default();
}

/// Lends this thread's read buffer.
pub(crate) fn with_read_buffer<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut buffer = READ_BUFFER.take();
    buffer.resize(READ_SIZE, 0);
    let result = read(&mut buffer);
    READ_BUFFER.set(buffer);
    result
}

/// Lends this thread's batch, for writing.
pub(crate) fn with_batch<R>(write: impl FnOnce(&mut Batch) -> R) -> R {
    let mut batch = BATCH.take();
    let result = write(&mut batch);
    BATCH.set(batch);
    result
}

/// A session's task.
pub(crate) struct Driver<C: Connection> {
    pub(crate) session: Arc<Session>,
    pub(crate) connection: C,
    /// The WebSocket; none while the client polls.
    pub(crate) wire: Option<Wire>,
    pub(crate) decoder: Decoder,
    pub(crate) on_websocket: bool,
    /// Messages are at hand that the application was not ready for.
    pub(crate) stopped: bool,
    /// Packets without a message since the last heartbeat.
    pub(crate) noise: u32,
    /// What was taken from the queue for a connection that is no plain TCP.
    pub(crate) unsent: Unsent,
    pub(crate) phase: Phase,
    pub(crate) timer: Timer,
}

/// How far a session has come.
pub(crate) enum Phase {
    Open,
    /// The application has been told; the transport may take until `until` to close.
    Ending {
        closing: Closing,
        until: Instant,
        shut: bool,
    },
    Over,
}

/// A timer that exists only while something is due.
#[derive(Default)]
pub(crate) struct Timer(Option<(Instant, Pin<Box<Sleep>>)>);

impl Timer {
    /// Whether `deadline` has passed; the task is woken when it does.
    pub(crate) fn poll(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = deadline else {
            self.0 = None;
            return false;
        };
        if self.0.as_ref().is_none_or(|(set, _)| *set != deadline) {
            self.0 = Some((deadline, Box::pin(tokio::time::sleep_until(deadline.into()))));
        }
        self.0.as_mut().is_some_and(|(_, sleep)| sleep.as_mut().poll(cx).is_ready())
    }
}

impl<C: Connection> Driver<C> {
    pub(crate) fn new(session: Arc<Session>, connection: C, wire: Option<Wire>, decoder: Decoder) -> Self {
        Self {
            session,
            connection,
            on_websocket: wire.is_some(),
            wire,
            decoder,
            stopped: true,
            noise: 0,
            unsent: Unsent::default(),
            phase: Phase::Open,
            timer: Timer::default(),
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while matches!(self.phase, Phase::Open) {
            self.adopt_upgrade();
            let ready = self.connection.ready();
            let draining = self.session.with_outbox(|outbox| outbox.draining);
            if draining.is_none() {
                self.receive(cx).unwrap_or_else(|closing| self.session.end(closing));
            }
            self.connection.poll(cx);
            if self.timer.poll(self.deadline(draining), cx) && draining.is_none() {
                self.session.end(Closing::abrupt(DisconnectReason::ParseError, 1008));
            }
            if let Some(draining) = draining.filter(|draining| self.is_drained(draining)) {
                self.session.end(Closing::after_flush(draining.reason));
            }
            if let Some(closing) = self.session.with_outbox(|outbox| outbox.closing) {
                self.begin_end(closing);
                break;
            }
            let waits = self.stopped || !ready;
            if waits && draining.is_none() && self.connection.ready() {
                continue;
            }
            self.session.set_paused(!self.connection.ready());
            self.write(cx);
            return Poll::Pending;
        }
        self.finish(cx)
    }

    fn deadline(&self, draining: Option<Draining>) -> Option<Instant> {
        match draining {
            Some(draining) => Some(draining.until),
            // What the client owes may have come already, and lies unread for our own reasons.
            None if !self.connection.ready() => None,
            None => [self.decoder.deadline(), self.connection.deadline()].into_iter().flatten().min(),
        }
    }

    fn is_drained(&self, draining: &Draining) -> bool {
        self.connection.finished() || draining.until <= Instant::now()
    }

    /// Takes over the WebSocket that a polling client has moved to.
    pub(crate) fn adopt_upgrade(&mut self) {
        if self.wire.is_some() {
            return;
        }
        if let Some((wire, decoder)) = self.session.take_upgraded() {
            self.wire = Some(wire);
            self.on_websocket = true;
            self.decoder = decoder;
            self.stopped = true;
        }
    }

    fn begin_end(&mut self, closing: Closing) {
        self.adopt_upgrade();
        self.session.drop_inbox();
        if closing.flush {
            self.session.drop_unprobed_upgrade();
        } else {
            self.session.cancel_upgrade();
        }
        self.session.shared.stats.closed(closing.reason);
        self.connection.closed(closing.reason);
        let config = &self.session.shared.config;
        let time = match (&self.wire, closing.flush) {
            // A poll that was on its way when the client closed comes within a moment or never.
            (None, false) => config.close_timeout.min(Duration::from_secs(1)),
            _ => config.close_timeout,
        };
        self.phase = Phase::Ending { closing, until: Instant::now() + time, shut: false };
    }

    fn finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.connection.poll(cx);
        let until = self.finish_transport(cx);
        if until.is_none() && self.connection.finished() {
            self.phase = Phase::Over;
            return Poll::Ready(());
        }
        let deadline = [until, self.connection.deadline()].into_iter().flatten().min();
        if self.timer.poll(deadline, cx) {
            // Whatever was due is looked at once more, with the clock past it.
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl<C: Connection> Future for Driver<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.session.register(cx);
        this.session.begin_driving();
        let result = this.step(cx);
        with_batch(|batch| this.session.end_driving(batch));
        result
    }
}

impl<C: Connection> Unpin for Driver<C> {}

impl<C: Connection> Drop for Driver<C> {
    fn drop(&mut self) {
        // The task ended by itself, the application panicked, or the runtime is going down.
        self.session.end(Closing::lost(DisconnectReason::HandlerPanicked));
        self.session.drop_inbox();
        self.session.cancel_upgrade();
        if matches!(self.phase, Phase::Open) {
            self.session.shared.stats.closed(DisconnectReason::HandlerPanicked);
        }
        self.session.shared.forget(&self.session, self.on_websocket);
        self.session.with_outbox(|outbox| {
            if !matches!(&outbox.lane, Lane::Polling(poll) if poll.active) {
                outbox.abandon();
            }
        });
    }
}
