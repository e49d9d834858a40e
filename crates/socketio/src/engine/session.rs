//! One Engine.IO session, as everything that sends to it sees it.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::{Mutex, MutexGuard};

use crate::config::Transport;
use crate::engine::batch::Batch;
use crate::engine::deadlines::{Kind, Micros, micros};
use crate::engine::outbox::{Closing, Draining, Lane, Outbox, PollLane, Queued};
use crate::engine::payload;
use crate::engine::shared::Shared;
use crate::engine::upgrade::PollingSide;
use crate::engine::websocket::encoder;
use crate::handshake::Handshake;
use crate::id::Id;
use crate::reason::DisconnectReason;
use crate::stats::count;

const PING_PACKET: Bytes = Bytes::from_static(b"\x81\x012");

/// The lowest bit of the heartbeat: a ping was sent and its pong has not come.
const AWAITING_PONG: u64 = 1;

/// One session. It is shared by its own task, which reads, and by everybody who sends.
pub struct Session {
    id: Id,
    pub(crate) shared: Arc<Shared>,
    handshake: Handshake,
    /// What later requests must prove; 0 when the handshake had no credential.
    pub(crate) binding: u128,
    outbox: Mutex<Outbox>,
    /// What only a session needs that began with polling.
    pub(crate) polling: Mutex<Option<Box<PollingSide>>>,
    task: AtomicWaker,
    /// When the next ping is due, or the pong to the last one, in microseconds, shifted by one; the lowest bit
    /// says which.
    heartbeat: AtomicU64,
    /// The number of the [`Turn`](crate::Turn) that is out; 0 when none is.
    pub(crate) turn: AtomicU64,
    /// The session's task waits for that turn.
    pub(crate) turn_awaited: AtomicBool,
    admitted: AtomicBool,
    /// The first namespace was joined.
    established: AtomicBool,
    /// The session's task has stopped reading until the owner's code is done with what came before.
    paused: AtomicBool,
}

impl Session {
    pub(crate) fn new(
        shared: Arc<Shared>,
        handshake: Handshake,
        binding: u128,
        opened_at: Micros,
    ) -> Arc<Self> {
        let (lane, polling) = match handshake.transport() {
            Transport::Polling => (Lane::Polling(PollLane::default()), Some(Box::default())),
            Transport::WebSocket => (Lane::Task, None),
        };
        let ping_at = opened_at + micros(shared.config.ping_interval);
        let connect_at = opened_at + micros(shared.config.connect_timeout);
        let session = Arc::new(Self {
            id: Id::of_session(shared.config.sid_prefix),
            shared,
            handshake,
            binding,
            outbox: Mutex::new(Outbox::new(lane)),
            polling: Mutex::new(polling),
            task: AtomicWaker::new(),
            heartbeat: AtomicU64::new(ping_at << 1),
            turn: AtomicU64::new(0),
            turn_awaited: AtomicBool::new(false),
            admitted: AtomicBool::new(false),
            established: AtomicBool::new(false),
            paused: AtomicBool::new(false),
        });
        session.shared.deadlines.add(Kind::Ping, ping_at, &session);
        session.shared.deadlines.add(Kind::Connect, connect_at, &session);
        session
    }

    /// The session id, a secret of the client.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    /// What is known from the first request.
    #[must_use]
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// Sends a text message. False when the session is closed or closing.
    pub fn send_text(self: &Arc<Self>, text: &str) -> bool {
        let mut frame = encoder::TextFrame::with_capacity(text.len() + 1);
        frame.push_str("4");
        frame.push_str(text);
        self.send(&frame.finish(&[]))
    }

    /// Sends a binary message. False when the session is closed or closing.
    pub fn send_binary(self: &Arc<Self>, content: &[u8]) -> bool {
        self.send(&encoder::binary(content))
    }

    /// Stops reading, lets the application come to its end, hands out what is queued, and closes.
    pub fn close(&self) {
        self.drain(DisconnectReason::ForcedServerClose);
    }

