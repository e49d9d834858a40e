//! What a mark may name, where it leads, and why a message counts. Pure.

use fireside_kernel::{Error, Result};
use fireside_protocol::reads::{MessageExplained, UnreadReason};
use fireside_protocol::{MessageId, UserId};

use super::sql::{CandidateRow, UnreadRow};

/// What a mark names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A position.
    Seq(i64),
    /// A message.
    Message(MessageId),
}

/// The target that a request names.
///
/// # Errors
/// `validation` unless it names exactly one, and a position that there can be.
pub(super) fn target(seq: Option<i64>, message: Option<&MessageId>) -> Result<Target> {
    match (seq, message) {
        (Some(seq), None) if seq >= 0 => Ok(Target::Seq(seq)),
        (Some(_), None) => Err(Error::validation("seq", "must not be negative")),
        (None, Some(message)) => Ok(Target::Message(message.clone())),
        (None, None) => Err(Error::validation("seq", "give seq or messageId")),
        (Some(_), Some(_)) => Err(Error::validation("seq", "give seq or messageId, not both")),
    }
}

/// Which way a position moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Read up to the target.
    Forward,
    /// Unread from the target on.
    Back,
}

/// Where someone at `read` gets; none if they stay where they are. The room log keeps it within the log.
pub(super) fn moved(way: Way, read: i64, target: i64) -> Option<i64> {
    match way {
        Way::Forward => (target > read).then_some(target),
        Way::Back => Some(target.saturating_sub(1)).filter(|reached| *reached < read),
    }
}

/// Whether a message counts for who stands there, and why.
pub(super) fn explained(message: &CandidateRow, standing: &UnreadRow, user: &UserId) -> MessageExplained {
    let reason = if message.seq <= standing.joined_seq {
        UnreadReason::BeforeJoining
    } else if message.is_deleted {
        UnreadReason::Deleted
    } else if message.sender_id == user.as_str() {
        UnreadReason::Own
    } else if message.seq <= standing.read_seq {
        UnreadReason::Read
    } else if standing.muted {
        UnreadReason::Muted
    } else {
        UnreadReason::Unread
    };
    MessageExplained {
        message_id: MessageId::trusted(message.id.as_str()),
        seq: message.seq,
        counts: reason == UnreadReason::Unread,
        reason,
        mention: message.is_mention,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_exactly_one_target() {
        let message = MessageId::trusted("m1");
        assert_eq!(target(Some(3), None).unwrap(), Target::Seq(3));
        assert_eq!(target(None, Some(&message)).unwrap(), Target::Message(message.clone()));
        for (seq, message) in
            [(None, None), (Some(1), Some(&message)), (Some(-1), None), (Some(i64::MIN), None)]
        {
            assert_eq!(
                target(seq, message).unwrap_err().field.as_deref(),
                Some("seq"),
                "{seq:?} {message:?}"
            );
        }
    }

    #[test]
    fn each_way_goes_its_way_only() {
        assert_eq!(moved(Way::Forward, 3, 5), Some(5));
        assert_eq!(moved(Way::Forward, 3, 3), None);
        assert_eq!(moved(Way::Forward, 3, 1), None);
        assert_eq!(moved(Way::Back, 3, 3), Some(2));
        assert_eq!(moved(Way::Back, 3, 4), None, "it is unread already");
        assert_eq!(moved(Way::Back, 3, 0), Some(-1));
    }
}
