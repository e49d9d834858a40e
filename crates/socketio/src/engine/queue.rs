//! A queue of encoded packets that needs no memory of its own while it holds at most one, as nearly all queues
//! do nearly all of the time.

use std::collections::VecDeque;

use bytes::Bytes;

/// Capacity that an empty queue keeps between two packets, until [`PacketQueue::release`].
const KEPT_CAPACITY: usize = 32;

/// Packets in order. An encoded packet is never empty.
#[derive(Debug, Default)]
pub(crate) struct PacketQueue {
    /// The first packet; empty when there is none.
    first: Bytes,
    rest: VecDeque<Bytes>,
}

impl PacketQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(!self.first.is_empty()) + self.rest.len()
    }

    pub(crate) fn front(&self) -> Option<&Bytes> {
        (!self.first.is_empty()).then_some(&self.first)
    }

    #[inline]
    pub(crate) fn push_back(&mut self, packet: Bytes) {
        if self.first.is_empty() {
            self.first = packet;
        } else {
            self.rest.push_back(packet);
        }
    }

    pub(crate) fn push_front(&mut self, packet: Bytes) {
        let second = std::mem::replace(&mut self.first, packet);
        if !second.is_empty() {
            self.rest.push_front(second);
        }
    }

    /// Takes the first packet, or an empty one when there is none.
    #[inline]
    pub(crate) fn pop_front(&mut self) -> Bytes {
        let second =
            if self.rest.is_empty() { Bytes::new() } else { self.rest.pop_front().unwrap_or_default() };
        std::mem::replace(&mut self.first, second)
    }

    /// Drops all packets, or all but the first.
    pub(crate) fn clear(&mut self, keep_first: bool) {
        self.rest = VecDeque::new();
        if !keep_first {
            self.first = Bytes::new();
        }
    }

    /// Bytes of all packets.
    pub(crate) fn bytes(&self) -> usize {
        self.first.len() + self.rest.iter().map(Bytes::len).sum::<usize>()
    }

    /// Gives back memory that only an unusual backlog needed.
    #[inline]
    pub(crate) fn shrink(&mut self) {
        if self.rest.capacity() > KEPT_CAPACITY {
            self.release();
        }
    }

    /// Gives back all memory that is not in use.
    pub(crate) fn release(&mut self) {
        if self.rest.is_empty() {
            self.rest = VecDeque::new();
        }
    }

    pub(crate) fn into_packets(self) -> impl Iterator<Item = Bytes> {
        [self.first].into_iter().filter(|first| !first.is_empty()).chain(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::PacketQueue;

    fn packet(number: usize) -> Bytes {
        Bytes::from(number.to_string())
    }

    #[test]
    fn packets_come_out_in_order() {
        let mut queue = PacketQueue::default();
        assert_eq!((queue.len(), queue.pop_front()), (0, Bytes::new()));
        for number in 1..100 {
            queue.push_back(packet(number));
        }
        queue.push_front(packet(0));
        assert_eq!(queue.bytes(), 10 + 90 * 2);
        for number in 0..50 {
            assert_eq!(queue.len(), 100 - number);
            assert_eq!(queue.front(), Some(&packet(number)));
            assert_eq!(queue.pop_front(), packet(number));
        }
        let rest: Vec<_> = queue.into_packets().collect();
        assert_eq!(rest, (50..100).map(packet).collect::<Vec<_>>());
    }

    #[test]
    fn one_packet_needs_no_memory_of_the_queue() {
        let mut queue = PacketQueue::default();
        for number in 0..10 {
            queue.push_back(packet(number));
            assert_eq!(queue.rest.capacity(), 0);
            queue.pop_front();
        }
        (0..100).for_each(|number| queue.push_back(packet(number)));
        queue.clear(true);
        assert_eq!((queue.len(), queue.rest.capacity()), (1, 0));
        queue.clear(false);
        assert!(queue.is_empty() && queue.front().is_none());
    }
}
