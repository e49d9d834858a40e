//! What waits for one client, and the rules of who hands it to the transport.
//!
//! A packet is queued under a short lock and the session marked, so that a broadcast never waits for a
//! connection. Whoever writes (the flusher, or the session's own task) takes several packets out, writes them
//! in one go without the lock, and comes back for the rest.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use bytes::Bytes;

use crate::config::Config;
use crate::engine::batch::Batch;
use crate::engine::queue::PacketQueue;
use crate::engine::websocket::encoder;
use crate::engine::wire::TcpWire;
use crate::reason::DisconnectReason;

/// Above this backlog volatile packets are dropped.
const VOLATILE_LIMIT: usize = 64 * 1024;

const CLOSE_PACKET: Bytes = Bytes::from_static(b"\x81\x011");
const NOOP_PACKET: Bytes = Bytes::from_static(b"\x81\x016");

/// How a session ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closing {
    pub(crate) reason: DisconnectReason,
    /// Whether what is queued is handed out first.
    pub(crate) flush: bool,
    /// The code of the close frame; none when the connection is of no use any more.
    pub(crate) code: Option<u16>,
    /// Whether a poll gets the close packet; one that the client itself ended gets a noop.
    by_client: bool,
}

impl Closing {
    /// The connection is lost.
    pub(crate) const fn lost(reason: DisconnectReason) -> Self {
        Self { reason, flush: false, code: None, by_client: false }
    }

    /// The client said that it closes.
    pub(crate) const fn by_client(code: u16) -> Self {
        Self { reason: DisconnectReason::TransportClose, flush: false, code: Some(code), by_client: true }
    }

    /// The server ends it now.
    pub(crate) const fn abrupt(reason: DisconnectReason, code: u16) -> Self {
        Self { reason, flush: false, code: Some(code), by_client: false }
    }

    /// The server ends it when everything that is queued has been handed out.
    pub(crate) const fn after_flush(reason: DisconnectReason) -> Self {
        Self { reason, flush: true, code: Some(1000), by_client: false }
    }

    /// Whether a client that polls should still find an answer when it comes next: it may have sent the poll
    /// before it heard of the end.
    pub(crate) const fn answers_a_late_poll(&self) -> bool {
        self.flush || self.by_client
    }
}

/// The server wants to close a session, but not in the middle of something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draining {
    pub(crate) reason: DisconnectReason,
    /// When it is closed all the same.
    pub(crate) until: Instant,
}

/// Where packets go.
#[derive(Debug)]
pub(crate) enum Lane {
    /// To the next poll.
    Polling(PollLane),
    /// To a plain TCP connection.
    Tcp(Arc<TcpWire>),
    /// The session's task writes them.
    Task,
    /// Nowhere any more.
    Gone,
}

#[derive(Debug, Default)]
pub(crate) struct PollLane {
    /// A poll is being answered.
    pub(crate) active: bool,
    /// That poll, while it waits.
    waiter: Option<Waker>,
    /// A WebSocket is being probed: polls are answered at once, so that the client can leave polling.
    probing: bool,
    farewell: Option<Bytes>,
}

/// What has to be done after a packet was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    /// Nothing: somebody will hand it out.
    Attended,
    /// The session must be given to the flusher.
    NeedsFlush,
    /// It was not queued: the session is closed or closing.
    Refused,
    /// It was not queued: it was volatile, and the client is behind.
    Dropped,
    /// It was not queued: the client is too far behind, and the session is now closing.
    Overflow,
}

/// Everything that waits for one client.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: PacketQueue,
    bytes: usize,
    pub(crate) lane: Lane,
    pub(crate) draining: Option<Draining>,
    pub(crate) closing: Option<Closing>,
    /// The flusher has the session on its list.
    pub(crate) scheduled: bool,
    /// The session's task runs, and will flush before it rests.
    pub(crate) driving: bool,
    /// Somebody is writing without the lock.
    pub(crate) writing: bool,
    /// The connection takes no more for now; the session's task waits for it.
    pub(crate) blocked: bool,
    /// The first packet of the queue was written in part.
    torn: bool,
}

