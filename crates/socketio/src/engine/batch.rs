//! What a writer takes from a queue at once.

use bytes::Bytes;

use crate::engine::queue::PacketQueue;
use crate::stats::{Counters, count};

/// Packets up to this size are copied together into one write; a larger one is written by itself.
const COPY_LIMIT: usize = 16 * 1024;

/// Most bytes in one write of several packets.
const BATCH_SIZE: usize = 64 * 1024;

/// Packets on their way to one connection. A writer uses one batch for all of its connections, one after the
/// other.
#[derive(Default)]
pub(crate) struct Batch {
    /// A packet by itself, not copied.
    packet: Bytes,
    /// Several packets in a row, when `packet` is empty. Copying small packets is cheaper than a vectored write.
    copied: Vec<u8>,
    packets_written: usize,
    bytes_written: usize,
    writes: usize,
}

impl Batch {
    /// Takes as much from a queue as one write should carry. The queue must not be empty.
    #[inline]
    pub(crate) fn fill(&mut self, queue: &mut PacketQueue) {
        self.packet = queue.pop_front();
        self.packets_written += 1;
        self.writes += 1;
        let second_is_small = queue.front().is_some_and(|packet| packet.len() < COPY_LIMIT);
        if second_is_small && self.packet.len() < COPY_LIMIT {
            self.join(queue);
        }
    }

    /// Copies the packets behind the first one to it.
    #[inline(never)]
    fn join(&mut self, queue: &mut PacketQueue) {
        self.copied.clear();
        self.copied.extend_from_slice(&std::mem::take(&mut self.packet));
        while queue.front().is_some_and(|next| self.copied.len() + next.len() <= BATCH_SIZE) {
            self.copied.extend_from_slice(&queue.pop_front());
            self.packets_written += 1;
        }
    }

    /// The bytes to be written.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.packet.is_empty() { &self.copied } else { &self.packet }
    }

    /// The bytes behind the first `written`, to be kept.
    pub(crate) fn rest(&self, written: usize) -> Bytes {
        if self.packet.is_empty() {
            Bytes::copy_from_slice(&self.copied[written..])
        } else {
            self.packet.slice(written..)
        }
    }

    /// Notes that bytes have left.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.bytes_written += bytes;
    }

    /// Adds what was written since the last time to the counters, and lets go of the last packet.
    pub(crate) fn settle(&mut self, counters: &Counters) {
        if self.writes > 0 {
            count(&counters.packets_out, std::mem::take(&mut self.packets_written));
            count(&counters.bytes_out, std::mem::take(&mut self.bytes_written));
            count(&counters.writes, std::mem::take(&mut self.writes));
            self.packet = Bytes::new();
        }
    }
}
