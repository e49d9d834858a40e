//! What makes two sends the same, which way a page goes, and how a message looks to its room.

use fireside_kernel::permission::RoomPass;
use fireside_kernel::room_log::Batch;
use fireside_kernel::room_log::once;
use fireside_kernel::room_log::state::{MemberState, MessageState};
use fireside_kernel::room_log::writes::NewMessage;
use fireside_kernel::{Error, Result};
use fireside_protocol::messages::{AnyMessage, Metadata};
use fireside_protocol::page::Cursor;
use fireside_protocol::text::{MessageKind, MessageText};
use fireside_protocol::{ClientId, Time, UserId};

/// A digest of what is sent, kept beside the client's id for it: the message itself may be edited or
/// deleted by the time a retry comes.
fn digest(content: &str, kind: &str, metadata: Option<&Metadata>) -> i64 {
    once::digest(&[content, kind, metadata.map_or("", Metadata::as_str)])
}

/// A message as it is handed to the log.
pub(crate) fn draft(
    content: MessageText,
    kind: Option<MessageKind>,
    metadata: Option<Metadata>,
    client_id: Option<ClientId>,
) -> NewMessage {
    let kind = kind.map_or_else(|| "text".to_owned(), MessageKind::into_string);
    let digest = digest(content.as_str(), &kind, metadata.as_ref());
    let client_digest = client_id.is_some().then_some(digest);
    NewMessage { content: content.into_string(), kind, metadata, client_id, client_digest }
}

/// What was sent before under the client's id of a message.
///
/// # Errors
/// `conflict` if that was another message.
pub(crate) fn sent_before<'a>(
    batch: &'a Batch,
    pass: &RoomPass,
    message: &NewMessage,
) -> Result<Option<&'a MessageState>> {
    let first = message.client_id.as_ref().and_then(|client_id| batch.sent(pass, client_id));
    match first {
        Some(first) if first.client_digest != message.client_digest => {
            Err(Error::conflict("This clientId was used for another message"))
        }
        first => Ok(first),
    }
}

/// When the receiver of a direct message had read it, as far as their read position tells.
pub(crate) fn read_at(message: &MessageState, receiver: Option<&MemberState>) -> Option<Time> {
    receiver.filter(|receiver| message.seq <= receiver.read_seq).and_then(|receiver| receiver.last_read_at)
}

/// A message as its room or conversation shows it.
pub(crate) fn to_wire(batch: &Batch, pass: &RoomPass, message: &MessageState) -> AnyMessage {
    let receiver: Option<UserId> = pass.state().partner(&message.sender.id);
    match receiver {
        None => AnyMessage::Room(message.to_wire()),
        Some(receiver) => {
            let read_at = read_at(message, batch.member(pass, &receiver));
            AnyMessage::Direct(message.to_direct(&receiver, read_at))
        }
    }
}

/// Which way a page goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Newest,
    Before(Cursor),
    After(Cursor),
    Around(Cursor),
}

/// The direction of a page; at most one cursor may be given.
pub(crate) fn direction(
    before: Option<Cursor>,
    after: Option<Cursor>,
    around: Option<Cursor>,
) -> Result<Direction> {
    match (before, after, around) {
        (None, None, None) => Ok(Direction::Newest),
        (Some(cursor), None, None) => Ok(Direction::Before(cursor)),
        (None, Some(cursor), None) => Ok(Direction::After(cursor)),
        (None, None, Some(cursor)) => Ok(Direction::Around(cursor)),
        _ => Err(Error::validation("before", "only one of before, after and around")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_one_way() {
        assert_eq!(direction(None, None, None).unwrap(), Direction::Newest);
        assert_eq!(direction(Some(Cursor::Seq(1)), None, None).unwrap(), Direction::Before(Cursor::Seq(1)));
        assert!(direction(Some(Cursor::Seq(1)), Some(Cursor::Seq(2)), None).is_err());
    }
}
