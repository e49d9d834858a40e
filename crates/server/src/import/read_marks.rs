//! Who had read how far. The tutorial keeps a time for each member, we keep a place in the log: that of the
//! last message which is not later. Its app never writes that time, so whoever has none has read it all:
//! nobody should come back to thousands of unread messages.

use super::target::Read;

/// Follows the messages of one room, which come in the order of their time.
pub(super) struct ReadMarks {
    room: String,
    /// Members by when they last read, the latest first; those without a time before all others.
    waiting: Vec<(String, i64)>,
    last_seq: i64,
    found: Vec<Read>,
}

impl ReadMarks {
    /// Begins with a room, and when its members last read in it.
    pub(super) fn new(room: &str, last_reads: Vec<(String, Option<i64>)>) -> ReadMarks {
        let mut waiting: Vec<_> =
            last_reads.into_iter().map(|(user, at)| (user, at.unwrap_or(i64::MAX))).collect();
        waiting.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        ReadMarks { room: room.to_owned(), waiting, last_seq: 0, found: Vec::new() }
    }

    /// The room it follows.
    pub(super) fn room(&self) -> &str {
        &self.room
    }

    /// The next message.
    pub(super) fn pass(&mut self, created_at: i64, seq: i64) {
        while let Some((user, _)) = self.waiting.pop_if(|(_, last_read)| *last_read < created_at) {
            self.settle(user);
        }
        self.last_seq = self.last_seq.max(seq);
    }

    /// There are no more messages: how far everyone has read.
    pub(super) fn finish(mut self) -> Vec<Read> {
        for (user, _) in std::mem::take(&mut self.waiting) {
            self.settle(user);
        }
        self.found
    }

    fn settle(&mut self, user: String) {
        if self.last_seq > 0 {
            self.found.push(Read { room: self.room.clone(), user, seq: self.last_seq, at: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_becomes_the_place_of_the_last_message_before_it() {
        let mut marks = ReadMarks::new(
            "r",
            [
                ("before", Some(5)),
                ("equal", Some(20)),
                ("between", Some(25)),
                ("never", None),
                ("after", Some(99)),
            ]
            .map(|(user, at)| (user.to_owned(), at))
            .to_vec(),
        );
        for (at, seq) in [(10, 3), (20, 4), (20, 5), (30, 6)] {
            marks.pass(at, seq);
        }
        let mut reads: Vec<_> = marks.finish().into_iter().map(|read| (read.user, read.seq)).collect();
        reads.sort();
        let expected = [("after", 6), ("between", 5), ("equal", 5), ("never", 6)];
        assert_eq!(reads, expected.map(|(user, seq)| (user.to_owned(), seq)));
    }
}
