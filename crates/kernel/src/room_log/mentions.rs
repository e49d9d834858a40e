//! Who is named in a message. Kept by the log itself with the message, so that no feature that writes one
//! can forget it.

use fireside_protocol::mentions::mentioned;

use super::batch::Batch;
use super::state::MessageState;
use super::writes::Mention;

impl Batch {
    /// Notes what changes for those who are named in a message, and in what it said before. Nobody mentions
    /// themselves.
    pub(super) fn note_mentions(&mut self, message: &MessageState, before: &str) {
        let mut note = |username: String, is_there| {
            let mention = Mention { room: message.room_id.clone(), username, seq: message.seq };
            self.writes.mentions.insert(mention, is_there);
        };
        for username in mentioned(before) {
            note(username, false);
        }
        for username in mentioned(&message.content) {
            if username != message.sender.username {
                note(username, true);
            }
        }
    }
}
