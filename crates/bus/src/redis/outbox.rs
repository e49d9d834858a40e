//! What waits to be published: bounded, and empty while Redis is away, because a doorbell that rings late
//! tells nothing that the database does not.

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::measures;

/// Most bytes that wait; what comes on top is dropped.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// What a message costs beside its bytes, so that empty ones are bounded too.
const OVERHEAD_BYTES: usize = 128;
/// Most bytes that are sent before the answer to them is awaited, give or take one message.
const BATCH_BYTES: usize = 1024 * 1024;

/// How much of what may wait something may take up, together with all that waits already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    Whole,
    Half,
}

impl Share {
    fn most_bytes(self) -> usize {
        match self {
            Self::Whole => MOST_BYTES,
            Self::Half => MOST_BYTES / 2,
        }
    }
}

/// A message and the channel it goes to.
pub(super) type Letter = (String, Bytes);

/// Between those who publish and the connection.
#[derive(Default)]
pub(super) struct Outbox {
    shelf: Mutex<Shelf>,
    filled: Notify,
}

#[derive(Default)]
struct Shelf {
    is_open: bool,
    letters: std::collections::VecDeque<Letter>,
    bytes: usize,
}

fn cost((channel, payload): &Letter) -> usize {
    channel.len() + payload.len() + OVERHEAD_BYTES
}

impl Outbox {
    pub(super) fn open(&self) {
        self.shelf.lock().is_open = true;
    }

    /// Drops what waits, and all that comes until it is opened again.
    pub(super) fn close(&self) {
        let dropped = std::mem::take(&mut *self.shelf.lock()).letters.len();
        (0..dropped).for_each(|_| measures::dropped());
    }

    pub(super) fn is_open(&self) -> bool {
        self.shelf.lock().is_open
    }

    /// Takes a letter, or drops it when it is closed or its share is full.
    pub(super) fn put(&self, letter: Letter, share: Share) {
        let mut shelf = self.shelf.lock();
        let cost = cost(&letter);
        if !shelf.is_open || shelf.bytes + cost > share.most_bytes() {
            drop(shelf);
            return measures::dropped();
        }
        shelf.bytes += cost;
        shelf.letters.push_back(letter);
        drop(shelf);
        self.filled.notify_one();
    }

    /// The next letters, in order; waits for the first.
    pub(super) async fn take(&self) -> Vec<Letter> {
        loop {
            let batch = self.shelf.lock().batch();
            if !batch.is_empty() {
                return batch;
            }
            self.filled.notified().await;
        }
    }
}

impl Shelf {
    fn batch(&mut self) -> Vec<Letter> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while bytes < BATCH_BYTES
            && let Some(letter) = self.letters.pop_front()
        {
            bytes += cost(&letter);
            batch.push(letter);
        }
        self.bytes -= bytes;
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(bytes: usize) -> Letter {
        ("c".to_owned(), vec![0; bytes].into())
    }

    #[tokio::test]
    async fn it_holds_so_many_bytes_and_is_empty_after_closing() {
        let outbox = Outbox::default();
        outbox.put(letter(1), Share::Whole);
        assert!(outbox.shelf.lock().letters.is_empty(), "it is closed at first");
        outbox.open();
        for _ in 0..100_000 {
            outbox.put(letter(1000), Share::Half);
        }
        let half = outbox.shelf.lock().letters.len();
        assert!((7_000..7_500).contains(&half), "{half} letters of 1 kB fill the half");
        for _ in 0..100_000 {
            outbox.put(letter(1000), Share::Whole);
        }
        let held = outbox.shelf.lock().letters.len();
        assert!((14_000..15_000).contains(&held), "{held} letters of 1 kB are held");
        let first = outbox.take().await;
        assert!((900..1000).contains(&first.len()), "{} letters are a batch", first.len());
        outbox.put(letter(1000), Share::Whole);
        assert_eq!(outbox.shelf.lock().letters.len(), held - first.len() + 1, "there is room again");
        outbox.close();
        assert_eq!(outbox.shelf.lock().bytes, 0);
        assert!(!outbox.is_open());
    }

    #[tokio::test]
    async fn letters_leave_in_order() {
        let outbox = Outbox::default();
        outbox.open();
        for number in 0..100_u8 {
            outbox.put(("c".to_owned(), vec![number].into()), Share::Whole);
        }
        let taken: Vec<u8> = outbox.take().await.into_iter().map(|(_, payload)| payload[0]).collect();
        assert!(taken.into_iter().eq(0..100));
    }
}