    /// Whether the session is neither closed nor closing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.outbox.lock().closing.is_none()
    }

    /// Lifts the size limit that holds before admission.
    pub fn admit(&self) {
        self.admitted.store(true, Ordering::Relaxed);
    }

    /// Stops the connect timeout: the application is content with this client.
    pub fn establish(&self) {
        self.established.store(true, Ordering::Relaxed);
    }

    /// Largest message that is taken from the client now.
    pub(crate) fn limit(&self) -> usize {
        let config = &self.shared.config;
        match config.max_payload_before_admission {
            Some(limit) if !self.admitted.load(Ordering::Relaxed) => limit.min(config.max_payload),
            _ => config.max_payload,
        }
    }

    /// Queues an encoded packet and sees to it that it is sent.
    pub(crate) fn send(self: &Arc<Self>, packet: &Bytes) -> bool {
        self.send_as(packet, false)
    }

    pub(crate) fn send_as(self: &Arc<Self>, packet: &Bytes, volatile: bool) -> bool {
        let queued = self.enqueue(packet, volatile);
        if queued == Queued::NeedsFlush {
            self.shared.flusher.add(Arc::clone(self));
        }
        matches!(queued, Queued::NeedsFlush | Queued::Attended)
    }

    /// Queues an encoded packet. After [`Queued::NeedsFlush`] the caller must give the session to the flusher.
    #[inline]
    pub(crate) fn enqueue(&self, packet: &Bytes, volatile: bool) -> Queued {
        let queued = self.outbox.lock().push(packet, volatile, &self.shared.config);
        if queued == Queued::Overflow {
            self.tell_of_end();
        }
        queued
    }

    /// Begins the end of the session. The first reason counts.
    pub(crate) fn end(&self, closing: Closing) {
        if self.outbox.lock().close(closing) {
            self.tell_of_end();
        }
    }

    /// Wakes whoever has to act on the session's end.
    #[cold]
    fn tell_of_end(&self) {
        let poll = self.outbox.lock().poll_to_wake();
        poll.into_iter().for_each(Waker::wake);
        self.wake();
    }

    /// Stops reading, lets what was received come to its end, hands out what is queued, and closes.
    pub(crate) fn drain(&self, reason: DisconnectReason) {
        let until = Instant::now() + self.shared.config.close_timeout;
        self.with_outbox(|outbox| outbox.draining.get_or_insert(Draining { reason, until }).until);
        self.wake();
    }

    /// Runs `change` on the outbox.
    pub(crate) fn with_outbox<R>(&self, change: impl FnOnce(&mut Outbox) -> R) -> R {
        change(&mut self.outbox.lock())
    }

    /// Wakes the session's task.
    pub(crate) fn wake(&self) {
        self.task.wake();
    }

    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.task.register(cx.waker());
    }

    /// Hands what is queued to the transport, unless somebody else is about to.
    pub(crate) fn flush(&self, batch: &mut Batch) {
        let mut outbox = self.outbox.lock();
        outbox.scheduled = false;
        if self.flush_locked(outbox, batch) {
            self.wake();
        }
    }

    /// The session's task begins to run: until it rests, it takes care of what is queued.
    pub(crate) fn begin_driving(&self) {
        self.outbox.lock().driving = true;
    }

    /// The session's task hands out what is queued, and goes on; true when nothing is left.
    pub(crate) fn flush_driving(&self, batch: &mut Batch) -> bool {
        self.flush_locked(self.outbox.lock(), batch);
        let outbox = self.outbox.lock();
        outbox.is_empty() && !outbox.writing
    }

    /// The session's task is about to rest.
    pub(crate) fn end_driving(&self, batch: &mut Batch) {
        let mut outbox = self.outbox.lock();
        outbox.driving = false;
        if self.flush_locked(outbox, batch) {
            self.wake();
        }
        batch.settle(&self.shared.stats);
    }

    /// True when the session's task has to look at what has become of it: the connection is blocked, or only the
    /// task can write to it, or the session is closing and this was the last that had to be written.
    fn flush_locked<'a>(&'a self, mut outbox: MutexGuard<'a, Outbox>, batch: &mut Batch) -> bool {
        let mut wrote = false;
        while !(outbox.is_empty() || outbox.writing || outbox.blocked) {
            let wire = match &outbox.lane {
                Lane::Tcp(wire) => Arc::clone(wire),
                Lane::Polling(_) => {
                    let poll = outbox.poll_to_wake();
                    drop(outbox);
                    poll.into_iter().for_each(Waker::wake);
                    return false;
                }
                Lane::Task => return true,
                Lane::Gone => return false,
            };
            outbox.take(batch);
            outbox.writing = true;
            drop(outbox);
            let written = wire.try_write(batch.bytes());
            wrote = true;
            outbox = self.outbox.lock();
            outbox.writing = false;
            match written {
                Ok(written) => {
                    batch.wrote(written);
                    if written == batch.bytes().len() {
                        outbox.sent(written);
                    } else {
                        outbox.put_back(batch, written);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    outbox.put_back(batch, 0);
                    outbox.blocked = true;
                    return true;
                }
                Err(_) => {
                    drop(outbox);
                    return self.lose_transport();
                }
            }
        }
        wrote && outbox.closing.is_some() && outbox.is_empty()
    }

    #[cold]
    fn lose_transport(&self) -> bool {
        self.outbox.lock().abandon();
        self.end(Closing::lost(DisconnectReason::TransportError));
        false
    }

    /// The body of a poll: everything that is queued, or later whatever comes first.
    pub(crate) fn poll_payload(&self, cx: &Context<'_>) -> Poll<Bytes> {
        let Some(packets) = self.outbox.lock().take_for_poll(cx.waker()) else { return Poll::Pending };
        let (body, packets) = payload::encode(packets.into_packets());
        count(&self.shared.stats.packets_out, packets);
        count(&self.shared.stats.bytes_out, body.len());
        Poll::Ready(body)
    }

    /// Notes a pong; false for one that nobody waits for, which changes nothing.
    pub(crate) fn pong(self: &Arc<Self>) -> bool {
        let now = self.shared.deadlines.now();
        let heartbeat = self.heartbeat.load(Ordering::Relaxed);
        if heartbeat & AWAITING_PONG == 0 {
            return false;
        }
        let ping_at = now + micros(self.shared.config.ping_interval);
        let change =
            self.heartbeat.compare_exchange(heartbeat, ping_at << 1, Ordering::Relaxed, Ordering::Relaxed);
        if change.is_ok() {
            self.shared.deadlines.add(Kind::Ping, ping_at, self);
        }
        change.is_ok()
    }

    /// Whether the pong is overdue by the clock, whatever the timers have come to.
    pub(crate) fn has_timed_out(&self) -> bool {
        let heartbeat = self.heartbeat.load(Ordering::Relaxed);
        let mut deadline = heartbeat >> 1;
        if heartbeat & AWAITING_PONG == 0 {
            deadline += micros(self.shared.config.ping_timeout);
        }
        self.shared.deadlines.now() >= deadline && !self.paused.load(Ordering::Relaxed)
    }

    /// Notes whether the session's task reads. While it does not, a missing pong is not the client's fault.
    pub(crate) fn set_paused(&self, paused: bool) {
        if self.paused.load(Ordering::Relaxed) != paused {
            self.paused.store(paused, Ordering::Relaxed);
        }
    }

    /// A deadline has come, or was overtaken.
    pub(crate) fn due(self: &Arc<Self>, kind: Kind, now: Micros) {
        let heartbeat = self.heartbeat.load(Ordering::Relaxed);
        let (at, awaiting) = (heartbeat >> 1, heartbeat & AWAITING_PONG != 0);
        match kind {
            Kind::Ping if !awaiting && at <= now && self.is_open() => {
                let pong_at = at + micros(self.shared.config.ping_timeout);
                self.heartbeat.store(pong_at << 1 | AWAITING_PONG, Ordering::Relaxed);
                self.shared.deadlines.add(Kind::Pong, pong_at, self);
                self.with_outbox(Outbox::release);
                self.send(&PING_PACKET);
            }
            Kind::Pong if awaiting && at <= now => {
                if self.paused.load(Ordering::Relaxed) {
                    let again = now + micros(self.shared.config.ping_timeout);
                    self.heartbeat.store(again << 1 | AWAITING_PONG, Ordering::Relaxed);
                    self.shared.deadlines.add(Kind::Pong, again, self);
                } else {
                    self.end(Closing::abrupt(DisconnectReason::PingTimeout, 1000));
                }
            }
            Kind::Connect if !self.established.load(Ordering::Relaxed) => {
                self.end(Closing::abrupt(DisconnectReason::ConnectTimeout, 1000));
            }
            Kind::Ping | Kind::Pong | Kind::Connect => {}
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The id is a credential of the client and stays out of logs.
        f.debug_struct("Session").field("transport", &self.handshake.transport()).finish_non_exhaustive()
    }
}
