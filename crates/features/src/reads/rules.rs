//! What a mark may name, and where it leads. Pure.

use fireside_kernel::{Error, Result};
use fireside_protocol::MessageId;

/// Up to where someone says they have read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// Up to a position.
    Seq(i64),
    /// Up to a message.
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

/// Where someone at `read` gets by reading up to `wanted` in a room whose log ends at `head`; none if they
/// stay where they are.
pub(super) fn advanced(read: i64, wanted: i64, head: i64) -> Option<i64> {
    let reached = wanted.min(head);
    (reached > read).then_some(reached)
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
    fn positions_move_forward_up_to_the_head() {
        assert_eq!(advanced(3, 5, 9), Some(5));
        assert_eq!(advanced(3, i64::MAX, 9), Some(9));
        assert_eq!(advanced(3, 3, 9), None);
        assert_eq!(advanced(3, 1, 9), None);
        assert_eq!(advanced(0, 0, 0), None);
    }
}