impl Outbox {
    pub(crate) fn new(lane: Lane) -> Self {
        Self {
            queue: PacketQueue::default(),
            bytes: 0,
            lane,
            draining: None,
            closing: None,
            scheduled: false,
            driving: false,
            writing: false,
            blocked: false,
            torn: false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    #[inline]
    pub(crate) fn push(&mut self, packet: &Bytes, volatile: bool, config: &Config) -> Queued {
        if self.closing.is_some() {
            return Queued::Refused;
        }
        if volatile && !self.keeps_up() {
            return Queued::Dropped;
        }
        let bytes = self.bytes + packet.len();
        // One packet alone is always taken: its size is the owner's business, only a backlog is the client's.
        let over = bytes > config.queue_limit_bytes || self.queue.len() >= config.queue_limit_packets;
        if over && !self.queue.is_empty() {
            return self.overflow();
        }
        self.queue.push_back(packet.clone());
        self.bytes = bytes;
        if self.is_attended() {
            return Queued::Attended;
        }
        self.scheduled = true;
        Queued::NeedsFlush
    }

    #[cold]
    fn overflow(&mut self) -> Queued {
        self.close(Closing::lost(DisconnectReason::SlowConsumer));
        Queued::Overflow
    }

    /// Whether somebody will come for the queue without being told.
    fn is_attended(&self) -> bool {
        let attended = self.scheduled | self.driving | self.writing | self.blocked;
        attended || matches!(&self.lane, Lane::Polling(poll) if poll.waiter.is_none())
    }

    fn keeps_up(&self) -> bool {
        let writable = match &self.lane {
            // Between two polls nobody is behind; who does not poll any more has a backlog soon.
            Lane::Polling(_) => true,
            Lane::Tcp(_) | Lane::Task => !self.blocked,
            Lane::Gone => false,
        };
        writable && self.bytes <= VOLATILE_LIMIT
    }

    /// Begins the end, unless it has begun already. Nothing can be queued from here on.
    pub(crate) fn close(&mut self, closing: Closing) -> bool {
        if self.closing.is_some() {
            return false;
        }
        self.closing = Some(closing);
        if !closing.flush {
            // The rest of a packet that was begun must still come before the close frame.
            self.queue.clear(self.torn);
            self.bytes = self.queue.bytes();
        }
        match &mut self.lane {
            Lane::Polling(poll) => {
                poll.farewell = Some(if closing.by_client { NOOP_PACKET } else { CLOSE_PACKET })
            }
            Lane::Tcp(_) | Lane::Task => {
                if let Some(code) = closing.code {
                    self.queue.push_back(encoder::close(code));
                }
            }
            Lane::Gone => {}
        }
        true
    }

    /// Gives up whatever is left.
    pub(crate) fn abandon(&mut self) {
        self.lane = Lane::Gone;
        self.queue.clear(false);
        self.bytes = 0;
    }

    /// Takes what is to be written next. The queue must not be empty.
    #[inline]
    pub(crate) fn take(&mut self, batch: &mut Batch) {
        batch.fill(&mut self.queue);
    }

    /// Notes that all of a batch of `bytes` bytes has left.
    #[inline]
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.torn = false;
        self.left(bytes);
        self.queue.shrink();
    }

    /// Gives back memory that an idle session does not need.
    pub(crate) fn release(&mut self) {
        self.queue.release();
    }

    /// Notes that only `written` bytes of a batch have left, and puts the rest back.
    pub(crate) fn put_back(&mut self, batch: &Batch, written: usize) {
        self.torn |= written > 0;
        self.left(written);
        if !matches!(self.lane, Lane::Gone) {
            self.queue.push_front(batch.rest(written));
        }
    }

    /// Notes that `bytes` of what was taken have left.
    pub(crate) fn left(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Whether a poll would be answered at once.
    fn has_answer(&self) -> bool {
        match &self.lane {
            Lane::Polling(poll) => !self.queue.is_empty() || poll.farewell.is_some() || poll.probing,
            _ => true,
        }
    }

    /// Takes everything for a poll, or leaves `waker` to be woken when there is something.
    pub(crate) fn take_for_poll(&mut self, waker: &Waker) -> Option<PacketQueue> {
        let ready = self.has_answer();
        let Lane::Polling(poll) = &mut self.lane else {
            let mut packets = PacketQueue::default();
            packets.push_back(NOOP_PACKET);
            return Some(packets);
        };
        if !ready {
            poll.waiter = Some(waker.clone());
            return None;
        }
        poll.active = false;
        poll.waiter = None;
        let mut packets = std::mem::take(&mut self.queue);
        self.bytes = 0;
        // The farewell comes alone, with the poll after the last words: engine.io-client closes as soon as it reads a
        // farewell, and then does not hear what came before it in the same payload.
        if packets.is_empty() {
            match poll.farewell.take() {
                Some(farewell) => {
                    packets.push_back(farewell);
                    self.lane = Lane::Gone;
                }
                None => packets.push_back(NOOP_PACKET),
            }
        }
        Some(packets)
    }

    /// The poll that waits, if it should now be woken.
    pub(crate) fn poll_to_wake(&mut self) -> Option<Waker> {
        let ready = self.has_answer();
        match &mut self.lane {
            Lane::Polling(poll) if ready => poll.waiter.take(),
            _ => None,
        }
    }

    /// Notes whether a WebSocket is being probed.
    pub(crate) fn set_probing(&mut self, probing: bool) {
        if let Lane::Polling(poll) = &mut self.lane {
            poll.probing = probing;
        }
    }

    /// Moves from polling to another lane, with a farewell that no poll has fetched; returns a poll that was
    /// waiting.
    pub(crate) fn switch(&mut self, lane: Lane) -> Option<Waker> {
        let Lane::Polling(poll) = std::mem::replace(&mut self.lane, lane) else { return None };
        if poll.farewell.is_some()
            && let Some(code) = self.closing.and_then(|closing| closing.code)
        {
            self.queue.push_back(encoder::close(code));
        }
        poll.waiter
    }
}
